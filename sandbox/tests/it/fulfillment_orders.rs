//! The state machine of fulfillment orders, and what it refuses.

use chrono::TimeDelta;
use sandbox::{DeliveryMethod, HoldRequest, OrderLineSpec, OrderSpec, RequestStatus, ShopSpec, Status, VariantSpec};
use serde_json::{Value, json};

use crate::harness::{Receiver, World, at_service, eventually, gid, refusal};

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

#[tokio::test]
async fn a_request_is_notified_accepted_and_completed() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let order = at_service(&world, 2, Some(&format!("{}/north", receiver.url))).await;
    let id = order.fulfillment_orders[0].id;
    let step = |now: &sandbox::OrderSnapshot| {
        (
            now.fulfillment_orders[0].status,
            now.fulfillment_orders[0].request_status,
        )
    };
    assert_eq!(step(&order), (Status::Open, RequestStatus::Unsubmitted));

    let early = world.gql("AcceptFulfillmentRequest", json!({ "id": fo(id) })).await;
    assert!(refusal(&early["fulfillmentOrderAcceptFulfillmentRequest"]).contains("must be submitted"));
    world.shop.request_fulfillment(id, Some("Fragile")).unwrap();
    assert_eq!(step(&world.reload(&order)), (Status::Open, RequestStatus::Submitted));
    let call = eventually("the notification", || receiver.calls().into_iter().next()).await;
    assert_eq!(call.path, "/north/fulfillment_order_notification");
    assert_eq!(call.json(), json!({ "kind": "FULFILLMENT_REQUEST" }));
    assert_eq!(
        call.header("x-shopify-hmac-sha256"),
        sandbox::body_signature(crate::harness::SECRET, &call.body)
    );

    let data = world
        .gql(
            "AssignedFulfillmentOrders",
            json!({ "assignmentStatus": "FULFILLMENT_REQUESTED" }),
        )
        .await;
    let node = &data["assignedFulfillmentOrders"]["nodes"][0];
    assert_eq!(
        (
            node["id"].as_str(),
            node["merchantRequests"]["nodes"][0]["message"].as_str()
        ),
        (Some(&*fo(id)), Some("Fragile"))
    );
    let create = json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": fo(id) }] } });
    let data = world.gql("FulfillmentCreate", create.clone()).await;
    assert!(refusal(&data["fulfillmentCreate"]).ends_with("status= submitted."));

    world.gql("AcceptFulfillmentRequest", json!({ "id": fo(id) })).await;
    assert_eq!(
        step(&world.reload(&order)),
        (Status::InProgress, RequestStatus::Accepted)
    );
    let moved = world
        .gql(
            "FulfillmentOrderMove",
            json!({ "id": fo(id), "newLocationId": gid("Location", order.fulfillment_orders[0].location_id) }),
        )
        .await;
    assert!(refusal(&moved["fulfillmentOrderMove"]).starts_with("Cannot change location"));
    world.gql("FulfillmentCreate", create).await;
    assert_eq!(step(&world.reload(&order)), (Status::Closed, RequestStatus::Closed));
}

#[tokio::test]
async fn cancellation_requests_end_as_the_service_answers() {
    let world = World::new().await;
    let order = at_service(&world, 2, None).await;
    let id = order.fulfillment_orders[0].id;
    assert!(
        world.shop.request_cancellation(id, None).is_err(),
        "nothing was accepted yet"
    );
    world.shop.request_fulfillment(id, None).unwrap();
    world.gql("AcceptFulfillmentRequest", json!({ "id": fo(id) })).await;
    world.shop.request_cancellation(id, Some("changed my mind")).unwrap();
    world
        .gql(
            "RejectCancellationRequest",
            json!({ "id": fo(id), "message": "packed" }),
        )
        .await;
    let now = world.reload(&order);
    assert_eq!(
        (
            now.fulfillment_orders[0].status,
            now.fulfillment_orders[0].request_status
        ),
        (Status::InProgress, RequestStatus::CancellationRejected)
    );

    let second = world.place(OrderSpec::of([(order.order.lines[0].variant_id.unwrap(), 2)]));
    let id = second.fulfillment_orders[0].id;
    world.shop.request_fulfillment(id, None).unwrap();
    world.gql("AcceptFulfillmentRequest", json!({ "id": fo(id) })).await;
    world.shop.request_cancellation(id, None).unwrap();
    world.gql("AcceptCancellationRequest", json!({ "id": fo(id) })).await;
    let now = world.reload(&second);
    let found: Vec<_> = now
        .fulfillment_orders
        .iter()
        .map(|fo| (fo.status, fo.request_status, fo.remaining()))
        .collect();
    assert_eq!(
        found,
        [
            (Status::Closed, RequestStatus::CancellationAccepted, 0),
            (Status::Open, RequestStatus::Unsubmitted, 2)
        ]
    );
}

