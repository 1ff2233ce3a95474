//! Owns: what must hold of signatures, queries, domains and headers for any input. The query codec
//! of the crate `url` serves as the second opinion on encoding.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use url::form_urlencoded;
use webhooks::headers::{self, DeliveryHeaders, WebhookId};
use webhooks::{Delivery, QueryError, Refusal, Secrets, ShopDomain, Topic};

const NOW: i64 = 1_790_000_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap_or_default()
}

fn secrets(secret: &str) -> Secrets {
    Secrets::new([secret]).unwrap_or_else(|error| panic!("{error}"))
}

/// Any parameters but those with a meaning of their own, and a fresh `timestamp`.
fn parameters() -> impl Strategy<Value = Vec<(String, String)>> {
    let own = ["hmac", "signature", "shop", "timestamp"];
    let key = "\\PC{1,12}".prop_filter("has a meaning", move |key| !own.contains(&key.as_str()));
    prop::collection::vec((key, ".{0,24}"), 0..8).prop_map(|mut pairs| {
        pairs.push(("shop".to_owned(), "demo.myshopify.com".to_owned()));
        pairs.push(("timestamp".to_owned(), NOW.to_string()));
        pairs
    })
}

/// A query as a browser would write it: `+` for a space, in the order given.
fn as_sent(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn delivery_headers() -> impl Strategy<Value = DeliveryHeaders> {
    let plain = "[!-~]{1,128}";
    let optional = || prop::option::of("[!-~]{1,128}");
    let time = prop::option::of((0..4_000_000_000_i64, 0..1_000_000_000_u32));
    let handle = "[a-z0-9][a-z0-9-]{0,62}";
    (plain, handle, plain, optional(), time, plain, optional()).prop_filter_map(
        "malformed",
        |(topic, handle, id, event_id, time, api_version, name)| {
            Some(DeliveryHeaders {
                topic: Topic::from(topic),
                shop: ShopDomain::parse(&format!("{handle}.myshopify.com")).ok()?,
                webhook_id: WebhookId::parse(&id)?,
                event_id,
                triggered_at: time.and_then(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos)),
                api_version,
                name,
            })
        },
    )
}

