//! Once: whatever is repeated, lost or killed, one purchase order per supplier
//! and one fulfillment per parcel.

use rstest::rstest;
use sandbox::{AnswerFault, Behaviour, Fault, RejectReason, Shipping, SupplierFault, WebhookFault};

use super::shop::{Plot, Story, contents, lines, numbers};
use crate::harness::Database;

/// Ships by itself, at once, with numbers of its own.
fn prompt(prefix: &str) -> Behaviour {
    Behaviour {
        tracking_prefix: prefix.to_owned(),
        shipping: Shipping::Whole { delay_ms: 20 },
        ..Behaviour::default()
    }
}

async fn begin(database: Database) -> Story {
    Plot {
        north: prompt("N"),
        east: prompt("E"),
        ..Plot::default()
    }
    .begin(database)
    .await
}

/// The order of these stories ends with one purchase order and one parcel of each supplier.
async fn ends_once(story: &Story, order: i64) {
    ends_once_beside_others(story, order, "alone").await;
    for supplier in ["north", "east"] {
        let orders = story.world.supplier(supplier).orders();
        assert_eq!(orders.len(), 1, "{supplier}");
        assert_eq!(orders[0].parcels.len(), 1, "{supplier}");
    }
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 2);
}

fn order(story: &Story) -> i64 {
    story.order(&[("MUG", 1), ("SHIRT", 2), ("KIT", 1)])
}

#[rstest]
#[tokio::test]
async fn a_webhook_delivered_five_times(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database).await;
    story
        .world
        .shopify
        .faults()
        .add(Fault::any_webhook(WebhookFault::Duplicate { copies: 5 }));
    let order = order(&story);
    ends_once(&story, order).await;
}

#[rstest]
#[tokio::test]
async fn two_processes_at_once(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database).await;
    let second = story.world.orderyard.second_worker();
    let orders: Vec<i64> = (0..6).map(|_| story.order(&[("MUG", 1), ("KIT", 1)])).collect();
    for order in &orders {
        story.fulfillments(*order, 2).await;
    }
    drop(second);
    story.quiet().await;
    for supplier in ["north", "east"] {
        assert_eq!(
            story.world.supplier(supplier).orders().len(),
            orders.len(),
            "{supplier}"
        );
    }
    assert!(
        orders
            .iter()
            .all(|order| story.snapshot(*order).fulfillments.len() == 2)
    );
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_after_a_placed_purchase_order(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    story.world.supplier("north").add_fault(SupplierFault::LostAnswer);
    story
        .world
        .supplier("east")
        .add_fault(SupplierFault::ErrorAfter { status: 502 });
    let order = order(&story);
    ends_once(&story, order).await;
}

/// The supplier took the mug and rejected the shirt, in an answer that was lost. Its parcel proves
/// that it has the purchase order; what it said about the shirt is asked for again.
#[rstest]
#[tokio::test]
async fn a_rejection_in_a_lost_answer_is_heard_though_a_parcel_came_first(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let north = Behaviour {
        shipping: Shipping::Whole { delay_ms: 0 },
        rejects: [("N-SHIRT".to_owned(), RejectReason::OutOfStock)].into(),
        faults: vec![SupplierFault::ErrorAfter { status: 502 }],
        ..Behaviour::default()
    };
    let story = Plot {
        north,
        ..Plot::default()
    }
    .begin(database)
    .await;
    for _ in 0..4 {
        story
            .world
            .supplier("north")
            .add_fault(SupplierFault::Error { status: 500 });
    }
    let order = story.order(&[("MUG", 1), ("SHIRT", 2)]);
    story.fulfillments(order, 1).await;
    let told = "select count(*) from exceptions where status = 'open'";
    story
        .world
        .eventually("a person is told of the shirts", async || {
            story.world.count(told).await == 1
        })
        .await;
    story.quiet().await;
    let placed = story.purchase_order("north").await;
    let calls = story.world.supplier("north").calls();
    let same = |call: &sandbox::CallRecord| {
        call.webhook_id == calls[0].webhook_id && call.body["data"]["lines"] == calls[0].body["data"]["lines"]
    };
    assert!(calls.iter().all(same), "{calls:?}");
    assert_eq!((placed.parcels.len(), placed.lines[0].shipped), (1, 1), "{placed:?}");
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_after_fulfillment_create(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database).await;
    story
        .world
        .shopify
        .faults()
        .add(Fault::graphql("FulfillmentCreate", AnswerFault::LostAnswer).times(1));
    story
        .world
        .shopify
        .faults()
        .add(Fault::graphql("FulfillmentCreate", AnswerFault::ErrorAfter { status: 503 }).times(1));
    let order = order(&story);
    ends_once(&story, order).await;
}

