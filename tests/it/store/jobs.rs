//! When jobs are due, and which are tried again.

use std::time::Duration;

use orderyard::{
    actions::import_order::ImportOrder,
    ids::{ShopId, ShopifyOrderId},
    queue::{When, enqueue, order_key},
    store::{
        self,
        jobs::{self, JobState, Model},
    },
    worker,
};
use sea_orm::EntityTrait as _;

use crate::graphql::world::World;

const JOB: ImportOrder = ImportOrder {
    shop_id: ShopId(1),
    shopify_id: ShopifyOrderId(1001),
};

async fn add(world: &World, now_ms: i64) {
    let tx = world.tx().await;
    enqueue(&tx, &JOB, When::now(now_ms)).expect("is added");
    tx.commit().await.expect("commits");
}

async fn only(world: &World) -> Model {
    let rows = jobs::Entity::find().all(world.app.db.read()).await.expect("reads");
    let [row] = rows.try_into().expect("one job");
    row
}

async fn change(world: &World, change: impl FnOnce(&mut Model)) {
    let mut row = only(world).await;
    change(&mut row);
    let tx = world.tx().await;
    store::save(&tx, row).expect("saves");
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn what_is_asked_for_again_comes_sooner_unless_it_failed() {
    for world in World::each(false).await {
        let now_ms = async || {
            let now = world.app.db.lease_now().await.expect("reads");
            now.timestamp_millis()
        };
        let hour_ms = 3_600_000;
        let tx = world.tx().await;
        // An hour from now, whatever the clock of the one who asks says.
        enqueue(&tx, &JOB, When::after(9_000, Duration::from_hours(1))).expect("is added");
        tx.commit().await.expect("commits");
        let ahead_ms = only(&world).await.run_at_ms - now_ms().await;
        assert!((hour_ms - 60_000..=hour_ms).contains(&ahead_ms), "{ahead_ms}");
        add(&world, 1_000).await;
        let row = only(&world).await;
        assert!(row.run_at_ms <= now_ms().await, "at once");
        assert_eq!(row.triggered_at_ms, 1_000);
        let later_ms = now_ms().await + hour_ms;
        change(&world, |row| {
            row.attempts = 3;
            row.run_at_ms = later_ms;
        })
        .await;
        add(&world, 500).await;
        let row = only(&world).await;
        assert_eq!((row.run_at_ms, row.triggered_at_ms, row.attempts), (later_ms, 500, 3));
    }
}

#[tokio::test]
async fn what_was_given_up_is_tried_again_from_the_start_and_once() {
    for world in World::each(false).await {
        add(&world, 1_000).await;
        let given_up = |row: &mut Model| {
            row.attempts = 3;
            row.state = JobState::Dead;
        };
        change(&world, given_up).await;
        let tx = world.tx().await;
        jobs::revive_of_key(&tx, &order_key(ShopId(1), ShopifyOrderId(1002)), 5_000)
            .await
            .expect("revives");
        jobs::revive_of_shop(&tx, ShopId(2), 5_000).await.expect("revives");
        tx.commit().await.expect("commits");
        assert_eq!(only(&world).await.state, JobState::Dead, "another order, another shop");

        let tx = world.tx().await;
        jobs::revive_of_key(&tx, &order_key(ShopId(1), ShopifyOrderId(1001)), 5_000)
            .await
            .expect("revives");
        tx.commit().await.expect("commits");
        let row = only(&world).await;
        assert_eq!((row.state, row.attempts, row.run_at_ms), (JobState::Ready, 0, 5_000));

        // One that waits does the work of the one that was given up.
        change(&world, given_up).await;
        add(&world, 9_000).await;
        let tx = world.tx().await;
        jobs::revive_of_shop(&tx, ShopId(1), 6_000).await.expect("revives");
        tx.commit().await.expect("commits");
        let row = only(&world).await;
        assert_eq!((row.state, row.run_at_ms), (JobState::Ready, 6_000));
    }
}

/// Or it would wait for minutes for what has just happened.
#[tokio::test]
async fn what_runs_while_its_shop_returns_is_told() {
    for world in World::each(false).await {
        add(&world, 1_000).await;
        change(&world, |row| row.state = JobState::Running).await;
        let tx = world.tx().await;
        jobs::revive_of_shop(&tx, ShopId(2), 5_000).await.expect("revives");
        jobs::revive_of_shop(&tx, ShopId(1), 6_000).await.expect("revives");
        tx.commit().await.expect("commits");
        assert_eq!(
            (only(&world).await.state, only(&world).await.run_at_ms),
            (JobState::Running, 6_000)
        );
    }
}

/// A job that ends its workers goes round until its tries are used up, and no longer.
#[tokio::test]
async fn what_ends_its_workers_is_given_up() {
    for world in World::each(false).await {
        for attempts in [1, 12] {
            add(&world, 1_000).await;
            change(&world, |row| {
                row.state = JobState::Running;
                row.attempts = attempts;
                row.lease_id = Some(uuid::Uuid::now_v7());
                row.leased_until_ms = Some(2_000);
                // No worker of this release takes it.
                row.name = "work".to_owned();
                row.serial_key = None;
            })
            .await;
            let is_left = async {
                while only(&world).await.state == JobState::Running {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                () = worker::work(world.app.clone()) => {}
                () = is_left => {}
            }
            let why = only(&world).await.last_error.unwrap_or_default();
            assert_eq!(why.contains("stopped answering"), attempts == 12, "{why}");
            jobs::Entity::delete_many()
                .exec(world.app.db.read())
                .await
                .expect("is removed");
        }
    }
}
