//! Who fails is left alone; what waits for that comes back in small numbers.

use std::time::Duration;

use chrono::TimeDelta;
use orderyard::{
    actions::import_order::ImportOrder,
    domain::circuit::Subject,
    ids::{ShopId, ShopifyOrderId},
    queue::{
        When,
        circuits::{Entry, Shut, answered, asked_for_patience, enter, failed},
        enqueue,
    },
    store::{
        self, circuits,
        jobs::{self, WaitsFor},
    },
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use crate::graphql::world::World;

const SHOP: ShopId = ShopId(1);
const SUBJECT: Subject = Subject::Shop(SHOP);

/// Jobs that wait for the subject.
async fn park(world: &World, many: i64) {
    let tx = world.tx().await;
    for order in 0..many {
        let job = ImportOrder {
            shop_id: SHOP,
            shopify_id: ShopifyOrderId(order),
        };
        enqueue(&tx, &job, When::now(1_000)).expect("is added");
    }
    tx.commit().await.expect("commits");
    let later = (world.app.clock.now() + TimeDelta::hours(1)).timestamp_millis();
    for mut row in jobs::Entity::find().all(world.app.db.read()).await.expect("reads") {
        row.waits_for = WaitsFor::Time;
        row.run_at_ms = later;
        row.parked_for = Some(SUBJECT.to_string());
        let tx = world.tx().await;
        store::save(&tx, row).expect("saves");
        tx.commit().await.expect("commits");
    }
}

async fn may_be_taken(world: &World) -> u64 {
    let rows = jobs::Entity::find().filter(jobs::Column::WaitsFor.eq(WaitsFor::Turn));
    rows.count(world.app.db.read()).await.expect("counts")
}

async fn row(world: &World) -> Option<circuits::Model> {
    circuits::by_subject(world.app.db.read(), SUBJECT).await.expect("reads")
}

#[tokio::test]
async fn what_waits_for_someone_who_is_back_is_let_in_a_few_at_a_time() {
    for world in World::each(false).await {
        let config = world.app.config.worker.circuit;
        park(&world, 10).await;
        let tx = world.tx().await;
        for _ in 0..config.failures {
            failed(&tx, SUBJECT, "away", &config).await.expect("is noted");
        }
        assert!(enter(&tx, SUBJECT, &config).await.expect("asks").is_err(), "it is open");
        tx.commit().await.expect("commits");
        assert_eq!(may_be_taken(&world).await, 0);

        let troubled = Entry {
            is_troubled: true,
            ..Entry::default()
        };
        for woken in [4, 8, 10] {
            let tx = world.tx().await;
            answered(&tx, SUBJECT, troubled).await.expect("is noted");
            let entry = enter(&tx, SUBJECT, &config).await.expect("asks").expect("is called");
            assert_eq!(entry.is_troubled, woken < 10, "until all are in");
            tx.commit().await.expect("commits");
            assert_eq!(may_be_taken(&world).await, woken);
            assert_eq!(
                row(&world).await.is_some_and(|row| row.opened_at_ms.is_none()),
                woken < 10
            );
        }
        assert_eq!(row(&world).await, None);
    }
}

async fn asks(world: &World) -> Result<Entry, Shut> {
    let tx = world.tx().await;
    let entry = enter(&tx, SUBJECT, &world.app.config.worker.circuit).await;
    tx.commit().await.expect("commits");
    entry.expect("asks")
}

async fn busy(world: &World, entry: Entry, seconds: u64) -> Shut {
    let tx = world.tx().await;
    let shut = asked_for_patience(&tx, SUBJECT, entry, "busy", Duration::from_secs(seconds)).await;
    tx.commit().await.expect("commits");
    shut.expect("is noted")
}

async fn went_well(world: &World, entry: Entry) {
    let tx = world.tx().await;
    answered(&tx, SUBJECT, entry).await.expect("is noted");
    tx.commit().await.expect("commits");
}

async fn wait_of(world: &World) -> u64 {
    let shut = asks(world).await.expect_err("nobody calls");
    assert_eq!(shut.failures, 0);
    assert!(shut.to_string().contains("they ask for patience: busy"), "{shut}");
    shut.wait.as_secs()
}

#[tokio::test]
async fn nobody_calls_one_that_asks_for_patience_until_then() {
    for world in World::each(false).await {
        park(&world, 10).await;
        // Two calls are under way when the third one is told to come back later.
        let clean = asks(&world).await.expect("nothing has failed");
        busy(&world, clean, 1).await;
        world.app.clock.advance(Duration::from_secs(2));
        let tried = asks(&world).await.expect("one may try");
        went_well(&world, tried).await;
        assert_eq!(may_be_taken(&world).await, 4, "it is back");
        let troubled = asks(&world).await.expect("it is called");
        assert!(troubled.is_troubled);
        let shut = busy(&world, troubled, 60).await;
        assert_eq!(shut.wait, Duration::from_mins(1));
        let a_minute = 50..=60;
        assert!(a_minute.contains(&wait_of(&world).await));
        for entry in [clean, troubled] {
            went_well(&world, entry).await;
            assert!(a_minute.contains(&wait_of(&world).await), "it is not over for that");
        }
        assert!(a_minute.contains(&busy(&world, troubled, 5).await.wait.as_secs()));
        assert_eq!(may_be_taken(&world).await, 4);

        world.app.clock.advance(Duration::from_secs(61));
        let tried = asks(&world).await.expect("one may try");
        asks(&world).await.expect_err("one alone");
        went_well(&world, tried).await;
        assert_eq!(may_be_taken(&world).await, 8);
        asks(&world).await.expect("it is called");
    }
}

#[tokio::test]
async fn patience_has_an_end_and_is_no_failure() {
    for world in World::each(false).await {
        let config = world.app.config.worker.circuit;
        let tx = world.tx().await;
        for _ in 1..config.failures {
            failed(&tx, SUBJECT, "away", &config).await.expect("is noted");
        }
        tx.commit().await.expect("commits");
        let shut = busy(&world, Entry::default(), 48 * 60 * 60).await;
        assert_eq!((shut.failures, shut.wait), (0, Duration::from_hours(24)));
        assert_eq!(row(&world).await.map(|row| row.failures), Some(0));
        world.app.clock.advance(Duration::from_hours(23));
        asks(&world).await.expect_err("it asked for more");
        world.app.clock.advance(Duration::from_hours(2));
        let tried = asks(&world).await.expect("one asks again");
        assert!(asks(&world).await.is_err(), "one alone");
        let shut = busy(&world, tried, 5).await;
        assert_eq!(shut.wait, Duration::from_secs(5), "and not for as long as a try has");

        // Written by a clock that was far ahead.
        let mut ahead = row(&world).await.expect("a row");
        let now = world.tx().await.lease_now().timestamp_millis();
        let hour = 60 * 60 * 1000;
        (ahead.opened_at_ms, ahead.next_try_ms) = (Some(now + 5 * hour), now + 6 * hour);
        let tx = world.tx().await;
        store::save(&tx, ahead).expect("saves");
        tx.commit().await.expect("commits");
        asks(&world).await.expect("it stays shut for nobody");
    }
}
