//! One round: an installation of its own, orders and kills, rest, and judgement. A run is cut into
//! rounds so that it stays bounded, and so that a failed one can be played again by itself.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use futures::stream::{FuturesUnordered, StreamExt as _};

use super::{
    customers,
    dice::Dice,
    evidence::{self, Seen},
    facts::Facts,
    keep::keep,
    reaper::{self, Pace},
    rules::{Violation, violations},
    settle,
    stage::Stage,
    telling, weather, witness,
};
use crate::harness::Database;

/// What one round is to be.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub database: Database,
    pub seed: u64,
    pub orders: u64,
    pub kills: u64,
    /// New orders per second, when nothing holds them up.
    pub rate: u64,
    /// How far a node's clock may be off. Suppliers refuse calls that are older than five minutes.
    pub clock_ms: u64,
    /// Whether webhooks are dropped for good, which only a sweep can mend.
    pub drops: bool,
}

impl Plan {
    /// How long everything may take to come to rest: more where more was ordered.
    fn patience(&self) -> Duration {
        Duration::from_mins(2) + Duration::from_millis(60) * u32::try_from(self.orders).unwrap_or(u32::MAX)
    }
}

/// What a round was.
pub struct Outcome {
    pub orders: usize,
    pub kills: u64,
    pub at_failpoints: u64,
    pub took: Duration,
    /// How much of it was the storm, and how much the coming to rest; the rest is setting the stage and judging.
    pub stormed: Duration,
    pub settled: Duration,
    /// How often each kind of fault happened.
    pub faults: Tally,
    /// Orders by the status shown, and open exceptions by kind.
    pub statuses: Tally,
    pub exceptions: Tally,
    pub violations: Vec<Violation>,
    pub report: String,
}

pub async fn play(plan: Plan) -> Outcome {
    let began = Instant::now();
    let stage = Stage::set(plan.database, plan.seed, plan.orders).await;
    let pace = Pace {
        orders: plan.orders,
        kills: plan.kills,
        ..Pace::default()
    };
    let cancelled = Mutex::new(BTreeMap::new());
    let storm_began = Instant::now();
    storm(&stage, plan, &pace, &cancelled).await;
    let stormed = storm_began.elapsed();
    weather::clear_up(&stage, plan);
    let settle_began = Instant::now();
    let settled = settle::settle(&stage, plan.patience()).await;
    let settling = settle_began.elapsed();
    for node in &stage.nodes {
        node.measure().await;
    }
    let seen = Seen {
        cancelled: cancelled.into_inner().expect("nobody panics with it"),
        settled,
    };
    let mut facts = evidence::collect(&stage, &seen).await;
    let violations = violations(&facts);
    read_histories(&stage, &mut facts, &violations).await;
    let mut report = telling::tell(&facts, &violations, &stage.chronicle.happenings());
    if !violations.is_empty() {
        for node in &stage.nodes {
            node.kill().await;
        }
        let kept = keep(&stage, &report);
        let _ = writeln!(report, "kept in {}", kept.display());
    }
    let (statuses, exceptions) = tallies(&facts);
    Outcome {
        orders: facts.orders.len(),
        kills: pace.killed.load(Ordering::Relaxed),
        at_failpoints: pace.at_failpoints.load(Ordering::Relaxed),
        took: began.elapsed(),
        stormed,
        settled: settling,
        faults: faults(&stage),
        statuses,
        exceptions,
        violations,
        report,
    }
}

/// Orders, kills and faults, until the last order has had its last change.
async fn storm(stage: &Stage, plan: Plan, pace: &Pace, cancelled: &witness::Cancelled) {
    // The setup ran on nodes that the reaper now takes over.
    for node in &stage.nodes {
        node.kill().await;
    }
    let arrivals = async {
        arrive(stage, plan, pace).await;
        pace.over.store(true, Ordering::Relaxed);
    };
    let lives = async {
        let mut lives: FuturesUnordered<_> = (0..stage.nodes.len())
            .map(|index| reaper::lives(stage, index, pace, plan.seed))
            .collect();
        while lives.next().await.is_some() {}
    };
    let weather = weather::blow(stage, pace, plan);
    tokio::join!(arrivals, lives, weather, witness::watch(stage, pace, cancelled));
    // The last lives may end at a failpoint yet: the calm begins with fresh ones.
    weather::clear_up(stage, plan);
    for node in &stage.nodes {
        node.kill().await;
        pace.killed.fetch_add(1, Ordering::Relaxed);
        stage.chronicle.note(format!("last kill -9 of node {}", node.name));
        node.start(None).await;
    }
    for node in &stage.nodes {
        node.wait_until_ready(&stage.http, super::stage::START).await;
    }
}

async fn arrive(stage: &Stage, plan: Plan, pace: &Pace) {
    let mut dice = Dice::of(plan.seed, "arrivals", 0);
    let mut lives = FuturesUnordered::new();
    let mean_ms = 1000 / plan.rate.max(1);
    for index in 0..plan.orders {
        lives.push(customers::live(stage, plan.seed, index));
        pace.ordered.fetch_add(1, Ordering::Relaxed);
        let next = tokio::time::sleep(Duration::from_millis(dice.between(0, 2 * mean_ms)));
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = &mut next => break,
                Some(_) = lives.next() => {}
            }
        }
        while pace.kills_lag() {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
                Some(_) = lives.next() => {}
            }
        }
    }
    while lives.next().await.is_some() {}
    let deadline = Instant::now() + Duration::from_secs(30);
    while pace.killed.load(Ordering::Relaxed) < pace.kills && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn read_histories(stage: &Stage, facts: &mut Facts, violations: &[Violation]) {
    for order in &mut facts.orders {
        if violations.iter().any(|violation| violation.order == Some(order.id))
            && let Some(shown) = &mut order.shown
        {
            shown.events = witness::history(stage, &order.name).await;
        }
    }
}

/// Numbers by what is counted.
pub type Tally = BTreeMap<String, u64>;

/// What went wrong on purpose, everywhere.
fn faults(stage: &Stage) -> Tally {
    let mut faults = stage.chronicle.counts();
    let at_shopify = stage.shopify.faults().struck();
    faults.extend(at_shopify.into_iter().map(|(kind, times)| (kind.to_owned(), times)));
    let calls = stage.suppliers.values().flat_map(sandbox::Supplier::calls);
    for fault in calls.filter_map(|call| call.fault) {
        *faults.entry(weather::name(fault).to_owned()).or_default() += 1;
    }
    faults
}

fn tallies(facts: &Facts) -> (Tally, Tally) {
    let (mut statuses, mut exceptions) = (Tally::new(), Tally::new());
    for order in &facts.orders {
        let status = order.shown.as_ref().map_or("unknown", |shown| shown.status.as_str());
        *statuses.entry(status.to_owned()).or_default() += 1;
        for exception in order.shown.iter().flat_map(super::facts::Shown::open_exceptions) {
            *exceptions.entry(exception.kind.clone()).or_default() += 1;
        }
    }
    (statuses, exceptions)
}
