//! By when a supplier is to ship: counted from when it is sent, to the end of a day of the shop's.

use chrono::{DateTime, Utc};
use jiff::{Timestamp, civil::Time, tz::TimeZone};
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, Statement};

use super::{
    meanwhile::{leave, settings, settled},
    shop::{Plot, Story},
};
use crate::harness::{Database, connect};

const DRAFTS: &str = "select count(*) from purchase_orders where status = 'draft'";
const REVIEWS: &str = "select count(*) from exceptions where kind = 'review' and status = 'open'";

/// Days from the one on which the only purchase order was sent until the one at whose end it is to be shipped, by
/// the shop's calendar.
async fn days(story: &Story) -> i32 {
    let db = connect(story.world.orderyard.database_url()).await;
    let sql = "select sent_at, ship_by from purchase_orders where sent_at is not null";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect("a query");
    db.close().await.expect("closes");
    assert_eq!(rows.len(), 1);
    let zone = TimeZone::get("Europe/Berlin").expect("the shop's zone");
    let here = |index: usize| {
        let at: DateTime<Utc> = rows[0].try_get_by_index(index).expect("a time");
        let at = Timestamp::from_second(at.timestamp()).expect("a time");
        at.to_zoned(zone.clone()).datetime()
    };
    let (sent, by) = (here(0), here(1));
    assert_eq!(by.time(), Time::constant(23, 59, 59, 0), "the end of a day");
    (by.date() - sent.date()).get_days()
}

#[rstest]
#[case(0)]
#[case(3)]
#[tokio::test]
async fn handling_days_end_with_the_day(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] handling: i32,
) {
    let story = Plot::default().begin(database).await;
    let days_of_north = format!("priority: 1, price_tolerance_pct: 2, handling_days: {handling}");
    let usual = "priority: 1, price_tolerance_pct: 2, handling_days: 1";
    let setup = Plot::default().setup().replace(usual, &days_of_north);
    story.world.apply(&setup).await;
    story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    assert_eq!(days(&story).await, handling);
    let late = "select count(*) from purchase_orders where ship_by <= sent_at";
    assert_eq!(story.world.count(late).await, 0, "nothing is late at once");
}

/// It was decided days ago, and the cutoff of today has passed.
#[rstest]
#[tokio::test]
async fn what_waited_is_due_from_when_it_left(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    settings(&story.world, "undoMinutes: 60, review: { above: \"1.00\" }").await;
    story.order(&[("MUG", 1)]);
    story.waits_for("it is to be reviewed", REVIEWS, 1).await;
    story.waits_for("it is not sent", DRAFTS, 1).await;
    settled(&story).await;
    let ago =
        "update purchase_orders set ship_by = '2020-01-01T00:00:00+00:00', created_at = '2019-12-31T00:00:00+00:00'";
    story.world.execute(ago).await;
    // From the first hour of the day on, so that it is over whenever this is told.
    let plot = Plot {
        with_north: ", cutoff_hour: 0",
        ..Plot::default()
    };
    story.world.apply(&plot.setup()).await;
    leave(&story).await;
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    story.purchase_order("north").await;
    assert_eq!(days(&story).await, 2);
}
