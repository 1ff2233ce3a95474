//! Deliveries out of the pretend Shopify: webhooks with their headers, signature, retries and the
//! deletion of subscriptions that never answer.
//! What is sent is decided by `state`; this module decides to whom, when, and how often.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use crate::{
    callbacks,
    clock::iso_nanos,
    faults::WebhookFault,
    log::Journal,
    search::Search,
    shop::Shop,
    shopify::Inner,
    signing::body_signature,
    state::{Outgoing, ShopState},
};

const RETRIES: u32 = 8;
const MAX_IN_FLIGHT: usize = 64;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The version that app-configured (compliance) webhooks are sent in.
const COMPLIANCE_VERSION: &str = "2026-10";

/// What deliveries share.
#[derive(Debug)]
pub(crate) struct Webhooks {
    pub journal: Journal<DeliveryRecord>,
    in_flight: Semaphore,
    outstanding: AtomicUsize,
    limit: usize,
    /// Woken whenever a delivery has gone out; releases those held back by a reorder fault.
    sent: Notify,
}

impl Webhooks {
    pub fn new(limit: usize) -> Self {
        Self {
            journal: Journal::new(limit),
            in_flight: Semaphore::new(MAX_IN_FLIGHT),
            outstanding: AtomicUsize::new(0),
            limit,
            sent: Notify::new(),
        }
    }
}

/// One delivery and how it went.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryRecord {
    pub webhook_id: String,
    pub event_id: String,
    pub topic: String,
    pub shop: String,
    /// The order that it tells of, where it tells of one.
    pub order_id: Option<i64>,
    pub uri: String,
    pub triggered_at: DateTime<Utc>,
    pub attempts: Vec<AttemptRecord>,
    pub state: DeliveryState,
}

/// One try at a delivery.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptRecord {
    pub at: DateTime<Utc>,
    pub status: Option<u16>,
    pub error: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// A fault swallowed it, or too many others were waiting.
    Dropped,
    /// Every retry failed.
    Failed,
}

/// Something that a change sends.
#[derive(Debug)]
pub(crate) enum Planned {
    Webhook(Webhook),
    /// A notification to a fulfillment service.
    Callback {
        url: String,
        kind: &'static str,
    },
}

/// A webhook to send, with everything fixed that retries repeat.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    topic: &'static str,
    /// The same in every attempt.
    id: String,
    event_id: String,
    api_version: String,
    name: Option<String>,
    triggered_at: DateTime<Utc>,
    order_id: Option<i64>,
    /// `None` for app-configured ones, which are never deleted.
    subscription: Option<i64>,
    uri: String,
    body: Bytes,
}

/// The client that delivers: no redirects, Shopify's time limits.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .timeout(timeout)
        .user_agent("Shopify-Captain-Hook")
        .no_proxy()
        .build()
}

/// Turns what a change caused into deliveries to those who subscribed.
pub(crate) fn plan(inner: &Inner, state: &ShopState, outbox: Vec<Outgoing>) -> Vec<Planned> {
    let event_id = Uuid::new_v4().to_string();
    let triggered_at = inner.config.clock.now();
    let mut planned = Vec::new();
    for outgoing in outbox {
        match outgoing {
            Outgoing::Callback { url, kind } => planned.push(Planned::Callback { url, kind }),
            Outgoing::Webhook { topic, payload } => {
                let wanted = topic.replace('/', "_").to_ascii_uppercase();
                let order_id = order_of(state, topic, &payload);
                let subscribed = state.subscriptions.values();
                let hearing = subscribed
                    .filter(|s| s.topic == wanted && s.uri.starts_with("http"))
                    .filter(|s| s.filter.as_deref().is_none_or(|filter| passes(filter, &payload)));
                planned.extend(hearing.map(|subscription| {
                    Planned::Webhook(Webhook {
                        topic,
                        id: Uuid::new_v4().to_string(),
                        event_id: event_id.clone(),
                        api_version: subscription.api_version.clone(),
                        name: subscription.name.clone(),
                        triggered_at,
                        order_id,
                        subscription: Some(subscription.id),
                        uri: subscription.uri.clone(),
                        body: Bytes::from(only(&payload, &subscription.include_fields).to_string()),
                    })
                }));
            }
        }
    }
    planned
}

/// The order that a payload is about; fulfillment orders are named by their GID alone.
fn order_of(state: &ShopState, topic: &str, payload: &Value) -> Option<i64> {
    let own = topic.starts_with("orders/").then(|| payload["id"].as_i64()).flatten();
    let named = payload["order_id"]
        .as_i64()
        .or(payload["order_edit"]["order_id"].as_i64());
    let gid = [
        "fulfillment_order",
        "original_fulfillment_order",
        "moved_fulfillment_order",
    ]
    .iter()
    .find_map(|field| payload[field]["id"].as_str());
    let by_fulfillment_order = || {
        let id = gid?.rsplit('/').next()?.parse().ok()?;
        state.fulfillment_orders.get(&id).map(|fo| fo.order_id)
    };
    let by_order = || payload["order"]["id"].as_str()?.rsplit('/').next()?.parse().ok();
    named.or(own).or_else(by_fulfillment_order).or_else(by_order)
}

fn passes(filter: &str, payload: &Value) -> bool {
    Search::parse(filter)
        .fits(|term| Some(term.json(payload)))
        .unwrap_or(false)
}

