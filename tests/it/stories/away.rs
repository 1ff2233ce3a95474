//! What became of orders while nobody could tell of it, and work that must not wait for what is not its own.

use rstest::rstest;
use sandbox::{Acknowledge, AnswerFault, Behaviour, CancelRequest, Fault};
use serde_json::json;

use super::shop::{Plot, Story};
use crate::harness::Database;

const LEFT: &str = "select count(*) from shops where status = 'uninstalled'";

async fn waits_for(story: &Story, what: &str, sql: &str, count: i64) {
    story
        .world
        .eventually(what, async || story.world.count(sql).await == count)
        .await;
}

async fn give_time_to_undo(story: &Story) {
    let change = "mutation { updateShopSettings(input: { undoMinutes: 60 }) { problems { message } } }";
    story.world.graphql(change, json!({})).await;
}

/// The time to undo is over.
async fn leave(story: &Story) {
    let over = "update purchase_orders set send_after = created_at, created_at = '2026-01-01 00:00:00+00:00'";
    story.world.execute(over).await;
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'";
    story.world.execute(now).await;
}

async fn wait_for_draft(story: &Story) {
    let drafts = "select count(*) from purchase_orders where status = 'draft'";
    waits_for(story, "it is decided", drafts, 1).await;
    let busy = "select count(*) from jobs where name <> 'place_purchase_order'";
    waits_for(story, "nothing else is left to do", busy, 0).await;
}

/// A supplier that answers nothing by itself.
fn silent() -> Behaviour {
    Behaviour {
        acknowledge: Acknowledge::Never,
        ..Behaviour::manual()
    }
}

fn cancel(story: &Story, order: i64) {
    let cancelled = story.world.shop.cancel_order(order, &CancelRequest::default());
    cancelled.expect("is cancelled");
}

#[rstest]
#[tokio::test]
async fn what_was_cancelled_while_the_app_was_gone_is_asked_back_when_it_returns(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    story.quiet().await;
    story.world.shop.uninstall_app();
    waits_for(&story, "the shop has left", LEFT, 1).await;
    cancel(&story, order);
    story.world.install().await;
    story
        .world
        .eventually("North is asked", async || story.cancel_calls("north") == 1)
        .await;
}

#[rstest]
#[tokio::test]
async fn nothing_is_bought_for_a_shop_that_left_and_what_it_cancelled_never(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    give_time_to_undo(&story).await;
    let order = story.order(&[("MUG", 1)]);
    wait_for_draft(&story).await;
    story.world.shop.uninstall_app();
    waits_for(&story, "the shop has left", LEFT, 1).await;
    leave(&story).await;
    let held_back = "select count(*) from jobs where name = 'place_purchase_order' and state = 'ready'
        and last_error like '%uninstalled the app%'";
    waits_for(&story, "it waits", held_back, 1).await;
    cancel(&story, order);
    story.world.install().await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    waits_for(&story, "it is taken back", cancelled, 1).await;
    story.quiet().await;
    assert!(story.world.supplier("north").calls().is_empty(), "nobody heard of it");
}

#[rstest]
#[tokio::test]
async fn a_draft_is_not_bought_while_news_of_its_order_cannot_be_read(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.1,600")
        .begin(database)
        .await;
    give_time_to_undo(&story).await;
    let order = story.order(&[("MUG", 1)]);
    wait_for_draft(&story).await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 502 }));
    cancel(&story, order);
    let unread = "select count(*) from jobs where name = 'import_order' and attempts = 2 and state = 'ready'";
    waits_for(&story, "the news cannot be read", unread, 1).await;
    leave(&story).await;
    let held_back = "select count(*) from jobs where name = 'place_purchase_order' and state = 'ready'
        and last_error like '%cannot be read%'";
    waits_for(&story, "it waits", held_back, 1).await;
    faults.clear();
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'import_order'";
    story.world.execute(now).await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    waits_for(&story, "it is taken back", cancelled, 1).await;
    story.quiet().await;
    assert!(story.world.supplier("north").calls().is_empty(), "nobody heard of it");
}

