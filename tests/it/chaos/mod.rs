//! Chaos: real processes in a storm of orders, faults and kills, and a judge who looks only from
//! outside. The short form is part of the tests; `make chaos` is the long one.
//!
//! A module of the integration tests, not a program of its own: it needs their harness, the binary
//! that they are run with, and nothing else to build.

mod catalogue;
mod chronicle;
mod customers;
mod dice;
mod door;
mod evidence;
mod facts;
mod ground;
mod invariant;
mod keep;
mod long;
mod nodes;
mod reaper;
mod round;
mod rules;
mod rules_tests;
mod settle;
mod stage;
mod sums;
mod telling;
mod weather;
mod witness;

use rstest::rstest;

use self::round::{Plan, play};
use crate::harness::Database;

/// How far a node's clock may be off: by far more than the storm's leases, which last two seconds.
/// Suppliers refuse calls that are older than five minutes.
const CLOCK_MS: u64 = 100_000;
/// On `SQLite` leases go by the clock of the one machine: after a jump further than that, the work of a process
/// that was killed is taken over while its last call may still be under way.
const CLOCK_OF_SQLITE_MS: u64 = 700;

/// A short storm; another seed is tried with `make chaos`.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_storm(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plan = Plan {
        database,
        seed: 20_261_121,
        orders: 90,
        kills: 20,
        rate: 6,
        clock_ms: clock_ms(database, CLOCK_MS),
        drops: true,
    };
    let outcome = play(plan).await;
    print!("{}", long::told(&plan, &outcome));
    assert!(outcome.violations.is_empty(), "{}", outcome.report);
}

/// `make chaos`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: make chaos"]
async fn a_long_storm() {
    long::blow().await;
}

fn clock_ms(database: Database, wanted_ms: u64) -> u64 {
    match database {
        Database::Sqlite => wanted_ms.min(CLOCK_OF_SQLITE_MS),
        Database::Postgres => wanted_ms,
    }
}
