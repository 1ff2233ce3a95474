//! A lost call to Shopify that the order does not settle: a person says what became of it.

use rstest::rstest;
use sandbox::{AnswerFault, Fault, FulfillmentRequest, Tracking};
use serde_json::{Value, json};

use super::shop::{Plot, Story, contents, lines, numbers};
use crate::harness::Database;

const ASKED: &str = "select count(*) from exceptions e join orders o on o.id = e.order_id
    where e.kind = 'fulfillment_unclear' and e.status = 'open' and o.status = 'needs_attention'";

async fn begin(database: Database) -> Story {
    // Three tries, with time between the first two for what happens by hand.
    Plot::default().env("JOB_RETRY_SECONDS", "1,1").begin(database).await
}

/// Orders mugs, of which one leaves as parcel `T-1`. Shopify fails when it is told, and somebody fulfills
/// a mug by hand: whether that is the parcel nobody can tell. Gives back the order and what was made by hand.
async fn unclear(story: &Story, mugs: i64) -> (i64, i64) {
    let order = story.order(&[("MUG", mugs)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let fault = Fault::graphql("FulfillmentCreate", AnswerFault::ErrorBefore { status: 502 }).times(1);
    story.world.shopify.faults().add(fault);
    let north = story.world.supplier("north");
    let parcel = north.ship(&placed.number, &[("N-MUG", 1)], "DHL", "T-1").await;
    parcel.expect("ships");
    let lost = "select count(*) from intents where kind = 'create_fulfillment' and outcome = 'unknown'";
    story
        .world
        .eventually("the call's outcome is unknown", async || {
            story.world.count(lost).await == 1
        })
        .await;
    let open = story.snapshot(order).fulfillment_orders[0].clone();
    let by_hand = FulfillmentRequest {
        parts: vec![(open.id, vec![(open.lines[0].id, 1)])],
        tracking: vec![Tracking {
            company: Some("DHL".to_owned()),
            number: Some("HAND".to_owned()),
            url: None,
        }],
        notify_customer: false,
        by_app: false,
    };
    let by_hand = story.world.shop.fulfil(by_hand).expect("fulfils");
    story
        .world
        .eventually("a person is asked", async || story.world.count(ASKED).await == 1)
        .await;
    (order, by_hand)
}

async fn exception(story: &Story) -> Value {
    let open = "{ exceptions(filter: { kind: [FULFILLMENT_UNCLEAR] }) { nodes { id status choices message
        resolution order { status } } } }";
    let answer = story.world.graphql(open, json!({})).await;
    answer["exceptions"]["nodes"][0].clone()
}

async fn in_question(story: &Story, exception: &Value) -> Value {
    let query = "query($id: ID!) { fulfillmentsInQuestion(exceptionId: $id) {
        shopifyId name trackingNumbers lines { quantity orderLine { sku } } } }";
    let answer = story.world.graphql(query, json!({ "id": exception["id"] })).await;
    answer["fulfillmentsInQuestion"].clone()
}

async fn settle(story: &Story, exception: &Value, fulfillment: Option<i64>) -> Value {
    let query = "mutation($id: ID!, $one: ShopifyId) {
        settleFulfillment(exceptionId: $id, fulfillmentId: $one) { problems { code field message } } }";
    let one = fulfillment.map(|id| id.to_string());
    let variables = json!({ "id": exception["id"], "one": one });
    let answer = story.world.graphql(query, variables).await;
    answer["settleFulfillment"]["problems"].clone()
}

/// Once the call can no longer be under way.
async fn not_made(story: &Story, exception: &Value) {
    story
        .world
        .eventually("it is believed", async || {
            settle(story, exception, None).await == json!([])
        })
        .await;
}

fn mug(number: &str) -> (Vec<(String, i64)>, Vec<String>) {
    (lines(&[("MUG", 1)]), numbers(&[number]))
}

