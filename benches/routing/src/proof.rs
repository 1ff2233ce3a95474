//! How near routing comes to the cheapest plan where that is known, and others to routing.

use orderyard::routing::{
    RouteRequest, Strategy, route,
    terms::{CostModel, Detail},
};
use routing_bench::{
    instances::{Dice, float},
    planted::{Planted, by_cover, by_price},
    policies::{Flat, Market},
};

use crate::{
    report::{Table, mean, quantile},
    target::Target,
};

type Plant = fn(&mut Dice, u32, u32) -> Planted;

/// How far above planted optima the search ends, without and with branching. Also what is to be reached as it runs.
pub fn planted(orders: u64) -> (Table, Vec<Target>) {
    let kinds: [(&str, Plant, u32, u32); 4] = [
        ("planted, 20 suppliers × 30 lines", by_price, 20, 30),
        ("planted, 40 suppliers × 60 lines", by_price, 40, 60),
        ("set cover, 24 suppliers × 30 lines", by_cover, 24, 30),
        ("set cover, 40 suppliers × 60 lines", by_cover, 40, 60),
    ];
    let (mut rows, mut targets) = (Vec::new(), Vec::new());
    for (name, plant, suppliers, lines) in kinds {
        for (how, work) in [("local search alone", Some(0)), ("as it runs", None)] {
            let gaps = (0..orders).map(|seed| gap(plant(&mut Dice::new(seed), suppliers, lines), work));
            let mut gaps: Vec<(f64, f64)> = gaps.collect();
            gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
            let above: Vec<f64> = gaps.iter().map(|gap| gap.0).collect();
            let told: Vec<f64> = gaps.iter().map(|gap| gap.1).collect();
            if work.is_none() {
                let above_by = |what: &str| format!("{what} above the optimum, {name}");
                targets.push(Target::new(above_by("mean"), mean(&above), 0.5, "%"));
                targets.push(Target::new(above_by("p95"), quantile(&above, 950), 2.0, "%"));
            }
            rows.push(vec![
                format!("{name}: {how}"),
                orders.to_string(),
                format!("{:.3} %", mean(&above)),
                format!("{:.3} %", quantile(&above, 950)),
                format!("{:.3} %", mean(&told)),
            ]);
        }
    }
    let table = Table {
        title: "Planted optima",
        note: "Orders beyond what the search is made to prove, whose cheapest plan is known because it \
               was put there. *Told* is the gap that the plan itself admits to."
            .to_owned(),
        head: vec!["orders of", "orders", "mean above the optimum", "p95", "told, mean"],
        rows,
    };
    (table, targets)
}

/// How far above the optimum the plan is, and how far it says that it may be, in per cent.
fn gap(Planted { mut request, optimum }: Planted, work: Option<u32>) -> (f64, f64) {
    let model = model(&mut request);
    model.effort.detail = Detail::Decision;
    model.effort.work = work.unwrap_or(model.effort.work);
    let landed = route(&request).landed.expect("a landed cost");
    let (total, optimum) = (float(landed.total.amount_minor), f64::from(optimum));
    assert!(total >= optimum, "cheaper than what was planted: {total} < {optimum}");
    (
        100.0 * (total - optimum) / optimum,
        100.0 * float(landed.gap.amount_minor) / total,
    )
}

pub fn model(request: &mut RouteRequest) -> &mut CostModel {
    match &mut request.strategy {
        Strategy::LeastCost(model) => model,
        Strategy::Priority => panic!("no cost model"),
    }
}

type Policy = fn(&Flat) -> Vec<usize>;

/// What others pay for the same orders.
pub fn policies(orders: u64) -> Table {
    let markets = [
        Market {
            suppliers: 6,
            charge: (400, 900),
        },
        Market {
            suppliers: 10,
            charge: (400, 900),
        },
        Market {
            suppliers: 10,
            charge: (800, 1_800),
        },
    ];
    let policies: [(&str, Policy); 8] = [
        ("priority list, in any order", Flat::priority),
        ("priority list, in the best order", Flat::ranked_priority),
        ("cheapest price per line", Flat::cheapest_price),
        ("cheapest line, shipped alone", Flat::cheapest_line),
        ("greedy cover", Flat::greedy),
        ("fewest splits, then cheapest", Flat::fewest_splits),
        ("**Orderyard**", |flat| flat.read(&route(&flat.request()))),
        ("optimum, by trying every set", Flat::optimum),
    ];
    let rows = policies.iter().map(|(name, policy)| {
        let columns = markets.iter().map(|market| compared(*policy, *market, orders));
        [(*name).to_owned()].into_iter().chain(columns).collect()
    });
    Table {
        title: "Against rules of thumb",
        note: format!(
            "{orders} orders of 2–8 lines in each column. A cell says what the rule pays above the optimum, \
             in the mean (at the 95th percentile), and what Orderyard saves of its total."
        ),
        head: vec![
            "rule",
            "6 suppliers, 4–9 per parcel",
            "10 suppliers, 4–9 per parcel",
            "10 suppliers, 8–18 per parcel",
        ],
        rows: rows.collect(),
    }
}

fn compared(policy: Policy, market: Market, orders: u64) -> String {
    let mut above = Vec::new();
    let (mut theirs, mut ours) = (0.0, 0.0);
    for seed in 0..orders {
        let flat = Flat::by_lot(&mut Dice::new(seed), market);
        let cost = f64::from(flat.cost(&policy(&flat)));
        let optimum = f64::from(flat.cost(&flat.optimum()));
        above.push(100.0 * (cost - optimum) / optimum);
        theirs += cost;
        ours += f64::from(flat.cost(&flat.read(&route(&flat.request()))));
    }
    above.sort_by(f64::total_cmp);
    let saved = 100.0 * (theirs - ours) / theirs;
    format!(
        "{:.2} % ({:.1} %), saves {saved:.2} %",
        mean(&above),
        quantile(&above, 950)
    )
}
