//! How much room the bodies of deliveries take, in blocks of consecutive ones: of the installation.
//! Pruning counts them as it walks, so that keeping within a size needs no look at every row.

use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::OnConflict};

use super::Tx;
use crate::ids::DeliveryId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery_sizes")]
pub struct Model {
    /// The block's first delivery.
    #[sea_orm(primary_key, auto_increment = false)]
    pub since: DeliveryId,
    /// Its last one so far.
    pub upto: DeliveryId,
    /// What their bodies took when they were counted; what was forgotten since counts on.
    pub bytes: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The newest blocks, the newest first.
pub async fn newest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_desc(Column::Since).limit(limit).all(db).await
}

pub async fn put(tx: &Tx, row: Model) -> Result<(), DbErr> {
    let again = OnConflict::column(Column::Since)
        .update_columns([Column::Upto, Column::Bytes])
        .to_owned();
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(again)
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}

/// Removes the blocks of which no body is left, by their last delivery.
pub async fn remove_upto(tx: &Tx, upto: DeliveryId) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::Since.lte(upto))
        .filter(Column::Upto.lte(upto))
        .exec(tx.conn())
        .await
        .map(drop)
}
