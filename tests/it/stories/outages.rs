//! What waits, and what is given up, while Shopify or a shop cannot be reached.

use rstest::rstest;
use sandbox::{AnswerFault, Fault};

use super::shop::Plot;
use crate::harness::Database;

/// Shopify is away for longer than the schedule of tries lasts.
#[rstest]
#[tokio::test]
async fn work_that_is_given_up_is_put_before_a_person_who_can_have_it_tried_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    let fault = faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 500 }));
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "G-1").await.expect("ships");
    let asked = "select count(*) from exceptions e join orders o on o.id = e.order_id
        where e.kind = 'job_failed' and e.status = 'open' and o.status = 'needs_attention'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
    assert!(story.snapshot(order).fulfillments.is_empty());
    faults.remove(fault);
    story
        .world
        .decide("JOB_FAILED", "retryException(exceptionId: \"{id}\")")
        .await;
    story.fulfillments(order, 1).await;
}

/// While the owner has not opened the app again nothing is tried, and nothing is lost.
#[rstest]
#[tokio::test]
async fn parcels_of_the_time_without_a_connection_arrive_after_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    story.world.shop.expire_access_tokens();
    story.world.shop.expire_refresh_tokens();
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "C-1").await.expect("ships");
    let parked = "select count(*) from jobs where name = 'push_fulfillment' and state = 'ready'
        and last_error like '%open the app again%'";
    story
        .world
        .eventually("the push waits for the owner", async || {
            story.world.count(parked).await == 1
        })
        .await;
    story.world.install().await;
    story.fulfillments(order, 1).await;
}

/// The order was never read: there is nothing yet to hang the exception on but the shop.
#[rstest]
#[tokio::test]
async fn an_order_that_could_never_be_read_is_put_before_a_person_too(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let faults = story.world.shopify.faults();
    let fault = faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 500 }));
    story.order(&[("MUG", 1)]);
    let asked = "select count(*) from exceptions where kind = 'job_failed' and status = 'open' and order_id is null";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
    faults.remove(fault);
    story
        .world
        .decide("JOB_FAILED", "retryException(exceptionId: \"{id}\")")
        .await;
    story.purchase_order("north").await;
}
