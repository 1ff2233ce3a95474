//! Readings of several pages: everything is read, in the shop's own time.

use std::time::Duration;

use chrono::DateTime;
use orderyard::{
    domain::order::{DeliveryMethod, FulfillmentOrderStatus},
    ids::{ShopifyFulfillmentId, ShopifyLineItemId, ShopifyOrderId, ShopifyVariantId},
    shopify::{
        Answer, ApiError, Outcome,
        orders::{Besides, OrderSnapshot},
        scalars::{FulfillmentOrderAction, OrderDisplayFinancialStatus},
    },
};
use serde_json::{Value, json};

use super::{
    Client,
    stub::{Reply, Stub},
    wire::{
        connection, cost, data, fulfillment, fulfillment_line, fulfillment_order, fulfillment_order_line, line, order,
    },
};

async fn read(stub: &Stub) -> Result<Answer<Option<OrderSnapshot>>, ApiError> {
    let client = Client::new(stub);
    let besides = Besides {
        customer: true,
        ..Besides::default()
    };
    client.api.order(&client.access(), ShopifyOrderId(1), besides).await
}

fn operations(stub: &Stub) -> Vec<String> {
    stub.requests().iter().map(super::stub::Request::operation).collect()
}

fn small_order() -> Value {
    let lines = connection(&[fulfillment_order_line(1)], None);
    let fulfillment_orders = connection(&[fulfillment_order(7, &lines)], None);
    order(&connection(&[line(1)], None), &fulfillment_orders, &[])
}

#[tokio::test]
async fn an_order_becomes_plain_types() {
    let stub = Stub::start([Reply::json(&data(&json!({"order": small_order()})))]).await;
    let order = read(&stub).await.expect("an answer").data.expect("an order");
    assert_eq!(operations(&stub), ["OrderById"]);
    assert_eq!(
        stub.request().variables(),
        json!({"id": "gid://shopify/Order/1", "withCustomer": true})
    );

    assert_eq!(order.financial_status, Some(OrderDisplayFinancialStatus::Paid));
    assert_eq!(order.totals.total.to_string(), "14.99 EUR");
    assert_eq!(order.lines[0].unit_price.amount_minor, 333);
    assert_eq!((order.lines[0].quantity, order.lines[0].current_quantity), (3, 2));
    assert_eq!(order.lines[0].variant, Some(ShopifyVariantId(31)));
    assert_eq!(order.lines[0].product_tags, ["fragile"]);
    assert_eq!(
        order.customer_tags.as_deref(),
        Some(["wholesale".to_owned()].as_slice())
    );
    let address = order.ship_to.as_ref().expect("an address");
    assert_eq!(address.email.as_deref(), Some("someone@example.com"));

    let fulfillment_order = &order.fulfillment_orders[0];
    assert!(fulfillment_order.allows(&FulfillmentOrderAction::CreateFulfillment));
    assert!(fulfillment_order.allows(&FulfillmentOrderAction::Unknown("TELEPORT".to_owned())));
    let ours = fulfillment_order.to_domain();
    assert_eq!(ours.status, FulfillmentOrderStatus::Open);
    assert_eq!(ours.delivery_method, DeliveryMethod::Shipping);
    assert_eq!(ours.lines[0].remaining, 2);

    let printed = format!("{order:?}");
    assert!(
        ["example.com", "Street", "wholesale"]
            .iter()
            .all(|private| !printed.contains(private)),
        "{printed}"
    );
}

