//! Looks again at what was decided and has not left, because stock, prices or rules changed
//! meanwhile: some purchase orders at a time. Which orders are decided together, and what comes of
//! it, is for `replan_together`.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    go_on::go_on,
    replan_together::{self, Replanned},
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

/// Until what changed too often is looked at again.
const ANOTHER_TIME: Duration = Duration::from_secs(15);

/// Looks at a shop's purchase orders that were not sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplanOrders {
    pub shop_id: ShopId,
    /// The purchase order that was looked at last.
    after: Option<PurchaseOrderId>,
    /// Some orders alone, which changed too often. An earlier release looks at all instead.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    orders: BTreeSet<OrderId>,
}

impl ReplanOrders {
    #[must_use]
    pub const fn new(shop_id: ShopId) -> Self {
        Self {
            shop_id,
            after: None,
            orders: BTreeSet::new(),
        }
    }

    /// Decides on some orders, with those that want the same. What changes too often is looked at another time, by
    /// itself: the shop's other work does not wait for it.
    async fn replan(&self, app: &App, orders: &[OrderId], now: DateTime<Utc>) -> Result<(), DbErr> {
        for group in replan_together::grouped(app.db.read(), self.shop_id, orders, now).await? {
            let what = format!(
                "a new decision on {} orders, of which one is {:?}",
                group.len(),
                group.first()
            );
            let done = go_on(&what, || replan_together::replan(app, self.shop_id, &group, now)).await?;
            if done == Some(Replanned::AnotherTime) {
                let again = Self {
                    orders: group.into_iter().collect(),
                    ..Self::new(self.shop_id)
                };
                let tx = app.db.begin().await?;
                enqueue(&tx, &again, When::after(app.clock.now_ms(), ANOTHER_TIME))?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

impl Job for ReplanOrders {
    const NAME: &'static str = "replan_orders";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn dedupe_key(&self) -> Option<String> {
        if self.after.is_some() {
            return None;
        }
        let mut key = format!("replan:{}", self.shop_id);
        for order in &self.orders {
            key.push(':');
            key.push_str(&order.to_string());
        }
        Some(key)
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        if !self.orders.is_empty() {
            let orders: Vec<OrderId> = self.orders.iter().copied().collect();
            return Ok(self.replan(app, &orders, now).await?);
        }
        let found = purchase_orders::unsent_before(app.db.read(), self.shop_id, now, self.after, MOST).await?;
        let mut seen = BTreeSet::new();
        let drafts = found.iter().filter(|po| po.status == PurchaseOrderStatus::Draft);
        let orders: Vec<OrderId> = drafts
            .map(|po| po.order_id)
            .filter(|order| seen.insert(*order))
            .collect();
        self.replan(app, &orders, now).await?;
        if let Some(last) = found.last().filter(|_| found.len() as u64 == MOST) {
            let next = Self {
                after: Some(last.id),
                ..Self::new(self.shop_id)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_release_left_to_do_is_the_whole() {
        let stored = r#"{"shop_id":7,"after":null}"#;
        let replan: ReplanOrders = serde_json::from_str(stored).expect("a payload");
        assert!(replan.orders.is_empty());
        assert_eq!(serde_json::to_string(&replan).expect("a payload"), stored);
    }

    #[test]
    fn orders_that_are_looked_at_another_time_wait_once_and_beside_the_others() {
        let [one, two] = [1, 2].map(|number| OrderId(uuid::Uuid::from_u128(number)));
        let again = |orders: &[OrderId]| ReplanOrders {
            orders: orders.iter().copied().collect(),
            ..ReplanOrders::new(ShopId(7))
        };
        assert_eq!(again(&[one, two]).dedupe_key(), again(&[two, one]).dedupe_key());
        assert_ne!(again(&[one]).dedupe_key(), again(&[two]).dedupe_key());
        assert_ne!(again(&[one]).dedupe_key(), ReplanOrders::new(ShopId(7)).dedupe_key());
        assert_eq!(ReplanOrders::new(ShopId(7)).dedupe_key().as_deref(), Some("replan:7"));
    }
}
