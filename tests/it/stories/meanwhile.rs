//! What changes between a decision and its leaving reaches it: the address, what Shopify and the shop say
//! of the order, mappings, and the switch that lets the program buy.

use rstest::rstest;
use sandbox::AddressSpec;
use serde_json::{Value, json};

use super::{
    market::{Case, MUG, Market, PLAIN, SHIRT},
    shop::{Plot, Story},
};
use crate::harness::{Database, World};

const DRAFTS: &str = "select count(*) from purchase_orders where status = 'draft'";
const REVIEWS: &str = "select count(*) from exceptions where kind = 'review' and status = 'open'";
const OPEN: &str = "select count(*) from exceptions where status = 'open'";

pub(super) async fn settings(world: &World, change: &str) {
    let change = format!("mutation {{ updateShopSettings(input: {{ {change} }}) {{ problems {{ field message }} }} }}");
    let answer = world.graphql(&change, json!({})).await;
    assert_eq!(answer["updateShopSettings"]["problems"], json!([]));
}

/// Draft lines of an offer, in so many pieces.
fn drafted(sku: &str, pieces: u32) -> String {
    format!(
        "select count(*) from po_lines l join purchase_orders p on p.id = l.purchase_order_id
         where p.status = 'draft' and l.cancelled = 0 and l.sku = '{sku}' and l.quantity = {pieces}"
    )
}

/// North and East both make the mug, and what is decided can be undone for an hour.
async fn with_time_to_undo(database: Database, rules: &'static str) -> Story {
    let plot = Plot {
        mug_at_east: true,
        rules,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    story
}

/// The time to undo is over.
pub(super) async fn leave(story: &Story) {
    let over = "update purchase_orders set send_after = created_at";
    story.world.execute(over).await;
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'";
    story.world.execute(now).await;
}

/// Waits until everything but what waits for its time is done.
pub(super) async fn settled(story: &Story) {
    let busy = "select count(*) from jobs where state in ('ready', 'running') and name <> 'place_purchase_order'";
    story.waits_for("all else is done", busy, 0).await;
}

async fn map(story: &Story, variant: &str, skus: &[&str]) {
    let mut alternatives = Vec::new();
    for sku in skus {
        let query = "query($sku: String) { offers(filter: { search: $sku }) { nodes { id } } }";
        let found = story.world.graphql(query, json!({ "sku": sku })).await;
        let id = found["offers"]["nodes"][0]["id"].clone();
        alternatives.push(json!({ "components": [{ "offerId": id, "quantity": 1 }] }));
    }
    let save = "mutation($variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
        saveMapping(variantId: $variant, alternatives: $alternatives) { problems { field message } } }";
    let variant = story.variant(variant).to_string();
    let answer = story
        .world
        .graphql(save, json!({ "variant": variant, "alternatives": alternatives }))
        .await;
    assert_eq!(answer["saveMapping"]["problems"], json!([]));
}

#[rstest]
#[tokio::test]
async fn nothing_is_bought_while_automation_is_off(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        rules: r#"[{ name: Not now, when: 'line.sku == "MUG"', exclude: true }]"#,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    story.order(&[("UNMAPPED", 1)]);
    story.waits_for("both wait for a person", OPEN, 2).await;
    settings(&story.world, "automation: false").await;
    map(&story, "UNMAPPED", &["N-TEA"]).await;
    story.change(r#"switchRule(id: "Not now", enabled: false)"#).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
    assert_eq!(story.world.count(OPEN).await, 2, "they wait as before");
    // On again, it makes up for what was left alone.
    settings(&story.world, "automation: true").await;
    story.waits_for("nobody is asked any more", OPEN, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), (2, 0));
}

/// Where the orders of a supplier go to, as it was told.
fn streets(story: &Story, supplier: &str) -> Vec<Value> {
    let orders = story.world.supplier(supplier).orders();
    orders
        .iter()
        .map(|order| order.ship_to["address_line1"].clone())
        .collect()
}

