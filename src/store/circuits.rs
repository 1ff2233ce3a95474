//! Who of the outside has failed lately: one row for each supplier or shop
//! whose last call failed or was told to come back later, shared by all nodes. A row goes when calls succeed
//! again and nothing waits for that any more.

use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::OnConflict};

use super::{Recall, Tx};
use crate::domain::circuit::Subject;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "circuits")]
pub struct Model {
    /// A [`Subject`] in text.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// Calls that failed in a row; none where it asked for patience.
    pub failures: i32,
    /// Since when it is not called; none while it still is.
    pub opened_at_ms: Option<i64>,
    /// When the next call may be tried.
    pub next_try_ms: i64,
    /// Why the last call failed.
    pub reason: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_subject(db: &impl Recall, subject: Subject) -> Result<Option<Model>, DbErr> {
    Ok(db.recall(Entity::find_by_id(subject.to_string())).await?.pop())
}

/// Those of some subjects that are not called.
pub async fn open_of(db: &impl ConnectionTrait, subjects: &[Subject]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Subject.is_in(subjects.iter().map(Subject::to_string)))
        .filter(Column::OpenedAtMs.is_not_null())
        .all(db)
        .await
}

/// Those that are not called, for `/metrics`.
pub async fn open(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::OpenedAtMs.is_not_null())
        .order_by_asc(Column::Subject)
        .limit(1000)
        .all(db)
        .await
}

/// Reads and locks the row of a subject, which is made where there is none.
pub async fn lock(tx: &Tx, subject: Subject) -> Result<Model, DbErr> {
    let row = Model {
        subject: subject.to_string(),
        failures: 0,
        opened_at_ms: None,
        next_try_ms: 0,
        reason: String::new(),
    };
    Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(Column::Subject).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(locked(tx, subject).await?.unwrap_or(row))
}

/// Reads and locks the row of a subject, where there is one.
pub async fn locked(tx: &Tx, subject: Subject) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(subject.to_string())
        .lock_exclusive()
        .one(tx.conn())
        .await
}

/// Takes the one call that may be tried. One caller alone is told that it may.
pub async fn take_try(tx: &Tx, seen: &Model, next_try_ms: i64) -> Result<bool, DbErr> {
    let moved = Entity::update_many()
        .col_expr(Column::NextTryMs, next_try_ms.into())
        .filter(Column::Subject.eq(seen.subject.as_str()))
        .filter(Column::NextTryMs.eq(seen.next_try_ms))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Calls a subject again, and keeps in mind that it has just come back.
pub async fn recover(tx: &Tx, subject: Subject) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Failures, 0.into())
        .col_expr(Column::OpenedAtMs, Option::<i64>::None.into())
        .filter(Column::Subject.eq(subject.to_string()))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Forgets the failures of a subject.
pub async fn close(tx: &Tx, subject: Subject) -> Result<(), DbErr> {
    Entity::delete_by_id(subject.to_string())
        .exec(tx.conn())
        .await
        .map(drop)
}
