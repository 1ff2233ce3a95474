//! What merchants do to orders, and what the app sees of it.

use sandbox::{
    AddressSpec, CancelRequest, EditRequest, FinancialStatus, OrderSpec, RefundRequest, RestockType, Status,
};
use serde_json::{Value, json};

use crate::harness::{Receiver, SCOPES, World, eventually, gid, subscribe};

#[tokio::test]
async fn a_refund_of_unshipped_units_takes_them_from_the_fulfillment_order() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["REFUNDS_CREATE", "ORDERS_UPDATED"]).await;
    let order = world.order(&[3, 1]);
    let line = order.order.lines[0].id;
    let refund = |lines: Vec<(i64, i64)>| RefundRequest {
        lines,
        restock_type: RestockType::Cancel,
        amount: None,
        note: None,
    };
    world.shop.refund(order.order.id, &refund(vec![(line, 2)])).unwrap();
    let now = world.reload(&order);
    assert_eq!(now.order.financial_status, FinancialStatus::PartiallyRefunded);
    assert_eq!(
        (
            now.order.lines[0].quantity,
            now.order.lines[0].current_quantity,
            now.remaining()
        ),
        (3, 1, 2)
    );
    assert!(
        world.shop.refund(order.order.id, &refund(vec![(line, 2)])).is_err(),
        "only one is left"
    );
    let body = receiver.first_of("refunds/create").await.json();
    assert_eq!(body["refund_line_items"][0]["line_item_id"], line);
    assert_eq!(body["transactions"][0]["amount"], "20.00");
    receiver.first_of("orders/updated").await;

    let data = world
        .gql("OrderLines", json!({ "id": gid("Order", order.order.id) }))
        .await;
    let first = &data["order"]["lineItems"]["nodes"][0];
    assert_eq!(
        (
            first["quantity"].as_i64(),
            first["currentQuantity"].as_i64(),
            first["unfulfilledQuantity"].as_i64()
        ),
        (Some(3), Some(1), Some(1))
    );
}

#[tokio::test]
async fn a_refund_of_everything_closes_the_fulfillment_order() {
    let world = World::new().await;
    let order = world.order(&[1]);
    let lines = vec![(order.order.lines[0].id, 1)];
    let refund = RefundRequest {
        lines,
        restock_type: RestockType::Cancel,
        amount: Some("14.90".to_owned()),
        note: None,
    };
    world.shop.refund(order.order.id, &refund).unwrap();
    let now = world.reload(&order);
    assert_eq!(
        (now.order.financial_status, now.fulfillment_orders[0].status),
        (FinancialStatus::Refunded, Status::Closed)
    );
}

#[tokio::test]
async fn an_edit_changes_what_is_to_be_shipped_without_a_word_about_fulfillment_orders() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_EDITED"]).await;
    let order = world.order(&[2, 1]);
    let added = world.product(&["NEW"]).variants[0];
    let edit = EditRequest {
        set: vec![(order.order.lines[0].id, 5), (order.order.lines[1].id, 0)],
        add: vec![(added, 2)],
    };
    world.shop.edit_order(order.order.id, &edit).unwrap();
    let now = world.reload(&order);
    let lines: Vec<_> = now.fulfillment_orders[0]
        .lines
        .iter()
        .map(|l| (l.sku.as_str(), l.remaining_quantity))
        .collect();
    assert_eq!(lines, [("A", 5), ("NEW", 2)]);
    let body = receiver.first_of("orders/edited").await.json();
    let deltas = &body["order_edit"]["line_items"];
    assert_eq!(deltas["additions"].as_array().unwrap().len(), 2);
    assert_eq!(
        deltas["removals"],
        json!([{ "id": order.order.lines[1].id, "delta": 1 }])
    );

    world.shop.fulfil_by_hand(now.fulfillment_orders[0].id, None).unwrap();
    let undo = EditRequest {
        set: vec![(order.order.lines[0].id, 1)],
        ..EditRequest::default()
    };
    assert!(world.shop.edit_order(order.order.id, &undo).is_err(), "they have left");
}

