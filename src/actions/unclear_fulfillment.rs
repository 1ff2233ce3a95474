//! Asks people about a fulfillment whose outcome neither Shopify's answer nor
//! the order tells, and stops asking once a fact has told.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::open_exception::{NewException, open_exception};
use crate::{
    domain::exception::{ExceptionKind, ExceptionStatus},
    ids::FulfillmentId,
    store::{self, Tx, exceptions, fulfillments},
};

/// What an exception keeps beside its sentence.
#[derive(Serialize, Deserialize)]
struct Evidence {
    fulfillment: FulfillmentId,
}

/// Puts it before people: `why` says what leaves it open.
pub async fn ask(tx: &Tx, row: &fulfillments::Model, why: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let number = match &row.numbers.0[..] {
        [] => "a parcel without a number".to_owned(),
        numbers => format!("the parcel {}", numbers.join(", ")),
    };
    let new = NewException {
        kind: ExceptionKind::FulfillmentUnclear,
        shop: row.shop_id,
        order: row.order_id,
        order_line: None,
        purchase_order: None,
        shipment: row.shipment_id,
        quantity: None,
        message: format!("It is not clear whether Shopify has {number}: {why}. Look at the order there"),
        evidence: Some(json!(Evidence { fulfillment: row.id })),
    };
    open_exception(tx, new, now).await
}

/// Which of our fulfillments an exception asks about.
#[must_use]
pub fn asked_about(exception: &exceptions::Model) -> Option<FulfillmentId> {
    if exception.kind != ExceptionKind::FulfillmentUnclear {
        return None;
    }
    let evidence = exception.evidence.as_ref()?.0.clone();
    serde_json::from_value::<Evidence>(evidence)
        .ok()
        .map(|of| of.fulfillment)
}

/// Ends what people are asked about a fulfillment, because a fact decided it.
pub fn end(
    tx: &Tx,
    open: &[exceptions::Model],
    row: &fulfillments::Model,
    how: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for exception in open.iter().filter(|one| asked_about(one) == Some(row.id)) {
        let mut exception = exception.clone();
        exception.status = ExceptionStatus::Resolved;
        exception.resolution = Some(how.to_owned());
        exception.resolved_at = Some(now);
        store::save(tx, exception)?;
    }
    Ok(())
}
