//! What changes put on the wire: exactly what was meant, nothing by default.

use std::num::NonZeroU32;

use orderyard::{
    domain::carriers::CarrierName,
    ids::{
        ShopifyFulfillmentId, ShopifyFulfillmentOrderId, ShopifyFulfillmentOrderLineId, ShopifyInventoryItemId,
        ShopifyLocationId,
    },
    shopify::{
        ApiError,
        fulfillments::{LineToFulfill, NewFulfillment, Tracking},
        inventory::{self, StockLevel},
        scalars::FulfillmentOrderRejectionReason,
        services::Rejection,
    },
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webhooks::Topic;

use super::{
    Client,
    stub::{Reply, Stub},
    wire::{data, fulfillment},
};

fn line(fulfillment_order: i64, line: i64, quantity: u32) -> LineToFulfill {
    LineToFulfill {
        fulfillment_order: ShopifyFulfillmentOrderId(fulfillment_order),
        line: ShopifyFulfillmentOrderLineId(line),
        quantity: NonZeroU32::new(quantity).expect("some"),
    }
}

async fn create(new: &NewFulfillment) -> Value {
    let payload = json!({"fulfillmentCreate": {"fulfillment": fulfillment(3, "T1", None), "userErrors": []}});
    let stub = Stub::start([Reply::json(&data(&payload))]).await;
    let client = Client::new(&stub);
    let made = client
        .api
        .create_fulfillment(&client.access(), new)
        .await
        .expect("made")
        .data;
    assert_eq!(made.id, ShopifyFulfillmentId(3));
    assert_eq!(made.tracking[0].number.as_deref(), Some("T1"));
    stub.request().variables()
}

#[tokio::test]
async fn a_fulfillment_names_its_lines_and_always_says_whether_to_notify() {
    let carrier = CarrierName::recognize("dhl");
    let tracking = Tracking::new(Some(&carrier), vec!["T1".to_owned()], vec![]);
    let lines = vec![line(7, 70, 1), line(8, 80, 2), line(7, 71, 3)];
    let new = NewFulfillment::new(lines, Some(tracking), false).expect("lines");
    let item = |id: i64, quantity: u32| json!({"id": format!("gid://shopify/FulfillmentOrderLineItem/{id}"), "quantity": quantity});
    let expect = json!({"fulfillment": {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": "gid://shopify/FulfillmentOrder/7",
             "fulfillmentOrderLineItems": [item(70, 1), item(71, 3)]},
            {"fulfillmentOrderId": "gid://shopify/FulfillmentOrder/8",
             "fulfillmentOrderLineItems": [item(80, 2)]},
        ],
        "notifyCustomer": false,
        "trackingInfo": {"company": "DHL", "number": "T1"},
    }});
    assert_eq!(create(&new).await, expect);
}

#[tokio::test]
async fn several_numbers_go_together() {
    let carrier = CarrierName::recognize("Acme");
    let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    let urls = texts(["https://acme.example/T1", "https://acme.example/T2"]);
    let tracking = Tracking::new(Some(&carrier), texts(["T1", "T2"]), urls);
    let new = NewFulfillment::new(vec![line(7, 70, 1)], Some(tracking), true).expect("lines");
    let variables = create(&new).await;
    let expect = json!({"company": "Acme", "numbers": ["T1", "T2"],
        "urls": ["https://acme.example/T1", "https://acme.example/T2"]});
    assert_eq!(variables["fulfillment"]["trackingInfo"], expect);
    assert_eq!(variables["fulfillment"]["notifyCustomer"], json!(true));
}

#[tokio::test]
async fn without_tracking_none_is_sent() {
    let new = NewFulfillment::new(vec![line(7, 70, 1)], Some(Tracking::default()), true).expect("lines");
    assert_eq!(create(&new).await["fulfillment"].get("trackingInfo"), None);
    assert_eq!(
        NewFulfillment::new(vec![], None, true),
        None,
        "no lines would mean all of them"
    );
}

