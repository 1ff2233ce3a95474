//! Which scopes a field or a type needs, from the access data that Shopify publishes beside its
//! schema, and which fulfillment orders a set of scopes can see.

use chrono::TimeDelta;

use crate::{
    scopes::Scopes,
    state::{FulfillmentOrder, Order, ShopState},
};

const ORDER_WINDOW: TimeDelta = TimeDelta::days(60);

const READ_FULFILLMENT_ORDERS: &[&str] = &[
    "read_assigned_fulfillment_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
];
const FULFILL: &[&str] = &[
    "write_assigned_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "write_third_party_fulfillment_orders",
];
const MANAGE: &[&str] = &[
    "write_merchant_managed_fulfillment_orders",
    "write_third_party_fulfillment_orders",
];
const ASSIGNED: &[&str] = &["write_assigned_fulfillment_orders"];
const THIRD_PARTY: &[&str] = &["write_third_party_fulfillment_orders"];
const READ_ORDERS: &[&str] = &["read_orders", "read_marketplace_orders"];
const READ_FULFILLMENT: &[&str] = &[
    "read_orders",
    "read_marketplace_orders",
    "read_assigned_fulfillment_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
];

/// Any one of these suffices; `None` needs no scope.
pub(crate) fn needed(parent: &str, field: &str, returned: &str) -> Option<&'static [&'static str]> {
    by_field(parent, field).or_else(|| by_type(returned))
}

fn by_field(parent: &str, field: &str) -> Option<&'static [&'static str]> {
    match (parent, field) {
        ("QueryRoot", "assignedFulfillmentOrders") => Some(&["read_assigned_fulfillment_orders"]),
        ("QueryRoot", "fulfillment") => Some(READ_FULFILLMENT),
        ("QueryRoot", "fulfillmentOrders") => Some(READ_FULFILLMENT_ORDERS),
        ("Location", "id") => Some(&["read_locations", "read_inventory"]),
        ("Location", _) => Some(&["read_locations"]),
        ("InventoryItem", "inventoryLevel" | "inventoryLevels") => Some(&["read_inventory"]),
        ("Mutation", field) => by_mutation(field),
        _ => None,
    }
}

fn by_mutation(field: &str) -> Option<&'static [&'static str]> {
    match field {
        "fulfillmentCreate" | "fulfillmentTrackingInfoUpdate" => Some(FULFILL),
        "fulfillmentServiceCreate"
        | "fulfillmentServiceUpdate"
        | "fulfillmentServiceDelete"
        | "fulfillmentEventCreate" => Some(&["write_fulfillments"]),
        "fulfillmentOrderAcceptFulfillmentRequest"
        | "fulfillmentOrderRejectFulfillmentRequest"
        | "fulfillmentOrderAcceptCancellationRequest"
        | "fulfillmentOrderRejectCancellationRequest"
        | "fulfillmentOrderClose" => Some(ASSIGNED),
        "fulfillmentOrderSubmitFulfillmentRequest" | "fulfillmentOrderSubmitCancellationRequest" => Some(THIRD_PARTY),
        "fulfillmentOrderMove"
        | "fulfillmentOrderSplit"
        | "fulfillmentOrderHold"
        | "fulfillmentOrderReleaseHold"
        | "fulfillmentOrderCancel" => Some(MANAGE),
        "inventorySetQuantities" | "inventoryActivate" | "inventoryAdjustQuantities" => Some(&["write_inventory"]),
        "orderCancel" => Some(&["write_orders"]),
        _ => None,
    }
}

fn by_type(returned: &str) -> Option<&'static [&'static str]> {
    match returned.strip_suffix("Connection").unwrap_or(returned) {
        "Order" | "LineItem" | "Refund" => Some(READ_ORDERS),
        "FulfillmentEvent" => Some(&["read_orders"]),
        "Fulfillment" => Some(READ_FULFILLMENT),
        "FulfillmentOrder" | "FulfillmentOrderLineItem" | "FulfillmentOrderAssignedLocation" => {
            Some(READ_FULFILLMENT_ORDERS)
        }
        "Product" | "ProductVariant" => Some(&["read_products"]),
        "InventoryItem" => Some(&["read_inventory", "read_products"]),
        "InventoryLevel" => Some(&["read_inventory"]),
        "Location" => Some(&["read_locations", "read_inventory"]),
        "Customer" => Some(&["read_customers"]),
        "Return" => Some(&["read_returns"]),
        _ => None,
    }
}

/// "`a` access scope, `b` access scope or `c` access scope.", as in `requiredAccess`.
pub(crate) fn required_access(scopes: &[&str]) -> String {
    let named: Vec<_> = scopes.iter().map(|scope| format!("`{scope}` access scope")).collect();
    match named.split_last() {
        Some((last, [])) => format!("{last}."),
        Some((last, rest)) => format!("{} or {last}.", rest.join(", ")),
        None => String::new(),
    }
}

/// May an app with these scopes read (or, with `write`, work on) this fulfillment order?
pub(crate) fn sees(state: &ShopState, scopes: &Scopes, fo: &FulfillmentOrder, write: bool) -> bool {
    let verb = if write { "write" } else { "read" };
    let has = |kind: &str| scopes.allows(&format!("{verb}_{kind}_fulfillment_orders"));
    match state.service_at(fo.location_id) {
        None => has("merchant_managed"),
        Some(service) => (service.own && has("assigned")) || has("third_party"),
    }
}

/// May an app with these scopes read this order? Without `read_all_orders` only the last sixty
/// days are there.
pub(crate) fn sees_order(state: &ShopState, scopes: &Scopes, order: &Order) -> bool {
    scopes.allows("read_all_orders") || state.now() - order.created_at <= ORDER_WINDOW
}

/// The scopes without which a topic cannot be subscribed to; any one suffices.
pub(crate) fn topic_needs(topic: &str) -> Option<&'static [&'static str]> {
    match topic.split('_').next()? {
        _ if topic.starts_with("FULFILLMENT_ORDERS_") || topic.starts_with("FULFILLMENT_HOLDS_") => {
            Some(READ_FULFILLMENT_ORDERS)
        }
        _ if topic.starts_with("FULFILLMENTS_") || topic.starts_with("FULFILLMENT_EVENTS_") => {
            Some(&["read_fulfillments"])
        }
        "ORDERS" | "REFUNDS" => Some(READ_ORDERS),
        "RETURNS" => Some(&["read_returns", "read_orders"]),
        "PRODUCTS" | "VARIANTS" => Some(&["read_products"]),
        _ if topic.starts_with("INVENTORY_ITEMS_") => Some(&["read_inventory", "read_products"]),
        "INVENTORY" => Some(&["read_inventory"]),
        "LOCATIONS" => Some(&["read_locations"]),
        "CUSTOMERS" => Some(&["read_customers"]),
        _ => None,
    }
}
