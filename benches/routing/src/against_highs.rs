//! What routing says of its plans beside what HiGHS finds out about the same orders.

use orderyard::routing::{RouteRequest, terms::Preset};
use routing_bench::{
    check::{Bounds, Verdict, check, check_bounds},
    highs::Highs,
    instances::{AIMING, Dice, Size, order_by_lot, with_dear_goods, with_preset},
    shops,
};

use crate::{
    report::{Table, mean},
    target::Target,
};

/// A table, what is to be reached, and what was found wrong.
pub type Compared = (Table, Vec<Target>, Vec<String>);

const SIZES: [(&str, Size); 3] = [
    (
        "by cost, up to 5 suppliers, 4 lines of 5 units",
        Size {
            suppliers: 5,
            lines: 4,
            units: 5,
        },
    ),
    (
        "by cost, up to 10 suppliers, 8 lines of 4 units",
        Size {
            suppliers: 10,
            lines: 8,
            units: 4,
        },
    ),
    (
        "by cost, up to 14 suppliers, 12 lines of 3 units",
        Size {
            suppliers: 14,
            lines: 12,
            units: 3,
        },
    ),
];

/// Seconds that HiGHS has for each large order.
const SECONDS: u32 = 5;

/// Routes so many orders and has HiGHS solve them too, half of them by strategies that aim at something before cost.
pub fn proofs(orders: u64) -> Compared {
    let mut all = (Vec::new(), Vec::new(), Vec::new());
    let each = (orders / 2).div_ceil(SIZES.len() as u64);
    for (name, size) in SIZES {
        let by_lot = |seed| order_by_lot(&mut Dice::new(seed), size);
        add(&mut all, name, &checked(each, by_lot));
    }
    let each = (orders / 2).div_ceil(AIMING.len() as u64);
    for preset in AIMING {
        add(&mut all, named(preset), &checked(each, |seed| aiming(preset, seed)));
    }
    let (rows, targets, wrong) = all;
    let table = Table {
        title: "Against HiGHS",
        note: "Orders with every feature that a cost can have, half of them by strategies that go by something \
               else first: of these HiGHS is asked first how few units must be left, then for the least of what the \
               strategy goes by, then for the least cost. *Wrong* are plans that are said to be the best and are \
               not, or whose measures are not what they say. *Unproven* are plans as good as HiGHS's that admit \
               to a gap, and *cut off* those that are worse, as they admit: the proof would have taken longer \
               than a plan may take."
            .to_owned(),
        head: vec!["orders", "number", "wrong", "unproven", "cut off"],
        rows,
    };
    (table, targets, wrong)
}

const fn named(preset: Preset) -> &'static str {
    match preset {
        Preset::Cheapest => "cheapest, of all three sizes",
        Preset::Fastest => "fastest, of all three sizes",
        Preset::FewestParcels => "fewest parcels, of all three sizes",
        Preset::PreferredSupplier => "preferred supplier, of all three sizes",
        Preset::BalancedShare => "balanced share, of all three sizes",
        Preset::OwnStockFirst => "own stock first, of all three sizes",
    }
}

/// An order of each size in turn, every tenth of goods so dear that no saving may be taken for more than what the strategy goes by.
fn aiming(preset: Preset, seed: u64) -> RouteRequest {
    let turn = usize::try_from(seed).expect("few");
    let mut dice = Dice::new(seed);
    let order = order_by_lot(&mut dice, SIZES[turn % SIZES.len()].1);
    let order = with_preset(&mut dice, preset, order);
    if turn.is_multiple_of(10) {
        with_dear_goods(500, order)
    } else {
        order
    }
}

/// The verdict on each of so many orders.
fn checked(orders: u64, make: impl Fn(u64) -> RouteRequest + Sync) -> Vec<Result<Verdict, String>> {
    on_two_cores(orders, |highs, seed| check(highs, &make(seed)))
}