#[rstest]
#[tokio::test]
async fn a_person_says_which_fulfillment_the_parcel_is(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    let (order, by_hand) = unclear(&story, 2).await;
    let asked = exception(&story).await;
    assert_eq!(
        asked["choices"],
        json!(["CONFIRM_FULFILLED", "CONFIRM_NOT_FULFILLED", "RETRY"])
    );
    let possible = in_question(&story, &asked).await;
    assert_eq!(possible[0]["shopifyId"], by_hand.to_string(), "{possible}");
    assert_eq!(possible[0]["trackingNumbers"], json!(["HAND"]), "{possible}");
    assert_eq!(
        possible[0]["lines"],
        json!([{ "quantity": 1, "orderLine": { "sku": "MUG" } }])
    );
    assert_eq!(possible.as_array().map(Vec::len), Some(1), "{possible}");

    let unknown = settle(&story, &asked, Some(by_hand + 1)).await;
    assert_eq!(unknown[0]["code"], "INVALID", "{unknown}");
    assert_eq!(unknown[0]["field"], json!(["fulfillmentId"]), "{unknown}");
    assert_eq!(
        story.world.count(ASKED).await,
        1,
        "nothing is believed that Shopify does not show"
    );

    assert_eq!(settle(&story, &asked, Some(by_hand)).await, json!([]));
    story.quiet().await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [mug("HAND")],
        "no second one, and its number stays"
    );
    let done = exception(&story).await;
    assert_eq!(done["status"], "RESOLVED", "{done}");
    assert_eq!(done["order"]["status"], "PARTLY_SHIPPED", "{done}");
    let said = "select count(*) from events where kind = 'exception_resolved' and actor like '%API token%'";
    assert_eq!(story.world.count(said).await, 1);
    let ours = format!("select count(*) from fulfillments where shopify_id = {by_hand} and not by_hand");
    assert_eq!(story.world.count(&ours).await, 1);
    assert_eq!(story.world.count("select count(*) from fulfillments").await, 1);
    let told = "select count(*) from intents where kind = 'create_fulfillment' and outcome = 'done'
        and cast(evidence as text) like '%API token%'";
    assert_eq!(story.world.count(told).await, 1);
    let late = settle(&story, &asked, None).await;
    assert_eq!(late[0]["code"], "ALREADY_DONE", "{late}");
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(
        story.world.count(open).await,
        0,
        "nor does anybody take it for made by hand"
    );
    let placed = story.world.supplier("north").orders()[0].number.clone();
    let rest = story.world.supplier("north").ship(&placed, &[], "DHL", "T-2").await;
    rest.expect("ships");
    story.fulfillments(order, 2).await;
    assert_eq!(contents(&story.snapshot(order)), [mug("HAND"), mug("T-2")]);
}

#[rstest]
#[tokio::test]
async fn a_person_says_that_shopify_did_not_make_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    let (order, _) = unclear(&story, 3).await;
    let asked = exception(&story).await;
    not_made(&story, &asked).await;
    story.fulfillments(order, 2).await;
    story.quiet().await;
    assert_eq!(contents(&story.snapshot(order)), [mug("HAND"), mug("T-1")]);
    assert_eq!(story.world.count(ASKED).await, 0);
}

/// The number was corrected in Shopify after the person was asked: now the order tells.
#[rstest]
#[tokio::test]
async fn what_shopify_shows_by_then_outweighs_what_is_said(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    let (order, by_hand) = unclear(&story, 3).await;
    let asked = exception(&story).await;
    story.world.shop.retrack(by_hand, "T-1").expect("corrects");
    not_made(&story, &asked).await;
    story.quiet().await;
    assert_eq!(contents(&story.snapshot(order)), [mug("T-1")], "nothing is sent again");
    let done = exception(&story).await;
    let resolution = done["resolution"].as_str().expect("a resolution");
    assert!(resolution.contains("Shopify has the parcel as"), "{done}");
}

/// Another parcel's fulfillment is never taken for this one.
#[rstest]
#[tokio::test]
async fn the_fulfillment_of_another_parcel_cannot_be_chosen(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    let (order, by_hand) = unclear(&story, 3).await;
    let placed = story.world.supplier("north").orders()[0].number.clone();
    let north = story.world.supplier("north");
    let second = north.ship(&placed, &[("N-MUG", 1)], "DHL", "T-2").await;
    second.expect("ships");
    story.fulfillments(order, 2).await;
    let others = story.snapshot(order).fulfillments;
    let other = others
        .iter()
        .find(|one| one.id != by_hand)
        .expect("the second parcel's")
        .id;
    let asked = exception(&story).await;
    let possible = in_question(&story, &asked).await;
    assert_eq!(possible.as_array().map(Vec::len), Some(1), "{possible}");
    let taken = settle(&story, &asked, Some(other)).await;
    assert!(
        taken[0]["message"]
            .as_str()
            .is_some_and(|why| why.contains("another parcel")),
        "{taken}"
    );
    assert_eq!(settle(&story, &asked, Some(by_hand)).await, json!([]));
    story.quiet().await;
    assert_eq!(contents(&story.snapshot(order)), [mug("HAND"), mug("T-2")]);
}
