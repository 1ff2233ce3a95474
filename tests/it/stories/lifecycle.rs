//! Installing, uninstalling and coming back.

use std::time::{Duration, Instant};

use rstest::rstest;
use sandbox::{AnswerFault, Fault};

use super::{
    meanwhile::settings,
    shop::{Plot, Story},
};
use crate::harness::{Database, World, WorldSpec};

async fn answer_to(world: &World, token: &str) -> u16 {
    let asked = world.http.post(world.url("/graphql")).bearer_auth(token);
    let asked = asked.json(&serde_json::json!({ "query": "{ shop { domain } }" }));
    asked.send().await.expect("an answer").status().as_u16()
}

#[rstest]
#[tokio::test]
async fn a_shop_leaves_and_comes_back(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let world = WorldSpec::on(database).build().await;
    let before = world.shop.subscriptions();
    let arguments = [
        "admin",
        "token",
        "create",
        "--shop",
        "demo.myshopify.com",
        "--scope",
        "read",
    ];
    let token = world.orderyard.command(&arguments).await.trim().to_owned();
    assert_eq!(answer_to(&world, &token).await, 200);
    world.shop.uninstall_app();
    world
        .eventually("the uninstall is noticed", async || {
            world.orderyard.log_tail().contains("the app is uninstalled")
        })
        .await;
    let signed_out = answer_to(&world, &token).await;
    assert_eq!(signed_out, 401, "a token opens nothing while the app is gone");
    world.install().await;
    assert_eq!(answer_to(&world, &token).await, 200);
    assert_eq!(
        world.shop.subscriptions(),
        before,
        "every topic is subscribed again, once"
    );
}

/// An order that is bought: the shop's token works.
async fn an_order_flows(story: &Story) {
    let before = story.world.supplier("north").orders().len();
    story.order(&[("MUG", 1)]);
    story
        .world
        .eventually("the order is bought", async || {
            story.world.supplier("north").orders().len() == before + 1
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_token_that_ran_out_is_renewed(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    for _ in 0..2 {
        story.world.shop.expire_access_tokens();
        an_order_flows(&story).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_shop_whose_access_ended_comes_back_with_its_orders(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    story.world.shop.expire_access_tokens();
    story.world.shop.expire_refresh_tokens();
    story.order(&[("MUG", 1)]);
    let ended = "select count(*) from shops where status = 'needs_reconnect'";
    story
        .world
        .eventually("its access has ended", async || story.world.count(ended).await == 1)
        .await;
    assert!(story.world.supplier("north").orders().is_empty());
    story.world.install().await;
    story.purchase_order("north").await;
}

/// Rows that hold something about the customer of an order.
async fn rows_with_customer_data(story: &Story) -> i64 {
    let tables = [
        "select count(*) from orders where ship_to is not null or customer_id is not null",
        "select count(*) from purchase_orders where ship_to is not null",
        "select count(*) from deliveries where body is not null and (topic like 'orders/%' or topic like 'customers/%')",
    ];
    let mut rows = 0;
    for sql in tables {
        rows += story.world.count(sql).await;
    }
    rows
}

#[rstest]
#[tokio::test]
async fn a_shop_that_left_for_good_leaves_nothing_of_its_customers(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    story.world.shop.uninstall_app();
    let left = "select count(*) from shops where status = 'uninstalled' and access_token is null";
    story
        .world
        .eventually("the shop has left", async || story.world.count(left).await == 1)
        .await;
    story.world.shop.redact_shop();
    story
        .world
        .eventually("nothing of its customers is left", async || {
            rows_with_customer_data(&story).await == 0
        })
        .await;
    let members = "select count(*) from memberships where shop_id is not null";
    story
        .world
        .eventually("nobody belongs to it", async || story.world.count(members).await == 0)
        .await;
}

/// What it had not bought yet is there for the supplier's other shops.
#[rstest]
#[tokio::test]
async fn a_shop_that_left_for_good_keeps_no_stock(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    settings(&story.world, "undoMinutes: 60").await;
    let north = story.world.supplier("north");
    let told = north.put_inventory(&[("N-MUG".to_owned(), 2)]).await;
    told.expect("is taken");
    story.order(&[("MUG", 2)]);
    let reserved = "select cast(reserved as bigint) from offers where sku = 'N-MUG'";
    story
        .world
        .eventually("its pieces are kept", async || story.world.count(reserved).await == 2)
        .await;
    // Another order waits for what the first one keeps.
    story.order(&[("MUG", 2)]);
    let waits = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
    story
        .world
        .eventually("another waits", async || story.world.count(waits).await == 1)
        .await;
    story.world.shop.uninstall_app();
    let left = "select count(*) from shops where status = 'uninstalled'";
    story
        .world
        .eventually("the shop has left", async || story.world.count(left).await == 1)
        .await;
    assert_eq!(story.world.count(reserved).await, 2, "it may come back");
    story.world.shop.redact_shop();
    story
        .world
        .eventually("nothing is kept for it", async || {
            story.world.count(reserved).await == 0
        })
        .await;
    let looks = "select count(*) from jobs where name = 'revisit_orders' and state in ('ready', 'running')";
    story
        .world
        .eventually("who waits was looked at", async || story.world.count(looks).await == 0)
        .await;
    let drafts = "select count(*) from purchase_orders where status <> 'cancelled'";
    assert_eq!(
        (story.world.count(drafts).await, story.world.count(reserved).await),
        (0, 0)
    );
    assert!(story.world.supplier("north").orders().is_empty());
}

/// The sweep was under way when the app went, and knows from when to ask.
#[rstest]
#[tokio::test]
async fn what_was_ordered_while_the_app_was_gone_is_not_bought_by_an_old_sweep(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().env("RECONCILE_SECONDS", "0.3").begin(database).await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::graphql(
        "OrdersUpdatedSince",
        AnswerFault::ErrorBefore { status: 500 },
    ));
    let stuck = "select count(*) from sweeps where phase = 'shopify_orders' and ended_at is null";
    story
        .world
        .eventually("a sweep is under way", async || story.world.count(stuck).await == 1)
        .await;
    story.world.shop.uninstall_app();
    let left = "select count(*) from shops where status = 'uninstalled'";
    story
        .world
        .eventually("the shop has left", async || story.world.count(left).await == 1)
        .await;
    let order = story.order(&[("MUG", 1)]);
    story
        .world
        .eventually("Shopify is done with it", async || {
            !story.snapshot(order).fulfillment_orders.is_empty()
        })
        .await;
    // Shopify is asked in whole seconds.
    let done = Instant::now();
    story
        .world
        .eventually("the second is over", async || done.elapsed() > Duration::from_secs(1))
        .await;
    faults.clear();
    story.world.install().await;
    let swept = "select count(*) from shops where swept_until > installed_at";
    story
        .world
        .eventually("the shop is swept", async || story.world.count(swept).await == 1)
        .await;
    story
        .world
        .eventually("what was found is done", async || {
            let found = "select count(*) from jobs where name in ('import_order', 'place_purchase_order')";
            story.world.count(found).await == 0
        })
        .await;
    assert_eq!(story.world.count("select count(*) from orders").await, 0);
    assert!(story.world.supplier("north").orders().is_empty());
}