proptest! {
    #[test]
    fn a_signed_body_passes_and_a_changed_bit_does_not(
        body in prop::collection::vec(any::<u8>(), 1..512),
        secret in ".{1,40}",
        bit in any::<prop::sample::Index>(),
    ) {
        let (secrets, other) = (secrets(&secret), secrets(&(secret.clone() + "x")));
        let signature = secrets.sign_body(&body);
        prop_assert!(secrets.verify_body(&body, &signature));
        prop_assert!(!other.verify_body(&body, &signature));
        let bit = bit.index(body.len() * 8);
        let mut changed = body.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!secrets.verify_body(&changed, &signature));
        prop_assert!(!secrets.verify_body(&body[1..], &signature));
    }

    #[test]
    fn a_signature_has_one_spelling(
        body in prop::collection::vec(any::<u8>(), 1..64),
        position in any::<prop::sample::Index>(),
        other in any::<char>(),
    ) {
        let secrets = secrets("hush");
        let signature = secrets.sign_body(&body);
        let mut letters: Vec<char> = signature.chars().collect();
        let position = position.index(letters.len());
        prop_assume!(letters[position] != other);
        letters[position] = other;
        let changed: String = letters.into_iter().collect();
        prop_assert!(!secrets.verify_body(&body, &changed));
    }

    #[test]
    fn a_signed_query_says_what_was_signed(pairs in parameters()) {
        let secrets = secrets("hush");
        let query = secrets.signed_query(&pairs);
        let signed = secrets.verify_query(&query, now());
        prop_assert!(signed.is_ok(), "{:?}", signed);
        for (key, _) in &pairs {
            let values: Vec<&str> =
                pairs.iter().filter(|(other, _)| other == key).map(|(_, value)| value.as_str()).collect();
            let joined = values.join(",");
            prop_assert_eq!(signed.as_ref().ok().and_then(|query| query.get(key)), Some(joined.as_str()));
        }
    }

    #[test]
    fn a_query_is_signed_as_another_codec_writes_it(pairs in parameters()) {
        let secrets = secrets("hush");
        let mut joined: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in &pairs {
            joined.entry(key).or_default().push(value);
        }
        let joined: Vec<(String, String)> =
            joined.into_iter().map(|(key, values)| (key.to_owned(), values.join(","))).collect();
        let message = as_sent(&joined).replace('+', "%20");
        let digest = BASE64.decode(secrets.sign_body(message.as_bytes())).unwrap_or_default();
        let hex = hex::encode(digest);

        let mut unsigned_too = pairs;
        unsigned_too.push(("hmac".to_owned(), "x".to_owned()));
        unsigned_too.push(("signature".to_owned(), "x".to_owned()));
        prop_assert_eq!(secrets.sign_query(&unsigned_too), hex.clone());
        prop_assert_eq!(secrets.signed_query(&unsigned_too), format!("{}&hmac={}", message, hex));
    }

    #[test]
    fn a_query_may_be_spelled_and_ordered_otherwise(pairs in parameters(), backwards in any::<bool>()) {
        let secrets = secrets("hush");
        let hmac = secrets.sign_query(&pairs);
        // A stable order: the values of a repeated key keep theirs, since they are signed in it.
        let mut sent = pairs;
        sent.sort_by(|(left, _), (right, _)| if backwards { right.cmp(left) } else { left.len().cmp(&right.len()) });
        let query = format!("{}&hmac={}", as_sent(&sent), hmac);
        prop_assert!(secrets.verify_query(&query, now()).is_ok());
    }

    #[test]
    fn a_changed_query_is_refused(
        pairs in parameters(),
        victim in any::<prop::sample::Index>(),
        addition in "[ -~]{1,3}",
    ) {
        let secrets = secrets("hush");
        let hmac = secrets.sign_query(&pairs);
        let victim = victim.index(pairs.len());

        let mut dropped = pairs.clone();
        dropped.remove(victim);
        let mut changed = pairs.clone();
        changed[victim].1.push_str(&addition);
        let mut added = pairs.clone();
        added.push((format!("x{addition}"), String::new()));
        for other in [dropped, changed, added] {
            let query = format!("{}&hmac={}", as_sent(&other), hmac);
            prop_assert_eq!(secrets.verify_query(&query, now()).err(), Some(QueryError::BadSignature));
        }
    }

    #[test]
    fn a_shop_domain_is_one_label_before_the_suffix(text in "(\\PC{0,4}|[a-zA-Z0-9_-]{1,64})(\\.[mM]yshopify\\.com)?\\PC{0,2}") {
        let handle = text.to_ascii_lowercase().strip_suffix(".myshopify.com").map(str::to_owned);
        let fits = handle.is_some_and(|handle| {
            (1..=63).contains(&handle.chars().count())
                && !handle.starts_with('-')
                && handle.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-'))
        });
        let parsed = ShopDomain::parse(&text);
        prop_assert_eq!(parsed.is_ok(), fits, "{:?}", text);
        if let Ok(domain) = parsed {
            prop_assert_eq!(domain.as_str(), text.to_ascii_lowercase());
            prop_assert_eq!(ShopDomain::parse(domain.as_str()), Ok(domain));
        }
    }

    #[test]
    fn a_topic_keeps_any_name(slug in ".{0,40}") {
        let topic = Topic::from(slug.as_str());
        prop_assert_eq!(topic.as_str(), slug.as_str());
    }

    #[test]
    fn written_headers_read_back(written in delivery_headers()) {
        let map = written.to_header_map("c2ln").expect("plain values");
        prop_assert_eq!(headers::parse(&map), Ok(written));
    }

    #[test]
    fn a_call_is_received_whole_or_not_at_all(
        written in delivery_headers(),
        body in prop::collection::vec(any::<u8>(), 0..256),
    ) {
        let (ours, foreign) = (secrets("hush"), secrets("other"));
        let map = written.to_header_map(&ours.sign_body(&body)).expect("plain values");
        let received = Delivery::receive(&ours, &map, body.clone());
        if body.is_empty() {
            prop_assert_eq!(received.err(), Some(Refusal::EmptyBody));
        } else {
            let (headers, bytes) = received.expect("an authentic call").into_parts();
            prop_assert_eq!(headers, written);
            prop_assert_eq!(&bytes[..], &body[..]);
            prop_assert_eq!(Delivery::receive(&foreign, &map, body).err(), Some(Refusal::Forged));
        }
    }
}
