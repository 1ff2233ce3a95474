//! What routing would do: an order's preview, costs set in forms, a draft over past orders.

use rstest::rstest;
use serde_json::{Value, json};

use super::market::{ANYWHERE, Case, MUG, Market, PLAIN, SHIRT};
use crate::harness::Database;

const NORTH: (usize, usize) = (1, 0);

impl Market {
    async fn rows(&self) -> (i64, i64) {
        let plans = self.world.count("select count(*) from routing_plans").await;
        (plans, self.world.count("select count(*) from purchase_orders").await)
    }

    async fn newest_order(&self) -> String {
        let found = self
            .world
            .graphql("{ orders(first: 1) { nodes { id } } }", json!({}))
            .await;
        found["orders"]["nodes"][0]["id"].as_str().expect("an order").to_owned()
    }

    async fn preview(&self, order: &str) -> Value {
        let query = "query($id: ID!) { routePreview(orderId: $id) { wholeOrder
            plan { strategy lines { quantity components { supplierName } } } } }";
        let answer = self.world.graphql(query, json!({ "id": order })).await;
        answer["routePreview"].clone()
    }
}

impl Market {
    /// The same through the API, carried out by the program's own worker.
    async fn compare_in_the_api(&self) {
        let start = "mutation($input: WhatIfInput!) { done: startWhatIf(input: $input) {
            run { id state } problems { field message } } }";
        let routing = json!({ "strategy": "CHEAPEST", "weights": {}, "shares": [], "rates": [] });
        let input = json!({ "input": { "since": "2020-01-01T00:00:00Z", "routing": routing } });
        let started = self.world.graphql(start, input).await;
        assert_eq!(started["done"]["problems"], json!([]));
        let id = started["done"]["run"]["id"].clone();
        let ask = "query($id: ID!) { run: whatIfRun(id: $id) {
            state differs ordersTotal ordersSeen ordersCompared ordersPriced ordersChanged
            live { strategy cost { decimal } parcels days } draft { strategy cost { decimal } parcels days }
            suppliers { supplier { key } live { pieces percent } draft { pieces percent cost { decimal } } }
            changedOrders { nodes { live { suppliers cost { decimal } } draft { suppliers cost { decimal } } } } } }";
        let run = async || self.world.graphql(ask, json!({ "id": id })).await["run"].clone();
        let done = async || run().await["state"] == "DONE";
        self.world.eventually("the comparison ends", done).await;
        let run = run().await;
        assert_eq!(run["differs"], json!(["ROUTING"]));
        for (field, count) in [
            ("Total", 3),
            ("Seen", 3),
            ("Compared", 3),
            ("Priced", 3),
            ("Changed", 2),
        ] {
            assert_eq!(run[format!("orders{field}")], count, "{field}: {run}");
        }
        let side = |strategy: &str, cost: &str, parcels: i32| json!({ "strategy": strategy, "cost": { "decimal": cost }, "parcels": parcels, "days": 3.0 });
        assert_eq!(run["live"], side("PRIORITY", "55.00", 3));
        assert_eq!(run["draft"], side("CHEAPEST", "54.00", 4));
        let suppliers = run["suppliers"].as_array().expect("a list");
        let north = suppliers.iter().find(|share| share["supplier"]["key"] == "north");
        let north = north.expect("North has a part");
        assert_eq!(north["live"], json!({ "pieces": 8, "percent": 100.0 }));
        assert_eq!(
            north["draft"],
            json!({ "pieces": 4, "percent": 50.0, "cost": { "decimal": "18.00" } })
        );
        let way = |suppliers: &[&str], cost: &str| json!({ "suppliers": suppliers, "cost": { "decimal": cost } });
        assert_eq!(
            run["changedOrders"]["nodes"],
            json!([
                { "live": way(&["North"], "10.00"), "draft": way(&["East"], "9.50") },
                { "live": way(&["North"], "40.00"), "draft": way(&["East", "North"], "39.50") },
            ])
        );
    }
}

fn shipped_by(preview: &Value) -> &str {
    let component = &preview["plan"]["lines"][0]["components"][0];
    component["supplierName"].as_str().expect("a supplier")
}

