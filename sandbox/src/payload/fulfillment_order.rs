//! `fulfillment_orders/*` and `fulfillment_holds/*`: global ids and lower-case statuses only, so a
//! receiver has to read the rest for itself.

use serde_json::{Value, json};

use crate::{
    ids::gid,
    state::{FulfillmentOrder, Hold, MerchantRequest, RequestStatus},
};

const APP: &str = "gid://shopify/App/12345";

/// `{fulfillment_order: {id, status}}`.
pub(crate) fn fulfillment_order_status(fo: &FulfillmentOrder) -> Value {
    json!({ "fulfillment_order": short(fo) })
}

/// The merchant reported progress by hand.
pub(crate) fn progress_reported(fo: &FulfillmentOrder) -> Value {
    json!({
        "fulfillment_order": short(fo),
        "progress_report": { "reason_notes": "Items are being prepared for shipment" },
        "initial_status": "open",
    })
}

/// An answer of the service, with its message.
pub(crate) fn fulfillment_order_answer(fo: &FulfillmentOrder, message: Option<&str>) -> Value {
    let mut body = short(fo);
    if fo.is_live() && fo.request_status != RequestStatus::Closed {
        body["request_status"] = json!(fo.request_status.rest());
    }
    json!({ "fulfillment_order": body, "message": message })
}

pub(crate) fn fulfillment_order_cancelled(fo: &FulfillmentOrder, replacement: Option<&FulfillmentOrder>) -> Value {
    json!({ "fulfillment_order": short(fo), "replacement_fulfillment_order": replacement.map(short) })
}

pub(crate) fn request_submitted(fo: &FulfillmentOrder, request: &MerchantRequest) -> Value {
    let body = json!({ "id": short(fo)["id"], "status": fo.status.rest(), "request_status": "unsubmitted" });
    json!({
        "original_fulfillment_order": body,
        "submitted_fulfillment_order": body,
        "fulfillment_order_merchant_request": merchant_request(request),
    })
}

pub(crate) fn cancellation_submitted(fo: &FulfillmentOrder, request: &MerchantRequest) -> Value {
    json!({
        // Not "cancellation_requested": the sample really says so.
        "fulfillment_order": { "id": short(fo)["id"], "status": fo.status.rest(), "request_status": "cancellation_request" },
        "fulfillment_order_merchant_request": merchant_request(request),
    })
}

pub(crate) fn fulfillment_order_moved(
    original: &FulfillmentOrder,
    moved: &FulfillmentOrder,
    source: i64,
    units: &[(i64, i64)],
) -> Value {
    let place = |fo: &FulfillmentOrder| {
        json!({
            "id": short(fo)["id"],
            "status": fo.status.rest(),
            "assigned_location_id": gid("Location", fo.location_id),
        })
    };
    json!({
        "original_fulfillment_order": place(original),
        "moved_fulfillment_order": place(moved),
        "destination_location_id": gid("Location", moved.location_id),
        "fulfillment_order_line_items_requested": lines(units),
        "source_location": { "id": gid("Location", source) },
    })
}

pub(crate) fn fulfillment_order_split(
    original: &FulfillmentOrder,
    remaining: &FulfillmentOrder,
    units: &[(i64, i64)],
) -> Value {
    json!({
        "split_line_items": lines(units),
        "fulfillment_order": short(original),
        "remaining_fulfillment_order": short(remaining),
        "replacement_fulfillment_order": null,
    })
}

pub(crate) fn placed_on_hold(fo: &FulfillmentOrder, remaining: Option<&FulfillmentOrder>, created: &Hold) -> Value {
    let holds: Vec<_> = fo.holds.iter().map(hold_body).collect();
    let held: Vec<_> = fo.lines.iter().map(|line| (line.id, line.remaining_quantity)).collect();
    json!({
        "fulfillment_order": { "id": short(fo)["id"], "status": fo.status.rest(), "fulfillment_holds": holds },
        "remaining_fulfillment_order": remaining.map(short),
        "held_fulfillment_order_line_items": lines(&held),
        "created_fulfillment_hold": hold_body(created),
    })
}

/// `fulfillment_holds/added` and `/released`.
pub(crate) fn hold(fulfillment_order_id: i64, hold: &Hold) -> Value {
    json!({
        "fulfillment_order": { "id": gid("FulfillmentOrder", fulfillment_order_id) },
        "fulfillment_hold": hold_body(hold),
    })
}

fn hold_body(hold: &Hold) -> Value {
    json!({
        "id": gid("FulfillmentHold", hold.id),
        "reason": hold.reason.to_lowercase(),
        "reason_notes": hold.reason_notes,
        "held_by_requesting_app": hold.by_app,
        "handle": hold.handle,
        "held_by_app": hold.by_app.then(|| json!({ "id": APP })),
    })
}

fn merchant_request(request: &MerchantRequest) -> Value {
    json!({ "id": gid("FulfillmentOrderMerchantRequest", request.id), "message": request.message })
}

fn short(fo: &FulfillmentOrder) -> Value {
    json!({ "id": gid("FulfillmentOrder", fo.id), "status": fo.status.rest() })
}

fn lines(units: &[(i64, i64)]) -> Vec<Value> {
    units
        .iter()
        .map(|(id, quantity)| json!({ "id": gid("FulfillmentOrderLineItem", *id), "quantity": quantity }))
        .collect()
}
