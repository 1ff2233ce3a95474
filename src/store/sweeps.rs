//! Comparisons of a shop's books with Shopify: how far each has come, and what it found.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::Expr};

use super::Tx;
use crate::{
    domain::sweep::{DifferenceKind, SweepOrigin, SweepPhase},
    ids::{ShopId, SweepId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sweeps")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SweepId,
    pub shop_id: ShopId,
    pub origin: SweepOrigin,
    pub phase: SweepPhase,
    /// Changes at or after this are compared.
    pub since: DateTime<Utc>,
    /// The lower bound of the question whose pages are read now.
    pub asked_from: DateTime<Utc>,
    /// The last page's cursor, or the last row's id, in this phase.
    pub after: Option<String>,
    /// Pages read of the present question.
    pub pages: i32,
    /// Orders and fulfillment orders that Shopify named.
    pub seen: i32,
    pub orders_missing: i32,
    pub orders_outdated: i32,
    pub subscriptions_missing: i32,
    pub work_resumed: i32,
    /// Purchase orders that suppliers' systems were asked about.
    pub asked: i32,
    /// Those of which they knew more than they had reported.
    pub reports_missed: i32,
    pub began_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// One that is about to begin.
    #[must_use]
    pub fn new(shop: ShopId, origin: SweepOrigin, since: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            id: SweepId::generate(),
            shop_id: shop,
            origin,
            phase: SweepPhase::Calls,
            since,
            asked_from: since,
            after: None,
            pages: 0,
            seen: 0,
            orders_missing: 0,
            orders_outdated: 0,
            subscriptions_missing: 0,
            work_resumed: 0,
            asked: 0,
            reports_missed: 0,
            began_at: now,
            ended_at: None,
        }
    }

    /// Counts something that differs and is being put right.
    pub const fn count(&mut self, kind: DifferenceKind) {
        let counter = match kind {
            DifferenceKind::OrderMissing => &mut self.orders_missing,
            DifferenceKind::OrderOutdated | DifferenceKind::FulfillmentOrder => &mut self.orders_outdated,
            DifferenceKind::Subscription => &mut self.subscriptions_missing,
            DifferenceKind::StoodStill => &mut self.work_resumed,
            DifferenceKind::SupplierReport => &mut self.reports_missed,
        };
        *counter = counter.saturating_add(1);
    }
}

/// The sweep of the timer that a shop has under way.
pub async fn under_way(db: &impl ConnectionTrait, shop: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        // In these words, because they are the index's.
        .filter(Expr::cust("ended_at is null and origin = 'timer'"))
        .one(db)
        .await
}

/// Ends the sweep of the timer that a shop has under way, wherever it is.
pub async fn end_under_way(tx: &Tx, shop: ShopId, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::val(Some(now)))
        .filter(Column::ShopId.eq(shop))
        .filter(Expr::cust("ended_at is null and origin = 'timer'"))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// A shop's sweeps that have ended, the newest first.
pub async fn ended(db: &impl ConnectionTrait, shop: ShopId, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::EndedAt.is_not_null())
        .order_by_desc(Column::Id)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
}

/// What a shop's sweeps put right since a time.
pub async fn repaired_since(db: &impl ConnectionTrait, shop: ShopId, since: DateTime<Utc>) -> Result<i64, DbErr> {
    let sum = "sum(orders_missing + orders_outdated + subscriptions_missing + work_resumed + reports_missed)";
    let sum: Option<Option<i64>> = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.gte(SweepId(super::first_id_at(since))))
        .select_only()
        .column_as(Expr::cust(sum), "repaired")
        .into_tuple()
        .one(db)
        .await?;
    Ok(sum.flatten().unwrap_or(0))
}

/// Removes the oldest sweeps from before a time.
pub async fn prune(tx: &Tx, before: DateTime<Utc>, limit: u64) -> Result<u64, DbErr> {
    let old = Entity::find()
        .filter(Column::Id.lt(SweepId(super::first_id_at(before))))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple::<SweepId>()
        .all(tx.conn())
        .await?;
    let pruned = Entity::delete_many()
        .filter(Column::Id.is_in(old))
        .exec(tx.conn())
        .await?;
    Ok(pruned.rows_affected)
}
