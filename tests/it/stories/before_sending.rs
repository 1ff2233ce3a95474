//! What the shop's people can do between a decision and its leaving: look at it, and take it back.

use rstest::rstest;
use sandbox::{CancelRequest, OrderSpec};
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

async fn settings(story: &Story, change: &str) {
    let change = format!("mutation {{ updateShopSettings(input: {{ {change} }}) {{ problems {{ field message }} }} }}");
    let answer = story.world.graphql(&change, json!({})).await;
    assert_eq!(answer["updateShopSettings"]["problems"], json!([]));
}

async fn waits_for(story: &Story, what: &str, sql: &str, count: i64) {
    story
        .world
        .eventually(what, async || story.world.count(sql).await == count)
        .await;
}

/// The only order, as its page shows it.
async fn the_order(story: &Story) -> Value {
    let query = "{ orders { nodes { id name status reason
        purchaseOrders { id number status sendAfter } events { nodes { kind message actor } } } } }";
    let answer = story.world.graphql(query, json!({})).await;
    let nodes = answer["orders"]["nodes"].as_array().expect("a list").clone();
    assert_eq!(nodes.len(), 1, "{answer}");
    nodes.into_iter().next().expect("one")
}

fn history(order: &Value) -> String {
    let lines = order["events"]["nodes"].as_array().expect("events").iter();
    let line = |line: &Value| format!("{}: {}", line["actor"], line["message"]);
    lines.map(line).collect::<Vec<_>>().join("\n")
}

const DRAFTS: &str = "select count(*) from purchase_orders where status = 'draft'";
const REVIEWS: &str = "select count(*) from exceptions where kind = 'review' and status = 'open'";

