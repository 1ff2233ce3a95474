//! Owns: reading and writing the headers of a webhook call.
//! Leaves to `delivery`: the order in which signature, headers and body are judged.
//!
//! Header names come in any case (`http::HeaderMap` folds it) and in two families: `X-Shopify-…` of
//! today's webhooks, and `Shopify-…` of the coming event subscriptions. A call belongs to the family
//! whose signature header it carries, the newer one first, and everything is read from that family
//! alone: a mixture would let one call be read in two ways.

use std::fmt;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, header::InvalidHeaderValue};

use crate::{ShopDomain, ShopDomainError, Topic};

/// What the headers of a delivery claim. None of it is covered by the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryHeaders {
    pub topic: Topic,
    pub shop: ShopDomain,
    /// The same on every retry of one delivery.
    pub webhook_id: WebhookId,
    /// Shared by all deliveries that one action of a merchant caused.
    pub event_id: Option<String>,
    pub triggered_at: Option<DateTime<Utc>>,
    /// The version in which the payload is written.
    pub api_version: String,
    /// The name of the subscription, if it has one.
    pub name: Option<String>,
}

/// Shopify's id of one delivery: with the shop, the key against doing its work twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(String);

/// Why the headers cannot be read. Values are left out: they came from a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("the header {0} is missing")]
    Missing(&'static str),
    #[error("the header {0} is given more than once, with different values")]
    Repeated(&'static str),
    #[error("the header {0} is longer than {MAX_VALUE_BYTES} bytes or not plain ASCII")]
    Invalid(&'static str),
    #[error("the header {name}: {source}")]
    Shop {
        name: &'static str,
        source: ShopDomainError,
    },
}

/// Longer than any value Shopify sends: ids are UUIDs, topics stay below 60, names below 50.
pub const MAX_VALUE_BYTES: usize = 128;

/// Reads the headers.
///
/// Without topic, shop, webhook id and API version a delivery cannot be kept apart from others, so
/// each of them must be present and well formed. The others only help to order and to explain work:
/// a malformed one is dropped, since refusing the call would lose the delivery.
pub fn parse(headers: &HeaderMap) -> Result<DeliveryHeaders, HeaderError> {
    let names = Names::of(headers);
    let shop = required(headers, names.shop)?;
    let shop = ShopDomain::parse(shop).map_err(|source| HeaderError::Shop {
        name: names.shop,
        source,
    })?;
    Ok(DeliveryHeaders {
        topic: Topic::from(required(headers, names.topic)?),
        shop,
        webhook_id: WebhookId(required(headers, names.webhook_id)?.to_owned()),
        event_id: optional(headers, names.event_id).map(str::to_owned),
        triggered_at: optional(headers, names.triggered_at).and_then(parse_time),
        api_version: required(headers, names.api_version)?.to_owned(),
        name: optional(headers, names.name).map(str::to_owned),
    })
}

/// The signature that the call carries, if it carries one.
pub fn hmac(headers: &HeaderMap) -> Option<&str> {
    required(headers, Names::of(headers).hmac).ok()
}

impl DeliveryHeaders {
    /// The headers of a webhook call as Shopify sends it, with the signature of its body. Fails on
    /// text that no header can carry.
    pub fn to_header_map(&self, hmac: &str) -> Result<HeaderMap, InvalidHeaderValue> {
        let triggered_at = self
            .triggered_at
            .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        let names = &WEBHOOKS;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (names.topic, Some(self.topic.as_str())),
            (names.hmac, Some(hmac)),
            (names.shop, Some(self.shop.as_str())),
            (names.webhook_id, Some(self.webhook_id.as_str())),
            (names.event_id, self.event_id.as_deref()),
            (names.triggered_at, triggered_at.as_deref()),
            (names.api_version, Some(self.api_version.as_str())),
            (names.name, self.name.as_deref()),
        ] {
            if let Some(value) = value {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
            }
        }
        Ok(headers)
    }
}

impl WebhookId {
    /// `None` unless the text is 1 to [`MAX_VALUE_BYTES`] visible ASCII characters.
    pub fn parse(text: &str) -> Option<WebhookId> {
        is_plain(text).then(|| WebhookId(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// One family of header names.
struct Names {
    hmac: &'static str,
    topic: &'static str,
    shop: &'static str,
    webhook_id: &'static str,
    event_id: &'static str,
    triggered_at: &'static str,
    api_version: &'static str,
    name: &'static str,
}

const WEBHOOKS: Names = Names {
    hmac: "x-shopify-hmac-sha256",
    topic: "x-shopify-topic",
    shop: "x-shopify-shop-domain",
    webhook_id: "x-shopify-webhook-id",
    event_id: "x-shopify-event-id",
    triggered_at: "x-shopify-triggered-at",
    api_version: "x-shopify-api-version",
    name: "x-shopify-name",
};

const EVENTS: Names = Names {
    hmac: "shopify-hmac-sha256",
    topic: "shopify-topic",
    shop: "shopify-shop-domain",
    webhook_id: "shopify-webhook-id",
    event_id: "shopify-event-id",
    triggered_at: "shopify-triggered-at",
    api_version: "shopify-api-version",
    name: "shopify-handle",
};

impl Names {
    fn of(headers: &HeaderMap) -> &'static Names {
        let signed_as_event = headers.get(EVENTS.hmac).is_some_and(|value| !value.is_empty());
        if signed_as_event { &EVENTS } else { &WEBHOOKS }
    }
}

fn required<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, HeaderError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(HeaderError::Missing(name))?;
    if value.is_empty() {
        return Err(HeaderError::Missing(name));
    }
    if values.any(|other| other != value) {
        return Err(HeaderError::Repeated(name));
    }
    let text = value.to_str().map_err(|_| HeaderError::Invalid(name))?;
    if is_plain(text) {
        Ok(text)
    } else {
        Err(HeaderError::Invalid(name))
    }
}

fn optional<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    required(headers, name).ok()
}

fn is_plain(text: &str) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [(&str, &str); 5] = [
        ("X-Shopify-Topic", "orders/create"),
        ("X-Shopify-Hmac-Sha256", "c2ln"),
        ("X-Shopify-Shop-Domain", "Demo.myshopify.com"),
        ("X-Shopify-API-Version", "2026-10"),
        ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
    ];

    fn map<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in entries {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        let others = REQUIRED.into_iter().filter(|(key, _)| !key.eq_ignore_ascii_case(name));
        map(others.chain([(name, value)]))
    }

    #[test]
    fn reads_all_headers_in_any_case() {
        let optional = [
            ("X-SHOPIFY-EVENT-ID", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
            ("x-shopify-triggered-at", "2026-03-29T18:00:27.877041743Z"),
            ("X-shopify-NAME", "orders"),
        ];
        let headers = map(REQUIRED.into_iter().chain(optional));
        let read = parse(&headers).unwrap();
        assert_eq!(read.topic, Topic::OrdersCreate);
        assert_eq!(read.shop.as_str(), "demo.myshopify.com");
        assert_eq!(read.webhook_id.as_str(), "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043");
        assert_eq!(read.event_id.as_deref(), Some("98880550-7158-44d4-b7cd-2c97c8a091b5"));
        assert_eq!(
            read.triggered_at.unwrap().to_rfc3339(),
            "2026-03-29T18:00:27.877041743+00:00"
        );
        assert_eq!(read.api_version, "2026-10");
        assert_eq!(read.name.as_deref(), Some("orders"));
        assert_eq!(hmac(&headers), Some("c2ln"));
    }

    #[test]
    fn each_required_header_is_required() {
        for (missing, _) in REQUIRED {
            let headers = map(REQUIRED.into_iter().filter(|(name, _)| *name != missing));
            if missing == "X-Shopify-Hmac-Sha256" {
                assert_eq!(hmac(&headers), None);
                continue;
            }
            let Err(HeaderError::Missing(name)) = parse(&headers) else {
                panic!("{missing} was not missed");
            };
            assert!(name.eq_ignore_ascii_case(missing));
            let Err(HeaderError::Missing(_)) = parse(&with(name, "")) else {
                panic!("an empty {missing} was taken");
            };
        }
    }

    #[test]
    fn a_malformed_required_header_is_refused() {
        for (name, value, expect) in [
            (
                "x-shopify-topic",
                "orders create",
                HeaderError::Invalid("x-shopify-topic"),
            ),
            ("x-shopify-topic", "\u{e9}", HeaderError::Invalid("x-shopify-topic")),
            (
                "x-shopify-webhook-id",
                "a\tb",
                HeaderError::Invalid("x-shopify-webhook-id"),
            ),
            (
                "x-shopify-shop-domain",
                "evil.example",
                HeaderError::Shop {
                    name: "x-shopify-shop-domain",
                    source: ShopDomainError::NotMyshopify,
                },
            ),
        ] {
            assert_eq!(parse(&with(name, value)), Err(expect), "{name}: {value}");
        }
        let long = "1".repeat(MAX_VALUE_BYTES + 1);
        let mut headers = map(REQUIRED);
        headers.insert("x-shopify-webhook-id", HeaderValue::from_str(&long).unwrap());
        assert_eq!(parse(&headers), Err(HeaderError::Invalid("x-shopify-webhook-id")));
        headers.insert("x-shopify-webhook-id", HeaderValue::from_str(&long[1..]).unwrap());
        assert!(parse(&headers).is_ok());
    }

    #[test]
    fn a_malformed_optional_header_is_dropped() {
        for (name, value) in [
            ("x-shopify-triggered-at", "yesterday"),
            ("x-shopify-triggered-at", "2026-03-29"),
            ("x-shopify-triggered-at", ""),
            ("x-shopify-event-id", "a b"),
            ("x-shopify-name", "\u{e9}"),
        ] {
            let read = parse(&with(name, value)).unwrap();
            assert_eq!(
                (read.event_id, read.triggered_at, read.name),
                (None, None, None),
                "{name}"
            );
        }
    }

    #[test]
    fn a_header_that_says_two_things_says_nothing() {
        let mut headers = map(REQUIRED);
        headers.append("x-shopify-topic", HeaderValue::from_static("orders/create"));
        assert!(parse(&headers).is_ok(), "the same value twice is one value");
        headers.append("x-shopify-topic", HeaderValue::from_static("shop/redact"));
        assert_eq!(parse(&headers), Err(HeaderError::Repeated("x-shopify-topic")));
        headers.append("x-shopify-hmac-sha256", HeaderValue::from_static("b3RoZXI="));
        assert_eq!(hmac(&headers), None);
    }

    #[test]
    fn the_unprefixed_family_stands_alone() {
        let plain = REQUIRED.map(|(name, value)| (&name[2..], value));
        let mut headers = map(plain
            .into_iter()
            .chain([("Shopify-Handle", "products"), ("Shopify-Action", "update")]));
        headers.insert("x-shopify-topic", HeaderValue::from_static("shop/redact"));
        headers.insert("x-shopify-hmac-sha256", HeaderValue::from_static("b3RoZXI="));
        let read = parse(&headers).unwrap();
        assert_eq!(read.topic, Topic::OrdersCreate);
        assert_eq!(read.name.as_deref(), Some("products"));
        assert_eq!(hmac(&headers), Some("c2ln"));

        headers.remove("shopify-topic");
        assert_eq!(parse(&headers), Err(HeaderError::Missing("shopify-topic")));

        headers.remove("shopify-hmac-sha256");
        assert_eq!(
            hmac(&headers),
            Some("b3RoZXI="),
            "without its signature the family is not there"
        );
        assert_eq!(parse(&headers), Err(HeaderError::Missing("x-shopify-shop-domain")));

        headers.insert("shopify-hmac-sha256", HeaderValue::from_static(""));
        assert_eq!(hmac(&headers), Some("b3RoZXI="), "a blank signature is none");
    }

    #[test]
    fn what_is_written_reads_back() {
        let optional = [
            ("x-shopify-event-id", "e"),
            ("x-shopify-triggered-at", "2026-03-29T18:00:27.877041743Z"),
            ("x-shopify-name", "orders"),
        ];
        for headers in [map(REQUIRED), map(REQUIRED.into_iter().chain(optional))] {
            let read = parse(&headers).unwrap();
            let written = read.to_header_map("c2ln").unwrap();
            assert_eq!(parse(&written).unwrap(), read);
            assert_eq!(written.len(), headers.len());
            assert_eq!(hmac(&written), Some("c2ln"));
        }
    }

    #[test]
    fn a_webhook_id_is_short_plain_text() {
        assert_eq!(WebhookId::parse("a-1").unwrap().to_string(), "a-1");
        for text in ["", "a b", "\u{e9}", &"a".repeat(MAX_VALUE_BYTES + 1)] {
            assert_eq!(WebhookId::parse(text), None);
        }
    }
}
