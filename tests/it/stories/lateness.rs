//! What lateness costs: against Shopify's promise for the order, and by how often a supplier was late before.

use rstest::rstest;
use sandbox::OrderSpec;
use serde_json::json;

use super::{
    market::{Case, Market, PLAIN},
    rule_facts::in_days,
};
use crate::harness::Database;

const NORTH: (usize, usize) = (1, 0);
const EAST: (usize, usize) = (0, 1);

/// North is cheaper by an euro and needs four days to dispatch, East one. A day late costs half an euro.
#[rstest]
#[tokio::test]
async fn each_day_after_the_promised_dispatch_has_its_price(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let case = |routing| {
        let case = Case { routing, ..PLAIN };
        let quick = "north, priority: 1, handling_days: 1";
        let setup = case.setup();
        assert!(setup.contains(quick));
        setup.replace(quick, "north, priority: 1, handling_days: 4")
    };
    let (priced, free) = (
        case("{ strategy: cheapest, weights: { late_per_day: '0.50' } }"),
        case("{ strategy: cheapest }"),
    );
    for (what, setup, promised, expect, late, days) in [
        ("nothing is promised", &priced, None, NORTH, "0.00", 0),
        ("nobody is late", &priced, Some(4), NORTH, "0.00", 0),
        ("North is a day late", &priced, Some(3), NORTH, "0.50", 1),
        ("North is three days late", &priced, Some(1), EAST, "0.00", 3),
        ("both are late", &priced, Some(-2), EAST, "0.50", 4),
        ("lateness has no price", &free, Some(1), NORTH, "0.00", 3),
    ] {
        market.world.apply(setup).await;
        let spec = OrderSpec {
            fulfill_by: promised.map(in_days),
            ..market.spec(PLAIN)
        };
        assert_eq!(market.bought_for(spec).await, expect, "{what}");
        let plan = market.plan().await;
        let preferences = &plan["landed"]["preferences"]["decimal"];
        assert_eq!(preferences.as_str().unwrap_or("0.00"), late, "{what}: {plan}");
        let line = &plan["lines"][0];
        if expect == EAST {
            let reason = line["reason"].as_str().expect("a reason");
            assert!(reason.contains("by what the shop prefers"), "{what}: {reason}");
            let against = &line["rejected"][0];
            let told = format!("is {days} days late, and the order would cost 1.00 EUR less with this unit from it");
            assert_eq!(against["summary"], "North (N-MUG)", "{what}");
            assert_eq!(against["reason"], told, "{what}");
        }
    }
}

/// Whoever ships late costs what the owner would pay to have it in time.
#[rstest]
#[tokio::test]
async fn a_supplier_that_ships_late_is_rated_and_priced(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let case = Case {
        routing: "{ strategy: cheapest, weights: { per_late_piece: '3' } }",
        ..PLAIN
    };
    // Five purchase orders, of which North ships two in time.
    for _ in 0..5 {
        assert_eq!(market.under(case).await, NORTH);
    }
    let north = market.world.supplier("north");
    let bought = north.orders();
    for (order, number) in bought.iter().take(2).zip(["T-1", "T-2"]) {
        north
            .ship(&order.number, &[], "DHL Express", number)
            .await
            .expect("ships");
    }
    let shipped = "select count(*) from shipments";
    let is_shipped = async || market.world.count(shipped).await == 2;
    market.world.eventually("two have shipped", is_shipped).await;
    market.quiet().await;
    // The day by which they were to be shipped has come.
    let shipped = "select max(s.shipped_at) from shipments s";
    let due = format!("update purchase_orders set ship_by = ({shipped})");
    market.world.execute(&due).await;
    let now = "update schedules set next_run_ms = 0 where name = 'rate_suppliers'";
    market.world.execute(now).await;
    let rated = "select count(*) from connections where on_time_bp = 4000";
    let is_rated = async || market.world.count(rated).await == 1;
    market.world.eventually("North is rated", is_rated).await;
    let shown = "{ suppliers { nodes { key connection { onTimePct } } } }";
    let shown = market.world.graphql(shown, json!({})).await;
    let mut nodes = shown["suppliers"]["nodes"].as_array().expect("a list").clone();
    nodes.sort_by_key(|node| node["key"].to_string());
    assert_eq!(
        json!(nodes),
        json!([
            { "key": "east", "connection": { "onTimePct": null } },
            { "key": "north", "connection": { "onTimePct": "40" } },
        ])
    );
    // 60 % of three euros are more than the euro that North is cheaper.
    assert_eq!(market.under(case).await, EAST);
    assert_eq!(market.under(PLAIN).await, NORTH);
}
