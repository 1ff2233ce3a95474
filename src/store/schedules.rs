//! When each periodic job runs next: one row per job, of the installation,
//! shared by all nodes. Rows stay; one of a job that is retired does nothing.

use sea_orm::{IntoActiveModel as _, entity::prelude::*, sea_query::OnConflict};

use super::Tx;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub next_run_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// When a job runs next; none for one that was never planned.
pub async fn next_run_ms(db: &impl ConnectionTrait, name: &str) -> Result<Option<i64>, DbErr> {
    let row = Entity::find_by_id(name.to_owned()).one(db).await?;
    Ok(row.map(|row| row.next_run_ms))
}

/// Plans a job's first run, unless another node has planned it.
pub async fn plan(tx: &Tx, name: &str, next_run_ms: i64) -> Result<(), DbErr> {
    let row = Model {
        name: name.to_owned(),
        next_run_ms,
    };
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}

/// Moves a job on from the run that the caller saw. One caller alone is told
/// that it did: this is the election.
pub async fn advance(tx: &Tx, name: &str, seen_ms: i64, next_run_ms: i64) -> Result<bool, DbErr> {
    let moved = Entity::update_many()
        .col_expr(Column::NextRunMs, next_run_ms.into())
        .filter(Column::Name.eq(name))
        .filter(Column::NextRunMs.eq(seen_ms))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
}