#[tokio::test]
async fn stock_is_set_under_a_key_and_the_check_is_always_sent() {
    let stale = json!({"inventorySetQuantities": {"inventoryAdjustmentGroup": null, "userErrors": [
        {"code": inventory::STALE, "field": ["input"], "message": "stale"}]}});
    let stub = Stub::start([Reply::json(&data(&stale))]).await;
    let client = Client::new(&stub);
    let level = StockLevel {
        item: ShopifyInventoryItemId(41),
        location: ShopifyLocationId(5),
        available: 12,
        changed_from: None,
    };
    let levels = [
        level,
        StockLevel {
            changed_from: Some(9),
            ..level
        },
    ];
    let key = Uuid::from_u128(1);
    let error = client
        .api
        .set_stock(&client.access(), &levels, key)
        .await
        .expect_err("stale");
    assert!(error.has_user_error(inventory::STALE), "{error:?}");

    let variables = stub.request().variables();
    assert_eq!(variables["idempotencyKey"], json!(key.to_string()));
    let sent = variables["input"]["quantities"].as_array().expect("a list");
    assert_eq!(sent[0].get("changeFromQuantity"), Some(&Value::Null));
    assert_eq!(sent[1]["changeFromQuantity"], json!(9));
    assert!(
        stub.request().json()["query"]
            .as_str()
            .is_some_and(|text| text.contains("@idempotent(key: $idempotencyKey)"))
    );
}

#[tokio::test]
async fn a_subscription_asks_for_whole_payloads_at_our_address() {
    let subscription = json!({"id": "gid://shopify/WebhookSubscription/1", "topic": "ORDERS_CREATE",
        "uri": "https://yard.example/webhooks/shopify", "format": "JSON", "filter": null, "includeFields": [],
        "apiVersion": {"handle": "2026-10"}});
    let payload = json!({"webhookSubscriptionCreate": {"webhookSubscription": subscription, "userErrors": []}});
    let stub = Stub::start([Reply::json(&data(&payload))]).await;
    let client = Client::new(&stub);
    let uri = Url::parse("https://yard.example/webhooks/shopify").expect("url");
    let made = client
        .api
        .subscribe(&client.access(), &Topic::OrdersCreate, &uri)
        .await
        .expect("made")
        .data;
    assert_eq!(made.api_version, "2026-10");
    let expect = json!({"topic": "ORDERS_CREATE",
        "webhookSubscription": {"format": "JSON", "uri": "https://yard.example/webhooks/shopify"}});
    assert_eq!(stub.request().variables(), expect);
}

#[tokio::test]
async fn a_rejection_gives_its_reason_per_line() {
    let refused = json!({"fulfillmentOrderRejectFulfillmentRequest": {"fulfillmentOrder": null,
        "userErrors": [{"field": null, "message": "Already accepted"}]}});
    let stub = Stub::start([Reply::json(&data(&refused))]).await;
    let client = Client::new(&stub);
    let rejection = Rejection {
        reason: FulfillmentOrderRejectionReason::InventoryOutOfStock,
        message: Some("Sold out".to_owned()),
        lines: vec![(ShopifyFulfillmentOrderLineId(70), None)],
    };
    let id = ShopifyFulfillmentOrderId(7);
    let error = client
        .api
        .reject_fulfillment_request(&client.access(), id, &rejection)
        .await
        .expect_err("refused");
    assert!(matches!(&error, ApiError::UserErrors(errors) if errors[0].message == "Already accepted"));
    let expect = json!({"id": "gid://shopify/FulfillmentOrder/7", "message": "Sold out",
        "reason": "INVENTORY_OUT_OF_STOCK",
        "lineItems": [{"fulfillmentOrderLineItemId": "gid://shopify/FulfillmentOrderLineItem/70"}]});
    assert_eq!(stub.request().variables(), expect);
}
