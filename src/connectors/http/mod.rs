//! Suppliers with an HTTP endpoint: signed calls by the Standard Webhooks
//! specification. `docs/supplier-contract.md` is what both sides agreed on.
//!
//! This file owns the call itself: where it may go, how long it may take, how
//! much may come back. [`wire`] owns the bodies, [`sign`] the signatures,
//! [`classify`] the meaning of failures, [`read`] what is asked without effect.

pub mod classify;
pub mod read;
pub mod sign;
pub mod wire;

use std::time::Duration;

use async_trait::async_trait;
use http::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use ipnet::IpNet;
use reqwest::{Client, Response, redirect};
use serde::Serialize;
use url::Url;

use self::{
    classify::{call_error, guard_error, status_error},
    sign::SigningSecrets,
    wire::{CancelData, Envelope, EventType, PurchaseOrderData},
};
use super::{
    CallKey, CancelAnswer, Capabilities, ConnectorError, OrderReader, OutgoingCancellation, OutgoingPurchaseOrder,
    PlaceAnswer, ReadBack, SupplierConnector, Target,
    guard::{Guard, GuardError},
};
use crate::domain::supplier::ConnectorKind;

/// The longest that making a connection may take; no longer than the whole call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The most of an answer that is read.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// By the contract, this code on a 409 means: the order is already here.
const ALREADY_PLACED: &str = "ALREADY_PLACED";

/// Calls suppliers' endpoints. One for the whole program: it pools connections.
pub struct HttpConnector {
    encrypted: (Guard, Client),
    /// Plain HTTP, for the networks that the operator allowed and no others.
    plain: (Guard, Client),
}

/// What came back with a 2xx (or stands for one).
struct Taken {
    body: Vec<u8>,
    /// The answer broke off or was too long.
    cut_off: bool,
}

impl HttpConnector {
    /// `supplier_networks` are the private networks that may be called; `timeout`
    /// is for a whole call, to the last byte of the answer.
    pub fn new(supplier_networks: &[IpNet], timeout: Duration) -> Result<Self, reqwest::Error> {
        let with = |guard: Guard| Ok((guard.clone(), client(guard, timeout)?));
        Ok(Self {
            encrypted: with(Guard::public_and(supplier_networks))?,
            plain: with(Guard::only(supplier_networks))?,
        })
    }

