//! Reads an order from Shopify and writes what is true now.
//!
//! Whatever woke it, the order itself is the source: the same import serves a
//! new order, a payment, an edit, a cancellation and a fulfilment by hand.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    correct_drafts::{Corrected, correct_drafts},
    decide_ahead::Ahead,
    follow_demand::follow_demand,
    give_up_job, reserve_stock,
    route_order::{RouteOrder, follow_status, route_ahead, send_what_waited, write_status},
    shop_access,
    withdraw_units::withdraw_units,
    write_order::{self, Upserted},
};
use crate::{
    app::App,
    domain::{order::Gate, review::PATIENCE_FOR_RISK, shop::ShopSettings},
    failpoint,
    ids::{ShopId, ShopifyOrderId},
    queue::{Attempt, Job, JobError, When, enqueue, order_key},
    routing,
    shopify::orders::{Besides, OrderSnapshot},
    store::{self, Tx, deliveries, order_state::OrderState, orders, shops},
};

/// Reads one order again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportOrder {
    pub shop_id: ShopId,
    pub shopify_id: ShopifyOrderId,
}

/// Points that reading an ordinary order costs.
const COST: u32 = 460;
/// Waits for Shopify to make fulfillment orders: doubling from the first, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// After so many waits only a webhook or reconciliation wakes the order.
const MOST_WAITS: i32 = 400;

impl Job for ImportOrder {
    const NAME: &'static str = "import_order";

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("import:{}:{}", self.shop_id, self.shopify_id))
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let access = shop_access::open(app, self.shop_id, COST).await?;
        let besides = Besides {
            customer: access.shop.scopes.contains("customers"),
            assessments: access.shop.settings.0.review.risk,
        };
        let imported_at = orders::imported_at(app.db.read(), self.shop_id, self.shopify_id).await?;
        let result = app.shopify.order(&access.access(), self.shopify_id, besides).await;
        shop_access::observe(app, &access, &result).await?;
        if let Some(snapshot) = result?.data {
            failpoint::hit("import.before_write");
            let read = Read { snapshot, imported_at };
            write(app, self, &read, attempt).await?;
        } else {
            // Not there, or too old to be read: no deletion, and nothing to change.
            tracing::info!(shop = %access.domain, order = %self.shopify_id, "the shop has no such order");
            if orders::by_shopify_id(app.db.read(), self.shop_id, self.shopify_id)
                .await?
                .is_none()
            {
                let tx = app.db.begin().await?;
                deliveries::mark_not_found(&tx, self.shop_id, self.shopify_id).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// An order as Shopify showed it.
struct Read {
    snapshot: OrderSnapshot,
    /// When it had last been imported before Shopify was asked.
    imported_at: Option<DateTime<Utc>>,
}

async fn write(app: &App, job: &ImportOrder, read: &Read, attempt: Attempt) -> Result<(), JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some(shop) = shops::known(&tx, job.shop_id).await? else {
        return Ok(());
    };
    let written = write_order::upsert(&tx, &shop, &read.snapshot, read.imported_at, now).await?;
    let Some(Upserted { state, is_otherwise }) = written else {
        return Ok(());
    };
    let is_read_at_last = give_up_job::is_read_at_last(&tx, &state.order, now).await?;
    let state = read_again(&tx, state, is_read_at_last).await?;
    let is_changed = withdraw_units(&tx, &shop, &state, now).await?;
    let state = read_again(&tx, state, is_changed).await?;
    let corrected = correct_drafts(&tx, &shop, &state, is_otherwise, now).await?;
    let state = read_again(&tx, state, corrected != Corrected::Nothing).await?;
    let is_less = follow_demand(&tx, &shop, &state, now)?;
    let state = read_again(&tx, state, is_less).await?;
    let steps = NextSteps {
        tx: &tx,
        shop: &shop,
        job,
        // By itself: should routing be what failed before, the order is there all the same. And what was taken
        // back must be free before it is routed.
        routes: attempt.number == 1 && corrected != Corrected::TakenBack,
        now,
    };
    steps.take(state).await?;
    failpoint::hit("import.before_commit");
    Ok(tx.commit().await?)
}

async fn read_again(tx: &Tx, state: OrderState, is_changed: bool) -> Result<OrderState, DbErr> {
    if !is_changed {
        return Ok(state);
    }
    let (shop, order) = (state.order.shop_id, state.order.id);
    Ok(OrderState::of(tx, shop, order).await?.unwrap_or(state))
}

/// What follows from an order as it was just written.
struct NextSteps<'a> {
    tx: &'a Tx,
    shop: &'a shops::Model,
    job: &'a ImportOrder,
    /// Whether it is routed here, or by a job of its own.
    routes: bool,
    now: DateTime<Utc>,
}

impl NextSteps<'_> {
    async fn take(&self, mut state: OrderState) -> Result<(), DbErr> {
        let settings = &self.shop.settings.0;
        let now = When::now(self.now.timestamp_millis());
        send_what_waited(self.tx, self.shop, &state)?;
        match state.gate(settings) {
            Gate::Open if settings.automation && awaits_routing(&state, settings) => {
                if self.routes {
                    let mut ahead = Ahead::of(routing::route);
                    let large = route_ahead(self.tx, self.shop, &state, &mut ahead, self.now).await?;
                    if large.is_some() {
                        enqueue(self.tx, &RouteOrder::of(&state.order), now)?;
                        // What came before its decision is written, and the order's state another.
                        follow_status(self.tx, self.shop, state.order.id).await?;
                    }
                    return Ok(());
                }
                enqueue(self.tx, &RouteOrder::of(&state.order), now)?;
            }
            Gate::WaitForFulfillmentOrders if state.order.waits < MOST_WAITS => {
                self.wait(&mut state.order)?;
            }
            Gate::WaitForRisk => self.wait_for_risk(&state.order)?,
            _ => {}
        }
        reserve_stock::settle(self.tx, &state, Vec::new()).await?;
        write_status(self.tx, self.shop, state)
    }

    /// Has the order read again, when Shopify may have made its fulfillment orders.
    fn wait(&self, row: &mut orders::Model) -> Result<(), DbErr> {
        let doublings = u32::try_from(row.waits).unwrap_or(0).min(16);
        let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
        row.waits += 1;
        store::save(self.tx, row.clone())?;
        enqueue(self.tx, self.job, When::after(self.now.timestamp_millis(), wait))
    }

    /// Has the order read again, when its risk may have been assessed, should its webhook not come: ever less often,
    /// and once more when that was awaited for long enough.
    fn wait_for_risk(&self, row: &orders::Model) -> Result<(), DbErr> {
        let waited = row
            .facts
            .0
            .risk_pending_since
            .map_or(TimeDelta::zero(), |since| self.now - since);
        let left = (PATIENCE_FOR_RISK - waited).to_std().unwrap_or_default();
        let as_long = waited.to_std().unwrap_or_default();
        let wait = as_long.clamp(FIRST_WAIT, LONGEST_WAIT).min(left);
        enqueue(self.tx, self.job, When::after(self.now.timestamp_millis(), wait))
    }
}

fn awaits_routing(state: &OrderState, settings: &ShopSettings) -> bool {
    state.ledgers(settings).values().any(|ledger| ledger.to_route() > 0)
}
