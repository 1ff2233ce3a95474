//! Kills nodes: at named failpoints, and at any moment. The kills keep pace with the orders.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use super::{
    dice::Dice,
    nodes::Start,
    stage::{START, Stage},
};

/// How long a process may take to come to its failpoint before it is killed where it is.
const PATIENCE: Duration = Duration::from_secs(4);

/// The same for a place that few orders come by, or that is come by from time to time only.
const PATIENCE_FOR_RARE: Duration = Duration::from_secs(12);

/// Orders and kills so far, which wait for each other.
#[derive(Default)]
pub struct Pace {
    pub orders: u64,
    pub kills: u64,
    pub ordered: AtomicU64,
    pub killed: AtomicU64,
    /// How many of the kills happened at a failpoint.
    pub at_failpoints: AtomicU64,
    /// Nothing more is to happen.
    pub over: AtomicBool,
    /// Processes end for a reason of the tester's, such as a database that is away.
    pub excused: AtomicBool,
}

impl Pace {
    /// Whether as many kills happened as belong to the orders so far.
    pub fn kills_lag(&self) -> bool {
        let due = self.ordered.load(Ordering::Relaxed) * self.kills / self.orders.max(1);
        self.killed.load(Ordering::Relaxed) + 2 < due
    }

    fn may_kill(&self) -> bool {
        let next = self.killed.load(Ordering::Relaxed) + 1;
        next <= self.kills && next * self.orders <= (self.ordered.load(Ordering::Relaxed) + 1) * self.kills
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// One node's lives, until the round is over; the last one goes on.
pub async fn lives(stage: &Stage, index: usize, pace: &Pace, seed: u64) {
    let node = &stage.nodes[index];
    let mut dice = Dice::of(seed, "reaper", index as u64);
    while !pace.is_over() {
        let failpoint = next_failpoint(&mut dice, pace, index);
        begin(stage, index, failpoint.as_deref(), pace).await;
        // What is left of the round without a kill belongs to this life.
        while !pace.is_over() && !pace.may_kill() {
            if let Some(status) = node.ended().await {
                note_end(stage, index, failpoint.as_deref(), &format!("{status}"), pace);
                begin(stage, index, None, pace).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if pace.is_over() {
            break;
        }
        let patience = match &failpoint {
            Some(failpoint) if is_rare(place_of(failpoint)) => PATIENCE_FOR_RARE,
            Some(_) => PATIENCE,
            None => Duration::from_millis(dice.between(0, 2500)),
        };
        if let Some(status) = node.wait_for_end(patience).await {
            note_end(stage, index, failpoint.as_deref(), &format!("{status}"), pace);
        } else {
            node.kill().await;
            stage.chronicle.note(format!("kill -9 of node {}", node.name));
            pace.killed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Every place comes up in turn, for half of the lives.
fn next_failpoint(dice: &mut Dice, pace: &Pace, index: usize) -> Option<String> {
    let places = orderyard::failpoint::PLACES;
    let turn = usize::try_from(pace.killed.load(Ordering::Relaxed)).unwrap_or(0) + index;
    let name = places[turn / 2 % places.len()];
    let nth = if is_rare(name) { 1 } else { dice.between(1, 3) };
    turn.is_multiple_of(2).then(|| format!("{name}:{nth}"))
}

fn is_rare(place: &str) -> bool {
    !orderyard::failpoint::on_every_way().any(|other| other == place)
}

/// The name without the number of times.
fn place_of(failpoint: &str) -> &str {
    failpoint.split(':').next().unwrap_or(failpoint)
}

/// Starts the node until it serves: a database that is away ends a start.
async fn begin(stage: &Stage, index: usize, failpoint: Option<&str>, pace: &Pace) {
    let node = &stage.nodes[index];
    let deadline = tokio::time::Instant::now() + START;
    node.ended().await;
    loop {
        node.start(failpoint).await;
        match node.wait_until_ready(&stage.http, START).await {
            Start::Ready => {
                let until = failpoint.map_or(String::new(), |place| format!(" until {place}"));
                return stage.chronicle.note(format!("node {} serves{until}", node.name));
            }
            Start::Ended(status) if failpoint.is_some() && status.code().is_none() => {
                // It came to its failpoint before anybody asked whether it serves.
                note_end(stage, index, failpoint, "in its start", pace);
                return Box::pin(begin(stage, index, None, pace)).await;
            }
            Start::Ended(_) | Start::Late => {
                node.kill().await;
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "node {} never starts again: see {}",
                    node.name,
                    node.log().display()
                );
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn note_end(stage: &Stage, index: usize, failpoint: Option<&str>, how: &str, pace: &Pace) {
    let name = &stage.nodes[index].name;
    match failpoint {
        Some(failpoint) => {
            stage.chronicle.note(format!("node {name} ended at {failpoint}: {how}"));
            pace.killed.fetch_add(1, Ordering::Relaxed);
            pace.at_failpoints.fetch_add(1, Ordering::Relaxed);
            stage.chronicle.count(&format!("{ENDED_AT}{}", place_of(failpoint)));
        }
        None if pace.excused.load(Ordering::Relaxed) => {
            stage
                .chronicle
                .note(format!("node {name} ended with its database: {how}"));
        }
        None => stage.chronicle.note(format!("{BY_ITSELF}: node {name}, {how}")),
    }
}

/// How ends at a failpoint are counted, before its name.
pub const ENDED_AT: &str = "process: ended at ";

/// How the chronicle says that a process ended without a kill.
pub const BY_ITSELF: &str = "ended by itself";
