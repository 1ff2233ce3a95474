//! Two orders never both count on the last piece.

use chrono::TimeDelta;
use rstest::rstest;
use sandbox::{Acknowledge, Behaviour, CancelRequest, Cancellation, RejectReason};
use serde_json::json;

use super::{
    later::now,
    shop::{Plot, Story},
};
use crate::harness::Database;

const ASKED: &str = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";

/// North has so many mugs, as it says itself.
async fn stock(story: &Story, mugs: u32) {
    let north = story.world.supplier("north");
    north
        .put_inventory(&[("N-MUG".to_owned(), mugs)])
        .await
        .expect("is taken");
}

/// North says nothing by itself.
async fn quiet_north(database: Database) -> Story {
    let plot = Plot {
        north: Behaviour {
            acknowledge: Acknowledge::Never,
            cancellation: Cancellation::Never,
            ..Behaviour::manual()
        },
        ..Plot::default()
    };
    plot.begin(database).await
}

async fn reserved(story: &Story) -> i64 {
    let sum = "select cast(coalesce(sum(pieces), 0) as bigint) from reservations r join offers o on o.id = r.offer_id where sku = 'N-MUG'";
    let counter = "select cast(reserved as bigint) from offers where sku = 'N-MUG'";
    let (sum, counter) = (story.world.count(sum).await, story.world.count(counter).await);
    assert_eq!(sum, counter, "the counter is the sum");
    counter
}

/// Waits until so many purchase orders are with North.
async fn bought(story: &Story, count: usize) {
    let what = format!("{count} are bought");
    let north = story.world.supplier("north");
    story
        .world
        .eventually(&what, async || north.orders().len() == count)
        .await;
}

async fn waits_for(story: &Story, what: &str, sql: &str, count: i64) {
    story
        .world
        .eventually(what, async || story.world.count(sql).await == count)
        .await;
}

#[rstest]
#[tokio::test]
async fn of_two_orders_for_the_last_piece_one_is_bought(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    stock(&story, 1).await;
    story.order(&[("MUG", 1)]);
    story.order(&[("MUG", 1)]);
    waits_for(&story, "somebody is asked about the other", ASKED, 1).await;
    bought(&story, 1).await;
    story.quiet().await;
    assert_eq!(story.world.supplier("north").orders().len(), 1);
    assert_eq!(reserved(&story).await, 1);
}

/// North says nothing new of its stock, and what a cancelled order lets go of is offered to who waits for it.
#[rstest]
#[tokio::test]
async fn a_piece_that_becomes_free_goes_to_who_waits_for_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = quiet_north(database).await;
    stock(&story, 1).await;
    let first = story.order(&[("MUG", 1)]);
    bought(&story, 1).await;
    story.order(&[("MUG", 1)]);
    waits_for(&story, "somebody is asked about the other", ASKED, 1).await;
    let shop = &story.world.shop;
    shop.cancel_order(first, &CancelRequest::default())
        .expect("is cancelled");
    let asked = "select count(*) from purchase_orders where status = 'cancel_requested'";
    waits_for(&story, "North is asked", asked, 1).await;
    let north = story.world.supplier("north");
    let number = north.orders()[0].number.clone();
    north.answer_cancellation(&number, true, None).await.expect("agrees");
    bought(&story, 2).await;
    waits_for(&story, "nobody is asked any more", ASKED, 0).await;
    assert_eq!(reserved(&story).await, 1);
}

