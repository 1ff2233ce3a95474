//! Shipping: what fulfillmentCreate takes, refuses and repeats, and what tracking becomes.

use sandbox::{FulfillmentStatus, OrderLineSpec, OrderSnapshot, OrderSpec, Status};
use serde_json::{Value, json};

use crate::harness::{Receiver, World, gid, refusal, subscribe};

/// Variables that ship these units: per fulfillment order its lines and quantities.
fn parcel(parts: &[(&sandbox::FulfillmentOrder, &[i64])], tracking: Value) -> Value {
    let parts: Vec<_> = parts
        .iter()
        .map(|(fo, quantities)| {
            let lines = fo.lines.iter().zip(*quantities).filter(|(_, quantity)| **quantity != 0);
            let lines: Vec<_> = lines
                .map(|(line, quantity)| json!({ "id": gid("FulfillmentOrderLineItem", line.id), "quantity": quantity }))
                .collect();
            let mut part = json!({ "fulfillmentOrderId": gid("FulfillmentOrder", fo.id) });
            if !lines.is_empty() {
                part["fulfillmentOrderLineItems"] = json!(lines);
            }
            part
        })
        .collect();
    json!({ "fulfillment": { "lineItemsByFulfillmentOrder": parts, "trackingInfo": tracking, "notifyCustomer": true } })
}

async fn ship(world: &World, variables: Value) -> Value {
    world.gql("FulfillmentCreate", variables).await["fulfillmentCreate"].clone()
}

fn dhl(number: &str) -> Value {
    json!({ "company": "DHL Express", "number": number })
}

#[tokio::test]
async fn three_parcels_of_one_order() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(
        &world,
        &receiver,
        &["FULFILLMENTS_CREATE", "ORDERS_PARTIALLY_FULFILLED", "ORDERS_FULFILLED"],
    )
    .await;
    let order = world.order(&[1, 2, 1]);
    let fo = &order.fulfillment_orders[0];
    for (quantities, number) in [(&[1, 1, 0][..], "1"), (&[0, 1, 0], "2"), (&[0, 0, 1], "3")] {
        let made = ship(&world, parcel(&[(fo, quantities)], dhl(number))).await;
        assert_eq!(made["userErrors"], json!([]));
        assert_eq!(made["fulfillment"]["trackingInfo"][0]["number"], number);
    }
    let now = world.reload(&order);
    assert_eq!(now.fulfillment_status, "FULFILLED");
    assert_eq!(now.fulfillment_orders[0].status, Status::Closed);
    let shipped: Vec<Vec<_>> = now
        .fulfillments
        .iter()
        .map(|f| f.lines.iter().map(|l| (l.sku.as_str(), l.quantity)).collect())
        .collect();
    assert_eq!(shipped, [vec![("A", 1), ("B", 1)], vec![("B", 1)], vec![("C", 1)]]);
    assert_eq!(now.fulfillments[2].name, "#1001.3");
    receiver.first_of("orders/fulfilled").await;
    let webhook = receiver.first_of("fulfillments/create").await.json();
    assert_eq!(webhook["order_id"], order.order.id);
    assert_eq!(webhook["tracking_company"], "DHL Express");
}

#[tokio::test]
async fn omitting_the_lines_ships_what_is_left() {
    let world = World::new().await;
    let order = world.order(&[3, 1]);
    let fo = &order.fulfillment_orders[0];
    ship(&world, parcel(&[(fo, &[1, 0])], dhl("1"))).await;
    assert_eq!(world.reload(&order).fulfillment_status, "PARTIALLY_FULFILLED");
    assert_eq!(world.reload(&order).fulfillment_orders[0].status, Status::InProgress);
    let rest = ship(&world, parcel(&[(fo, &[0, 0])], dhl("2"))).await;
    assert_eq!(rest["fulfillment"]["totalQuantity"], 3);
    assert_eq!(world.reload(&order).remaining(), 0);
}