#[rstest]
#[tokio::test]
async fn what_is_cancelled_in_time_leaves_nothing_at_the_supplier(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    settings(&story, "undoMinutes: 30").await;
    let placed = story.order(&[("MUG", 1)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    let held = "select count(*) from orders where status = 'held' and reason like 'It can be undone until%'";
    waits_for(&story, "it says so", held, 1).await;
    let order = the_order(&story).await;
    let po = &order["purchaseOrders"][0];
    assert!(po["sendAfter"].is_string(), "{order}");
    assert!(history(&order).contains("can be undone until"), "{order}");

    let cancel = format!(
        "mutation {{ cancelPurchaseOrder(id: \"{}\", reason: \"wrong address\") {{ purchaseOrder {{ status }} problems {{ message }} }} }}",
        po["id"].as_str().expect("an id")
    );
    let answer = story.world.graphql(&cancel, json!({})).await;
    assert_eq!(
        answer["cancelPurchaseOrder"]["purchaseOrder"]["status"], "CANCELLED",
        "{answer}"
    );
    // News of the order buy nothing either.
    story.world.shop.tell_again(placed);
    story
        .world
        .execute("update jobs set run_at_ms = 0 where name = 'place_purchase_order'")
        .await;
    story.quiet().await;
    let order = the_order(&story).await;
    assert_eq!(order["reason"], "A person has taken care of it");
    assert!(history(&order).contains("wrong address"), "{order}");
    assert_eq!(story.world.supplier("north").call_count(), 0);
    assert_eq!(story.world.count("select count(*) from reservations").await, 0);

    // Until somebody asks for it.
    settings(&story, "undoMinutes: 0").await;
    let route = format!(
        "mutation {{ routeOrder(id: {}) {{ problems {{ message }} }} }}",
        order["id"]
    );
    story.world.graphql(&route, json!({})).await;
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn what_nobody_cancels_leaves_in_its_time(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    settings(&story, "undoMinutes: 1").await;
    story.order(&[("MUG", 1)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    // Looked at too early, it stays.
    story
        .world
        .execute("update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'")
        .await;
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and last_error like '%can be undone%'";
    waits_for(&story, "it is parked", parked, 1).await;
    assert_eq!(story.world.supplier("north").call_count(), 0);
    // A minute later.
    let past = "update purchase_orders set send_after = created_at";
    story.world.execute(past).await;
    story
        .world
        .execute("update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'")
        .await;
    story.purchase_order("north").await;
    let order = the_order(&story).await;
    assert_eq!(order["purchaseOrders"][0]["sendAfter"], Value::Null);
    assert_eq!(order["status"], "WITH_SUPPLIER");
}

#[rstest]
#[tokio::test]
async fn the_first_order_of_a_supplier_waits_for_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    settings(&story, "review: { firstOrder: true }").await;
    story.order(&[("MUG", 1)]);
    waits_for(&story, "somebody is asked", REVIEWS, 1).await;
    let order = the_order(&story).await;
    assert_eq!(order["status"], "NEEDS_ATTENTION");
    assert!(
        history(&order).contains("waits for a review: it is the first order to North"),
        "{order}"
    );
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and last_error like '%to be reviewed%'";
    waits_for(&story, "it is not sent", parked, 1).await;
    assert_eq!(story.world.supplier("north").call_count(), 0);
    story
        .world
        .decide("REVIEW", "releasePurchaseOrder(exceptionId: \"{id}\")")
        .await;
    story.purchase_order("north").await;
    let order = the_order(&story).await;
    assert!(history(&order).contains("was released"), "{order}");
    // The next one goes by itself.
    story.order(&[("MUG", 1)]);
    let north = story.world.supplier("north");
    story
        .world
        .eventually("the second leaves", async || north.orders().len() == 2)
        .await;
}

#[rstest]
#[tokio::test]
async fn dear_orders_wait_and_what_is_refused_is_not_bought(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story, "review: { above: \"50.00\" }").await;
    let placed = story.order(&[("MUG", 5)]);
    waits_for(&story, "somebody is asked", REVIEWS, 1).await;
    story
        .world
        .decide(
            "REVIEW",
            "refusePurchaseOrder(exceptionId: \"{id}\", note: \"looks like fraud\")",
        )
        .await;
    story.world.shop.tell_again(placed);
    story
        .world
        .execute("update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'")
        .await;
    story.quiet().await;
    let order = the_order(&story).await;
    assert!(history(&order).contains("looks like fraud"), "{order}");
    assert_eq!(order["status"], "NOT_ROUTABLE");
    assert_eq!(
        story.world.supplier("north").call_count() + story.world.supplier("east").call_count(),
        0
    );
    assert_eq!(story.world.count("select count(*) from reservations").await, 0);
    // A cheap one is nobody's business.
    story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn an_order_that_is_cancelled_asks_for_no_review(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    settings(&story, "review: { firstOrder: true }").await;
    let order = story.order(&[("MUG", 1)]);
    waits_for(&story, "somebody is asked", REVIEWS, 1).await;
    story
        .world
        .shop
        .cancel_order(order, &CancelRequest::default())
        .expect("is cancelled");
    waits_for(&story, "nobody is asked any more", REVIEWS, 0).await;
    assert_eq!(story.world.supplier("north").call_count(), 0);
}

#[rstest]
#[tokio::test]
async fn risky_orders_and_those_with_a_tag_wait_for_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    settings(&story, "review: { risk: true, tags: [\"Check me\"] }").await;
    let place = |risk: &str, tags: &[&str]| {
        let spec = OrderSpec {
            risk: risk.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..OrderSpec::of([(story.variant("MUG"), 1)])
        };
        story.world.shop.create_order(spec).expect("an order")
    };
    for (risk, tags, expect) in [
        ("INVESTIGATE", &[][..], "Shopify advises to look into the order"),
        ("CANCEL", &["vip"], "Shopify advises to cancel the order"),
        ("ACCEPT", &["vip", "check ME"], "the order has the tag “Check me”"),
    ] {
        let before = story.world.supplier("north").orders().len();
        place(risk, tags);
        waits_for(&story, "somebody is asked", REVIEWS, 1).await;
        let told = format!("{REVIEWS} and message like '%waits for a review: {expect}'");
        assert_eq!(story.world.count(&told).await, 1, "{risk} {tags:?}");
        assert_eq!(
            story.world.supplier("north").orders().len(),
            before,
            "nothing leaves before"
        );
        let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
        story.world.decide("REVIEW", release).await;
        let north = story.world.supplier("north");
        let left = async || north.orders().len() == before + 1;
        story.world.eventually("it leaves once it is released", left).await;
    }
    // What is neither waits for nobody.
    place("NONE", &["vip"]);
    let north = story.world.supplier("north");
    let left = async || north.orders().len() == 4;
    story.world.eventually("it leaves by itself", left).await;
    assert_eq!(story.world.count(REVIEWS).await, 0);
}
