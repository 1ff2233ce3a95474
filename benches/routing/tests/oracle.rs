//! The least-cost strategy against HiGHS: no plan may be cheaper than ours, by any amount, and by a strategy that aims
//! at something else first, none may have less of that.

use orderyard::routing::{RouteRequest, terms::Preset};
use routing_bench::{
    check::{Verdict, check, check_bounds},
    highs::Highs,
    instances::{AIMING, Dice, Size, order_by_lot, with_dear_goods, with_preset, with_weightless},
    shops,
};

/// Orders with seeds that follow each other.
fn check_all(orders: u32, make: impl Fn(u32) -> RouteRequest) {
    let mut highs = Highs::start();
    for seed in 0..orders {
        match check(&mut highs, &make(seed)) {
            Ok(verdict) => assert_eq!(verdict, Verdict::Proven, "seed {seed}"),
            Err(why) => panic!("seed {seed}: {why}"),
        }
    }
}

/// By cost and by each of the other strategies in turn.
fn by_turns(size: Size) -> impl Fn(u32) -> RouteRequest {
    let presets = AIMING.iter().flat_map(|preset| [None, Some(*preset)]);
    let presets: Vec<Option<Preset>> = presets.collect();
    move |seed| {
        let mut dice = Dice::new(seed.into());
        let order = order_by_lot(&mut dice, size);
        match presets[seed as usize % presets.len()] {
            Some(preset) => with_preset(&mut dice, preset, order),
            None => order,
        }
    }
}

#[test]
fn small_orders_are_routed_as_well_as_can_be() {
    check_all(
        200,
        by_turns(Size {
            suppliers: 5,
            lines: 4,
            units: 5,
        }),
    );
}

#[test]
fn orders_with_many_suppliers_are_routed_as_well_as_can_be() {
    check_all(
        100,
        by_turns(Size {
            suppliers: 14,
            lines: 8,
            units: 3,
        }),
    );
}

/// What a strategy goes by before cost comes before any cost.
#[test]
fn no_saving_on_dear_goods_outweighs_what_the_strategy_aims_at() {
    let by_lot = by_turns(Size {
        suppliers: 5,
        lines: 4,
        units: 4,
    });
    // The strategies are those of odd turns.
    check_all(100, |turn| with_dear_goods(2_000, by_lot(2 * turn + 1)));
}

/// What weighs nothing needs a parcel and makes none heavier, also beside one that is full to the gram.
#[test]
fn goods_of_no_weight_are_routed_at_the_least_cost() {
    let size = Size {
        suppliers: 5,
        lines: 5,
        units: 4,
    };
    check_all(60, |seed| {
        let mut dice = Dice::new(seed.into());
        let order = order_by_lot(&mut dice, size);
        with_weightless(&mut dice, order)
    });
}

/// The search is cut off, and HiGHS has too little time for a proof: what either says that no plan comes below, no
/// plan of the other does.
#[test]
fn what_is_said_of_large_orders_is_no_more_than_is_so() {
    let mut highs = Highs::start();
    for seed in 0..2 {
        let order = shops::order(&mut Dice::new(seed), 14, 30);
        let found = check_bounds(&mut highs, &order, 1);
        let bounds = found.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        assert!(bounds.at_least > 0.5 * bounds.ours, "seed {seed}: {bounds:?}");
        println!("{bounds:?}");
    }
}
