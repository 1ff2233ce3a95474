//! Asking a supplier's system how a purchase order stands: the one call of the contract that has no
//! effect, and so the one that may be made or left at any time.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header::ACCEPT};
use serde::Deserialize;
use url::Url;

use super::{HttpConnector, classify::status_error, explained, read_bounded, shown_host, wire};
use crate::{
    connectors::{CallKey, ConnectorError, ErrorClass, OrderReader, ReadAnswer, Target},
    domain::{
        parcel::{Parcel, ParcelLine, Tracking},
        supplier_state::{LineState, SupplierState},
    },
    ids::PoLineId,
};

/// The query parameter that names the purchase order.
const PARAMETER: &str = "purchase_order";
/// By the contract, this code on a 404 means: we can be asked, and have no such order.
const UNKNOWN_ORDER: &str = "UNKNOWN_ORDER";
/// More parcels than a purchase order has are a broken answer.
const MAX_PARCELS: usize = 1000;

#[async_trait]
impl OrderReader for HttpConnector {
    async fn read(&self, target: &Target, number: &str, key: &CallKey) -> Result<ReadAnswer, ConnectorError> {
        let (url, client, secrets) = self.prepare(target)?;
        let host = shown_host(url);
        let timestamp = key.attempted_at.timestamp();
        let response = client
            .get(asking(url, number))
            .header(ACCEPT, "application/json")
            .header("webhook-id", &key.webhook_id)
            .header("webhook-timestamp", timestamp)
            // There is no body: the number stands in its place, so that a signature is for one order.
            .header(
                "webhook-signature",
                secrets.sign(&key.webhook_id, timestamp, number.as_bytes()),
            )
            .send()
            .await
            .map_err(|error| without_effect(explained(url, &error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let taken = read_bounded(response).await;
        if !status.is_success() {
            let code = wire::refusal_code(&taken.body);
            return refused(&host, status, &headers, code.as_deref(), key.attempted_at);
        }
        let state = (!taken.cut_off).then(|| read_state(&taken.body)).flatten();
        state.map(ReadAnswer::Known).ok_or_else(|| {
            ConnectorError::never(format!(
                "{host} answered {}, but not in the agreed form",
                status.as_u16()
            ))
        })
    }
}

fn asking(endpoint: &Url, number: &str) -> Url {
    let mut url = endpoint.clone();
    url.query_pairs_mut().append_pair(PARAMETER, number);
    url
}

fn refused(
    host: &str,
    status: StatusCode,
    headers: &HeaderMap,
    code: Option<&str>,
    now: DateTime<Utc>,
) -> Result<ReadAnswer, ConnectorError> {
    match status.as_u16() {
        404 if code == Some(UNKNOWN_ORDER) => Ok(ReadAnswer::NotThere),
        404 | 405 | 501 => Ok(ReadAnswer::NotOffered {
            status: status.as_u16(),
        }),
        _ => Err(without_effect(status_error(host, status, headers, code, now))),
    }
}

/// Nothing can have been taken: what is not known of a call with an effect is only a failure of this.
fn without_effect(error: ConnectorError) -> ConnectorError {
    match error.class {
        ErrorClass::Unknown => ConnectorError::later(error.message),
        _ => error,
    }
}

#[derive(Deserialize)]
struct StateReply {
    reference: Option<String>,
    lines: Vec<LineStateReply>,
    #[serde(default)]
    shipments: Vec<ParcelReply>,
}

#[derive(Deserialize)]
struct LineStateReply {
    #[serde(flatten)]
    answer: wire::LineReply,
    #[serde(default)]
    cancelled: u32,
}

#[derive(Deserialize)]
struct ParcelReply {
    reference: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    tracking_url: Option<String>,
    shipped_at: Option<DateTime<Utc>>,
    lines: Vec<ParcelLineReply>,
}

#[derive(Deserialize)]
struct ParcelLineReply {
    line_id: PoLineId,
    quantity: u32,
}

/// Reads how an order stands; none where the answer does not have the agreed form.
#[must_use]
pub fn read_state(body: &[u8]) -> Option<SupplierState> {
    let reply: StateReply = serde_json::from_slice(body).ok()?;
    if reply.lines.len() > wire::MAX_LINES || reply.shipments.len() > MAX_PARCELS {
        return None;
    }
    let line = |line: LineStateReply| LineState {
        cancelled: line.cancelled,
        answer: line.answer.into_answer(),
    };
    Some(SupplierState {
        reference: reply
            .reference
            .and_then(|text| wire::shortened(&text, wire::MAX_REFERENCE)),
        lines: reply.lines.into_iter().map(line).collect(),
        parcels: reply.shipments.into_iter().map(ParcelReply::into_parcel).collect(),
    })
}

impl ParcelReply {
    fn into_parcel(self) -> Parcel {
        let line = |line: ParcelLineReply| ParcelLine {
            line: line.line_id,
            quantity: line.quantity,
        };
        Parcel {
            reference: self.reference,
            tracking: Tracking {
                carrier: self.carrier,
                number: self.tracking_number,
                url: self.tracking_url,
            },
            shipped_at: self.shipped_at,
            lines: self.lines.into_iter().map(line).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "0199f0a0-0000-7000-8000-000000000001";

    #[test]
    fn the_number_is_added_to_whatever_the_address_holds() {
        let url = |text: &str| asking(&text.parse().expect("a URL"), "DEMO-1001-1").to_string();
        assert_eq!(
            url("https://north.example/orders"),
            "https://north.example/orders?purchase_order=DEMO-1001-1"
        );
        assert_eq!(
            url("https://north.example/?from=shop"),
            "https://north.example/?from=shop&purchase_order=DEMO-1001-1"
        );
    }

    #[test]
    fn reads_lines_and_parcels() {
        let state = read_state(
            format!(
                r#"{{"number": "X", "reference": "SO-7", "lines": [
                    {{"line_id": "{LINE}", "accepted": 1, "rejected": 1, "cancelled": 2, "reason": "EATEN"}}],
                    "shipments": [{{"reference": "P-1", "carrier": "UPS", "tracking_number": "1Z",
                      "shipped_at": "2026-11-21T10:00:00Z", "lines": [{{"line_id": "{LINE}", "quantity": 1}}]}}]}}"#
            )
            .as_bytes(),
        )
        .expect("the agreed form");
        assert_eq!(state.reference.as_deref(), Some("SO-7"));
        assert_eq!((state.lines[0].cancelled, state.lines[0].answer.accepted), (2, 1));
        assert_eq!(state.parcels[0].tracking.number.as_deref(), Some("1Z"));
        assert!(state.parcels[0].shipped_at.is_some());
        for broken in [
            "",
            "OK",
            "[]",
            "{}",
            r#"{"lines": [{"accepted": 1}]}"#,
            r#"{"lines": 1}"#,
        ] {
            assert_eq!(read_state(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn tells_a_missing_order_from_a_missing_answer() {
        let read = |status: u16, code: Option<&str>| {
            let status = StatusCode::from_u16(status).expect("a status");
            refused("north.example", status, &HeaderMap::new(), code, DateTime::UNIX_EPOCH)
        };
        assert_eq!(read(404, Some(UNKNOWN_ORDER)), Ok(ReadAnswer::NotThere));
        for status in [404, 405, 501] {
            assert_eq!(read(status, None), Ok(ReadAnswer::NotOffered { status }));
        }
        let class = |status| read(status, None).expect_err("refused").class;
        assert_eq!(class(500), ErrorClass::Later, "nothing can have been taken");
        assert_eq!(class(403), ErrorClass::Never);
        assert!(matches!(class(429), ErrorClass::After(_)));
    }
}
