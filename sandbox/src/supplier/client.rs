//! The supplier's side of Orderyard's supplier API: acknowledge, ship, answer a cancellation, put
//! inventory, list purchase orders. Repeats what got no clear answer, as the API lets it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::book::{self, Parcel};

const TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why a call to the supplier API did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("the supplier has no Orderyard to call: give it a URL and an API key")]
    NoOrderyard,
    #[error("Orderyard refused with {status}: {body}")]
    Refused { status: u16, body: String },
    #[error("Orderyard could not be reached")]
    Unreachable(#[source] reqwest::Error),
}

/// A caller of the supplier API.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
    tries: u32,
}

impl Client {
    pub fn http() -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()
    }

    pub fn new(http: reqwest::Client, orderyard_url: &str, key: &str, tries: u32) -> Self {
        Self {
            http,
            tries,
            base: format!("{}/supplier/v1", orderyard_url.trim_end_matches('/')),
            key: key.to_owned(),
        }
    }

    pub async fn acknowledge(&self, id: &str, acknowledgement: &Value) -> Result<Value, ApiError> {
        self.call(
            Method::POST,
            &format!("purchase-orders/{id}/acknowledgements"),
            acknowledgement,
        )
        .await
    }

    pub async fn ship(&self, id: &str, parcel: &Parcel) -> Result<Value, ApiError> {
        let path = format!("purchase-orders/{id}/shipments");
        self.call(Method::POST, &path, &book::parcel(parcel)).await
    }

    pub async fn retrack(&self, id: &str, reference: &str, carrier: &str, number: &str) -> Result<Value, ApiError> {
        let body = json!({ "carrier": carrier, "tracking_number": number });
        self.call(
            Method::PUT,
            &format!("purchase-orders/{id}/shipments/{reference}/tracking"),
            &body,
        )
        .await
    }

    pub async fn answer_cancellation(&self, id: &str, accepted: bool, reason: Option<&str>) -> Result<Value, ApiError> {
        let mut body = json!({ "accepted": accepted });
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
        self.call(Method::POST, &format!("purchase-orders/{id}/cancellation"), &body)
            .await
    }

    pub async fn put_inventory(
        &self,
        items: &[(String, u32)],
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Value, ApiError> {
        let items: Vec<_> = items
            .iter()
            .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
            .collect();
        let mut body = json!({ "items": items });
        if let Some(as_of) = as_of {
            body["as_of"] = json!(as_of.to_rfc3339());
        }
        self.call(Method::PUT, "inventory", &body).await
    }

    pub async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.call(Method::GET, path, &Value::Null).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, ApiError> {
        let mut pause = FIRST_PAUSE;
        let mut last = None;
        for attempt in 0..self.tries {
            if attempt > 0 {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            let mut request = self
                .http
                .request(method.clone(), format!("{}/{path}", self.base))
                .bearer_auth(&self.key);
            if !body.is_null() {
                request = request.json(body);
            }
            match request.send().await {
                Ok(response) if may_repeat(response.status()) => {
                    last = Some(ApiError::Refused {
                        status: response.status().as_u16(),
                        body: String::new(),
                    });
                }
                Ok(response) => return read(response).await,
                Err(error) => last = Some(ApiError::Unreachable(error.without_url())),
            }
        }
        Err(last.unwrap_or(ApiError::NoOrderyard))
    }
}

fn may_repeat(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

async fn read(response: reqwest::Response) -> Result<Value, ApiError> {
    let status = response.status();
    let body = response
        .text()
        .await
        .map_err(|error| ApiError::Unreachable(error.without_url()))?;
    if !status.is_success() {
        return Err(ApiError::Refused {
            status: status.as_u16(),
            body,
        });
    }
    Ok(serde_json::from_str(&body).unwrap_or(Value::Null))
}
