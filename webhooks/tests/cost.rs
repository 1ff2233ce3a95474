//! Owns: that judging the largest call the intake lets in costs no more than a moment. The limit is
//! wide, for it runs unoptimised on busy machines; what it catches is work that grows faster than
//! its input, which would take minutes here. `--nocapture` shows the figures.

use std::time::{Duration, Instant};

use chrono::DateTime;
use webhooks::headers::WebhookId;
use webhooks::{Delivery, DeliveryHeaders, Secrets, ShopDomain, Subject, Topic};

const LARGEST_BODY_BYTES: usize = 8 * 1024 * 1024;
const LIMIT: Duration = Duration::from_secs(20);

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let taken = start.elapsed();
    println!("{what}: {taken:?}");
    assert!(taken < LIMIT, "{what} took {taken:?}");
    result
}

/// A delivery of this topic, received with three secrets of which the last one fits.
fn receive(topic: Topic, body: String) -> Option<Delivery> {
    let claims = DeliveryHeaders {
        topic,
        shop: ShopDomain::parse("demo.myshopify.com").ok()?,
        webhook_id: WebhookId::parse("1")?,
        event_id: None,
        triggered_at: None,
        api_version: "2026-10".to_owned(),
        name: None,
    };
    let old = Secrets::new(["oldest"]).ok()?;
    let rotating = Secrets::new(["newest", "newer", "oldest"]).ok()?;
    let headers = claims.to_header_map(&old.sign_body(body.as_bytes())).ok()?;
    timed("receiving", || Delivery::receive(&rotating, &headers, body)).ok()
}

#[test]
fn an_order_as_large_as_the_limit_is_read_in_a_moment() {
    let line = r#"{"title": "a \"mug\" \u00e9", "quantity": 1, "properties": [[[{}]]]},"#;
    let lines = line.repeat(LARGEST_BODY_BYTES / line.len() - 1);
    let body = format!(r#"{{"line_items": [{lines}{{}}], "id": 7}}"#);
    let delivery = receive(Topic::OrdersUpdated, body).expect("an authentic call");
    assert_eq!(timed("an order", || delivery.subject()), Ok(Subject::Order { id: 7 }));
}

#[test]
fn an_erasure_as_long_as_the_limit_is_read_in_a_moment() {
    let count = LARGEST_BODY_BYTES / "299938,".len() - 50;
    let orders = vec!["299938"; count].join(",");
    let body = format!(r#"{{"shop_id": 1, "shop_domain": "demo.myshopify.com", "orders_to_redact": [{orders}]}}"#);
    let delivery = receive(Topic::CustomersRedact, body).expect("an authentic call");
    match timed("an erasure", || delivery.subject()) {
        Ok(Subject::CustomersRedact { orders, .. }) => assert_eq!(orders.len(), count),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nesting_without_end_is_skipped_or_refused() {
    let body = format!(r#"{{"id": 7, "x": {}"#, "[".repeat(LARGEST_BODY_BYTES - 32));
    let delivery = receive(Topic::OrdersUpdated, body).expect("an authentic call");
    assert!(timed("open brackets", || delivery.subject()).is_err());
    let body = format!(r#"{{"id": {}"#, "[".repeat(LARGEST_BODY_BYTES - 32));
    let delivery = receive(Topic::OrdersUpdated, body).expect("an authentic call");
    assert!(timed("open brackets for an id", || delivery.subject()).is_err());
}

#[test]
fn the_longest_query_is_judged_in_a_moment() {
    let secrets = Secrets::new(["hush"]).expect("a secret");
    let mut parameters = vec![("timestamp".to_owned(), "0".to_owned())];
    parameters.extend((0..125).map(|_| ("ids[]".to_owned(), "%".repeat(38))));
    let query = secrets.signed_query(&parameters);
    let now = DateTime::UNIX_EPOCH;
    assert!(timed("the longest query", || secrets.verify_query(&query, now)).is_ok());
    assert!(
        timed("an endless query", || secrets
            .verify_query(&"a&".repeat(LARGEST_BODY_BYTES), now))
        .is_err()
    );
    assert!(!timed("an endless signature", || secrets
        .verify_body(b"{}", &"A".repeat(LARGEST_BODY_BYTES))));
}
