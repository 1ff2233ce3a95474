//! Looks again at what was decided and has not left, because stock, prices or rules changed
//! meanwhile: some purchase orders at a time. Which orders are decided together, and what comes of
//! it, is for `replan_together`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    replan_together,
    revisit_orders::{RevisitOrders, Why},
};
use crate::{
    app::App,
    domain::purchase_order::PurchaseOrderStatus,
    ids::{OrderId, PurchaseOrderId, ShopId, SupplierId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{Tx, exceptions, purchase_orders},
};

/// Purchase orders in one go; the next job goes on after the last.
const MOST: u64 = 50;
/// Shops in one look at those that one supplier's news concern.
const MOST_SHOPS: u64 = 100;

/// Looks at a shop's purchase orders that were not sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplanOrders {
    pub shop_id: ShopId,
    /// The purchase order that was looked at last.
    after: Option<PurchaseOrderId>,
}

impl ReplanOrders {
    #[must_use]
    pub const fn new(shop_id: ShopId) -> Self {
        Self { shop_id, after: None }
    }
}

impl Job for ReplanOrders {
    const NAME: &'static str = "replan_orders";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn dedupe_key(&self) -> Option<String> {
        self.after.is_none().then(|| format!("replan:{}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let found = purchase_orders::unsent_before(app.db.read(), self.shop_id, now, self.after, MOST).await?;
        let mut seen = BTreeSet::new();
        let drafts = found.iter().filter(|po| po.status == PurchaseOrderStatus::Draft);
        let orders: Vec<OrderId> = drafts
            .map(|po| po.order_id)
            .filter(|order| seen.insert(*order))
            .collect();
        for group in replan_together::grouped(app.db.read(), self.shop_id, &orders, now).await? {
            replan_together::replan(app, self.shop_id, &group, now).await?;
        }
        if let Some(last) = found.last().filter(|_| found.len() as u64 == MOST) {
            let next = Self {
                shop_id: self.shop_id,
                after: Some(last.id),
            };
            let tx = app.db.begin().await?;
            enqueue(&tx, &next, When::now(app.clock.now_ms()))?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Has a shop look again at what can still be undone.
pub fn of_shop(tx: &Tx, shop: ShopId, now: DateTime<Utc>) -> Result<(), DbErr> {
    enqueue(tx, &ReplanOrders::new(shop), When::now(now.timestamp_millis()))
}

/// Has the shops of a supplier look again: those that have something unsent, and those that have
/// something that nobody could ship.
pub async fn of_supplier(tx: &Tx, supplier: SupplierId, now_ms: i64) -> Result<(), DbErr> {
    has_free_pieces(tx, supplier, now_ms).await?;
    let mut after = None;
    loop {
        let shops = purchase_orders::shops_with_unsent(tx.conn(), supplier, after, MOST_SHOPS).await?;
        for shop in &shops {
            enqueue(tx, &ReplanOrders::new(*shop), When::now(now_ms))?;
        }
        match shops.last() {
            Some(last) if shops.len() as u64 == MOST_SHOPS => after = Some(*last),
            _ => return Ok(()),
        }
    }
}

/// Has the shops of a supplier look again that have something that nobody could ship.
pub async fn has_free_pieces(tx: &Tx, supplier: SupplierId, now_ms: i64) -> Result<(), DbErr> {
    let mut after = None;
    loop {
        let shops = exceptions::shops_of_supplier(tx.conn(), supplier, after, MOST_SHOPS).await?;
        for shop in &shops {
            let why = Why::OffersChanged { supplier, until: None };
            enqueue(tx, &RevisitOrders::new(*shop, why), When::now(now_ms))?;
        }
        match shops.last() {
            Some(last) if shops.len() as u64 == MOST_SHOPS => after = Some(*last),
            _ => return Ok(()),
        }
    }
}
