//! How many jobs a worker gets through, with and without many others waiting.
//! Only on request, since it measures: `cargo test -- --ignored throughput`
//! writes its figures to `orderyard-throughput.txt` in the temporary folder.

use std::{fmt::Write as _, time::Instant};

use orderyard::worker;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::graphql::world::World;

/// Adds jobs that find nothing to do, each on a key of its own.
async fn add(world: &World, count: u32, shop: i64, run_at_ms: i64) {
    let db = world.app.db.read();
    let id = if world.app.db.backend() == DbBackend::Postgres {
        "gen_random_uuid()"
    } else {
        "randomblob(16)"
    };
    let sql = format!(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < {count})
         insert into jobs (id, name, payload, shop_id, serial_key, state, waits_for, priority, lane, run_at_ms, triggered_at_ms, attempts, created_at_ms)
         select {id}, 'process_delivery', '{{\"delivery_id\":\"00000000-0000-7000-8000-000000000000\"}}', {shop},
           'order:{shop}:' || ({run_at_ms} + i), 'ready', 'turn', 1, {shop}, {run_at_ms} + i, {run_at_ms} + i, 0, {run_at_ms} from n"
    );
    db.execute_unprepared(&sql).await.expect(&sql);
}

/// When the first job of a shop that still waits was to run: they are taken in
/// that order, one in each millisecond. None when none waits.
async fn first(world: &World, shop: i64) -> Option<i64> {
    let db = world.app.db.read();
    let sql = format!(
        "select run_at_ms from jobs where state = 'ready' and waits_for = 'turn' and priority = 1 and lane = {shop}
         order by run_at_ms limit 1"
    );
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("reads");
    row.map(|row| row.try_get_by_index(0).expect("a number"))
}

/// Jobs per second, while a worker does `wanted` jobs of one shop.
async fn pace(world: &World, shop: i64, wanted: i64) -> f64 {
    let before = first(world, shop).await.expect("some wait");
    let began = Instant::now();
    let mut done = 0;
    tokio::select! {
        () = worker::work(world.app.clone()) => {}
        () = async {
            while done < wanted {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                done = first(world, shop).await.map_or(wanted, |first| first - before);
            }
        } => {}
    }
    f64::from(i32::try_from(done).expect("few")) / began.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn throughput() {
    let mut report = String::new();
    for world in World::each(false).await {
        let past = world.app.clock.now_ms() - 100_000_000;
        let backend = world.app.db.backend();
        add(&world, 10_000, 1, past).await;
        let alone = Box::pin(pace(&world, 1, 10_000)).await;
        writeln!(report, "{backend:?} alone: {alone:.0} jobs/s").expect("text");
        for part in 0..10 {
            add(&world, 100_000, 2, past + part * 100_000).await;
        }
        add(&world, 1, 3, past + 50_000_000).await;
        let amid = Box::pin(pace(&world, 2, 2_000)).await;
        writeln!(report, "{backend:?} amid a million: {amid:.0} jobs/s").expect("text");
        assert_eq!(first(&world, 3).await, None, "another shop's job was done between");
    }
    std::fs::write(std::env::temp_dir().join("orderyard-throughput.txt"), report).expect("a file");
}
