//! Objects as Shopify's GraphQL answers have them, made up.

use serde_json::{Value, json};

const AT: &str = "2026-11-20T10:00:00Z";

pub fn money(amount: &str) -> Value {
    json!({"shopMoney": {"amount": amount, "currencyCode": "EUR"}})
}

/// A connection; `next` is the cursor of the next page.
pub fn connection(nodes: &[Value], next: Option<&str>) -> Value {
    json!({"pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}, "nodes": nodes})
}

pub fn line(id: i64) -> Value {
    json!({
        "id": format!("gid://shopify/LineItem/{id}"), "title": "Mug", "variantTitle": null, "name": "Mug",
        "sku": "MUG-0001", "vendor": "Yard", "quantity": 3, "currentQuantity": 2, "unfulfilledQuantity": 2,
        "refundableQuantity": 2, "nonFulfillableQuantity": 0, "requiresShipping": true, "isGiftCard": false,
        "variant": {"id": "gid://shopify/ProductVariant/31"},
        "product": {"id": "gid://shopify/Product/3", "tags": ["fragile"]}, "lineItemGroup": null,
        "discountedUnitPriceAfterAllDiscountsSet": money("3.3333"),
    })
}

pub fn fulfillment_order_line(id: i64) -> Value {
    json!({
        "id": format!("gid://shopify/FulfillmentOrderLineItem/{id}"), "totalQuantity": 3, "remainingQuantity": 2,
        "requiresShipping": true, "sku": "MUG-0001", "inventoryItemId": "gid://shopify/InventoryItem/41",
        "lineItem": {"id": format!("gid://shopify/LineItem/{id}")},
    })
}

pub fn fulfillment_order(id: i64, lines: &Value) -> Value {
    json!({
        "id": format!("gid://shopify/FulfillmentOrder/{id}"), "orderId": "gid://shopify/Order/1",
        "status": "OPEN", "requestStatus": "UNSUBMITTED", "createdAt": AT, "updatedAt": AT,
        "fulfillAt": null, "fulfillBy": null,
        "assignedLocation": {"name": "Here", "countryCode": "DE", "location": {"id": "gid://shopify/Location/5"}},
        "deliveryMethod": {"id": "gid://shopify/DeliveryMethod/6", "methodType": "SHIPPING",
            "presentedName": "Standard", "serviceCode": null},
        "supportedActions": [{"action": "CREATE_FULFILLMENT"}, {"action": "TELEPORT"}],
        "fulfillmentHolds": [], "lineItems": lines,
    })
}

pub fn fulfillment(id: i64, number: &str, next_lines: Option<&str>) -> Value {
    json!({
        "id": format!("gid://shopify/Fulfillment/{id}"), "name": format!("#1001.{id}"), "status": "SUCCESS",
        "displayStatus": "FULFILLED", "createdAt": AT, "updatedAt": AT, "totalQuantity": 1,
        "location": {"id": "gid://shopify/Location/5"},
        "trackingInfo": [{"company": "DHL", "number": number, "url": null}],
        "fulfillmentLineItems": connection(&[fulfillment_line(id)], next_lines),
    })
}

pub fn fulfillment_line(id: i64) -> Value {
    json!({"id": format!("gid://shopify/FulfillmentLineItem/{id}"), "quantity": 1,
        "lineItem": {"id": format!("gid://shopify/LineItem/{id}")}})
}

/// An order's own fields, with what lists it is given.
pub fn order(lines: &Value, fulfillment_orders: &Value, fulfillments: &[Value]) -> Value {
    json!({
        "id": "gid://shopify/Order/1", "name": "#1001", "createdAt": AT, "updatedAt": AT, "processedAt": AT,
        "cancelledAt": null, "cancelReason": null, "closedAt": null, "test": true, "confirmed": true,
        "edited": false, "requiresShipping": true, "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED", "currencyCode": "EUR", "presentmentCurrencyCode": "USD",
        "email": "someone@example.com", "phone": null, "note": null, "poNumber": null, "tags": ["a", "b"],
        "sourceName": "web", "sourceIdentifier": null, "customerLocale": "de", "app": null, "attribution": null,
        "customer": {"id": "gid://shopify/Customer/9", "tags": ["wholesale"]}, "risk": {"recommendation": "ACCEPT"},
        "shippingAddress": {"firstName": "Some", "lastName": "One", "name": "Some One", "company": null,
            "address1": "Street 1", "address2": null, "city": "Town", "zip": "12345", "province": null,
            "provinceCode": null, "countryCodeV2": "DE", "phone": null},
        "shippingLine": {"title": "Standard", "code": "STD", "carrierIdentifier": null},
        "currentTotalPriceSet": money("14.99"), "currentSubtotalPriceSet": money("10.00"),
        "currentShippingPriceSet": money("4.99"), "currentTotalTaxSet": money("2.39"),
        "totalOutstandingSet": money("0.0"),
        "lineItems": lines, "fulfillmentOrders": fulfillment_orders, "fulfillments": fulfillments,
    })
}

/// What a call cost, with `available` points left that come back at once.
pub fn cost(available: u32) -> Value {
    json!({"cost": {"requestedQueryCost": 100, "actualQueryCost": 10, "throttleStatus":
        {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 50000.0}}})
}

pub fn data(data: &Value) -> Value {
    json!({"data": data, "extensions": cost(1900)})
}
