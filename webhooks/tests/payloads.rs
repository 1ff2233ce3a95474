//! Owns: every topic the crate knows, read from a body in Shopify's shape, and from every other
//! topic's body.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use webhooks::{PayloadError, ShopAgreement, ShopDomain, Subject, Topic, payload};

const ORDER: Subject = Subject::Order {
    id: 820_982_911_946_154_508,
};
const FULFILLMENT_ORDER: Subject = Subject::FulfillmentOrder { id: 1 };
const PRODUCT: Subject = Subject::Product {
    id: 788_032_119_674_292_922,
};
const LOCATION: Subject = Subject::Location {
    id: 866_550_311_766_439_020,
};

#[test]
fn every_known_topic_reads_its_documented_body() {
    for topic in Topic::KNOWN {
        let got = payload::subject(topic, &fixture(topic));
        assert_eq!(got, Ok(expected(topic)), "{topic}");
    }
}

/// The exhaustive match makes a new topic say what its fixture must yield.
fn expected(topic: &Topic) -> Subject {
    match topic {
        Topic::OrdersCreate
        | Topic::OrdersUpdated
        | Topic::OrdersEdited
        | Topic::OrdersPaid
        | Topic::OrdersCancelled
        | Topic::OrdersFulfilled
        | Topic::OrdersPartiallyFulfilled
        | Topic::OrdersDelete
        | Topic::OrdersRiskAssessmentChanged
        | Topic::RefundsCreate
        | Topic::FulfillmentsCreate
        | Topic::FulfillmentsUpdate
        | Topic::FulfillmentEventsCreate => ORDER,
        Topic::FulfillmentOrdersMoved => Subject::FulfillmentOrder { id: 2 },
        Topic::FulfillmentHoldsAdded
        | Topic::FulfillmentHoldsReleased
        | Topic::FulfillmentOrdersOrderRoutingComplete
        | Topic::FulfillmentOrdersFulfillmentRequestSubmitted
        | Topic::FulfillmentOrdersFulfillmentRequestAccepted
        | Topic::FulfillmentOrdersFulfillmentRequestRejected
        | Topic::FulfillmentOrdersCancellationRequestSubmitted
        | Topic::FulfillmentOrdersCancellationRequestAccepted
        | Topic::FulfillmentOrdersCancellationRequestRejected
        | Topic::FulfillmentOrdersCancelled
        | Topic::FulfillmentOrdersFulfillmentServiceFailedToComplete
        | Topic::FulfillmentOrdersPlacedOnHold
        | Topic::FulfillmentOrdersHoldReleased
        | Topic::FulfillmentOrdersSplit
        | Topic::FulfillmentOrdersMerged
        | Topic::FulfillmentOrdersRescheduled
        | Topic::FulfillmentOrdersScheduledFulfillmentOrderReady
        | Topic::FulfillmentOrdersProgressReported
        | Topic::FulfillmentOrdersManuallyReportedProgressStopped
        | Topic::FulfillmentOrdersLineItemsPreparedForPickup
        | Topic::FulfillmentOrdersLineItemsPreparedForLocalDelivery => FULFILLMENT_ORDER,
        Topic::ProductsCreate | Topic::ProductsUpdate | Topic::ProductsDelete => PRODUCT,
        Topic::LocationsCreate
        | Topic::LocationsUpdate
        | Topic::LocationsDelete
        | Topic::LocationsActivate
        | Topic::LocationsDeactivate => LOCATION,
        Topic::ShopUpdate => Subject::Shop {
            shop_id: 548_380_009,
            shop: Some(domain("super-toys.myshopify.com")),
        },
        Topic::AppUninstalled => Subject::AppUninstalled {
            shop_id: 548_380_009,
            shop: None,
        },
        Topic::AppScopesUpdate => Subject::ScopesUpdate {
            shop_id: Some(548_380_009),
            previous: vec!["read_orders".to_owned(), "write_fulfillments".to_owned()],
            current: vec!["read_orders".to_owned()],
        },
        Topic::CustomersDataRequest => data_request(),
        Topic::CustomersRedact => customers_redact(),
        Topic::ShopRedact => Subject::ShopRedact {
            shop_id: 954_889,
            shop: domain("demo.myshopify.com"),
        },
        Topic::Other(_) => Subject::None,
    }
}

