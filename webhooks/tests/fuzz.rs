//! Owns: hostile bytes. Whatever a stranger sends, the crate answers with a value or a typed error,
//! never with a panic, and believes nothing that was not signed.
//!
//! The targets run as ordinary tests with a fixed number of inputs, since the toolchain is stable.
//! With a nightly one, `cargo bolero test -p webhooks <name>` runs each of them under libFuzzer.

use std::collections::BTreeMap;
use std::path::Path;

use bolero::{check, generator::produce};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::form_urlencoded;
use webhooks::{Delivery, DeliveryHeaders, QueryError, Refusal, Secrets, ShopDomain, Subject, Topic, headers, payload};

const ITERATIONS: usize = 4_000;
const NOW: i64 = 1_790_000_000;

fn secrets() -> Secrets {
    Secrets::new(["hush", "older"]).unwrap_or_else(|error| panic!("{error}"))
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap_or_default()
}

#[test]
fn any_call() {
    let secrets = secrets();
    check!()
        .with_iterations(ITERATIONS)
        .with_type::<(Vec<(u8, Vec<u8>)>, Vec<u8>)>()
        .for_each(|(changes, body)| {
            let mut map = header_map(changes);
            let received = Delivery::receive(&secrets, &map, body.clone());
            let signed = headers::hmac(&map) == Some(secrets.sign_body(body).as_str());
            assert!(signed || received.is_err(), "an unsigned body was believed");

            // The same headers under a right signature are judged by their content alone.
            map.remove("shopify-hmac-sha256");
            if let Ok(value) = HeaderValue::from_str(&secrets.sign_body(body)) {
                map.insert("x-shopify-hmac-sha256", value);
            }
            match Delivery::receive(&secrets, &map, body.clone()) {
                Ok(delivery) => check_delivery(&delivery),
                Err(refusal) => assert!(matches!(refusal, Refusal::EmptyBody | Refusal::Headers(_)), "{refusal}"),
            }
        });
}