#[tokio::test]
async fn every_page_of_every_list_is_read() {
    let fulfillments: Vec<Value> = (1..=5).map(|id| fulfillment(id, "T", None)).collect();
    let lines = connection(&[fulfillment_order_line(1)], Some("fol"));
    let first = order(
        &connection(&[line(1)], Some("lines")),
        &connection(&[fulfillment_order(7, &lines)], Some("fos")),
        &fulfillments,
    );
    let ids: Vec<Value> = (1..=6)
        .map(|id| json!({"id": format!("gid://shopify/Fulfillment/{id}")}))
        .collect();
    let mut sixth = fulfillment(6, "T6", Some("fl"));
    sixth["__typename"] = json!("Fulfillment");
    let no_lines = connection(&[], None);
    let script = [
        json!({"order": first}),
        json!({"order": {"lineItems": connection(&[line(2), line(3)], None)}}),
        json!({"order": {"fulfillmentOrders": connection(&[fulfillment_order(8, &no_lines)], None)}}),
        json!({"fulfillmentOrder": {"lineItems": connection(&[fulfillment_order_line(2)], None)}}),
        json!({"order": {"fulfillments": ids}}),
        json!({"nodes": [sixth]}),
        json!({"fulfillment": {"fulfillmentLineItems": connection(&[fulfillment_line(2)], None)}}),
    ];
    let stub = Stub::start(script.iter().map(|answer| Reply::json(&data(answer)))).await;
    let order = read(&stub).await.expect("an answer").data.expect("an order");

    let expect = [
        "OrderById",
        "OrderLines",
        "FulfillmentOrders",
        "FulfillmentOrderLines",
        "OrderFulfillmentIds",
        "FulfillmentsByIds",
        "FulfillmentLines",
    ];
    assert_eq!(operations(&stub), expect);
    let after: Vec<Value> = stub
        .requests()
        .iter()
        .map(|request| request.variables()["after"].take())
        .collect();
    assert_eq!(json!(after), json!([null, "lines", "fos", "fol", null, null, "fl"]));
    assert_eq!(
        stub.requests()[5].variables(),
        json!({"ids": ["gid://shopify/Fulfillment/6"]}),
        "only what is missing"
    );

    assert_eq!(order.lines.iter().map(|line| line.id.0).collect::<Vec<_>>(), [1, 2, 3]);
    let lines: Vec<usize> = order.fulfillment_orders.iter().map(|one| one.lines.len()).collect();
    assert_eq!(lines, [2, 0]);
    assert_eq!(order.fulfillments.len(), 6);
    assert_eq!(order.fulfillments[5].id, ShopifyFulfillmentId(6));
    let fulfilled: Vec<ShopifyLineItemId> = order.fulfillments[5].lines.iter().map(|line| line.line_item).collect();
    assert_eq!(fulfilled, [ShopifyLineItemId(6), ShopifyLineItemId(2)]);
}

