//! Writes what became of a fulfillment that Shopify was asked for.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    open_exception::{NewException, open_exception},
    unclear_fulfillment,
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        fulfilment::FulfillmentStatus,
        intent::IntentOutcome,
    },
    ids::ShopifyFulfillmentId,
    queue::{Attempt, JobError, intents},
    shopify::{Answer, ApiError, fulfillments::FulfillmentSnapshot},
    store::{self, Tx, fulfillments, intents::Model as Intent, order_state::OrderState},
};

/// Writes what became of a claim, under the order's lock; an error given back is the parcel's next try.
pub async fn conclude(
    tx: &Tx,
    state: &mut OrderState,
    intent: &Intent,
    answer: Result<Answer<FulfillmentSnapshot>, ApiError>,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<Option<JobError>, DbErr> {
    let Some(at) = state.fulfillments.iter().position(|row| row.id.0 == intent.subject_id) else {
        return Ok(None);
    };
    if state.fulfillments[at].status == FulfillmentStatus::Done {
        // This process stood still, and it was found or said meanwhile which fulfillment it is.
        return Ok(None);
    }
    match answer {
        Ok(answer) => {
            let made = answer.data.id;
            let evidence = json!({ "fulfillment": made.to_string() });
            intents::settle(tx, intent.id, IntentOutcome::Done, evidence, now);
            mark_done(tx, state, at, made, now).await?;
            Ok(None)
        }
        Err(error) => failed(tx, state, (intent, at), error, attempt, now).await,
    }
}

/// Writes that Shopify has the fulfillment, with the tracking as it was claimed:
/// a number that came in between is sent after it.
///
/// Whatever stood for that fulfillment as made by hand, or asked a person about it, ends.
pub async fn mark_done(
    tx: &Tx,
    state: &mut OrderState,
    at: usize,
    id: ShopifyFulfillmentId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let is_same = |row: &fulfillments::Model| row.by_hand && row.shopify_id == Some(id);
    for row in state.fulfillments.iter().filter(|row| is_same(row)) {
        store::fulfillments::remove(tx, row.shop_id, row.id).await?;
    }
    let row = &mut state.fulfillments[at];
    row.status = FulfillmentStatus::Done;
    row.shopify_id = Some(id);
    store::save(tx, row.clone())?;
    let numbers = if row.numbers.0.is_empty() {
        "no number yet".to_owned()
    } else {
        row.numbers.0.join(", ")
    };
    let message = format!(
        "Shopify has the parcel: {} {numbers}",
        row.company.as_deref().unwrap_or("carrier unknown")
    );
    store::events::add(
        tx,
        row.shop_id,
        row.order_id,
        now,
        &Actor::Orderyard,
        EventKind::Fulfilled,
        message,
    );
    let row = row.clone();
    unclear_fulfillment::end(tx, &state.open_exceptions, &row, "Shopify has the parcel", now)?;
    state
        .open_exceptions
        .retain(|one| unclear_fulfillment::asked_about(one) != Some(row.id));
    state.fulfillments.retain(|row| !is_same(row));
    Ok(())
}

async fn failed(
    tx: &Tx,
    state: &OrderState,
    (intent, at): (&Intent, usize),
    error: ApiError,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<Option<JobError>, DbErr> {
    let row = &state.fulfillments[at];
    let evidence = json!({ "error": error.to_string() });
    let standing = store::intents::by_id(tx.conn(), intent.id).await?;
    if standing.is_none_or(|standing| standing.calls != intent.calls) {
        // The job was taken over, and another call for it may be under way: this one's failure says nothing of that.
        return Ok(Some(JobError::from(error)));
    }
    match &error {
        ApiError::OutcomeUnknown { .. } => {
            intents::settle(tx, intent.id, IntentOutcome::Unknown, evidence, now);
            if attempt.is_last {
                let why = format!("it did not say whether it took it ({error})");
                unclear_fulfillment::ask(tx, row, &why, now).await?;
                return Ok(None);
            }
        }
        error if error.is_retryable() => {
            // Known not to have been executed.
            intents::settle(tx, intent.id, IntentOutcome::Pending, evidence, now);
        }
        error => {
            intents::settle(tx, intent.id, IntentOutcome::Refused, evidence.clone(), now);
            refuse(tx, state, row, &error.to_string(), evidence, now).await?;
            return Ok(None);
        }
    }
    Ok(Some(JobError::from(error)))
}

/// Gives a claim up, so that its units are free again, and asks a person.
pub async fn refuse(
    tx: &Tx,
    state: &OrderState,
    row: &fulfillments::Model,
    why: &str,
    evidence: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut row = row.clone();
    row.status = FulfillmentStatus::Refused;
    store::save(tx, row.clone())?;
    unclear_fulfillment::end(
        tx,
        &state.open_exceptions,
        &row,
        "Shopify does not have the parcel",
        now,
    )?;
    let message = format!("Shopify does not take the parcel: {why}");
    let new = NewException {
        kind: ExceptionKind::FulfillmentRefused,
        shop: row.shop_id,
        order: row.order_id,
        order_line: None,
        purchase_order: None,
        shipment: row.shipment_id,
        quantity: None,
        message: message.clone(),
        evidence: Some(evidence),
    };
    open_exception(tx, new, now).await?;
    store::events::add(
        tx,
        row.shop_id,
        row.order_id,
        now,
        &Actor::Shopify,
        EventKind::FulfillmentFailed,
        message,
    );
    Ok(())
}
