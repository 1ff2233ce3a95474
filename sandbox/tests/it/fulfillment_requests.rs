//! Fulfillment requests to services and their answers, and the services themselves.

use sandbox::{OrderSpec, RequestStatus, ShopSpec, Status};
use serde_json::{Value, json};

use crate::harness::{Receiver, World, at_service, eventually, gid, refusal};

fn fo(id: i64) -> String {
    gid("FulfillmentOrder", id)
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

    let submit = json!({ "id": fo(id), "fulfillmentOrderLineItems": [{ "id": gid("FulfillmentOrderLineItem", now.fulfillment_orders[0].lines[0].id), "quantity": 2 }] });
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
