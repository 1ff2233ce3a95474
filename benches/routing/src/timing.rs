//! How long routing takes, on one core and on two.

use std::time::Instant;

use orderyard::routing::{RoutePlan, RouteRequest, route, terms::Detail};
use routing_bench::{
    instances::{Dice, float},
    shops,
};

use crate::{
    proof::model,
    report::{Table, mean, quantile},
    target::Target,
};

/// Orders of 50 lines are few in life; these many tell the p99.
const LARGE: u64 = 1_000;
/// Of a what-if whose time has a target.
const MANY: u64 = 100_000;

/// Also what is to be reached: of a what-if only where it has as many orders as its target speaks of.
pub fn table(orders: u64) -> (Table, Vec<Target>) {
    let detailed = |detail: Detail| {
        move |seed: u64| {
            let mut dice = Dice::new(seed);
            let lines = dice.roll(1, 8);
            let mut request = shops::order(&mut dice, 10, lines);
            model(&mut request).effort.detail = detail;
            request
        }
    };
    let large = |seed: u64| {
        let mut request = shops::order(&mut Dice::new(seed), 14, 50);
        model(&mut request).effort.detail = Detail::Decision;
        request
    };
    let what_if = what_if(orders, detailed(Detail::Decision));
    let usual = Row::measured(
        "1–8 lines × 10 suppliers, decision",
        20_000.min(orders),
        detailed(Detail::Decision),
    );
    let told = Row::measured(
        "1–8 lines × 10 suppliers, with runner-ups",
        20_000.min(orders),
        detailed(Detail::RunnerUps),
    );
    let large = Row::measured("50 lines × 14 suppliers, decision", LARGE.min(orders), large);
    let targets = targets(orders, &usual, &told, &large, what_if);
    let table = Table {
        title: "Time",
        note: format!(
            "Orders of a shop whose suppliers have most products, price lists, stock, fees and six weight \
             brackets. *Proven* are those whose plan is proven to be the cheapest; *gap* is what the others \
             admit to at most. Each order is timed three times, and the quickest counts. Targets are those of the \
             decision: `--check` goes by the rows *decision*, and tells how *with runner-ups*, which is what is done \
             with an order that is placed, stands to the same numbers. A what-if over {orders} orders of 1–8 lines × \
             10 suppliers, on two cores, took **{what_if:.1} s**."
        ),
        head: vec![
            "orders of",
            "orders",
            "p50",
            "p95",
            "p99",
            "most",
            "proven",
            "gap, mean",
            "gap, most",
        ],
        rows: vec![
            usual.cells(),
            Row::measured(
                "1–8 lines × 10 suppliers, explained",
                20_000.min(orders),
                detailed(Detail::Candidates),
            )
            .cells(),
            told.cells(),
            large.cells(),
        ],
    };
    (table, targets)
}

/// What is to be reached; `what_if` is in seconds.
fn targets(orders: u64, usual: &Row, told: &Row, large: &Row, what_if: f64) -> Vec<Target> {
    let median = |row: &Row| Target::new(format!("median of {}", row.name), row.micros(500), 50.0, "µs");
    let p99 = |row: &Row, most| {
        let what = format!("p99 of {}", row.name);
        Target::new(what, row.micros(990) / 1_000.0, most, "ms")
    };
    let mut targets = vec![
        median(usual),
        p99(usual, 2.0),
        // Up to eight more searches, in a job that nobody waits for: docs/ROUTING.md.
        median(told).only_told(),
        p99(told, 2.0).only_told(),
        p99(large, 50.0),
    ];
    if orders >= MANY {
        let what = format!("a what-if over {orders} orders, on two cores");
        targets.push(Target::new(
            what,
            what_if * float_of(MANY) / float_of(orders),
            30.0,
            "s",
        ));
    }
    targets
}

#[expect(clippy::cast_precision_loss, reason = "counts of a measurement are small")]
const fn float_of(count: u64) -> f64 {
    count as f64
}

/// Orders of one kind: how long each took, and the gaps of those that are not proven.
struct Row {
    name: &'static str,
    /// Microseconds, the quickest first.
    times: Vec<f64>,
    gaps: Vec<f64>,
}

impl Row {
    fn measured(name: &'static str, orders: u64, make: impl Fn(u64) -> RouteRequest) -> Self {
        let mut times = Vec::new();
        let mut gaps = Vec::new();
        for seed in 0..orders {
            let request = make(seed);
            let (quickest, plan) = quickest(&request);
            times.push(quickest);
            let landed = plan.landed.expect("a landed cost");
            let gap = 100.0 * float(landed.gap.amount_minor) / float(landed.total.amount_minor.max(1));
            if gap > 0.0 {
                gaps.push(gap);
            }
        }
        times.sort_by(f64::total_cmp);
        Self { name, times, gaps }
    }

    fn micros(&self, per_mille: usize) -> f64 {
        quantile(&self.times, per_mille)
    }

    fn cells(&self) -> Vec<String> {
        let time = |per_mille| match self.micros(per_mille) {
            long if long >= 1_000.0 => format!("{:.2} ms", long / 1_000.0),
            short => format!("{short:.0} µs"),
        };
        let (orders, open) = (self.times.len() as u64, self.gaps.len() as u64);
        let proven = 100.0 * float_of(orders - open) / float_of(orders);
        vec![
            self.name.to_owned(),
            orders.to_string(),
            time(500),
            time(950),
            time(990),
            time(1_000),
            format!("{proven:.2} %"),
            format!("{:.3} %", mean(&self.gaps)),
            format!("{:.3} %", self.gaps.iter().copied().fold(0.0, f64::max)),
        ]
    }
}

/// Microseconds of the quickest of three runs: what else the machine does is not ours.
fn quickest(request: &RouteRequest) -> (f64, RoutePlan) {
    let run = || {
        let start = Instant::now();
        let plan = route(request);
        (start.elapsed().as_secs_f64() * 1e6, plan)
    };
    let runs = [run(), run(), run()].into_iter();
    runs.min_by(|a, b| a.0.total_cmp(&b.0)).expect("three runs")
}

/// Seconds for routing so many orders once, on two cores.
fn what_if(orders: u64, make: impl Fn(u64) -> RouteRequest + Sync) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let make = &make;
            scope.spawn(move || {
                for seed in (half..orders).step_by(2) {
                    std::hint::black_box(route(&make(seed)));
                }
            });
        }
    });
    start.elapsed().as_secs_f64()
}