#[tokio::test]
async fn rejected_withdrawn_and_unfinished_requests_return_to_the_merchant() {
    let world = World::new().await;
    let order = at_service(&world, 3, None).await;
    let id = order.fulfillment_orders[0].id;
    world.shop.request_fulfillment(id, None).unwrap();
    let reject = json!({ "id": fo(id), "reason": "INVENTORY_OUT_OF_STOCK", "message": "none left" });
    world.gql("RejectFulfillmentRequest", reject).await;
    let now = world.reload(&order);
    assert_eq!(
        (
            now.fulfillment_orders[0].status,
            now.fulfillment_orders[0].request_status
        ),
        (Status::Open, RequestStatus::Rejected)
    );
    assert_eq!(now.fulfillment_status, "REQUEST_DECLINED");

    let submit = json!({ "id": fo(id), "fulfillmentOrderLineItems": [{ "id": line(now.fulfillment_orders[0].lines[0].id), "quantity": 2 }] });
    let data = world.gql("FulfillmentOrderSubmitFulfillmentRequest", submit).await;
    assert_eq!(
        data["fulfillmentOrderSubmitFulfillmentRequest"]["unsubmittedFulfillmentOrder"]["requestStatus"],
        "UNSUBMITTED"
    );
    let data = world.gql("FulfillmentOrderCancel", json!({ "id": fo(id) })).await;
    assert_eq!(
        data["fulfillmentOrderCancel"]["fulfillmentOrder"]["status"],
        "CANCELLED"
    );
    let fresh = data["fulfillmentOrderCancel"]["replacementFulfillmentOrder"]["id"].clone();

    world
        .gql("FulfillmentOrderSubmitFulfillmentRequest", json!({ "id": fresh }))
        .await;
    let early = world.gql("FulfillmentOrderClose", json!({ "id": fresh })).await;
    assert!(refusal(&early["fulfillmentOrderClose"]).contains("prevent it from being closed"));
    world.gql("AcceptFulfillmentRequest", json!({ "id": fresh })).await;
    let data = world
        .gql(
            "FulfillmentOrderClose",
            json!({ "id": fresh, "message": "broke the last" }),
        )
        .await;
    let closed = &data["fulfillmentOrderClose"]["fulfillmentOrder"];
    assert_eq!(
        (closed["status"].as_str(), closed["requestStatus"].as_str()),
        (Some("INCOMPLETE"), Some("CLOSED"))
    );
    assert_eq!(world.reload(&order).remaining(), 3, "no unit got lost");
}

#[tokio::test]
async fn a_merchants_own_location_takes_no_requests() {
    let world = World::new().await;
    let order = world.order(&[1]);
    let data = world
        .gql(
            "FulfillmentOrderSubmitFulfillmentRequest",
            json!({ "id": fo(order.fulfillment_orders[0].id) }),
        )
        .await;
    assert!(
        refusal(&data["fulfillmentOrderSubmitFulfillmentRequest"]).contains("not assigned to a fulfillment service")
    );
}

#[tokio::test]
async fn notifications_of_one_service_are_merged_within_the_interval() {
    let receiver = Receiver::start().await;
    let world = World::with(crate::harness::SCOPES, |config| {
        config.callback_interval = std::time::Duration::from_hours(1);
    })
    .await;
    let order = at_service(&world, 1, Some(&receiver.url)).await;
    let variant = order.order.lines[0].variant_id.unwrap();
    world
        .shop
        .request_fulfillment(order.fulfillment_orders[0].id, None)
        .unwrap();
    eventually("the first notification", || {
        (!receiver.calls().is_empty()).then_some(())
    })
    .await;
    for _ in 0..3 {
        let more = world.place(OrderSpec::of([(variant, 1)]));
        world
            .shop
            .request_fulfillment(more.fulfillment_orders[0].id, None)
            .unwrap();
    }
    world.shopify.create_shop("other.myshopify.com", ShopSpec::default());
    assert_eq!(receiver.calls().len(), 1, "the rest waits for the hour to pass");
}

#[tokio::test]
async fn services_have_names_of_their_own_and_end_only_when_idle() {
    let world = World::new().await;
    let order = at_service(&world, 1, None).await;
    let variables = json!({ "name": "North", "callbackUrl": null, "inventoryManagement": false, "trackingSupport": false, "requiresShippingMethod": true });
    let data = world.gql("FulfillmentServiceCreate", variables).await;
    assert_eq!(
        refusal(&data["fulfillmentServiceCreate"]),
        "Name has already been taken"
    );

    let data = world.gql("FulfillmentServices", json!({})).await;
    let service = &data["shop"]["fulfillmentServices"][0];
    assert_eq!(
        (service["serviceName"].as_str(), service["handle"].as_str()),
        (Some("North"), Some("north"))
    );
    let delete = json!({ "id": service["id"] });
    let data = world.gql("FulfillmentServiceDelete", delete.clone()).await;
    assert!(refusal(&data["fulfillmentServiceDelete"]).contains("open fulfillment orders"));
    world.shop.fulfil_by_hand(order.fulfillment_orders[0].id, None).unwrap();
    let data = world.gql("FulfillmentServiceDelete", delete).await;
    assert_ne!(data["fulfillmentServiceDelete"]["deletedId"], Value::Null);
}

#[tokio::test]
async fn services_are_asked_for_stock_and_tracking_in_signed_queries() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let location = world.service("North", Some(&format!("{}/north", receiver.url))).await;
    receiver.answer(200, json!({ "NT-MUG": 5 }), 1);
    let answer = world.shop.fetch_stock(location, Some("NT-MUG")).await.unwrap();
    assert_eq!((answer.status, answer.body), (200, json!({ "NT-MUG": 5 })));
    let call = receiver.calls().remove(0);
    let at = world.clock.now().timestamp();
    let query = format!("max_retries=3&shop=demo.myshopify.com&sku=NT-MUG&timestamp={at}");
    assert_eq!(
        (call.path.as_str(), call.query.as_str()),
        ("/north/fetch_stock", query.as_str())
    );
    let signature = sandbox::body_signature(crate::harness::SECRET, query.as_bytes());
    assert_eq!(call.header("x-shopify-hmac-sha256"), signature);

    receiver.answer(404, Value::Null, 1);
    let answer = world
        .shop
        .fetch_tracking_numbers(location, &["#1001.1", "#1002.1"])
        .await
        .unwrap();
    assert_eq!((answer.status, answer.body), (404, Value::Null));
    assert!(receiver.calls()[1].query.contains("order_names%5B%5D=%231001.1"));
}
