//! Decides anew on what was decided and has not left, because stock, prices or rules changed
//! meanwhile. Orders go one after the other in the order of their purchase orders, each seeing
//! what those before it left of shared stock; so the same facts lead to the same plans, and once
//! nothing changes, nothing is changed.
//!
//! Only what can still be undone is looked at: what was sent stays where it is, and so does what
//! a person decided. A plan that serves fewer units than the one before is not taken.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    place_purchase_order::PlacePurchaseOrder, reserve_stock, route_order::route_state, withdraw_units::take_back_unsent,
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        order::Gate,
        purchase_order::PurchaseOrderStatus,
    },
    ids::{OfferId, OrderId, OrderLineId, PurchaseOrderId, ShopId, SupplierId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{
        self, Tx, events,
        order_state::{OpenOrder, OrderState},
        purchase_orders,
    },
};

/// Purchase orders in one go; the next job goes on after the last.
const MOST: u64 = 50;
/// Shops that one supplier's news concern.
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
        for po in &found {
            if po.send_after.is_some_and(|until| until > now) && seen.insert(po.order_id) {
                replan(app, self.shop_id, po.order_id, now).await?;
            }
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

/// Has the shops of a supplier look again, those that have something unsent.
pub async fn of_supplier(tx: &Tx, supplier: SupplierId, now_ms: i64) -> Result<(), DbErr> {
    for shop in purchase_orders::shops_with_unsent(tx.conn(), supplier, MOST_SHOPS).await? {
        enqueue(tx, &ReplanOrders::new(shop), When::now(now_ms))?;
    }
    Ok(())
}

/// Units by line and offer.
type Assignment = BTreeMap<(OrderLineId, OfferId), i32>;

fn assignment(state: &OrderState) -> Assignment {
    let mut units = Assignment::new();
    for allocation in &state.allocations {
        *units
            .entry((allocation.order_line_id, allocation.offer_id))
            .or_default() += allocation.units;
    }
    units
}

/// Units of each line that are with somebody. A kit counts with each of its parts, before and after alike.
fn served(state: &OrderState) -> BTreeMap<OrderLineId, BTreeMap<uuid::Uuid, i32>> {
    let mut lines: BTreeMap<OrderLineId, BTreeMap<uuid::Uuid, i32>> = BTreeMap::new();
    for allocation in &state.allocations {
        let groups = lines.entry(allocation.order_line_id).or_default();
        groups.insert(allocation.group_id.0, allocation.units);
    }
    lines
}

fn serves_as_many(before: &OrderState, after: &OrderState) -> bool {
    let sum = |groups: &BTreeMap<uuid::Uuid, i32>| groups.values().sum::<i32>();
    let after = served(after);
    served(before)
        .iter()
        .all(|(line, groups)| after.get(line).map_or(0, sum) >= sum(groups))
}

/// Whether the order is bought otherwise now. Where not, nothing is written.
async fn replan(app: &App, shop: ShopId, order: OrderId, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let tx = app.db.begin().await?;
    let Some(open) = OpenOrder::lock(&tx, shop, order).await? else {
        return Ok(false);
    };
    let before = &open.state;
    let drafts = || {
        before
            .purchase_orders
            .iter()
            .filter(|po| po.status == PurchaseOrderStatus::Draft)
    };
    let may_change = drafts().all(|po| po.send_after.is_some_and(|until| until > now));
    let (true, Some(until)) = (may_change, drafts().filter_map(|po| po.send_after).min()) else {
        return Ok(false);
    };
    let settings = &open.shop.settings.0;
    if !settings.automation || before.gate(settings) != Gate::Open {
        return Ok(false);
    }
    if events::any_of_kind(tx.conn(), shop, order, EventKind::Overridden).await? {
        return Ok(false);
    }
    for line in &before.lines {
        take_back_unsent(&tx, before, line.id, now).await?;
    }
    let Some(freed) = OrderState::of(&tx, shop, order).await? else {
        return Ok(false);
    };
    reserve_stock::settle(&tx, &freed, Vec::new()).await?;
    route_state(&tx, &open.shop, &freed, &[], now).await?;
    let Some(after) = OrderState::of(&tx, shop, order).await? else {
        return Ok(false);
    };
    if assignment(&after) == assignment(before) || !serves_as_many(before, &after) {
        // Dropped, and with it all that was tried.
        return Ok(false);
    }
    keep_time(&tx, &after, until, now)?;
    let message = "It was decided anew before it left: a better plan appeared";
    events::add(&tx, shop, order, now, &Actor::Orderyard, EventKind::Routed, message);
    tx.commit().await?;
    Ok(true)
}

/// A new decision does not make the order wait longer than the first.
fn keep_time(tx: &Tx, after: &OrderState, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), DbErr> {
    let drafts = after
        .purchase_orders
        .iter()
        .filter(|po| po.status == PurchaseOrderStatus::Draft);
    for po in drafts {
        let kept = purchase_orders::Model {
            send_after: Some(until),
            ..po.clone()
        };
        let wait = (until - now).to_std().unwrap_or_default();
        let job = PlacePurchaseOrder::of(&kept, after.order.shopify_id);
        store::save(tx, kept)?;
        enqueue(tx, &job, When::after(now.timestamp_millis(), wait))?;
    }
    Ok(())
}
