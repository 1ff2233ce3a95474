//! The shop's own routing rules, each kind from a setup file to who gets the order.

use rstest::rstest;
use sandbox::OrderSpec;

use super::shop::{Plot, Story};
use crate::harness::Database;

/// North comes first for the mug; the kit is East's alone.
fn plot(rules: &'static str) -> Plot {
    Plot {
        mug_at_east: true,
        rules,
        ..Plot::default()
    }
}

impl Story {
    /// Purchase orders that each supplier has.
    fn bought(&self) -> (usize, usize) {
        let count = |supplier| self.world.supplier(supplier).orders().len();
        (count("north"), count("east"))
    }

    /// Orders under these rules, and says how many purchase orders each supplier gets for it.
    async fn under(&self, rules: &'static str, skus: &[&str]) -> (usize, usize) {
        self.world.apply(&plot(rules).setup()).await;
        let before = self.bought();
        let spec = OrderSpec {
            tags: vec!["fragile".to_owned()],
            ..OrderSpec::of(skus.iter().map(|sku| (self.variant(sku), 1)))
        };
        self.world.shop.create_order(spec).expect("an order");
        let come = async || self.bought() != before;
        self.world.eventually("somebody gets the order", come).await;
        self.quiet().await;
        let after = self.bought();
        (after.0 - before.0, after.1 - before.1)
    }
}

const NORTH: (usize, usize) = (1, 0);
const EAST: (usize, usize) = (0, 1);
const BOTH: (usize, usize) = (1, 1);

#[rstest]
#[tokio::test]
async fn each_kind_of_rule_decides_who_ships(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = plot("[]").begin(database).await;
    let mug = ["MUG"].as_slice();
    for (rules, expect) in [
        ("[]", NORTH),
        (
            r#"[{ name: Tags, when: '"fragile" in order.tags and supplier.key == "north"', exclude: true }]"#,
            EAST,
        ),
        (
            r#"[{ name: Elsewhere, when: 'order.country == "FR" and supplier.key == "north"', exclude: true }]"#,
            NORTH,
        ),
        (r#"[{ name: Value, when: "order.total > 20", only: [east] }]"#, EAST),
        (r#"[{ name: Value, when: "order.total > 2000", only: [east] }]"#, NORTH),
        (
            r#"[{ name: Paid, when: 'order.payment == "PAID" and line.sku == "MUG"', never: [north] }]"#,
            EAST,
        ),
        ("[{ name: Off, never: [north], enabled: false }]", NORTH),
        (r#"[{ name: Over, never: [north], until: "2001-01-01" }]"#, NORTH),
        (
            r#"[{ name: Buffer, when: 'supplier.key == "north"', keep_in_stock: 100 }]"#,
            EAST,
        ),
        (
            "[{ name: Heavy, when: 'supplier.key == \"north\" and offer.weight_g > 1000', exclude: true }]",
            EAST,
        ),
    ] {
        assert_eq!(story.under(rules, mug).await, expect, "{rules}");
    }
}

#[rstest]
#[tokio::test]
async fn rules_about_the_whole_order_keep_it_together(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot("[]").begin(database).await;
    let two = ["MUG", "KIT"].as_slice();
    for (rules, expect) in [
        ("[]", BOTH),
        ("[{ name: Whole, never_split: true }]", EAST),
        (
            r#"[{ name: Sets, when: 'line.sku in ["MUG", "KIT"]', ship_together: true }]"#,
            EAST,
        ),
        ("[{ name: One parcel, max_parcels: 1 }]", EAST),
        ("[{ name: Two parcels, max_parcels: 2 }]", BOTH),
    ] {
        assert_eq!(story.under(rules, two).await, expect, "{rules}");
    }
}

#[rstest]
#[tokio::test]
async fn rules_that_contradict_each_other_are_put_before_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = "[{ name: Only North, only: [north] }, { name: Never North, never: [north] }]";
    let story = plot(rules).begin(database).await;
    story.order(&[("MUG", 1)]);
    let asked = "select count(*) from exceptions where kind = 'no_eligible_supplier' \
                 and message like '%“Only North”%' and message like '%“Never North”%'";
    let is_so = async || story.world.count(asked).await == 1;
    story.world.eventually("both rules are named", is_so).await;
    assert_eq!(story.bought(), (0, 0));
}
