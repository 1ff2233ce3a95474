//! Owns: agreement with Shopify's own library, npm `@shopify/shopify-api`, asked through
//! `oracle/oracle.mjs`: what it signs we believe, what we sign it believes, what it refuses we
//! refuse. Where we are stricter, the difference is asserted here too, so that it stays known.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use webhooks::{Delivery, HeaderError, QueryError, Refusal, Secrets, ShopDomain, headers};

const NOW: i64 = 1_790_000_000;
const SAMPLES: usize = 150;

/// The library in a Node process of its own; ends with the value.
struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    fn start() -> Oracle {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
        let installed = folder.join("node_modules/@shopify/shopify-api/package.json");
        assert!(
            installed.exists(),
            "webhooks/oracle has no node_modules: run `make setup`"
        );
        let mut process = Command::new("node")
            .arg("oracle.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("node does not start ({error}): install Node 20 or later"));
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            panic!("the pipes were asked for");
        };
        Oracle {
            process,
            questions,
            answers: BufReader::new(answers),
        }
    }

    fn ask(&mut self, question: &Value) -> Value {
        let mut line = String::new();
        let exchange = writeln!(self.questions, "{question}").and_then(|()| self.answers.read_line(&mut line));
        assert!(
            matches!(exchange, Ok(1..)),
            "the oracle fell silent at {question}: {exchange:?}"
        );
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Whether the library believes the query; what it throws is a refusal.
    fn believes_query(&mut self, query: &str, now: i64) -> bool {
        let question = json!({"op": "verifyQuery", "secret": "hush", "query": query, "now": now});
        self.ask(&question)["valid"] == true
    }

    fn query_hmac(&mut self, query: &str) -> String {
        let answer = self.ask(&json!({"op": "signQuery", "secret": "hush", "query": query}));
        answer["hmac"]
            .as_str()
            .unwrap_or_else(|| panic!("{query}: {answer}"))
            .to_owned()
    }

    fn webhook(&mut self, body: &str, entries: &[(&str, &str)]) -> Value {
        let headers: serde_json::Map<String, Value> = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        self.ask(&json!({"op": "webhook", "secret": "hush", "body": body, "headers": headers}))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_oracle_is_the_pinned_library() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
    let version = |file: &str, pointer: &str| {
        let text = std::fs::read_to_string(folder.join(file)).expect("run `make setup`");
        let json: Value = serde_json::from_str(&text).unwrap();
        json.pointer(pointer).cloned().unwrap()
    };
    assert_eq!(
        version("node_modules/@shopify/shopify-api/package.json", "/version"),
        version("package.json", "/dependencies/@shopify~1shopify-api"),
    );
}

#[test]
fn bodies_are_signed_alike() {
    let (mut oracle, mut runner) = (Oracle::start(), TestRunner::deterministic());
    for _ in 0..SAMPLES {
        let body = sample(&mut runner, &proptest::collection::vec(proptest::num::u8::ANY, 0..200));
        let secret = sample(&mut runner, &".{1,80}");
        let secrets = Secrets::new([secret.as_str()]).unwrap();
        let question = json!({"op": "signBytes", "secret": secret, "bytesBase64": BASE64.encode(&body)});
        let answer = oracle.ask(&question);
        assert_eq!(answer["signature"], secrets.sign_body(&body));
        assert!(secrets.verify_body(&body, answer["signature"].as_str().unwrap()));
    }
}

#[test]
fn calls_are_judged_alike() {
    let (mut oracle, mut runner) = (Oracle::start(), TestRunner::deterministic());
    let secrets = secrets();
    for _ in 0..SAMPLES {
        let body = sample(&mut runner, &"\\PC{1,80}");
        let signature = secrets.sign_body(body.as_bytes());
        let upper = signature.to_uppercase();
        let padded = format!("{signature}=");
        for (sent_body, sent_signature) in [
            (body.as_str(), signature.as_str()),
            (&format!("{body} "), &signature),
            (&body, &upper),
            (&body, &padded),
            (&body, signature.trim_end_matches('=')),
            (&body, "x"),
        ] {
            let entries = call(sent_signature);
            let theirs = oracle.webhook(sent_body, &entries)["valid"] == true;
            let ours = Delivery::receive(&secrets, &header_map(&entries), sent_body.to_owned());
            assert_eq!(ours.is_ok(), theirs, "{sent_body:?} under {sent_signature}");
            // The ping of a fulfillment service is signed in the same way.
            let ping = json!({"op": "fulfillmentService", "secret": "hush", "body": sent_body, "headers": {"x-shopify-hmac-sha256": sent_signature}});
            assert_eq!(oracle.ask(&ping)["valid"] == true, theirs);
            assert_eq!(secrets.verify_body(sent_body.as_bytes(), sent_signature), theirs);
        }
    }
}

#[test]
fn headers_are_read_alike() {
    let mut oracle = Oracle::start();
    let body = r#"{"id":1}"#;
    let signature = secrets().sign_body(body.as_bytes());
    let mut entries = call(&signature).to_vec();
    entries.extend([
        ("X-SHOPIFY-EVENT-ID", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
        ("x-shopify-triggered-at", "2026-03-29T18:00:27.877041743Z"),
        ("X-Shopify-Name", "orders"),
    ]);
    let theirs = oracle.webhook(body, &entries);
    let ours = headers::parse(&header_map(&entries)).unwrap();
    assert_eq!(theirs["topic"], ours.topic.to_graphql_enum());
    assert_eq!(theirs["domain"], ours.shop.as_str());
    assert_eq!(theirs["webhookId"], ours.webhook_id.as_str());
    assert_eq!(theirs["apiVersion"], ours.api_version);
    assert_eq!(theirs["eventId"].as_str(), ours.event_id.as_deref());
    assert_eq!(theirs["name"].as_str(), ours.name.as_deref());
    let triggered_at: DateTime<Utc> = theirs["triggeredAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(Some(triggered_at), ours.triggered_at);

    let unprefixed: Vec<(&str, &str)> = call(&signature).map(|(name, value)| (&name[2..], value)).to_vec();
    let theirs = oracle.webhook(body, &unprefixed);
    assert_eq!(
        (&theirs["valid"], &theirs["webhookType"]),
        (&json!(true), &json!("events"))
    );
    assert_eq!(
        theirs["topic"],
        headers::parse(&header_map(&unprefixed))
            .unwrap()
            .topic
            .to_graphql_enum()
    );
}

#[test]
fn headers_are_missed_alike() {
    let mut oracle = Oracle::start();
    let (secrets, body) = (secrets(), r#"{"id":1}"#);
    let signature = secrets.sign_body(body.as_bytes());
    for prefix in [0, 2] {
        let full = call(&signature).map(|(name, value)| (&name[prefix..], value));
        for (missing, _) in full {
            for blank in [false, true] {
                let mut entries = full.to_vec();
                if blank {
                    entries
                        .iter_mut()
                        .filter(|(name, _)| *name == missing)
                        .for_each(|entry| entry.1 = "");
                } else {
                    entries.retain(|(name, _)| *name != missing);
                }
                let theirs = oracle.webhook(body, &entries);
                assert_eq!(theirs["valid"], false, "{missing}");
                match Delivery::receive(&secrets, &header_map(&entries), body).unwrap_err() {
                    Refusal::Unsigned => assert_eq!(theirs["reason"], "missing_hmac"),
                    Refusal::Headers(HeaderError::Missing(name)) => {
                        assert_eq!(theirs["reason"], "missing_headers");
                        let named = theirs["missingHeaders"][0].as_str().unwrap();
                        assert!(named.eq_ignore_ascii_case(name), "{named} or {name}");
                    }
                    other => panic!("{missing}: {other}"),
                }
            }
        }
    }
    let empty = oracle.webhook("", &call(&secrets.sign_body(b"")));
    assert_eq!(empty["reason"], "missing_body");
}

/// The library hands every header on as it is; what it would let through, we refuse or drop.
#[test]
fn we_are_stricter_with_headers() {
    let mut oracle = Oracle::start();
    let (secrets, body) = (secrets(), r#"{"id":1}"#);
    let signature = secrets.sign_body(body.as_bytes());
    for (name, value) in [
        ("X-Shopify-Shop-Domain", "evil.example"),
        ("X-Shopify-Shop-Domain", "a.myshopify.com/../"),
        ("X-Shopify-Topic", "orders create"),
        ("X-Shopify-Webhook-Id", "two words"),
    ] {
        let entries = call(&signature).map(|entry| if entry.0 == name { (name, value) } else { entry });
        assert_eq!(oracle.webhook(body, &entries)["valid"], true, "{name}: {value}");
        let ours = Delivery::receive(&secrets, &header_map(&entries), body);
        assert!(matches!(ours, Err(Refusal::Headers(_))), "{name}: {value}: {ours:?}");
    }
    let mut entries = call(&signature).to_vec();
    entries.push(("X-Shopify-Triggered-At", "yesterday"));
    assert_eq!(oracle.webhook(body, &entries)["triggeredAt"], "yesterday");
    assert_eq!(headers::parse(&header_map(&entries)).unwrap().triggered_at, None);
}

#[test]
fn queries_are_signed_and_judged_alike() {
    let (mut oracle, mut runner) = (Oracle::start(), TestRunner::deterministic());
    let secrets = secrets();
    // Lower-case letters only in the names: the library sorts those as we do, see below.
    let pairs = proptest::collection::vec(("[a-z]{1,6}(_[a-z]{1,3})?", ".{0,20}"), 0..6);
    for _ in 0..SAMPLES {
        let mut pairs = sample(&mut runner, &pairs);
        pairs.retain(|(key, _)| !["hmac", "signature", "shop", "timestamp"].contains(&key.as_str()));
        pairs.push(("ids[]".to_owned(), "1".to_owned()));
        pairs.push(("ids[]".to_owned(), "2,3".to_owned()));
        pairs.push(("shop".to_owned(), "demo.myshopify.com".to_owned()));
        pairs.push(("timestamp".to_owned(), NOW.to_string()));
        let unsigned = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&pairs)
            .finish();
        let hmac = oracle.query_hmac(&unsigned);
        assert_eq!(secrets.sign_query(&pairs), hmac, "{unsigned}");

        let query = format!("{unsigned}&hmac={hmac}");
        let signed = secrets.signed_query(&pairs);
        for (query, valid) in [
            (query.clone(), true),
            (signed.clone(), true),
            (format!("{signed}&signature=anything"), true),
            (format!("hmac={hmac}&{unsigned}"), true),
            (unsigned.clone(), false),
            (format!("{unsigned}&hmac="), false),
            (format!("{unsigned}&hmac={}", hmac.to_uppercase()), false),
            (format!("{unsigned}&hmac={}", &hmac[1..]), false),
            (format!("{query}&extra=1"), false),
            (format!("{query}&shop=other.myshopify.com"), false),
            (format!("{query}&timestamp={NOW}"), false),
            (format!("{query}&hmac={hmac}"), false),
            (query.replace("demo.", "other."), false),
            (query.replace("ids%5B%5D=1", "ids%5B%5D=4"), false),
        ] {
            assert_eq!(oracle.believes_query(&query, NOW), valid, "{query}");
            assert_eq!(secrets.verify_query(&query, at(NOW)).is_ok(), valid, "{query}");
        }
    }
}

#[test]
fn a_query_ages_alike() {
    let mut oracle = Oracle::start();
    let secrets = secrets();
    let query = secrets.signed_query(&pairs(&[("shop", "demo.myshopify.com"), ("timestamp", "1790000000")]));
    for seconds in [-3600, -91, -90, -1, 0, 1, 89, 90, 91, 3600] {
        let theirs = oracle.believes_query(&query, NOW + seconds);
        assert_eq!(theirs, i64::abs(seconds) <= 90);
        assert_eq!(
            secrets.verify_query(&query, at(NOW + seconds)).is_ok(),
            theirs,
            "{seconds}"
        );
    }
}

/// Queries that the library believes and we do not, each for the reason given.
#[test]
fn we_are_stricter_with_queries() {
    let mut oracle = Oracle::start();
    let secrets = secrets();
    let stamp = format!("timestamp={NOW}");
    let too_long = format!("code={}&{stamp}", "a".repeat(20_000));
    for (unsigned, error) in [
        // Two shops are signed as "a,b"; which of them is meant is anybody's guess.
        (
            format!("shop=a.myshopify.com&shop=b.myshopify.com&{stamp}"),
            QueryError::Repeated("shop"),
        ),
        // JavaScript reads many things as a number.
        (format!("timestamp=+{NOW}"), QueryError::BadTimestamp),
        (format!("timestamp={NOW}.0"), QueryError::BadTimestamp),
        ("timestamp=1.79e9".to_owned(), QueryError::BadTimestamp),
        ("timestamp=0x6AB13B80".to_owned(), QueryError::BadTimestamp),
        // Broken encoding would be read as a replacement character, or left as it is.
        (format!("code=%FF&{stamp}"), QueryError::Malformed),
        (format!("code=%4&{stamp}"), QueryError::Malformed),
        (too_long, QueryError::TooLong),
    ] {
        let query = format!("{unsigned}&hmac={}", oracle.query_hmac(&unsigned));
        assert!(oracle.believes_query(&query, NOW), "{query:.200}");
        assert_eq!(secrets.verify_query(&query, at(NOW)).err(), Some(error), "{query:.200}");
    }
}

/// The library sorts names as a dictionary does, Shopify's servers and we by bytes. No query that
/// Shopify sends today has names for which that differs.
#[test]
fn unusual_names_are_sorted_by_bytes() {
    let mut oracle = Oracle::start();
    let secrets = secrets();
    for names in [["B", "a"], ["a1", "a_"]] {
        let unsigned = format!("{}=1&{}=2&timestamp={NOW}", names[0], names[1]);
        let by_bytes = pairs(&[(names[0], "1"), (names[1], "2"), ("timestamp", &NOW.to_string())]);
        assert_eq!(
            secrets.signed_query(&by_bytes).split("&hmac").next(),
            Some(unsigned.as_str())
        );
        assert_ne!(oracle.query_hmac(&unsigned), secrets.sign_query(&by_bytes), "{names:?}");
    }
    // What Shopify does send.
    let names = [
        "code",
        "embedded",
        "hmac",
        "host",
        "id_token",
        "locale",
        "session",
        "shop",
        "state",
        "timestamp",
    ];
    let usual: Vec<(String, String)> = names.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
    let unsigned = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&usual)
        .finish();
    assert_eq!(oracle.query_hmac(&unsigned), secrets.sign_query(&usual));
}

#[test]
fn every_domain_we_accept_the_library_accepts() {
    let (mut oracle, mut runner) = (Oracle::start(), TestRunner::deterministic());
    let shapes = "[a-zA-Z0-9_.-]{0,8}(\\.myshopify\\.com|\\.MYSHOPIFY\\.COM|\\.shopify\\.com|myshopify\\.com)[/\n]?";
    for _ in 0..SAMPLES * 4 {
        let text = sample(&mut runner, &shapes);
        if let Ok(domain) = ShopDomain::parse(&text) {
            let theirs = oracle.ask(&json!({"op": "sanitizeShop", "secret": "hush", "shop": domain.as_str()}));
            assert_eq!(theirs["shop"], domain.as_str(), "{text}");
        }
    }
}

/// Spellings that the library lets through: those we lower-case, and those we refuse.
#[test]
fn we_are_stricter_with_domains() {
    let mut oracle = Oracle::start();
    let long = format!("{}.myshopify.com", "a".repeat(64));
    for (text, ours) in [
        ("demo.myshopify.com", Some("demo.myshopify.com")),
        ("Demo.myshopify.com", Some("demo.myshopify.com")),
        ("de_mo.myshopify.com", None),
        ("demo.myshopify.com/", None),
        ("demo.myshopify.com///", None),
        ("demo.shopify.com", None),
        ("demo.myshopify.io", None),
        ("demo.shop.dev", None),
        ("admin.shopify.com/store/demo", None),
        (&long, None),
    ] {
        let theirs = oracle.ask(&json!({"op": "sanitizeShop", "secret": "hush", "shop": text}));
        assert!(theirs["shop"].is_string(), "{text}: {theirs}");
        assert_eq!(
            ShopDomain::parse(text).ok().as_ref().map(ShopDomain::as_str),
            ours,
            "{text}"
        );
    }
    for text in [
        "",
        "evil.example",
        "demo.myshopify.com.evil.example",
        "demo.myshopify.com\n",
        "a.b.myshopify.com",
    ] {
        let theirs = oracle.ask(&json!({"op": "sanitizeShop", "secret": "hush", "shop": text}));
        assert!(theirs["shop"].is_null(), "{text:?}: {theirs}");
        assert!(ShopDomain::parse(text).is_err(), "{text:?}");
    }
}

fn secrets() -> Secrets {
    Secrets::new(["hush"]).unwrap_or_else(|error| panic!("{error}"))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn sample<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy
        .new_tree(runner)
        .unwrap_or_else(|reason| panic!("{reason}"))
        .current()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// The required headers of a call, as Shopify spells them.
fn call(signature: &str) -> [(&'static str, &str); 5] {
    [
        ("X-Shopify-Topic", "orders/create"),
        ("X-Shopify-Hmac-Sha256", signature),
        ("X-Shopify-Shop-Domain", "demo.myshopify.com"),
        ("X-Shopify-API-Version", "2026-10"),
        ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
    ]
}

fn header_map(entries: &[(&str, &str)]) -> HeaderMap {
    let header = |(name, value): &(&str, &str)| {
        Some((
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(value).ok()?,
        ))
    };
    entries
        .iter()
        .map(|entry| header(entry).unwrap_or_else(|| panic!("{entry:?}")))
        .collect()
}
