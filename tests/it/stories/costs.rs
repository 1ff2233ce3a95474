//! Orders that go where they cost the least, or where the shop prefers: each feature of
//! a cost and each strategy, from a setup file to who gets the order.

use rstest::rstest;
use serde_json::{Value, json};

use super::market::{ANYWHERE, Case, MUG, Market, PLAIN, SHIRT};
use crate::harness::Database;

const NORTH: (usize, usize) = (1, 0);
const EAST: (usize, usize) = (0, 1);
const BOTH: (usize, usize) = (1, 1);
/// What plans give for a reason.
const FIRST: &str = "is first in priority";
const CHEAPEST: &str = "is part of the cheapest way to ship the order";
const PREFERRED: &str = "is part of the best way to ship the order, by what the shop prefers";

#[rstest]
#[tokio::test]
async fn each_part_of_the_cost_decides_who_ships(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let zones = "zones: [ { name: Islands, countries: [DE], postcodes: [ { prefix: '18' }, { from: '25840', to: '25999' } ], \
                 transit_days: 4, brackets: [ { up_to_g: 5000, cost: '9' } ] }, \
                 { name: Germany, countries: [DE], transit_days: 2, brackets: [ { up_to_g: 5000, cost: '0.50' } ] } ]";
    let by_weight = "zones: [ { name: All, transit_days: 2, brackets: [ { up_to_g: 500, cost: '0.20' }, \
                     { up_to_g: 5000, cost: '9' } ] } ]";
    let duty = "zones: [ { name: All, transit_days: 2, included: true, duty_pct: 20, tax_pct: 10 } ]";
    let from_five = "[ { from: 5, cost: '3.00' } ]";
    for (what, case, expect) in [
        ("the goods", PLAIN, NORTH),
        (
            "a fee per order",
            Case {
                north: ("1.50", "1", ANYWHERE),
                ..PLAIN
            },
            EAST,
        ),
        (
            "a fee per parcel",
            Case {
                north: ("0", "2.50", ANYWHERE),
                ..PLAIN
            },
            EAST,
        ),
        (
            "a zone nearby",
            Case {
                north: ("0", "0", zones),
                ..PLAIN
            },
            NORTH,
        ),
        (
            "a zone by prefix",
            Case {
                north: ("0", "0", zones),
                zip: "18 565",
                ..PLAIN
            },
            EAST,
        ),
        (
            "a zone by range",
            Case {
                north: ("0", "0", zones),
                zip: "25938",
                ..PLAIN
            },
            EAST,
        ),
        (
            "a light parcel",
            Case {
                north: ("0", "0", by_weight),
                ..PLAIN
            },
            NORTH,
        ),
        (
            "a heavy parcel, shared out",
            Case {
                north: ("0", "0", by_weight),
                lines: &[(MUG, 2)],
                ..PLAIN
            },
            BOTH,
        ),
        (
            "duties and tax",
            Case {
                north: ("0", "1", duty),
                ..PLAIN
            },
            EAST,
        ),
        (
            "no quantity",
            Case {
                breaks: from_five,
                lines: &[(MUG, 4)],
                ..PLAIN
            },
            NORTH,
        ),
        (
            "a quantity",
            Case {
                breaks: from_five,
                lines: &[(MUG, 5)],
                ..PLAIN
            },
            EAST,
        ),
        (
            "two parcels",
            Case {
                lines: &[(MUG, 3), (SHIRT, 3)],
                ..PLAIN
            },
            BOTH,
        ),
        (
            "one parcel",
            Case {
                lines: &[(MUG, 1), (SHIRT, 1)],
                ..PLAIN
            },
            NORTH,
        ),
    ] {
        assert_eq!(market.under(case).await, expect, "{what} decides");
    }
    let at_three = "select count(*) from po_lines where sku = 'E-MUG' and quantity = 5 and unit_cost_minor = 300";
    assert_eq!(
        market.world.count(at_three).await,
        1,
        "bought at the price of the quantity"
    );
}

