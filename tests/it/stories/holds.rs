//! What may not be shipped now is not ordered now (invariant 6).

use rstest::rstest;
use sandbox::{CancelRequest, ComplianceTopic, HoldRequest, SupplierFault};

use super::shop::{Plot, Story};
use crate::harness::Database;

/// An order that is put on hold while its purchase order is about to be sent.
async fn held(database: Database) -> (Story, i64, i64) {
    let story = Plot::default().begin(database).await;
    // Not taken, and asked to come back in a moment: until then the hold is known.
    let busy = SupplierFault::Busy { retry_after_s: 2 };
    story.world.supplier("north").add_fault(busy);
    let order = story.order(&[("MUG", 1)]);
    let tried = "select count(*) from purchase_orders where status = 'placing'";
    story
        .world
        .eventually("it was tried", async || story.world.count(tried).await == 1)
        .await;
    let fulfillment_order = story.snapshot(order).fulfillment_orders[0].id;
    let shop = &story.world.shop;
    shop.hold(fulfillment_order, HoldRequest::default()).expect("is held");
    let waits = "select count(*) from orders o join jobs j on j.name = 'place_purchase_order'
        where o.status = 'held' and o.reason like '%on hold%waits' and j.last_error like '%held back%'";
    story
        .world
        .eventually("the purchase order is held back", async || {
            story.world.count(waits).await == 1
        })
        .await;
    assert!(story.world.supplier("north").orders().is_empty());
    (story, order, fulfillment_order)
}

#[rstest]
#[tokio::test]
async fn a_hold_before_placing_holds_the_purchase_order_back(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, _, fulfillment_order) = held(database).await;
    story.world.shop.release(fulfillment_order).expect("is released");
    story.purchase_order("north").await;
}

/// Nothing of it is under way: its cancellation does not wait for the hold to end.
#[rstest]
#[tokio::test]
async fn a_held_back_purchase_order_ends_with_its_order(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, order, _) = held(database).await;
    let request = CancelRequest::default();
    story.world.shop.cancel_order(order, &request).expect("is cancelled");
    let ended = "select count(*) from orders o join purchase_orders p on p.order_id = o.id
        where o.status = 'cancelled' and p.status = 'cancelled'";
    story
        .world
        .eventually("it is cancelled with its order", async || {
            story.world.count(ended).await == 1
        })
        .await;
    assert!(story.world.supplier("north").orders().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_redacted_order_is_not_sent_without_an_address(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, order, fulfillment_order) = held(database).await;
    story.world.shop.compliance_customer(ComplianceTopic::Redact, order);
    let redacted = "select count(*) from orders where redacted_at is not null";
    story
        .world
        .eventually("the order is redacted", async || story.world.count(redacted).await == 1)
        .await;
    story.world.shop.release(fulfillment_order).expect("is released");
    let asked = "select count(*) from exceptions where kind = 'placement_refused' and status = 'open' and quantity = 1";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
    assert!(story.world.supplier("north").orders().is_empty());
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    assert_eq!(story.world.count(cancelled).await, 1);
}
