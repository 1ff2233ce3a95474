//! What the conditions of routing rules can ask about, each fact from Shopify or the setup file to who gets the order.

use rstest::rstest;
use sandbox::{CustomerSpec, OrderSpec};

use super::{
    rules::{EAST, NORTH, plot},
    shop::Plot,
};
use crate::harness::Database;

#[expect(
    clippy::disallowed_methods,
    reason = "the pretend Shopify goes by the machine's clock"
)]
pub(super) fn in_days(days: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now() + chrono::TimeDelta::days(days)
}

pub(super) const SCOPES_WITH_CUSTOMERS: &str = "read_orders,write_fulfillments,read_products,write_inventory,read_locations,\
    write_assigned_fulfillment_orders,write_merchant_managed_fulfillment_orders,\
    write_third_party_fulfillment_orders,read_customers";

/// Each condition with one that does not hold.
#[rstest]
#[tokio::test]
async fn conditions_ask_what_shopify_says_of_customer_products_and_promise(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot("[]").env("SCOPES", SCOPES_WITH_CUSTOMERS).begin(database).await;
    for (rules, expect) in [
        (
            r#"[{ name: Fact, when: '"wholesale" in order.customer_tags and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: '"vip" in order.customer_tags and supplier.key == "north"', exclude: true }]"#,
            NORTH,
        ),
        (
            r#"[{ name: Fact, when: '"is-mug" in line.product_tags', never: [north] }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: '"is-kit" in line.product_tags', never: [north] }]"#,
            NORTH,
        ),
        (
            r#"[{ name: Fact, when: "order.promised_in_days < 3", never: [north] }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: "order.promised_in_days > 3", never: [north] }]"#,
            NORTH,
        ),
    ] {
        let spec = OrderSpec {
            customer: Some(CustomerSpec {
                tags: vec!["wholesale".to_owned()],
                ..CustomerSpec::default()
            }),
            fulfill_by: Some(in_days(2)),
            ..story.one_of(&["MUG"])
        };
        assert_eq!(story.spec_under(rules, spec).await, expect, "{rules}");
        let told = story.told().await;
        assert_eq!(
            told.contains("the rule “Fact” forbids it"),
            expect == EAST,
            "{rules}: {told}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_rule_about_what_is_not_known_applies_and_says_so(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = r#"[{ name: Guests, when: '"vip" in order.customer_tags', never: [north] }]"#;
    let story = plot("[]").begin(database).await;
    assert_eq!(story.under(rules, &["MUG"]).await, EAST, "customers may not be read");
    let told = story.told().await;
    assert!(
        told.contains("the rule “Guests” may forbid it: order.customer_tags is not known"),
        "{told}"
    );
}

/// What is said of North's mug and of the agreement with North decides without a rule.
#[rstest]
#[tokio::test]
async fn dangerous_goods_and_ages_are_left_to_who_may_ship_them(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot("[]").begin(database).await;
    for (of_north_mug, with_north, expect, told) in [
        (", dangerous_goods: true", "", NORTH, ""),
        (
            ", dangerous_goods: true",
            ", dangerous_goods: false",
            EAST,
            "N-MUG is dangerous goods, which North may not ship",
        ),
        (
            ", dangerous_goods: false, minimum_age: 18",
            "",
            EAST,
            "N-MUG is for people of 18 years or more, and North does not check their age",
        ),
        (
            ", dangerous_goods: false, minimum_age: 18",
            ", checks_age: true",
            NORTH,
            "",
        ),
    ] {
        let plot = Plot {
            of_north_mug,
            with_north,
            ..plot("[]")
        };
        let who = story.spec_in(&plot, story.one_of(&["MUG"])).await;
        assert_eq!(who, expect, "{of_north_mug} {with_north}");
        let said = story.told().await;
        assert!(said.contains(told), "{said}");
    }
}

#[rstest]
#[tokio::test]
async fn conditions_ask_about_goods_and_how_soon_they_ship(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot("[]").begin(database).await;
    for (rules, expect) in [
        ("[{ name: Fact, when: offer.dangerous_goods, exclude: true }]", EAST),
        (
            "[{ name: Fact, when: 'supplier.key == \"north\" and not offer.dangerous_goods', exclude: true }]",
            NORTH,
        ),
        ("[{ name: Fact, when: offer.minimum_age >= 16, exclude: true }]", EAST),
        (
            "[{ name: Fact, when: supplier.key == \"north\" and offer.longest_side_mm > 1000, exclude: true }]",
            EAST,
        ),
        (
            "[{ name: Fact, when: supplier.key == \"north\" and offer.girth_mm > 2200, exclude: true }]",
            NORTH,
        ),
        // After the cutoff, which is always, North needs one day more than East.
        ("[{ name: Fact, when: supplier.days_to_ship > 1, exclude: true }]", EAST),
        ("[{ name: Fact, when: supplier.days_late > 0, exclude: true }]", EAST),
        ("[{ name: Fact, when: supplier.days_late > 1, exclude: true }]", NORTH),
    ] {
        let plot = Plot {
            of_north_mug: ", dangerous_goods: true, minimum_age: 16, size_mm: [1200, 300, 200]",
            with_north: ", checks_age: true, cutoff_hour: 0",
            ..plot(rules)
        };
        let spec = OrderSpec {
            fulfill_by: Some(in_days(1)),
            ..story.one_of(&["MUG"])
        };
        assert_eq!(story.spec_in(&plot, spec).await, expect, "{rules}");
        let told = story.told().await;
        assert_eq!(
            told.contains("the rule “Fact” forbids it"),
            expect == EAST,
            "{rules}: {told}"
        );
    }
}

/// Of what an order is known not to have no comparison holds, and a postcode is the same however it is written.
#[rstest]
#[tokio::test]
async fn what_an_order_does_not_have_is_no_riddle(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = plot("[]").begin(database).await;
    for (rules, expect) in [
        (
            r#"[{ name: Fact, when: 'order.province in ["HI", "AK"] and supplier.key == "north"', exclude: true }]"#,
            NORTH,
        ),
        (
            r#"[{ name: Fact, when: 'order.province != "BE" and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: 'order.promised_in_days < 2 and supplier.key == "north"', exclude: true }]"#,
            NORTH,
        ),
        (
            r#"[{ name: Fact, when: 'not (order.promised_in_days < 2) and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: 'order.postcode starts_with "1 01" and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: 'order.postcode == "10-115" and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: 'order.postcode in ["10 115"] and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Fact, when: 'order.postcode starts_with "1 02" and supplier.key == "north"', exclude: true }]"#,
            NORTH,
        ),
    ] {
        assert_eq!(story.under(rules, &["MUG"]).await, expect, "{rules}");
    }
}
