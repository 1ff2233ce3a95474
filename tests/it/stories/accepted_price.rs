//! A price that is accepted in one order is accepted for all that wait for it.

use rstest::rstest;
use serde_json::json;

use super::shop::Plot;
use crate::harness::Database;

const OPEN: &str = "select count(*) from exceptions where status = 'open' and kind = 'price_rose'";

#[rstest]
#[tokio::test]
async fn other_orders_that_wait_for_the_price_are_bought_too(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let dearer = Plot::default()
        .setup()
        .replace("title: Mug, cost: \"4.00\"", "title: Mug, cost: \"4.50\"");
    story.world.apply(&dearer).await;
    for mugs in [1, 2, 3] {
        story.order(&[("MUG", mugs)]);
    }
    story.waits_for("all wait for the price", OPEN, 3).await;
    story.quiet().await;
    let found = "{ exceptions(filter: { status: OPEN, kind: [PRICE_ROSE] }) { nodes { id } } }";
    let found = story.world.graphql(found, json!({})).await;
    let first = &found["exceptions"]["nodes"][0]["id"];
    story.change(&format!("acceptPrice(exceptionId: {first})")).await;
    story.waits_for("nobody is asked any more", OPEN, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), (3, 0));
    let told = "select count(*) from events where message = 'The price of 4.50 EUR was accepted'";
    assert_eq!(story.world.count(told).await, 3, "each history says why");
}
