//! What changes after an order was placed: cancellations, edits, prices, tracking, hands.

use rstest::rstest;
use sandbox::{CancelRequest, EditRequest, FinancialStatus, OrderSpec};

use super::shop::{Plot, contents, lines, numbers};
use crate::harness::Database;

#[rstest]
#[tokio::test]
async fn a_cancelled_order_reaches_the_supplier(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story
        .world
        .shop
        .cancel_order(order, &CancelRequest::default())
        .expect("cancels");
    story
        .world
        .eventually("the supplier has cancelled", async || {
            story
                .world
                .supplier("north")
                .order(&placed.number)
                .is_some_and(|po| po.cancelled)
        })
        .await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    story
        .world
        .eventually("the purchase order is cancelled", async || {
            story.world.count(cancelled).await == 1
        })
        .await;
    assert_eq!(
        story
            .world
            .count("select count(*) from orders where status = 'cancelled'")
            .await,
        1
    );
}

#[rstest]
#[tokio::test]
async fn a_refunded_unit_is_taken_back(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("SHIRT", 3)]);
    let placed = story.purchase_order("north").await;
    let line = story.snapshot(order).order.lines[0].id;
    let edit = EditRequest {
        set: vec![(line, 2)],
        ..EditRequest::default()
    };
    story.world.shop.edit_order(order, &edit).expect("edits");
    let taken_back = "select count(*) from po_lines where cancelled = 1";
    story
        .world
        .eventually("one unit is cancelled", async || {
            story.world.count(taken_back).await == 1
        })
        .await;
    story
        .world
        .supplier("north")
        .ship(&placed.number, &[("N-SHIRT", 2)], "DHL", "E-1")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [(lines(&[("SHIRT", 2)]), numbers(&["E-1"]))]
    );
}

#[rstest]
#[tokio::test]
async fn a_price_that_rose_buys_nothing(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    // The mapping has accepted 4.00; a tolerance of 2 % ends at 4.08.
    story.world.raise_price("N-MUG", 450).await;
    story.order(&[("MUG", 1), ("SHIRT", 1)]);
    let rose = "select count(*) from exceptions where kind = 'price_rose' and status = 'open'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(rose).await == 1)
        .await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines.len(), 1, "the shirt alone is bought");
}

#[rstest]
#[tokio::test]
async fn an_unpaid_order_waits_for_its_money(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let paid = story.order(&[("SHIRT", 1)]);
    let variant = story.snapshot(paid).order.lines[0].variant_id.expect("a variant");
    let spec = OrderSpec {
        financial_status: FinancialStatus::Pending,
        ..OrderSpec::of([(variant, 1)])
    };
    let unpaid = story.world.shop.create_order(spec).expect("an order");
    let visible = "select count(*) from orders where status = 'not_routable' and reason is not null";
    story
        .world
        .eventually("it is visible with its reason", async || {
            story.world.count(visible).await == 1
        })
        .await;
    story.purchase_order("north").await;
    story.world.shop.mark_paid(unpaid).expect("pays");
    let north = story.world.supplier("north");
    story
        .world
        .eventually("it is bought once paid", async || north.orders().len() == 2)
        .await;
}

#[rstest]
#[tokio::test]
async fn tracking_that_comes_later_or_is_corrected_reaches_shopify(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let parcel = north
        .ship(&placed.number, &[], "DHL Express", "WRONG")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    north
        .retrack(&placed.number, &parcel.reference, "UPS", "RIGHT")
        .await
        .expect("corrects");
    story
        .world
        .eventually("Shopify has the correction", async || {
            contents(&story.snapshot(order)) == [(lines(&[("MUG", 1)]), numbers(&["RIGHT"]))]
        })
        .await;
    assert_eq!(
        story.snapshot(order).fulfillments[0].tracking[0].company.as_deref(),
        Some("UPS")
    );
}

#[rstest]
#[tokio::test]
async fn a_fulfilment_by_hand_is_noticed(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    let fulfillment_order = story.snapshot(order).fulfillment_orders[0].id;
    story
        .world
        .shop
        .fulfil_by_hand(fulfillment_order, None)
        .expect("fulfils");
    let asked = "select count(*) from exceptions where kind = 'fulfilled_by_hand' and status = 'open'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
}
