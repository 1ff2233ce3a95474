//! What Shopify asks of a fulfillment service's address: notifications that something waits, and,
//! when asked to by a test, the hourly questions for stock and tracking numbers.

use std::{collections::BTreeSet, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    shop::Shop,
    shopify::lock,
    signing::{body_signature, mac},
};

/// When a fulfillment service was last notified and what waits for the next time.
#[derive(Debug, Default)]
pub(crate) struct CallbackGate {
    last: Option<tokio::time::Instant>,
    waiting: BTreeSet<&'static str>,
}

/// What a fulfillment service answered to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct CallbackAnswer {
    pub status: u16,
    /// `null` when the answer was not JSON.
    pub body: Value,
}

/// Notifies a fulfillment service, at most once per interval; what comes sooner waits and is
/// merged, one notification per kind.
pub(crate) fn notify(shop: &Shop, url: &str, kind: &'static str) {
    let url = format!("{}/fulfillment_order_notification", url.trim_end_matches('/'));
    let interval = shop.inner.config.callback_interval;
    let wait = {
        let mut gates = lock(&shop.cell.callbacks);
        let gate = gates.entry(url.clone()).or_default();
        if !gate.waiting.insert(kind) {
            return;
        }
        gate.last
            .map_or(Duration::ZERO, |last| interval.saturating_sub(last.elapsed()))
    };
    let (shop, inner) = (shop.clone(), shop.inner.clone());
    inner.spawn(async move {
        tokio::time::sleep(wait).await;
        if let Some(gate) = lock(&shop.cell.callbacks).get_mut(&url) {
            gate.waiting.remove(kind);
            gate.last = Some(tokio::time::Instant::now());
        }
        let body = json!({ "kind": kind }).to_string();
        let request = shop
            .inner
            .http
            .post(&url)
            .header("Content-Type", "application/json")
            .header(
                "X-Shopify-Hmac-Sha256",
                body_signature(&shop.inner.signing_secret(), body.as_bytes()),
            )
            .header("X-Shopify-Shop-Domain", shop.domain())
            .body(body);
        if let Err(error) = request.send().await {
            tracing::debug!(error = %error.without_url(), "a fulfillment service was not reached");
        }
    });
}

impl Shop {
    /// Asks the service at this location for its stock, of one SKU or of all, as Shopify does every
    /// hour when the service manages inventory.
    pub async fn fetch_stock(&self, location_id: i64, sku: Option<&str>) -> Result<CallbackAnswer, reqwest::Error> {
        let mut query = vec![
            ("max_retries".to_owned(), "3".to_owned()),
            ("shop".to_owned(), self.domain().to_owned()),
            (
                "timestamp".to_owned(),
                self.inner.config.clock.now().timestamp().to_string(),
            ),
        ];
        query.extend(sku.map(|sku| ("sku".to_owned(), sku.to_owned())));
        self.ask_service(location_id, "fetch_stock", query).await
    }

    /// Asks the service at this location for the tracking numbers of fulfillments by their names.
    pub async fn fetch_tracking_numbers(
        &self,
        location_id: i64,
        names: &[&str],
    ) -> Result<CallbackAnswer, reqwest::Error> {
        let mut query = vec![("shop".to_owned(), self.domain().to_owned())];
        query.extend(
            names
                .iter()
                .map(|name| ("order_names[]".to_owned(), (*name).to_owned())),
        );
        self.ask_service(location_id, "fetch_tracking_numbers", query).await
    }

    async fn ask_service(
        &self,
        location_id: i64,
        question: &str,
        mut query: Vec<(String, String)>,
    ) -> Result<CallbackAnswer, reqwest::Error> {
        query.sort();
        let base = self
            .read(|state| state.service_at(location_id)?.callback_url.clone())
            .unwrap_or_default();
        // Which string is signed is not documented; staff say the sorted parameters.
        let signed: Vec<_> = query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let signature = STANDARD.encode(mac(
            self.inner.signing_secret().as_bytes(),
            &[signed.join("&").as_bytes()],
        ));
        let request = self
            .inner
            .http
            .get(format!("{}/{question}", base.trim_end_matches('/')))
            .query(&query);
        let response = request.header("X-Shopify-Hmac-Sha256", signature).send().await?;
        Ok(CallbackAnswer {
            status: response.status().as_u16(),
            body: response.json().await.unwrap_or(Value::Null),
        })
    }
}