fn data_request() -> Subject {
    Subject::CustomersDataRequest {
        shop_id: 954_889,
        shop: domain("demo.myshopify.com"),
        customer_id: Some(191_167),
        orders: vec![299_938, 280_263, 220_458],
        request_id: Some(9_999),
    }
}

fn customers_redact() -> Subject {
    Subject::CustomersRedact {
        shop_id: 954_889,
        shop: domain("demo.myshopify.com"),
        customer_id: Some(191_167),
        orders: vec![299_938, 280_263, 220_458],
    }
}

#[test]
fn every_fixture_belongs_to_a_known_topic() {
    let used: Vec<PathBuf> = Topic::KNOWN.iter().map(fixture_path).collect();
    let mut count = 0;
    for folder in fs::read_dir(fixtures())
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
    {
        for file in fs::read_dir(folder.path()).unwrap() {
            let path = file.unwrap().path();
            assert!(used.contains(&path), "{} is nobody's fixture", path.display());
            count += 1;
        }
    }
    assert!(count >= 27, "the documented samples are gone");
}

/// What stands in an unsigned header must not turn a body into another command.
#[test]
fn no_other_body_is_read_as_an_erasure() {
    for erasing in Topic::COMPLIANCE {
        for other in Topic::KNOWN.iter().filter(|other| *other != erasing) {
            let got = payload::subject(erasing, &fixture(other));
            assert!(got.is_err(), "the body of {other} was read as {erasing}: {got:?}");
        }
    }
}

/// The bodies of deletions hold a bare number, which no reader can tell from a shop's: their
/// disagreement with the shop's own id gives them away.
#[test]
fn another_body_read_as_an_uninstall_contradicts_the_shop() {
    let same_shape = [Topic::AppUninstalled, Topic::ShopUpdate];
    let own = ShopDomain::parse("super-toys.myshopify.com").unwrap();
    for topic in Topic::KNOWN {
        let Ok(subject) = payload::subject(&Topic::AppUninstalled, &fixture(topic)) else {
            assert!(!same_shape.contains(topic), "{topic}");
            continue;
        };
        let expect = if same_shape.contains(topic) {
            ShopAgreement::Confirmed
        } else {
            ShopAgreement::Contradicted
        };
        assert_eq!(subject.shop_agreement(&own, Some(548_380_009)), expect, "{topic}");
    }
}

#[test]
fn bodies_of_one_kind_of_object_are_not_read_as_another() {
    for (topic, body_of) in [
        (Topic::OrdersCreate, Topic::ProductsUpdate),
        (Topic::OrdersCreate, Topic::LocationsUpdate),
        (Topic::OrdersCreate, Topic::FulfillmentsCreate),
        (Topic::OrdersCreate, Topic::RefundsCreate),
        (Topic::ProductsDelete, Topic::OrdersCreate),
        (Topic::LocationsDelete, Topic::OrdersCreate),
        (Topic::FulfillmentOrdersMoved, Topic::OrdersCreate),
        (Topic::RefundsCreate, Topic::OrdersCreate),
        (Topic::AppScopesUpdate, Topic::AppUninstalled),
    ] {
        let got = payload::subject(&topic, &fixture(&body_of));
        assert!(got.is_err(), "the body of {body_of} was read as {topic}: {got:?}");
    }
}

