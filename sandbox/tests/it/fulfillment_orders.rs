//! The state machine of fulfillment orders, and what it refuses.

use chrono::TimeDelta;
use sandbox::{DeliveryMethod, HoldRequest, OrderLineSpec, OrderSpec, Status, VariantSpec};
use serde_json::json;

use crate::harness::{World, gid, refusal};

fn fo(id: i64) -> String {
    gid("FulfillmentOrder", id)
}

fn line(id: i64) -> String {
    gid("FulfillmentOrderLineItem", id)
}

#[tokio::test]
async fn routing_makes_one_per_location_and_delivery_method() {
    let world = World::new().await;
    let second = world.shop.add_location("Second");
    let spec = sandbox::ProductSpec {
        title: "Mixed".to_owned(),
        variants: vec![
            VariantSpec::new("A", "1.00"),
            VariantSpec::new("B", "1.00"),
            VariantSpec {
                requires_shipping: false,
                ..VariantSpec::new("PDF", "1.00")
            },
        ],
        ..sandbox::ProductSpec::default()
    };
    let variants = world.shop.create_product(spec).unwrap().variants;
    let mut spec = OrderSpec::of([(variants[0], 1), (variants[2], 1)]);
    spec.lines.push(OrderLineSpec {
        variant_id: variants[1],
        quantity: 2,
        location_id: Some(second),
    });
    let order = world.place(spec);
    let found: Vec<_> = order
        .fulfillment_orders
        .iter()
        .map(|fo| (fo.location_id == second, fo.delivery_method, fo.remaining()))
        .collect();
    assert_eq!(
        found,
        [
            (false, DeliveryMethod::Shipping, 1),
            (false, DeliveryMethod::None, 1),
            (true, DeliveryMethod::Shipping, 2)
        ]
    );
}

#[tokio::test]
async fn fulfillment_orders_come_later_than_the_order() {
    let world = World::new().await;
    let product = world.product(&["A"]);
    let spec = OrderSpec {
        routing_delay_ms: Some(60_000),
        ..OrderSpec::of([(product.variants[0], 1)])
    };
    let order = world.place(spec);
    assert!(order.fulfillment_orders.is_empty());
    let data = world
        .gql("OrderLines", json!({ "id": gid("Order", order.order.id) }))
        .await;
    assert_eq!(data["order"]["lineItems"]["nodes"][0]["unfulfilledQuantity"], 1);
    world.shop.route_order(order.order.id);
    assert_eq!(world.reload(&order).remaining(), 1);
}

#[tokio::test]
async fn a_held_one_is_not_shipped_until_released() {
    let world = World::new().await;
    let order = world.order(&[2]);
    let id = order.fulfillment_orders[0].id;
    let hold = json!({ "id": fo(id), "fulfillmentHold": { "reason": "OTHER", "handle": "ours" } });
    let data = world.gql("FulfillmentOrderHold", hold.clone()).await;
    assert_eq!(data["fulfillmentOrderHold"]["fulfillmentOrder"]["status"], "ON_HOLD");
    let hold_id = &data["fulfillmentOrderHold"]["fulfillmentHold"]["id"];

    let create = json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": fo(id) }] } });
    let data = world.gql("FulfillmentCreate", create.clone()).await;
    assert_eq!(
        refusal(&data["fulfillmentCreate"]),
        format!("Fulfillment order {id} has an unfulfillable status= on_hold.")
    );
    let again = world.gql("FulfillmentOrderHold", hold).await;
    assert_eq!(
        again["fulfillmentOrderHold"]["userErrors"][0]["code"],
        "DUPLICATE_FULFILLMENT_HOLD_HANDLE"
    );

    world
        .gql(
            "FulfillmentOrderReleaseHold",
            json!({ "id": fo(id), "holdIds": [hold_id] }),
        )
        .await;
    assert_eq!(world.reload(&order).fulfillment_orders[0].status, Status::Open);
    let data = world.gql("FulfillmentCreate", create).await;
    assert_eq!(data["fulfillmentCreate"]["userErrors"], json!([]));
}

#[tokio::test]
async fn holds_stack_up_to_ten_and_the_merchants_are_not_ours_to_release() {
    let world = World::new().await;
    let order = world.order(&[1]);
    let id = order.fulfillment_orders[0].id;
    let (merchants, _) = world.shop.hold(id, HoldRequest::default()).unwrap();
    for n in 0..11 {
        let variables = json!({ "id": fo(id), "fulfillmentHold": { "reason": "OTHER", "handle": format!("h{n}") } });
        let data = world.gql("FulfillmentOrderHold", variables).await;
        let refused = data["fulfillmentOrderHold"]["userErrors"][0]["code"].as_str();
        assert_eq!(refused, (n == 10).then_some("FULFILLMENT_ORDER_HOLD_LIMIT_REACHED"));
    }
    let variables = json!({ "id": fo(id), "holdIds": [gid("FulfillmentHold", merchants)] });
    let data = world.gql("FulfillmentOrderReleaseHold", variables).await;
    assert_eq!(
        data["fulfillmentOrderReleaseHold"]["userErrors"][0]["code"],
        "INVALID_ACCESS"
    );
}

