//! One node tells another of its jobs and webhook calls.

use std::{sync::atomic::Ordering, time::Duration};

use orderyard::{
    actions::import_order::ImportOrder,
    ids::{ShopId, ShopifyOrderId},
    queue::{When, enqueue},
    store::{
        Db,
        wakeups::{hear_others, tell_others},
    },
};
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::graphql::world::World;

const LOST: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'LISTEN%'";

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .unwrap_or_else(|_| panic!("never: {what}"))
}

async fn add(world: &World, order: i64) {
    let job = ImportOrder {
        shop_id: ShopId(1),
        shopify_id: ShopifyOrderId(order),
    };
    let tx = world.tx().await;
    enqueue(&tx, &job, When::now(1_000)).expect("is added");
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn a_node_hears_of_jobs_that_another_one_adds() {
    for world in World::each(false).await {
        if world.app.db.backend() != DbBackend::Postgres {
            continue;
        }
        let config = &world.app.config.database;
        let other = Db::open(config).await.expect("opens");
        let story = async {
            for round in 0..2 {
                soon("the other node listens", async {
                    while !other.hears_others().load(Ordering::Relaxed) {
                        tokio::task::yield_now().await;
                    }
                })
                .await;
                // A look for what was told before it listened.
                soon("it looks", other.jobs_added().notified()).await;
                add(&world, round).await;
                soon("it is told", other.jobs_added().notified()).await;
                // The same news may be of webhook calls.
                soon("it looks there too", other.inbox_filled().notified()).await;
                world.app.db.mark_inbox_filled();
                soon("it is told of calls", other.inbox_filled().notified()).await;
                other
                    .read()
                    .execute_unprepared(LOST)
                    .await
                    .expect("the connection is lost");
                soon("it looks again", other.jobs_added().notified()).await;
                add(&world, 100 + round).await;
                soon("it is told again", other.jobs_added().notified()).await;
                other.jobs_added().notify_one();
            }
        };
        tokio::select! {
            () = tell_others(&world.app.db) => {}
            () = hear_others(&other, &config.url) => {}
            () = story => {}
        }
    }
}
