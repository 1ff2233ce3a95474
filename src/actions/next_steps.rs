//! What follows from a supplier's report, enqueued in the report's transaction.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{push_fulfillment::PushFulfillment, route_order::RouteOrder, update_tracking::UpdateTracking};
use crate::{
    ids::ShipmentId,
    queue::{When, enqueue},
    store::{Tx, orders, shops},
};

/// Units lost their supplier: routing looks for another one, if it may without a click.
pub fn units_freed(tx: &Tx, shop: &shops::Model, order: &orders::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    if !shop.buys_by_itself() {
        return Ok(());
    }
    enqueue(tx, &RouteOrder::of(order), When::now(now.timestamp_millis()))
}

/// A parcel is on its way: Shopify shall know of it.
pub fn parcel_recorded(
    tx: &Tx,
    order: &orders::Model,
    shipment_id: ShipmentId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let job = PushFulfillment {
        shop_id: order.shop_id,
        order_id: order.id,
        shopify_id: order.shopify_id,
        shipment_id,
    };
    enqueue(tx, &job, When::now(now.timestamp_millis()))
}

/// A parcel's tracking changed after it was reported.
pub fn tracking_changed(tx: &Tx, order: &orders::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    let job = UpdateTracking {
        shop_id: order.shop_id,
        order_id: order.id,
        shopify_id: order.shopify_id,
    };
    enqueue(tx, &job, When::now(now.timestamp_millis()))
}
