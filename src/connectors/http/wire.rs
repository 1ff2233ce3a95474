//! The bodies of the `http` connector, both ways: what stands in
//! `docs/supplier-contract.md`, and nothing that is not there.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    connectors::{CancelAnswer, OutgoingCancellation, OutgoingPurchaseOrder, OutgoingShop, PlaceAnswer},
    domain::{address::Address, money::Money, purchase_order::LineAnswer, supplier::RejectReason},
    ids::PoLineId,
};

/// The longest text that is taken over from a supplier's answer, in characters.
const MAX_TEXT: usize = 500;
/// The longest reference that is taken over, in characters.
pub(super) const MAX_REFERENCE: usize = 100;
/// More lines than a purchase order has are a broken answer.
pub(super) const MAX_LINES: usize = 1000;

/// What a call tells the supplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EventType {
    #[serde(rename = "purchase_order.created")]
    Created,
    #[serde(rename = "purchase_order.updated")]
    Updated,
    #[serde(rename = "purchase_order.cancel_requested")]
    CancelRequested,
}

/// The envelope of the Standard Webhooks specification.
#[derive(Debug, Serialize)]
pub struct Envelope<D> {
    r#type: EventType,
    timestamp: String,
    data: D,
}

impl<D: Serialize> Envelope<D> {
    pub fn new(r#type: EventType, occurred_at: DateTime<Utc>, data: D) -> Self {
        Self {
            r#type,
            timestamp: time(occurred_at),
            data,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct PurchaseOrderData<'a> {
    id: String,
    number: &'a str,
    order_name: &'a str,
    shop: ShopData<'a>,
    currency: &'static str,
    ship_by: Option<String>,
    ship_to: ShipTo<'a>,
    lines: Vec<LineData<'a>>,
}

#[derive(Debug, Serialize)]
struct ShopData<'a> {
    name: &'a str,
    domain: &'a str,
}

/// No e-mail address: a parcel does not need one.
#[derive(Debug, Serialize)]
struct ShipTo<'a> {
    name: Option<&'a str>,
    company: Option<&'a str>,
    address_line1: Option<&'a str>,
    address_line2: Option<&'a str>,
    city: Option<&'a str>,
    state_or_region: Option<&'a str>,
    postal_code: Option<&'a str>,
    country_code: Option<&'a str>,
    phone: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct LineData<'a> {
    line_id: PoLineId,
    sku: &'a str,
    title: &'a str,
    quantity: u32,
    unit_cost: Amount,
}

#[derive(Debug, Serialize)]
struct Amount {
    amount: String,
    currency: &'static str,
}

#[derive(Debug, Serialize)]
pub struct CancelData<'a> {
    id: String,
    number: &'a str,
    order_name: &'a str,
    shop: ShopData<'a>,
    reason: Option<&'a str>,
    lines: Vec<CancelledLineData<'a>>,
}

#[derive(Debug, Serialize)]
struct CancelledLineData<'a> {
    line_id: PoLineId,
    sku: &'a str,
    quantity: u32,
}