#[tokio::test]
async fn an_order_is_cancelled_behind_the_answer() {
    let receiver = Receiver::start().await;
    let world = World::with_scopes(&format!("{SCOPES},write_orders")).await;
    subscribe(&world, &receiver, &["ORDERS_CANCELLED", "FULFILLMENT_ORDERS_CANCELLED"]).await;
    let order = world.order(&[2]);
    let variables = json!({
        "orderId": gid("Order", order.order.id), "reason": "CUSTOMER", "restock": true,
        "refundMethod": { "originalPaymentMethodsRefund": true },
    });
    let data = world.gql("OrderCancel", variables.clone()).await;
    let job = &data["orderCancel"]["job"];
    assert_eq!(
        (
            job["done"].as_bool(),
            data["orderCancel"]["jobResult"]["status"].as_str()
        ),
        (Some(false), Some("STARTED"))
    );
    assert!(world.reload(&order).order.cancelled_at.is_none(), "not yet");
    receiver.first_of("orders/cancelled").await;
    receiver.first_of("fulfillment_orders/cancelled").await;
    let now = world.reload(&order);
    assert_eq!(
        (
            now.order.financial_status,
            now.fulfillment_orders[0].status,
            now.remaining()
        ),
        (FinancialStatus::Refunded, Status::Cancelled, 0)
    );
    assert_eq!(world.gql("Job", json!({ "id": job["id"] })).await["job"]["done"], true);

    let again = world.gql("OrderCancel", variables).await;
    assert_eq!(
        again["orderCancel"]["orderCancelUserErrors"][0]["message"],
        "Order has already been cancelled"
    );
    assert_eq!(again["orderCancel"]["job"], Value::Null);
}

#[tokio::test]
async fn an_order_that_left_is_not_cancelled() {
    let world = World::new().await;
    let order = world.order(&[1]);
    world.shop.fulfil_by_hand(order.fulfillment_orders[0].id, None).unwrap();
    assert!(
        world
            .shop
            .cancel_order(order.order.id, &CancelRequest::default())
            .is_err()
    );
}

#[tokio::test]
async fn paying_comes_after_placing() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE", "ORDERS_PAID"]).await;
    let product = world.product(&["A"]);
    let spec = OrderSpec {
        financial_status: FinancialStatus::Pending,
        ..OrderSpec::of([(product.variants[0], 1)])
    };
    let order = world.place(spec);
    let created = receiver.first_of("orders/create").await.json();
    assert_eq!(
        (
            created["financial_status"].as_str(),
            created["total_outstanding"].as_str()
        ),
        (Some("pending"), Some("14.90"))
    );
    assert!(receiver.of_topic("orders/paid").is_empty());
    world.shop.mark_paid(order.order.id).unwrap();
    assert_eq!(
        receiver.first_of("orders/paid").await.json()["financial_status"],
        "paid"
    );
    assert!(world.shop.mark_paid(order.order.id).is_err(), "once is enough");
}

#[tokio::test]
async fn address_changes_and_deletions_are_told() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_UPDATED", "ORDERS_DELETE"]).await;
    let order = world.order(&[1]);
    let address = AddressSpec {
        city: Some("Hamburg".to_owned()),
        ..AddressSpec::default()
    };
    world.shop.change_address(order.order.id, address).unwrap();
    assert_eq!(
        receiver.first_of("orders/updated").await.json()["shipping_address"]["city"],
        "Hamburg"
    );
    world.shop.delete_order(order.order.id).unwrap();
    assert_eq!(
        receiver.first_of("orders/delete").await.json(),
        json!({ "id": order.order.id })
    );
    eventually("its end", || world.shop.order(order.order.id).is_none().then_some(())).await;
}
