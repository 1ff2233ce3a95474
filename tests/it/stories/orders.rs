//! Orders that go well: split, shipped in parts, kits.

use rstest::rstest;

use super::shop::{KIT_AT_TWO, Plot, contents, lines, numbers};
use crate::harness::Database;

#[rstest]
#[tokio::test]
async fn three_lines_two_suppliers_three_parcels(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1), ("SHIRT", 2), ("KIT", 1)]);
    let from_north = story.purchase_order("north").await;
    let from_east = story.purchase_order("east").await;
    assert_eq!(from_north.lines.len(), 2);
    assert_eq!(from_east.lines.len(), 2);

    let (north, east) = (story.world.supplier("north"), story.world.supplier("east"));
    north
        .ship(
            &from_north.number,
            &[("N-MUG", 1), ("N-SHIRT", 1)],
            "DHL Express",
            "T-1",
        )
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    north
        .ship(&from_north.number, &[("N-SHIRT", 1)], "DHL Express", "T-2")
        .await
        .expect("ships");
    story.fulfillments(order, 2).await;
    east.ship(&from_east.number, &[], "Royal Pigeon", "T-3")
        .await
        .expect("ships");
    story.fulfillments(order, 3).await;

    let shown = story.snapshot(order);
    assert_eq!(
        contents(&shown),
        [
            (lines(&[("MUG", 1), ("SHIRT", 1)]), numbers(&["T-1"])),
            (lines(&[("SHIRT", 1)]), numbers(&["T-2"])),
            (lines(&[("KIT", 1)]), numbers(&["T-3"])),
        ]
    );
    assert_eq!(shown.remaining(), 0);
    assert!(
        shown.fulfillments.iter().all(|fulfillment| fulfillment.notify_customer),
        "notices are on by default"
    );
}

#[rstest]
#[tokio::test]
async fn a_kit_at_two_suppliers_is_fulfilled_once_with_both_numbers(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot {
        kit: KIT_AT_TWO,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("KIT", 1)]);
    let from_north = story.purchase_order("north").await;
    let from_east = story.purchase_order("east").await;
    story
        .world
        .supplier("north")
        .ship(&from_north.number, &[], "DPD", "K-1")
        .await
        .expect("ships");
    let waits = "select count(*) from shipments where state = 'waiting_for_kit'";
    story
        .world
        .eventually("the first parcel waits", async || story.world.count(waits).await == 1)
        .await;
    assert!(story.snapshot(order).fulfillments.is_empty(), "half a kit is no kit");
    story
        .world
        .supplier("east")
        .ship(&from_east.number, &[], "DPD", "K-2")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [(lines(&[("KIT", 1)]), numbers(&["K-1", "K-2"]))]
    );
}

#[rstest]
#[tokio::test]
async fn an_unmapped_line_holds_nothing_back(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("UNMAPPED", 2), ("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story
        .world
        .supplier("north")
        .ship(&placed.number, &[], "UPS", "U-1")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    let open = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open' and quantity = 2";
    assert_eq!(story.world.count(open).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_setup_file_wakes_the_orders_that_waited_for_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    story.order(&[("UNMAPPED", 2)]);
    let open = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    story
        .world
        .eventually("the line waits for a mapping", async || {
            story.world.count(open).await == 1
        })
        .await;
    story.quiet().await;
    story.map_the_unmapped().await;
    let placed = story.purchase_order("north").await;
    assert_eq!((placed.lines[0].sku.as_str(), placed.lines[0].quantity), ("N-TEA", 2));
    story.quiet().await;
    assert_eq!(story.world.count(open).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_rejected_line_goes_to_the_next_supplier(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot {
        mug_at_east: true,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("MUG", 2)]);
    let first = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    north
        .reject(&first.number, "N-MUG", sandbox::RejectReason::OutOfStock)
        .await
        .expect("rejects");
    let second = story.purchase_order("east").await;
    story
        .world
        .supplier("east")
        .ship(&second.number, &[], "GLS", "R-1")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [(lines(&[("MUG", 2)]), numbers(&["R-1"]))]
    );
}

#[rstest]
#[tokio::test]
async fn units_that_a_supplier_lacks_go_to_the_next(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot {
        mug_at_east: true,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("MUG", 5)]);
    let first = story.purchase_order("north").await;
    let (north, east) = (story.world.supplier("north"), story.world.supplier("east"));
    north
        .take_only(&first.number, 3, "N-MUG", sandbox::RejectReason::OutOfStock)
        .await
        .expect("takes three");
    let second = story.purchase_order("east").await;
    assert_eq!((second.lines[0].sku.as_str(), second.lines[0].quantity), ("E-MUG", 2));
    north.ship(&first.number, &[], "DHL", "R-3").await.expect("ships");
    east.ship(&second.number, &[], "GLS", "R-2").await.expect("ships");
    story.fulfillments(order, 2).await;
    let shown = story.snapshot(order);
    let mut parcels = contents(&shown);
    parcels.sort();
    assert_eq!(
        parcels,
        [
            (lines(&[("MUG", 2)]), numbers(&["R-2"])),
            (lines(&[("MUG", 3)]), numbers(&["R-3"]))
        ]
    );
    assert_eq!(shown.remaining(), 0);
}

/// A customer who puts the same thing into the cart twice, or an edit that adds it again.
#[rstest]
#[tokio::test]
async fn two_lines_of_one_variant(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1), ("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    let mugs: u32 = placed.lines.iter().map(|line| line.quantity).sum();
    assert_eq!(mugs, 3, "{placed:?}");
    let north = story.world.supplier("north");
    north
        .ship(&placed.number, &[], "DHL Express", "T-1")
        .await
        .expect("ships");
    story.fulfillments(order, 1).await;
    story.quiet().await;
    let shown = story.snapshot(order);
    assert_eq!(
        contents(&shown),
        [(lines(&[("MUG", 1), ("MUG", 2)]), numbers(&["T-1"]))]
    );
    assert_eq!(shown.remaining(), 0);
}