    /// Makes one signed call.
    async fn call<D: Serialize + Sync>(
        &self,
        target: &Target,
        event: EventType,
        data: &D,
        key: &CallKey,
    ) -> Result<Taken, ConnectorError> {
        let (url, client, secrets) = self.prepare(target)?;
        let host = shown_host(url);
        let body = serde_json::to_vec(&Envelope::new(event, key.occurred_at, data))
            .map_err(|_| ConnectorError::never("the purchase order cannot be written as JSON"))?;
        let timestamp = key.attempted_at.timestamp();
        let response = client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header("webhook-id", &key.webhook_id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", secrets.sign(&key.webhook_id, timestamp, &body))
            .body(body)
            .send()
            .await
            .map_err(|error| explained(url, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let taken = read_bounded(response).await;
        if status.is_success() {
            return Ok(taken);
        }
        let code = wire::refusal_code(&taken.body);
        if status == StatusCode::CONFLICT && code.as_deref() == Some(ALREADY_PLACED) {
            return Ok(taken);
        }
        Err(status_error(&host, status, &headers, code.as_deref(), key.attempted_at))
    }

    /// Everything that can be refused before anything is sent.
    fn prepare<'a>(&'a self, target: &'a Target) -> Result<(&'a Url, &'a Client, SigningSecrets), ConnectorError> {
        let url = target
            .endpoint
            .as_ref()
            .ok_or_else(|| ConnectorError::never("the supplier has no endpoint; enter its address"))?;
        let refused = |verdict| guard_error(&shown_host(url), verdict);
        let (guard, client) = match url.scheme() {
            "https" => &self.encrypted,
            "http" => &self.plain,
            _ => return Err(refused(GuardError::Scheme)),
        };
        guard
            .check_url(url)
            .map_err(|verdict| refused(for_scheme(url, verdict)))?;
        let secrets = target
            .secret
            .as_ref()
            .ok_or(sign::SecretError::Missing)
            .and_then(SigningSecrets::parse)
            .map_err(|error| ConnectorError::never(format!("the supplier cannot be called: {error}")))?;
        Ok((url, client, secrets))
    }
}

#[async_trait]
impl SupplierConnector for HttpConnector {
    fn kind(&self) -> ConnectorKind {
        ConnectorKind::Http
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            calls_out: true,
            can_update: true,
            can_cancel: true,
            settles_unknown: ReadBack::RepeatSameKey,
        }
    }

    fn reader(&self) -> Option<&dyn OrderReader> {
        Some(self)
    }

    fn check(&self, target: &Target) -> Result<(), ConnectorError> {
        self.prepare(target).map(drop)
    }

    async fn place(
        &self,
        target: &Target,
        order: &OutgoingPurchaseOrder,
        key: &CallKey,
    ) -> Result<PlaceAnswer, ConnectorError> {
        let data = PurchaseOrderData::from(order);
        let taken = self.call(target, EventType::Created, &data, key).await?;
        Ok(taken.place_answer())
    }

    async fn update(
        &self,
        target: &Target,
        order: &OutgoingPurchaseOrder,
        key: &CallKey,
    ) -> Result<PlaceAnswer, ConnectorError> {
        let data = PurchaseOrderData::from(order);
        let taken = self.call(target, EventType::Updated, &data, key).await?;
        Ok(taken.place_answer())
    }

    async fn request_cancel(
        &self,
        target: &Target,
        cancellation: &OutgoingCancellation,
        key: &CallKey,
    ) -> Result<CancelAnswer, ConnectorError> {
        let data = CancelData::from(cancellation);
        let taken = self.call(target, EventType::CancelRequested, &data, key).await?;
        Ok(taken.cancel_answer())
    }
}

impl Taken {
    const CUT_OFF: &str = "The supplier took the call, but its answer broke off or was too long to read";

    fn place_answer(&self) -> PlaceAnswer {
        if self.cut_off {
            let remark = Some(Self::CUT_OFF.to_owned());
            return PlaceAnswer::Received { remark };
        }
        wire::read_place_answer(&self.body)
    }

    fn cancel_answer(&self) -> CancelAnswer {
        if self.cut_off {
            let remark = Some(Self::CUT_OFF.to_owned());
            return CancelAnswer::Received { remark };
        }
        wire::read_cancel_answer(&self.body)
    }
}

fn client(guard: Guard, timeout: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("Orderyard/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout / 2))
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .dns_resolver(guard)
        .build()
}

/// Reads at most [`MAX_ANSWER_BYTES`], counted after decompression.
async fn read_bounded(mut response: Response) -> Taken {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => body.extend_from_slice(&chunk),
            Ok(None) => return Taken { body, cut_off: false },
            Ok(Some(_)) | Err(_) => {
                return Taken {
                    body: Vec::new(),
                    cut_off: true,
                };
            }
        }
    }
}

fn explained(url: &Url, error: &reqwest::Error) -> ConnectorError {
    let host = shown_host(url);
    match super::guard::verdict(error) {
        Some(verdict) => guard_error(&host, for_scheme(url, verdict)),
        None => call_error(&host, error),
    }
}

/// An http:// address that is not private is refused for what it is.
fn for_scheme(url: &Url, verdict: GuardError) -> GuardError {
    match verdict {
        GuardError::Forbidden if url.scheme() == "http" => GuardError::Scheme,
        other => other,
    }
}

/// The host alone: a path or query may hold what is nobody's business.
fn shown_host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the endpoint".to_owned(),
    }
}