/// What an order has reserved is its own, whoever asks what would be decided about it.
#[rstest]
#[tokio::test]
async fn an_order_is_not_short_of_its_own_pieces(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = quiet_north(database).await;
    stock(&story, 1).await;
    story.order(&[("MUG", 1)]);
    bought(&story, 1).await;
    story.quiet().await;
    assert_eq!(reserved(&story).await, 1);

    let found = "{ orders { nodes { id } } offers(filter: { search: \"N-MUG\" }) { nodes { id available } } }";
    let found = story.world.graphql(found, json!({})).await;
    let (order, mug) = (&found["orders"]["nodes"][0]["id"], &found["offers"]["nodes"][0]);
    assert_eq!(mug["available"], 0);
    let preview = format!("{{ routePreview(orderId: {order}) {{ wholeOrder plan {{ lines {{ outcome }} }} }} }}");
    let preview = story.world.graphql(&preview, json!({})).await;
    let expect = json!({ "wholeOrder": true, "plan": { "lines": [{ "outcome": "ALLOCATED" }] } });
    assert_eq!(preview["routePreview"], expect);

    let tried = "query($order: ID!, $variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
        tryMapping(orderId: $order, variantId: $variant, alternatives: $alternatives) { lines { outcome } } }";
    let variables = json!({ "order": order, "variant": story.variant("MUG").to_string(),
        "alternatives": [{ "components": [{ "offerId": mug["id"], "quantity": 1 }] }] });
    let tried = story.world.graphql(tried, variables).await;
    assert_eq!(tried["tryMapping"]["lines"], json!([{ "outcome": "ALLOCATED" }]));

    let start = "mutation { startWhatIf(input: { since: \"2020-01-01T00:00:00Z\",
        routing: { strategy: CHEAPEST, weights: {}, shares: [], rates: [], promisedDays: 5 } })
        { run { id } problems { message } } }";
    let started = story.world.graphql(start, json!({})).await["startWhatIf"].clone();
    assert_eq!(started["problems"], json!([]));
    let ask = format!(
        "{{ run: whatIfRun(id: {}) {{ state live {{ ordersShort }} }} }}",
        started["run"]["id"]
    );
    let run = async || story.world.graphql(&ask, json!({})).await["run"].clone();
    let is_done = async || run().await["state"] == "DONE";
    story.world.eventually("the comparison ends", is_done).await;
    assert_eq!(run().await["live"]["ordersShort"], 0);

    // What another order has reserved is not free.
    story.order(&[("MUG", 1)]);
    waits_for(&story, "somebody is asked about the other", ASKED, 1).await;
}

#[rstest]
#[tokio::test]
async fn many_orders_at_once_buy_no_more_than_there_is(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    stock(&story, 7).await;
    for _ in 0..12 {
        story.order(&[("MUG", 1), ("SHIRT", 1)]);
    }
    let with_supplier = "select count(*) from purchase_orders where status in ('placed', 'accepted')";
    let east = story.world.supplier("east");
    story
        .world
        .eventually("the others are bought elsewhere", async || east.orders().len() == 5)
        .await;
    // Twelve with the shirts at North, five with the mugs at East.
    waits_for(&story, "all are placed", with_supplier, 17).await;
    story.quiet().await;
    let mugs = "select cast(sum(quantity) as bigint) from po_lines where sku = 'N-MUG'";
    assert_eq!(story.world.count(mugs).await, 7);
    assert_eq!(reserved(&story).await, 7);
}

