//! What a supplier did and never told is found by asking its system.

use rstest::rstest;
use sandbox::{Acknowledge, Behaviour, CancelRequest, Cancellation, Reading, RejectReason, SupplierFault};
use serde_json::json;

use super::shop::{Plot, Story, contents, lines, numbers};
use crate::harness::Database;

/// Sweeps come by themselves, one after the other.
const ALWAYS: &str = "0.3";
/// Every sweep is asked for.
const NEVER: &str = "86400";

/// A silent supplier is asked after a second. It says nothing by itself.
fn plot(every: &'static str) -> Plot {
    let silent = Behaviour {
        acknowledge: Acknowledge::Never,
        cancellation: Cancellation::Never,
        ..Behaviour::manual()
    };
    Plot {
        north: silent,
        ..Plot::default()
    }
    .env("RECONCILE_SECONDS", every)
    .env("ASK_SUPPLIERS_AFTER_SECONDS", "1")
}

async fn sweep(story: &Story, more: &[&str]) -> String {
    let arguments = [&["reconcile"], more].concat();
    story.world.orderyard.command(&arguments).await
}

/// Nothing was heard of any purchase order for long, and nobody asked.
async fn long_silence(story: &Story) {
    let long_ago = "'2026-01-01 00:00:00+00:00'";
    let sql = format!("update purchase_orders set updated_at = {long_ago}, asked_at = null, sent_at = {long_ago}");
    story.world.execute(&sql).await;
}

async fn placed(story: &Story) -> String {
    let number = story.purchase_order("north").await.number;
    let placed = "select count(*) from purchase_orders where status = 'placed'";
    story
        .world
        .eventually("it is placed", async || story.world.count(placed).await == 1)
        .await;
    story.quiet().await;
    number
}

/// The supplier accepts and ships, and its reports never arrive.
#[rstest]
#[tokio::test]
async fn what_was_shipped_without_a_word_is_found_once(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot(ALWAYS).begin(database).await;
    let order = story.order(&[("MUG", 2)]);
    let number = placed(&story).await;
    let north = story.world.supplier("north");
    north.decide_silently(&number);
    let parcel = north.ship_silently(&number, "DHL", "S-1").expect("ships");
    story.fulfillments(order, 1).await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [(lines(&[("MUG", 2)]), numbers(&["S-1"]))]
    );
    // On a busy machine the next sweep may come before what this one found is written.
    let counted = "select count(*) from sweeps where reports_missed = 1 and asked > 0";
    story
        .world
        .eventually("a sweep counted it", async || story.world.count(counted).await >= 1)
        .await;

    // The report comes after all.
    north.report(&number, parcel).await.expect("it is known");
    assert_eq!(north.failures(), Vec::<String>::new());
    story.quiet().await;
    story.fulfillments(order, 1).await;
    assert_eq!(story.world.count("select count(*) from shipments").await, 1);
    let found = "select count(*) from events where message like '%nothing was heard for long:%shipped%'";
    assert_eq!(story.world.count(found).await, 1);
    assert!(north.questions().iter().all(|question| question.verified));
    let asked =
        "{ shop { reconciliation { repairedLast7Days } } suppliers { nodes { key asking { offered problem } } } }";
    let answer = story.world.graphql(asked, json!({})).await;
    // Sweeps without a pause may be ahead of a webhook, too.
    let repaired = &answer["shop"]["reconciliation"]["repairedLast7Days"];
    assert!(repaired.as_i64() >= Some(1), "{answer}");
    let nodes = answer["suppliers"]["nodes"].as_array().expect("a list");
    let asking = |key| &nodes.iter().find(|node| node["key"] == key).expect("the supplier")["asking"];
    assert_eq!(asking("north"), &json!({ "offered": true, "problem": null }));
    assert_eq!(asking("east"), &json!(null), "it was never bought from");
}

/// A dry run tells and changes nothing; a rejection is routed anew.
#[rstest]
#[tokio::test]
async fn what_was_rejected_without_a_word_goes_to_somebody_else(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut plot = plot(NEVER);
    plot.mug_at_east = true;
    plot.north.rejects = [("N-MUG".to_owned(), RejectReason::OutOfStock)].into();
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    let number = placed(&story).await;
    story.world.supplier("north").decide_silently(&number);
    long_silence(&story).await;

    let table = sweep(&story, &["--dry-run"]).await;
    assert!(table.contains("supplier_report") && table.contains(&number), "{table}");
    assert!(table.contains("suppliers asked about 1 purchase orders"), "{table}");
    assert_eq!(story.world.count("select count(*) from sweeps").await, 0);
    let table = sweep(&story, &[]).await;
    assert!(table.contains("one difference; its job is enqueued"), "{table}");
    story.purchase_order("east").await;
    let table = sweep(&story, &[]).await;
    assert!(table.contains("nothing differs"), "{table}");
}