#[tokio::test]
async fn holding_some_units_splits_the_rest_off_under_a_new_id() {
    let world = World::new().await;
    let order = world.order(&[3]);
    let held = &order.fulfillment_orders[0];
    let variables = json!({ "id": fo(held.id), "fulfillmentHold": {
        "reason": "INVENTORY_OUT_OF_STOCK",
        "fulfillmentOrderLineItems": [{ "id": line(held.lines[0].id), "quantity": 1 }],
    } });
    let data = world.gql("FulfillmentOrderHold", variables).await;
    let rest = &data["fulfillmentOrderHold"]["remainingFulfillmentOrder"];
    assert_eq!(rest["status"], "OPEN");
    let now = world.reload(&order);
    let found: Vec<_> = now
        .fulfillment_orders
        .iter()
        .map(|fo| (fo.status, fo.remaining()))
        .collect();
    assert_eq!(found, [(Status::OnHold, 1), (Status::Open, 2)]);
    assert_ne!(
        now.fulfillment_orders[1].lines[0].id, held.lines[0].id,
        "line ids change too"
    );
    assert_eq!(
        now.fulfillment_orders[1].lines[0].line_item_id,
        held.lines[0].line_item_id
    );
}

#[tokio::test]
async fn moving_everything_keeps_the_id_and_moving_some_does_not() {
    let world = World::new().await;
    let other = world.shop.add_location("Other");
    let order = world.order(&[3]);
    let original = &order.fulfillment_orders[0];
    let variables = json!({ "id": fo(original.id), "newLocationId": gid("Location", other) });
    let data = world.gql("FulfillmentOrderMove", variables.clone()).await;
    assert!(refusal(&data["fulfillmentOrderMove"]).contains("does not stock"));

    let item = {
        let data = world.gql("ProductPages", json!({ "first": 1 })).await;
        data["products"]["nodes"][0]["variants"]["nodes"][0]["inventoryItem"]["id"].clone()
    };
    let stocked =
        json!({ "inventoryItemId": item, "locationId": gid("Location", other), "available": 9, "idempotencyKey": "k" });
    world.gql("InventoryActivate", stocked).await;

    let mut some = variables.clone();
    some["fulfillmentOrderLineItems"] = json!([{ "id": line(original.lines[0].id), "quantity": 1 }]);
    let data = world.gql("FulfillmentOrderMove", some).await;
    let moved = &data["fulfillmentOrderMove"]["movedFulfillmentOrder"]["id"];
    assert_ne!(*moved, fo(original.id));
    let data = world.gql("FulfillmentOrderMove", variables).await;
    assert_eq!(
        data["fulfillmentOrderMove"]["movedFulfillmentOrder"]["id"],
        fo(original.id)
    );
    let now = world.reload(&order);
    assert!(now.fulfillment_orders.iter().all(|fo| fo.location_id == other));
    assert_eq!(now.remaining(), 3);
}

#[tokio::test]
async fn splitting_leaves_the_named_units_in_the_original() {
    let world = World::new().await;
    let order = world.order(&[3]);
    let original = &order.fulfillment_orders[0];
    let split = |quantity: i64| {
        json!({ "fulfillmentOrderSplits": [{
        "fulfillmentOrderId": fo(original.id),
        "fulfillmentOrderLineItems": [{ "id": line(original.lines[0].id), "quantity": quantity }],
    }] })
    };
    let data = world.gql("FulfillmentOrderSplit", split(4)).await;
    assert_eq!(
        data["fulfillmentOrderSplit"]["userErrors"][0]["code"],
        "INVALID_LINE_ITEM_QUANTITY"
    );
    let data = world.gql("FulfillmentOrderSplit", split(1)).await;
    assert_eq!(
        data["fulfillmentOrderSplit"]["fulfillmentOrderSplits"][0]["fulfillmentOrder"]["id"],
        fo(original.id)
    );
    let quantities: Vec<_> = world
        .reload(&order)
        .fulfillment_orders
        .iter()
        .map(sandbox::FulfillmentOrder::remaining)
        .collect();
    assert_eq!(quantities, [1, 2]);
}

#[tokio::test]
async fn a_scheduled_one_and_one_with_progress_are_refused_what_shopify_refuses() {
    let world = World::new().await;
    let product = world.product(&["A"]);
    let fulfill_at = Some(world.clock.now() + TimeDelta::days(3));
    let order = world.place(OrderSpec {
        fulfill_at,
        ..OrderSpec::of([(product.variants[0], 1)])
    });
    let id = order.fulfillment_orders[0].id;
    assert_eq!(order.fulfillment_status, "SCHEDULED");
    let create = json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": fo(id) }] } });
    let data = world.gql("FulfillmentCreate", create).await;
    assert!(refusal(&data["fulfillmentCreate"]).ends_with("status= scheduled."));
    world.shop.open_scheduled(id).unwrap();

    world.shop.report_progress(id).unwrap();
    let other = world.shop.add_location("Other");
    let data = world
        .gql(
            "FulfillmentOrderMove",
            json!({ "id": fo(id), "newLocationId": gid("Location", other) }),
        )
        .await;
    let code = "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS";
    assert_eq!(data["fulfillmentOrderMove"]["userErrors"][0]["code"], code);
    world.shop.mark_open(id).unwrap();
    assert_eq!(world.reload(&order).fulfillment_orders[0].status, Status::Open);
}
