//! The shop's own routing rules, each kind from a setup file to who gets the order.

use rstest::rstest;
use sandbox::{OrderSpec, RejectReason};
use serde_json::json;

use super::shop::{Plot, Story};
use crate::harness::Database;

/// North comes first for the mug; the kit is East's alone.
pub(super) fn plot(rules: &'static str) -> Plot {
    Plot {
        mug_at_east: true,
        rules,
        ..Plot::default()
    }
}

impl Story {
    /// Purchase orders that each supplier has.
    pub(super) fn bought(&self) -> (usize, usize) {
        let count = |supplier| self.world.supplier(supplier).orders().len();
        (count("north"), count("east"))
    }

    /// Orders under these rules, and says how many purchase orders each supplier gets for it.
    pub(super) async fn under(&self, rules: &'static str, skus: &[&str]) -> (usize, usize) {
        let spec = OrderSpec {
            tags: vec!["fragile".to_owned()],
            ..self.one_of(skus)
        };
        self.spec_under(rules, spec).await
    }

    /// An order for one of each.
    pub(super) fn one_of(&self, skus: &[&str]) -> OrderSpec {
        OrderSpec::of(skus.iter().map(|sku| (self.variant(sku), 1)))
    }

    pub(super) async fn spec_under(&self, rules: &'static str, spec: OrderSpec) -> (usize, usize) {
        self.spec_in(&plot(rules), spec).await
    }

    pub(super) async fn spec_in(&self, plot: &Plot, spec: OrderSpec) -> (usize, usize) {
        self.world.apply(&plot.setup()).await;
        self.bought_by(spec).await
    }

    /// Orders, and says how many purchase orders each supplier gets for it.
    pub(super) async fn bought_by(&self, spec: OrderSpec) -> (usize, usize) {
        let before = self.bought();
        self.world.shop.create_order(spec).expect("an order");
        let come = async || self.bought() != before;
        self.world.eventually("somebody gets the order", come).await;
        self.quiet().await;
        let after = self.bought();
        (after.0 - before.0, after.1 - before.1)
    }

    /// What the newest order's plan says of those who do not ship it.
    pub(super) async fn told(&self) -> String {
        let query = "{ orders(first: 1) { nodes { plan { lines { rejected { summary reason } } } } } }";
        self.world.graphql(query, json!({})).await.to_string()
    }

    /// Changes the rules as the shop's staff do.
    pub(super) async fn change(&self, call: &str) {
        let query = format!("mutation {{ changed: {call} {{ problems {{ field message }} }} }}");
        let answer = self.world.graphql(&query, json!({})).await;
        assert_eq!(answer["changed"]["problems"], json!([]), "{call}");
    }

    pub(super) async fn waits_for(&self, what: &str, sql: &str, count: i64) {
        let is_so = async || self.world.count(sql).await == count;
        self.world.eventually(what, is_so).await;
    }
}

pub(super) const NORTH: (usize, usize) = (1, 0);
pub(super) const EAST: (usize, usize) = (0, 1);
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

/// A rule that keeps the order together, and one that keeps a part of it elsewhere.
#[rstest]
#[tokio::test]
async fn a_limit_that_other_rules_leave_no_room_for_is_put_before_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = r#"[{ name: Whole, never_split: true }, { name: Mugs, when: 'line.sku == "MUG"', only: [north] }]"#;
    let story = plot(rules).begin(database).await;
    story.order(&[("MUG", 1), ("KIT", 1)]);
    let asked = "select count(*) from exceptions where kind = 'no_eligible_supplier' \
                 and message like '%“Whole”%' and message like '%“Mugs”%'";
    // For either line: neither is bought without the other.
    story.waits_for("both rules are named", asked, 2).await;
}

/// North lacks a mug, East has no shirts: nothing is bought until one of them has all, or a person decides.
#[rstest]
#[tokio::test]
async fn what_nobody_has_whole_is_not_bought_in_part(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values("priority", "cheapest")] strategy: &'static str,
    #[values(
        "[{ name: Whole, never_split: true }]",
        r#"[{ name: Whole, when: 'line.sku in ["MUG", "SHIRT"]', ship_together: true }]"#
    )]
    rules: &'static str,
) {
    let story = plot(rules).begin(database).await;
    let costs = "per_order: \"1.00\", per_parcel: \"0\", zones: [{ name: All, transit_days: 1, included: true }]";
    let costs = format!("costs: {{ currency: EUR, {costs} }}");
    let setup = plot(rules).setup().replace(
        "    connections:",
        &format!("    routing: {{ strategy: {strategy} }}\n    connections:"),
    );
    let setup = setup.replace("handling_days: 1 }", &format!("handling_days: 1, {costs} }}"));
    story.world.apply(&setup).await;
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 1)]).await.expect("is taken");
    story.quiet().await;
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    let open = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
    story.waits_for("both lines wait for a person", open, 2).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
    let page = story.page().await;
    for told in [
        "the rule “Whole” leaves no room for it: North can ship 1 of 2 × “MUG”",
        "the rule “Whole” leaves no room for it: East can ship 0 of 1 × “SHIRT”",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let choices = "{ exceptions(filter: { status: OPEN }) { nodes { choices } } }";
    let choices = story.world.graphql(choices, json!({})).await;
    let expect = json!(["RETRY", "CHOOSE_SUPPLIER", "MAP", "MARK_HANDLED"]);
    assert_eq!(choices["exceptions"]["nodes"][0]["choices"], expect);

    // North has all of it now.
    north.put_inventory(&[("N-MUG".to_owned(), 9)]).await.expect("is taken");
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.open_units().len(), 2);
    story.waits_for("nobody is asked any more", open, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), NORTH);
}

