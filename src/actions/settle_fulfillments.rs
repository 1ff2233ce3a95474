//! The Intents of fulfillments: what is written down before the call, and what
//! is found out after a lost answer or a crash, from the order as Shopify shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{conclude_fulfillment::mark_done, unclear_fulfillment};
use crate::{
    domain::{
        fulfilment::FulfillmentStatus,
        intent::{IntentKind, IntentOutcome},
        order::FulfillmentOrder,
    },
    ids::{FulfillmentId, ShipmentId, ShopifyLineItemId},
    queue::{
        Attempt, JobError,
        intents::{self, NewIntent, Standing},
    },
    shopify::{
        fulfillments::OrderFulfillmentState,
        read_back::{self, Before, Expected, Known, ReadBack, Remained},
    },
    store::{
        self, Tx,
        fulfillments::{self, FulfilledLine},
        intents::Model as Intent,
        order_state::OrderState,
    },
};

/// What the ledger keeps of a fulfillment that is asked for.
#[derive(Serialize, Deserialize)]
struct Request {
    lines: Vec<FulfilledLine>,
    numbers: Vec<String>,
    company: Option<String>,
    /// None in Intents that an earlier release wrote.
    #[serde(default)]
    before: Option<Before>,
}

/// The name of a fulfillment's effect.
pub fn intent_key(row: &fulfillments::Model) -> String {
    format!("fulfil:{}", row.id)
}

/// What a fulfillment finds when it is asked for: `open` is what the ones
/// before it leave.
pub fn before_call(
    state: &OrderState,
    read: &OrderFulfillmentState,
    open: &[FulfillmentOrder],
    row: &fulfillments::Model,
) -> Before {
    let items = units_by_item(state, row);
    let place = open.iter().filter(|order| order.location == row.location_id);
    let remained = place.flat_map(|order| {
        let lines = order.lines.iter().filter(|line| items.contains_key(&line.line_item));
        lines.map(|line| Remained {
            fulfillment_order: order.id,
            line_item: line.line_item,
            units: line.remaining,
        })
    });
    Before {
        location: row.location_id,
        remained: remained.collect(),
        fulfillments: read.fulfillments.iter().map(|one| one.id).collect(),
    }
}

/// Commits to asking for a fulfillment once the transaction is written.
///
/// # Errors
/// [`JobError::Retry`] while an earlier call may still be under way.
pub async fn open_intent(
    tx: &Tx,
    row: &fulfillments::Model,
    is_new: bool,
    before: Before,
    now: DateTime<Utc>,
) -> Result<Intent, JobError> {
    let request = Request {
        lines: row.lines.0.clone(),
        numbers: row.numbers.0.clone(),
        company: row.company.clone(),
        before: Some(before),
    };
    let new = NewIntent {
        key: intent_key(row),
        kind: IntentKind::CreateFulfillment,
        shop: row.shop_id,
        supplier: None,
        order: row.order_id,
        subject: row.id.0,
        request: &request,
    };
    if is_new {
        return Ok(intents::open_first(tx, new, now)?);
    }
    match intents::open(tx, new, now).await? {
        Standing::Fresh(intent) => Ok(intent),
        // `settle_open` has just read back every call that may have happened.
        Standing::MayHaveHappened(_) | Standing::Settled(_) => {
            Err(JobError::retry("a call for this fulfillment may still be under way"))
        }
    }
}

/// The order as Shopify shows it.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub read: &'a OrderFulfillmentState,
    /// When that was asked for, by [`store::Db::lease_now`]: what is made later is not in it.
    pub asked_at: DateTime<Utc>,
    /// How long a call may be under way.
    pub patience: TimeDelta,
}

/// Units that are gone without a fulfillment went otherwise once so many times the patience is over.
const TIMES_TO_SHOW: i32 = 10;

/// How the open Intents of a parcel's fulfillments were left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    All,
    /// A person is asked about one: nothing of the parcel is called before they decide.
    LeftToPerson,
}