#[rstest]
#[tokio::test]
async fn each_strategy_has_its_own_way(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let slow = "zones: [ { name: All, transit_days: 6, included: true } ]";
    let own = "own_stock: true, zones: [ { name: All, transit_days: 2, included: true } ]";
    let unreliable = "fill_rate_pct: 80, zones: [ { name: All, transit_days: 2, included: true } ]";
    let two = Case {
        lines: &[(MUG, 3), (SHIRT, 3)],
        ..PLAIN
    };
    for (what, case, expect, strategy, reason) in [
        (
            "the priority list",
            Case {
                routing: "{ strategy: priority }",
                ..two
            },
            NORTH,
            "PRIORITY",
            FIRST,
        ),
        ("cheapest", two, BOTH, "CHEAPEST", CHEAPEST),
        (
            "fastest",
            Case {
                routing: "{ strategy: fastest }",
                north: ("0", "1", slow),
                ..PLAIN
            },
            EAST,
            "FASTEST",
            "is part of the fastest way to ship the order, in ",
        ),
        (
            "fewest parcels",
            Case {
                routing: "{ strategy: fewest_parcels }",
                ..two
            },
            NORTH,
            "FEWEST_PARCELS",
            "is part of the way to ship the order in the fewest parcels",
        ),
        (
            "preferred supplier",
            Case {
                routing: "{ strategy: preferred_supplier }",
                north: ("9", "9", ANYWHERE),
                ..PLAIN
            },
            NORTH,
            "PREFERRED_SUPPLIER",
            "that keeps nearest to the suppliers' priority",
        ),
        (
            "own stock first",
            Case {
                routing: "{ strategy: own_stock_first }",
                east: ("9", "9", own),
                ..PLAIN
            },
            EAST,
            "OWN_STOCK_FIRST",
            "that takes most from the shop's own stock",
        ),
        (
            "a priced split",
            Case {
                routing: "{ strategy: cheapest, weights: { per_parcel: '5' } }",
                ..two
            },
            NORTH,
            "CHEAPEST",
            PREFERRED,
        ),
        (
            "priced lateness",
            Case {
                routing: "{ strategy: cheapest, weights: { late_per_day: '0.50' }, promised_days: 3 }",
                north: ("0", "1", slow),
                ..PLAIN
            },
            EAST,
            "CHEAPEST",
            PREFERRED,
        ),
        (
            "each unit's days",
            Case {
                routing: "{ strategy: cheapest, weights: { per_unit_day: '0.30' } }",
                north: ("0", "1", slow),
                ..PLAIN
            },
            EAST,
            "CHEAPEST",
            PREFERRED,
        ),
        (
            "stock that is not the shop's own",
            Case {
                routing: "{ strategy: cheapest, weights: { per_unit_not_own: '1.10' } }",
                east: ("0", "1", own),
                ..PLAIN
            },
            EAST,
            "CHEAPEST",
            PREFERRED,
        ),
        (
            "a step down in priority",
            Case {
                routing: "{ strategy: cheapest, weights: { per_unit_priority: '1.60' } }",
                north: ("1.50", "2", ANYWHERE),
                ..PLAIN
            },
            NORTH,
            "CHEAPEST",
            PREFERRED,
        ),
        (
            "a priced fill rate",
            Case {
                routing: "{ strategy: cheapest, weights: { per_unfilled_piece: '6' } }",
                north: ("0", "1", unreliable),
                ..PLAIN
            },
            EAST,
            "CHEAPEST",
            PREFERRED,
        ),
    ] {
        assert_eq!(market.under(case).await, expect, "{what}");
        let plan = market.plan().await;
        let told = plan["lines"][0]["reason"].as_str().expect("a reason");
        assert_eq!(plan["strategy"], strategy, "{what}");
        assert!(told.contains(reason), "{what}: {told}");
        let against = plan["landed"]["preferences"]["decimal"].as_str().unwrap_or("0");
        let against: f64 = against.parse().expect("a decimal");
        assert!(
            against < 100.0,
            "{what}: what a strategy goes by is no money: {against}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn currencies_are_compared_at_the_rate_of_the_day(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let cheap = "{ strategy: cheapest, rates: [ { from: USD, to: EUR, rate: 0.95, on: 2020-01-01 }, \
                 { from: USD, to: EUR, rate: 0.5, on: 2020-06-01 }, { from: USD, to: EUR, rate: 0.95, on: 2999-01-01 } ] }";
    let dear = "{ strategy: cheapest, rates: [ { from: EUR, to: USD, rate: 1.1, on: 2020-01-01 } ] }";
    let usd = Case {
        currency: "USD",
        ..PLAIN
    };
    assert_eq!(market.under(Case { routing: cheap, ..usd }).await, EAST);
    let plan = market.plan().await;
    assert_eq!(
        plan["landed"]["rates"],
        json!([{ "from": "USD", "to": "EUR", "rate": "0.5", "on": "2020-06-01" }])
    );
    assert_eq!(plan["landed"]["total"]["decimal"], "3.50");
    assert_eq!(market.under(Case { routing: dear, ..usd }).await, NORTH);

    // A rate that does not count yet is none.
    let save = "mutation($input: RoutingInput!) { updateRouting(input: $input) { problems { field } } }";
    let rate = |on: &str| json!({ "from": "USD", "to": "EUR", "rate": "0.95", "on": on });
    let saved = async |rates: Value| {
        let input = json!({ "strategy": "CHEAPEST", "weights": {}, "shares": [], "rates": rates });
        let answer = market.world.graphql(save, json!({ "input": input })).await;
        answer["updateRouting"]["problems"].clone()
    };
    let refused = json!([{ "field": ["rates", "0", "on"] }]);
    assert_eq!(saved(json!([rate("2999-01-01")])).await, refused);
    assert_eq!(saved(json!([])).await, json!([{ "field": ["rates"] }]));
    assert_eq!(saved(json!([rate("2999-01-01"), rate("2020-01-01")])).await, json!([]));

    // Nor does an agreement go on whose charges nobody could compare.
    let query = "{ suppliers { nodes { id key } } }";
    let found = market.world.graphql(query, json!({})).await;
    let suppliers = found["suppliers"]["nodes"].as_array().expect("suppliers").clone();
    let connected = async |key: &str, active: bool| {
        let id = &suppliers.iter().find(|one| one["key"] == key).expect(key)["id"];
        let call =
            format!("connectSupplier(supplierId: {id}, input: {{ active: {active} }}) {{ problems {{ field }} }}");
        let answer = market
            .world
            .graphql(&format!("mutation {{ done: {call} }}"), json!({}))
            .await;
        answer["done"]["problems"].clone()
    };
    assert_eq!(connected("east", false).await, json!([]));
    assert_eq!(saved(json!([])).await, json!([]));
    assert_eq!(connected("east", true).await, json!([{ "field": ["active"] }]));
}

#[rstest]
#[tokio::test]
async fn what_is_not_known_is_asked_of_a_person(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let elsewhere = "zones: [ { name: Swiss, countries: [CH], transit_days: 2, included: true } ]";
    let light = "zones: [ { name: All, transit_days: 2, brackets: [ { up_to_g: 300, cost: '1' } ] } ]";
    // What waited for costs is looked at again under others, and waits for these.
    for (waiting, (case, expect)) in (1..).zip([
        (
            Case {
                north: ("", "", ""),
                east: ("", "", ""),
                ..PLAIN
            },
            [
                "what North charges for shipping is not known",
                "what East charges for shipping is not known",
            ],
        ),
        (
            Case {
                north: ("0", "1", elsewhere),
                east: ("0", "1", light),
                ..PLAIN
            },
            [
                "none of North''s shipping zones has this address in DE",
                "a parcel takes 300 g at most",
            ],
        ),
    ]) {
        market.world.apply(&case.setup()).await;
        market.place(case);
        let asked = format!(
            "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open' \
             and message like '%{}%' and message like '%{}%'",
            expect[0], expect[1]
        );
        let is_so = async || market.world.count(&asked).await == waiting;
        market.world.eventually(&asked, is_so).await;
    }
    assert_eq!(market.bought(), (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_plan_tells_what_everyone_would_have_cost(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let zone = "zones: [ { name: All, transit_days: 2, duty_pct: 10, brackets: [ { up_to_g: 5000, cost: '0.30' } ] } ]";
    let case = Case {
        north: ("0.10", "0.40", zone),
        lines: &[(MUG, 2)],
        ..PLAIN
    };
    assert_eq!(market.under(case).await, NORTH);
    let plan = market.plan().await;
    let money = |text: &str| json!({ "decimal": text });
    assert_eq!(plan["strategy"], "CHEAPEST");
    assert_eq!(
        plan["landed"],
        json!({
            "total": money("9.60"), "preferences": money("0.00"), "gap": money("0.00"), "rates": [],
            "suppliers": [{
                "supplierName": "North", "goods": money("8.00"), "duties": money("0.80"), "fees": money("0.50"),
                "shipping": money("0.30"), "parcels": 1, "weightG": 800,
            }],
        })
    );
    assert_eq!(
        plan["lines"],
        json!([{
            "reason": "North is part of the cheapest way to ship the order and does not count its stock; 4.00 EUR each",
            "alone": { "units": 2, "goods": money("8.00"), "duties": money("0.80"), "fees": money("0.50"),
                "shipping": money("0.30"), "days": 3 },
            "runnerUp": { "summary": "East (E-MUG)", "more": money("1.40"), "preferences": money("0.00"),
                "toWin": { "sku": "E-MUG", "supplierName": "East", "by": money("0.71") } },
            "rejected": [{
                "summary": "East (E-MUG)",
                "reason": "the order would cost 1.40 EUR more with 2 units from it",
                "also": [],
                "alone": { "units": 2, "goods": money("10.00"), "fees": money("1.00"), "shipping": money("0.00"),
                    "days": 3 },
            }],
        }])
    );
}

/// Where the list decides, what each would cost is told all the same.
#[rstest]
#[tokio::test]
async fn the_priority_list_tells_what_everyone_would_have_cost(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let case = Case {
        routing: "{ strategy: priority }",
        lines: &[(SHIRT, 2)],
        ..PLAIN
    };
    assert_eq!(market.under(case).await, NORTH);
    let plan = market.plan().await;
    assert_eq!((&plan["strategy"], &plan["landed"]), (&json!("PRIORITY"), &json!(null)));
    let line = &plan["lines"][0];
    let goods = |of: &Value| of["alone"]["goods"]["decimal"].clone();
    assert_eq!(goods(line), "18.00", "{line}");
    let east = &line["rejected"][0];
    assert_eq!(goods(east), "17.00", "{line}");
    assert_eq!(
        east["reason"],
        "could ship these units, but others come first: it would if it stood above North (N-SHIRT) in the mapping"
    );
}
