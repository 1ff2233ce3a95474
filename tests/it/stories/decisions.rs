//! What a person decides stays decided, and kits that break come before one.

use rstest::rstest;
use sandbox::SupplierFault;

use super::shop::{KIT_AT_TWO, Plot, Story};
use crate::harness::Database;

const LIVE: &str = "select count(*) from allocations where status = 'live'";

async fn kit(database: Database) -> Story {
    let plot = Plot {
        kit: KIT_AT_TWO,
        ..Plot::default()
    };
    plot.begin(database).await
}

async fn waits_for(story: &Story, what: &str, sql: &str) {
    let is_so = async || story.world.count(sql).await == 1;
    story.world.eventually(what, is_so).await;
}

#[rstest]
#[tokio::test]
async fn a_kit_that_one_supplier_refuses_is_not_fulfilled_by_half(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = kit(database).await;
    // Whoever is asked second refuses.
    story
        .world
        .supplier("east")
        .add_fault(SupplierFault::Error { status: 422 });
    let order = story.order(&[("KIT", 1)]);
    let placed = story.purchase_order("north").await;
    let asked = "select count(*) from exceptions where kind = 'supplier_rejected' and status = 'open' and quantity = 1";
    waits_for(&story, "a person is asked", asked).await;
    assert_eq!(story.world.count(LIVE).await, 0);
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DPD", "K-1").await.expect("ships");
    let waits = "select count(*) from shipments where state = 'waiting_for_kit'";
    waits_for(&story, "the parcel makes no kit", waits).await;
    story.quiet().await;
    assert!(story.snapshot(order).fulfillments.is_empty(), "half a kit is no kit");
    assert_eq!(story.world.count(asked).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_kit_that_the_first_supplier_refuses_is_not_ordered_from_the_second(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = kit(database).await;
    story
        .world
        .supplier("north")
        .add_fault(SupplierFault::Error { status: 422 });
    story.order(&[("KIT", 2)]);
    let asked = "select count(*) from exceptions where kind = 'placement_refused' and status = 'open' and quantity = 2";
    waits_for(&story, "a person is asked", asked).await;
    story.quiet().await;
    assert!(story.world.supplier("east").orders().is_empty());
    assert_eq!(story.world.count(LIVE).await, 0);
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    assert_eq!(story.world.count(cancelled).await, 1);
}

#[rstest]
#[tokio::test]
async fn what_a_person_handled_is_routed_only_when_somebody_asks(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("UNMAPPED", 2), ("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    let asked = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    waits_for(&story, "a person is asked", asked).await;
    let handled = "markHandled(exceptionId: \"{id}\", note: \"sent from the cellar\")";
    story.world.decide("UNMAPPED_LINE", handled).await;
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "UPS", "H-1").await.expect("ships");
    story.fulfillments(order, 1).await;
    // Read again with the fulfillment in it.
    let read = "select count(*) from order_lines where fulfilled_by_us = 1";
    waits_for(&story, "the order is read again", read).await;
    story.quiet().await;
    assert_eq!(story.world.count(asked).await, 0);
    assert_eq!(
        story
            .world
            .count("select count(*) from orders where status = 'shipped'")
            .await,
        1
    );

    let orders = story
        .world
        .graphql("{ orders { nodes { id } } }", serde_json::json!({}))
        .await;
    let id = orders["orders"]["nodes"][0]["id"].as_str().expect("an id");
    let route = format!("mutation {{ routeOrder(id: \"{id}\") {{ problems {{ message }} }} }}");
    story.world.graphql(&route, serde_json::json!({})).await;
    waits_for(&story, "a person is asked again", asked).await;
}

#[rstest]
#[tokio::test]
async fn without_automation_nothing_is_routed_again_by_itself(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2)]);
    let first = story.purchase_order("north").await;
    settings(&story, "automation: false").await;
    let north = story.world.supplier("north");
    let reason = sandbox::RejectReason::OutOfStock;
    north.reject(&first.number, "N-MUG", reason).await.expect("rejects");
    let waits = "select count(*) from orders where status = 'awaiting_routing' and reason = 'Automation is off'";
    waits_for(&story, "it awaits a click", waits).await;
    story.quiet().await;
    assert!(story.world.supplier("east").orders().is_empty());
}

/// Off means that nothing is bought, whatever suppliers have again.
#[rstest]
#[tokio::test]
async fn without_automation_stock_that_comes_buys_nothing(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let north = story.world.supplier("north");
    let stock = async |mugs| {
        let told = north.put_inventory(&[("N-MUG".to_owned(), mugs)]).await;
        told.expect("is taken");
    };
    stock(0).await;
    story.order(&[("MUG", 1)]);
    let asked = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
    waits_for(&story, "somebody is asked", asked).await;
    settings(&story, "automation: false").await;
    stock(9).await;
    story.quiet().await;
    assert!(north.orders().is_empty());
    settings(&story, "automation: true").await;
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn parcels_that_wait_for_a_kit_follow_the_shops_choice(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = kit(database).await;
    let order = story.order(&[("KIT", 1)]);
    let placed = story.purchase_order("north").await;
    story.purchase_order("east").await;
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DPD", "K-1").await.expect("ships");
    let waits = "select count(*) from shipments where state = 'waiting_for_kit'";
    waits_for(&story, "the parcel waits", waits).await;
    settings(&story, "kitFulfillment: FIRST_COMPONENT").await;
    story.fulfillments(order, 1).await;
}

async fn settings(story: &Story, change: &str) {
    let change = format!("mutation {{ updateShopSettings(input: {{ {change} }}) {{ problems {{ message }} }} }}");
    story.world.graphql(&change, serde_json::json!({})).await;
}
