//! What was decided and is not allowed any more when it is about to leave, with nobody else to serve it: it is not
//! sent, and a person is asked.

use rstest::rstest;
use sandbox::AddressSpec;
use serde_json::{Value, json};

use super::{
    by_hand::the_order,
    meanwhile::{leave, settings, settled},
    shop::{KIT_AT_TWO, Plot, Story},
};
use crate::harness::Database;

const DRAFTS: &str = "select count(*) from purchase_orders where status = 'draft'";
const OPEN: &str = "select count(*) from exceptions where status = 'open'";

/// What the shop's staff change about the agreement with North.
async fn agree(story: &Story, change: &str) {
    agree_with(story, "north", change).await;
}

async fn agree_with(story: &Story, key: &str, change: &str) {
    let found = story
        .world
        .graphql("{ suppliers { nodes { id key } } }", json!({}))
        .await;
    let mut nodes = found["suppliers"]["nodes"].as_array().expect("a list").iter();
    let node = nodes.find(|node| node["key"] == key).expect(key);
    let call = format!("connectSupplier(supplierId: {}, input: {{ {change} }})", node["id"]);
    story.change(&call).await;
}

/// North alone makes the mug, which may be undone for an hour.
async fn decided(database: Database, of_north_mug: &'static str) -> Story {
    let plot = Plot {
        of_north_mug,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    story.order(&[("MUG", 2)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    settled(&story).await;
    story
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Pause,
    Rule,
    Goods,
    Mapping,
}

#[rstest]
#[case::paused(Change::Pause, "the connection with North is paused")]
#[case::ruled_out(Change::Rule, "the rule “Not there” forbids it")]
#[case::dangerous(Change::Goods, "N-MUG is dangerous goods, which North may not ship")]
#[case::mapped_otherwise(Change::Mapping, "MUG is mapped otherwise now")]
#[tokio::test]
async fn what_is_forbidden_in_the_time_to_undo_is_not_sent(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] change: Change,
    #[case] why: &str,
) {
    let story = decided(database, ", dangerous_goods: true").await;
    match change {
        Change::Pause => agree(&story, "active: false").await,
        Change::Rule => {
            let rule = r#"saveRule(input: { name: "Not there", kind: NEVER, suppliers: ["north"] })"#;
            story.change(rule).await;
        }
        Change::Goods => agree(&story, "dangerousGoods: false").await,
        Change::Mapping => {
            let delete = format!("deleteMapping(variantId: \"{}\")", story.variant("MUG"));
            story.change(&delete).await;
        }
    }
    settled(&story).await;
    // Nobody else has it, and it can be allowed again in time.
    assert_eq!((story.world.count(DRAFTS).await, story.world.count(OPEN).await), (1, 0));
    leave(&story).await;
    story.waits_for("a person is asked", OPEN, 1).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
    assert_eq!(story.world.count(DRAFTS).await, 0);
    let told = format!("select count(*) from events where message like '%was not sent: {why}'");
    assert_eq!(story.world.count(&told).await, 1, "the history says why");
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, 0);
    let asked = match change {
        Change::Mapping => format!("{OPEN} and kind = 'unmapped_line' and quantity = 2"),
        _ => format!("{OPEN} and kind = 'no_eligible_supplier' and quantity = 2 and message like '%{why}%'"),
    };
    assert_eq!(story.world.count(&asked).await, 1, "the person is told why");
}

#[rstest]
#[tokio::test]
async fn what_is_allowed_again_in_time_is_sent(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = decided(database, "").await;
    agree(&story, "active: false").await;
    settled(&story).await;
    agree(&story, "active: true").await;
    settled(&story).await;
    leave(&story).await;
    story.purchase_order("north").await;
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 1);
}

/// Routing asked North for its last two, and so left none to itself.
#[rstest]
#[tokio::test]
async fn its_own_pieces_do_not_speak_against_it(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        rules: "[{ name: Nearly gone, when: 'offer.stock < 2', exclude: true }, { name: One parcel, max_parcels: 1 }]",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 2)]).await.expect("is taken");
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    story.purchase_order("north").await;
    story.quiet().await;
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 1);
}

/// What a person chose stays as it was chosen.
#[rstest]
#[tokio::test]
async fn who_was_chosen_by_hand_is_not_taken_back(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = decided(database, "").await;
    let shown = story
        .world
        .graphql("{ orders { nodes { id lines { id } } } }", json!({}))
        .await;
    let order = &shown["orders"]["nodes"][0];
    let offer = story
        .world
        .graphql("{ offers(filter: { search: \"N-MUG\" }) { nodes { id } } }", json!({}))
        .await;
    let (line, offer) = (&order["lines"][0]["id"], &offer["offers"]["nodes"][0]["id"]);
    let parts = format!("[{{ offerId: {offer} }}]");
    let call = format!(
        "overrideRouting(orderId: {}, lineId: {line}, parts: {parts}, reason: \"a gift\")",
        order["id"]
    );
    story.change(&call).await;
    agree(&story, "active: false").await;
    settled(&story).await;
    leave(&story).await;
    story.purchase_order("north").await;
}

