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
mod nodes;
mod reaper;
mod round;
mod rules;
mod rules_tests;
mod settle;
mod stage;
mod telling;
mod weather;
mod witness;

use std::time::Duration;

use rstest::rstest;

use self::round::{Outcome, Plan, play};
use crate::harness::Database;

/// How far a node's clock may be off: by far more than the storm's leases, which last two seconds.
/// Suppliers refuse calls that are older than five minutes.
const CLOCK_MS: u64 = 100_000;
/// On `SQLite` leases go by the clock of the one machine: one that jumps further takes its own work again.
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
        patience: Duration::from_mins(2),
    };
    let outcome = play(plan).await;
    print(&plan, 0, &outcome);
    assert!(outcome.violations.is_empty(), "{}", outcome.report);
}

/// New orders per second: about what an installation takes that is killed all the time, as it was built.
const RATE: u64 = if cfg!(debug_assertions) { 12 } else { 60 };

fn clock_ms(database: Database, wanted_ms: u64) -> u64 {
    match database {
        Database::Sqlite => wanted_ms.min(CLOCK_OF_SQLITE_MS),
        Database::Postgres => wanted_ms,
    }
}

/// What `make chaos` asks for.
struct Run {
    seed: u64,
    orders: u64,
    kills: u64,
    round_orders: u64,
    rate: u64,
    clock_ms: u64,
    only_round: Option<u64>,
    databases: Vec<Database>,
}

impl Run {
    fn from_environment() -> Self {
        #[expect(clippy::disallowed_methods, reason = "make says what kind of run it wants")]
        let read = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let number = |name: &str, default: u64| {
            read(name).map_or(default, |text| {
                text.parse()
                    .unwrap_or_else(|_| panic!("{name} is a number, not {text}"))
            })
        };
        let databases = match read("CHAOS_DATABASE").as_deref() {
            None | Some("both") => vec![Database::Sqlite, Database::Postgres],
            Some("sqlite") => vec![Database::Sqlite],
            Some("postgres") => vec![Database::Postgres],
            Some(other) => panic!("CHAOS_DATABASE is sqlite, postgres or both, not {other}"),
        };
        let orders = number("CHAOS_ORDERS", 3000);
        // A round begins with an installation and ends in rest, whatever its size: long runs have large ones.
        let round_orders = (orders / 20).clamp(400, 5000);
        Self {
            seed: number("CHAOS_SEED", rand::random::<u32>().into()),
            orders,
            kills: number("CHAOS_KILLS", 200),
            round_orders: number("CHAOS_ROUND_ORDERS", round_orders).max(1),
            rate: number("CHAOS_RATE", RATE),
            clock_ms: number("CHAOS_CLOCK_MS", CLOCK_MS),
            only_round: read("CHAOS_ROUND").map(|_| number("CHAOS_ROUND", 0)),
            databases,
        }
    }

    fn rounds(&self) -> u64 {
        self.orders.div_ceil(self.round_orders).max(1)
    }

    fn plan(&self, round: u64) -> Plan {
        let rounds = self.rounds();
        let share = |of: u64| of * (round + 1) / rounds - of * round / rounds;
        let which = usize::try_from(round).unwrap_or(0) % self.databases.len();
        Plan {
            database: self.databases[which],
            seed: self.seed.wrapping_add(round),
            orders: share(self.orders),
            kills: share(self.kills),
            rate: self.rate,
            clock_ms: clock_ms(self.databases[which], self.clock_ms),
            drops: true,
            patience: Duration::from_mins(5),
        }
    }

    /// The command that plays a round again.
    fn replay(&self, round: u64) -> String {
        let Self {
            seed,
            orders,
            kills,
            round_orders,
            rate,
            clock_ms,
            ..
        } = self;
        let database = match self.databases[..] {
            [Database::Sqlite] => "sqlite",
            [Database::Postgres] => "postgres",
            _ => "both",
        };
        format!(
            "make chaos SEED={seed} ORDERS={orders} KILLS={kills} ROUND_ORDERS={round_orders} RATE={rate} CLOCK_MS={clock_ms} DATABASE={database} ROUND={round}"
        )
    }
}

/// `make chaos`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: make chaos"]
async fn a_long_storm() {
    let run = Run::from_environment();
    println!(
        "chaos: seed {}, {} orders, {} kills, {} rounds",
        run.seed,
        run.orders,
        run.kills,
        run.rounds()
    );
    let rounds = run.only_round.map_or(0..run.rounds(), |round| round..round + 1);
    let (mut orders, mut kills, mut at_failpoints, mut failed) = (0, 0, 0, Vec::new());
    let began = std::time::Instant::now();
    for round in rounds {
        let plan = run.plan(round);
        let outcome = play(plan).await;
        print(&plan, round, &outcome);
        orders += outcome.orders;
        kills += outcome.kills;
        at_failpoints += outcome.at_failpoints;
        if !outcome.violations.is_empty() {
            println!("{}\nto play it again: {}", outcome.report, run.replay(round));
            failed.push(round);
        }
    }
    println!(
        "chaos: {orders} orders, {kills} kills ({at_failpoints} at failpoints), {} s, seed {}; failed rounds: {failed:?}",
        began.elapsed().as_secs(),
        run.seed
    );
    assert!(failed.is_empty(), "play one again: {}", run.replay(failed[0]));
}

fn print(plan: &Plan, round: u64, outcome: &Outcome) {
    println!(
        "round {round} on {:?}: {} orders, {} kills ({} at failpoints), {} s ({} s of storm), {} violations\n  orders: {:?}\n  open exceptions: {:?}",
        plan.database,
        outcome.orders,
        outcome.kills,
        outcome.at_failpoints,
        outcome.took.as_secs(),
        outcome.stormed.as_secs(),
        outcome.violations.len(),
        outcome.statuses,
        outcome.exceptions,
    );
}
