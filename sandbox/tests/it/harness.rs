//! What the tests share: a running sandbox with an installed app, an app that receives webhooks,
//! a clock wound by hand, and waiting for conditions.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use chrono::{DateTime, TimeDelta, Utc};
use sandbox::{
    Clock, OrderSnapshot, OrderSpec, ProductIds, ProductSpec, Shop, ShopSpec, Shopify, ShopifyConfig, StockSpec,
    VariantSpec,
};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

pub const SECRET: &str = "hush";
pub const CLIENT_ID: &str = "app";
/// What the program asks for by default.
pub const SCOPES: &str = "read_orders,write_fulfillments,read_products,write_inventory,read_locations,\
    write_assigned_fulfillment_orders,write_merchant_managed_fulfillment_orders,write_third_party_fulfillment_orders";

/// A sandbox with one shop in which the app is installed.
pub struct World {
    pub shopify: Shopify,
    pub shop: Shop,
    pub token: String,
    pub http: reqwest::Client,
    pub clock: HandClock,
}

impl World {
    pub async fn new() -> Self {
        Self::with(SCOPES, |_| ()).await
    }

    pub async fn with_scopes(scopes: &str) -> Self {
        Self::with(scopes, |_| ()).await
    }

    pub async fn with(scopes: &str, adjust: impl FnOnce(&mut ShopifyConfig)) -> Self {
        let clock = HandClock::new();
        let mut config = ShopifyConfig {
            client_id: CLIENT_ID.to_owned(),
            client_secret: SECRET.to_owned(),
            app_url: Some("http://127.0.0.1:1".parse().unwrap()),
            first_webhook_retry: Duration::from_millis(5),
            routing_delay: Duration::ZERO,
            cancel_delay: Duration::from_millis(1),
            callback_interval: Duration::from_millis(50),
            clock: clock.clock(),
            ..ShopifyConfig::default()
        };
        adjust(&mut config);
        let shopify = Shopify::start(config).await.unwrap();
        let shop = shopify.create_shop("demo.myshopify.com", ShopSpec::default());
        shop.install_managed(scopes).unwrap();
        let http = client();
        let world = Self {
            shopify,
            shop,
            token: String::new(),
            http,
            clock,
        };
        let token = world.exchange().await["access_token"].as_str().unwrap().to_owned();
        Self { token, ..world }
    }

