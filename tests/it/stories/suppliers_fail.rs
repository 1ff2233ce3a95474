//! Suppliers who do not ship, or not at that price: who comes next, and when nobody does.

use rstest::rstest;
use sandbox::{Behaviour, OrderSpec, ProductSpec, RejectReason, VariantSpec};
use serde_json::json;

use super::shop::{Plot, Story};
use crate::harness::{Database, World, WorldSpec};

const KEYS: [&str; 4] = ["first", "second", "third", "fourth"];

/// Four suppliers of one mug, of whom the first so many have none left.
async fn four_suppliers(database: Database, without: usize) -> (World, i64) {
    let mut spec = WorldSpec::on(database);
    for (at, key) in KEYS.into_iter().enumerate() {
        let mut behaviour = Behaviour::manual();
        if at < without {
            behaviour.rejects = [("MUG".to_owned(), RejectReason::OutOfStock)].into();
        }
        spec = spec.supplier(key, behaviour);
    }
    let world = spec.build().await;
    let product = ProductSpec {
        title: "Mug".to_owned(),
        variants: vec![VariantSpec::new("MUG", "20.00")],
        ..ProductSpec::default()
    };
    let variant = world.shop.create_product(product).expect("a product").variants[0];
    let of_each = |line: fn(usize, &str) -> String| -> String {
        let lines = (1..).zip(KEYS).map(|(priority, key)| line(priority, key));
        lines.collect::<Vec<_>>().concat()
    };
    let suppliers = of_each(|_, key| {
        format!(
            "  - {{ key: {key}, name: {key}, connector: http, \
             settings: {{ endpoint: '{{endpoint:{key}}}', secret: '{{secret}}' }}, \
             offers: [ {{ sku: MUG, title: Mug, cost: '4.00', currency: EUR }} ] }}\n"
        )
    });
    let connections = of_each(|priority, key| format!("      - {{ supplier: {key}, priority: {priority} }}\n"));
    let ways = of_each(|_, key| format!("          - components: [ {{ supplier: {key}, sku: MUG }} ]\n"));
    let setup = format!(
        "version: 1\nsuppliers:\n{suppliers}shops:\n  - domain: demo.myshopify.com\n    automation: on\n    \
         locations: all\n    connections:\n{connections}    mappings:\n      - variant: {{ sku: MUG }}\n        \
         alternatives:\n{ways}"
    );
    world.apply(&setup).await;
    (world, variant)
}

fn bought(world: &World) -> [usize; 4] {
    KEYS.map(|key| world.supplier(key).orders().len())
}

const STOPPED: &str = "select count(*) from exceptions where kind = 'supplier_rejected' and status = 'open' \
    and quantity = 2 and message like '2 × Mug%: 3 suppliers did not ship it%'";

#[rstest]
#[tokio::test]
async fn after_three_suppliers_a_person_decides(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (world, variant) = four_suppliers(database, 3).await;
    let order = world
        .shop
        .create_order(OrderSpec::of([(variant, 2)]))
        .expect("an order");
    let stopped = async || world.count(STOPPED).await == 1;
    world.eventually("three failed, and somebody is asked", stopped).await;
    // Neither news of the order nor another try goes on to the fourth.
    world.shop.tell_again(order);
    let retry = "retryException(exceptionId: \"{id}\")";
    world.decide("SUPPLIER_REJECTED", retry).await;
    world
        .eventually("somebody is asked again", async || world.count(STOPPED).await == 1)
        .await;
    quiet(&world).await;
    assert_eq!(bought(&world), [1, 1, 1, 0]);
    let shown = world.graphql("{ orders { nodes { status } } }", json!({})).await;
    assert_eq!(shown["orders"]["nodes"], json!([{ "status": "NEEDS_ATTENTION" }]));

    let offers = "{ offers { nodes { id supplier { key } } } }";
    let offers = world.graphql(offers, json!({})).await;
    let mut offers = offers["offers"]["nodes"].as_array().expect("offers").iter();
    let of_fourth = offers.find(|offer| offer["supplier"]["key"] == "fourth").expect("it");
    let choose = format!("chooseSupplier(exceptionId: \"{{id}}\", offerId: {})", of_fourth["id"]);
    world.decide("SUPPLIER_REJECTED", &choose).await;
    world
        .eventually("the fourth gets it", async || bought(&world) == [1, 1, 1, 1])
        .await;
    quiet(&world).await;
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(world.count(open).await, 0);
    let fourth = &world.supplier("fourth").orders()[0];
    assert_eq!(fourth.open_units().iter().map(|(_, units)| units).sum::<u32>(), 2);
}

