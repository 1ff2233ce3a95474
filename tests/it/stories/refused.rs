//! A supplier refuses the call itself: a person says whether it was a mistake here, or somebody else ships it.

use rstest::rstest;
use sandbox::SupplierFault;
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

const OPEN: &str = "select count(*) from exceptions where status = 'open'";

/// North refuses the only order, which East could ship as well.
async fn refused(database: Database) -> Story {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let north = story.world.supplier("north");
    north.add_fault(SupplierFault::Error { status: 422 });
    story.order(&[("MUG", 2)]);
    let asked = format!("{OPEN} and kind = 'placement_refused'");
    story.waits_for("a person is asked", &asked, 1).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0), "nobody else is asked by itself");
    story
}

async fn choices(story: &Story) -> Value {
    let query = "{ exceptions(filter: { status: OPEN }) { nodes { choices } } }";
    let answer = story.world.graphql(query, json!({})).await;
    answer["exceptions"]["nodes"][0]["choices"].clone()
}

#[rstest]
#[tokio::test]
async fn somebody_else_ships_what_was_refused(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = refused(database).await;
    assert_eq!(
        choices(&story).await,
        json!(["RETRY", "CHOOSE_SUPPLIER", "MARK_HANDLED"])
    );
    let offer = "{ offers(filter: { search: \"E-MUG\" }) { nodes { id } } }";
    let offer = story.world.graphql(offer, json!({})).await["offers"]["nodes"][0]["id"].clone();
    let choose = format!("chooseSupplier(exceptionId: \"{{id}}\", offerId: {offer})");
    story.world.decide("PLACEMENT_REFUSED", &choose).await;
    story.purchase_order("east").await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 1));
    assert_eq!(story.world.count(OPEN).await, 0);
}

#[rstest]
#[tokio::test]
async fn another_try_asks_who_refused_and_says_so(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = refused(database).await;
    let retry = "retryException(exceptionId: \"{id}\")";
    story.world.decide("PLACEMENT_REFUSED", retry).await;
    story.purchase_order("north").await;
    let told = "select count(*) from events where message like '%whoever refused it may be asked again'";
    assert_eq!(story.world.count(told).await, 1);
}