/// Has the order's mugs shipped by this offer, whoever was to ship them.
async fn choose_for_mug(story: &Story, sku: &str) {
    let order = the_order(story).await;
    let mut lines = order["lines"].as_array().expect("lines").iter();
    let line = lines.find(|line| line["sku"] == "MUG").expect("the mug");
    let query = format!("{{ offers(filter: {{ search: \"{sku}\" }}) {{ nodes {{ id }} }} }}");
    let offer = story.world.graphql(&query, json!({})).await["offers"]["nodes"][0]["id"].clone();
    let (order, line) = (&order["id"], &line["id"]);
    let parts = format!("[{{ offerId: {offer} }}]");
    let call = format!("overrideRouting(orderId: {order}, lineId: {line}, parts: {parts}, reason: \"a gift\")");
    story.change(&call).await;
}

/// Mugs that East has too, with something else, all of which may be undone for an hour.
async fn beside_a_mug(database: Database, rules: &'static str, other: &str, drafts: i64) -> Story {
    let plot = Plot {
        mug_at_east: true,
        rules,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    story.order(&[("MUG", 1), (other, 1)]);
    story.waits_for("all is decided", DRAFTS, drafts).await;
    settled(&story).await;
    story
}

/// Pieces of an offer that are with its supplier.
async fn sent(story: &Story, sku: &str) -> i64 {
    let pieces = "select cast(coalesce(sum(l.quantity - l.cancelled), 0) as bigint) from po_lines l
        join purchase_orders p on p.id = l.purchase_order_id where p.sent_at is not null and l.sku = ";
    story.world.count(&format!("{pieces} '{sku}'")).await
}

#[derive(Clone, Copy, Debug)]
enum Since {
    Paused,
    RuledOut,
}

/// That the mug was chosen says nothing for the kit, which East was to ship all along.
#[rstest]
#[case(Since::Paused, "the connection with East is paused")]
#[case(Since::RuledOut, "the rule “Not there” forbids it")]
#[tokio::test]
async fn a_choice_by_hand_keeps_nothing_else_from_the_last_look(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] since: Since,
    #[case] why: &str,
) {
    let story = beside_a_mug(database, "[]", "KIT", 2).await;
    choose_for_mug(&story, "E-MUG").await;
    match since {
        Since::Paused => agree_with(&story, "east", "active: false").await,
        Since::RuledOut => {
            let rule = r#"saveRule(input: { name: "Not there", kind: NEVER, suppliers: ["east"] })"#;
            story.change(rule).await;
        }
    }
    settled(&story).await;
    leave(&story).await;
    story.purchase_order("east").await;
    story.waits_for("a person is asked about the kit", OPEN, 1).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 1));
    assert_eq!((sent(&story, "E-MUG").await, sent(&story, "E-BOX").await), (1, 0));
    let told = format!("select count(*) from events where message like '%was not sent: {why}'");
    assert_eq!(story.world.count(&told).await, 1, "the history says why");
}

/// The first two drafts of the order, as its page shows it.
async fn two_drafts(story: &Story) -> [Value; 2] {
    let order = the_order(story).await;
    let all = order["purchaseOrders"].as_array().expect("a list").iter();
    let drafts: Vec<Value> = all.filter(|po| po["status"] == "DRAFT").cloned().collect();
    drafts.try_into().expect("two drafts")
}

async fn split(story: &Story) {
    let order = the_order(story).await;
    let po = &order["purchaseOrders"][0];
    let call = format!(
        "splitPurchaseOrder(id: {}, lineIds: [{}], reason: \"apart\")",
        po["id"], po["lines"][0]["id"]
    );
    story.change(&call).await;
    story.waits_for("they leave apart", DRAFTS, 2).await;
}

#[rstest]
#[tokio::test]
async fn what_was_split_by_hand_was_not_chosen(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot::default();
    let story = plot.begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    story.order(&[("MUG", 1), ("SHIRT", 1)]);
    story.waits_for("both are North's", DRAFTS, 1).await;
    settled(&story).await;
    split(&story).await;
    agree(&story, "active: false").await;
    settled(&story).await;
    leave(&story).await;
    story.waits_for("a person is asked about both", OPEN, 2).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
}

