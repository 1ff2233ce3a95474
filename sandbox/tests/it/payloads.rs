//! Webhook bodies have the shape of Shopify's documented samples: every key of the sample, and a
//! value of the same kind.

use sandbox::{EditRequest, HoldRequest, OrderSpec, RefundRequest, RestockType};
use serde_json::{Value, json};

use crate::harness::{Receiver, World, at_service, gid, subscribe};

/// Keys that the samples have and a fresh sandbox order cannot have.
const ABSENT: &[&str] = &[
    // Customer addresses have ids of their own in the sample.
    "customer.default_address.id",
    "customer.default_address.customer_id",
    "customer.default_address.country_name",
    "customer.default_address.default",
    // Nobody of the staff sold anything.
    "line_items.attributed_staffs.id",
    "line_items.attributed_staffs.quantity",
    "progress_report.progress_reported_by_app",
    "progress_report.progress_reported_by_user",
];

/// The topics that are caused and compared.
const TOPICS: &[&str] = &[
    "orders/create",
    "orders/edited",
    "refunds/create",
    "fulfillments/create",
    "fulfillment_events/create",
    "fulfillment_orders/order_routing_complete",
    "fulfillment_orders/placed_on_hold",
    "fulfillment_orders/hold_released",
    "fulfillment_orders/split",
    "fulfillment_orders/progress_reported",
    "fulfillment_holds/added",
    "fulfillment_holds/released",
    "fulfillment_orders/cancelled",
    "products/update",
    "app/uninstalled",
];

