//! Units of a line of which some wait for a person, or were taken care of by one, while suppliers ship the others.

use rstest::rstest;
use sandbox::{RefundRequest, RejectReason, RestockType};
use serde_json::json;

use super::{
    by_hand::{problems, the_order},
    meanwhile::settings,
    shop::{Plot, Story},
};
use crate::harness::Database;

const SHORT: &str = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
const HANDLED: &str = "select cast(sum(handled) as bigint) from order_lines";

async fn waits_for(story: &Story, what: &str, sql: &str, count: i64) {
    story
        .world
        .eventually(what, async || story.world.count(sql).await == count)
        .await;
}

async fn stock(story: &Story, supplier: &str, sku: &str, pieces: u32) {
    let items = [(sku.to_owned(), pieces)];
    let told = story.world.supplier(supplier).put_inventory(&items).await;
    told.expect("is taken");
}

/// Five mugs, of which North has three: two wait for a person.
async fn two_wait(database: Database, undo_minutes: u32) -> (Story, i64) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story.world, &format!("undoMinutes: {undo_minutes}")).await;
    stock(&story, "north", "N-MUG", 3).await;
    stock(&story, "east", "E-MUG", 0).await;
    let order = story.order(&[("MUG", 5)]);
    let two = format!("{SHORT} and quantity = 2");
    waits_for(&story, "two wait", &two, 1).await;
    (story, order)
}

async fn mark_handled(story: &Story) {
    let handled = "markHandled(exceptionId: \"{id}\", note: \"sent from the cellar\")";
    story.world.decide("NO_ELIGIBLE_SUPPLIER", handled).await;
}

#[rstest]
#[tokio::test]
async fn what_comes_to_wait_is_added_to_what_waits(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, _) = two_wait(database, 0).await;
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let rejected = north.reject(&placed.number, "N-MUG", RejectReason::OutOfStock).await;
    rejected.expect("rejects");
    let five = format!("{SHORT} and quantity = 5 and message like '5 × %'");
    waits_for(&story, "all five wait", &five, 1).await;
    // Two come, and are bought though three still wait.
    stock(&story, "east", "E-MUG", 2).await;
    let three = format!("{SHORT} and quantity = 3");
    waits_for(&story, "three wait", &three, 1).await;
    let placed = story.purchase_order("east").await;
    assert_eq!((placed.lines.len(), placed.lines[0].quantity), (1, 2));
}

/// What the merchant gave back needs nobody's decision any more.
#[rstest]
#[tokio::test]
async fn nobody_is_asked_about_what_was_refunded(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, order) = two_wait(database, 0).await;
    let placed = story.purchase_order("north").await;
    let line = story.snapshot(order).order.lines[0].id;
    let refund = RefundRequest {
        lines: vec![(line, 2)],
        restock_type: RestockType::Cancel,
        amount: None,
        note: None,
    };
    story.world.shop.refund(order, &refund).expect("refunds");
    let read = "select count(*) from order_lines where current_quantity = 3 and ours = 3";
    waits_for(&story, "the refund is read", read, 1).await;
    waits_for(&story, "nobody is asked any more", SHORT, 0).await;
    assert_eq!(the_order(&story).await["status"], "WITH_SUPPLIER");
    stock(&story, "east", "E-MUG", 10).await;
    let north = story.world.supplier("north");
    let rejected = north.reject(&placed.number, "N-MUG", RejectReason::OutOfStock).await;
    rejected.expect("rejects");
    let placed = story.purchase_order("east").await;
    assert_eq!(placed.lines[0].quantity, 3, "all that are left");
}

#[rstest]
#[tokio::test]
async fn what_was_taken_care_of_is_not_bought_with_the_rest(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, _) = two_wait(database, 60).await;
    mark_handled(&story).await;
    assert_eq!(story.world.count(HANDLED).await, 2);
    stock(&story, "east", "E-MUG", 10).await;
    let order = the_order(&story).await;
    let answer = story
        .world
        .graphql("{ offers(filter: { search: \"E-MUG\" }) { nodes { id } } }", json!({}));
    let offer = answer.await["offers"]["nodes"][0]["id"].clone();
    let choose = async |quantity: u32| {
        let (order, line) = (&order["id"], &order["lines"][0]["id"]);
        let part = format!("{{ offerId: {offer}, quantity: {quantity} }}");
        let call = format!("overrideRouting(orderId: {order}, lineId: {line}, parts: [{part}], reason: \"better\")");
        problems(&story, &call).await
    };
    let drafted = "select cast(coalesce(sum(quantity), 0) as bigint) from po_lines l
        join purchase_orders p on p.id = l.purchase_order_id where p.status = 'draft'";
    assert_eq!(choose(3).await, json!([]));
    assert_eq!(
        (story.world.count(drafted).await, story.world.count(HANDLED).await),
        (3, 2)
    );
    // Who asks for more says so.
    assert_eq!(choose(4).await, json!([]));
    assert_eq!(
        (story.world.count(drafted).await, story.world.count(HANDLED).await),
        (4, 1)
    );
    assert_eq!(choose(6).await[0]["code"], "INVALID");
}
