//! What each kind of rule does to an order, and what the order's page says of it.

use rstest::rstest;
use sandbox::{AddressSpec, CustomerSpec, OrderSpec, RejectReason};
use serde_json::json;

use super::{
    rule_facts::{SCOPES_WITH_CUSTOMERS, in_days},
    rules::{EAST, NORTH},
    shop::{Plot, Story},
};
use crate::harness::Database;

/// North comes first for the mug; the kit is East's alone.
fn plot() -> Plot {
    Plot {
        mug_at_east: true,
        ..Plot::default()
    }
}

const MUG_OF_NORTH: &str = "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 100, ships_to: [DE]";

#[derive(Clone, Copy)]
struct Case {
    rules: &'static str,
    /// In the place of North's mug.
    mug: &'static str,
    /// What else is agreed with North.
    north: &'static str,
    skus: &'static [&'static str],
    /// Who gets it.
    expect: (usize, usize),
    told: &'static str,
}

/// Forbids North what East may.
const RULED: Case = Case {
    rules: "[]",
    mug: MUG_OF_NORTH,
    north: "",
    skus: &["MUG"],
    expect: EAST,
    told: "the rule “Fact” forbids it",
};

impl Case {
    fn setup(&self) -> String {
        let rules = self.rules.replace('@', "supplier.key == \"north\" and");
        let plot = plot().setup().replace("rules: []", &format!("rules: {rules}"));
        let with_north = "price_tolerance_pct: 2, handling_days: 1 }\n      - { supplier: east";
        assert!(plot.contains(MUG_OF_NORTH) && plot.contains(with_north));
        plot.replace(MUG_OF_NORTH, self.mug)
            .replace(with_north, &with_north.replace(" }", &format!("{} }}", self.north)))
    }
}

/// An order of which everything is known.
fn known(story: &Story, skus: &[&str]) -> OrderSpec {
    OrderSpec {
        tags: vec!["fragile".to_owned()],
        risk: "INVESTIGATE".to_owned(),
        customer: Some(CustomerSpec {
            tags: vec!["wholesale".to_owned()],
            ..CustomerSpec::default()
        }),
        shipping_address: Some(AddressSpec {
            province: Some("Berlin".to_owned()),
            province_code: Some("BE".to_owned()),
            ..AddressSpec::default()
        }),
        fulfill_by: Some(in_days(1)),
        ..story.one_of(skus)
    }
}

const CASES: &[Case] = &[
    Case {
        expect: NORTH,
        told: "could ship these units, but others come first",
        ..RULED
    },
    // What is known of an offer and of an agreement decides by itself.
    Case {
        mug: "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 100, ships_to: [AT, CH]",
        told: "does not ship to DE, only to AT, CH",
        ..RULED
    },
    Case {
        mug: "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 0, ships_to: [DE]",
        told: "no N-MUG in stock",
        ..RULED
    },
    Case {
        mug: "sku: N-MUG, title: Mug, cost: \"4.50\", currency: EUR, stock: 100, ships_to: [DE]",
        told: "the price rose from 4.00 to 4.50 EUR, above the accepted price plus 2 %",
        ..RULED
    },
    Case {
        north: ", active: false",
        told: "the connection with North is paused",
        ..RULED
    },
    // And what the owner rules.
    Case {
        rules: "[{ name: Fact, when: '@ order.country in [\"DE\", \"AT\"]', exclude: true }]",
        north: ", active: true",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.province == \"BE\"', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.postcode between \"10000\" and \"10999\"', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.postcode between \"11000\" and \"19999\"', exclude: true }]",
        expect: NORTH,
        told: "could ship these units, but others come first",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ offer.stock > 1', keep_in_stock: 100 }]",
        told: "in stock, of which the rule “Fact” keeps 100",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ supplier.days_late > 0', exclude: true }]",
        north: ", cutoff_hour: 0",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ supplier.handling_days > 0', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ offer.weight_g > 1000', exclude: true }]",
        told: "the rule “Fact” may forbid it: offer.weight_g is not known",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ offer.line_weight_g > 1000', exclude: true }]",
        mug: "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 100, ships_to: [DE], weight_g: 1500",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ (offer.longest_side_mm > 1000 or offer.girth_mm > 3000)', exclude: true }]",
        mug: "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 100, ships_to: [DE], size_mm: [1200, 9, 9]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.total > 10', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ \"wholesale\" in order.customer_tags', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ \"fragile\" in order.tags', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ \"is-mug\" in line.product_tags', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.channel == \"web\"', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.channel == \"pos\"', exclude: true }]",
        expect: NORTH,
        told: "could ship these units, but others come first",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.payment == \"PAID\"', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: '@ order.risk == \"INVESTIGATE\"', exclude: true }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, only: [east] }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: 'line.sku == \"MUG\"', never: [north] }]",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, never_split: true }]",
        skus: &["MUG", "KIT"],
        told: "the rule “Fact” leaves no room for it",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, when: 'line.sku in [\"MUG\", \"KIT\"]', ship_together: true }]",
        skus: &["MUG", "KIT"],
        told: "the rule “Fact” leaves no room for it",
        ..RULED
    },
    Case {
        rules: "[{ name: Fact, max_parcels: 1 }]",
        skus: &["MUG", "KIT"],
        told: "the rule “Fact” leaves no room for it",
        ..RULED
    },
    Case {
        mug: "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 100, ships_to: [DE], minimum_age: 18",
        told: "N-MUG is for people of 18 years or more, and North does not check their age",
        ..RULED
    },
    Case {
        mug: "sku: N-MUG, title: Mug, cost: \"4.00\", currency: EUR, stock: 100, ships_to: [DE], dangerous_goods: true",
        north: ", dangerous_goods: false",
        told: "N-MUG is dangerous goods, which North may not ship",
        ..RULED
    },
];

