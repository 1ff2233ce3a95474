//! One call: what is sent, and what every kind of failure is taken for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use orderyard::{
    ids::{ShopifyFulfillmentId, ShopifyFulfillmentOrderId},
    shopify::{
        API_VERSION, AdminApi, ApiError, Http, Limits, Origin, Outcome,
        fulfillments::{FulfillmentSnapshot, Tracking},
        scopes::Scopes,
    },
};
use serde_json::{Value, json};
use tracing_subscriber::{Layer, layer::SubscriberExt as _};

use super::{
    Client,
    stub::{Reply, Stub},
};

fn cost(available: u32) -> Value {
    json!({"cost": {
        "requestedQueryCost": 2, "actualQueryCost": 2,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0},
    }})
}

fn granted() -> Reply {
    let scopes = json!([{"handle": "write_orders"}, {"handle": "read_products"}]);
    let installation = json!({"id": "gid://shopify/AppInstallation/1", "accessScopes": scopes});
    Reply::json(&json!({"data": {"currentAppInstallation": installation}, "extensions": cost(1998)}))
}

/// A read that gets `reply`.
async fn read(reply: Reply) -> Result<Scopes, ApiError> {
    let stub = Stub::start([reply]).await;
    let client = Client::with_limits(&stub, small());
    let result = client.api.granted_scopes(&client.access()).await;
    assert_eq!(stub.requests().len(), 1, "a call is sent once");
    result.map(|answer| answer.data)
}

/// A change that gets `reply`.
async fn change(reply: Reply) -> Result<FulfillmentSnapshot, ApiError> {
    let stub = Stub::start([reply]).await;
    let client = Client::with_limits(&stub, small());
    let tracking = Tracking::default();
    let id = ShopifyFulfillmentId(1);
    let result = client.api.update_tracking(&client.access(), id, &tracking, false).await;
    assert_eq!(stub.requests().len(), 1, "a call is sent once");
    result.map(|answer| answer.data)
}

fn small() -> Limits {
    Limits {
        timeout: Duration::from_millis(500),
        answer_bytes: 4096,
    }
}

async fn check(reply: Reply, read_outcome: Outcome, change_outcome: Outcome) {
    let error = read(reply.clone()).await.expect_err("a read");
    assert_eq!(error.outcome(), read_outcome, "read: {error:?} after {reply:?}");
    let error = change(reply.clone()).await.expect_err("a change");
    assert_eq!(error.outcome(), change_outcome, "change: {error:?} after {reply:?}");
}

#[tokio::test]
async fn sends_the_token_the_version_and_the_document() {
    let stub = Stub::start([granted()]).await;
    let client = Client::new(&stub);
    let answer = client.api.granted_scopes(&client.access()).await.expect("an answer");
    assert!(answer.data.contains("read_orders"));
    assert_eq!(answer.cost.map(|cost| cost.status.available), Some(1998));

    let request = stub.request();
    assert_eq!(request.path, "/demo.myshopify.com/admin/api/2026-10/graphql.json");
    assert_eq!(request.header("x-shopify-access-token"), Some("shpat_secret"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.operation(), "GrantedScopes");
    assert!(
        request.json()["query"]
            .as_str()
            .is_some_and(|text| text.contains("accessScopes"))
    );
}

#[tokio::test]
async fn throttled_as_200_says_when_to_come_back() {
    let throttled = json!({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 452, "actualQueryCost": null, "throttleStatus":
            {"maximumAvailable": 2000.0, "currentlyAvailable": 252, "restoreRate": 100.0}}}});
    let wait = Outcome::After(Duration::from_secs(2));
    check(Reply::json(&throttled), wait, wait).await;
    let wait = Outcome::After(Duration::from_millis(1500));
    check(Reply::status(429, "").with_header("Retry-After: 1.5"), wait, wait).await;
}

#[tokio::test]
async fn a_lost_answer_of_a_change_is_unknown() {
    for reply in [Reply::Lost, Reply::Hang, Reply::CutOff] {
        check(reply, Outcome::Later, Outcome::Unknown).await;
    }
    check(
        Reply::status(502, "<html>Bad gateway</html>"),
        Outcome::Later,
        Outcome::Unknown,
    )
    .await;
    check(
        Reply::status(200, "<html>Hello</html>"),
        Outcome::Later,
        Outcome::Unknown,
    )
    .await;
}