#[tokio::test]
async fn the_same_call_twice_ships_twice_while_units_last() {
    let world = World::new().await;
    let order = world.order(&[2]);
    let variables = parcel(&[(&order.fulfillment_orders[0], &[1])], dhl("1"));
    for _ in 0..2 {
        assert_eq!(ship(&world, variables.clone()).await["userErrors"], json!([]));
    }
    assert_eq!(world.reload(&order).fulfillments.len(), 2);
    let id = order.fulfillment_orders[0].id;
    let third = ship(&world, variables).await;
    assert_eq!(
        refusal(&third),
        format!("Fulfillment order {id} has an unfulfillable status= closed.")
    );
}

#[tokio::test]
async fn refuses_more_than_remains_and_what_does_not_belong_together() {
    let world = World::new().await;
    let second = world.shop.add_location("Second");
    let product = world.product(&["A", "B"]);
    let mut spec = OrderSpec::of([(product.variants[0], 2)]);
    spec.lines.push(OrderLineSpec {
        variant_id: product.variants[1],
        quantity: 1,
        location_id: Some(second),
    });
    let order = world.place(spec);
    let other: OrderSnapshot = world.place(OrderSpec::of([(product.variants[0], 1)]));
    let [here, there] = [&order.fulfillment_orders[0], &order.fulfillment_orders[1]];
    let foreign = &other.fulfillment_orders[0];
    for (variables, message) in [
        (
            parcel(&[(here, &[3])], Value::Null),
            "Invalid fulfillment order line item quantity requested.",
        ),
        (
            parcel(&[(here, &[-1])], Value::Null),
            "Invalid fulfillment order line item quantity requested.",
        ),
        (
            parcel(&[(here, &[1]), (there, &[1])], Value::Null),
            "All fulfillment orders must be assigned to the same location.",
        ),
        (
            parcel(&[(here, &[1]), (foreign, &[1])], Value::Null),
            "All fulfillment orders must belong to the same order.",
        ),
        (
            parcel(&[(here, &[1]), (here, &[1])], Value::Null),
            "Fulfillment orders must be unique.",
        ),
        (
            parcel(&[], Value::Null),
            "Line items by fulfillment order can't be blank.",
        ),
    ] {
        let refused = ship(&world, variables).await;
        assert_eq!(refusal(&refused), message);
        assert_eq!(refused["fulfillment"], Value::Null);
    }
    let mut strange = parcel(&[(here, &[1])], Value::Null);
    strange["fulfillment"]["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderLineItems"][0]["id"] =
        json!(gid("FulfillmentOrderLineItem", there.lines[0].id));
    assert_eq!(
        refusal(&ship(&world, strange).await),
        "Fulfillment order line item does not exist."
    );
    assert!(world.reload(&order).fulfillments.is_empty());
}

#[tokio::test]
async fn tracking_pages_are_made_for_known_companies_only() {
    let world = World::new().await;
    for (given, expected) in [
        (
            json!({ "company": "UPS", "number": "1Z" }),
            json!([{ "company": "UPS", "number": "1Z", "url": "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=1Z" }]),
        ),
        (
            json!({ "company": "Ups", "number": "1Z" }),
            json!([{ "company": "Ups", "number": "1Z", "url": null }]),
        ),
        (
            json!({ "company": "Bob's Van", "number": "7" }),
            json!([{ "company": "Bob's Van", "number": "7", "url": null }]),
        ),
        (
            json!({ "company": "Bob's Van", "numbers": ["7", "8"], "urls": ["https://bob.example/7"] }),
            json!([
                { "company": "Bob's Van", "number": "7", "url": "https://bob.example/7" },
                { "company": "Bob's Van", "number": "8", "url": null },
            ]),
        ),
        (json!({}), json!([])),
    ] {
        let order = world.order(&[1]);
        let made = ship(&world, parcel(&[(&order.fulfillment_orders[0], &[1])], given)).await;
        assert_eq!(made["fulfillment"]["trackingInfo"], expected);
    }
}

