//! The long storm of `make chaos`: many rounds, by turns on each database, which go on whatever one of
//! them broke, and a sum of them all at the end.

use std::{collections::BTreeMap, fmt::Write as _, panic::AssertUnwindSafe, time::Instant};

use futures::{FutureExt as _, StreamExt as _, stream};

use super::{
    CLOCK_MS, clock_ms, keep,
    reaper::ENDED_AT,
    round::{Outcome, Plan, Tally, play},
    weather::RESTARTS,
};
use crate::harness::Database;

/// New orders per second: about what an installation takes that is killed all the time, as it was built.
const RATE: u64 = if cfg!(debug_assertions) { 12 } else { 60 };

/// With so many each failpoint has had its turn so often that one at which nothing ends is not on any way.
const KILLS_AT_EVERY_PLACE: u64 = 1000;

/// What `make chaos` asks for.
struct Run {
    seed: u64,
    orders: u64,
    kills: u64,
    round_orders: u64,
    rate: u64,
    clock_ms: u64,
    /// Rounds that are played beside one another: while one comes to rest, another storms.
    at_once: u64,
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
            at_once: number("CHAOS_AT_ONCE", 1).max(1),
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

/// Plays every round that the environment asks for, and fails at the end if one of them failed.
pub async fn blow() {
    let run = Run::from_environment();
    keep::forget();
    println!(
        "chaos: seed {}, {} orders, {} kills, {} rounds",
        run.seed,
        run.orders,
        run.kills,
        run.rounds()
    );
    let rounds = run.only_round.map_or(0..run.rounds(), |round| round..round + 1);
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut failed = Vec::new();
    let began = Instant::now();
    // A round that cannot be played to its end is as bad as one that breaks something, and ends as little.
    let playing = stream::iter(rounds).map(async |round| {
        let plan = run.plan(round);
        (round, plan, AssertUnwindSafe(play(plan)).catch_unwind().await.ok())
    });
    let at_once = usize::try_from(run.at_once).unwrap_or(1);
    let mut playing = std::pin::pin!(playing.buffer_unordered(at_once));
    while let Some((round, plan, outcome)) = playing.next().await {
        match &outcome {
            Some(outcome) => println!("round {round} {}{}", told(&plan, outcome), outcome.report),
            None => println!("round {round} on {} came to no end", plan.database.name()),
        }
        if outcome.as_ref().is_none_or(|outcome| !outcome.violations.is_empty()) {
            println!("to play it again: {}", run.replay(round));
            failed.push(round);
        }
        sums.entry(plan.database.name()).or_default().add(outcome);
    }
    for (database, sum) in &sums {
        println!("chaos on {database}: {sum}");
    }
    println!(
        "chaos: {} s, seed {}; failed rounds: {failed:?}",
        began.elapsed().as_secs(),
        run.seed
    );
    let unreached = unreached(&sums);
    if !unreached.is_empty() {
        println!("chaos: no process ended at {unreached:?}");
    }
    assert!(failed.is_empty(), "play one again: {}", run.replay(failed[0]));
    let is_long_enough = run.kills >= KILLS_AT_EVERY_PLACE && run.only_round.is_none();
    assert!(unreached.is_empty() || !is_long_enough, "never reached: {unreached:?}");
}

/// Failpoints at which no process ended.
fn unreached(sums: &BTreeMap<&str, Sum>) -> Vec<&'static str> {
    let is_reached = |place: &str| {
        let at = format!("{ENDED_AT}{place}");
        sums.values().any(|sum| sum.faults.contains_key(&at))
    };
    let places = orderyard::failpoint::PLACES.iter().copied();
    places.filter(|place| !is_reached(place)).collect()
}

/// What the rounds on one database were, together.
#[derive(Default)]
struct Sum {
    rounds: u64,
    /// Of these, the ones that a panic ended.
    unfinished: u64,
    orders: usize,
    kills: u64,
    at_failpoints: u64,
    faults: Tally,
    statuses: Tally,
    exceptions: Tally,
    /// By invariant.
    violations: Tally,
}

impl Sum {
    fn add(&mut self, outcome: Option<Outcome>) {
        self.rounds += 1;
        let Some(outcome) = outcome else {
            self.unfinished += 1;
            return;
        };
        self.orders += outcome.orders;
        self.kills += outcome.kills;
        self.at_failpoints += outcome.at_failpoints;
        for (sum, of_round) in [
            (&mut self.faults, outcome.faults),
            (&mut self.statuses, outcome.statuses),
            (&mut self.exceptions, outcome.exceptions),
        ] {
            for (kind, times) in of_round {
                *sum.entry(kind).or_default() += times;
            }
        }
        for violation in outcome.violations {
            *self.violations.entry(violation.invariant.to_string()).or_default() += 1;
        }
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let restarts = self.faults.iter().filter(|(kind, _)| kind.starts_with(RESTARTS));
        write!(
            f,
            "{} rounds ({} unfinished), {} orders, {} kills ({} at random, {} at failpoints), {} restarts of PostgreSQL, {} violations",
            self.rounds,
            self.unfinished,
            self.orders,
            self.kills,
            self.kills - self.at_failpoints,
            self.at_failpoints,
            restarts.map(|(_, times)| times).sum::<u64>(),
            self.violations.values().sum::<u64>(),
        )?;
        let mut text = String::new();
        for (title, tally) in [
            ("violations", &self.violations),
            ("faults", &self.faults),
            ("orders in the end", &self.statuses),
            ("open exceptions", &self.exceptions),
        ] {
            if !tally.is_empty() {
                let _ = write!(text, "\n  {title}:");
            }
            for (kind, times) in tally {
                let _ = write!(text, "\n    {times:>8}  {kind}");
            }
        }
        f.write_str(&text)
    }
}

/// One round in a few lines.
pub fn told(plan: &Plan, outcome: &Outcome) -> String {
    format!(
        "on {}: {} orders, {} kills ({} at failpoints), {} s ({} s of storm, {} s until rest), {} violations\n  orders: {:?}\n  open exceptions: {:?}\n  faults: {:?}\n",
        plan.database.name(),
        outcome.orders,
        outcome.kills,
        outcome.at_failpoints,
        outcome.took.as_secs(),
        outcome.stormed.as_secs(),
        outcome.settled.as_secs(),
        outcome.violations.len(),
        outcome.statuses,
        outcome.exceptions,
        outcome.faults,
    )
}