/// What the third rejects while automation is off waits for a click.
#[rstest]
#[tokio::test]
async fn a_preview_asks_no_fourth_supplier_either(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (world, variant) = four_suppliers(database, 2).await;
    let wanted = OrderSpec::of([(variant, 2)]);
    world.shop.create_order(wanted).expect("an order");
    let third = world.supplier("third");
    let has_it = async || !third.orders().is_empty();
    world.eventually("the third has it", has_it).await;
    quiet(&world).await;
    let off = "mutation { updateShopSettings(input: { automation: false }) { problems { message } } }";
    world.graphql(off, json!({})).await;
    let number = third.orders()[0].number.clone();
    let told = third.reject(&number, "MUG", RejectReason::OutOfStock).await;
    told.expect("rejects");
    let waits = "select count(*) from orders where status = 'awaiting_routing'";
    world
        .eventually("it awaits a click", async || world.count(waits).await == 1)
        .await;
    quiet(&world).await;
    let order = world.graphql("{ orders { nodes { id } } }", json!({})).await;
    let query = "query($id: ID!) { routePreview(orderId: $id) { wholeOrder
        plan { lines { quantity reason components { sku } } } } }";
    let id = &order["orders"]["nodes"][0]["id"];
    let preview = world.graphql(query, json!({ "id": id })).await;
    let reason = "3 suppliers did not ship it, so no other one is tried without you";
    let stopped = json!([{ "quantity": 2, "reason": reason, "components": [] }]);
    let expect = json!({ "wholeOrder": false, "plan": { "lines": stopped } });
    assert_eq!(preview["routePreview"], expect);
}

async fn quiet(world: &World) {
    let busy = "select count(*) from jobs where state in ('ready', 'running')";
    world
        .eventually("nothing is left to do", async || world.count(busy).await == 0)
        .await;
}

async fn settings(story: &Story, change: &str) {
    let change = format!("mutation {{ updateShopSettings(input: {{ {change} }}) {{ problems {{ message }} }} }}");
    let answer = story.world.graphql(&change, json!({})).await;
    assert_eq!(answer["updateShopSettings"]["problems"], json!([]));
}

async fn waits_for(story: &Story, what: &str, sql: &str, count: i64) {
    story
        .world
        .eventually(what, async || story.world.count(sql).await == count)
        .await;
}

/// The mug is at North and East, and what is decided waits for a review.
async fn under_review(database: Database) -> (Story, Plot) {
    let plot = || Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot().begin(database).await;
    settings(&story, "review: { firstOrder: true }").await;
    story.order(&[("MUG", 2)]);
    let asked = "select count(*) from exceptions where kind = 'review' and status = 'open'";
    waits_for(&story, "North's purchase order waits", asked, 1).await;
    settings(&story, "review: { firstOrder: false }").await;
    (story, plot())
}

/// North tells another price for its mug.
async fn price(story: &Story, plot: &Plot, cost: &str) {
    let setup = plot
        .setup()
        .replace("title: Mug, cost: \"4.00\"", &format!("title: Mug, cost: \"{cost}\""));
    story.world.apply(&setup).await;
}

async fn release(story: &Story) {
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
}

#[rstest]
#[tokio::test]
async fn a_price_that_rises_while_it_waits_for_a_person_sends_the_order_elsewhere(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, plot) = under_review(database).await;
    price(&story, &plot, "4.50").await;
    // Nobody need release it: what waits for a person is decided anew like what can be undone.
    let placed = story.purchase_order("east").await;
    assert_eq!((placed.lines[0].sku.as_str(), placed.lines[0].quantity), ("E-MUG", 2));
    assert_eq!(story.world.supplier("north").call_count(), 0, "North never hears of it");
    let page = story.page().await;
    assert!(page.contains("the price rose from 4.00 to 4.50 EUR"), "{page}");
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0);
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, 2, "at East alone");
}

#[rstest]
#[tokio::test]
async fn a_price_that_rises_within_the_tolerance_is_paid(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, plot) = under_review(database).await;
    // The mapping has accepted 4.00; a tolerance of 2 % ends at 4.08.
    price(&story, &plot, "4.08").await;
    release(&story).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].unit_cost, "4.08");
    story.quiet().await;
    assert_eq!(story.world.supplier("east").call_count(), 0);
}

#[rstest]
#[tokio::test]
async fn a_price_that_rises_while_it_can_be_undone_is_seen_at_once(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let setup = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story, "undoMinutes: 60").await;
    story.order(&[("MUG", 2)]);
    let draft = |sku: &str| {
        format!(
            "select count(*) from po_lines l join purchase_orders p on p.id = l.purchase_order_id \
             where p.status = 'draft' and l.sku = '{sku}'"
        )
    };
    waits_for(&story, "it is decided", &draft("N-MUG"), 1).await;
    price(&story, &setup, "4.50").await;
    waits_for(&story, "it is decided anew", &draft("E-MUG"), 1).await;
    assert_eq!(story.world.count(&draft("N-MUG")).await, 0);
    let page = story.page().await;
    assert!(page.contains("the price rose from 4.00 to 4.50 EUR"), "{page}");
}

#[rstest]
#[tokio::test]
async fn a_supplier_who_wants_more_is_left_out(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    north
        .reject(&placed.number, "N-MUG", RejectReason::PriceChanged)
        .await
        .expect("rejects");
    let second = story.purchase_order("east").await;
    assert_eq!(second.lines[0].quantity, 2);
    story.quiet().await;
    assert_eq!(north.orders().len(), 1, "it is not asked again");
    let told = "select count(*) from events where message like '%rejected 2 × N-MUG (price changed)%'";
    assert_eq!(story.world.count(told).await, 1);
}
