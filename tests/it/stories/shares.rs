//! Balanced share: whoever stands below its share of the pieces of late ships the order.

use chrono::TimeDelta;
use rstest::rstest;
use sandbox::{Behaviour, OrderSpec, ProductSpec, VariantSpec};
use serde_json::json;

use super::{
    later::now,
    market::{Case, Market, PLAIN},
};
use crate::harness::{Database, World, WorldSpec};

const NORTH: (usize, usize) = (1, 0);
const EAST: (usize, usize) = (0, 1);

#[rstest]
#[tokio::test]
async fn shares_of_the_business_are_kept_over_time(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let routing =
        "{ strategy: balanced_share, shares: [ { supplier: north, percent: 70 }, { supplier: east, percent: 30 } ] }";
    for _ in 0..10 {
        let one = market.under(Case { routing, ..PLAIN }).await;
        assert_eq!(one.0 + one.1, 1);
    }
    assert_eq!(market.bought(), (7, 3));
    let plan = market.plan().await;
    let told = plan["lines"][0]["reason"].as_str().expect("a reason");
    assert!(
        plan["strategy"] == "BALANCED_SHARE" && told.contains(" % of the pieces of late for a share of "),
        "{plan}"
    );
}

/// North had four orders a week and a day ago. They count in a window of thirty days, and not in one of seven.
#[rstest]
#[tokio::test]
async fn shares_count_what_lies_within_their_days_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let over = |routing| Case { routing, ..PLAIN };
    let month = over(
        "{ strategy: balanced_share, share_days: 30, \
         shares: [ { supplier: north, percent: 50 }, { supplier: east, percent: 50 } ] }",
    );
    let week = over(
        "{ strategy: balanced_share, share_days: 7, \
         shares: [ { supplier: north, percent: 50 }, { supplier: east, percent: 50 } ] }",
    );
    for _ in 0..4 {
        assert_eq!(market.under(PLAIN).await, NORTH);
    }
    let old = (now() - TimeDelta::days(8)).to_rfc3339();
    let age = format!("update purchase_orders set created_at = '{old}'");
    market.world.execute(&age).await;

    assert_eq!(market.under(month).await, EAST, "North had all four of the month");
    let told = reason(&market).await;
    assert!(
        told.contains("with 0 % of the pieces of late for a share of 50 %"),
        "{told}"
    );
    assert_eq!(market.under(week).await, NORTH, "of the week East has all");
    let told = reason(&market).await;
    assert!(
        told.contains("with 0 % of the pieces of late for a share of 50 %"),
        "{told}"
    );
    assert_eq!(market.under(month).await, EAST, "of the month North has five of six");
    let told = reason(&market).await;
    assert!(
        told.contains("with 16.66 % of the pieces of late for a share of 50 %"),
        "{told}"
    );
}

/// North and East sell mugs, North for less, and West sells shirts alone.
const THREE: &str = r#"
version: 1
suppliers:
  - key: north
    name: North
    connector: http
    settings: { endpoint: "{endpoint:north}", secret: "{secret}" }
    offers: [ { sku: N-MUG, title: Mug, cost: "4.00", currency: EUR, weight_g: 400 } ]
  - key: east
    name: East
    connector: http
    settings: { endpoint: "{endpoint:east}", secret: "{secret}" }
    offers: [ { sku: E-MUG, title: Mug, cost: "5.00", currency: EUR, weight_g: 400 } ]
  - key: west
    name: West
    connector: http
    settings: { endpoint: "{endpoint:west}", secret: "{secret}" }
    offers: [ { sku: W-SHIRT, title: Shirt, cost: "9.00", currency: EUR, weight_g: 600 } ]
shops:
  - domain: demo.myshopify.com
    automation: on
    routing: {routing}
    connections:
      - { supplier: north, priority: 1, costs: {costs} }
      - { supplier: east, priority: 2, costs: {costs} }
      - { supplier: west, priority: 3, costs: {costs} }
    mappings:
      - variant: { sku: MUG }
        alternatives:
          - components: [ { supplier: north, sku: N-MUG } ]
          - components: [ { supplier: east, sku: E-MUG } ]
      - variant: { sku: SHIRT }
        alternatives:
          - components: [ { supplier: west, sku: W-SHIRT } ]
"#;

/// The setup file by which this decides; nobody charges anything besides the goods.
fn three(routing: &str) -> String {
    let costs = "{ currency: EUR, per_order: '0', per_parcel: '0', \
                 zones: [ { name: All, transit_days: 2, included: true } ] }";
    THREE.replace("{routing}", routing).replace("{costs}", costs)
}

/// How many purchase orders North, East and West have.
fn bought(world: &World) -> [usize; 3] {
    ["north", "east", "west"].map(|key| world.supplier(key).orders().len())
}

/// Shares are parts of what all three have, also of an order that West ships nothing of, and in a comparison of drafts
/// as well.
#[rstest]
#[tokio::test]
async fn who_does_not_carry_a_product_has_its_share_all_the_same(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let spec = WorldSpec::on(database)
        .supplier("north", Behaviour::manual())
        .supplier("east", Behaviour::manual())
        .supplier("west", Behaviour::manual());
    let world = spec.build().await;
    let [mug, shirt] = ["MUG", "SHIRT"].map(|sku| {
        let product = ProductSpec {
            title: sku.to_owned(),
            variants: vec![VariantSpec::new(sku, "20.00")],
            ..ProductSpec::default()
        };
        world.shop.create_product(product).expect("a product").variants[0]
    });
    let balanced = "{ strategy: balanced_share, shares: [ { supplier: north, percent: 60 }, \
                    { supplier: east, percent: 20 }, { supplier: west, percent: 20 } ] }";
    world.apply(&three(balanced)).await;
    // The last comes to North, which has 5 of 10 pieces. Of what it and East have, it would have too many.
    for (variant, pieces, expect) in [
        (mug, 5, [1, 0, 0]),
        (mug, 2, [1, 1, 0]),
        (shirt, 3, [1, 1, 1]),
        (mug, 1, [2, 1, 1]),
    ] {
        let before = bought(&world);
        let order = OrderSpec::of([(variant, pieces)]);
        world.shop.create_order(order).expect("an order");
        let come = async || bought(&world) != before;
        world.eventually("somebody gets the order", come).await;
        let busy = "select count(*) from jobs where state in ('ready', 'running')";
        let is_quiet = async || world.count(busy).await == 0;
        world.eventually("nothing is left to do", is_quiet).await;
        assert_eq!(bought(&world), expect, "{pieces} of {variant}");
    }
    let query = "{ orders(first: 1) { nodes { plan { lines { reason } } } } }";
    let told = world.graphql(query, json!({})).await.to_string();
    assert!(
        told.contains("with 50 % of the pieces of late for a share of 60 %"),
        "{told}"
    );

    // At the least cost East would have had none; all else is where it is.
    let draft = world.filled(&three("{ strategy: cheapest }"));
    let draft = world.orderyard.file("draft.yaml", &draft);
    let arguments = ["simulate", "--rules", draft.as_str(), "--since", "1d", "--csv"];
    let csv = world.orderyard.command(&arguments).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[1].contains(",East,10.00,"), "{csv}");
}

/// Why the newest order's supplier ships it.
async fn reason(market: &Market) -> String {
    market.plan().await["lines"][0]["reason"].to_string()
}
