//! Forged, foreign and refused calls, for the operator.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::Tx;
use crate::ids::EventId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "security_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub subject: String,
    pub detail: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The newest events of a kind since a time.
pub async fn newest(
    db: &impl ConnectionTrait,
    kind: &str,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::At.gte(since))
        .filter(Column::Kind.eq(kind))
        .order_by_desc(Column::At)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
}

/// Removes the oldest events from before a time.
pub async fn prune(tx: &Tx, before: DateTime<Utc>, limit: u64) -> Result<u64, DbErr> {
    let old: Vec<EventId> = Entity::find()
        .filter(Column::At.lt(before))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::At)
        .limit(limit)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let pruned = Entity::delete_many()
        .filter(Column::Id.is_in(old))
        .exec(tx.conn())
        .await?;
    Ok(pruned.rows_affected)
}
