//! Deliveries: headers, signature, retries, and the end of subscriptions that never answer.

use std::time::Duration;

use sandbox::{ComplianceTopic, DeliveryState, body_signature};
use serde_json::{Value, json};

use crate::harness::{Receiver, SCOPES, SECRET, World, client, document, eventually, gid, refusal, subscribe};

#[tokio::test]
async fn a_delivery_carries_every_header_and_the_right_signature() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE", "ORDERS_PAID"]).await;
    world.order(&[1]);
    let call = receiver.first_of("orders/create").await;
    assert_eq!(call.path, "/hooks");
    assert_eq!(call.header("x-shopify-hmac-sha256"), body_signature(SECRET, &call.body));
    assert_eq!(call.header("x-shopify-shop-domain"), "demo.myshopify.com");
    assert_eq!(call.header("x-shopify-api-version"), "2026-10");
    assert_eq!(call.header("content-type"), "application/json");
    assert!(call.header("x-shopify-triggered-at").ends_with(".000000000Z"));
    let paid = receiver.first_of("orders/paid").await;
    assert_eq!(
        paid.header("x-shopify-event-id"),
        call.header("x-shopify-event-id"),
        "one action, one event"
    );
    assert_ne!(paid.header("x-shopify-webhook-id"), call.header("x-shopify-webhook-id"));
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_unchanged() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_PAID"]).await;
    receiver.answer(500, Value::Null, 1);
    receiver.answer(302, Value::Null, 1);
    world.order(&[1]);
    let calls = eventually("two repetitions", || {
        Some(receiver.of_topic("orders/paid")).filter(|calls| calls.len() == 3)
    })
    .await;
    assert!(calls.iter().all(|call| call.body == calls[0].body));
    assert!(
        calls
            .iter()
            .all(|call| call.header("x-shopify-webhook-id") == calls[0].header("x-shopify-webhook-id"))
    );
    let record = eventually("its success", || {
        world
            .shopify
            .deliveries()
            .into_iter()
            .find(|d| d.state == DeliveryState::Delivered)
    })
    .await;
    let statuses: Vec<_> = record.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(302), Some(200)]);
    assert_eq!(world.shop.subscriptions().len(), 1);
}

