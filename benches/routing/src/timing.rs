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
};

/// Orders of 50 lines are few in life; these many tell the p99.
const LARGE: u64 = 1_000;

pub fn table(orders: u64) -> Table {
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
    Table {
        title: "Time",
        note: format!(
            "Orders of a shop whose suppliers have most products, price lists, stock, fees and six weight \
             brackets. *Proven* are those whose plan is proven to be the cheapest; *gap* is what the others \
             admit to at most. Each order is timed three times, and the quickest counts. A what-if over {orders} orders of 1–8 lines × 10 suppliers, on two cores, \
             took **{what_if:.1} s**."
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
            row(
                "1–8 lines × 10 suppliers, decision",
                20_000.min(orders),
                detailed(Detail::Decision),
            ),
            row(
                "1–8 lines × 10 suppliers, explained",
                20_000.min(orders),
                detailed(Detail::Candidates),
            ),
            row(
                "1–8 lines × 10 suppliers, with runner-ups",
                20_000.min(orders),
                detailed(Detail::RunnerUps),
            ),
            row("50 lines × 14 suppliers, decision", LARGE.min(orders), large),
        ],
    }
}

fn row(name: &str, orders: u64, make: impl Fn(u64) -> RouteRequest) -> Vec<String> {
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
    let micros = |per_mille| match quantile(&times, per_mille) {
        long if long >= 1_000.0 => format!("{:.2} ms", long / 1_000.0),
        short => format!("{short:.0} µs"),
    };
    let open = gaps.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "counts of a measurement are small")]
    let proven = 100.0 * (orders - open) as f64 / orders as f64;
    vec![
        name.to_owned(),
        orders.to_string(),
        micros(500),
        micros(950),
        micros(990),
        micros(1_000),
        format!("{proven:.2} %"),
        format!("{:.3} %", mean(&gaps)),
        format!("{:.3} %", gaps.iter().copied().fold(0.0, f64::max)),
    ]
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
