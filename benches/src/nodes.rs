//! What a second node adds, where suppliers are what is waited for.

use std::time::Duration;

use crate::{
    Failure, Options,
    intake::postgres,
    pipeline::{Suppliers, World},
    report::{NodesRow, Results},
};

/// How long suppliers take to answer.
const PAUSE: Duration = Duration::from_millis(200);
/// Jobs at a time in each node: few enough that waiting is the limit, not the cores that all share.
const CONCURRENCY: &str = "4";
const MOST_ORDERS: usize = 400;

pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    if !options.wants("nodes") {
        return Ok(());
    }
    std::fs::create_dir_all(&options.folder)?;
    for nodes in [1, 2] {
        let Some(database) = postgres("bench_nodes")? else {
            return Ok(());
        };
        eprintln!("bench: nodes, {nodes}");
        let mut world = World::build(options, Suppliers::One, "nodes", &database).await?;
        world.stop_program();
        world.start_node(options, "web", &[]).await?;
        for _ in 0..nodes {
            let concurrency = [("WORKER_CONCURRENCY", CONCURRENCY)];
            world.start_node(options, "worker", &concurrency).await?;
        }
        let orders = options.orders.min(MOST_ORDERS);
        world.slow_down(orders, PAUSE);
        let pace = world.play(orders).await?;
        results.nodes.push(NodesRow {
            nodes,
            orders,
            per_second: pace.per_second,
        });
    }
    Ok(())
}