/// A line that nobody can ship holds up the rest of the order until a person takes care of it.
#[rstest]
#[tokio::test]
async fn what_is_never_split_waits_for_the_whole_order(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot("[{ name: Whole, never_split: true }]").begin(database).await;
    story.order(&[("MUG", 1), ("UNMAPPED", 1)]);
    let open = "select count(*) from exceptions where status = 'open'";
    story.waits_for("a person is asked about both", open, 2).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
    let handled = "markHandled(exceptionId: \"{id}\", note: \"sent by letter\")";
    story.world.decide("UNMAPPED_LINE", handled).await;
    story.purchase_order("north").await;
    story.waits_for("nobody is asked any more", open, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), NORTH);
}

/// Rules keep other orders together, and other lines of this one: what waits for a person waits on.
#[rstest]
#[tokio::test]
async fn what_no_rule_ties_to_the_rest_is_asked_about_once(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(
        r#"[{ name: Abroad, when: 'order.country == "FR"', never_split: true }]"#,
        r#"[{ name: Sets, when: 'line.sku in ["MUG", "SHIRT"]', ship_together: true }]"#
    )]
    rules: &'static str,
) {
    let story = plot(rules).begin(database).await;
    story.order(&[("MUG", 1), ("UNMAPPED", 1)]);
    let placed = story.purchase_order("north").await;
    let open = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    story.waits_for("somebody is asked about the other line", open, 1).await;
    // What North rejects is routed anew.
    let north = story.world.supplier("north");
    let reason = RejectReason::OutOfStock;
    north.reject(&placed.number, "N-MUG", reason).await.expect("rejects");
    story.purchase_order("east").await;
    story.quiet().await;
    assert_eq!(story.world.count(open).await, 1);
    assert_eq!(story.world.count("select count(*) from exceptions").await, 1);
    let page = story.page().await;
    assert!(!page.contains("with the rest of the order"), "{page}");
}

