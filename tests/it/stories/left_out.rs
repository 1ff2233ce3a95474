//! An order that cannot be read is left out, and holds up none of the others.

use rstest::rstest;
use serde_json::json;

use super::shop::{Plot, Story};
use crate::harness::Database;

/// North has so many mugs, as it says itself.
async fn stock(story: &Story, mugs: u32) {
    let north = story.world.supplier("north");
    let told = north.put_inventory(&[("N-MUG".to_owned(), mugs)]).await;
    told.expect("is taken");
}

/// The oldest order cannot be read any more.
async fn spoil_the_first(story: &Story) {
    let spoil = "update orders set currency = '???' where name = (select min(name) from orders)";
    story.world.execute(spoil).await;
}

#[rstest]
#[tokio::test]
async fn new_stock_goes_to_an_order_behind_one_that_cannot_be_read(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    stock(&story, 0).await;
    let asked = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
    for count in 1..=2 {
        story.order(&[("MUG", 1)]);
        story.waits_for("somebody is asked", asked, count).await;
    }
    story.quiet().await;
    spoil_the_first(&story).await;
    stock(&story, 5).await;
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn what_can_be_undone_is_decided_anew_beside_an_order_that_cannot_be_read(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let change = "mutation { updateShopSettings(input: { undoMinutes: 60 }) { problems { message } } }";
    story.world.graphql(change, json!({})).await;
    stock(&story, 0).await;
    let drafted = |sku: &str| {
        format!(
            "select count(*) from po_lines l join purchase_orders p on p.id = l.purchase_order_id
             where p.status = 'draft' and l.cancelled = 0 and l.sku = '{sku}'"
        )
    };
    for count in 1..=2 {
        story.order(&[("MUG", 1)]);
        story.waits_for("it is East's", &drafted("E-MUG"), count).await;
    }
    spoil_the_first(&story).await;
    stock(&story, 5).await;
    story.waits_for("the second is North's", &drafted("N-MUG"), 1).await;
    assert_eq!(story.world.count(&drafted("E-MUG")).await, 1);
}