impl<'a> From<&'a OutgoingPurchaseOrder> for PurchaseOrderData<'a> {
    fn from(order: &'a OutgoingPurchaseOrder) -> Self {
        Self {
            id: order.id.to_string(),
            number: &order.number.0,
            order_name: &order.order_name,
            shop: (&order.shop).into(),
            currency: order.currency.code(),
            ship_by: order.ship_by.map(time),
            ship_to: (&order.ship_to).into(),
            lines: order
                .lines
                .iter()
                .map(|line| LineData {
                    line_id: line.id,
                    sku: &line.sku,
                    title: &line.title,
                    quantity: line.quantity,
                    unit_cost: line.unit_cost.into(),
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a OutgoingCancellation> for CancelData<'a> {
    fn from(cancellation: &'a OutgoingCancellation) -> Self {
        Self {
            id: cancellation.id.to_string(),
            number: &cancellation.number.0,
            order_name: &cancellation.order_name,
            shop: (&cancellation.shop).into(),
            reason: cancellation.reason.as_deref(),
            lines: cancellation
                .lines
                .iter()
                .map(|line| CancelledLineData {
                    line_id: line.id,
                    sku: &line.sku,
                    quantity: line.quantity,
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a OutgoingShop> for ShopData<'a> {
    fn from(shop: &'a OutgoingShop) -> Self {
        Self {
            name: &shop.name,
            domain: &shop.domain,
        }
    }
}

impl<'a> From<&'a Address> for ShipTo<'a> {
    fn from(address: &'a Address) -> Self {
        Self {
            name: address.name.as_deref(),
            company: address.company.as_deref(),
            address_line1: address.address1.as_deref(),
            address_line2: address.address2.as_deref(),
            city: address.city.as_deref(),
            state_or_region: address.province_code.as_deref().or(address.province.as_deref()),
            postal_code: address.zip.as_deref(),
            country_code: address.country_code.as_deref(),
            phone: address.phone.as_deref(),
        }
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self {
            amount: money.decimal(),
            currency: money.currency.code(),
        }
    }
}

/// What a supplier may say to a purchase order. Unknown fields are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlaceReply {
    reference: Option<String>,
    lines: Vec<LineReply>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LineReply {
    line_id: PoLineId,
    #[serde(default)]
    accepted: u32,
    #[serde(default)]
    rejected: u32,
    reason: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CancelReply {
    accepted: Option<bool>,
    reason: Option<String>,
}

/// Reads the body of a 2xx answer to a purchase order. The order *is* placed:
/// what cannot be understood only means that the acknowledgement comes later.
#[must_use]
pub fn read_place_answer(body: &[u8]) -> PlaceAnswer {
    let unread = |remark: &str| PlaceAnswer::Received {
        remark: Some(remark.to_owned()),
    };
    if !is_json_object(body) {
        return PlaceAnswer::Received { remark: None };
    }
    let Ok(reply) = serde_json::from_slice::<PlaceReply>(body) else {
        return unread("The supplier took the order, but its acknowledgement does not have the agreed form");
    };
    if reply.lines.len() > MAX_LINES {
        return unread("The supplier took the order, but its acknowledgement has too many lines");
    }
    let reference = reply.reference.and_then(|text| shortened(&text, MAX_REFERENCE));
    if reference.is_none() && reply.lines.is_empty() {
        return PlaceAnswer::Received { remark: None };
    }
    PlaceAnswer::Acknowledged {
        reference,
        lines: reply.lines.into_iter().map(LineReply::into_answer).collect(),
    }
}

/// Reads the body of a 2xx answer to a request to cancel.
#[must_use]
pub fn read_cancel_answer(body: &[u8]) -> CancelAnswer {
    if !is_json_object(body) {
        return CancelAnswer::Received { remark: None };
    }
    match serde_json::from_slice::<CancelReply>(body) {
        Ok(CancelReply {
            accepted: Some(accepted),
            reason,
        }) => CancelAnswer::Answered {
            accepted,
            reason: reason.and_then(|text| shortened(&text, MAX_TEXT)),
        },
        Ok(CancelReply { accepted: None, .. }) => CancelAnswer::Received { remark: None },
        Err(_) => CancelAnswer::Received {
            remark: Some("The supplier's answer to the cancellation does not have the agreed form".to_owned()),
        },
    }
}

/// The machine-readable `code` of a refusal, if it has one that can be shown.
#[must_use]
pub fn refusal_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
    }
    let Refusal { code } = serde_json::from_slice(body).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    ((1..=40).contains(&code.len()) && code.chars().all(plain)).then_some(code)
}

impl LineReply {
    /// A reason that we do not know is kept as text.
    pub(super) fn into_answer(self) -> LineAnswer {
        let known = self.reason.as_deref().map(str::parse::<RejectReason>);
        let (reason, unknown) = match known {
            None => (None, None),
            Some(Ok(reason)) => (Some(reason), None),
            Some(Err(error)) => (Some(RejectReason::Other), Some(error.word)),
        };
        let message = match (unknown, self.message) {
            (Some(word), Some(message)) => Some(format!("{word}: {message}")),
            (word, message) => message.or(word),
        };
        LineAnswer {
            line: self.line_id,
            accepted: self.accepted,
            rejected: self.rejected,
            reason,
            message: message.and_then(|text| shortened(&text, MAX_TEXT)),
        }
    }
}

/// Anything else (nothing at all, `OK`, a page) says no more than the status did.
fn is_json_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

pub(super) fn shortened(text: &str, longest: usize) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(longest).collect();
    (!text.is_empty()).then_some(text)
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "0199f0a0-0000-7000-8000-000000000001";

    fn acknowledged(body: &str) -> (Option<String>, Vec<LineAnswer>) {
        match read_place_answer(body.as_bytes()) {
            PlaceAnswer::Acknowledged { reference, lines } => (reference, lines),
            PlaceAnswer::Received { remark } => panic!("not acknowledged: {remark:?} ({body})"),
        }
    }

    #[test]
    fn a_2xx_without_lines_is_received() {
        for body in [
            "",
            "OK",
            "  ",
            "<html>",
            "[1]",
            "{}",
            r#"{"ok": true}"#,
            r#"{"reference": " "}"#,
        ] {
            assert_eq!(
                read_place_answer(body.as_bytes()),
                PlaceAnswer::Received { remark: None },
                "{body}"
            );
        }
    }

    #[test]
    fn an_unreadable_acknowledgement_still_means_received() {
        for body in [
            r#"{"lines": 3}"#,
            r#"{"lines": [{"line_id": "x"}]}"#,
            r#"{"reference": 7}"#,
            r#"{"lines": [{"line_id": "0199f0a0-0000-7000-8000-000000000001", "accepted": -1}]}"#,
            "{",
        ] {
            let PlaceAnswer::Received { remark } = read_place_answer(body.as_bytes()) else {
                panic!("acknowledged: {body}")
            };
            assert!(remark.is_some(), "{body}");
        }
    }

    #[test]
    fn reads_lines_and_keeps_an_unknown_reason_as_text() {
        let (reference, lines) = acknowledged(&format!(
            r#"{{"reference": "SO-7", "extra": 1, "lines": [
                {{"line_id": "{LINE}", "accepted": 1, "rejected": 2, "reason": "OUT_OF_STOCK"}},
                {{"line_id": "{LINE}", "rejected": 1, "reason": "EATEN", "message": "by\nmoths"}}]}}"#
        ));
        assert_eq!(reference.as_deref(), Some("SO-7"));
        assert_eq!((lines[0].accepted, lines[0].rejected), (1, 2));
        assert_eq!(lines[0].reason, Some(RejectReason::OutOfStock));
        assert_eq!(lines[1].reason, Some(RejectReason::Other));
        assert_eq!(lines[1].message.as_deref(), Some("EATEN: bymoths"));
    }

    #[test]
    fn reads_the_answer_to_a_cancellation() {
        let check = |body: &str, expect| assert_eq!(read_cancel_answer(body.as_bytes()), expect, "{body}");
        check("", CancelAnswer::Received { remark: None });
        check("{}", CancelAnswer::Received { remark: None });
        check(
            r#"{"accepted": false, "reason": "packed"}"#,
            CancelAnswer::Answered {
                accepted: false,
                reason: Some("packed".to_owned()),
            },
        );
        assert!(matches!(
            read_cancel_answer(br#"{"accepted": "yes"}"#),
            CancelAnswer::Received { remark: Some(_) }
        ));
    }

    #[test]
    fn shows_only_a_plain_code_of_a_refusal() {
        assert_eq!(
            refusal_code(br#"{"code": "ALREADY_PLACED", "detail": "seen before"}"#).as_deref(),
            Some("ALREADY_PLACED")
        );
        assert_eq!(refusal_code(br#"{"code": "Jane Doe, Main St 1"}"#), None);
        assert_eq!(refusal_code(b"no"), None);
    }
}
