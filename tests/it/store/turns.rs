//! Whose job is next: fair between shops, in order on one key.

use std::time::Duration;

use orderyard::{
    actions::process_delivery::ProcessDelivery,
    app::App,
    ids::{DeliveryId, ShopId},
    queue::{
        Attempt, Job, JobError, Priority, When, enqueue,
        turns::{Pause, Turns, Wanted},
    },
    store::jobs::{self, Held, JobState, Model},
    worker,
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::graphql::world::World;

#[derive(Serialize, Deserialize)]
struct Work {
    shop: i64,
    key: Option<String>,
}

impl Job for Work {
    const NAME: &'static str = "work";

    fn shop(&self) -> Option<ShopId> {
        Some(ShopId(self.shop))
    }

    fn serial_key(&self) -> Option<String> {
        self.key.clone()
    }

    async fn run(&self, _app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

/// The same, but somebody waits for it.
#[derive(Serialize, Deserialize)]
struct Click(Work);

impl Job for Click {
    const NAME: &'static str = "click";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        self.0.shop()
    }

    fn serial_key(&self) -> Option<String> {
        self.0.serial_key()
    }

    async fn run(&self, _app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

/// The same, but it may take its time.
#[derive(Serialize, Deserialize)]
struct Sweep(Work);

impl Job for Sweep {
    const NAME: &'static str = "sweep";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        self.0.shop()
    }

    async fn run(&self, _app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

fn work(shop: i64, key: Option<&str>) -> Work {
    Work {
        shop,
        key: key.map(str::to_owned),
    }
}

fn triggered(at_ms: i64) -> When {
    When {
        triggered_at_ms: at_ms,
        ..When::now(1_000)
    }
}

async fn add(world: &World, jobs: impl IntoIterator<Item = (Work, When)>) {
    let tx = world.tx().await;
    for (job, when) in jobs {
        enqueue(&tx, &job, when).expect("is added");
    }
    tx.commit().await.expect("commits");
}

/// Takes at most so many jobs.
async fn take(world: &World, turns: &mut Turns, jobs: u64) -> Vec<Model> {
    let wanted = Wanted {
        lease_id: Uuid::now_v7(),
        now_ms: 10_000,
        lease: Duration::from_secs(10),
        jobs,
        background: jobs,
    };
    let tx = world.tx().await;
    let (taken, _) = turns.take(&tx, wanted).await.expect("takes");
    tx.commit().await.expect("commits");
    taken
}

async fn finish(world: &World, jobs: &[Model]) {
    let held: Vec<Held> = jobs
        .iter()
        .map(|job| Held {
            id: job.id,
            lease_id: job.lease_id.expect("leased"),
            serial_key: job.serial_key.clone(),
        })
        .collect();
    let tx = world.tx().await;
    jobs::finish(&tx, &held).expect("finishes");
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn one_job_does_not_wait_for_another_shops_thousands() {
    for world in World::each(false).await {
        add(&world, (0..2_000).map(|_| (work(1, None), triggered(10)))).await;
        add(
            &world,
            [(work(2, None), triggered(900)), (work(3, None), triggered(900))],
        )
        .await;
        let mut turns = Turns::default();
        let mut shops = Vec::new();
        for _ in 0..6 {
            let taken = take(&world, &mut turns, 1).await;
            shops.push(taken[0].shop_id.expect("a shop").0);
        }
        assert_eq!(shops, [1, 2, 3, 1, 1, 1], "one turn each, one by one");
        add(&world, [(work(2, None), triggered(900))]).await;
        let taken = take(&world, &mut turns, 8).await;
        assert!(taken.iter().any(|job| job.shop_id == Some(ShopId(2))), "and in one go");
    }
}

#[tokio::test]
async fn what_somebody_waits_for_goes_first_and_the_rest_is_not_forgotten() {
    for world in World::each(false).await {
        add(&world, (0..20).map(|_| (work(1, None), triggered(10)))).await;
        let tx = world.tx().await;
        for _ in 0..20 {
            enqueue(&tx, &Click(work(1, None)), triggered(900)).expect("is added");
        }
        tx.commit().await.expect("commits");
        let mut turns = Turns::default();
        let mut names = Vec::new();
        for _ in 0..8 {
            names.extend(take(&world, &mut turns, 1).await.into_iter().map(|job| job.name));
        }
        assert_eq!(names[..3], ["click", "click", "click"]);
        assert_eq!(names.iter().filter(|name| *name == "work").count(), 1, "{names:?}");
    }
}

/// Thousands of jobs would find out one by one that their shop's API is to be spared.
#[tokio::test]
async fn a_lane_that_is_paused_is_passed_over_but_for_what_somebody_waits_for() {
    for world in World::each(false).await {
        add(
            &world,
            (0..20)
                .flat_map(|_| [1, 2, 3])
                .map(|shop| (work(shop, None), triggered(10))),
        )
        .await;
        add(&world, [(work(4, None), triggered(900))]).await;
        let tx = world.tx().await;
        enqueue(&tx, &Click(work(1, None)), triggered(900)).expect("is added");
        tx.commit().await.expect("commits");
        let mut turns = Turns::default();
        for shop in [1, 2, 3] {
            turns.pause(pause(shop, 15_000));
        }
        let mut taken = take(&world, &mut turns, 2).await;
        taken.extend(take(&world, &mut turns, 2).await);
        let mut found: Vec<_> = taken.iter().map(|job| (job.name.as_str(), job.lane)).collect();
        found.sort_unstable();
        assert_eq!(found, [("click", 1), ("work", 4)]);
        turns.pause(pause(1, 9_999));
        let taken = take(&world, &mut turns, 2).await;
        assert!(
            !taken.is_empty() && taken.iter().all(|job| job.lane == 1),
            "the pause is over: {taken:?}"
        );
    }
}

fn pause(lane: i64, until_ms: i64) -> Pause {
    Pause {
        lane,
        until_ms,
        background_only: false,
    }
}

/// A sweep that steps back for a shop's own work must not have that wait with it.
#[tokio::test]
async fn what_may_take_its_time_and_steps_back_holds_up_only_its_like() {
    for world in World::each(false).await {
        add(&world, (0..3).map(|_| (work(1, None), triggered(10)))).await;
        let tx = world.tx().await;
        for shop in [1, 2] {
            enqueue(&tx, &Sweep(work(shop, None)), triggered(10)).expect("is added");
        }
        tx.commit().await.expect("commits");
        let mut turns = Turns::default();
        turns.pause(Pause {
            background_only: true,
            ..pause(1, 15_000)
        });
        let mut found = Vec::new();
        for _ in 0..8 {
            let taken = take(&world, &mut turns, 4).await;
            found.extend(taken.into_iter().map(|job| (job.name, job.lane)));
        }
        found.sort_unstable();
        let work = || ("work".to_owned(), 1);
        assert_eq!(found, [("sweep".to_owned(), 2), work(), work(), work()]);
    }
}

#[tokio::test]
async fn a_key_is_strictly_serial_and_in_order_whatever_the_priorities() {
    for world in World::each(false).await {
        // More than a lane's window shows, and something else behind them.
        let order = [7, 3, 9, 1, 8, 2, 6, 4, 5, 10, 12, 11];
        add(&world, order.map(|at| (work(1, Some("a")), triggered(at)))).await;
        add(&world, [(work(1, Some("b")), triggered(500))]).await;
        let tx = world.tx().await;
        let click = Click(work(1, Some("a")));
        enqueue(&tx, &click, triggered(13)).expect("is added");
        tx.commit().await.expect("commits");

        let mut turns = Turns::default();
        let (mut done, mut others) = (Vec::new(), 0);
        for _ in 0..40 {
            let taken = take(&world, &mut turns, 4).await;
            let (of_key, other): (Vec<_>, Vec<_>) = taken
                .iter()
                .cloned()
                .partition(|job| job.serial_key.as_deref() == Some("a"));
            assert!(of_key.len() <= 1, "two at once: {of_key:?}");
            others += other.len();
            // While one of the key runs, nobody else gets one.
            let meanwhile = take(&world, &mut Turns::default(), 4).await;
            assert!(of_key.is_empty() || meanwhile.iter().all(|job| job.serial_key.as_deref() != Some("a")));
            others += meanwhile
                .iter()
                .filter(|job| job.serial_key.as_deref() == Some("b"))
                .count();
            done.extend(of_key.iter().map(|job| job.triggered_at_ms));
            let all: Vec<Model> = taken.into_iter().chain(meanwhile).collect();
            finish(&world, &all).await;
        }
        assert_eq!(done, (1..=13).collect::<Vec<i64>>());
        assert_eq!(others, 1);
        assert_eq!(
            jobs::Entity::find().count(world.app.db.read()).await.expect("counts"),
            0
        );
    }
}

#[tokio::test]
async fn a_worker_that_stops_keeps_nothing() {
    for world in World::each(false).await {
        // Some fail, since no such job is known; others find nothing to do.
        add(&world, (0..200).map(|n| (work(n % 7, Some("a")), triggered(n)))).await;
        let tx = world.tx().await;
        for _ in 0..400 {
            let delivery_id = DeliveryId::generate();
            enqueue(
                &tx,
                &ProcessDelivery {
                    delivery_id,
                    shop_id: None,
                },
                triggered(10),
            )
            .expect("is added");
        }
        tx.commit().await.expect("commits");
        let app = world.app.clone();
        let stop = async {
            while count(&world, JobState::Ready).await > 300 {
                tokio::task::yield_now().await;
            }
            app.stopping.cancel();
        };
        tokio::join!(worker::work(world.app.clone()), stop);
        assert_eq!(count(&world, JobState::Running).await, 0);
        assert!(
            count(&world, JobState::Ready).await > 0,
            "it stopped before everything was done"
        );
    }
}

async fn count(world: &World, state: JobState) -> u64 {
    jobs::Entity::find()
        .filter(jobs::Column::State.eq(state))
        .count(world.app.db.read())
        .await
        .expect("counts")
}
