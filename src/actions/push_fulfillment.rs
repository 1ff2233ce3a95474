//! Brings a parcel into Shopify: one fulfillment per shipment, location and
//! delivery method, on exactly its units, once.
//!
//! `fulfillmentCreate` is not idempotent. So each fulfillment is claimed in a
//! row with an Intent before the call, and what is found open is read back
//! before anything is called again.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    claim_fulfillments::{Claim, claim, new_fulfillment, open_orders},
    conclude_fulfillment::{conclude, refuse},
    open_exception::{NewException, open_exception},
    route_order::{follow_status, write_status},
    settle_fulfillments::{Look, Settled, before_call, open_intent, settle_open},
    shop_access::{self, ShopAccess},
    update_tracking::{UpdateTracking, has_new_tracking},
};
use crate::{
    app::App,
    clock::Moment,
    domain::{
        exception::ExceptionKind,
        fulfilment::{FulfillmentStatus, ShipmentState},
    },
    failpoint,
    ids::{OrderId, ShipmentId, ShopId, ShopifyOrderId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue, order_key},
    shopify::{ApiError, fulfillments::FulfillmentSnapshot},
    store::{
        self, Tx, fulfillments,
        intents::Model as Intent,
        order_state::{OpenOrder, OrderState},
        shipments,
    },
};

/// Pushes one shipment.
#[derive(Debug, Serialize, Deserialize)]
pub struct PushFulfillment {
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub shopify_id: ShopifyOrderId,
    pub shipment_id: ShipmentId,
}

/// Points that reading back an order and making a fulfillment cost.
const COST: u32 = 680;

impl Job for PushFulfillment {
    const NAME: &'static str = "push_fulfillment";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("push:{}", self.shipment_id))
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let access = shop_access::open(app, self.shop_id, COST).await?;
        let asked_at = app.db.lease_now().await?;
        let result = app.shopify.order_fulfillments(&access.access(), self.shopify_id).await;
        shop_access::observe(app, &access, &result).await?;
        let Some(read) = result?.data else {
            return Err(JobError::retry("Shopify does not show the order"));
        };
        let look = Look {
            read: &read,
            asked_at,
            patience: patience(app),
        };
        let Some(mut prepared) = prepare(app, self, look, attempt).await? else {
            return Ok(());
        };
        let last = prepared.claims.pop();
        for claimed in std::mem::take(&mut prepared.claims) {
            claimed.may_still_be_called(app)?;
            let answer = create(app, &access, &claimed).await;
            shop_access::observe(app, &access, &answer).await?;
            let tx = app.db.begin().await?;
            let Some(mut open) = OpenOrder::lock(&tx, self.shop_id, self.order_id).await? else {
                return Ok(());
            };
            let failed = conclude(&tx, &mut open.state, &claimed.intent, answer, attempt, app.clock.now()).await?;
            tx.commit().await?;
            // One fulfillment that fails does not hold back the parcel's others.
            prepared.failed = failed.or(prepared.failed);
        }
        // The last one is written together with how far the parcels are.
        let answer = match &last {
            Some(claimed) => {
                claimed.may_still_be_called(app)?;
                Some(create(app, &access, claimed).await)
            }
            None => None,
        };
        if let Some(answer) = &answer {
            shop_access::observe(app, &access, answer).await?;
        }
        let tx = app.db.begin().await?;
        let Some(mut open) = OpenOrder::lock(&tx, self.shop_id, self.order_id).await? else {
            return Ok(());
        };
        if let (Some(claimed), Some(answer)) = (&last, answer) {
            let is_made = answer.is_ok();
            let failed = conclude(&tx, &mut open.state, &claimed.intent, answer, attempt, app.clock.now()).await?;
            prepared.failed = failed.or(prepared.failed);
            if !is_made && let Some(read_again) = OrderState::of(&tx, self.shop_id, self.order_id).await? {
                open.state = read_again;
            }
        }
        let again = prepared.again && prepared.failed.is_none();
        finish(&tx, self, open, again, app.clock.now_ms())?;
        failpoint::hit("fulfil.before_commit");
        tx.commit().await?;
        prepared.failed.map_or(Ok(()), Err)
    }
}

/// Before twice the call's own timeout a slow call may still be under way.
pub fn patience(app: &App) -> TimeDelta {
    TimeDelta::from_std(app.config.shopify.timeout * 2).unwrap_or(TimeDelta::MAX)
}

/// What is to be done for a parcel now.
#[derive(Default)]
struct Prepared {
    claims: Vec<Claimed>,
    /// The parcel has more to claim once these are made.
    again: bool,
    /// Why the parcel is to be tried again.
    failed: Option<JobError>,
}

/// A fulfillment whose Intent is committed.
struct Claimed {
    intent: Intent,
    /// When the Intent said that the call begins.
    since: Moment,
    new: crate::shopify::fulfillments::NewFulfillment,
}

impl Claimed {
    /// Whoever took this job over may be about to read back that nothing was made.
    fn may_still_be_called(&self, app: &App) -> Result<(), JobError> {
        if self.since.is_longer_ago_than(app.config.shopify.timeout, &app.clock) {
            return Err(JobError::retry("this process stood still before it could call Shopify"));
        }
        Ok(())
    }
}

