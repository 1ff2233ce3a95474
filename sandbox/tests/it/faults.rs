//! Every kind of fault does what it says, and no more than it says.

use std::time::{Duration, Instant};

use sandbox::{AnswerFault, DeliveryState, Fault, WebhookFault};
use serde_json::{Value, json};

use crate::harness::{CLIENT_ID, Receiver, SECRET, World, document, eventually, gid, subscribe};

fn ship(order: &sandbox::OrderSnapshot) -> Value {
    let fo = gid("FulfillmentOrder", order.fulfillment_orders[0].id);
    json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": fo }] } })
}

#[tokio::test]
async fn a_lost_answer_was_executed_and_nothing_came_back() {
    let world = World::new().await;
    let order = world.order(&[1]);
    world
        .shopify
        .faults()
        .add(Fault::graphql("fulfillmentCreate", AnswerFault::LostAnswer).times(1));
    let lost = world
        .post_graphql("2026-10", &world.token, &document("FulfillmentCreate"), ship(&order))
        .await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(world.reload(&order).fulfillments.len(), 1);
    let record = world.shopify.requests().pop().unwrap();
    assert_eq!(
        (record.operation.as_deref(), record.status, record.lost),
        (Some("FulfillmentCreate"), 200, true)
    );
    assert_eq!(record.variables["fulfillment"], ship(&order)["fulfillment"]);

    world.gql("ShopDetails", json!({})).await;
    assert!(world.shopify.faults().list().is_empty(), "it is used up");
}

#[tokio::test]
async fn errors_before_change_nothing_and_errors_after_do() {
    let world = World::new().await;
    let order = world.order(&[1]);
    for (effect, status, made) in [
        (AnswerFault::ErrorBefore { status: 503 }, 503, 0),
        (AnswerFault::Throttled, 200, 0),
        (AnswerFault::Unauthorized, 401, 0),
        (AnswerFault::ErrorAfter { status: 502 }, 502, 1),
    ] {
        world
            .shopify
            .faults()
            .add(Fault::graphql("FulfillmentCreate", effect).times(1));
        let answer = world
            .post_graphql("2026-10", &world.token, &document("FulfillmentCreate"), ship(&order))
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{effect:?}");
        assert_eq!(world.reload(&order).fulfillments.len(), made, "{effect:?}");
    }
}

#[tokio::test]
async fn faults_strike_by_name_by_count_and_by_chance() {
    let world = World::new().await;
    let down = AnswerFault::ErrorBefore { status: 500 };
    let id = world.shopify.faults().add(Fault::graphql("Locations", down).times(2));
    world.gql("ShopDetails", json!({})).await;
    let status = async |operation: &str| {
        world
            .post_graphql("2026-10", &world.token, &document(operation), json!({}))
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(
        [
            status("Locations").await,
            status("Locations").await,
            status("Locations").await
        ],
        [500, 500, 200]
    );
    world.shopify.faults().remove(id);

    let by_chance = async || {
        world.shopify.faults().seed(42);
        let mut found = Vec::new();
        for _ in 0..20 {
            found.push(status("ShopDetails").await);
        }
        found
    };
    world
        .shopify
        .faults()
        .add(Fault::any_graphql(down).with_probability(0.5));
    let first = by_chance().await;
    assert!(first.contains(&500) && first.contains(&200), "{first:?}");
    assert_eq!(by_chance().await, first, "the same seed, the same luck");
    world.shopify.faults().clear();
    assert_eq!(status("ShopDetails").await, 200);
}

#[tokio::test]
async fn a_delay_delays() {
    let world = World::new().await;
    world
        .shopify
        .faults()
        .add(Fault::graphql("ShopDetails", AnswerFault::Delay { ms: 60 }).times(1));
    let started = Instant::now();
    world.gql("ShopDetails", json!({})).await;
    assert!(started.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_refresh_can_lose_its_answer_too() {
    let world = World::new().await;
    let token = world.exchange().await["refresh_token"].clone();
    world
        .shopify
        .faults()
        .add(Fault::token("refresh_token", AnswerFault::LostAnswer).times(1));
    world
        .shopify
        .faults()
        .add(Fault::token("refresh_token", AnswerFault::Throttled).times(1));
    let body = json!({ "client_id": CLIENT_ID, "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": token });
    let url = format!("{}/admin/oauth/access_token", world.shop.base_url());
    assert!(world.http.post(&url).json(&body).send().await.is_err());
    assert_eq!(world.token_request(&body).await.0, 429);
    assert_eq!(world.token_request(&body).await.0, 200, "the same token still works");
}

#[tokio::test]
async fn webhooks_can_be_dropped_doubled_and_late() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE", "ORDERS_PAID"]).await;
    world
        .shopify
        .faults()
        .add(Fault::webhook("orders/create", WebhookFault::Drop).times(1));
    world
        .shopify
        .faults()
        .add(Fault::webhook("orders/paid", WebhookFault::Duplicate { copies: 5 }).times(1));
    world.order(&[1]);
    let calls = eventually("five copies", || {
        Some(receiver.of_topic("orders/paid")).filter(|calls| calls.len() == 5)
    })
    .await;
    assert!(
        calls
            .iter()
            .all(|call| call.header("x-shopify-webhook-id") == calls[0].header("x-shopify-webhook-id"))
    );
    assert!(receiver.of_topic("orders/create").is_empty());
    assert!(
        world
            .shopify
            .deliveries()
            .iter()
            .any(|d| d.state == DeliveryState::Dropped)
    );

    world
        .shopify
        .faults()
        .add(Fault::webhook("orders/create", WebhookFault::Delay { ms: 40 }).times(1));
    let started = Instant::now();
    world.order(&[1]);
    receiver.first_of("orders/create").await;
    assert!(started.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn a_reordered_webhook_arrives_after_the_next_one() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE"]).await;
    world
        .shopify
        .faults()
        .add(Fault::webhook("orders/create", WebhookFault::Reorder).times(1));
    let first = world.order(&[1]);
    let second = world.order(&[1]);
    let calls = eventually("both", || {
        Some(receiver.of_topic("orders/create")).filter(|calls| calls.len() == 2)
    })
    .await;
    let ids: Vec<_> = calls.iter().map(|call| call.json()["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [second.order.id, first.order.id]);
}
