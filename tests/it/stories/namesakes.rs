//! Suppliers of whom one is called like the beginning of another.

use rstest::rstest;
use sandbox::RejectReason;

use super::shop::Plot;
use crate::harness::Database;

const REVIEWS: &str = "select count(*) from exceptions where kind = 'review' and status = 'open'";

#[rstest]
#[tokio::test]
async fn the_first_order_of_each_waits_for_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = || Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot().begin(database).await;
    let named = plot().setup().replace("name: North", "name: East Textiles");
    story.world.apply(&named).await;
    let wish = "updateShopSettings(input: { review: { firstOrder: true } })";
    story.change(wish).await;
    story.order(&[("MUG", 1)]);
    let of = |name: &str| format!("{REVIEWS} and message like '%the first order to {name}'");
    story.waits_for("the first is reviewed", &of("East Textiles"), 1).await;
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    let sent = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let told = north.reject(&sent.number, "N-MUG", RejectReason::OutOfStock).await;
    told.expect("rejects");
    story.waits_for("the other is reviewed", &of("East"), 1).await;
    assert!(story.world.supplier("east").orders().is_empty());
    story.world.decide("REVIEW", release).await;
    story.purchase_order("east").await;
}
