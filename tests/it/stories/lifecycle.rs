//! Installing, uninstalling and coming back.

use rstest::rstest;

use crate::harness::{Database, WorldSpec};

#[rstest]
#[tokio::test]
async fn a_shop_leaves_and_comes_back(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let world = WorldSpec::on(database).build().await;
    let before = world.shop.subscriptions();
    world.shop.uninstall_app();
    world
        .eventually("the uninstall is noticed", async || {
            world.orderyard.log_tail().contains("the app is uninstalled")
        })
        .await;
    world.install().await;
    assert_eq!(
        world.shop.subscriptions(),
        before,
        "every topic is subscribed again, once"
    );
}