#[rstest]
#[tokio::test]
async fn an_address_that_is_corrected_in_time_is_where_it_goes(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = with_time_to_undo(database, "[]").await;
    settings(&story.world, "review: { above: \"1.00\" }").await;
    let placed = story.order(&[("MUG", 1)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    let corrected = AddressSpec {
        address1: Some("Neue Gasse 7".to_owned()),
        ..AddressSpec::default()
    };
    let shop = &story.world.shop;
    shop.change_address(placed, corrected).expect("is changed");
    let told = "select count(*) from events where message like '%address%'";
    story.waits_for("it is told", told, 1).await;
    settled(&story).await;
    // Of another street routing thinks the same.
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 1);
    leave(&story).await;
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    story.purchase_order("north").await;
    assert_eq!(streets(&story, "north"), [json!("Neue Gasse 7")]);
}

#[rstest]
#[case::somebody_ships_there("AT", true)]
#[case::nobody_ships_there("FR", false)]
#[tokio::test]
async fn another_country_is_decided_anew(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] country: &str,
    #[case] is_served: bool,
) {
    let story = with_time_to_undo(database, "[]").await;
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let east = "sku: E-MUG, title: Mug, cost: \"5.00\", currency: EUR, stock: 100, ships_to: [DE";
    let setup = plot.setup().replace(east, &format!("{east}, AT"));
    story.world.apply(&setup).await;
    let placed = story.order(&[("MUG", 1)]);
    story.waits_for("it is decided", &drafted("N-MUG", 1), 1).await;
    let corrected = AddressSpec {
        country: None,
        country_code: Some(country.to_owned()),
        ..AddressSpec::default()
    };
    let shop = &story.world.shop;
    shop.change_address(placed, corrected).expect("is changed");
    if is_served {
        story.waits_for("East ships there", &drafted("E-MUG", 1), 1).await;
    } else {
        let asked = format!("{OPEN} and kind = 'no_eligible_supplier'");
        story.waits_for("a person is asked", &asked, 1).await;
    }
    assert_eq!(story.world.count(&drafted("N-MUG", 1)).await, 0);
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, i64::from(is_served));
    leave(&story).await;
    story.waits_for("nothing stays unsent", DRAFTS, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), if is_served { (0, 1) } else { (0, 0) });
}

