//! After a lost answer or a crash: finds out what became of fulfillments that
//! were claimed, from the order as Shopify shows it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::push_fulfillment::{intent_key, mark_done};
use crate::{
    domain::{fulfilment::FulfillmentStatus, intent::IntentOutcome},
    ids::{ShipmentId, ShopifyFulfillmentId, ShopifyLineItemId},
    queue::{JobError, intents},
    shopify::{
        fulfillments::OrderFulfillmentState,
        read_back::{self, Expected, ReadBack},
    },
    store::{self, Tx, fulfillments, intents::Model as Intent, order_state::OrderState},
};

/// Settles every open Intent of a parcel's fulfillments, in the rows and in
/// `state`. Of the order's other parcels, what Shopify has is settled too: its
/// units are not open any more, and would count twice. The rest is left to the
/// jobs of these parcels.
///
/// # Errors
/// [`JobError::Retry`] while it is too early to tell, or what is there is not
/// clearly ours: the job's schedule ends in an Exception.
pub async fn settle_open(
    tx: &Tx,
    state: &mut OrderState,
    parcel: ShipmentId,
    read: &OrderFulfillmentState,
    patience: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), JobError> {
    for place in 0..state.fulfillments.len() {
        let row = &state.fulfillments[place];
        if row.status != FulfillmentStatus::Pending {
            continue;
        }
        let is_own = row.shipment_id == Some(parcel);
        let Some(intent) = store::intents::by_key(tx.conn(), &intent_key(row)).await? else {
            continue;
        };
        if intent.called_at.is_none() || !intent.outcome.is_open() {
            continue;
        }
        let made = match found(state, read, row) {
            ReadBack::Made(id) => id,
            unmade if is_own => {
                wait_for(tx, &intent, unmade, patience, now)?;
                continue;
            }
            _ => continue,
        };
        let evidence = json!({ "found": made.to_string() });
        intents::settle(tx, intent.id, IntentOutcome::Done, evidence, now);
        mark_done(tx, &mut state.fulfillments[place], made, now).await?;
    }
    Ok(())
}

fn found(state: &OrderState, read: &OrderFulfillmentState, row: &fulfillments::Model) -> ReadBack {
    let known: BTreeSet<ShopifyFulfillmentId> = state.fulfillments.iter().filter_map(|row| row.shopify_id).collect();
    read_back::find(read, &expected(state, row), &known)
}

/// Settles that nothing was made once no call can be under way any more.
fn wait_for(
    tx: &Tx,
    intent: &Intent,
    unmade: ReadBack,
    patience: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), JobError> {
    let ReadBack::Unclear(candidates) = unmade else {
        let lease_now = tx.lease_now();
        let since = lease_now - intent.called_at.unwrap_or(lease_now);
        if since < patience {
            let after = (patience - since).to_std().ok();
            return Err(JobError::Retry {
                reason: "a call may still be under way".to_owned(),
                after,
            });
        }
        let evidence = json!({ "read_back": "nothing was made" });
        intents::settle(tx, intent.id, IntentOutcome::Pending, evidence, now);
        return Ok(());
    };
    let ids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    let reason = format!(
        "it is not clear whether Shopify took the parcel; fulfillments in question: {}",
        ids.join(", ")
    );
    Err(JobError::retry(reason))
}

fn expected(state: &OrderState, row: &fulfillments::Model) -> Expected {
    let item = |id| {
        state
            .lines
            .iter()
            .find(|line| line.id == id)
            .map(|line| line.shopify_id)
    };
    let mut units: BTreeMap<ShopifyLineItemId, u32> = BTreeMap::new();
    for line in &row.lines.0 {
        if let Some(item) = item(line.order_line_id) {
            *units.entry(item).or_default() += line.units;
        }
    }
    // What remained before the call, as far as the rows tell: nothing less may remain now.
    let mut remained = BTreeMap::new();
    for order in state
        .fulfillment_orders
        .iter()
        .filter(|order| order.location == row.location_id)
    {
        for line in order.lines.iter().filter(|line| units.contains_key(&line.line_item)) {
            remained.insert((order.id, line.line_item), line.remaining);
        }
    }
    Expected {
        units,
        numbers: row.numbers.0.iter().cloned().collect(),
        remained,
    }
}