/// A good call's headers, of which up to three are set to, or joined by, any bytes that HTTP allows.
fn header_map(changes: &[(u8, Vec<u8>)]) -> HeaderMap {
    const GOOD: [(&str, &str); 11] = [
        ("x-shopify-topic", "orders/create"),
        ("x-shopify-hmac-sha256", "c2ln"),
        ("x-shopify-shop-domain", "demo.myshopify.com"),
        ("x-shopify-webhook-id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ("x-shopify-event-id", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
        ("x-shopify-triggered-at", "2026-03-29T18:00:27.877041743Z"),
        ("x-shopify-api-version", "2026-10"),
        ("x-shopify-name", "orders"),
        ("shopify-topic", "orders/create"),
        ("shopify-shop-domain", "demo.myshopify.com"),
        ("shopify-hmac-sha256", ""),
    ];
    let mut map = HeaderMap::new();
    for (name, value) in GOOD {
        map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    for (which, value) in changes.iter().take(3) {
        let name = HeaderName::from_static(GOOD[usize::from(*which) % GOOD.len()].0);
        match HeaderValue::from_bytes(value) {
            Ok(value) if which % 2 == 0 => drop(map.insert(name, value)),
            Ok(value) => drop(map.append(name, value)),
            Err(_) => drop(map.remove(name)),
        }
    }
    map
}

fn check_delivery(delivery: &Delivery) {
    let DeliveryHeaders {
        topic,
        shop,
        webhook_id,
        event_id,
        api_version,
        name,
        ..
    } = delivery.headers();
    for text in [topic.as_str(), webhook_id.as_str(), api_version.as_str()] {
        assert!((1..=headers::MAX_VALUE_BYTES).contains(&text.len()));
    }
    for text in [event_id, name].into_iter().flatten() {
        assert!((1..=headers::MAX_VALUE_BYTES).contains(&text.len()));
    }
    assert_eq!(ShopDomain::parse(shop.as_str()).as_ref(), Ok(shop));
    assert_eq!(delivery.subject().is_ok(), delivery.shop_agreement(None).is_ok());
}

#[test]
fn any_query() {
    let secrets = secrets();
    check!()
        .with_iterations(ITERATIONS)
        .with_type::<(Vec<u8>, bool)>()
        .for_each(|(bytes, stamped)| {
            let mut query = query_of(bytes);
            assert!(
                secrets.verify_query(&query, now()).is_err(),
                "an unsigned query was believed"
            );
            assert!(!secrets.verify_callback(&query, &secrets.sign_body(b"\xff")));

            // What a lenient reader of the same query would have signed is either the truth for the
            // strict reader too, or refused as unreadable; it is never another truth.
            if *stamped {
                query.push_str("&timestamp=1790000000");
            }
            let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let signed = format!("{query}&hmac={}", secrets.sign_query(&pairs));
            match secrets.verify_query(&signed, now()) {
                Ok(read) => {
                    for (key, _) in pairs.iter().filter(|(key, _)| key != "signature") {
                        let values: Vec<&str> = pairs
                            .iter()
                            .filter(|(other, _)| other == key)
                            .map(|(_, value)| value.as_str())
                            .collect();
                        assert_eq!(read.get(key), Some(values.join(",").as_str()));
                    }
                }
                Err(QueryError::BadSignature) => panic!("two readings of {query:?}"),
                Err(_) => {}
            }
        });
}

/// Mostly the letters that matter to a reader of queries, now and then any other.
fn query_of(bytes: &[u8]) -> String {
    const PARTS: [&str; 20] = [
        "=",
        "&",
        "%",
        "+",
        "a",
        "b",
        "%41",
        "%26",
        "%3D",
        "%2",
        "%C3%A9",
        "%FF",
        "hmac",
        "shop",
        "signature",
        "ids[]",
        "timestamp",
        ",",
        "\u{e9}",
        "0",
    ];
    let parts = bytes.iter().map(|byte| match PARTS.get(usize::from(*byte) % 24) {
        Some(part) => (*part).to_owned(),
        None => char::from(*byte).to_string(),
    });
    parts.collect()
}

#[test]
fn any_bytes_for_a_body() {
    check!()
        .with_iterations(ITERATIONS)
        .with_generator(produce::<Vec<u8>>().with().len(0..512_usize))
        .for_each(|body| {
            for topic in Topic::KNOWN {
                check_subject(topic, body);
            }
        });
}

/// Objects made of the names and values that the reader looks for, in any combination.
#[test]
fn any_object_for_a_body() {
    check!()
        .with_iterations(ITERATIONS)
        .with_type::<Vec<(u8, u8)>>()
        .for_each(|fields| {
            let body = object_of(fields);
            for topic in Topic::KNOWN {
                check_subject(topic, body.as_bytes());
            }
        });
}

fn object_of(fields: &[(u8, u8)]) -> String {
    const NAMES: [&str; 19] = [
        "id",
        "admin_graphql_api_id",
        "order_id",
        "order_edit",
        "fulfillment_order",
        "submitted_fulfillment_order",
        "moved_fulfillment_order",
        "original_fulfillment_order",
        "fulfillment_order_merges",
        "myshopify_domain",
        "shop_id",
        "shop_domain",
        "previous",
        "current",
        "customer",
        "orders_requested",
        "orders_to_redact",
        "data_request",
        "email",
    ];
    const VALUES: [&str; 23] = [
        "1",
        "0",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "1.5",
        "null",
        "true",
        r#""7""#,
        r#""x""#,
        r#""gid://shopify/Order/7""#,
        r#""gid://shopify/FulfillmentOrder/7""#,
        r#""gid://shopify/Shop/7""#,
        r#""demo.myshopify.com""#,
        r#""evil.example""#,
        "{}",
        r#"{"id": 7}"#,
        r#"{"order_id": 7}"#,
        r#"{"fulfillment_order": {"id": 7}}"#,
        "[]",
        r#"[1, "2"]"#,
        "[null]",
        r#"["read_orders"]"#,
    ];
    let fields: BTreeMap<&str, &str> = fields
        .iter()
        .map(|(name, value)| {
            (
                NAMES[usize::from(*name) % NAMES.len()],
                VALUES[usize::from(*value) % VALUES.len()],
            )
        })
        .collect();
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("{name:?}: {value}"))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// Documented bodies with up to three bytes overwritten, and sometimes the end cut off.
#[test]
fn any_damaged_body() {
    let fixtures: Vec<(&Topic, Vec<u8>)> = Topic::KNOWN
        .iter()
        .filter_map(|topic| Some((topic, fixture(topic)?)))
        .collect();
    assert!(fixtures.len() > 30);
    check!()
        .with_iterations(ITERATIONS)
        .with_type::<(u8, Vec<(u16, u8)>, u16, u8)>()
        .for_each(|(which, damage, cut, other)| {
            let (topic, body) = &fixtures[usize::from(*which) % fixtures.len()];
            let mut body = body.clone();
            for (at, byte) in damage.iter().take(3) {
                let at = usize::from(*at) % body.len();
                body[at] = *byte;
            }
            if cut % 4 == 0 {
                body.truncate(usize::from(*cut) % body.len());
            }
            check_subject(topic, &body);
            check_subject(&Topic::KNOWN[usize::from(*other) % Topic::KNOWN.len()], &body);
        });
}

fn fixture(topic: &Topic) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(format!("{topic}.json"));
    std::fs::read(path).ok()
}

fn check_subject(topic: &Topic, body: &[u8]) {
    let Ok(subject) = payload::subject(topic, body) else {
        return;
    };
    let ids: Vec<u64> = match &subject {
        Subject::Order { id }
        | Subject::FulfillmentOrder { id }
        | Subject::Product { id }
        | Subject::Location { id } => vec![*id],
        Subject::Shop { shop_id, .. }
        | Subject::AppUninstalled { shop_id, .. }
        | Subject::ShopRedact { shop_id, .. } => {
            vec![*shop_id]
        }
        Subject::ScopesUpdate { shop_id, .. } => shop_id.iter().copied().collect(),
        Subject::CustomersDataRequest {
            shop_id,
            customer_id,
            orders,
            ..
        }
        | Subject::CustomersRedact {
            shop_id,
            customer_id,
            orders,
            ..
        } => orders.iter().copied().chain([*shop_id]).chain(*customer_id).collect(),
        Subject::None => panic!("{topic} is known and yet about nothing"),
    };
    for id in ids {
        assert!(
            (1..=i64::MAX.unsigned_abs()).contains(&id),
            "{id} does not fit a BIGINT"
        );
    }
}

#[test]
fn any_shop_domain() {
    check!()
        .with_iterations(ITERATIONS)
        .with_type::<(Vec<u8>, u8)>()
        .for_each(|(bytes, suffix)| {
            let mut text = domain_part_of(bytes);
            text.push_str([".myshopify.com", ".MyShopify.com", "", "/", ".myshopify.com."][usize::from(*suffix) % 5]);
            if let Ok(domain) = ShopDomain::parse(&text) {
                let url = url::Url::parse(&format!("https://{domain}/admin/oauth/access_token"));
                let url = url.unwrap_or_else(|error| panic!("{domain}: {error}"));
                assert_eq!(url.host_str(), Some(domain.as_str()), "the secret would go elsewhere");
                assert_eq!(
                    (url.port(), url.username(), url.path()),
                    (None, "", "/admin/oauth/access_token")
                );
            }
        });
}

/// Mostly what a domain may hold, now and then what would lead a URL astray.
fn domain_part_of(bytes: &[u8]) -> String {
    const PLAIN: [char; 12] = ['a', 'b', 'z', 'A', 'Z', '0', '1', '9', '-', 'c', 'o', 'm'];
    const ODD: [char; 16] = [
        '.', '@', ':', '/', '?', '#', '_', '\\', '%', '\0', '\n', ' ', '-', '\u{212a}', '\u{131}', '\u{ff0e}',
    ];
    let letters = bytes.iter().take(24).map(|byte| match byte {
        0..=239 => PLAIN[usize::from(*byte) % PLAIN.len()],
        240..=255 => ODD[usize::from(byte - 240)],
    });
    letters.collect()
}
