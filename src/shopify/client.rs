//! The Admin API client: one POST per operation, within time and size limits, each answer typed or
//! classified.
//!
//! Owns the wire. Leaves to the caller: the token, the shop's cost budget (see `throttle`), intents
//! and retries. The operations themselves are methods in `orders`, `fulfillments`, `catalog`,
//! `shop`, `services` and `subscriptions`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use webhooks::ShopDomain;

use super::answer::{self, Answer};
use super::error::{ApiError, Trouble};
use super::operations::Operation;
use super::origin::{Http, Origin, ReadError, read_limited};

pub use crate::config::SHOPIFY_API_VERSION as API_VERSION;

/// A shop and the token to call it with.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    pub shop: &'a ShopDomain,
    pub token: &'a SecretString,
}

/// How much one call may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub timeout: Duration,
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            timeout: Duration::from_secs(10),
            answer_bytes: 16 * 1024 * 1024,
        }
    }
}

/// How much of a refusal's body is looked at.
const REFUSAL_BYTES: usize = 4096;

/// The Admin API of every shop.
#[derive(Debug)]
pub struct AdminApi {
    http: Http,
    origin: Origin,
    version: String,
    limits: Limits,
    warned_of_version: AtomicBool,
}

impl AdminApi {
    pub fn new(http: Http, origin: Origin, version: impl Into<String>) -> AdminApi {
        AdminApi {
            http,
            origin,
            version: version.into(),
            limits: Limits::default(),
            warned_of_version: AtomicBool::new(false),
        }
    }

    #[must_use]
    pub fn with_limits(self, limits: Limits) -> AdminApi {
        AdminApi { limits, ..self }
    }

    /// Sends one operation and reads its answer.
    pub(super) async fn call<O: Operation>(
        &self,
        access: &Access<'_>,
        variables: O::Variables,
    ) -> Result<Answer<O::ResponseData>, ApiError> {
        let result = self.exchange::<O>(access, variables).await;
        let outcome = result.as_ref().map_or_else(ApiError::label, |_| "ok");
        metrics::counter!("shopify_calls_total", "operation" => O::NAME, "outcome" => outcome).increment(1);
        if let Err(error) = &result {
            tracing::debug!(operation = O::NAME, shop = %access.shop, %error, "call failed");
        }
        result
    }

    async fn exchange<O: Operation>(
        &self,
        access: &Access<'_>,
        variables: O::Variables,
    ) -> Result<Answer<O::ResponseData>, ApiError> {
        let path = format!("/admin/api/{}/graphql.json", self.version);
        let url = self
            .origin
            .url(access.shop, &path)
            .map_err(|error| ApiError::NotSent(error.to_string()))?;
        let mut token = HeaderValue::from_str(access.token.expose_secret()).map_err(|_| ApiError::Unauthorized)?;
        token.set_sensitive(true);
        let response = self
            .http
            .client()
            .post(url)
            .timeout(self.limits.timeout)
            .header("X-Shopify-Access-Token", token)
            .json(&O::build_query(variables))
            .send()
            .await
            .map_err(|error| transport(&error, O::IS_MUTATION))?;
        self.check_version(response.headers());
        self.receive(response, O::IS_MUTATION).await
    }

    async fn receive<T: serde::de::DeserializeOwned>(
        &self,
        response: Response,
        is_mutation: bool,
    ) -> Result<Answer<T>, ApiError> {
        let status = response.status();
        if status != StatusCode::OK {
            let wait = retry_after(response.headers());
            let body = read_limited(response, REFUSAL_BYTES).await.unwrap_or_default();
            return Err(answer::refusal(status, wait, &body, is_mutation));
        }
        let at = date(response.headers());
        match read_limited(response, self.limits.answer_bytes).await {
            Ok(body) => answer::read(&body, is_mutation).map(|answer| Answer { at, ..answer }),
            Err(ReadError::TooLarge) => Err(answer::lost(Trouble::TooLarge, None, is_mutation)),
            Err(ReadError::Lost(error)) => Err(transport(&error, is_mutation)),
        }
    }

    /// Shopify answers in another version when ours has reached its end. Every document would have
    /// to be checked again, so the operator is told, once.
    fn check_version(&self, headers: &HeaderMap) {
        let Some(used) = headers
            .get("X-Shopify-API-Version")
            .and_then(|value| value.to_str().ok())
        else {
            return;
        };
        if used == self.version {
            return;
        }
        metrics::counter!("shopify_api_version_mismatch_total").increment(1);
        if !self.warned_of_version.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                asked = %self.version,
                used,
                "Shopify answers in another API version than asked for: upgrade Orderyard"
            );
        }
    }
}

/// What a failure of the transport means: before the connection stands, nothing was sent.
fn transport(error: &reqwest::Error, is_mutation: bool) -> ApiError {
    if error.is_connect() || error.is_builder() {
        return ApiError::NotSent(root_cause(error));
    }
    let trouble = if error.is_timeout() {
        Trouble::TimedOut
    } else {
        Trouble::ConnectionLost
    };
    answer::lost(trouble, None, is_mutation)
}

/// The innermost reason; the outer ones only repeat the URL.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The time by the server's clock.
fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(at.with_timezone(&Utc))
}

/// `Retry-After` in seconds, which Shopify sends as a decimal; never longer than an hour.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_hours(1);
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST))
}
