//! What the parts do together: every mistake at once, a readable diff, and two properties:
//! what was applied is not applied again, and what is exported changes nothing.

mod costs;
mod counted;
mod properties;

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    Installation, Plan,
    export::{self, Secrets},
    model::Shop,
    plan::{Step, Unnamed, plan},
    read,
};
use crate::{
    domain::{money::Currency, shop::ShopSettings, supplier::SupplierKey},
    ids::{ShopifyLocationId, ShopifyVariantId},
};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

const FILE: &str = r#"version: 1
suppliers:
  - key: north
    name: North Textiles
    connector: http
    settings: { endpoint: "https://north.example/orders", secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" }
    offers:
      - { sku: NT-MUG, title: Mug, cost: "4.20", currency: EUR, stock: 120, weight_g: 350, ships_to: [DE, AT] }
shops:
  - domain: demo.myshopify.com
    automation: on
    locations: all
    connections:
      - { supplier: north, priority: 1, price_tolerance_pct: 2, handling_days: 1 }
    mappings:
      - variant: { sku: MUG-0001 }
        alternatives:
          - components: [ { supplier: north, sku: NT-MUG, quantity: 1 } ]
"#;

fn key(text: &str) -> SupplierKey {
    text.parse().expect(text)
}

fn shop() -> Shop {
    Shop {
        today: NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day"),
        settings: ShopSettings::default(),
        currency: Currency::parse("EUR").expect("EUR"),
        locations: [(1, "Berlin"), (2, "Wien"), (3, "Wien"), (4, "5")]
            .map(|(id, name)| (ShopifyLocationId(id), name.to_owned()))
            .into(),
        variants: [
            (11, Some("MUG-0001")),
            (12, Some("TWICE")),
            (13, Some("TWICE")),
            (14, None),
            (15, Some("007")),
        ]
        .map(|(id, sku)| (ShopifyVariantId(id), sku.map(str::to_owned)))
        .into(),
        connections: BTreeMap::new(),
        mappings: BTreeMap::new(),
    }
}

fn installed() -> Installation {
    Installation {
        suppliers: BTreeMap::new(),
        shops: [("demo.myshopify.com".to_owned(), shop())].into(),
    }
}

fn planned(file: &str, now: &Installation, unnamed: Unnamed) -> Plan {
    let setup = read(file).expect(file);
    plan(&setup, now, unnamed).expect(file)
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(ToString::to_string).collect()
}

fn mistakes(file: &str) -> Vec<String> {
    let problems = match read(file) {
        Err(problems) => problems,
        Ok(setup) => plan(&setup, &installed(), Unnamed::Keep).expect_err(file),
    };
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn tags_of_a_review_are_kept_without_blanks_around() {
    let file = FILE.replace(
        "    automation: on\n",
        "    automation: on\n    review: { tags: [\" vip\", 'Überprüfen '] }\n",
    );
    let setup = read(&file).expect("reads");
    let review = setup.shops[0].review.as_ref().expect("a review");
    assert_eq!(review.tags, ["vip", "Überprüfen"]);
}

#[test]
fn the_first_apply_adds_and_the_second_does_nothing() {
    let first = planned(FILE, &installed(), Unnamed::Keep);
    assert_eq!(
        lines(&first),
        [
            "+ supplier north: name “North Textiles”, connector http, currency EUR, endpoint \
             https://north.example/orders, secret (not shown)",
            "+ offer north NT-MUG: title “Mug”, cost 4.20 EUR, stock 120, weight_g 350, ships_to AT DE, active on",
            "~ shop demo.myshopify.com: automation off → on",
            "+ connection demo.myshopify.com to north: priority 1, price_tolerance_pct 2.00, handling_days 1, active on",
            "+ mapping demo.myshopify.com MUG-0001: made of 1 × north NT-MUG at 4.20 EUR",
        ]
    );
    let second = planned(FILE, &first.after, Unnamed::Prune);
    assert_eq!(lines(&second), Vec::<String>::new());
    assert_eq!(second.after, first.after);
}

#[test]
fn a_change_shows_both_values_and_no_secret() {
    let now = planned(FILE, &installed(), Unnamed::Keep).after;
    let file = FILE
        .replace("cost: \"4.20\"", "cost: 5")
        .replace("stock: 120, ", "")
        .replace("whsec_MDEy", "whsec_NDEy")
        .replace("quantity: 1", "quantity: 2");
    assert_eq!(
        lines(&planned(&file, &now, Unnamed::Keep)),
        [
            "~ supplier north: secret replaced (not shown)",
            "~ offer north NT-MUG: cost 4.20 EUR → 5.00 EUR",
            // The shop accepted 4.20; a new price is not accepted by being there.
            "~ mapping demo.myshopify.com MUG-0001: made of 1 × north NT-MUG at 4.20 EUR → 2 × north NT-MUG at 4.20 EUR",
        ]
    );
    let accepted = file.replace("quantity: 2", "quantity: 2, accepted_cost: 5.00");
    let last = lines(&planned(&accepted, &now, Unnamed::Keep)).pop();
    assert!(last.is_some_and(|line| line.ends_with("→ 2 × north NT-MUG at 5.00 EUR")));
}

#[test]
fn what_the_file_leaves_out_stays_unless_it_is_pruned() {
    let now = planned(FILE, &installed(), Unnamed::Keep).after;
    let file = "version: 1\nsuppliers:\n  - {key: north, name: North Textiles, connector: http}\n\
                shops:\n  - domain: DEMO.myshopify.com\n";
    assert_eq!(lines(&planned(file, &now, Unnamed::Keep)), Vec::<String>::new());
    let pruned = planned(file, &now, Unnamed::Prune);
    assert_eq!(
        lines(&pruned),
        [
            "- offer north NT-MUG",
            "- connection demo.myshopify.com to north",
            "- mapping demo.myshopify.com MUG-0001",
        ]
    );
    assert_eq!(
        lines(&planned(file, &pruned.after, Unnamed::Prune)),
        Vec::<String>::new()
    );
    // Naming them again brings them back.
    assert_eq!(planned(FILE, &pruned.after, Unnamed::Keep).after, now);
}

#[test]
fn every_mistake_of_meaning_is_named_at_once() {
    let file = "version: 1
suppliers:
  - {key: North!, name: N, connector: portal, settings: {endpoint: 'https://x.example'}}
  - {key: south, name: S, connector: http, settings: {endpoint: 'https://u:p@x.example', secret: hush}}
  - key: east
    name: E
    connector: portal
    offers:
      - {sku: A, title: A, cost: '1.234', currency: EUR}
      - {sku: a, title: A, cost: '-1', currency: EUR}
      - {sku: B, title: B, cost: '1', currency: XXZ, ships_to: [DE, Austria]}
      - {sku: C, title: C, cost: '1'}
shops:
  - domain: demo.myshopify.com
    mappings:
      - {variant: {sku: MUG-0001}, alternatives: [{components: [{supplier: east, sku: A}]}]}
      - {variant: {sku: MUG-0001}, alternatives: [{components: [{supplier: east, sku: A}]}]}
";
    let found = mistakes(file);
    let starts: Vec<&str> = found
        .iter()
        .map(|line| line.split(": ").nth(1).unwrap_or_default())
        .collect();
    assert_eq!(
        starts,
        [
            "suppliers[0].key",
            "suppliers[0].settings",
            "suppliers[1].settings.endpoint",
            "suppliers[1].settings.secret",
            "suppliers[2].offers[0].cost",
            "suppliers[2].offers[1].sku",
            "suppliers[2].offers[1].cost",
            "suppliers[2].offers[2].currency",
            "suppliers[2].offers[3]",
            "shops[0].mappings[1].variant",
        ],
        "{found:#?}"
    );
    assert!(found[4].starts_with("line 9, column 34: "), "{}", found[4]);
    assert!(!found.iter().any(|line| line.contains("hush")));
}

/// A kit is made of offers, never of other kits, so that it cannot hold itself.
#[test]
fn a_kit_of_kits_and_a_stock_below_zero_are_refused_at_their_field() {
    for (from, to, field) in [
        (
            "components: [ { supplier: north, sku: NT-MUG, quantity: 1 } ]",
            "components: [ { variant: { sku: MUG-0001 }, quantity: 1 } ]",
            "shops[0].mappings[0].alternatives[0].components[0]",
        ),
        ("stock: 120", "stock: -1", "suppliers[0].offers[0].stock"),
        (
            "sku: NT-MUG, title",
            r#"sku: "NT-MUG\nB", title"#,
            "suppliers[0].offers[0].sku: this must not have line breaks",
        ),
    ] {
        let file = FILE.replace(from, to);
        assert_ne!(file, FILE);
        let found = mistakes(&file);
        assert!(found.iter().any(|line| line.contains(field)), "{found:#?}");
    }
}

#[test]
fn what_is_not_there_is_named_with_its_line() {
    let file = "version: 1
suppliers:
  - {key: south, name: S, connector: http, settings: {secret: (unchanged)}}
  - {key: east, name: E, connector: portal, currency: EUR, shop: gone.myshopify.com}
  - {key: west, name: W, connector: portal, offers: [{sku: A, title: A, cost: '1', currency: EUR}]}
shops:
  - domain: other.myshopify.com
  - domain: demo.myshopify.com
    locations: [Berlin, Wien, Rom, 77]
    connections: [{supplier: nobody}]
    mappings:
      - {variant: {sku: TWICE}, alternatives: [{components: [{supplier: west, sku: A}]}]}
      - {variant: {sku: NONE}, alternatives: [{components: [{supplier: west, sku: A}]}]}
      - {variant: {id: 11}, alternatives: [{components: [{supplier: west, sku: Z}, {supplier: nobody, sku: A}]}]}
      - {variant: {sku: MUG-0001}, alternatives: [{components: [{supplier: west, sku: A, accepted_cost: '1.001'}]}]}
";
    let found: Vec<String> = mistakes(file)
        .iter()
        .map(|line| {
            let mut parts = line.splitn(3, ": ");
            let place = parts
                .next()
                .and_then(|place| place.split(',').next())
                .unwrap_or_default();
            format!("{place}: {}", parts.nth(1).unwrap_or_default())
        })
        .collect();
    assert_eq!(
        found,
        [
            "line 3: a new supplier needs a currency, its own or that of an offer",
            "line 3: the connector “http” needs settings.endpoint",
            "line 3: the connector “http” needs settings.secret, and none is stored yet",
            "line 4: the shop gone.myshopify.com has not installed Orderyard; install it first, at \
             /auth/shopify?shop=gone.myshopify.com",
            "line 7: the shop other.myshopify.com has not installed Orderyard; install it first, at \
             /auth/shopify?shop=other.myshopify.com",
            "line 9: several locations have this name; give the id",
            "line 9: the shop has no such location; it has Berlin, Wien, Wien, 5",
            "line 9: the shop has no such location; it has Berlin, Wien, Wien, 5",
            "line 10: there is no supplier “nobody”, neither in the file nor in the installation",
            "line 12: several variants of the shop have this SKU; give the id",
            "line 13: Orderyard knows no such product variant in this shop",
            "line 14: “west” has no offer “Z”",
            "line 14: there is no supplier “nobody”, neither in the file nor in the installation",
            "line 15: this variant is mapped further up already, under another name",
        ]
    );
}

#[test]
fn secrets_leave_only_when_asked_for() {
    let now = planned(FILE, &installed(), Unnamed::Keep).after;
    let quiet = export::to_yaml(&export::file(&now, Secrets::Withheld)).expect("writes");
    assert!(!quiet.contains("whsec_") && quiet.contains("(unchanged)"), "{quiet}");
    let told = export::to_yaml(&export::file(&now, Secrets::Written)).expect("writes");
    assert!(told.contains(SECRET), "{told}");
    assert!(!format!("{now:?}").contains("whsec_"));
    let setup = read(&told).expect("reads");
    assert!(!format!("{setup:?}").contains("whsec_"));
}

#[test]
fn an_export_reads_like_a_file_that_somebody_wrote() {
    let now = planned(FILE, &installed(), Unnamed::Keep).after;
    insta::assert_snapshot!(export::to_yaml(&export::file(&now, Secrets::Withheld)).expect("writes"), @r#"
    version: 1
    suppliers:
      - key: north
        name: North Textiles
        connector: http
        currency: EUR
        settings:
          endpoint: https://north.example/orders
          secret: (unchanged)
        offers:
          - {sku: NT-MUG, title: Mug, cost: "4.20", stock: 120, weight_g: 350, ships_to: [AT, DE]}
    shops:
      - domain: demo.myshopify.com
        automation: true
        notify_customer: true
        kit_fulfillment: last_component
        ship_on_payment_terms: false
        locations: all
        connections:
          - {supplier: north, priority: 1, price_tolerance_pct: 2, handling_days: 1}
        mappings:
          - variant:
              sku: MUG-0001
            alternatives:
              - components:
                  - {supplier: north, sku: NT-MUG}
    "#);
}

#[test]
fn the_published_schema_is_up_to_date() {
    let committed = serde_json::from_str(include_str!("../../../docs/setup.schema.json"));
    // Not assert_eq: two whole schemas help nobody.
    assert!(
        committed.is_ok_and(|schema: serde_json::Value| schema == super::file::json_schema()),
        "docs/setup.schema.json is out of date: run `make schema`"
    );
}
