//! Shares of the pieces in what is only looked at: an order's preview, a mapping that is tried, a comparison of drafts.

use rstest::rstest;
use serde_json::{Value, json};

use super::market::{Case, MUG, Market, PLAIN};
use crate::harness::Database;

/// Half of the pieces each; of equals North's mug is the cheaper one.
const BALANCED: Case = Case {
    routing: "{ strategy: balanced_share, shares: [ { supplier: north, percent: 50 }, { supplier: east, percent: 50 } ] }",
    lines: &[(MUG, 1)],
    ..PLAIN
};

const PREVIEW: &str = "query($id: ID!) { routePreview(orderId: $id) { wholeOrder
    plan { lines { components { supplierName } } } } }";

const TRY: &str = "query($order: ID!, $variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
    tryMapping(orderId: $order, variantId: $variant, alternatives: $alternatives) {
        lines { components { supplierName } } problems { field message } } }";

fn shipped_by(lines: &Value) -> &str {
    lines[0]["components"][0]["supplierName"].as_str().expect("a supplier")
}

/// What the order has itself is no reason to send it elsewhere.
#[rstest]
#[tokio::test]
async fn an_orders_own_pieces_count_in_no_share(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    assert_eq!(market.under(BALANCED).await, (1, 0));
    let found = "{ orders(first: 1) { nodes { id lines { variant { id } } } }
        north: offers(filter: { search: \"N-MUG\" }) { nodes { id } }
        east: offers(filter: { search: \"E-MUG\" }) { nodes { id } } }";
    let found = market.world.graphql(found, json!({})).await;
    let order = &found["orders"]["nodes"][0];
    let preview = async |order: &Value| {
        let answer = market.world.graphql(PREVIEW, json!({ "id": order["id"] })).await;
        answer["routePreview"].clone()
    };
    let told = preview(order).await;
    assert_eq!(told["wholeOrder"], true);
    assert_eq!(shipped_by(&told["plan"]["lines"]), "North");
    let way = |of: &str| json!({ "components": [{ "offerId": found[of]["nodes"][0]["id"], "quantity": 1 }] });
    let variables = json!({ "order": order["id"], "variant": order["lines"][0]["variant"]["id"],
        "alternatives": [way("north"), way("east")] });
    let tried = market.world.graphql(TRY, variables).await["tryMapping"].clone();
    assert_eq!(tried["problems"], json!([]));
    assert_eq!(shipped_by(&tried["lines"]), "North");
    // What other orders have counts: the next one is East's, and would be if it came in now.
    assert_eq!(market.under(BALANCED).await, (0, 1));
    let newest = market
        .world
        .graphql("{ orders(first: 1) { nodes { id } } }", json!({}))
        .await;
    let told = preview(&newest["orders"]["nodes"][0]).await;
    assert_eq!(shipped_by(&told["plan"]["lines"]), "East");
}

#[rstest]
#[tokio::test]
async fn a_draft_may_differ_in_the_days_of_its_shares_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    for _ in 0..4 {
        market.under(BALANCED).await;
    }
    // North, East and North again; ten days later North has more than its half.
    let days = ["2020-06-01", "2020-06-02", "2020-06-03", "2020-06-13"];
    for (at, day) in days.iter().enumerate() {
        let placed = format!(
            "update orders set placed_at = '{day}T12:00:00+00:00'
                where id = (select id from orders order by id limit 1 offset {at})"
        );
        market.world.execute(&placed).await;
    }
    let start = "mutation($input: WhatIfInput!) { done: startWhatIf(input: $input) {
        run { id } problems { field message } } }";
    let routing = json!({ "strategy": "BALANCED_SHARE", "weights": {}, "rates": [], "shareDays": 5, "shares": [
        { "supplier": "north", "percent": "50" }, { "supplier": "east", "percent": "50" } ] });
    let input = json!({ "input": { "since": "2020-01-01T00:00:00Z", "routing": routing } });
    let started = market.world.graphql(start, input).await;
    assert_eq!(started["done"]["problems"], json!([]));
    let id = started["done"]["run"]["id"].clone();
    let ask = "query($id: ID!) { run: whatIfRun(id: $id) { state ordersCompared
        changedOrders { nodes { placedAt live { suppliers } draft { suppliers } } } } }";
    let run = async || market.world.graphql(ask, json!({ "id": id })).await["run"].clone();
    let done = async || run().await["state"] == "DONE";
    market.world.eventually("the comparison ends", done).await;
    let run = run().await;
    assert_eq!(run["ordersCompared"], 4);
    let changed = run["changedOrders"]["nodes"].as_array().expect("a list");
    assert_eq!(changed.len(), 1, "{run}");
    assert!(
        changed[0]["placedAt"]
            .as_str()
            .is_some_and(|at| at.starts_with("2020-06-13")),
        "{run}"
    );
    assert_eq!(
        (&changed[0]["live"]["suppliers"], &changed[0]["draft"]["suppliers"]),
        (&json!(["East"]), &json!(["North"]))
    );
}