#[test]
fn an_id_is_read_in_every_spelling() {
    for (body, expect) in [
        (r#"{"id": 1}"#, Ok(1)),
        (r#"{"id": 9223372036854775807}"#, Ok(9_223_372_036_854_775_807)),
        (r#"{"id": "820982911946154508"}"#, Ok(820_982_911_946_154_508)),
        (r#"{"id": "gid://shopify/Order/7"}"#, Ok(7)),
        (r#"{"id": "gid://shopify/Order/7?key=1"}"#, Ok(7)),
        (r#"{"admin_graphql_api_id": "gid://shopify/Order/7"}"#, Ok(7)),
        (
            r#"{"id": null, "admin_graphql_api_id": "gid://shopify/Order/7"}"#,
            Ok(7),
        ),
        (r#"{"unknown": {"deep": [1, "x", null]}, "id": 7}"#, Ok(7)),
        (
            r#"{"id": 7, "admin_graphql_api_id": "gid://shopify/Order/8"}"#,
            bad("admin_graphql_api_id"),
        ),
        (
            r#"{"id": 7, "admin_graphql_api_id": "gid://shopify/DraftOrder/7"}"#,
            bad("admin_graphql_api_id"),
        ),
        (r#"{"id": 0}"#, bad("id")),
        (r#"{"id": -1}"#, bad("id")),
        (r#"{"id": 1.0}"#, bad("id")),
        (r#"{"id": 1e3}"#, bad("id")),
        (r#"{"id": 9223372036854775808}"#, bad("id")),
        (r#"{"id": 18446744073709551616}"#, bad("id")),
        (r#"{"id": true}"#, bad("id")),
        (r#"{"id": [1]}"#, bad("id")),
        (r#"{"id": {"id": 1}}"#, bad("id")),
        (r#"{"id": ""}"#, bad("id")),
        (r#"{"id": "+1"}"#, bad("id")),
        (r#"{"id": "1 "}"#, bad("id")),
        (r#"{"id": "gid://shopify/Order/"}"#, bad("id")),
        (r#"{"id": "gid://shopify/Order"}"#, bad("id")),
        (r#"{"id": "gid://shopify/order/7"}"#, bad("id")),
        (r#"{"id": "gid://evil/Order/7"}"#, bad("id")),
        ("{}", Err(PayloadError::Missing("id"))),
        (r#"{"id": null}"#, Err(PayloadError::Missing("id"))),
    ] {
        let got = payload::subject(&Topic::OrdersCreate, body.as_bytes());
        assert_eq!(got, expect.map(|id| Subject::Order { id }), "{body}");
    }
}

fn bad(field: &'static str) -> Result<u64, PayloadError> {
    Err(PayloadError::BadId(field))
}

#[test]
fn what_is_no_json_is_an_error_without_its_text() {
    for body in [
        "",
        "null",
        "[]",
        "7",
        r#""jon@example.com""#,
        r#"{"id": 1"#,
        "\u{feff}{\"id\": 1}",
        r#"{"id":1,"id":2}"#,
    ] {
        let got = payload::subject(&Topic::OrdersCreate, body.as_bytes());
        assert!(matches!(got, Err(PayloadError::Unreadable { .. })), "{body:?}: {got:?}");
    }
    let body = br#"{"order_edit": "jon@example.com"}"#;
    let error = payload::subject(&Topic::OrdersEdited, body).unwrap_err();
    assert_eq!(error, PayloadError::Unreadable { line: 1, column: 32 });
    assert!(!format!("{error} {error:?}").contains("jon"));
}

#[test]
fn an_erasure_must_be_complete_to_be_read() {
    let shop = r#""shop_id": 1, "shop_domain": "a.myshopify.com""#;
    for (topic, body, error) in [
        (
            Topic::ShopRedact,
            r#"{"shop_id": 1}"#.to_owned(),
            PayloadError::Missing("shop_domain"),
        ),
        (
            Topic::ShopRedact,
            r#"{"shop_domain": "a.myshopify.com"}"#.to_owned(),
            PayloadError::Missing("shop_id"),
        ),
        (
            Topic::ShopRedact,
            r#"{"shop_id": 1, "shop_domain": "evil.example"}"#.to_owned(),
            PayloadError::BadShop("shop_domain"),
        ),
        (
            Topic::CustomersRedact,
            format!("{{{shop}, \"orders_to_redact\": [1, \"x\"]}}"),
            PayloadError::BadId("orders_to_redact"),
        ),
        (
            Topic::CustomersRedact,
            format!("{{{shop}, \"orders_to_redact\": [1, null]}}"),
            PayloadError::Missing("orders_to_redact"),
        ),
        (
            Topic::CustomersRedact,
            format!("{{{shop}}}"),
            PayloadError::Missing("customer"),
        ),
        (
            Topic::CustomersDataRequest,
            format!("{{{shop}}}"),
            PayloadError::Missing("data_request"),
        ),
    ] {
        assert_eq!(payload::subject(&topic, body.as_bytes()), Err(error), "{topic} {body}");
    }
}

#[test]
fn a_field_of_another_compliance_topic_betrays_its_body() {
    for (topic, field) in [
        (Topic::ShopRedact, "customer"),
        (Topic::ShopRedact, "orders_to_redact"),
        (Topic::ShopRedact, "orders_requested"),
        (Topic::ShopRedact, "data_request"),
        (Topic::CustomersRedact, "orders_requested"),
        (Topic::CustomersRedact, "data_request"),
        (Topic::CustomersDataRequest, "orders_to_redact"),
    ] {
        let mut body: serde_json::Value = serde_json::from_slice(&fixture(&topic)).unwrap();
        body[field] = if field.starts_with("orders") {
            json!([])
        } else {
            json!({})
        };
        let got = payload::subject(&topic, body.to_string().as_bytes());
        assert_eq!(got, Err(PayloadError::OtherTopic(field)), "{topic}");
    }
}

#[test]
fn a_topic_nobody_uses_is_about_nothing_whatever_its_body() {
    for body in ["", "nonsense", r#"{"id": 1}"#] {
        assert_eq!(
            payload::subject(&Topic::from("carts/create"), body.as_bytes()),
            Ok(Subject::None)
        );
    }
}

#[test]
fn a_body_that_names_a_shop_is_held_against_the_header() {
    use ShopAgreement::{Confirmed, Contradicted, Silent};
    let (own, other) = (domain("demo.myshopify.com"), domain("other.myshopify.com"));
    let redact = expected(&Topic::ShopRedact);
    let uninstalled = expected(&Topic::AppUninstalled);
    let scopes = expected(&Topic::AppScopesUpdate);
    for (subject, claimed, known_id, expect) in [
        (&redact, &own, None, Confirmed),
        (&redact, &other, None, Contradicted),
        (&redact, &own, Some(954_889), Confirmed),
        (&redact, &own, Some(1), Contradicted),
        (&redact, &other, Some(954_889), Confirmed),
        (&uninstalled, &own, None, Silent),
        (&uninstalled, &own, Some(548_380_009), Confirmed),
        (&uninstalled, &own, Some(1), Contradicted),
        (&scopes, &own, None, Silent),
        (&scopes, &own, Some(1), Contradicted),
        (&ORDER, &own, Some(1), Silent),
        (&Subject::None, &own, Some(1), Silent),
    ] {
        assert_eq!(
            subject.shop_agreement(claimed, known_id),
            expect,
            "{subject:?} {claimed} {known_id:?}"
        );
    }
}

fn domain(text: &str) -> ShopDomain {
    ShopDomain::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Topics whose bodies are the same resource share a fixture.
fn fixture_path(topic: &Topic) -> PathBuf {
    let slug = match topic {
        Topic::OrdersUpdated
        | Topic::OrdersPaid
        | Topic::OrdersCancelled
        | Topic::OrdersFulfilled
        | Topic::OrdersPartiallyFulfilled => "orders/create",
        Topic::FulfillmentsUpdate => "fulfillments/create",
        Topic::ProductsCreate => "products/update",
        Topic::LocationsCreate | Topic::LocationsActivate | Topic::LocationsDeactivate => "locations/update",
        own => own.as_str(),
    };
    fixtures().join(format!("{slug}.json"))
}

fn fixture(topic: &Topic) -> Vec<u8> {
    let path = fixture_path(topic);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
