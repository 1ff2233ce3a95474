//! Puts a supplier's tracking on what somebody fulfilled in Shopify by hand
//! while the supplier had the order.

use chrono::{DateTime, Utc};

use super::{import_order::ImportOrder, update_tracking::UpdateTracking};
use crate::{
    domain::fulfilment::{FulfillmentStatus, ShipmentState},
    error::AppError,
    ids::ShipmentId,
    queue::{When, enqueue},
    store::{self, Tx, columns::Json, exceptions, fulfillments, orders, purchase_orders, shipments},
};

/// Makes the hand-made fulfillments of the exception's line ours, with the
/// purchase order's parcels. Under the order's lock.
pub async fn adopt_tracking(
    tx: &Tx,
    order: &orders::Model,
    exception: &exceptions::Model,
    po: &purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let mut parcels = shipments::of_order(tx.conn(), order.shop_id, order.id).await?;
    parcels.retain(|parcel| parcel.purchase_order_id == po.id);
    if parcels.is_empty() {
        let message = format!(
            "the supplier has not reported a parcel for {} yet; adopt its tracking then",
            po.number
        );
        return Err(AppError::Conflict(message));
    }
    let ids: Vec<ShipmentId> = parcels.iter().map(|parcel| parcel.id).collect();
    let by_hand = fulfillments::of_order(tx.conn(), order.shop_id, order.id).await?;
    for mut row in by_hand
        .into_iter()
        .filter(|row| row.by_hand && is_about(row, exception))
    {
        row.by_hand = false;
        row.status = FulfillmentStatus::Done;
        row.shipments = Json(ids.clone());
        store::save(tx, row)?;
    }
    for mut parcel in parcels {
        parcel.state = ShipmentState::Fulfilled;
        store::save(tx, parcel)?;
    }
    let when = When::now(now.timestamp_millis());
    let (shop_id, shopify_id) = (order.shop_id, order.shopify_id);
    let update = UpdateTracking {
        shop_id,
        order_id: order.id,
        shopify_id,
    };
    enqueue(tx, &update, when)?;
    // What counts as fulfilled by us has changed: it is counted when the order is read.
    Ok(enqueue(tx, &ImportOrder { shop_id, shopify_id }, when)?)
}

fn is_about(row: &fulfillments::Model, exception: &exceptions::Model) -> bool {
    exception
        .order_line_id
        .is_none_or(|line| row.lines.0.iter().any(|fulfilled| fulfilled.order_line_id == line))
}