    /// A fresh pair by token exchange.
    pub async fn exchange(&self) -> Value {
        let body = json!({
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": self.shop.session_token(7),
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
            "expiring": "1",
        });
        let (status, answer) = self.token_request(&body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub async fn token_request(&self, body: &Value) -> (u16, Value) {
        let url = format!("{}/admin/oauth/access_token", self.shop.base_url());
        let response = self.http.post(url).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// The answer to an operation of the program or of `tests/operations`, errors and all.
    pub async fn try_gql(&self, operation: &str, variables: Value) -> Value {
        self.raw(&document(operation), variables).await.1
    }

    /// The data of an operation that must succeed.
    pub async fn gql(&self, operation: &str, variables: Value) -> Value {
        let answer = self.try_gql(operation, variables).await;
        assert!(answer.get("errors").is_none(), "{operation}: {answer:#}");
        answer["data"].clone()
    }

    /// A document as it is; the status and the body.
    pub async fn raw(&self, query: &str, variables: Value) -> (u16, Value) {
        let response = self
            .post_graphql("2026-10", &self.token, query, variables)
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub async fn post_graphql(
        &self,
        version: &str,
        token: &str,
        query: &str,
        variables: Value,
    ) -> Result<reqwest::Response, reqwest::Error> {
        self.http
            .post(format!("{}/admin/api/{version}/graphql.json", self.shop.base_url()))
            .header("X-Shopify-Access-Token", token)
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
    }

    pub fn product(&self, skus: &[&str]) -> ProductIds {
        let variants = skus.iter().map(|sku| VariantSpec {
            title: (*sku).to_owned(),
            ..VariantSpec::new(*sku, "10.00")
        });
        let spec = ProductSpec {
            title: "Mug".to_owned(),
            variants: variants.collect(),
            ..ProductSpec::default()
        };
        self.shop.create_product(spec).unwrap()
    }

    /// A routed order of these quantities of fresh variants `A`, `B`, ….
    pub fn order(&self, quantities: &[i64]) -> OrderSnapshot {
        let skus = &["A", "B", "C", "D"][..quantities.len()];
        let product = self.product(skus);
        let lines = product.variants.into_iter().zip(quantities.iter().copied());
        self.place(OrderSpec::of(lines))
    }

    pub fn place(&self, spec: OrderSpec) -> OrderSnapshot {
        let id = self.shop.create_order(spec).unwrap();
        self.shop.order(id).unwrap()
    }

    pub fn reload(&self, order: &OrderSnapshot) -> OrderSnapshot {
        self.shop.order(order.order.id).unwrap()
    }

    /// Makes the app a fulfillment service and returns its location's id.
    pub async fn service(&self, name: &str, callback_url: Option<&str>) -> i64 {
        let variables = json!({
            "name": name,
            "callbackUrl": callback_url,
            "inventoryManagement": false,
            "trackingSupport": false,
            "requiresShippingMethod": true,
        });
        let data = self.gql("FulfillmentServiceCreate", variables).await;
        number(&data["fulfillmentServiceCreate"]["fulfillmentService"]["location"]["id"])
    }
}

/// A routed order of one variant stocked at, and routed to, the app's fulfillment service.
pub async fn at_service(world: &World, quantity: i64, callback: Option<&str>) -> OrderSnapshot {
    let location = world.service("North", callback).await;
    let stock = vec![StockSpec {
        location_id: location,
        quantity: 50,
    }];
    let spec = ProductSpec {
        title: "Mug".to_owned(),
        variants: vec![VariantSpec {
            stock,
            ..VariantSpec::new("NT-MUG", "10.00")
        }],
        ..ProductSpec::default()
    };
    let product = world.shop.create_product(spec).unwrap();
    world.place(OrderSpec::of([(product.variants[0], quantity)]))
}

/// The text of an operation, from the program or from `tests/operations`.
pub fn document(operation: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let paths = [
        format!("{root}/../src/shopify/queries/{operation}.graphql"),
        format!("{root}/tests/operations/{operation}.graphql"),
    ];
    paths
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_else(|| panic!("no operation {operation}"))
}

/// The number in a global id.
pub fn number(gid: &Value) -> i64 {
    gid.as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

pub fn gid(kind: &str, id: i64) -> String {
    sandbox::shopify_gid(kind, id)
}

/// The first message of a payload's user errors.
pub fn refusal(payload: &Value) -> &str {
    payload["userErrors"][0]["message"]
        .as_str()
        .unwrap_or_else(|| panic!("not refused: {payload:#}"))
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()
        .unwrap()
}

/// Waits until `look` finds something; fails after ten seconds.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(3));
    let found = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            ticks.tick().await;
            if let Some(found) = look() {
                return found;
            }
        }
    });
    found.await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// A clock that moves only when told to.
#[derive(Clone)]
pub struct HandClock(Arc<AtomicI64>);

impl HandClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_000_000)))
    }

    pub fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Clock::new(move || DateTime::<Utc>::from_timestamp(seconds.load(Ordering::Relaxed), 0).unwrap())
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock().now()
    }

    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_seconds(), Ordering::Relaxed);
    }
}

/// A server that keeps what it is sent and answers as told: first the queued answers, then 200.
pub struct Receiver {
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    _server: AbortOnDropHandle<()>,
}

/// One received call.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name}"))
            .to_str()
            .unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Kept = (Arc<Mutex<Vec<Call>>>, Arc<Mutex<VecDeque<(u16, Value)>>>);

impl Receiver {
    pub async fn start() -> Self {
        let (calls, answers): Kept = Kept::default();
        let router = Router::new()
            .fallback(receive)
            .with_state((calls.clone(), answers.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tasks = tokio_util::task::TaskTracker::new();
        let server = tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            calls,
            answers,
            _server: AbortOnDropHandle::new(server),
        }
    }

    /// Queues answers for the next calls.
    pub fn answer(&self, status: u16, body: Value, times: usize) {
        let mut answers = self.answers.lock().unwrap();
        answers.extend(std::iter::repeat_n((status, body), times));
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls whose webhook topic is `topic`.
    pub fn of_topic(&self, topic: &str) -> Vec<Call> {
        let calls = self.calls();
        calls
            .into_iter()
            .filter(|call| call.headers.get("x-shopify-topic").is_some_and(|t| t == topic))
            .collect()
    }

    pub async fn first_of(&self, topic: &str) -> Call {
        eventually(topic, || self.of_topic(topic).into_iter().next()).await
    }
}

async fn receive(
    State((calls, answers)): State<Kept>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    calls.lock().unwrap().push(Call {
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    });
    let (status, body) = answers.lock().unwrap().pop_front().unwrap_or((200, Value::Null));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    (StatusCode::from_u16(status).unwrap(), body)
}

/// Subscribes the receiver to topics, as enum values.
pub async fn subscribe(world: &World, receiver: &Receiver, topics: &[&str]) {
    for topic in topics {
        let variables = json!({ "topic": topic, "webhookSubscription": { "uri": format!("{}/hooks", receiver.url) } });
        let data = world.gql("WebhookSubscriptionCreate", variables).await;
        assert_eq!(data["webhookSubscriptionCreate"]["userErrors"], json!([]), "{topic}");
    }
}