/// The supplier agreed to cancel, and its answer never arrived.
#[rstest]
#[tokio::test]
async fn a_cancellation_that_was_agreed_to_without_a_word_is_found(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = plot(NEVER).begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let number = placed(&story).await;
    story
        .world
        .shop
        .cancel_order(order, &CancelRequest::default())
        .expect("cancels");
    let waits = "select count(*) from purchase_orders where status = 'cancel_requested'";
    story
        .world
        .eventually("it is asked back", async || story.world.count(waits).await == 1)
        .await;
    story.quiet().await;
    long_silence(&story).await;
    // Its own number of the order is all that there is to learn.
    sweep(&story, &[]).await;
    story.quiet().await;
    long_silence(&story).await;
    let table = sweep(&story, &["--dry-run"]).await;
    assert!(table.contains("nothing differs"), "it has not decided: {table}");
    assert!(story.world.supplier("north").cancel_silently(&number), "nothing left");
    sweep(&story, &[]).await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    story
        .world
        .eventually("it is cancelled", async || story.world.count(cancelled).await == 1)
        .await;
}

/// A supplier that cannot be asked is left alone, and that can be seen.
#[rstest]
#[tokio::test]
async fn a_supplier_that_cannot_be_asked_is_left_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values(404, 501)] status: u16,
) {
    let mut plot = plot(NEVER);
    plot.north.reading = Reading::Status {
        status,
        retry_after_s: None,
    };
    let story = plot.begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let number = placed(&story).await;
    long_silence(&story).await;
    let why = format!("its system answers {status} to questions about purchase orders");
    let table = sweep(&story, &[]).await;
    assert!(table.contains(&format!("North cannot be asked: {why}")), "{table}");
    long_silence(&story).await;
    let table = sweep(&story, &[]).await;
    assert!(table.contains(&format!("North is not asked: {why}")), "{table}");
    let north = story.world.supplier("north");
    assert_eq!(north.questions().len(), 1);
    let answer = story
        .world
        .graphql("{ suppliers { nodes { key asking { offered problem } } } }", json!({}))
        .await;
    let nodes = answer["suppliers"]["nodes"].as_array().expect("a list");
    let of_north = nodes.iter().find(|node| node["key"] == "north").expect("North");
    assert_eq!(of_north["asking"], json!({ "offered": false, "problem": why }));
    // It works as ever.
    north.ship(&number, &[], "DHL", "S-1").await.expect("ships");
    story.fulfillments(order, 1).await;
}

/// A supplier that asks for patience gets it, and its orders are placed all the same.
#[rstest]
#[tokio::test]
async fn a_supplier_that_asks_for_patience_is_asked_later(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut plot = plot(NEVER);
    plot.north.reading = Reading::Status {
        status: 429,
        retry_after_s: Some(3600),
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    let number = placed(&story).await;
    story.order(&[("SHIRT", 1)]);
    let north = story.world.supplier("north");
    story
        .world
        .eventually("both are there", async || north.orders().len() == 2)
        .await;
    story.quiet().await;
    long_silence(&story).await;
    for _ in 0..2 {
        let table = sweep(&story, &[]).await;
        assert!(table.contains("called too often"), "{table}");
    }
    assert_eq!(north.questions().len(), 1, "one question, whatever waits");
    let waits = "select count(*) from purchase_orders where asked_at is null";
    assert_eq!(story.world.count(waits).await, 2, "they keep their places");
    // The hour is over.
    story
        .world
        .execute("update supplier_reads set ask_after = '2026-01-01 00:00:00+00:00'")
        .await;
    let mut behaviour = north.behaviour();
    behaviour.reading = Reading::Offered;
    north.set_behaviour(behaviour);
    north.decide_silently(&number);
    let table = sweep(&story, &[]).await;
    assert!(table.contains("suppliers asked about 2 purchase orders"), "{table}");
    assert!(table.contains(&number), "{table}");
}

/// Placing ended without an answer, and a person was asked: the supplier's system says that it has it.
#[rstest]
#[tokio::test]
async fn an_unknown_outcome_is_settled_by_asking(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let mut plot = plot(NEVER).env("JOB_RETRY_SECONDS", "0.1");
    plot.north.faults = vec![SupplierFault::LostAnswer; 2];
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    let unknown = "select count(*) from purchase_orders where status = 'outcome_unknown'";
    story
        .world
        .eventually("nobody knows", async || story.world.count(unknown).await == 1)
        .await;
    story.quiet().await;
    long_silence(&story).await;
    sweep(&story, &[]).await;
    let placed = "select count(*) from purchase_orders where status = 'placed'";
    story
        .world
        .eventually("it stands", async || story.world.count(placed).await == 1)
        .await;
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0, "nobody is asked any more");
    assert_eq!(
        story
            .world
            .count("select count(*) from intents where outcome = 'unknown'")
            .await,
        0
    );
    assert_eq!(story.world.supplier("north").orders().len(), 1);
}