#[rstest]
#[tokio::test]
async fn what_is_said_of_an_order_meanwhile_asks_for_a_review(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = with_time_to_undo(database, "[]").await;
    settings(&story.world, "review: { risk: true, tags: [\"Check me\"] }").await;
    let placed = story.order(&[("MUG", 1)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    settled(&story).await;
    assert_eq!(story.world.count(REVIEWS).await, 0);
    let shop = &story.world.shop;
    // Shopify finishes its assessment after the order came.
    shop.assess(placed, "CANCEL").expect("is assessed");
    story.waits_for("a person is asked", REVIEWS, 1).await;
    leave(&story).await;
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and last_error like '%to be reviewed%'";
    story.waits_for("it is not sent", parked, 1).await;
    shop.retag(placed, &["check me"]).expect("has a tag");
    let both = format!("{REVIEWS} and message like '%advises to cancel%' and message like '%the tag “Check me”%'");
    story.waits_for("both reasons are told", &both, 1).await;
    assert_eq!(story.world.count(REVIEWS).await, 1);
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    story.purchase_order("north").await;
    assert_eq!(story.world.count(REVIEWS).await, 0);
}

#[rstest]
#[tokio::test]
async fn what_was_released_is_not_asked_about_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = with_time_to_undo(database, "[]").await;
    let placed = story.order(&[("MUG", 1)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    story.world.shop.retag(placed, &["check me"]).expect("has a tag");
    settled(&story).await;
    // The wish to look at it comes after the last news of the order.
    settings(&story.world, "review: { tags: [\"Check me\"] }").await;
    leave(&story).await;
    story.waits_for("a person is asked before it leaves", REVIEWS, 1).await;
    assert_eq!(story.bought(), (0, 0));
    let again = "update purchase_orders set send_after = '2099-01-01T00:00:00+00:00'";
    story.world.execute(again).await;
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    story
        .world
        .shop
        .retag(placed, &["check me", "vip"])
        .expect("has another tag");
    settled(&story).await;
    assert_eq!(story.world.count(REVIEWS).await, 0, "it was released");
    leave(&story).await;
    story.purchase_order("north").await;
    assert_eq!(story.world.count("select count(*) from exceptions").await, 1);
}

#[rstest]
#[tokio::test]
async fn rules_about_risk_and_tags_go_by_what_is_said_by_now(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(true, false)] by_risk: bool,
) {
    let rules = r#"[{ name: Ours alone, when: 'order.risk == "INVESTIGATE" or "vip" in order.tags', never: [north] }]"#;
    let story = with_time_to_undo(database, rules).await;
    let placed = story.order(&[("MUG", 1)]);
    story.waits_for("it is decided", &drafted("N-MUG", 1), 1).await;
    let shop = &story.world.shop;
    if by_risk {
        shop.assess(placed, "INVESTIGATE").expect("is assessed");
    } else {
        shop.retag(placed, &["vip"]).expect("has a tag");
    }
    story.waits_for("it is decided anew", &drafted("E-MUG", 1), 1).await;
    assert_eq!(story.world.count(DRAFTS).await, 1);
}

#[rstest]
#[tokio::test]
async fn another_mapping_changes_what_can_be_undone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = with_time_to_undo(database, "[]").await;
    story.order(&[("MUG", 2)]);
    story.waits_for("it is decided", &drafted("N-MUG", 2), 1).await;
    map(&story, "MUG", &["E-MUG"]).await;
    story.waits_for("it is East's", &drafted("E-MUG", 2), 1).await;
    // By a setup file as well: North comes first in it.
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    story.world.apply(&plot.setup()).await;
    story.waits_for("it is North's again", &drafted("N-MUG", 2), 1).await;
    assert_eq!(story.world.count(DRAFTS).await, 1);
}

#[rstest]
#[tokio::test]
async fn what_waits_for_a_review_follows_the_stock(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story.world, "review: { above: \"1.00\" }").await;
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 1)]).await.expect("is taken");
    story.order(&[("MUG", 3)]);
    story.waits_for("either part is to be reviewed", REVIEWS, 2).await;
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and last_error like '%to be reviewed%'";
    story.waits_for("nothing is sent", parked, 2).await;
    north.put_inventory(&[("N-MUG".to_owned(), 9)]).await.expect("is taken");
    story.waits_for("it is decided anew", &drafted("N-MUG", 3), 1).await;
    story.waits_for("one decision is asked for", REVIEWS, 1).await;
    assert_eq!(story.world.count(DRAFTS).await, 1);
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    story.purchase_order("north").await;
    assert!(story.world.supplier("east").orders().is_empty());
}

/// As `the_last_piece_goes_to_the_order_that_it_saves_more`, with a page of other orders between the two.
#[rstest]
#[tokio::test]
async fn orders_far_apart_are_decided_together(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let world = &market.world;
    world.apply(&PLAIN.setup()).await;
    settings(world, "undoMinutes: 60").await;
    let north = world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 1)]).await.expect("is taken");
    let waits_for = async |what: &str, sql: &str, count: i64| {
        world.eventually(what, async || world.count(sql).await == count).await;
    };
    let shirt = Case {
        lines: &[(SHIRT, 1)],
        ..PLAIN
    };
    market.place(Case {
        lines: &[(MUG, 1), (SHIRT, 1)],
        ..PLAIN
    });
    waits_for("the first has North's mug", &drafted("N-MUG", 1), 1).await;
    for _ in 0..50 {
        market.place(shirt);
    }
    waits_for("a page of others", DRAFTS, 51).await;
    market.place(PLAIN);
    waits_for("the last has East's", &drafted("E-MUG", 1), 1).await;
    world
        .graphql("mutation { replanOrders { problems { message } } }", json!({}))
        .await;
    let told = "select count(*) from events where message like '%decided anew before it left%'";
    waits_for("both are decided anew", told, 2).await;
    waits_for("the last has North's mug", &drafted("N-MUG", 1), 1).await;
    let of_first = "select count(*) from purchase_orders p join orders o on o.id = p.order_id
        where p.status = 'draft' and o.name = (select min(name) from orders) and p.supplier_id =
        (select id from suppliers where key = 'east')";
    assert_eq!(world.count(of_first).await, 1, "the first has both from East");
}
