//! Periodic jobs, on whichever node looks first.

use std::time::Duration;

use futures::future::try_join_all;
use orderyard::{
    app::App,
    ids::ShopId,
    queue::{
        Attempt, Job, JobError,
        periodic::{Periodic, enqueue_due, every},
    },
    store::jobs,
};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde::{Deserialize, Serialize};

use crate::graphql::world::World;

/// Without a dedupe key: every time it is enqueued shows.
#[derive(Default, Serialize, Deserialize)]
struct Tick {}

impl Job for Tick {
    const NAME: &'static str = "tick";

    fn shop(&self) -> Option<ShopId> {
        None
    }

    async fn run(&self, _app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(())
    }
}

const HOURLY: &[Periodic] = &[every::<Tick>(|_| Duration::from_hours(1))];
const EVERY_MINUTE: &[Periodic] = &[every::<Tick>(|_| Duration::from_mins(1))];

async fn many_look(world: &World, jobs: &'static [Periodic]) -> u64 {
    try_join_all((0..6).map(|_| enqueue_due(&world.app, jobs)))
        .await
        .expect("looks");
    jobs::Entity::find().count(world.app.db.read()).await.expect("counts")
}

#[tokio::test]
async fn a_periodic_job_is_enqueued_once_per_interval() {
    for world in World::each(false).await {
        assert_eq!(many_look(&world, HOURLY).await, 0, "the first run is an interval away");
        world.app.clock.advance(Duration::from_mins(59));
        assert_eq!(many_look(&world, HOURLY).await, 0);
        world.app.clock.advance(Duration::from_mins(1));
        assert_eq!(many_look(&world, HOURLY).await, 1);
        assert_eq!(many_look(&world, HOURLY).await, 1);
        world.app.clock.advance(Duration::from_hours(5));
        assert_eq!(
            many_look(&world, HOURLY).await,
            2,
            "what was slept through is not made up for"
        );
        assert_eq!(
            many_look(&world, EVERY_MINUTE).await,
            3,
            "a shorter interval does not wait for the longer one"
        );
        let wait = enqueue_due(&world.app, EVERY_MINUTE).await.expect("looks");
        assert!(wait <= Duration::from_mins(1), "{wait:?}");
    }
}