fn sample(topic: &str) -> Value {
    let path = format!("{}/../webhooks/fixtures/{topic}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What the sample has and the body does not, or has in another kind.
fn missing(path: &str, sample: &Value, body: &Value) -> Vec<String> {
    if ABSENT.contains(&path) {
        return Vec::new();
    }
    match (sample, body) {
        (Value::Object(sample), Value::Object(body)) => {
            let at = |key: &str| {
                if path.is_empty() {
                    key.to_owned()
                } else {
                    format!("{path}.{key}")
                }
            };
            let each = sample.iter().flat_map(|(key, value)| match body.get(key) {
                Some(found) => missing(&at(key), value, found),
                None if ABSENT.contains(&at(key).as_str()) => Vec::new(),
                None => vec![at(key)],
            });
            each.collect()
        }
        (Value::Array(sample), Value::Array(body)) => match (sample.first(), body.first()) {
            (Some(sample), Some(body)) => missing(path, sample, body),
            _ => Vec::new(),
        },
        // Most fields are nullable, on either side.
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (sample, body) if std::mem::discriminant(sample) == std::mem::discriminant(body) => Vec::new(),
        (sample, body) => vec![format!("{path}: {sample} and {body}")],
    }
}

fn check(topic: &str, body: &Value) {
    assert_eq!(
        missing("", &sample(topic), body),
        Vec::<String>::new(),
        "{topic}: {body:#}"
    );
}

#[tokio::test]
async fn bodies_have_the_shape_of_the_documented_samples() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let enums: Vec<_> = TOPICS
        .iter()
        .map(|topic| topic.replace('/', "_").to_uppercase())
        .collect();
    subscribe(&world, &receiver, &enums.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let order = world.order(&[5]);
    let (shop, id) = (&world.shop, order.order.id);
    let (fo, line) = (&order.fulfillment_orders[0], order.order.lines[0].id);
    shop.rename_sku(order.order.lines[0].variant_id.unwrap(), "A2").unwrap();
    shop.hold(
        fo.id,
        HoldRequest {
            by_app: true,
            handle: Some("h".to_owned()),
            ..HoldRequest::default()
        },
    )
    .unwrap();
    shop.release(fo.id).unwrap();
    shop.split(fo.id, &[(fo.lines[0].id, 1)]).unwrap();
    shop.refund(
        id,
        &RefundRequest {
            lines: vec![(line, 1)],
            restock_type: RestockType::Cancel,
            amount: None,
            note: None,
        },
    )
    .unwrap();
    shop.edit_order(
        id,
        &EditRequest {
            set: vec![(line, 6)],
            ..EditRequest::default()
        },
    )
    .unwrap();
    let now = world.reload(&order);
    let rest = now.live().last().unwrap().id;
    shop.report_progress(rest).unwrap();
    shop.fulfil_by_hand(rest, None).unwrap();
    let fulfillment = world.reload(&order).fulfillments[0].id;
    let event =
        json!({ "fulfillmentEvent": { "fulfillmentId": gid("Fulfillment", fulfillment), "status": "DELIVERED" } });
    world.gql("FulfillmentEventCreate", event).await;
    let second = world.place(OrderSpec::of([(order.order.lines[0].variant_id.unwrap(), 1)]));
    shop.cancel_order(second.order.id, &sandbox::CancelRequest::default())
        .unwrap();
    shop.uninstall_app();
    for topic in TOPICS {
        check(topic, &receiver.first_of(topic).await.json());
    }
}

#[tokio::test]
async fn bodies_of_the_talk_with_services_have_it_too() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let told = [
        "fulfillment_request_submitted",
        "fulfillment_request_accepted",
        "fulfillment_request_rejected",
        "cancellation_request_submitted",
        "cancellation_request_accepted",
        "cancellation_request_rejected",
        "fulfillment_service_failed_to_complete",
        "moved",
        "scheduled_fulfillment_order_ready",
    ];
    let enums: Vec<_> = told
        .iter()
        .map(|topic| format!("FULFILLMENT_ORDERS_{}", topic.to_uppercase()))
        .collect();
    subscribe(&world, &receiver, &enums.iter().map(String::as_str).collect::<Vec<_>>()).await;

    let first = at_service(&world, 1, None).await;
    let (shop, variant) = (&world.shop, first.order.lines[0].variant_id.unwrap());
    let answer = async |operation: &str, fo: i64| {
        let variables = json!({ "id": gid("FulfillmentOrder", fo), "message": "as you say" });
        world.gql(operation, variables).await;
    };
    let another = || world.place(OrderSpec::of([(variant, 1)])).fulfillment_orders[0].id;
    let (kept, dropped, rejected) = (first.fulfillment_orders[0].id, another(), another());
    for fo in [kept, dropped, rejected] {
        shop.request_fulfillment(fo, Some("Fragile")).unwrap();
    }
    answer("RejectFulfillmentRequest", rejected).await;
    for fo in [kept, dropped] {
        answer("AcceptFulfillmentRequest", fo).await;
        shop.request_cancellation(fo, None).unwrap();
    }
    answer("RejectCancellationRequest", kept).await;
    answer("AcceptCancellationRequest", dropped).await;
    answer("FulfillmentOrderClose", kept).await;
    let item = world.product(&["S"]);
    let fulfill_at = Some(world.clock.now() + chrono::TimeDelta::days(1));
    let later = world.place(OrderSpec {
        fulfill_at,
        ..OrderSpec::of([(item.variants[0], 2)])
    });
    shop.open_scheduled(later.fulfillment_orders[0].id).unwrap();
    let second = shop.add_location("Second");
    let stocked = json!({
        "inventoryItemId": gid("InventoryItem", item.inventory_items[0]), "locationId": gid("Location", second),
        "available": 1, "idempotencyKey": "k",
    });
    world.gql("InventoryActivate", stocked).await;
    let fo = &later.fulfillment_orders[0];
    shop.move_to(fo.id, second, &[(fo.lines[0].id, 1)]).unwrap();
    for topic in told {
        let topic = format!("fulfillment_orders/{topic}");
        check(&topic, &receiver.first_of(&topic).await.json());
    }
}

#[tokio::test]
async fn ids_are_numbers_beyond_what_a_float_holds_and_money_is_text() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE"]).await;
    let order = world.order(&[2]);
    let body = receiver.first_of("orders/create").await.json();
    assert_eq!(body["id"].as_i64(), Some(order.order.id));
    assert!(order.order.id > 1 << 53);
    assert_eq!(body["admin_graphql_api_id"], gid("Order", order.order.id));
    assert_eq!(body["total_price"], "24.90");
    assert_eq!(
        body["line_items"][0]["price_set"]["shop_money"],
        json!({ "amount": "10.00", "currency_code": "EUR" })
    );
    assert!(body.get("fulfillment_orders").is_none());
    assert_eq!(body["order_number"], 1001);
}

#[tokio::test]
async fn an_order_without_an_address_has_no_shipping_address_at_all() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE"]).await;
    let product = world.product(&["A"]);
    let spec = OrderSpec {
        shipping_address: None,
        customer: None,
        ..OrderSpec::of([(product.variants[0], 1)])
    };
    world.place(spec);
    let body = receiver.first_of("orders/create").await.json();
    assert!(body.get("shipping_address").is_none());
    assert_eq!(body["customer"], Value::Null);
}