#[tokio::test]
async fn later_pages_wait_for_the_bucket_and_the_first_does_not() {
    let throttled = json!({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": cost(3)});
    let stub = Stub::start([Reply::json(&throttled)]).await;
    let error = read(&stub).await.expect_err("throttled");
    assert!(matches!(error.outcome(), Outcome::After(_)), "{error:?}");

    let mut first = small_order();
    first["lineItems"] = connection(&[line(1)], Some("lines"));
    let first = json!({"data": {"order": first}, "extensions": cost(1)});
    let second = json!({"order": {"lineItems": connection(&[line(2)], None)}});
    let script = [
        Reply::json(&first),
        Reply::json(&throttled),
        Reply::json(&data(&second)),
    ];
    let stub = Stub::start(script).await;
    let answer = read(&stub).await.expect("an answer");
    assert_eq!(answer.data.expect("an order").lines.len(), 2);
    assert_eq!(operations(&stub), ["OrderById", "OrderLines", "OrderLines"]);
    assert_eq!(answer.cost.map(|cost| cost.status.available), Some(1900));
}

/// It is about everybody who calls the shop: they learn of it only when it is told.
#[tokio::test]
async fn a_rest_that_shopify_asks_for_between_pages_ends_the_reading() {
    let mut first = small_order();
    first["lineItems"] = connection(&[line(1)], Some("lines"));
    let first = json!({"data": {"order": first}, "extensions": cost(1)});
    let busy = Reply::status(429, "").with_header("Retry-After: 1.5");
    let stub = Stub::start([Reply::json(&first), busy]).await;
    let error = read(&stub).await.expect_err("asked to wait");
    let ApiError::Throttled { retry_after, status } = error else {
        panic!("{error:?}");
    };
    assert_eq!((retry_after, status), (Duration::from_millis(1500), None));
}

#[tokio::test]
async fn an_order_that_is_not_there_is_none() {
    let nothing = json!({"order": null});
    let stub = Stub::start([Reply::json(&data(&nothing))]).await;
    assert_eq!(read(&stub).await.expect("an answer").data, None);

    let mut first = small_order();
    first["lineItems"] = connection(&[line(1)], Some("lines"));
    let stub = Stub::start([json!({"order": first}), nothing].map(|answer| Reply::json(&data(&answer)))).await;
    assert_eq!(
        read(&stub).await.expect("an answer").data,
        None,
        "deleted while it was read"
    );
}

#[tokio::test]
async fn withheld_customer_data_is_named_and_the_rest_is_read() {
    let mut order = small_order();
    order["email"] = json!(null);
    order["shippingAddress"] = json!(null);
    let denied = |field: &str| {
        json!({"message": "This app is not approved to access the field.", "path": ["order", field],
            "extensions": {"code": "ACCESS_DENIED"}})
    };
    let errors = [denied("email"), denied("shippingAddress")];
    let stub = Stub::start([Reply::json(&json!({"data": {"order": order}, "errors": errors}))]).await;
    let answer = read(&stub).await.expect("an answer");
    assert_eq!(answer.withheld, ["order.email", "order.shippingAddress"]);
    assert_eq!(answer.data.expect("an order").ship_to, None);
}

#[tokio::test]
async fn an_answer_that_cannot_be_true_is_refused() {
    let change = |path: &str, value: Value| {
        let mut order = small_order();
        *order.pointer_mut(path).expect("a field") = value;
        json!({"order": order})
    };
    for answer in [
        change("/lineItems/pageInfo", json!({"hasNextPage": true, "endCursor": null})),
        change("/lineItems/nodes/0/quantity", json!(-1)),
        change("/lineItems/nodes/0/id", json!("gid://shopify/Order/1")),
        change("/currencyCode", json!("???")),
        change("/updatedAt", json!("yesterday")),
    ] {
        let stub = Stub::start([Reply::json(&data(&answer))]).await;
        let error = read(&stub).await.expect_err("unusable");
        assert!(matches!(error, ApiError::BadAnswer(_)), "{error:?}");
    }
}

#[tokio::test]
async fn reconciliation_pages_through_what_changed() {
    let node = json!({"id": "gid://shopify/Order/1", "name": "#1001", "updatedAt": "2026-11-20T10:00:00Z"});
    let page = json!({"orders": connection(&[node], Some("more"))});
    let stub = Stub::start([Reply::json(&data(&page))]).await;
    let client = Client::new(&stub);
    let since = DateTime::from_timestamp(1_795_000_000, 0).expect("a time");
    let answer = client
        .api
        .orders_updated_since(&client.access(), since, None)
        .await
        .expect("an answer");
    assert_eq!(answer.data.items[0].id, ShopifyOrderId(1));
    assert_eq!(answer.data.next.as_deref(), Some("more"));
    let expect = json!({"query": "updated_at:>='2026-11-18T11:06:40Z'"});
    assert_eq!(stub.request().variables(), expect, "absent, not null: `after`");
}

#[tokio::test]
async fn variants_that_are_gone_are_left_out() {
    let variant = json!({
        "__typename": "ProductVariant", "id": "gid://shopify/ProductVariant/31", "title": "Default Title",
        "displayName": "Mug", "sku": "", "barcode": "4006381333931", "updatedAt": "2026-11-20T10:00:00Z",
        "product": {"id": "gid://shopify/Product/3", "title": "Mug", "vendor": "Yard", "status": "ACTIVE"},
        "inventoryItem": {"id": "gid://shopify/InventoryItem/41", "requiresShipping": true, "tracked": true,
            "measurement": {"id": "gid://shopify/InventoryItemMeasurement/1",
                "weight": {"value": 0.35, "unit": "KILOGRAMS"}}},
    });
    let nodes = json!({"nodes": [null, variant, {"__typename": "Product"}]});
    let stub = Stub::start([Reply::json(&data(&nodes))]).await;
    let client = Client::new(&stub);
    let ids = [30, 31, 32].map(ShopifyVariantId);
    let found = client
        .api
        .variants_by_ids(&client.access(), &ids)
        .await
        .expect("an answer")
        .data;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].sku.as_deref(), found[0].weight_g), (None, Some(350)));
}