#[tokio::test]
async fn nine_failures_end_a_subscription_made_by_the_api() {
    let receiver = Receiver::start().await;
    let world = World::with(SCOPES, |config| config.first_webhook_retry = Duration::from_millis(1)).await;
    world.shopify.set_compliance_uri(format!("{}/compliance", receiver.url));
    subscribe(&world, &receiver, &["ORDERS_PAID"]).await;
    receiver.answer(503, Value::Null, 9);
    world.order(&[1]);
    eventually("its deletion", || world.shop.subscriptions().is_empty().then_some(())).await;
    assert_eq!(
        receiver.of_topic("orders/paid").len(),
        9,
        "the first try and eight more"
    );

    receiver.answer(503, Value::Null, 9);
    world.shop.redact_shop();
    let failed = |topic: &str| {
        let deliveries = world.shopify.deliveries();
        deliveries
            .iter()
            .any(|d| d.topic == topic && d.state == DeliveryState::Failed)
            .then_some(())
    };
    eventually("the failure", || failed("shop/redact")).await;
    world.shop.redact_shop();
    eventually("another", || {
        (receiver.of_topic("shop/redact").len() == 10).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_slow_answer_is_a_failure() {
    let world = World::with(SCOPES, |config| config.webhook_timeout = Duration::from_millis(50)).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/hooks", silent.local_addr().unwrap());
    world
        .gql(
            "WebhookSubscriptionCreate",
            json!({ "topic": "ORDERS_CREATE", "webhookSubscription": { "uri": uri } }),
        )
        .await;
    world.order(&[1]);
    let attempt = eventually("the first attempt", || {
        world.shopify.deliveries().first()?.attempts.first().cloned()
    })
    .await;
    assert_eq!(attempt.status, None);
    assert!(attempt.error.is_some());
}

#[tokio::test]
async fn one_address_hears_of_a_topic_once() {
    let world = World::new().await;
    let wish = |topic: &str, input: Value| json!({ "topic": topic, "webhookSubscription": input });
    let uri = json!({ "uri": "https://app.example/hooks" });
    let made = world
        .gql("WebhookSubscriptionCreate", wish("ORDERS_CREATE", uri.clone()))
        .await;
    let again = world
        .gql("WebhookSubscriptionCreate", wish("ORDERS_CREATE", uri.clone()))
        .await;
    assert_eq!(
        refusal(&again["webhookSubscriptionCreate"]),
        "Address for this topic has already been taken"
    );
    for (input, message) in [
        (
            json!({ "uri": "http://app.example/hooks" }),
            "Address protocol http:// is not supported",
        ),
        (json!({ "uri": "nonsense" }), "Address is invalid"),
        (json!({}), "Address can't be blank"),
    ] {
        let data = world
            .gql("WebhookSubscriptionCreate", wish("ORDERS_CREATE", input))
            .await;
        assert_eq!(refusal(&data["webhookSubscriptionCreate"]), message);
    }
    world.gql("WebhookSubscriptionCreate", wish("ORDERS_PAID", uri)).await;

    let id = &made["webhookSubscriptionCreate"]["webhookSubscription"]["id"];
    let update = json!({ "id": id, "webhookSubscription": { "uri": "https://app.example/other" } });
    let data = world.gql("WebhookSubscriptionUpdate", update).await;
    assert_eq!(
        data["webhookSubscriptionUpdate"]["webhookSubscription"]["uri"],
        "https://app.example/other"
    );
    let data = world.gql("WebhookSubscriptions", json!({})).await;
    assert_eq!(data["webhookSubscriptions"]["nodes"].as_array().unwrap().len(), 2);
    world.gql("WebhookSubscriptionDelete", json!({ "id": id })).await;
    let data = world.gql("WebhookSubscriptionDelete", json!({ "id": id })).await;
    assert_eq!(
        refusal(&data["webhookSubscriptionDelete"]),
        "Webhook subscription does not exist"
    );
}

#[tokio::test]
async fn filters_and_fields_apply() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let input = json!({ "uri": format!("{}/hooks", receiver.url), "filter": "total_price:>=30", "includeFields": ["id", "total_price"] });
    world
        .gql(
            "WebhookSubscriptionCreate",
            json!({ "topic": "ORDERS_CREATE", "webhookSubscription": input }),
        )
        .await;
    world.order(&[1]);
    let dear = world.order(&[3]);
    let body = receiver.first_of("orders/create").await.json();
    assert_eq!(body, json!({ "id": dear.order.id, "total_price": "34.90" }));
    assert_eq!(world.shopify.deliveries().len(), 1);
}

#[tokio::test]
async fn payloads_are_in_the_version_that_subscribed() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    let variables =
        json!({ "topic": "ORDERS_CREATE", "webhookSubscription": { "uri": format!("{}/hooks", receiver.url) } });
    world
        .post_graphql(
            "2026-07",
            &world.token,
            &document("WebhookSubscriptionCreate"),
            variables,
        )
        .await
        .unwrap();
    world.order(&[1]);
    assert_eq!(
        receiver.first_of("orders/create").await.header("x-shopify-api-version"),
        "2026-07"
    );
}

#[tokio::test]
async fn compliance_topics_go_to_the_apps_own_address() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    world.shopify.set_compliance_uri(format!("{}/compliance", receiver.url));
    let order = world.order(&[1]);
    world
        .shop
        .compliance_customer(ComplianceTopic::DataRequest, order.order.id);
    world.shop.compliance_customer(ComplianceTopic::Redact, order.order.id);
    world.shop.redact_shop();
    let request = receiver.first_of("customers/data_request").await;
    assert_eq!(request.path, "/compliance");
    assert_eq!(request.json()["orders_requested"], json!([order.order.id]));
    assert_eq!(request.json()["customer"]["email"], "jon@example.com");
    assert_eq!(
        receiver.first_of("customers/redact").await.json()["orders_to_redact"],
        json!([order.order.id])
    );
    assert_eq!(
        receiver.first_of("shop/redact").await.json()["shop_domain"],
        "demo.myshopify.com"
    );
}

#[tokio::test]
async fn while_secrets_rotate_the_oldest_signs() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["ORDERS_CREATE"]).await;
    world.shopify.add_secret("newer");
    world.order(&[1]);
    let call = receiver.first_of("orders/create").await;
    assert_eq!(call.header("x-shopify-hmac-sha256"), body_signature(SECRET, &call.body));
    world.shopify.revoke_secret(SECRET);
    world.order(&[1]);
    let calls = eventually("the second", || {
        Some(receiver.of_topic("orders/create")).filter(|calls| calls.len() == 2)
    })
    .await;
    assert_eq!(
        calls[1].header("x-shopify-hmac-sha256"),
        body_signature("newer", &calls[1].body)
    );
}

#[tokio::test]
async fn uninstalling_is_told_and_then_nothing_is() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["APP_UNINSTALLED", "ORDERS_CREATE"]).await;
    world.shop.uninstall_app();
    let body = receiver.first_of("app/uninstalled").await.json();
    assert_eq!(
        (body["id"].as_i64(), &body["myshopify_domain"]),
        (Some(world.shop.id()), &Value::Null)
    );
    world.order(&[1]);
    assert!(
        world
            .shopify
            .deliveries()
            .iter()
            .all(|delivery| delivery.topic != "orders/create")
    );
}

#[tokio::test]
async fn stopping_frees_the_port_and_ends_deliveries() {
    let receiver = Receiver::start().await;
    let world = World::with(SCOPES, |config| config.first_webhook_retry = Duration::from_hours(1)).await;
    subscribe(&world, &receiver, &["ORDERS_CREATE"]).await;
    receiver.answer(500, Value::Null, 1);
    world.order(&[1]);
    receiver.first_of("orders/create").await;
    let url = world.shopify.url();
    tokio::time::timeout(Duration::from_secs(5), world.shopify.stop())
        .await
        .expect("it stops although a retry waits");
    assert!(client().get(format!("{url}/_sandbox")).send().await.is_err());
    assert_eq!(gid("Order", 1), "gid://shopify/Order/1");
}
