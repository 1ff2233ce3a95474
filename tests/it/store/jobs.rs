//! When jobs are due, and which are tried again.

use std::time::Duration;

use orderyard::{
    actions::{import_order::ImportOrder, revive_shop::ReviveShop},
    ids::{ShopId, ShopifyOrderId},
    queue::{Attempt, Job as _, When, enqueue, order_key},
    store::{
        self,
        jobs::{self, JobState, Model},
        orders,
    },
    worker,
};
use sea_orm::{ConnectionTrait as _, EntityTrait as _};

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

async fn revive(world: &World, shop_id: ShopId) {
    let attempt = Attempt {
        number: 1,
        is_last: false,
    };
    let done = ReviveShop { shop_id }.run(&world.app, attempt).await;
    done.expect("revives");
}

async fn only(world: &World) -> Model {
    let [row] = all(world).await.try_into().expect("one job");
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
        tx.commit().await.expect("commits");
        revive(&world, ShopId(2)).await;
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
        revive(&world, ShopId(1)).await;
        assert_eq!(only(&world).await.state, JobState::Ready);
    }
}

/// A shop that was away for days has more than fits one transaction.
#[tokio::test]
async fn all_work_of_a_shop_that_returns_is_done_now() {
    const EACH: i64 = 1_100;
    for world in World::each(false).await {
        let order = |number| ImportOrder {
            shopify_id: ShopifyOrderId(number),
            ..JOB
        };
        let tx = world.tx().await;
        for number in 0..2 * EACH {
            enqueue(&tx, &order(number), When::after(9_000, Duration::from_hours(1))).expect("is added");
        }
        tx.commit().await.expect("commits");
        let half = format!(
            "update jobs set state = 'dead', attempts = 12
             where serial_key in (select serial_key from jobs order by serial_key limit {EACH})"
        );
        world.app.db.read().execute_unprepared(&half).await.expect("is changed");
        revive(&world, ShopId(1)).await;
        let now_ms = world.app.db.lease_now().await.expect("reads").timestamp_millis();
        let rows = jobs::Entity::find().all(world.app.db.read()).await.expect("reads");
        let due = rows
            .iter()
            .filter(|row| row.state == JobState::Ready && row.attempts == 0 && row.run_at_ms <= now_ms);
        assert_eq!(i64::try_from(due.count()), Ok(2 * EACH));
    }
}

/// Or it would wait for minutes for what has just happened.
#[tokio::test]
async fn what_runs_while_its_shop_returns_is_told() {
    for world in World::each(false).await {
        add(&world, 1_000).await;
        change(&world, |row| row.state = JobState::Running).await;
        let tx = world.tx().await;
        jobs::call_running(&tx, ShopId(2), 5_000).await.expect("calls");
        jobs::call_running(&tx, ShopId(1), 6_000).await.expect("calls");
        tx.commit().await.expect("commits");
        assert_eq!(
            (only(&world).await.state, only(&world).await.run_at_ms),
            (JobState::Running, 6_000)
        );
    }
}

/// Two workers' jobs are to be given up. The order of one of them cannot be read, and so nobody can be told of it there.
#[tokio::test]
async fn an_order_that_cannot_be_read_keeps_no_other_jobs_from_being_released() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let order = orders::by_id(world.app.db.read(), tenant.shop, tenant.order).await;
        let order = order.expect("reads").expect("is there");
        let job = |shopify_id| ImportOrder {
            shop_id: tenant.shop,
            shopify_id,
        };
        let tx = world.tx().await;
        for shopify_id in [order.shopify_id, ShopifyOrderId(77_001), ShopifyOrderId(77_002)] {
            enqueue(&tx, &job(shopify_id), When::now(1_000)).expect("is added");
        }
        tx.commit().await.expect("commits");
        let db = world.app.db.read();
        for change in [
            "update jobs set state = 'running', attempts = 12, leased_until_ms = 2000 where name = 'import_order'",
            "update exceptions set kind = 'of_a_later_release'",
        ] {
            db.execute_unprepared(change).await.expect("is changed");
        }
        for mut row in all(&world).await {
            if row.state == JobState::Running {
                row.lease_id = Some(uuid::Uuid::now_v7());
                let tx = world.tx().await;
                store::save(&tx, row).expect("saves");
                tx.commit().await.expect("commits");
            }
        }
        let released = async {
            while all(&world).await.iter().any(|row| row.state == JobState::Running) {
                tokio::task::yield_now().await;
            }
        };
        let released = tokio::time::timeout(Duration::from_secs(20), released);
        tokio::select! {
            () = worker::work(world.app.clone()) => {}
            done = released => done.expect("all are released"),
        }
        let rows = all(&world).await;
        let given_up = rows.iter().filter(|row| {
            let why = row.last_error.as_deref().unwrap_or_default();
            row.state == JobState::Dead && why.contains("stopped answering")
        });
        assert_eq!(given_up.count(), 3);
    }
}

async fn all(world: &World) -> Vec<Model> {
    jobs::Entity::find().all(world.app.db.read()).await.expect("reads")
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