#[rstest]
#[tokio::test]
async fn a_preview_decides_and_does_nothing(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    assert_eq!(market.under(PLAIN).await, NORTH);
    let (order, before) = (market.newest_order().await, market.rows().await);
    let preview = market.preview(&order).await;
    assert_eq!(preview["wholeOrder"], true);
    assert_eq!(shipped_by(&preview), "North");
    let dear = Case {
        north: ("9", "1", ANYWHERE),
        ..PLAIN
    };
    market.world.apply(&dear.setup()).await;
    assert_eq!(shipped_by(&market.preview(&order).await), "East");
    assert_eq!(market.rows().await, before);
    assert_eq!(market.bought(), NORTH);
}

#[rstest]
#[tokio::test]
async fn costs_and_strategy_are_set_in_forms(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let by_priority = Case {
        routing: "{ strategy: priority }",
        ..PLAIN
    };
    assert_eq!(market.under(by_priority).await, NORTH);
    let found = market
        .world
        .graphql("{ suppliers { nodes { id key } } }", json!({}))
        .await;
    let nodes = found["suppliers"]["nodes"].as_array().expect("a list").clone();
    let north = nodes.iter().find(|node| node["key"] == "north").expect("North")["id"].clone();
    let save = "mutation($id: ID!, $input: ConnectionCostsInput) {
        done: saveConnectionCosts(supplierId: $id, input: $input) {
            supplier { connection { costs { perOrder zones { name brackets { upToG cost } } } } }
            problems { field code message } } }";
    let costs = |per_order: &str, to: &str| {
        json!({ "id": north, "input": {
            "currency": "EUR", "perOrder": per_order, "perParcel": "1", "ownStock": false, "zones": [{
                "name": "All", "countries": ["DE"], "provinces": [], "transitDays": 2,
                "postcodes": [{ "from": "10000", "to": to }], "brackets": [{ "upToG": 5000, "cost": "0.10" }],
            }],
        } })
    };
    let refused = market.world.graphql(save, costs("-1", "01000")).await;
    assert_eq!(
        refused["done"]["problems"],
        json!([
            { "field": ["perOrder"], "code": "INVALID", "message": "this is not negative, nor beyond all measure" },
            { "field": ["zones", "0", "postcodes", "0", "to"], "code": "INVALID", "message": "the range is upside down" },
        ])
    );
    let saved = market.world.graphql(save, costs("3", "10999")).await;
    assert_eq!(saved["done"]["problems"], json!([]));
    assert_eq!(saved["done"]["supplier"]["connection"]["costs"]["perOrder"], "3.00");

    let route = "mutation($input: RoutingInput!) { done: updateRouting(input: $input) {
        shop { settings { routing { strategy weights { perParcel } } } } problems { field message } } }";
    let routing = |share: &str| {
        json!({ "input": {
            "strategy": "CHEAPEST", "weights": { "perParcel": "0.5" }, "rates": [],
            "shares": if share.is_empty() { json!([]) } else { json!([{ "supplier": share, "percent": "100" }]) },
        } })
    };
    let refused = market.world.graphql(route, routing("nobody")).await;
    assert_eq!(
        refused["done"]["problems"][0]["field"],
        json!(["shares", "0", "supplier"])
    );
    let saved = market.world.graphql(route, routing("")).await;
    assert_eq!(saved["done"]["problems"], json!([]));
    assert_eq!(
        saved["done"]["shop"]["settings"]["routing"],
        json!({ "strategy": "CHEAPEST", "weights": { "perParcel": "0.50" } })
    );
    market.place(PLAIN);
    let to_east = async || market.bought() == (1, 1);
    market
        .world
        .eventually("North's new fee sends it to East", to_east)
        .await;
}

