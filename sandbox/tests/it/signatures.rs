//! Signatures against vectors that other implementations made: Shopify's documentation for the
//! query, Python's `hmac` for the rest.

use sandbox::{body_signature, jwt, query_signature, standard_signature, verify_jwt, verify_standard};
use serde_json::json;

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn signs_a_query_as_shopifys_documentation_does() {
    let query = pairs(&[
        ("timestamp", "1337178173"),
        ("hmac", "ignored"),
        ("shop", "some-shop.myshopify.com"),
        ("code", "0907a61c0c8d55e99db179b68161bc00"),
    ]);
    assert_eq!(
        query_signature("hush", &query),
        "4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20"
    );
}

#[test]
fn encodes_values_and_joins_repeated_keys() {
    let query = pairs(&[("shop", "x.myshopify.com"), ("a", "1"), ("state", " +&ä"), ("a", "2")]);
    assert_eq!(
        query_signature("secret", &query),
        "743455d81104d8b90028072b5119ca3799129b78acec6f5ffa6713d4c10c045a"
    );
}

#[test]
fn signs_a_body_over_its_bytes() {
    let body = r#"{"id":820982911946154508,"name":"Käse"}"#;
    assert_eq!(
        body_signature("hush", body.as_bytes()),
        "wUKiNhgG02SS82Xsv9nqGfL5yEbwTK9y4Qiy6fl0bCg="
    );
}

#[test]
fn signs_as_standard_webhooks_does() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let (id, at, body) = (
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
    );
    let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(standard_signature(secret, id, at, body).as_deref(), Some(expected));
    assert!(verify_standard(
        secret,
        id,
        at,
        body,
        &format!("v2,abc v1,def {expected}")
    ));
    for (other_id, other_at, other_body) in [("msg_2", at, &body[..]), (id, at + 1, body), (id, at, b"{}")] {
        assert!(!verify_standard(secret, other_id, other_at, other_body, expected));
    }
    assert_eq!(standard_signature("not-whsec", id, at, body), None);
}

#[test]
fn signs_and_checks_session_tokens() {
    let token = jwt("hush", &json!({ "sub": "42" }));
    assert_eq!(
        token,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9.UD_syTOlU6o2c6p6lq3vcrylqW1jAr3n8R9VL4OJreM"
    );
    assert_eq!(verify_jwt("hush", &token), Some(json!({ "sub": "42" })));
    assert_eq!(verify_jwt("other", &token), None);
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.";
    assert_eq!(verify_jwt("hush", none), None, "an unsigned token");
}