#[tokio::test]
async fn a_tracking_update_replaces_what_was_there() {
    let world = World::new().await;
    let order = world.order(&[1]);
    let made = ship(&world, parcel(&[(&order.fulfillment_orders[0], &[1])], dhl("1"))).await;
    let id = &made["fulfillment"]["id"];
    let update =
        |info: Value, notify: bool| json!({ "fulfillmentId": id, "trackingInfoInput": info, "notifyCustomer": notify });
    world
        .gql(
            "FulfillmentTrackingInfoUpdate",
            update(json!({ "company": "UPS", "numbers": ["2", "3"] }), true),
        )
        .await;
    let now = &world.reload(&order).fulfillments[0];
    let numbers: Vec<_> = now.tracking.iter().filter_map(|t| t.number.as_deref()).collect();
    assert_eq!(numbers, ["2", "3"]);
    assert_eq!((now.notify_customer, now.notices), (true, 2));

    world.shop.cancel_fulfillment(now.id).unwrap();
    let data = world
        .gql("FulfillmentTrackingInfoUpdate", update(dhl("9"), false))
        .await;
    assert_eq!(
        refusal(&data["fulfillmentTrackingInfoUpdate"]),
        "Fulfillment has been cancelled."
    );
}

#[tokio::test]
async fn nobody_is_told_unless_asked_to() {
    let world = World::new().await;
    let order = world.order(&[1]);
    let mut variables = parcel(&[(&order.fulfillment_orders[0], &[1])], dhl("1"));
    variables["fulfillment"]
        .as_object_mut()
        .unwrap()
        .remove("notifyCustomer");
    ship(&world, variables).await;
    let made = &world.reload(&order).fulfillments[0];
    assert_eq!((made.notify_customer, made.notices), (false, 0));
}

#[tokio::test]
async fn a_cancelled_fulfillment_leaves_its_units_to_a_new_fulfillment_order() {
    let world = World::new().await;
    let order = world.order(&[2]);
    let made = ship(&world, parcel(&[(&order.fulfillment_orders[0], &[2])], dhl("1"))).await;
    let data = world
        .gql("FulfillmentCancel", json!({ "id": made["fulfillment"]["id"] }))
        .await;
    assert_eq!(data["fulfillmentCancel"]["fulfillment"]["status"], "CANCELLED");
    let now = world.reload(&order);
    assert_eq!(now.fulfillments[0].status, FulfillmentStatus::Cancelled);
    let found: Vec<_> = now.fulfillment_orders.iter().map(|fo| fo.status).collect();
    assert_eq!(found, [Status::Closed, Status::Open]);
    assert_eq!((now.remaining(), now.fulfillment_status), (2, "UNFULFILLED"));
}

#[tokio::test]
async fn events_show_as_the_display_status() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["FULFILLMENT_EVENTS_CREATE"]).await;
    let order = world.order(&[1]);
    let made = ship(&world, parcel(&[(&order.fulfillment_orders[0], &[1])], dhl("1"))).await;
    assert_eq!(made["fulfillment"]["displayStatus"], "FULFILLED");
    let id = &made["fulfillment"]["id"];
    let event = json!({ "fulfillmentEvent": { "fulfillmentId": id, "status": "IN_TRANSIT", "happenedAt": "2026-11-20T10:00:00Z" } });
    world.gql("FulfillmentEventCreate", event).await;
    let data = world.gql("FulfillmentEvents", json!({ "id": id })).await;
    assert_eq!(data["fulfillment"]["displayStatus"], "IN_TRANSIT");
    assert_eq!(
        receiver.first_of("fulfillment_events/create").await.json()["happened_at"],
        "2026-11-20T10:00:00Z"
    );
}

#[tokio::test]
async fn the_merchants_hand_ships_too() {
    let world = World::new().await;
    let order = world.order(&[2]);
    world.shop.fulfil_by_hand(order.fulfillment_orders[0].id, None).unwrap();
    let now = world.reload(&order);
    assert_eq!(now.fulfillment_status, "FULFILLED");
    assert!(!now.fulfillments[0].by_app);
    let data = world
        .gql(
            "FulfillmentsByIds",
            json!({ "ids": [gid("Fulfillment", now.fulfillments[0].id)] }),
        )
        .await;
    assert_eq!(data["nodes"][0]["displayStatus"], "MARKED_AS_FULFILLED");
}
