//! Brings later and corrected tracking into Shopify.
//!
//! Shopify replaces tracking as a whole, so the full list is sent; sending the
//! same list twice leaves it as it is.

use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{claim_fulfillments::tracking_of, shop_access};
use crate::{
    app::App,
    clock::Moment,
    domain::{
        event::{Actor, EventKind},
        fulfilment::FulfillmentStatus,
        intent::{IntentKind, IntentOutcome},
    },
    failpoint,
    ids::{FulfillmentId, OrderId, ShopId, ShopifyFulfillmentId, ShopifyOrderId},
    queue::{
        Attempt, Job, JobError, Priority, When, enqueue,
        intents::{self, NewIntent, Standing},
        order_key,
    },
    shopify::{ApiError, fulfillments::Tracking},
    store::{
        self,
        columns::Json,
        fulfillments,
        intents::Model as Intent,
        order_state::{OpenOrder, OrderState},
    },
};

/// Compares the tracking of an order's fulfillments with its parcels, and updates what differs.
#[derive(Debug, Serialize, Deserialize)]
pub struct UpdateTracking {
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub shopify_id: ShopifyOrderId,
}

const COST: u32 = 50;

impl Job for UpdateTracking {
    const NAME: &'static str = "update_tracking";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("track:{}", self.order_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let access = shop_access::open(app, self.shop_id, COST).await?;
        let notify = access.shop.settings.0.notify_customer;
        let mut refused = None;
        for change in prepare(app, self).await? {
            failpoint::hit("track.before_call");
            if change.since.is_longer_ago_than(app.config.shopify.timeout, &app.clock) {
                // Whoever took this job over may have sent a newer list.
                return Err(JobError::retry("this process stood still before it could call Shopify"));
            }
            let result = app
                .shopify
                .update_tracking(&access.access(), change.shopify_id, &change.tracking, notify)
                .await;
            failpoint::hit("track.after_call");
            shop_access::observe(app, &access, &result).await?;
            match conclude(app, self, change, result.map(drop)).await {
                // That Shopify refuses one of them says nothing of the others.
                Err(error @ JobError::GiveUp(_)) => refused = Some(error),
                concluded => concluded?,
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

struct Change {
    row: FulfillmentId,
    shopify_id: ShopifyFulfillmentId,
    tracking: Tracking,
    intent: Intent,
    /// When the Intent said that the call begins.
    since: Moment,
}

/// Whether a fulfillment that Shopify has lacks tracking that its parcels have.
pub fn has_new_tracking(state: &OrderState) -> bool {
    new_tracking(state).next().is_some()
}

/// Fulfillments that Shopify has, and the tracking of their parcels where that differs.
fn new_tracking(state: &OrderState) -> impl Iterator<Item = (&fulfillments::Model, ShopifyFulfillmentId, Tracking)> {
    let made = state
        .fulfillments
        .iter()
        .filter(|row| !row.by_hand && row.status == FulfillmentStatus::Done);
    made.filter_map(|row| {
        // What was made by hand and adopted belongs to parcels, but was made for none.
        let leading = row.shipment_id.or_else(|| row.shipments.0.first().copied())?;
        let tracking = tracking_of(state, leading, &row.shipments.0);
        let same = tracking.company == row.company && tracking.numbers == row.numbers.0 && tracking.urls == row.urls.0;
        (!same).then_some((row, row.shopify_id?, tracking))
    })
}

async fn prepare(app: &App, job: &UpdateTracking) -> Result<Vec<Change>, DbErr> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some(OpenOrder { state, .. }) = OpenOrder::lock(&tx, job.shop_id, job.order_id).await? else {
        return Ok(Vec::new());
    };
    let mut changes = Vec::new();
    for (row, shopify_id, tracking) in new_tracking(&state) {
        let version: i32 = state
            .shipments
            .iter()
            .filter(|s| row.shipments.0.contains(&s.id))
            .map(|s| s.tracking_version)
            .sum();
        let new = NewIntent {
            key: format!("track:{}:{}:{version}", row.id, row.shipments.0.len()),
            kind: IntentKind::UpdateTracking,
            shop: row.shop_id,
            supplier: None,
            order: row.order_id,
            subject: row.id.0,
            request: &tracking,
        };
        // What differs is to be sent, whatever became of it before: refused, and a person has it tried
        // again, or done, and overtaken by an older list.
        let standing = intents::open_again(&tx, new, now, |_| false).await?;
        if let Some(Standing::Fresh(intent) | Standing::MayHaveHappened(intent)) = standing {
            changes.push(Change {
                row: row.id,
                shopify_id,
                tracking,
                intent,
                since: app.clock.moment(),
            });
        }
    }
    tx.commit().await?;
    Ok(changes)
}

async fn conclude(
    app: &App,
    job: &UpdateTracking,
    change: Change,
    result: Result<(), ApiError>,
) -> Result<(), JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some(OpenOrder { mut state, .. }) = OpenOrder::lock(&tx, job.shop_id, job.order_id).await? else {
        return Ok(());
    };
    // As it is by now: it may have got more parcels while the call was under way.
    let Some(row) = state.fulfillments.iter_mut().find(|row| row.id == change.row) else {
        return Ok(());
    };
    let again = match result {
        Ok(()) => {
            intents::settle(&tx, change.intent.id, IntentOutcome::Done, json!(null), now);
            let message = format!("Shopify has the tracking {}", change.tracking.numbers.join(", "));
            row.company = change.tracking.company;
            row.numbers = Json(change.tracking.numbers);
            row.urls = Json(change.tracking.urls);
            store::save(&tx, row.clone())?;
            let (shop, order, kind) = (job.shop_id, job.order_id, EventKind::TrackingCorrected);
            store::events::add(&tx, shop, order, now, &Actor::Orderyard, kind, message);
            if has_new_tracking(&state) {
                // Sent by a process that stood still, it may have replaced what was newer.
                enqueue(&tx, job, When::now(now.timestamp_millis()))?;
            }
            None
        }
        Err(error) => {
            let retryable = error.is_retryable() || matches!(error, ApiError::OutcomeUnknown { .. });
            let outcome = if retryable {
                IntentOutcome::Unknown
            } else {
                IntentOutcome::Refused
            };
            let evidence = json!({ "error": error.to_string() });
            intents::settle(&tx, change.intent.id, outcome, evidence, now);
            Some(JobError::from(error))
        }
    };
    tx.commit().await?;
    again.map_or(Ok(()), Err)
}
