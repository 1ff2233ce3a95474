//! How far each kind of pruning has walked through its table, of the installation.

use sea_orm::{IntoActiveModel as _, entity::prelude::*, sea_query::OnConflict};

use super::Tx;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "prune_marks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The last row that was looked at.
    pub upto: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Where to go on; the nil id stands before every row.
pub async fn of(db: &impl ConnectionTrait, name: &str) -> Result<Uuid, DbErr> {
    let row = Entity::find_by_id(name.to_owned()).one(db).await?;
    Ok(row.map_or(Uuid::nil(), |row| row.upto))
}

pub async fn put(tx: &Tx, name: &str, upto: Uuid) -> Result<(), DbErr> {
    let row = Model {
        name: name.to_owned(),
        upto,
    };
    let again = OnConflict::column(Column::Name).update_column(Column::Upto).to_owned();
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(again)
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}
