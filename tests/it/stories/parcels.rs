//! Parcels on their way into Shopify when something is in the way.

use rstest::rstest;
use sandbox::{AnswerFault, Fault, HoldRequest, WebhookFault};

use super::shop::{Plot, Story, contents, lines, numbers};
use crate::harness::Database;

/// Shopify answers that it failed, so that nobody knows whether the fulfillment was made.
fn fail_once(story: &Story) {
    let fault = Fault::graphql("FulfillmentCreate", AnswerFault::ErrorBefore { status: 502 }).times(1);
    story.world.shopify.faults().add(fault);
}

async fn is_unknown(story: &Story) {
    let unknown = "select count(*) from intents where kind = 'create_fulfillment' and outcome = 'unknown'";
    story
        .world
        .eventually("the first call's outcome is unknown", async || {
            story.world.count(unknown).await == 1
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_parcel_gets_the_rest_of_its_units_when_the_hold_ends(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("SHIRT", 2), ("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let whole = story.snapshot(order).fulfillment_orders[0].clone();
    let shirts = whole
        .lines
        .iter()
        .find(|line| line.total_quantity == 2)
        .expect("the shirts");
    let one_shirt = HoldRequest {
        units: vec![(shirts.id, 1)],
        ..HoldRequest::default()
    };
    story.world.shop.hold(whole.id, one_shirt).expect("is held");
    let north = story.world.supplier("north");
    north
        .ship(&placed.number, &[("N-SHIRT", 2)], "DHL", "S-1")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    let open = "select count(*) from exceptions where kind = 'fulfillment_refused' and status = 'open'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(open).await == 1)
        .await;
    story.world.shop.release(whole.id).expect("is released");
    story
        .world
        .decide("FULFILLMENT_REFUSED", "retryException(exceptionId: \"{id}\")")
        .await;
    story.fulfillments(order, 2).await;
    let shirt = || (lines(&[("SHIRT", 1)]), numbers(&["S-1"]));
    assert_eq!(contents(&story.snapshot(order)), [shirt(), shirt()]);
}

#[rstest]
#[tokio::test]
async fn a_parcel_does_not_wait_for_another_ones_lost_answer(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("SHIRT", 1), ("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    fail_once(&story);
    north
        .ship(&placed.number, &[("N-SHIRT", 1)], "DHL", "S-1")
        .await
        .expect("ships");
    is_unknown(&story).await;
    north
        .ship(&placed.number, &[("N-MUG", 1)], "DHL", "S-2")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [(lines(&[("MUG", 1)]), numbers(&["S-2"]))]
    );
    story.fulfillments(order, 2).await;
}

/// What the other one took since is no sign that the lost call was executed.
#[rstest]
#[tokio::test]
async fn a_parcel_is_made_though_another_one_took_units_of_its_line_meanwhile(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 5)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql("FulfillmentCreate", AnswerFault::ErrorBefore { status: 502 }).times(1));
    // No news of the second parcel's fulfillment, which would bring the order in anew.
    faults.add(Fault::any_webhook(WebhookFault::Drop));
    let first = north.ship(&placed.number, &[("N-MUG", 2)], "DHL", "M-1").await;
    first.expect("ships");
    is_unknown(&story).await;
    let second = north.ship(&placed.number, &[("N-MUG", 3)], "DHL", "M-2").await;
    second.expect("ships");
    story.fulfillments(order, 2).await;
    let mugs = |units, number: &str| (lines(&[("MUG", units)]), numbers(&[number]));
    assert_eq!(contents(&story.snapshot(order)), [mugs(3, "M-2"), mugs(2, "M-1")]);
}

/// However long the other one's own tries take: customers are told of a parcel once.
#[rstest]
#[tokio::test]
async fn a_parcel_is_not_divided_for_another_one_that_was_given_up(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    // Two tries, with time between them for the faults to come.
    let story = Plot::default().env("JOB_RETRY_SECONDS", "2").begin(database).await;
    let order = story.order(&[("MUG", 5)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql("FulfillmentCreate", AnswerFault::LostAnswer).times(1));
    let first = north.ship(&placed.number, &[("N-MUG", 2)], "DHL", "M-1").await;
    first.expect("ships");
    is_unknown(&story).await;
    faults.add(Fault::graphql("OrderFulfillments", AnswerFault::ErrorBefore { status: 503 }).times(1));
    let given_up = "select count(*) from exceptions where kind = 'job_failed' and status = 'open'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(given_up).await == 1)
        .await;
    let second = north.ship(&placed.number, &[("N-MUG", 3)], "DHL", "M-2").await;
    second.expect("ships");
    story.fulfillments(order, 2).await;
    let mugs = |units, number: &str| (lines(&[("MUG", units)]), numbers(&[number]));
    assert_eq!(contents(&story.snapshot(order)), [mugs(2, "M-1"), mugs(3, "M-2")]);
}

#[rstest]
#[tokio::test]
async fn a_number_that_comes_while_the_outcome_is_unknown_reaches_shopify(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    fail_once(&story);
    let parcel = north.ship(&placed.number, &[], "DHL", "OLD").await.expect("ships");
    is_unknown(&story).await;
    north
        .retrack(&placed.number, &parcel.reference, "UPS", "NEW")
        .await
        .expect("corrects");
    story
        .world
        .eventually("Shopify has the number", async || {
            contents(&story.snapshot(order)) == [(lines(&[("MUG", 1)]), numbers(&["NEW"]))]
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn adopted_tracking_stands_in_shopify(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let fulfillment_order = story.snapshot(order).fulfillment_orders[0].id;
    let shop = &story.world.shop;
    shop.fulfil_by_hand(fulfillment_order, None).expect("fulfils");
    let asked = "select count(*) from exceptions where kind = 'fulfilled_by_hand' and status = 'open'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "A-1").await.expect("ships");
    story
        .world
        .eventually("the parcel is recorded", async || {
            story.world.count("select count(*) from shipments").await == 1
        })
        .await;
    let adopt = "settleFulfilledByHand(exceptionId: \"{id}\", choice: ADOPT_TRACKING)";
    story.world.decide("FULFILLED_BY_HAND", adopt).await;
    story
        .world
        .eventually("the number stands in Shopify", async || {
            contents(&story.snapshot(order)) == [(lines(&[("MUG", 1)]), numbers(&["A-1"]))]
        })
        .await;
}

/// One mug in a parcel with a number that Shopify has.
async fn with_tracking(story: &Story) -> (i64, sandbox::SupplierOrder, String) {
    let order = story.order(&[("SHIRT", 1), ("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let parcel = north.ship(&placed.number, &[("N-MUG", 1)], "DHL", "OLD").await;
    story.fulfillments(order, 1).await;
    story.quiet().await;
    (order, placed, parcel.expect("ships").reference)
}

async fn has_number(story: &Story, order: i64, number: &str) {
    let mug = || (lines(&[("MUG", 1)]), numbers(&[number]));
    story
        .world
        .eventually("Shopify has the number", async || {
            contents(&story.snapshot(order)).contains(&mug())
        })
        .await;
}

/// As after a scope that was lost, and is granted again.
#[rstest]
#[tokio::test]
async fn a_number_that_shopify_refused_is_sent_when_a_person_has_it_tried_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let (order, placed, parcel) = with_tracking(&story).await;
    let faults = story.world.shopify.faults();
    let refusal = AnswerFault::ErrorBefore { status: 403 };
    let fault = faults.add(Fault::graphql("FulfillmentTrackingInfoUpdate", refusal));
    let north = story.world.supplier("north");
    let corrected = north.retrack(&placed.number, &parcel, "UPS", "NEW").await;
    corrected.expect("corrects");
    let asked = "select count(*) from exceptions where kind = 'job_failed' and status = 'open'";
    for _ in 0..2 {
        story
            .world
            .eventually("a person is asked", async || story.world.count(asked).await == 1)
            .await;
        let refused = "select count(*) from intents where kind = 'update_tracking' and outcome = 'refused'";
        if story.world.count(refused).await == 2 {
            faults.remove(fault);
        }
        let retry = "retryException(exceptionId: \"{id}\")";
        story.world.decide("JOB_FAILED", retry).await;
    }
    has_number(&story, order, "NEW").await;
    story.quiet().await;
    assert_eq!(story.world.count(asked).await, 0);
}

/// Shopify took the correction, nobody knows, and the supplier corrects once more before it is tried again.
#[rstest]
#[tokio::test]
async fn a_number_is_corrected_again_after_the_answer_to_the_first_correction_was_lost(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values("OLD", "THIRD")] number: &str,
) {
    // The first wait leaves time for the second correction.
    let story = Plot::default().env("JOB_RETRY_SECONDS", "3,1,1").begin(database).await;
    let (order, placed, parcel) = with_tracking(&story).await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql("FulfillmentTrackingInfoUpdate", AnswerFault::LostAnswer).times(1));
    let north = story.world.supplier("north");
    let corrected = north.retrack(&placed.number, &parcel, "UPS", "NEW").await;
    corrected.expect("corrects");
    let unknown = "select count(*) from intents where kind = 'update_tracking' and outcome = 'unknown'";
    story
        .world
        .eventually("the answer is lost", async || story.world.count(unknown).await == 1)
        .await;
    has_number(&story, order, "NEW").await;
    let corrected = north.retrack(&placed.number, &parcel, "DHL", number).await;
    corrected.expect("corrects");
    has_number(&story, order, number).await;
    story.quiet().await;
    let open = "select count(*) from intents where outcome in ('pending', 'unknown')";
    assert_eq!(story.world.count(open).await, 0, "nothing is left to be settled");
    has_number(&story, order, number).await;
    let look = ["reconcile", "--since", "1h", "--dry-run"];
    story
        .world
        .eventually("nothing differs", async || {
            let told = story.world.orderyard.command(&look).await;
            told.contains("nothing differs")
        })
        .await;
}

/// A process that stood still sent an older list after the newer one, and wrote that down.
#[rstest]
#[tokio::test]
async fn a_number_that_an_older_one_replaced_is_sent_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let (order, placed, parcel) = with_tracking(&story).await;
    let north = story.world.supplier("north");
    let corrected = north.retrack(&placed.number, &parcel, "UPS", "NEW").await;
    corrected.expect("corrects");
    has_number(&story, order, "NEW").await;
    story.quiet().await;
    let older = "update fulfillments set numbers = '[\"OLD\"]'";
    story.world.execute(older).await;
    let sent = "select cast(coalesce(sum(calls), 0) as bigint) from intents where kind = 'update_tracking' and outcome = 'done'";
    assert_eq!(story.world.count(sent).await, 1);
    // What compares the order's tracking next finds it.
    let rest = north.ship(&placed.number, &[], "DHL", "REST").await;
    rest.expect("ships");
    story.fulfillments(order, 2).await;
    story
        .world
        .eventually("it is sent again", async || story.world.count(sent).await == 2)
        .await;
    story.quiet().await;
    let stale = "select count(*) from fulfillments where cast(numbers as text) like '%OLD%'";
    assert_eq!(story.world.count(stale).await, 0);
}