/// A draft that waits because the news of its order were given up.
async fn waits_for_news_given_up(database: Database) -> (Story, i64) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.1,0.1")
        .begin(database)
        .await;
    give_time_to_undo(&story).await;
    let order = story.order(&[("MUG", 1)]);
    wait_for_draft(&story).await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql("OrderById", AnswerFault::ErrorBefore { status: 502 }));
    story.world.shop.tell_again(order);
    waits_for(&story, "the news are given up", GIVEN_UP, 1).await;
    waits_for(&story, "a person is asked", ASKED, 1).await;
    leave(&story).await;
    let held_back = "select count(*) from jobs where name = 'place_purchase_order' and state = 'ready'
        and last_error like '%cannot be read%'";
    waits_for(&story, "it waits", held_back, 1).await;
    (story, order)
}

const GIVEN_UP: &str = "select count(distinct serial_key) from jobs where name = 'import_order' and state = 'dead'";
const ASKED: &str = "select count(*) from exceptions where kind = 'job_failed' and status = 'open'";

#[rstest]
#[tokio::test]
async fn news_that_were_given_up_keep_nothing_waiting_once_the_order_is_read(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, order) = waits_for_news_given_up(database).await;
    story.world.shopify.faults().clear();
    story.world.shop.tell_again(order);
    waits_for(&story, "what was given up is gone", GIVEN_UP, 0).await;
    assert_eq!(story.world.count(ASKED).await, 0, "nobody is asked any more");
    story.purchase_order("north").await;
    let told = story.page().await;
    assert!(told.contains("The order was read from Shopify after all"), "{told}");
}

#[rstest]
#[tokio::test]
async fn news_that_were_given_up_keep_nothing_waiting_once_a_person_took_care_of_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, _) = waits_for_news_given_up(database).await;
    let handled = "markHandled(exceptionId: \"{id}\", note: \"nothing has changed\")";
    story.world.decide("JOB_FAILED", handled).await;
    assert_eq!(story.world.count(GIVEN_UP).await, 0);
    story.purchase_order("north").await;
}

/// The order is not even here, and so neither is what people were asked about it.
#[rstest]
#[tokio::test]
async fn an_order_that_could_never_be_read_asks_nobody_once_it_is_read(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.1,0.1")
        .begin(database)
        .await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql("OrderById", AnswerFault::ErrorBefore { status: 502 }));
    let order = story.order(&[("MUG", 1)]);
    waits_for(&story, "a person is asked", ASKED, 1).await;
    story
        .world
        .eventually("all of its news are given up", async || {
            let waiting = "select count(*) from jobs where name <> 'import_order' or state <> 'dead'";
            !story.snapshot(order).fulfillment_orders.is_empty() && story.world.count(waiting).await == 0
        })
        .await;
    faults.clear();
    story.world.shop.tell_again(order);
    story.purchase_order("north").await;
    assert_eq!(story.world.count(ASKED).await, 0, "nobody is asked any more");
    assert_eq!(story.world.count(GIVEN_UP).await, 0);
}

/// An app may give two orders one name.
#[rstest]
#[tokio::test]
async fn two_orders_of_one_name_are_bought_under_two_numbers(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        north: silent(),
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    assert_eq!(story.purchase_order("north").await.number, "DEMO-1001-1");
    story.quiet().await;
    let as_the_next = "update purchase_orders set number = 'DEMO-1002-1'";
    story.world.execute(as_the_next).await;
    let second = story.order(&[("MUG", 1)]);
    let placed = "select count(*) from purchase_orders where status = 'placed'";
    waits_for(&story, "both are placed", placed, 2).await;
    let by_id = format!("select count(*) from purchase_orders where number = 'DEMO-{second}-1'");
    assert_eq!(story.world.count(&by_id).await, 1);
}

/// North ships one line and has time for the other; the shop goes on meanwhile.
#[rstest]
#[tokio::test]
async fn a_deadline_that_was_moved_keeps_nothing_else_waiting(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        north: silent(),
        with_north: ", answer_hours: 24",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let shirt = north.ship(&placed.number, &[("N-SHIRT", 1)], "DHL", "N-1").await;
    shirt.expect("is reported");
    let waits = "select count(*) from jobs where name = 'chase_rest' and state = 'ready' and run_at_ms > 1000";
    waits_for(&story, "the rest has its time", waits, 1).await;
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'chase_rest'";
    story.world.execute(now).await;
    waits_for(&story, "it waits on", waits, 1).await;
    story.order(&[("MUG", 1)]);
    waits_for(
        &story,
        "the next order is bought",
        "select count(*) from purchase_orders where status = 'placed'",
        1,
    )
    .await;
}
