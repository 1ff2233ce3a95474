//! A shop keeps its supplier's stock in the setup file, and says there when it was counted.

use chrono::{DateTime, SecondsFormat, Utc};
use rstest::rstest;

use super::{
    later::now,
    shop::{Plot, Story},
};
use crate::harness::Database;

const ASKED: &str = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";

/// The file, with so many mugs at North and what else is said of them.
fn with_mugs(mugs: &str) -> String {
    let plot = Plot {
        of_north_mug: "@",
        ..Plot::default()
    };
    let setup = plot.setup();
    assert!(setup.contains("stock: 100, ships_to: [DE]@"));
    setup.replace("stock: 100, ships_to: [DE]@", &format!("{mugs}, ships_to: [DE]"))
}

fn at(time: DateTime<Utc>) -> String {
    format!("counted_at: '{}'", time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

async fn reserved(story: &Story) -> i64 {
    let reserved = "select cast(reserved as bigint) from offers where sku = 'N-MUG'";
    story.world.count(reserved).await
}

async fn stock(story: &Story) -> i64 {
    let stock = "select cast(stock as bigint) from offers where sku = 'N-MUG'";
    story.world.count(stock).await
}

/// Ten mugs are sold, and the shelf is filled up to ten again: the same number, and all of them free once they are
/// counted after the order was accepted.
#[rstest]
#[tokio::test]
async fn what_the_file_says_was_counted_is_free_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let ten = "stock: 10";
    story.world.apply(&with_mugs(ten)).await;
    let before = now();
    story.order(&[("MUG", 10)]);
    story.purchase_order("north").await;
    let accepted = "select count(*) from purchase_orders where status = 'accepted'";
    story.waits_for("North has accepted it", accepted, 1).await;
    story.order(&[("MUG", 1)]);
    story.waits_for("nobody has one for the second", ASKED, 1).await;

    // The same file again says nothing new, and neither does a count of before the order.
    story.world.apply(&with_mugs(ten)).await;
    assert_eq!(reserved(&story).await, 10);
    story.world.apply(&with_mugs(&format!("{ten}, {}", at(before)))).await;
    story.quiet().await;
    assert_eq!(reserved(&story).await, 10);

    let counted = with_mugs(&format!("{ten}, {}", at(now())));
    story.world.apply(&counted).await;
    let north = story.world.supplier("north");
    let is_bought = async || north.orders().len() == 2;
    story.world.eventually("the second is bought", is_bought).await;
    story.waits_for("nobody is asked any more", ASKED, 0).await;
    assert_eq!(reserved(&story).await, 1);
    story.waits_for("North has accepted both", accepted, 2).await;

    // A count lets go once: the second order was accepted after it.
    story.world.apply(&counted).await;
    assert_eq!(reserved(&story).await, 1);
    // An older file does not bring back what it says.
    story
        .world
        .apply(&with_mugs(&format!("stock: 99, {}", at(before))))
        .await;
    assert_eq!((stock(&story).await, reserved(&story).await), (10, 1));
}

/// One time for all that a supplier has, and what its own system tells later is not taken back by the file.
#[rstest]
#[tokio::test]
async fn a_suppliers_time_is_that_of_all_its_stock(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let north = story.world.supplier("north");
    story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    north.acknowledge(&placed.number).await.expect("accepts");
    let accepted = "select count(*) from purchase_orders where status = 'accepted'";
    story.waits_for("North has accepted it", accepted, 1).await;
    assert_eq!(reserved(&story).await, 2);
    let file = with_mugs("stock: 100").replacen("name: North\n", &format!("name: North\n    {}\n", at(now())), 1);
    story.world.apply(&file).await;
    assert_eq!((stock(&story).await, reserved(&story).await), (100, 0));

    north.put_inventory(&[("N-MUG".to_owned(), 7)]).await.expect("is taken");
    story.world.apply(&file).await;
    assert_eq!(stock(&story).await, 7, "that is newer than the file");
}