/// The mug waits for a person, since North has none and East neither; what North rejects while automation is
/// off waits for a click.
async fn half_waiting(database: Database, rules: &'static str) -> Story {
    let story = plot(rules).begin(database).await;
    let none = "update offers set stock = 0 where sku = 'E-MUG'";
    story.world.execute(none).await;
    story.order(&[("MUG", 1), ("SHIRT", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let reject = async |sku| {
        let told = north.reject(&placed.number, sku, RejectReason::OutOfStock).await;
        told.expect("rejects");
    };
    reject("N-MUG").await;
    let open = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
    story.waits_for("the mug waits for a person", open, 1).await;
    story.change("updateShopSettings(input: { automation: false })").await;
    reject("N-SHIRT").await;
    let rejected = "select count(*) from po_lines where rejected = 1";
    story.waits_for("nothing is left at North", rejected, 2).await;
    story.quiet().await;
    story
}

/// Where a rule ties the mug to the shirt, both are decided: by a preview as by who has it routed.
#[rstest]
#[case("[{ name: Whole, never_split: true }]", 2)]
#[case(r#"[{ name: Abroad, when: 'order.country == "FR"', never_split: true }]"#, 1)]
#[tokio::test]
async fn a_preview_decides_together_what_routing_does(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] rules: &'static str,
    #[case] lines: usize,
) {
    let story = half_waiting(database, rules).await;
    let plan = "plan { lines { quantity reason components { sku } } }";
    let query = format!("{{ orders(first: 1) {{ nodes {{ id {plan} }} }} }}");
    let order = story.world.graphql(&query, json!({})).await["orders"]["nodes"][0].clone();
    let query = format!("query($id: ID!) {{ routePreview(orderId: $id) {{ wholeOrder {plan} }} }}");
    let preview = story.world.graphql(&query, json!({ "id": order["id"] })).await["routePreview"].clone();
    assert_eq!(preview["wholeOrder"], false);
    let decided = preview["plan"]["lines"].as_array().expect("lines");
    assert_eq!(decided.len(), lines, "{preview}");

    story.change(&format!("routeOrder(id: {})", order["id"])).await;
    let routed = async || {
        let query = format!("{{ orders(first: 1) {{ nodes {{ {plan} }} }} }}");
        let now = story.world.graphql(&query, json!({})).await["orders"]["nodes"][0].clone();
        now["plan"]["lines"] == preview["plan"]["lines"]
    };
    story.world.eventually("routing decides the same", routed).await;
}

#[rstest]
#[tokio::test]
async fn other_rules_route_again_what_waits_for_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot("[{ name: Not now, exclude: true }]").begin(database).await;
    story.order(&[("MUG", 1)]);
    let asked = |rule: &str| {
        format!("select count(*) from exceptions where status = 'open' and message like '%“{rule}” forbids%'")
    };
    story.waits_for("a person is asked", &asked("Not now"), 1).await;
    let other = r#"saveRule(id: "Not now", input: { name: "Not yet", kind: NEVER, suppliers: ["north", "east"] })"#;
    story.change(other).await;
    story.waits_for("the new rule is told", &asked("Not yet"), 1).await;
    story.quiet().await;
    let all = "select count(*) from exceptions";
    assert_eq!(story.world.count(all).await, 2, "it is asked once for each rulebook");
    assert_eq!(story.bought(), (0, 0));

    story.change(r#"switchRule(id: "Not yet", enabled: false)"#).await;
    story
        .waits_for(
            "nobody is asked",
            "select count(*) from exceptions where status = 'open'",
            0,
        )
        .await;
    story.quiet().await;
    assert_eq!(story.bought(), NORTH);
    let by = "select count(*) from exceptions where resolved_by = 'API token'";
    assert_eq!(story.world.count(by).await, 2, "it is known whose rules they are");

    story.change("restoreRules(toVersion: 1)").await;
    story.order(&[("MUG", 1)]);
    story
        .waits_for("the first rule holds again", &asked("Not now"), 1)
        .await;
    assert_eq!(story.bought(), NORTH);
}

/// Of a hundred mugs North may sell three; the rest of the order is East's.
#[rstest]
#[tokio::test]
async fn what_a_rule_keeps_in_stock_is_kept_of_a_part(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = r#"[{ name: Buffer, when: 'supplier.key == "north"', keep_in_stock: 97 }]"#;
    let story = plot(rules).begin(database).await;
    story.order(&[("MUG", 5)]);
    let (north, east) = (story.purchase_order("north").await, story.purchase_order("east").await);
    assert_eq!((north.lines[0].quantity, east.lines[0].quantity), (3, 2));
    let page = story.page().await;
    assert!(page.contains("besides the 97 that the rule “Buffer” keeps"), "{page}");
}

/// Two mugs of North's go into one parcel, three into two; East's weigh less than a parcel may.
#[rstest]
#[tokio::test]
async fn parcels_are_counted_by_weight_under_the_priority_list(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let heavy = |rules| Plot {
        of_north_mug: ", weight_g: 15000",
        with_north: ", costs: { currency: EUR, per_order: \"0\", per_parcel: \"0\", \
                     zones: [{ name: All, transit_days: 1, brackets: [{ up_to_g: 31500, cost: \"5\" }] }] }",
        ..plot(rules)
    };
    let story = heavy("[]").begin(database).await;
    let mugs = |units| OrderSpec::of([(story.variant("MUG"), units)]);
    let one = "[{ name: One parcel, max_parcels: 1 }]";
    for (rules, units, expect) in [(one, 2, NORTH), (one, 3, EAST), ("[]", 3, NORTH)] {
        let bought = story.spec_in(&heavy(rules), mugs(units)).await;
        assert_eq!(bought, expect, "{units} under {rules}");
        if expect == EAST {
            let told = story.told().await;
            assert!(told.contains("the rule “One parcel” leaves no room for it"), "{told}");
        }
    }
}

/// Two mugs of 30 kg are two parcels, also once they are bought: another try leaves no more room for the kit.
#[rstest]
#[tokio::test]
async fn what_suppliers_have_already_is_counted_by_weight(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        rules: "[{ name: Two parcels, max_parcels: 2 }]",
        of_north_mug: ", weight_g: 30000",
        with_north: ", costs: { currency: EUR, per_order: \"0\", per_parcel: \"0\", \
                     zones: [{ name: All, transit_days: 1, brackets: [{ up_to_g: 31500, cost: \"5\" }] }] }",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2), ("KIT", 1)]);
    story.purchase_order("north").await;
    let open = "select count(*) from exceptions where status = 'open'";
    story.waits_for("the kit has no room", open, 1).await;
    story.quiet().await;
    let retry = "retryException(exceptionId: \"{id}\")";
    story.world.decide("NO_ELIGIBLE_SUPPLIER", retry).await;
    story.quiet().await;
    assert_eq!((story.bought(), story.world.count(open).await), (NORTH, 1));
    let asked = "select count(*) from exceptions";
    assert_eq!(story.world.count(asked).await, 2, "it was tried again");
}
