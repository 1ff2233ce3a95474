//! Work that was given up, and deliveries that led nowhere: seen, mended, tried again.

use rstest::rstest;
use sandbox::{AnswerFault, Fault};
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

const JOBS: &str = "{ deadJobs { nodes { id name attempts lastError payload order { name status } } } }";

async fn only_job(story: &Story) -> Value {
    story
        .world
        .eventually("one job is given up", async || {
            story
                .world
                .count("select count(*) from jobs where state = 'dead'")
                .await
                == 1
        })
        .await;
    let answer = story.world.graphql(JOBS, json!({})).await;
    answer["deadJobs"]["nodes"][0].clone()
}

async fn change(story: &Story, mutation: &str, id: &Value) -> Value {
    let query = format!("mutation($id: ID!) {{ done: {mutation}(id: $id) {{ id problems {{ code }} }} }}");
    story.world.graphql(&query, json!({ "id": id })).await["done"].clone()
}

async fn open_exceptions(story: &Story) -> i64 {
    let open = "select count(*) from exceptions where kind = 'job_failed' and status = 'open'";
    story.world.count(open).await
}

/// A parcel that Shopify could not be told of.
async fn parcel_given_up(story: &Story) -> (i64, usize) {
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 502 }));
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "G-1").await.expect("ships");
    (order, 1)
}

fn mend(story: &Story) {
    story.world.shopify.faults().clear();
}

#[rstest]
#[tokio::test]
async fn work_that_was_given_up_is_seen_and_tried_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let (order, parcels) = parcel_given_up(&story).await;
    let job = only_job(&story).await;
    assert_eq!(job["name"], "push_fulfillment", "{job}");
    assert_eq!(job["order"]["name"], story.snapshot(order).order.name.as_str(), "{job}");
    assert_eq!(job["order"]["status"], "NEEDS_ATTENTION", "{job}");
    assert!(
        job["lastError"].as_str().is_some_and(|error| error.contains("502")),
        "{job}"
    );
    assert_eq!(job["payload"]["shopify_id"], order, "{job}");
    assert_eq!(open_exceptions(&story).await, 1);

    mend(&story);
    assert_eq!(change(&story, "requeueJob", &job["id"]).await["problems"], json!([]));
    story.fulfillments(order, parcels).await;
    assert_eq!(open_exceptions(&story).await, 0, "nobody is asked any more");
    let again = change(&story, "requeueJob", &job["id"]).await;
    assert_eq!(again["problems"][0]["code"], "NOT_FOUND", "{again}");
}

#[rstest]
#[tokio::test]
async fn work_that_is_dismissed_is_not_done(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let (order, _) = parcel_given_up(&story).await;
    let job = only_job(&story).await;
    mend(&story);
    assert_eq!(change(&story, "dismissJob", &job["id"]).await["problems"], json!([]));
    assert_eq!(open_exceptions(&story).await, 0);
    assert_eq!(
        story
            .world
            .count("select count(*) from jobs where state = 'dead'")
            .await,
        0
    );
    story.quiet().await;
    assert!(story.snapshot(order).fulfillments.is_empty());
}

#[rstest]
#[tokio::test]
async fn the_operator_replays_what_was_given_up(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let (order, parcels) = parcel_given_up(&story).await;
    let job = only_job(&story).await;
    let id = job["id"].as_str().expect("an id");
    let orderyard = &story.world.orderyard;
    let listed = orderyard.command(&["replay", "--dry-run"]).await;
    assert!(
        listed.contains(id) && listed.contains("nothing was changed"),
        "{listed}"
    );
    assert_eq!(
        story
            .world
            .count("select count(*) from jobs where state = 'dead'")
            .await,
        1
    );
    mend(&story);
    let done = orderyard
        .command(&["replay", "--shop", "demo.myshopify.com", "--job", id])
        .await;
    assert!(done.contains("push_fulfillment"), "{done}");
    story.fulfillments(order, parcels).await;
    assert!(
        orderyard
            .command(&["replay"])
            .await
            .contains("No jobs that were given up")
    );
}

const LOST: &str = "{ lostDeliveries { nodes { id topic fate note body canBeReplayed } } }";