/// Shopify took the first parcel and its answer was lost. Until that is read back its units seem to be
/// taken twice, and a second parcel must not be split over what seems to be left.
#[rstest]
#[tokio::test]
async fn a_parcel_behind_a_lost_answer_is_one_fulfillment(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "1,1,1,1,1,1")
        .begin(database)
        .await;
    let order = story.order(&[("MUG", 3)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql("FulfillmentCreate", AnswerFault::LostAnswer).times(1));
    let north = story.world.supplier("north");
    let mugs = |units| [("N-MUG", units)];
    let first = north.ship(&placed.number, &mugs(1), "DHL", "L-1").await;
    first.expect("ships");
    let lost = "select count(*) from intents where kind = 'create_fulfillment' and outcome = 'unknown'";
    story
        .world
        .eventually("the answer is lost", async || story.world.count(lost).await == 1)
        .await;
    let second = north.ship(&placed.number, &mugs(2), "DHL", "L-2").await;
    second.expect("ships");
    story.fulfillments(order, 2).await;
    story.quiet().await;
    let mut shown = contents(&story.snapshot(order));
    shown.sort();
    let expected = [
        (lines(&[("MUG", 1)]), numbers(&["L-1"])),
        (lines(&[("MUG", 2)]), numbers(&["L-2"])),
    ];
    assert_eq!(shown, expected);
}

#[rstest]
#[tokio::test]
async fn a_fulfillment_that_was_never_made_is_made(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database).await;
    story
        .world
        .shopify
        .faults()
        .add(Fault::graphql("FulfillmentCreate", AnswerFault::ErrorBefore { status: 502 }).times(1));
    story
        .world
        .shopify
        .faults()
        .add(Fault::graphql("OrderById", AnswerFault::Throttled).times(2));
    let order = order(&story);
    ends_once(&story, order).await;
}

/// The process is killed at each named place, once, and started again.
#[rstest]
#[tokio::test]
async fn a_kill_between_any_two_steps(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let mut story = begin(database).await;
    for place in orderyard::failpoint::on_every_way() {
        story.world.orderyard.stop().await;
        story.world.orderyard.start_with(&[("ORDERYARD_FAILPOINT", place)]);
        story.world.orderyard.wait_until_ready_or_ended().await;
        let order = order(&story);
        story.world.orderyard.wait_for_end(place).await;
        story.world.orderyard.start().await;
        ends_once_beside_others(&story, order, &format!("killed at {place}")).await;
    }
}

/// Whatever panics at each named place does so once, and is tried again; the process goes on.
#[rstest]
#[tokio::test]
async fn a_panic_between_any_two_steps(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let mut story = begin(database).await;
    for place in orderyard::failpoint::on_every_way() {
        story.world.orderyard.stop().await;
        let panics = [("ORDERYARD_FAILPOINT", place), ("ORDERYARD_FAILPOINT_PANICS", "1")];
        story.world.orderyard.start_with(&panics);
        story.world.orderyard.wait_until_ready().await;
        let order = order(&story);
        let told = format!("failpoint: a panic at {place}");
        let panicked = async || story.world.orderyard.has_told(&told);
        story.world.eventually(&told, panicked).await;
        ends_once_beside_others(&story, order, &told).await;
    }
}

/// As [`ends_once`] of one order of several.
async fn ends_once_beside_others(story: &Story, order: i64, after: &str) {
    story.fulfillments(order, 2).await;
    story.quiet().await;
    let mut shown: Vec<_> = contents(&story.snapshot(order))
        .into_iter()
        .map(|(lines, _)| lines)
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        [lines(&[("KIT", 1)]), lines(&[("MUG", 1), ("SHIRT", 2)])],
        "{after}"
    );
    let name = story.snapshot(order).order.name;
    let placed = format!("select count(*) from purchase_orders where order_name = '{name}'");
    assert_eq!(story.world.count(&placed).await, 2, "{after}");
    for supplier in ["north", "east"] {
        let of_order = story
            .world
            .supplier(supplier)
            .orders()
            .into_iter()
            .filter(|po| po.order_name == name);
        assert_eq!(of_order.count(), 1, "{supplier}, {after}");
    }
}