/// What is found of each of so many orders, with one process of the other solver for each core.
fn on_two_cores<T: Send>(
    orders: u64,
    find: impl Fn(&mut Highs, u64) -> Result<T, String> + Sync,
) -> Vec<Result<T, String>> {
    let find = &find;
    let part = move |from: u64| {
        let mut highs = Highs::start();
        let seeds = (from..orders).step_by(2).map(|seed| seed + 1_000_000);
        let found = seeds.map(|seed| find(&mut highs, seed).map_err(|why| format!("seed {seed}: {why}")));
        found.collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let parts = [0, 1].map(|from| scope.spawn(move || part(from)));
        let found = parts.into_iter().flat_map(|part| part.join().expect("what was found"));
        found.collect()
    })
}

fn add(
    (rows, targets, wrong): &mut (Vec<Vec<String>>, Vec<Target>, Vec<String>),
    name: &str,
    found: &[Result<Verdict, String>],
) {
    let count = |wanted| {
        let count = found.iter().filter(|verdict| **verdict == Ok(wanted)).count();
        u32::try_from(count).expect("few")
    };
    let (unproven, cut_off) = (count(Verdict::Unproven), count(Verdict::CutOff));
    targets.push(Target::new(
        format!("plans worse than HiGHS's, {name}"),
        cut_off.into(),
        0.0,
        "plans",
    ));
    let mistakes = found.iter().filter_map(|verdict| verdict.as_ref().err());
    let mistakes: Vec<String> = mistakes.map(|why| format!("{name}: {why}")).collect();
    rows.push(vec![
        name.to_owned(),
        found.len().to_string(),
        mistakes.len().to_string(),
        unproven.to_string(),
        cut_off.to_string(),
    ]);
    wrong.extend(mistakes);
}

/// Compares what is said of the least cost of so many large orders with what HiGHS finds out in some seconds.
pub fn bounds(orders: u64) -> Compared {
    const NAME: &str = "50 lines × 14 suppliers";
    let found = on_two_cores(orders, |highs, seed| {
        check_bounds(highs, &shops::order(&mut Dice::new(seed), 14, 50), SECONDS)
    });
    let (known, wrong): (Vec<_>, Vec<_>) = found.into_iter().partition(Result::is_ok);
    let known: Vec<Bounds> = known.into_iter().flatten().collect();
    let wrong: Vec<String> = wrong
        .into_iter()
        .filter_map(Result::err)
        .map(|why| format!("{NAME}: {why}"))
        .collect();
    let count = |is: fn(&Bounds) -> bool| known.iter().filter(|bounds| is(bounds)).count().to_string();
    let percent = |of: fn(&Bounds) -> f64| {
        let each: Vec<f64> = known.iter().map(|bounds| 100.0 * of(bounds) / bounds.ours).collect();
        format!("{:.3} %", mean(&each))
    };
    let table = Table {
        title: "Bounds of large orders, against HiGHS",
        note: format!(
            "What a plan says that no plan comes below, beside what HiGHS finds in {SECONDS} s of the same order: \
             a plan, and a bound of its own. *Wrong* are bounds above a plan of HiGHS's, and plans below its bound. \
             *Gap, told* is what our plans admit to, and *gap by HiGHS's bound* what at most is true of it. *Dearer* and \
             *cheaper* are our plans beside the best that HiGHS finds."
        ),
        head: vec![
            "orders of",
            "orders",
            "wrong",
            "proven by us",
            "proven by HiGHS",
            "gap, told",
            "gap by HiGHS's bound",
            "dearer",
            "cheaper",
        ],
        rows: vec![vec![
            NAME.to_owned(),
            orders.to_string(),
            wrong.len().to_string(),
            count(|bounds| bounds.is_proven),
            count(|bounds| bounds.theirs.is_optimum),
            percent(|bounds| bounds.ours - bounds.at_least),
            percent(|bounds| bounds.ours - bounds.theirs.at_least.max(0.0)),
            count(|bounds| bounds.theirs.found.is_some_and(|found| bounds.ours > found + 0.01)),
            count(|bounds| bounds.theirs.found.is_none_or(|found| bounds.ours < found - 0.01)),
        ]],
    };
    (table, Vec::new(), wrong)
}