#[rstest]
#[tokio::test]
async fn each_kind_of_rule_stands_in_the_explanation(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot().env("SCOPES", SCOPES_WITH_CUSTOMERS).begin(database).await;
    for case in CASES {
        let setup = story.world.filled(&case.setup());
        story.world.orderyard.apply_until_taken(&setup).await;
        let what = format!("{} {} {}", case.rules, case.mug, case.north);
        assert_eq!(story.bought_by(known(&story, case.skus)).await, case.expect, "{what}");
        let page = story.page().await;
        assert!(page.contains(case.told), "{what}: {page}");
    }
}

/// Two lines that North has, of which it rejects one; East could ship that one.
async fn begun(database: Database, rules: &'static str) -> Story {
    let story = Plot { rules, ..plot() }.begin(database).await;
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    north
        .reject(&placed.number, "N-MUG", RejectReason::OutOfStock)
        .await
        .expect("rejects");
    story
}

/// What is left of an order does not go elsewhere while its rules keep it together with what has begun.
#[rstest]
#[case("[{ name: Whole, never_split: true }]", "the rule “Whole” keeps it with North")]
#[case(
    "[{ name: Whole, when: 'line.sku in [\"MUG\", \"SHIRT\"]', ship_together: true }]",
    "the rule “Whole” keeps it with North"
)]
#[case("[{ name: Whole, max_parcels: 1 }]", "the rule “Whole” leaves no room for it")]
#[tokio::test]
async fn an_order_that_has_begun_is_not_split_later(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] rules: &'static str,
    #[case] told: &str,
) {
    let story = begun(database, rules).await;
    let asked = format!(
        "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open' and quantity = 2 \
         and message like '%{told}%'"
    );
    story.waits_for("somebody is asked", &asked, 1).await;
    story.quiet().await;
    assert!(story.world.supplier("east").orders().is_empty());
    let page = story.page().await;
    assert!(
        page.contains(told) && page.contains("North was asked for this line before, and does not ship it"),
        "{page}"
    );
    // The owner gives up the rule: East ships the mugs.
    story.change(r#"switchRule(id: "Whole", enabled: false)"#).await;
    let second = story.purchase_order("east").await;
    assert_eq!(second.lines[0].quantity, 2);
}

/// What would be decided about an order as a whole does not count what was decided before.
#[rstest]
#[tokio::test]
async fn a_preview_of_an_order_that_was_bought_keeps_to_nobody(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = "[{ name: Whole, never_split: true }, { name: One parcel, max_parcels: 1 }]";
    let story = Plot { rules, ..plot() }.begin(database).await;
    assert_eq!(story.bought_by(story.one_of(&["MUG"])).await, NORTH);
    // North is out of mugs: East would have it now.
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 0)]).await.expect("is taken");
    let order = story
        .world
        .graphql("{ orders(first: 1) { nodes { id } } }", json!({}))
        .await;
    let query = "query($id: ID!) { routePreview(orderId: $id) { wholeOrder plan { lines { components { sku } } } } }";
    let id = &order["orders"]["nodes"][0]["id"];
    let preview = story.world.graphql(query, json!({ "id": id })).await;
    let expect = json!({ "wholeOrder": true, "plan": { "lines": [{ "components": [{ "sku": "E-MUG" }] }] } });
    assert_eq!(preview["routePreview"], expect);
}

/// Neither the last piece that another order has, nor who rejected it, is a secret.
#[rstest]
#[tokio::test]
async fn a_page_says_what_another_order_took_and_who_rejected(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begun(database, "[]").await;
    let second = story.purchase_order("east").await;
    assert_eq!(second.lines[0].quantity, 2);
    story.quiet().await;
    let page = story.page().await;
    for told in [
        "North was asked for this line before",
        "rejected 2 × N-MUG (out of stock)",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 1)]).await.expect("is taken");
    assert_eq!(story.bought_by(story.one_of(&["MUG"])).await, NORTH);
    assert_eq!(story.bought_by(story.one_of(&["MUG"])).await, EAST);
    let page = story.page().await;
    assert!(
        page.contains("1 of N-MUG in stock, 1 reserved for other orders"),
        "{page}"
    );
    let chosen = story
        .world
        .graphql("{ orders(first: 1) { nodes { plan { strategy } } } }", json!({}));
    assert_eq!(chosen.await["orders"]["nodes"][0]["plan"]["strategy"], "PRIORITY");
}
