//! Balanced share: whoever stands below its share of the pieces of late ships the order.

use chrono::TimeDelta;
use rstest::rstest;

use super::{
    later::now,
    market::{Case, Market, PLAIN},
};
use crate::harness::Database;

const NORTH: (usize, usize) = (1, 0);
const EAST: (usize, usize) = (0, 1);

#[rstest]
#[tokio::test]
async fn shares_of_the_business_are_kept_over_time(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let routing =
        "{ strategy: balanced_share, shares: [ { supplier: north, percent: 70 }, { supplier: east, percent: 30 } ] }";
    for _ in 0..10 {
        let one = market.under(Case { routing, ..PLAIN }).await;
        assert_eq!(one.0 + one.1, 1);
    }
    assert_eq!(market.bought(), (7, 3));
    let plan = market.plan().await;
    let told = plan["lines"][0]["reason"].as_str().expect("a reason");
    assert!(
        plan["strategy"] == "BALANCED_SHARE" && told.contains(" % of the pieces of late for a share of "),
        "{plan}"
    );
}

/// North had four orders a week and a day ago. They count in a window of thirty days, and not in one of seven.
#[rstest]
#[tokio::test]
async fn shares_count_what_lies_within_their_days_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let over = |routing| Case { routing, ..PLAIN };
    let month = over(
        "{ strategy: balanced_share, share_days: 30, \
         shares: [ { supplier: north, percent: 50 }, { supplier: east, percent: 50 } ] }",
    );
    let week = over(
        "{ strategy: balanced_share, share_days: 7, \
         shares: [ { supplier: north, percent: 50 }, { supplier: east, percent: 50 } ] }",
    );
    for _ in 0..4 {
        assert_eq!(market.under(PLAIN).await, NORTH);
    }
    let old = (now() - TimeDelta::days(8)).to_rfc3339();
    let age = format!("update purchase_orders set created_at = '{old}'");
    market.world.execute(&age).await;

    assert_eq!(market.under(month).await, EAST, "North had all four of the month");
    let told = reason(&market).await;
    assert!(
        told.contains("with 0 % of the pieces of late for a share of 50 %"),
        "{told}"
    );
    assert_eq!(market.under(week).await, NORTH, "of the week East has all");
    let told = reason(&market).await;
    assert!(
        told.contains("with 0 % of the pieces of late for a share of 50 %"),
        "{told}"
    );
    assert_eq!(market.under(month).await, EAST, "of the month North has five of six");
    let told = reason(&market).await;
    assert!(
        told.contains("with 16.66 % of the pieces of late for a share of 50 %"),
        "{told}"
    );
}

/// Why the newest order's supplier ships it.
async fn reason(market: &Market) -> String {
    market.plan().await["lines"][0]["reason"].to_string()
}