/// Who merged them sent nothing anywhere: the shirt is as North's as it was.
#[rstest]
#[tokio::test]
async fn what_was_chosen_stays_so_when_it_is_merged(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = beside_a_mug(database, "[]", "SHIRT", 1).await;
    choose_for_mug(&story, "N-MUG").await;
    let [into, from] = two_drafts(&story).await;
    let call = format!(
        "mergePurchaseOrders(id: {}, fromId: {}, reason: \"one parcel\")",
        into["id"], from["id"]
    );
    story.change(&call).await;
    agree(&story, "active: false").await;
    settled(&story).await;
    leave(&story).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.open_units().len(), 1, "{placed:?}");
    story.waits_for("a person is asked about the shirt", OPEN, 1).await;
    story.quiet().await;
    assert_eq!((sent(&story, "N-MUG").await, sent(&story, "N-SHIRT").await), (1, 0));
    let told = "select count(*) from events where message like 'A part of % was not sent: %North is paused'";
    assert_eq!(story.world.count(told).await, 1);
    let reserved = "select cast(sum(reserved) as bigint) from offers where sku = 'N-SHIRT'";
    assert_eq!(story.world.count(reserved).await, 0);
}

/// Rules that keep an order in one parcel spoke of what the program decided.
#[rstest]
#[case("[{ name: One parcel, max_parcels: 1 }]")]
#[case("[{ name: Whole, never_split: true }]")]
#[tokio::test]
async fn the_rest_is_sent_beside_what_a_person_took_out_of_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] rules: &'static str,
) {
    let story = beside_a_mug(database, rules, "SHIRT", 1).await;
    choose_for_mug(&story, "E-MUG").await;
    leave(&story).await;
    story.purchase_order("north").await;
    story.purchase_order("east").await;
    story.quiet().await;
    assert_eq!((sent(&story, "E-MUG").await, sent(&story, "N-SHIRT").await), (1, 1));
    assert_eq!(story.world.count(OPEN).await, 0);
}

#[rstest]
#[tokio::test]
async fn both_halves_of_what_was_split_by_hand_are_sent(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = beside_a_mug(database, "[{ name: One parcel, max_parcels: 1 }]", "SHIRT", 1).await;
    split(&story).await;
    leave(&story).await;
    let both = async || story.world.supplier("north").orders().len() == 2;
    story.world.eventually("North has both", both).await;
    story.quiet().await;
    assert_eq!(story.world.count(OPEN).await, 0);
}

/// A part has left, so the rest cannot be decided anew with it: only its address is corrected.
#[rstest]
#[tokio::test]
async fn an_address_that_nobody_ships_to_keeps_the_rest_back(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    let placed = story.order(&[("MUG", 1), ("KIT", 1)]);
    story.waits_for("both are decided", DRAFTS, 2).await;
    settled(&story).await;
    let of_east = "update purchase_orders set send_after = created_at
        where supplier_id = (select id from suppliers where key = 'east')";
    story.world.execute(of_east).await;
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'";
    story.world.execute(now).await;
    story.purchase_order("east").await;
    let corrected = AddressSpec {
        country: None,
        country_code: Some("FR".to_owned()),
        ..AddressSpec::default()
    };
    let shop = &story.world.shop;
    shop.change_address(placed, corrected).expect("is changed");
    let told = "select count(*) from events where message like '%goes to the new one%'";
    story.waits_for("its address is corrected", told, 1).await;
    settled(&story).await;
    leave(&story).await;
    let asked = format!("{OPEN} and kind = 'no_eligible_supplier' and message like '%does not ship to FR%'");
    story.waits_for("a person is asked", &asked, 1).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 1));
}

/// Half a kit is no kit: East's part is not bought, though nothing speaks against it.
#[rstest]
#[tokio::test]
async fn a_kit_with_a_forbidden_part_is_not_bought_by_half(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        kit: KIT_AT_TWO,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    story.order(&[("KIT", 1)]);
    story.waits_for("both parts are decided", DRAFTS, 2).await;
    agree(&story, "active: false").await;
    settled(&story).await;
    let of_east = "update purchase_orders set send_after = created_at
        where supplier_id = (select id from suppliers where key = 'east')";
    story.world.execute(of_east).await;
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'";
    story.world.execute(now).await;
    let asked =
        format!("{OPEN} and kind = 'no_eligible_supplier' and message like '%connection with North is paused%'");
    story.waits_for("a person is asked", &asked, 1).await;
    story.waits_for("no part is left over", DRAFTS, 0).await;
    leave(&story).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
}

/// Both parts of the kit are East's: neither is left over while the order is decided anew.
#[rstest]
#[tokio::test]
async fn a_kit_that_one_supplier_makes_is_decided_anew_as_a_whole(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    let placed = story.order(&[("KIT", 1)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    settled(&story).await;
    let corrected = AddressSpec {
        zip: Some("80331".to_owned()),
        ..AddressSpec::default()
    };
    let shop = &story.world.shop;
    shop.change_address(placed, corrected).expect("is changed");
    let ended = "select count(*) from purchase_orders where status = 'cancelled'";
    story.waits_for("it is taken back", ended, 1).await;
    story.waits_for("it is decided anew", DRAFTS, 1).await;
    settled(&story).await;
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
    leave(&story).await;
    story.purchase_order("east").await;
    story.quiet().await;
    assert_eq!((sent(&story, "E-TEA").await, sent(&story, "E-BOX").await), (2, 1));
}