#[tokio::test]
async fn an_oversized_answer_is_not_read_to_its_end() {
    let huge = Reply::status(200, &" ".repeat(5000));
    check(huge, Outcome::Later, Outcome::Unknown).await;
    check(Reply::Endless, Outcome::Later, Outcome::Unknown).await;
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let stub = Stub::start([]).await;
    let closed = stub.origin();
    drop(stub);
    // The port is free once the listener's task is gone.
    while tokio::net::TcpStream::connect(closed_address(&closed)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let client = Client::new(&Stub::start([]).await);
    let api = AdminApi::new(Http::new().expect("client"), closed, API_VERSION);
    let error = api
        .update_tracking(&client.access(), ShopifyFulfillmentId(1), &Tracking::default(), false)
        .await
        .expect_err("no server");
    assert!(matches!(error, ApiError::NotSent(_)), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Later);
}

fn closed_address(origin: &Origin) -> String {
    let shop = webhooks::ShopDomain::parse("demo.myshopify.com").expect("domain");
    let url = origin.url(&shop, "/").expect("url");
    format!("127.0.0.1:{}", url.port().expect("port"))
}

#[tokio::test]
async fn a_redirect_does_not_carry_the_token_away() {
    let elsewhere = Stub::start([granted()]).await;
    let shop = webhooks::ShopDomain::parse("demo.myshopify.com").expect("domain");
    let target = elsewhere.origin().url(&shop, "/").expect("url");
    let redirect = Reply::status(308, "").with_header(&format!("Location: {target}"));
    check(redirect, Outcome::Never, Outcome::Never).await;
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn user_errors_are_refusals_and_are_told() {
    let payload = json!({"fulfillment": null, "userErrors": [
        {"field": ["trackingInfoInput", "url"], "message": "Url is invalid"}]});
    let error = change(Reply::json(
        &json!({"data": {"fulfillmentTrackingInfoUpdate": payload}}),
    ))
    .await
    .expect_err("a refusal");
    assert_eq!(error.outcome(), Outcome::Never);
    assert!(
        error.to_string().contains("trackingInfoInput.url: Url is invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn a_change_without_a_result_is_unknown() {
    for payload in [json!(null), json!({"fulfillment": null, "userErrors": []})] {
        let reply = Reply::json(&json!({"data": {"fulfillmentTrackingInfoUpdate": payload}}));
        let error = change(reply).await.expect_err("nothing");
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let denied = json!({"data": {"fulfillmentTrackingInfoUpdate": null}, "errors": [{
        "message": "Access denied for fulfillmentTrackingInfoUpdate field.",
        "extensions": {"code": "ACCESS_DENIED", "requiredAccess": "`write_fulfillments` access scope."},
        "path": ["fulfillmentTrackingInfoUpdate"]}]});
    let error = change(Reply::json(&denied)).await.expect_err("denied");
    assert!(error.to_string().contains("write_fulfillments"), "{error}");
    assert_eq!(error.outcome(), Outcome::Never);
}

#[tokio::test]
async fn a_closed_fulfillment_order_is_none_and_not_an_error() {
    let stub = Stub::start([Reply::json(&json!({"data": {"fulfillmentOrder": null}}))]).await;
    let client = Client::new(&stub);
    let id = ShopifyFulfillmentOrderId(820_982_911_946_154_508);
    let answer = client
        .api
        .fulfillment_order_owner(&client.access(), id)
        .await
        .expect("an answer");
    assert_eq!(answer.data, None);
    assert_eq!(
        stub.request().variables(),
        json!({"id": "gid://shopify/FulfillmentOrder/820982911946154508"})
    );
}

/// Counts warnings.
struct Warnings(Arc<AtomicUsize>);

impl<S: tracing::Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if *event.metadata().level() == tracing::Level::WARN {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn another_version_is_warned_of_once() {
    let seen = Arc::new(AtomicUsize::new(0));
    let subscriber = tracing_subscriber::registry().with(Warnings(Arc::clone(&seen)));
    let _guard = tracing::subscriber::set_default(subscriber);

    let ours = granted().with_header("X-Shopify-API-Version: 2026-10");
    let other = granted().with_header("X-Shopify-API-Version: 2027-01");
    let stub = Stub::start([ours, other.clone(), other]).await;
    let client = Client::new(&stub);
    for expect in [0, 1, 1] {
        client.api.granted_scopes(&client.access()).await.expect("an answer");
        assert_eq!(seen.load(Ordering::Relaxed), expect);
    }
}
