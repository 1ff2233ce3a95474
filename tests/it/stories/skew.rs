//! Nodes whose clocks differ by far more than a lease, on one database; and one whose clock is set.

use std::time::{Duration, Instant};

use sandbox::{AnswerFault, Fault, SupplierFault};

use super::shop::{Plot, contents, lines};
use crate::harness::Database;

const HOUR_MS: i64 = 3_600_000;

/// Shopify takes its time for a parcel. A node whose clock is ahead would think that the other one's
/// lease has long run out, read back that nothing was made, and make it again.
#[tokio::test]
async fn a_parcel_under_way_is_left_to_the_node_that_pushes_it() {
    let story = Plot::default()
        .env("OUTSIDE_CALL_SECONDS", "8")
        .begin(Database::Postgres)
        .await;
    let order = story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    let slow = Duration::from_secs(5);
    let fault = AnswerFault::Delay { ms: 5_000 };
    faults.add(Fault::graphql("FulfillmentCreate", fault).times(1));
    let north = story.world.supplier("north");
    let shipped = north.ship(&placed.number, &[("N-MUG", 1)], "DHL", "S-1").await;
    shipped.expect("ships");
    let called = "select count(*) from intents where kind = 'create_fulfillment' and called_at is not null";
    story
        .world
        .eventually("the push is under way", async || story.world.count(called).await == 1)
        .await;
    let began = Instant::now();
    let other = story.world.orderyard.node_with_clock("other", HOUR_MS).await;
    story
        .world
        .eventually("the slow call is over", async || began.elapsed() > slow)
        .await;
    story.fulfillments(order, 1).await;
    story.quiet().await;
    let shown: Vec<_> = contents(&story.snapshot(order))
        .into_iter()
        .map(|(lines, _)| lines)
        .collect();
    assert_eq!(shown, [lines(&[("MUG", 1)])], "one parcel, one fulfillment");
    drop(other);
}

/// Nor does a process take its own work for another's when its clock is set forward, on a database where leases
/// go by that clock.
#[tokio::test]
async fn a_parcel_under_way_is_left_alone_when_the_clock_is_set() {
    let mut story = Plot::default()
        .env("OUTSIDE_CALL_SECONDS", "8")
        .begin(Database::Sqlite)
        .await;
    let clock = story.world.orderyard.file("own.clock", "0");
    story.world.orderyard.stop().await;
    story.world.orderyard.start_with(&[("ORDERYARD_CLOCK_FILE", &clock)]);
    story.world.orderyard.wait_until_ready().await;
    let order = story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    let slow = Duration::from_secs(5);
    faults.add(Fault::graphql("FulfillmentCreate", AnswerFault::Delay { ms: 5_000 }).times(1));
    let north = story.world.supplier("north");
    let shipped = north.ship(&placed.number, &[("N-MUG", 1)], "DHL", "S-1").await;
    shipped.expect("ships");
    let called = "select count(*) from intents where kind = 'create_fulfillment' and called_at is not null";
    story
        .world
        .eventually("the push is under way", async || story.world.count(called).await == 1)
        .await;
    let began = Instant::now();
    story.world.orderyard.file("own.clock", &HOUR_MS.to_string());
    story
        .world
        .eventually("the slow call is over", async || began.elapsed() > slow)
        .await;
    story.fulfillments(order, 1).await;
    story.quiet().await;
    let shown: Vec<_> = contents(&story.snapshot(order))
        .into_iter()
        .map(|(lines, _)| lines)
        .collect();
    assert_eq!(shown, [lines(&[("MUG", 1)])], "one parcel, one fulfillment");
}

/// The work of a node that is killed goes on within a lease, though its clock was ahead.
#[tokio::test]
async fn a_lease_runs_out_whatever_the_clock_of_the_node_that_took_it() {
    let mut story = Plot::default().begin(Database::Postgres).await;
    let north = story.world.supplier("north");
    north.add_fault(SupplierFault::Slow { ms: 1_500 });
    story.world.orderyard.stop().await;
    let ahead = story.world.orderyard.node_with_clock("ahead", 200_000).await;
    story.order(&[("MUG", 1)]);
    let running = "select count(*) from jobs where state = 'running' and name = 'place_purchase_order'";
    story
        .world
        .eventually("the call is under way", async || story.world.count(running).await == 1)
        .await;
    ahead.kill().await;
    let killed = Instant::now();
    story.world.orderyard.start().await;
    let left = "select count(*) from intents where kind = 'place_purchase_order' and outcome in ('pending', 'unknown')";
    story
        .world
        .eventually("the purchase order is settled", async || {
            story.world.count(left).await == 0
        })
        .await;
    story.purchase_order("north").await;
    assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
}

/// The next try of what a node with a clock that is ahead began is due for the others when it is due. (By more
/// than five minutes suppliers would not believe its signatures.)
#[tokio::test]
async fn a_next_try_is_due_whatever_the_clock_of_the_node_that_planned_it() {
    let mut story = Plot::default()
        .env("JOB_RETRY_SECONDS", "2,2,2,2,2")
        .begin(Database::Postgres)
        .await;
    let north = story.world.supplier("north");
    north.add_fault(SupplierFault::Error { status: 425 });
    story.world.orderyard.stop().await;
    let ahead = story.world.orderyard.node_with_clock("ahead", 200_000).await;
    story.order(&[("MUG", 1)]);
    let waits = "select count(*) from jobs where state = 'ready' and name = 'place_purchase_order' and attempts = 1";
    story
        .world
        .eventually("the next try is planned", async || story.world.count(waits).await == 1)
        .await;
    ahead.kill().await;
    let killed = Instant::now();
    story.world.orderyard.start().await;
    story.purchase_order("north").await;
    assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
}
