//! Fulfillment services and the requests of merchants.

use orderyard::{
    ids::{ShopifyFulfillmentOrderId, ShopifyLocationId},
    shopify::{
        scalars::{
            FulfillmentOrderAssignmentStatus, FulfillmentOrderRejectionReason, FulfillmentOrderRequestStatus,
            FulfillmentOrderStatus,
        },
        services::{NewFulfillmentService, Rejection},
    },
};
use sandbox::Plan;
use uuid::Uuid;

use super::{START, World, at};

/// A service of ours, and a fulfillment order at its location.
async fn service_with_work(world: &World) -> (ShopifyLocationId, ShopifyFulfillmentOrderId) {
    let access = world.access();
    let new = NewFulfillmentService {
        name: "North Textiles".to_owned(),
        callback_url: None,
    };
    let service = world
        .api
        .create_fulfillment_service(&access, &new)
        .await
        .expect("a service")
        .data;
    let found = world.api.fulfillment_services(&access).await.expect("services").data;
    assert!(found.contains(&service));
    let location = service.location.expect("a location");

    let state = world.state(world.order(1)).await;
    let item = state.fulfillment_orders[0].lines[0]
        .inventory_item
        .expect("a tracked item");
    let key = Uuid::from_u128(1);
    world
        .api
        .activate_stock(&access, item, location, Some(10), key)
        .await
        .expect("stocked there");
    let fulfillment_order = state.fulfillment_orders[0].id;
    world.shop.move_to(fulfillment_order.0, location.0, &[]).expect("moved");
    let assigned = world
        .api
        .assigned_fulfillment_orders(&access, None, None)
        .await
        .expect("assigned")
        .data;
    assert_eq!(assigned[0].location, Some(location));
    (location, assigned[0].state.id)
}

#[tokio::test]
async fn a_service_rejects_and_accepts_fulfillment_requests() {
    let world = World::new(Plan::Standard).await;
    let access = world.access();
    let (location, id) = service_with_work(&world).await;
    world.shop.request_fulfillment(id.0, Some("please")).expect("requested");
    let wanted = Some(FulfillmentOrderAssignmentStatus::FulfillmentRequested);
    let asked = world
        .api
        .assigned_fulfillment_orders(&access, wanted, Some(&[location]))
        .await
        .expect("asked")
        .data;
    assert_eq!(asked[0].requests[0].message.as_deref(), Some("please"));
    let rejection = Rejection {
        reason: FulfillmentOrderRejectionReason::InventoryOutOfStock,
        message: Some("Sold out".to_owned()),
        lines: vec![],
    };
    let rejected = world
        .api
        .reject_fulfillment_request(&access, id, &rejection)
        .await
        .expect("rejected")
        .data;
    assert_eq!(rejected.request_status, FulfillmentOrderRequestStatus::Rejected);

    world.shop.request_fulfillment(id.0, None).expect("requested");
    let accepted = world
        .api
        .accept_fulfillment_request(&access, id, None, Some(at(START)))
        .await
        .expect("accepted");
    assert_eq!(accepted.data.status, FulfillmentOrderStatus::InProgress);
}

#[tokio::test]
async fn a_service_rejects_and_accepts_cancellation_requests() {
    for accept in [false, true] {
        let world = World::new(Plan::Standard).await;
        let access = world.access();
        let (_, id) = service_with_work(&world).await;
        world.shop.request_fulfillment(id.0, None).expect("requested");
        world
            .api
            .accept_fulfillment_request(&access, id, None, None)
            .await
            .expect("accepted");
        world.shop.request_cancellation(id.0, None).expect("requested");
        let (answer, expect) = if accept {
            let answer = world.api.accept_cancellation_request(&access, id, None).await;
            (answer, FulfillmentOrderStatus::Closed)
        } else {
            let answer = world.api.reject_cancellation_request(&access, id, None).await;
            (answer, FulfillmentOrderStatus::InProgress)
        };
        assert_eq!(answer.expect("an answer").data.status, expect);
    }
}
