//! Work that was given up, and deliveries that led nowhere: a person has the
//! cause mended and has them tried again, or lays them aside.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    give_up_job::{self, delivery_of},
    process_delivery::ProcessDelivery,
    route_order::follow_status,
};
use crate::{
    app::App,
    domain::event::Actor,
    error::AppError,
    ids::{DeliveryId, JobId, ShopId},
    queue::{When, enqueue, order_of_key},
    store::{
        self, Tx,
        deliveries::{self, DeliveryStatus},
        jobs, orders, shops,
    },
};

/// What is to become of a job that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Tried again from the start.
    Requeue,
    /// Forgotten: whatever it was for is taken care of otherwise.
    Dismiss,
}

/// Decides about one job. The exception that it left, if it left one alone, is closed with it.
pub async fn decide_job(
    app: &App,
    shop: Option<ShopId>,
    id: JobId,
    fate: Fate,
    actor: &Actor,
) -> Result<jobs::Model, AppError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let missing = || AppError::NotFound("this job among those that were given up");
    let found = jobs::given_up::by_id(tx.conn(), shop, id).await?.ok_or_else(missing)?;
    let order = match found.serial_key.as_deref().and_then(order_of_key) {
        Some((shop, order)) => orders::by_shopify_id(tx.conn(), shop, order).await?,
        None => None,
    };
    // The order's lock before the job's row, as whoever gives a job up takes them.
    if let Some(order) = &order {
        orders::lock(&tx, order.shop_id, order.id).await?;
    }
    let job = jobs::given_up::lock(&tx, id).await?.ok_or_else(missing)?;
    let what = match fate {
        Fate::Requeue => {
            requeue(&tx, job.clone()).await?;
            "It is tried again"
        }
        Fate::Dismiss => {
            jobs::given_up::remove(&tx, job.id).await?;
            "The work was dismissed"
        }
    };
    close_exception(&tx, &job, order.as_ref(), what, actor, now).await?;
    tx.commit().await?;
    tracing::info!(job = job.name, id = %job.id, ?fate, %actor, "a job that was given up is decided about");
    Ok(job)
}

async fn requeue(tx: &Tx, job: jobs::Model) -> Result<(), DbErr> {
    if let Some(id) = delivery_of(&job)
        && let Some(mut delivery) = deliveries::by_id(tx.conn(), id).await?
        && delivery.status == DeliveryStatus::GivenUp
    {
        delivery.status = DeliveryStatus::HandedOn;
        delivery.note = None;
        store::save(tx, delivery)?;
    }
    jobs::given_up::revive(tx, job).await
}

async fn close_exception(
    tx: &Tx,
    job: &jobs::Model,
    order: Option<&orders::Model>,
    what: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (Some(shop), Some(key)) = (job.shop_id, job.serial_key.as_deref()) else {
        return Ok(());
    };
    let about = order.map(|order| order.id);
    give_up_job::stop_asking(tx, (shop, key), about, (&Actor::Staff(actor.to_string()), what), now).await?;
    if let (Some(order), Some(shop)) = (order, shops::by_id(tx.conn(), shop).await?) {
        follow_status(tx, &shop, order.id).await?;
    }
    Ok(())
}

/// Has a delivery that led nowhere read again.
pub async fn replay_delivery(
    app: &App,
    shop_domain: Option<&str>,
    id: DeliveryId,
) -> Result<deliveries::Model, AppError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = deliveries::lock(&tx, id).await?;
    let mut delivery = found
        .filter(|delivery| shop_domain.is_none_or(|domain| domain == delivery.shop_domain))
        .ok_or(AppError::NotFound("this delivery"))?;
    if !delivery.status.led_nowhere() {
        return Err(AppError::AlreadyDone("this delivery was read".to_owned()));
    }
    // The shop of the header is not the shop of the body: reading it again is for the operator to try.
    if shop_domain.is_some() && delivery.status == DeliveryStatus::Contradicted {
        return Err(AppError::Conflict("this delivery names another shop".to_owned()));
    }
    if delivery.body.is_none() {
        let message = "the delivery's body is no longer kept, so that it cannot be read again";
        return Err(AppError::Conflict(message.to_owned()));
    }
    delivery.status = DeliveryStatus::HandedOn;
    delivery.note = None;
    store::save(&tx, delivery.clone())?;
    let triggered_at = delivery.triggered_at.unwrap_or(delivery.received_at).min(now);
    let when = When {
        triggered_at_ms: triggered_at.timestamp_millis(),
        ..When::now(now.timestamp_millis())
    };
    enqueue(
        &tx,
        &ProcessDelivery {
            delivery_id: id,
            shop_id: None,
        },
        when,
    )?;
    tx.commit().await?;
    Ok(delivery)
}

/// What of a job's payload is for people: ids and kinds, by a list of what is known to be harmless.
#[must_use]
pub fn shown_payload(job: &jobs::Model) -> serde_json::Value {
    const SHOWN: &[&str] = &[
        "delivery_id",
        "kind",
        "order_id",
        "product_id",
        "purchase_order_id",
        "shipment_id",
        "shop_id",
        "shopify_id",
        "since",
        "triggered_at",
        "variant",
        "why",
    ];
    fn only_shown(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => fields
                .into_iter()
                .filter(|(name, _)| SHOWN.contains(&name.as_str()))
                .map(|(name, value)| (name, only_shown(value)))
                .collect(),
            // Lists may name customers, and no harmless field is one.
            serde_json::Value::Array(_) => serde_json::Value::Null,
            value => value,
        }
    }
    serde_json::from_str(&job.payload).map_or(serde_json::Value::Null, only_shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::jobs::{JobState, WaitsFor};

    #[test]
    fn a_payload_is_shown_without_people() {
        let payload = json!({
            "shop_id": 7, "shopify_id": 1001, "why": { "kind": "mapped", "variant": 5, "by": "Maria" },
            "redaction": { "customer": { "customer": 9 } }, "forced": [["a", "b"]],
        });
        let job = jobs::Model {
            id: JobId::generate(),
            name: "revisit_orders".to_owned(),
            payload: payload.to_string(),
            shop_id: Some(ShopId(7)),
            serial_key: None,
            dedupe_key: None,
            state: JobState::Dead,
            waits_for: WaitsFor::Turn,
            priority: 0,
            lane: 7,
            run_at_ms: 0,
            triggered_at_ms: 0,
            attempts: 1,
            lease_id: None,
            leased_until_ms: None,
            last_error: None,
            parked_for: None,
            parked_since_ms: None,
            created_at_ms: 0,
        };
        let shown = json!({ "shop_id": 7, "shopify_id": 1001, "why": { "kind": "mapped", "variant": 5 } });
        assert_eq!(shown_payload(&job), shown);
    }
}
