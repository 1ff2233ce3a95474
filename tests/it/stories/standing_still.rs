//! A process that stands still, as on a machine that was put to sleep, and goes on when others have
//! long done its work.

use chrono::SecondsFormat;
use rstest::rstest;
use sandbox::{Fault, HoldRequest, SupplierOrder, WebhookFault};
use tokio::{process::Child, time::Instant};

use super::shop::{Plot, Story};
use crate::harness::Database;

/// The first process stands still at a place of placing an order, which is cancelled meanwhile; another one
/// takes the job over, and has done all that is to be done.
async fn overtaken(database: Database, place: &str) -> (Story, Child, Instant) {
    let mut story = Plot::default().begin(database).await;
    story.world.orderyard.stop().await;
    story.world.orderyard.start_to_stand_still(place).await;
    story.order(&[("MUG", 1)]);
    let since = story.world.orderyard.wait_until_it_stands_still().await;
    // What the webhook would have told that nobody takes.
    let cancelled = "update orders set cancelled_at = placed_at";
    story.world.execute(cancelled).await;
    let second = story.world.orderyard.second_worker();
    let asked = "select count(*) from intents where kind = 'cancel_purchase_order' and outcome = 'done'";
    story
        .world
        .eventually("the other one has it cancelled", async || {
            story.world.count(asked).await == 1
        })
        .await;
    story.quiet().await;
    (story, second, since)
}

fn placings(story: &Story) -> usize {
    let calls = story.world.supplier("north").calls();
    let placing = |call: &&sandbox::CallRecord| call.body["type"] == "purchase_order.created";
    calls.iter().filter(placing).count()
}

async fn statuses(story: &Story, status: &str) -> i64 {
    let of = format!("select count(*) from purchase_orders where status = '{status}'");
    story.world.count(&of).await
}

#[rstest]
#[tokio::test]
async fn who_stood_still_before_the_call_does_not_call(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, second, since) = overtaken(database, "place.before_call").await;
    assert_eq!(placings(&story), 0, "nobody has called so far");
    story.world.orderyard.go_on(since).await;
    let noticed = "a lease was lost before the job's end";
    story
        .world
        .eventually("it notices that it is late", async || {
            story.world.orderyard.log_tail().contains(noticed)
        })
        .await;
    story.quiet().await;
    assert_eq!(placings(&story), 0, "what is cancelled is not asked for any more");
    drop(second);
}

#[rstest]
#[tokio::test]
async fn an_answer_that_comes_after_the_cancellation_brings_nothing_back(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, second, since) = overtaken(database, "place.after_call").await;
    assert_eq!(placings(&story), 1);
    assert_eq!(statuses(&story, "cancelled").await, 1);
    let before = story.world.supplier("north").calls().len();
    let history = "select count(*) from events";
    let told = story.world.count(history).await;
    story.world.orderyard.go_on(since).await;
    story
        .world
        .eventually("the answer is a line in the history", async || {
            story.world.count(history).await > told
        })
        .await;
    story.quiet().await;
    assert_eq!(statuses(&story, "cancelled").await, 1, "it stays cancelled");
    assert!(story.world.supplier("north").orders().iter().all(is_cancelled));
    assert_eq!(
        story.world.supplier("north").calls().len(),
        before,
        "nobody is asked again"
    );
    drop(second);
}

fn is_cancelled(order: &SupplierOrder) -> bool {
    order.cancelled
}

/// The process stands still before it asks a unit back, which another one has done when it goes on.
#[rstest]
#[tokio::test]
async fn who_stood_still_before_asking_back_does_not_ask(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut story = Plot::default().begin(database).await;
    story.world.orderyard.stop().await;
    story.world.orderyard.start_to_stand_still("cancel.before_call").await;
    let order = story.order(&[("SHIRT", 3)]);
    story.purchase_order("north").await;
    story.set_quantity(order, 2);
    let since = story.world.orderyard.wait_until_it_stands_still().await;
    let second = story.world.orderyard.second_worker();
    let cancelled = "select count(*) from po_lines where cancelled = 1 and cancel_requested = 0";
    story
        .wait_for_count("the other one has it cancelled", cancelled, 1)
        .await;
    story.quiet().await;
    assert_eq!(story.cancel_calls("north"), 1);
    story.world.orderyard.go_on(since).await;
    story
        .world
        .eventually("it notices that it is late", async || {
            let log = story.world.orderyard.log_tail();
            log.contains("a lease was lost before the job's end")
        })
        .await;
    story.quiet().await;
    assert_eq!(story.cancel_calls("north"), 1, "what is answered is not asked again");
    drop(second);
}

/// The process stands still with an order that it has read, which is held meanwhile: the order's own time does
/// not move with that, and nobody tells of it again.
#[rstest]
#[tokio::test]
async fn who_stood_still_after_reading_an_order_does_not_write_over_what_was_read_since(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut story = Plot::default().begin(database).await;
    story.world.orderyard.stop().await;
    let order = story.order(&[("MUG", 1)]);
    story
        .world
        .eventually("Shopify routes the order", async || {
            !story.snapshot(order).fulfillment_orders.is_empty()
        })
        .await;
    story.world.orderyard.start_to_stand_still("import.before_write").await;
    let since = story.world.orderyard.wait_until_it_stands_still().await;
    let told = story.world.shopify.faults().add(Fault::any_webhook(WebhookFault::Drop));
    let updated_at = story.snapshot(order).order.updated_at;
    let fulfillment_order = story.snapshot(order).fulfillment_orders[0].id;
    let hold = story.world.shop.hold(fulfillment_order, HoldRequest::default());
    hold.expect("holds");
    let second = story.world.orderyard.second_worker();
    let held = "select count(*) from orders where status = 'held'";
    story.wait_for_count("the other one reads the hold", held, 1).await;
    // As where a hold leaves the order's own time as it is.
    let same = updated_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let same = format!("update orders set shopify_updated_at = '{same}'");
    story.world.execute(&same).await;
    story.world.orderyard.go_on(since).await;
    story
        .world
        .eventually("it notices that it is late", async || {
            let log = story.world.orderyard.log_tail();
            log.contains("a lease was lost before the job's end")
        })
        .await;
    story.quiet().await;
    assert_eq!(story.world.count(held).await, 1, "it stays held");
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 0);
    story.world.shopify.faults().remove(told);
    story.world.shop.release(fulfillment_order).expect("releases");
    story.purchase_order("north").await;
    drop(second);
}