/// Settles every open Intent of a parcel's fulfillments, in the rows and in
/// `state`. Of the order's other parcels, what Shopify has is settled too: its
/// units are not open any more, and would count twice. The rest is left to the
/// jobs of these parcels.
///
/// What the last try of the job's schedule finds unclear becomes an Exception.
///
/// # Errors
/// [`JobError::Retry`] while it is too early to tell, or what is there is not
/// clearly ours.
pub async fn settle_open(
    tx: &Tx,
    state: &mut OrderState,
    parcel: ShipmentId,
    look: Look<'_>,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<Settled, JobError> {
    let pending: Vec<FulfillmentId> = (state.fulfillments.iter())
        .filter(|row| row.status == FulfillmentStatus::Pending)
        .map(|row| row.id)
        .collect();
    for id in pending {
        // A row that was taken for one made by hand goes when it turns out to be ours.
        let Some(at) = state.fulfillments.iter().position(|row| row.id == id) else {
            continue;
        };
        let row = &state.fulfillments[at];
        let is_own = row.shipment_id == Some(parcel);
        let Some(intent) = store::intents::by_key(tx.conn(), &intent_key(row)).await? else {
            continue;
        };
        if intent.called_at.is_none() || !intent.outcome.is_open() {
            continue;
        }
        let made = match found(state, look.read, row, &intent) {
            ReadBack::Made(id) => id,
            unmade if is_own => {
                let question = question(&unmade, look.read).filter(|_| attempt.is_last);
                match (wait_for(tx, &intent, unmade, look, now), question) {
                    (Err(_), Some(question)) => {
                        unclear_fulfillment::ask(tx, row, &question, now).await?;
                        return Ok(Settled::LeftToPerson);
                    }
                    (waited, _) => waited?,
                }
                continue;
            }
            _ => continue,
        };
        let evidence = json!({ "found": made.to_string() });
        intents::settle(tx, intent.id, IntentOutcome::Done, evidence, now);
        mark_done(tx, state, at, made, now).await?;
    }
    Ok(Settled::All)
}

/// What a person could find out; none where waiting does.
fn question(unmade: &ReadBack, read: &OrderFulfillmentState) -> Option<String> {
    match unmade {
        ReadBack::Unclear(candidates) => {
            let possible = read.fulfillments.iter().filter(|one| candidates.contains(&one.id));
            let names: Vec<&str> = possible.map(|one| one.name.as_str()).collect();
            Some(format!("it may be {}", names.join(" or ")))
        }
        ReadBack::Gone => Some("units of it are gone, and no fulfillment shows where".to_owned()),
        ReadBack::Made(_) | ReadBack::NotMade => None,
    }
}

/// What the order tells of a fulfillment that is asked for.
pub fn found(state: &OrderState, read: &OrderFulfillmentState, row: &fulfillments::Model, intent: &Intent) -> ReadBack {
    let mut known = Known::default();
    for row in &state.fulfillments {
        let kind = if row.by_hand {
            &mut known.by_hand
        } else {
            &mut known.ours
        };
        kind.extend(row.shopify_id);
    }
    let expected = Expected {
        units: units_by_item(state, row),
        numbers: row.numbers.0.iter().cloned().collect(),
        before: before_of(intent),
    };
    read_back::find(read, &expected, &known)
}

/// The order as it was just before the call, where that was written down.
pub fn before_of(intent: &Intent) -> Option<Before> {
    let request: Option<Request> = serde_json::from_value(intent.request.0.clone()).ok();
    request.and_then(|request| request.before)
}

/// Settles that nothing was made once no call can have been under way when Shopify was asked.
fn wait_for(tx: &Tx, intent: &Intent, unmade: ReadBack, look: Look<'_>, now: DateTime<Utc>) -> Result<(), JobError> {
    let since = look.asked_at - intent.called_at.unwrap_or(look.asked_at);
    let wait_until = |patience: TimeDelta, reason: &str| {
        let left = patience - since;
        (left > TimeDelta::zero()).then(|| JobError::Retry {
            reason: reason.to_owned(),
            after: left.to_std().ok(),
        })
    };
    let too_early = match unmade {
        ReadBack::Unclear(candidates) => {
            let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
            let reason = format!(
                "it is not clear whether Shopify took the parcel; fulfillments in question: {}",
                ids.join(", ")
            );
            return Err(JobError::retry(reason));
        }
        ReadBack::Gone => wait_until(
            look.patience * TIMES_TO_SHOW,
            "units of the parcel are gone, and Shopify shows no fulfillment of them yet",
        ),
        ReadBack::Made(_) | ReadBack::NotMade => wait_until(look.patience, "a call may still be under way"),
    };
    if let Some(error) = too_early {
        return Err(error);
    }
    let evidence = json!({ "read_back": "nothing was made" });
    intents::settle(tx, intent.id, IntentOutcome::Pending, evidence, now);
    Ok(())
}

fn units_by_item(state: &OrderState, row: &fulfillments::Model) -> BTreeMap<ShopifyLineItemId, u32> {
    let mut units = BTreeMap::new();
    for line in &row.lines.0 {
        let of_order = state.lines.iter().find(|of_order| of_order.id == line.order_line_id);
        if let Some(of_order) = of_order {
            *units.entry(of_order.shopify_id).or_default() += line.units;
        }
    }
    units
}
