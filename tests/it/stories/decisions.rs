//! What a person decides stays decided.

use rstest::rstest;

use super::shop::{Plot, Story};
use crate::harness::Database;

async fn waits_for(story: &Story, what: &str, sql: &str) {
    let is_so = async || story.world.count(sql).await == 1;
    story.world.eventually(what, is_so).await;
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
