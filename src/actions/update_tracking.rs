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
    ids::{FulfillmentId, IntentId, OrderId, ShopId, ShopifyFulfillmentId, ShopifyOrderId},
    queue::{
        Attempt, Job, JobError, Priority, When, enqueue,
        intents::{self, NewIntent, Standing},
        order_key,
    },
    shopify::{ApiError, fulfillments::Tracking},
    store::{
        self, Tx,
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
    /// Those of other lists whose answer was lost: once Shopify has this list, none of them matters.
    replaced: Vec<IntentId>,
    /// When the Intent said that the call begins.
    since: Moment,
}

/// Whether a fulfillment that Shopify has lacks tracking that its parcels have.
pub fn has_new_tracking(state: &OrderState) -> bool {
    wanted_tracking(state).any(|wanted| wanted.is_new())
}

/// A fulfillment that Shopify has, and the tracking of its parcels.
struct Wanted<'a> {
    row: &'a fulfillments::Model,
    shopify_id: ShopifyFulfillmentId,
    tracking: Tracking,
}

impl Wanted<'_> {
    /// Whether it is not what Shopify was last known to be given.
    fn is_new(&self) -> bool {
        let (row, tracking) = (self.row, &self.tracking);
        tracking.company != row.company || tracking.numbers != row.numbers.0 || tracking.urls != row.urls.0
    }

    /// Opens the Intent of sending it.
    async fn open(self, app: &App, tx: &Tx, state: &OrderState, unclear: &[Intent]) -> Result<Option<Change>, DbErr> {
        let row = self.row;
        let parcels = state.shipments.iter().filter(|one| row.shipments.0.contains(&one.id));
        let version: i32 = parcels.map(|parcel| parcel.tracking_version).sum();
        let new = NewIntent {
            key: format!("track:{}:{}:{version}", row.id, row.shipments.0.len()),
            kind: IntentKind::UpdateTracking,
            shop: row.shop_id,
            supplier: None,
            order: row.order_id,
            subject: row.id.0,
            request: &self.tracking,
        };
        // What differs is to be sent, whatever became of it before: refused, and a person has it tried
        // again, or done, and overtaken by an older list.
        let standing = intents::open_again(tx, new, app.clock.now(), |_| false).await?;
        let Some(Standing::Fresh(intent) | Standing::MayHaveHappened(intent)) = standing else {
            return Ok(None);
        };
        let others = about(unclear, row).filter(|other| other.id != intent.id);
        Ok(Some(Change {
            row: row.id,
            shopify_id: self.shopify_id,
            tracking: self.tracking,
            replaced: others.map(|other| other.id).collect(),
            intent,
            since: app.clock.moment(),
        }))
    }
}

fn wanted_tracking(state: &OrderState) -> impl Iterator<Item = Wanted<'_>> {
    let made = state
        .fulfillments
        .iter()
        .filter(|row| !row.by_hand && row.status == FulfillmentStatus::Done);
    made.filter_map(|row| {
        // What was made by hand and adopted belongs to parcels, but was made for none.
        let leading = row.shipment_id.or_else(|| row.shipments.0.first().copied())?;
        Some(Wanted {
            row,
            shopify_id: row.shopify_id?,
            tracking: tracking_of(state, leading, &row.shipments.0),
        })
    })
}

/// The Intents about a fulfillment.
fn about<'a>(intents: &'a [Intent], row: &fulfillments::Model) -> impl Iterator<Item = &'a Intent> {
    let subject = row.id.0;
    intents.iter().filter(move |intent| intent.subject_id == subject)
}

async fn prepare(app: &App, job: &UpdateTracking) -> Result<Vec<Change>, DbErr> {
    let tx = app.db.begin().await?;
    let Some(OpenOrder { state, .. }) = OpenOrder::lock(&tx, job.shop_id, job.order_id).await? else {
        return Ok(Vec::new());
    };
    let kind = IntentKind::UpdateTracking;
    let unclear = store::intents::open_of_order(tx.conn(), job.shop_id, job.order_id, kind).await?;
    let mut changes = Vec::new();
    for wanted in wanted_tracking(&state) {
        // Shopify may have the list of a lost answer, though what is wanted is what it was last known to have.
        if wanted.is_new() || about(&unclear, wanted.row).next().is_some() {
            changes.extend(wanted.open(app, &tx, &state, &unclear).await?);
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
            for replaced in change.replaced {
                let evidence = json!({ "replaced_by": change.intent.key });
                intents::settle(&tx, replaced, IntentOutcome::Done, evidence, now);
            }
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