/// The fields that a subscription asked for; all of them when it named none.
fn only(payload: &Value, fields: &[String]) -> Value {
    let Value::Object(all) = payload else {
        return payload.clone();
    };
    if fields.is_empty() {
        return payload.clone();
    }
    let kept = all
        .iter()
        .filter(|(key, _)| fields.iter().any(|f| f.split('.').next() == Some(key)));
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// Sends a compliance webhook to the app-configured address.
pub(crate) fn compliance(shop: &Shop, topic: &'static str, body: &Value) {
    let Some(uri) = shop.inner.compliance_uri() else { return };
    let webhook = Webhook {
        topic,
        id: Uuid::new_v4().to_string(),
        event_id: Uuid::new_v4().to_string(),
        api_version: COMPLIANCE_VERSION.to_owned(),
        name: None,
        triggered_at: shop.inner.config.clock.now(),
        order_id: None,
        subscription: None,
        uri,
        body: Bytes::from(body.to_string()),
    };
    dispatch(shop, vec![Planned::Webhook(webhook)]);
}

/// Starts the deliveries; each goes its own way, so nothing promises their order.
pub(crate) fn dispatch(shop: &Shop, planned: Vec<Planned>) {
    for planned in planned {
        match planned {
            Planned::Callback { url, kind } => callbacks::notify(shop, &url, kind),
            Planned::Webhook(webhook) => start(shop, webhook),
        }
    }
}

fn start(shop: &Shop, webhook: Webhook) {
    let webhooks = &shop.inner.webhooks;
    webhooks.journal.push(DeliveryRecord {
        webhook_id: webhook.id.clone(),
        event_id: webhook.event_id.clone(),
        topic: webhook.topic.to_owned(),
        shop: shop.cell.domain.clone(),
        order_id: webhook.order_id,
        uri: webhook.uri.clone(),
        triggered_at: webhook.triggered_at,
        attempts: Vec::new(),
        state: DeliveryState::Pending,
    });
    if webhooks.outstanding.load(Ordering::Relaxed) >= webhooks.limit {
        return settle(&shop.inner, &webhook, DeliveryState::Dropped);
    }
    webhooks.outstanding.fetch_add(1, Ordering::Relaxed);
    let fault = shop.inner.faults.on_webhook(webhook.topic);
    let (shop, inner) = (shop.clone(), shop.inner.clone());
    inner.spawn(async move {
        with_fault(&shop, webhook, fault).await;
        shop.inner.webhooks.outstanding.fetch_sub(1, Ordering::Relaxed);
    });
}

async fn with_fault(shop: &Shop, webhook: Webhook, fault: Option<WebhookFault>) {
    match fault {
        Some(WebhookFault::Drop) => return settle(&shop.inner, &webhook, DeliveryState::Dropped),
        Some(WebhookFault::Delay { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(WebhookFault::Reorder) => shop.inner.webhooks.sent.notified().await,
        Some(WebhookFault::Duplicate { copies }) => {
            for _ in 1..copies {
                let (shop, webhook) = (shop.clone(), webhook.clone());
                shop.inner.clone().spawn(async move { deliver(&shop, &webhook).await });
            }
        }
        None => {}
    }
    deliver(shop, &webhook).await;
}

/// Tries until it is taken or the retries are used up.
async fn deliver(shop: &Shop, webhook: &Webhook) {
    let mut pause = shop.inner.config.first_webhook_retry;
    for attempt in 0..=RETRIES {
        if attempt > 0 {
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        if send(shop, webhook).await {
            return settle(&shop.inner, webhook, DeliveryState::Delivered);
        }
    }
    settle(&shop.inner, webhook, DeliveryState::Failed);
    if let Some(id) = webhook.subscription {
        // As Shopify does with subscriptions made through the API; the app's TOML ones stay.
        shop.change(|state| drop(state.subscriptions.remove(&id)));
    }
}

async fn send(shop: &Shop, webhook: &Webhook) -> bool {
    let inner = &shop.inner;
    let Ok(_permit) = inner.webhooks.in_flight.acquire().await else {
        return false;
    };
    let at = inner.config.clock.now();
    let mut request = inner
        .http
        .post(&webhook.uri)
        .header("Content-Type", "application/json")
        .header("X-Shopify-Topic", webhook.topic)
        .header(
            "X-Shopify-Hmac-Sha256",
            body_signature(&inner.signing_secret(), &webhook.body),
        )
        .header("X-Shopify-Shop-Domain", &shop.cell.domain)
        .header("X-Shopify-API-Version", &webhook.api_version)
        .header("X-Shopify-Webhook-Id", &webhook.id)
        .header("X-Shopify-Event-Id", &webhook.event_id)
        .header("X-Shopify-Triggered-At", iso_nanos(webhook.triggered_at))
        .body(webhook.body.clone());
    if let Some(name) = &webhook.name {
        request = request.header("X-Shopify-Name", name);
    }
    let (status, error) = match request.send().await {
        Ok(response) => (Some(response.status()), None),
        Err(error) => (None, Some(error.without_url().to_string())),
    };
    let attempt = AttemptRecord {
        at,
        status: status.map(|s| s.as_u16()),
        error,
    };
    let this = |record: &DeliveryRecord| record.webhook_id == webhook.id;
    inner
        .webhooks
        .journal
        .update(this, |record| record.attempts.push(attempt));
    inner.webhooks.sent.notify_waiters();
    status.is_some_and(|status| status.is_success())
}

fn settle(inner: &Inner, webhook: &Webhook, state: DeliveryState) {
    let this = |record: &DeliveryRecord| record.webhook_id == webhook.id;
    inner.webhooks.journal.update(this, |record| record.state = state);
}
