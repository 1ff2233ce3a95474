//! Customers' data: what is told of it, and that it goes where Shopify says so.

use rstest::rstest;
use sandbox::{CancelRequest, ComplianceTopic};
use serde_json::{Value, json};

use super::shop::Plot;
use crate::harness::{Database, World};

#[rstest]
#[tokio::test]
async fn what_is_to_be_forgotten_does_not_stay_in_the_inbox(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    story.quiet().await;
    let kept = "select count(*) from deliveries where body is not null
        and (shopify_order_id is not null or topic like 'customers/%')";
    assert!(story.world.count(kept).await > 0);

    story.world.shop.compliance_customer(ComplianceTopic::Redact, order);
    let redacted = "select count(*) from orders where redacted_at is not null and ship_to is null";
    story
        .world
        .eventually("the order is redacted", async || story.world.count(redacted).await == 1)
        .await;
    story.quiet().await;
    assert_eq!(story.world.count(kept).await, 0);

    // What comes later for the same order tells of the same customer.
    let later = "select count(*) from deliveries where topic = 'orders/cancelled' and status = 'processed'";
    story
        .world
        .shop
        .cancel_order(order, &CancelRequest::default())
        .expect("cancels");
    story
        .world
        .eventually("the cancellation is read", async || story.world.count(later).await == 1)
        .await;
    story.quiet().await;
    assert_eq!(story.world.count(kept).await, 0);
}

async fn ask(world: &World, token: &str, query: &str) -> Value {
    let asked = world.http.post(world.url("/graphql")).bearer_auth(token);
    let answer = asked.json(&json!({ "query": query })).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[rstest]
#[tokio::test]
async fn a_customers_question_is_put_to_a_person_who_can_close_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    story
        .world
        .shop
        .compliance_customer(ComplianceTopic::DataRequest, order);
    let open = "select count(*) from exceptions where kind = 'other' and status = 'open'";
    story
        .world
        .eventually("somebody is asked", async || story.world.count(open).await == 1)
        .await;
    let arguments = [
        "admin",
        "token",
        "create",
        "--shop",
        "demo.myshopify.com",
        "--scope",
        "write",
    ];
    let token = story.world.orderyard.command(&arguments).await;
    let token = token.trim();
    let list = ask(&story.world, token, "{ exceptions { nodes { id order { id } } } }").await;
    let id = list["data"]["exceptions"]["nodes"][0]["id"]
        .as_str()
        .expect("an exception");
    let retry = format!("mutation {{ retryException(exceptionId: \"{id}\") {{ problems {{ code }} }} }}");
    ask(&story.world, token, &retry).await;
    assert_eq!(story.world.count(open).await, 1, "there is nothing to try again");
    let close = format!(
        "mutation {{ markHandled(exceptionId: \"{id}\", note: \"sent by post\") {{ problems {{ code message }} exception {{ status }} }} }}"
    );
    let closed = ask(&story.world, token, &close).await;
    assert_eq!(
        closed["data"]["markHandled"]["exception"]["status"], "RESOLVED",
        "{closed}"
    );
    assert_eq!(story.world.count(open).await, 0);
}
