//! Tells people of work on an order that was given up: a dead job is seen by
//! the operator only, and the order would stand still without a word.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    import_order::ImportOrder,
    open_exception::{NewException, open_exception},
    process_delivery::ProcessDelivery,
    resolve_exception::close_by,
    route_order::follow_status,
    run_what_if,
};
use crate::{
    domain::{
        event::Actor,
        exception::{ExceptionKind, ExceptionStatus},
    },
    ids::{DeliveryId, ExceptionId, OrderId, ShopId, ShopifyOrderId},
    queue::{Job as _, order_key, order_of_key},
    store::{
        self, Tx,
        columns::Json,
        deliveries::{self, DeliveryStatus},
        exceptions::{self, Model},
        jobs, orders, shops,
    },
};

/// Opens an exception on the job's order, in the transaction that gives it up.
/// Takes the order's lock: the job's row is to be locked after it.
pub async fn tell(tx: &Tx, job: &jobs::Model, error: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    mark_delivery(tx, job, error).await?;
    run_what_if::mark_failed(tx, job, error, now).await?;
    let Some((shop, shopify_id)) = job.serial_key.as_deref().and_then(order_of_key) else {
        return Ok(());
    };
    let work = job.name.replace('_', " ");
    let message = format!("“{work}” was given up after {} tries: {error}", job.attempts);
    let evidence = json!({ "job": job.name, "error": error });
    let known = orders::by_shopify_id(tx.conn(), shop, shopify_id).await?;
    let Some(order) = known else {
        let message = format!("Order {shopify_id} of Shopify is not here: {message}");
        return of_unknown_order(tx, shop, job.serial_key.as_deref(), message, evidence, now).await;
    };
    orders::lock(tx, shop, order.id).await?;
    let new = NewException {
        kind: ExceptionKind::JobFailed,
        shop,
        order: order.id,
        order_line: None,
        purchase_order: None,
        shipment: None,
        quantity: None,
        message,
        evidence: Some(evidence),
    };
    open_exception(tx, new, now).await?;
    match shops::by_id(tx.conn(), shop).await? {
        Some(shop) => follow_status(tx, &shop, order.id).await,
        None => Ok(()),
    }
}

const OF_KEY: &str = "job_failed:";

/// The serial key of the jobs that an exception without an order is about.
#[must_use]
pub fn key_of(exception: &Model) -> Option<&str> {
    exception.dedupe_key.strip_prefix(OF_KEY)
}

/// Ends what people were asked about the work of a serial key, as soon as none of it is given up any more.
/// Under the order's lock, where the order is known.
pub(super) async fn stop_asking(
    tx: &Tx,
    (shop, key): (ShopId, &str),
    order: Option<OrderId>,
    (actor, what): (&Actor, &str),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    // Another job of the order that was given up is still before people.
    if jobs::given_up::any_of_key(tx.conn(), key).await? {
        return Ok(());
    }
    // The order may not have been here when they were asked.
    let of_key = exceptions::open_by_key(tx.conn(), shop, &format!("{OF_KEY}{key}")).await?;
    let of_order = match order {
        Some(order) => exceptions::open_of_failed_jobs(tx.conn(), shop, Some(order)).await?,
        None => Vec::new(),
    };
    for exception in of_key.into_iter().chain(of_order) {
        close_by(tx, exception, actor, what, now)?;
    }
    Ok(())
}

/// An order is read: whatever kept it from being read before keeps nothing waiting any more, and nobody is asked
/// about it. Whether there was anything of that.
pub(super) async fn is_read_at_last(tx: &Tx, order: &orders::Model, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let key = order_key(order.shop_id, order.shopify_id);
    let failed = jobs::given_up::remove_of_key(tx, &key, Some(ImportOrder::NAME)).await?;
    if failed {
        let how = (&Actor::Orderyard, "The order was read from Shopify after all");
        stop_asking(tx, (order.shop_id, &key), Some(order.id), how, now).await?;
    }
    Ok(failed)
}

async fn of_unknown_order(
    tx: &Tx,
    shop: ShopId,
    serial_key: Option<&str>,
    message: String,
    evidence: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = Model {
        id: ExceptionId::generate(),
        shop_id: shop,
        order_id: None,
        order_line_id: None,
        purchase_order_id: None,
        shipment_id: None,
        kind: ExceptionKind::JobFailed,
        status: ExceptionStatus::Open,
        dedupe_key: format!("{OF_KEY}{}", serial_key.unwrap_or_default()),
        quantity: None,
        message,
        evidence: Some(Json(evidence)),
        resolution: None,
        resolved_by: None,
        created_at: now,
        resolved_at: None,
    };
    exceptions::open(tx, row).await
}

/// The delivery that a job reads, if it does.
pub(super) fn delivery_of(job: &jobs::Model) -> Option<DeliveryId> {
    if job.name != ProcessDelivery::NAME {
        return None;
    }
    let payload: ProcessDelivery = serde_json::from_str(&job.payload).ok()?;
    Some(payload.delivery_id)
}

/// Writes on a delivery that it was given up, so that it is shown among those that led nowhere.
async fn mark_delivery(tx: &Tx, job: &jobs::Model, error: &str) -> Result<(), DbErr> {
    let Some(id) = delivery_of(job) else { return Ok(()) };
    if let Some(mut delivery) = deliveries::by_id(tx.conn(), id).await?
        && delivery.status == DeliveryStatus::HandedOn
    {
        delivery.status = DeliveryStatus::GivenUp;
        delivery.note = Some(error.to_owned());
        store::save(tx, delivery)?;
    }
    Ok(())
}

/// The order at Shopify that a job is about.
#[must_use]
pub fn order_of(job: &jobs::Model) -> Option<ShopifyOrderId> {
    let (_, order) = order_of_key(job.serial_key.as_deref()?)?;
    Some(order)
}