#[rstest]
#[tokio::test]
async fn a_draft_is_compared_over_past_orders(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let live = Case {
        routing: "{ strategy: priority }",
        ..PLAIN
    };
    for lines in [[(MUG, 1)].as_slice(), &[(SHIRT, 1)], &[(MUG, 3), (SHIRT, 3)]] {
        assert_eq!(market.under(Case { lines, ..live }).await, NORTH);
    }
    let before = market.rows().await;
    let draft = market.world.filled(&PLAIN.setup());
    let draft = market.world.orderyard.file("draft.yaml", &draft);
    let arguments = ["simulate", "--rules", draft.as_str(), "--since", "1d"];
    let told = market.world.orderyard.command(&arguments).await;
    assert!(told.contains("3 orders compared, 2 change."), "{told}");
    // 5 + 10 + 40 at North alone; the shirt from East saves half a euro, three of each in two parcels the same.
    assert!(told.contains("55.00 EUR         54.00 EUR"), "{told}");
    let csv = market
        .world
        .orderyard
        .command(&[arguments.as_slice(), &["--csv"]].concat())
        .await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(
        lines[0].starts_with("order,placed_at,live_suppliers,live_cost,"),
        "{csv}"
    );
    assert!(lines[1].contains(",North,10.00,1,3,0,East,9.50,1,3,0"), "{csv}");
    assert!(lines[2].contains(",North,40.00,1,3,0,East; North,39.50,2,3,0"), "{csv}");
    // A draft of what North may ship: it has no business with dangerous goods, and too late a cutoff.
    let goods = live.setup().replace(
        "{ sku: N-MUG, title: Mug,",
        "{ sku: N-MUG, title: Mug, dangerous_goods: true,",
    );
    assert_ne!(goods, live.setup());
    market.world.apply(&goods).await;
    let late =
        "rules: [ { name: Late, when: 'supplier.key == \"north\" and supplier.days_to_ship > 1', exclude: true } ]";
    for (service, rules, expect) in [
        (", dangerous_goods: false", "rules: []", "3 orders compared, 2 change."),
        (", cutoff_hour: 0", late, "3 orders compared, 3 change."),
        ("", late, "3 orders compared, 0 change."),
    ] {
        let north = "{ supplier: north, priority: 1, handling_days: 1";
        let draft = goods.replace(north, &format!("{north}{service}"));
        let draft = draft.replace("    routing:", &format!("    {rules}\n    routing:"));
        let draft = market.world.orderyard.file("draft.yaml", &market.world.filled(&draft));
        let arguments = ["simulate", "--rules", draft.as_str(), "--since", "1d"];
        let told = market.world.orderyard.command(&arguments).await;
        assert!(told.contains(expect), "{service} {rules}: {told}");
    }
    market
        .world
        .apply(
            &live
                .setup()
                .replace("title: Mug,", "title: Mug, dangerous_goods: false,"),
        )
        .await;
    market.compare_in_the_api().await;
    assert_eq!(market.rows().await, before, "nothing was written");
    assert_eq!(market.bought(), (3, 0));
}

/// A rule of long ago bears on the orders of long ago, and on no others.
#[rstest]
#[tokio::test]
async fn a_drafts_rules_count_on_their_own_days(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let live = Case {
        routing: "{ strategy: priority }",
        lines: &[(MUG, 1)],
        ..PLAIN
    };
    for _ in 0..2 {
        assert_eq!(market.under(live).await, NORTH);
    }
    let long_ago = "update orders set placed_at = '2020-06-01T12:00:00+00:00'
        where id = (select id from orders order by id limit 1)";
    market.world.execute(long_ago).await;
    let rule = |name: &str, from: &str, until: &str| json!({ "name": name, "kind": "NEVER", "suppliers": ["north"], "from": from, "until": until });
    let rules = [
        rule("That year", "2020-01-01", "2020-12-31"),
        rule("Before all", "2010-01-01", "2010-12-31"),
        rule("Next century", "2100-01-01", "2100-12-31"),
    ];
    let start = "mutation($input: WhatIfInput!) { done: startWhatIf(input: $input) {
        run { id draftRulesNeverInForce } problems { field message } } }";
    let input = json!({ "input": { "since": "2020-01-01T00:00:00Z", "rules": rules } });
    let started = market.world.graphql(start, input).await;
    assert_eq!(started["done"]["problems"], json!([]));
    assert_eq!(
        started["done"]["run"]["draftRulesNeverInForce"],
        json!(["Before all", "Next century"])
    );
    let id = started["done"]["run"]["id"].clone();
    let ask = "query($id: ID!) { run: whatIfRun(id: $id) { state ordersCompared ordersChanged
        changedOrders { nodes { placedAt } } } }";
    let run = async || market.world.graphql(ask, json!({ "id": id })).await["run"].clone();
    let done = async || run().await["state"] == "DONE";
    market.world.eventually("the comparison ends", done).await;
    let run = run().await;
    assert_eq!((&run["ordersCompared"], &run["ordersChanged"]), (&json!(2), &json!(1)));
    let placed = run["changedOrders"]["nodes"][0]["placedAt"].as_str();
    assert!(placed.is_some_and(|at| at.starts_with("2020-06-01")), "{run}");
}
