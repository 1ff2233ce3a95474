//! `fulfillments/*` and `fulfillment_events/*`.

use serde_json::{Value, json};

use super::{address, merged, order::line_item};
use crate::{
    clock::iso,
    ids::gid,
    state::{FulfillmentEvent, FulfillmentStatus, ShopState},
};

/// The REST Fulfillment.
pub(crate) fn fulfillment(state: &ShopState, id: i64) -> Option<Value> {
    let fulfillment = state.fulfillments.get(&id)?;
    let order = state.orders.get(&fulfillment.order_id)?;
    let lines: Vec<_> = fulfillment
        .lines
        .iter()
        .filter_map(|shipped| {
            let line = line_item(state, order, order.line(shipped.line_item_id)?);
            Some(merged([line, json!({ "quantity": shipped.quantity })]))
        })
        .collect();
    let numbers: Vec<_> = fulfillment.tracking.iter().filter_map(|t| t.number.clone()).collect();
    let urls: Vec<_> = fulfillment.tracking.iter().filter_map(|t| t.url.clone()).collect();
    let status = match fulfillment.status {
        FulfillmentStatus::Success => "success",
        FulfillmentStatus::Cancelled => "cancelled",
    };
    Some(json!({
        "id": fulfillment.id,
        "admin_graphql_api_id": gid("Fulfillment", fulfillment.id),
        "order_id": order.id,
        "status": status,
        "created_at": iso(fulfillment.created_at),
        "service": state.service_at(fulfillment.location_id).map_or("manual", |s| &s.handle),
        "updated_at": iso(fulfillment.updated_at),
        "tracking_company": fulfillment.tracking.first().and_then(|t| t.company.clone()),
        "shipment_status": fulfillment.events.last().map(|event| event.status.to_lowercase()),
        "location_id": fulfillment.location_id,
        "origin_address": null,
        "email": order.email,
        "destination": order.shipping_address.as_ref().map(address),
        "line_items": lines,
        "tracking_number": numbers.first(),
        "tracking_numbers": numbers,
        "tracking_url": urls.first(),
        "tracking_urls": urls,
        "receipt": {},
        "name": fulfillment.name,
    }))
}

/// `fulfillment_events/create`.
pub(crate) fn fulfillment_event(shop_id: i64, order_id: i64, fulfillment_id: i64, event: &FulfillmentEvent) -> Value {
    json!({
        "id": event.id,
        "fulfillment_id": fulfillment_id,
        "status": event.status.to_lowercase(),
        "message": event.message,
        "happened_at": iso(event.happened_at),
        "city": null,
        "province": null,
        "country": null,
        "zip": null,
        "address1": null,
        "latitude": null,
        "longitude": null,
        "shop_id": shop_id,
        "created_at": iso(event.created_at),
        "updated_at": iso(event.created_at),
        "estimated_delivery_at": null,
        "order_id": order_id,
        "admin_graphql_api_id": gid("FulfillmentEvent", event.id),
    })
}