/// Settles what is open, claims what the parcel completes, and commits the
/// Intents; none when there is no such order.
async fn prepare(
    app: &App,
    job: &PushFulfillment,
    look: Look<'_>,
    attempt: Attempt,
) -> Result<Option<Prepared>, JobError> {
    let read = look.read;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some(OpenOrder { mut state, shop, .. }) = OpenOrder::lock(&tx, job.shop_id, job.order_id).await? else {
        return Ok(None);
    };
    let settings = &shop.settings.0;
    let settled = settle_open(&tx, &mut state, job.shipment_id, look, attempt, now).await?;
    if settled == Settled::LeftToPerson {
        follow_status(&tx, &shop, job.order_id).await?;
        tx.commit().await?;
        return Ok(None);
    }
    failpoint::hit("fulfil.before_intent");
    let mut claim = claim(settings, &state, read, job.shipment_id, now);
    let mut prepared = Prepared {
        again: claim.again,
        ..Prepared::default()
    };
    let others_unfinished = state
        .fulfillments
        .iter()
        .any(|row| row.status == FulfillmentStatus::Pending && row.shipment_id != Some(job.shipment_id));
    if others_unfinished && !claim.without_place.is_empty() {
        // What there is room for would make two fulfillments of one parcel: it is pushed again when they are made.
        claim.rows.clear();
        if !attempt.is_last {
            // What they hold may be free again, or counted twice: no news for a person yet.
            claim.without_place.clear();
            let reason = "another parcel's fulfillment is unfinished, and may hold the units";
            prepared.failed = Some(JobError::retry(reason));
        }
    }
    write_claim(&tx, job, &state, &claim, now).await?;
    let mut open = open_orders(settings, read);
    let own = |row: &fulfillments::Model| {
        row.shipment_id == Some(job.shipment_id) && row.status == FulfillmentStatus::Pending
    };
    let rows = state.fulfillments.iter().chain(&claim.rows);
    let rows: Vec<_> = rows.filter(|row| own(row)).cloned().collect();
    for row in rows {
        let before = before_call(&state, read, &open, &row);
        match new_fulfillment(settings, &state, &mut open, &row) {
            Some(new) => {
                let since = app.clock.moment();
                let is_new = claim.rows.iter().any(|made| made.id == row.id);
                let intent = open_intent(&tx, &row, is_new, before, now).await?;
                prepared.claims.push(Claimed { intent, since, new });
            }
            None => refuse(&tx, &state, &row, "Shopify has no open units for it", json!(null), now).await?,
        }
    }
    tx.commit().await?;
    failpoint::hit("fulfil.before_call");
    Ok(Some(prepared))
}

async fn write_claim(
    tx: &Tx,
    job: &PushFulfillment,
    state: &OrderState,
    claim: &Claim,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    store::insert_all(tx, claim.rows.clone())?;
    for shipment_id in &claim.others {
        let other = PushFulfillment {
            shipment_id: *shipment_id,
            ..*job
        };
        enqueue(tx, &other, When::now(now.timestamp_millis()))?;
    }
    for (line, units) in &claim.without_place {
        let title = state
            .lines
            .iter()
            .find(|row| row.id == *line)
            .map_or("?", |row| row.title.as_str());
        let new = NewException {
            kind: ExceptionKind::FulfillmentRefused,
            shop: job.shop_id,
            order: job.order_id,
            order_line: Some(*line),
            purchase_order: None,
            shipment: Some(job.shipment_id),
            quantity: None,
            message: format!(
                "{units} × {title} was shipped, but Shopify has no open units for it: it is on hold, cancelled or fulfilled already"
            ),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    for row in &claim.joined {
        // A later component of a kit that counts as fulfilled: its number is added.
        store::save(tx, row.clone())?;
        compare_tracking(tx, job, now.timestamp_millis())?;
    }
    Ok(())
}

/// Has the tracking that Shopify was given compared with what the parcels have now.
fn compare_tracking(tx: &Tx, of: &PushFulfillment, now_ms: i64) -> Result<(), DbErr> {
    let job = UpdateTracking {
        shop_id: of.shop_id,
        order_id: of.order_id,
        shopify_id: of.shopify_id,
    };
    enqueue(tx, &job, When::now(now_ms))
}

async fn create(
    app: &App,
    access: &ShopAccess,
    claimed: &Claimed,
) -> Result<crate::shopify::Answer<FulfillmentSnapshot>, ApiError> {
    let answer = app.shopify.create_fulfillment(&access.access(), &claimed.new).await;
    failpoint::hit("fulfil.after_call");
    answer
}

/// Writes how far the parcels of the order are now, under its lock.
fn finish(tx: &Tx, job: &PushFulfillment, open: OpenOrder, again: bool, now_ms: i64) -> Result<(), JobError> {
    let OpenOrder { mut state, shop, .. } = open;
    let fulfillments = &state.fulfillments;
    for shipment in &mut state.shipments {
        let next = shipment_state(fulfillments, shipment);
        if shipment.state != next && (shipment.id == job.shipment_id || next == ShipmentState::Fulfilled) {
            shipment.state = next;
            store::save(tx, shipment.clone())?;
        }
    }
    if has_new_tracking(&state) {
        compare_tracking(tx, job, now_ms)?;
    }
    let unfinished = |row: &fulfillments::Model| {
        row.shipment_id == Some(job.shipment_id) && row.status == FulfillmentStatus::Pending
    };
    if again && !state.fulfillments.iter().any(unfinished) {
        enqueue(tx, job, When::now(now_ms))?;
    }
    write_status(tx, &shop, state)?;
    Ok(())
}

fn shipment_state(rows: &[fulfillments::Model], shipment: &shipments::Model) -> ShipmentState {
    let mut carrying = rows
        .iter()
        .filter(|row| row.shipments.0.contains(&shipment.id))
        .peekable();
    if carrying.peek().is_none() {
        return ShipmentState::WaitingForKit;
    }
    let statuses: Vec<FulfillmentStatus> = carrying.map(|row| row.status).collect();
    if statuses.contains(&FulfillmentStatus::Pending) {
        ShipmentState::Pushing
    } else if statuses.contains(&FulfillmentStatus::Done) {
        ShipmentState::Fulfilled
    } else {
        ShipmentState::Failed
    }
}