#[rstest]
#[tokio::test]
async fn what_is_rejected_or_cancelled_is_free_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = quiet_north(database).await;
    stock(&story, 3).await;
    let first = story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    assert_eq!(reserved(&story).await, 2);
    story
        .world
        .shop
        .cancel_order(first, &CancelRequest::default())
        .expect("is cancelled");
    let asked = "select count(*) from purchase_orders where status = 'cancel_requested'";
    waits_for(&story, "North is asked", asked, 1).await;
    story.quiet().await;
    assert_eq!(reserved(&story).await, 2, "North may ship it still");
    let north = story.world.supplier("north");
    north
        .answer_cancellation(&placed.number, true, None)
        .await
        .expect("agrees");
    assert_eq!(reserved(&story).await, 0);

    story.order(&[("MUG", 3)]);
    bought(&story, 2).await;
    assert_eq!(reserved(&story).await, 3);
    let second = north
        .orders()
        .into_iter()
        .find(|order| order.number != placed.number)
        .expect("it");
    north
        .reject(&second.number, "N-MUG", RejectReason::OutOfStock)
        .await
        .expect("rejects");
    waits_for(&story, "somebody is asked", ASKED, 1).await;
    assert_eq!(reserved(&story).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_suppliers_figure_tells_of_what_it_accepted(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = quiet_north(database).await;
    stock(&story, 10).await;
    story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    // Nothing was said of the order: the figure may be of before it.
    stock(&story, 10).await;
    assert_eq!(reserved(&story).await, 2);
    north.acknowledge(&placed.number).await.expect("accepts");
    assert_eq!(reserved(&story).await, 2, "the last figure is of before");
    stock(&story, 8).await;
    assert_eq!(reserved(&story).await, 0);
    let answer = story.world.graphql(
        "{ offers(filter: { search: \"N-MUG\" }) { nodes { stock available } } }",
        json!({}),
    );
    assert_eq!(answer.await["offers"]["nodes"], json!([{ "stock": 8, "available": 8 }]));
    // What it had said before stays said: nothing is let go of twice.
    story.order(&[("MUG", 5)]);
    bought(&story, 2).await;
    let answer = story.world.graphql(
        "{ offers(filter: { search: \"N-MUG\" }) { nodes { stock available } } }",
        json!({}),
    );
    assert_eq!(answer.await["offers"]["nodes"], json!([{ "stock": 8, "available": 3 }]));
}

/// Ten mugs are sold, and the shelf is filled up to ten again: the same number, and all of them free.
#[rstest]
#[tokio::test]
async fn what_a_person_counted_is_free_again(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    // A supplier of the shop's own, whose stock it keeps by hand.
    let own = "update suppliers set shop_id = (select id from shops) where key = 'north'";
    story.world.execute(own).await;
    stock(&story, 10).await;
    story.order(&[("MUG", 10)]);
    bought(&story, 1).await;
    let accepted = "select count(*) from purchase_orders where status = 'accepted'";
    waits_for(&story, "North has accepted it", accepted, 1).await;
    story.order(&[("MUG", 1)]);
    waits_for(&story, "nobody has one for the second", ASKED, 1).await;
    let page = story.page().await;
    assert!(
        page.contains("10 of N-MUG in stock, 10 reserved for other orders"),
        "{page}"
    );
    let found = "{ offers(filter: { search: \"N-MUG\" }) { nodes { available supplier { id } } } }";
    let mug = story.world.graphql(found, json!({})).await["offers"]["nodes"][0].clone();
    assert_eq!(mug["available"], 0);
    let save = async |also: &str| {
        let save = format!(
            "mutation {{ saveOffer(input: {{ supplierId: {}, sku: \"N-MUG\", title: \"Mug\", cost: \"4.00\",
                currency: \"EUR\", stock: 10, shipsTo: [\"DE\"] {also} }}) {{ problems {{ field message }} }} }}",
            mug["supplier"]["id"]
        );
        let answer = story.world.graphql(&save, json!({})).await;
        assert_eq!(answer["saveOffer"]["problems"], json!([]));
    };
    // Who changes something else says nothing of the shelf.
    save("").await;
    story.quiet().await;
    assert_eq!(reserved(&story).await, 10);
    save(", counted: true").await;
    bought(&story, 2).await;
    waits_for(&story, "nobody is asked any more", ASKED, 0).await;
    assert_eq!(reserved(&story).await, 1);
}

/// What is accepted while a feed is on its way is not in it, and its last mug is not sold twice. An older feed
/// that arrives after a newer one changes nothing.
#[rstest]
#[tokio::test]
async fn a_figure_that_is_late_tells_of_what_was_answered_before_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = quiet_north(database).await;
    let before_all = now();
    stock(&story, 2).await;
    let read = now();
    story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    north.acknowledge(&placed.number).await.expect("accepts");
    let told = async |mugs: u32, as_of| {
        let mugs = [("N-MUG".to_owned(), mugs)];
        north.put_inventory_as_of(&mugs, as_of).await
    };
    let errors = async |mugs, as_of| told(mugs, as_of).await.expect("is taken")["errors"].clone();

    assert_eq!(errors(2, read).await, json!([]));
    assert_eq!(reserved(&story).await, 2, "the feed does not know of the order");
    story.order(&[("MUG", 1)]);
    waits_for(&story, "nobody has a third mug", ASKED, 1).await;

    let newer_is_known = json!([{ "sku": "N-MUG", "code": "NEWER_IS_KNOWN" }]);
    assert_eq!(errors(9, before_all).await, newer_is_known);
    let refused = told(9, now() + TimeDelta::hours(1))
        .await
        .expect_err("is of the future");
    assert!(refused.to_string().contains("as_of"), "{refused}");
    let mugs = "select count(*) from offers where sku = 'N-MUG' and stock = 2";
    assert_eq!(story.world.count(mugs).await, 1, "neither figure was taken");

    assert_eq!(errors(1, now()).await, json!([]));
    bought(&story, 2).await;
    waits_for(&story, "nobody is asked any more", ASKED, 0).await;
    assert_eq!(reserved(&story).await, 1, "what was accepted before is in the figure");
}
