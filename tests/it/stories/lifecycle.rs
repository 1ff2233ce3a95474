//! Installing, uninstalling and coming back.

use rstest::rstest;

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