async fn post(story: &Story, shop: &str, id: &str, topic: &str, body: &str) {
    let signature = sandbox::body_signature("sandbox-client-secret", body.as_bytes());
    let answer = story
        .world
        .http
        .post(story.world.url("/webhooks/shopify"))
        .header("x-shopify-topic", topic)
        .header("x-shopify-shop-domain", shop)
        .header("x-shopify-api-version", "2026-10")
        .header("x-shopify-webhook-id", id)
        .header("x-shopify-hmac-sha256", signature)
        .body(body.to_owned())
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[rstest]
#[tokio::test]
async fn deliveries_that_led_nowhere_are_kept_and_shown_to_whom_they_concern(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    post(
        &story,
        "demo.myshopify.com",
        "broken",
        "orders/create",
        "{\"id\": 12, \"na",
    )
    .await;
    let foreign = r#"{"id": 1, "myshopify_domain": "other.myshopify.com", "domain": "other.myshopify.com"}"#;
    post(&story, "demo.myshopify.com", "foreign", "shop/update", foreign).await;
    post(
        &story,
        "stranger.myshopify.com",
        "stranger",
        "orders/create",
        "{\"id\": 77}",
    )
    .await;
    let ended = "select count(*) from deliveries
        where webhook_id in ('broken', 'foreign', 'stranger') and status <> 'received'";
    story
        .world
        .eventually("all are looked at", async || story.world.count(ended).await == 3)
        .await;

    let answer = story.world.graphql(LOST, json!({})).await;
    let nodes = answer["lostDeliveries"]["nodes"].as_array().expect("a list").clone();
    let fates: Vec<_> = nodes
        .iter()
        .map(|node| (node["fate"].as_str(), node["body"].as_str()))
        .collect();
    assert_eq!(
        fates,
        [
            (Some("CONTRADICTED"), None),
            (Some("UNREADABLE"), Some("{\"id\": 12, \"na"))
        ],
        "another shop's body is not shown: {answer}"
    );

    // The operator alone sees what came for a shop that is not here.
    let orderyard = &story.world.orderyard;
    let listed = orderyard
        .command(&["replay", "--deliveries", "--show", "--dry-run"])
        .await;
    assert!(
        listed.contains("stranger.myshopify.com") && listed.contains("{\"id\": 77}"),
        "{listed}"
    );
    assert!(
        listed.contains("3 deliveries that led nowhere; nothing was changed"),
        "{listed}"
    );

    let refused = change(&story, "replayDelivery", &nodes[0]["id"]).await;
    assert_eq!(refused["problems"][0]["code"], "CONFLICT", "{refused}");

    // Read again, it is as unreadable as before, and shown as before.
    assert_eq!(
        change(&story, "replayDelivery", &nodes[1]["id"]).await["problems"],
        json!([])
    );
    story
        .world
        .eventually("it was read again", async || story.world.count(ended).await == 3)
        .await;
    let done = orderyard
        .command(&[
            "replay",
            "--deliveries",
            "--since",
            "1h",
            "--shop",
            "stranger.myshopify.com",
        ])
        .await;
    assert!(done.contains("1 deliveries that led nowhere tried again"), "{done}");
}

/// The delivery could be read, and what it asks for could not be done.
#[rstest]
#[tokio::test]
async fn a_delivery_that_was_given_up_is_read_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql(
        "FulfillmentOrderOwner",
        AnswerFault::ErrorBefore { status: 500 },
    ));
    let body = r#"{"fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/999","status":"open"}}"#;
    let topic = "fulfillment_orders/order_routing_complete";
    post(&story, "demo.myshopify.com", "unowned", topic, body).await;
    story
        .world
        .eventually("it is given up", async || {
            let answer = story.world.graphql(LOST, json!({})).await;
            answer["lostDeliveries"]["nodes"][0]["fate"] == "GIVEN_UP"
        })
        .await;
    mend(&story);
    let done = story.world.orderyard.command(&["replay"]).await;
    assert!(done.contains("process_delivery"), "{done}");
    let read = "select count(*) from deliveries where webhook_id = 'unowned' and status = 'processed'";
    story
        .world
        .eventually("it is read", async || story.world.count(read).await == 1)
        .await;
}

/// The shop comes back, and what was given up while it could not be called is tried again.
#[rstest]
#[tokio::test]
async fn a_delivery_that_was_given_up_is_read_when_the_shop_is_back(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let failing = Fault::graphql("FulfillmentOrderOwner", AnswerFault::ErrorBefore { status: 500 });
    story.world.shopify.faults().add(failing);
    let body = r#"{"fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/999","status":"open"}}"#;
    let topic = "fulfillment_orders/order_routing_complete";
    post(&story, "demo.myshopify.com", "unowned", topic, body).await;
    only_job(&story).await;
    let status =
        |status: &str| format!("select count(*) from deliveries where webhook_id = 'unowned' and status = '{status}'");
    assert_eq!(story.world.count(&status("given_up")).await, 1);
    mend(&story);
    story.world.install().await;
    let read = status("processed");
    story
        .world
        .eventually("it is read", async || story.world.count(&read).await == 1)
        .await;
}

/// Signed, and without what it takes to keep it: nobody else would ever hear of it.
#[rstest]
#[tokio::test]
async fn the_operator_is_told_of_signed_calls_that_were_refused(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let body = "{\"id\": 12}";
    let answer = story
        .world
        .http
        .post(story.world.url("/webhooks/shopify"))
        .header("x-shopify-shop-domain", "demo.myshopify.com")
        .header(
            "x-shopify-hmac-sha256",
            sandbox::body_signature("sandbox-client-secret", body.as_bytes()),
        )
        .body(body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 400);
    let told = story.world.orderyard.complaint(&["doctor"]).await;
    assert!(
        told.contains("a signed webhook call for demo.myshopify.com was refused at"),
        "{told}"
    );
}
