//! The least-cost strategy against HiGHS: no plan may be cheaper than ours, by any amount.

use routing_bench::{
    check::{Verdict, check},
    highs::Highs,
    instances::{Dice, Size, order_by_lot, with_weightless},
};

/// Orders of one size, with seeds that follow each other.
fn check_all(orders: u64, size: Size) {
    let mut highs = Highs::start();
    for seed in 0..orders {
        match check(&mut highs, &order_by_lot(&mut Dice::new(seed), size)) {
            Ok(verdict) => assert_eq!(verdict, Verdict::Proven, "seed {seed}"),
            Err(why) => panic!("seed {seed}: {why}"),
        }
    }
}

#[test]
fn small_orders_are_routed_at_the_least_cost() {
    check_all(
        200,
        Size {
            suppliers: 5,
            lines: 4,
            units: 5,
        },
    );
}

#[test]
fn orders_with_many_suppliers_are_routed_at_the_least_cost() {
    check_all(
        100,
        Size {
            suppliers: 14,
            lines: 8,
            units: 3,
        },
    );
}

/// What weighs nothing needs a parcel and makes none heavier, also beside one that is full to the gram.
#[test]
fn goods_of_no_weight_are_routed_at_the_least_cost() {
    let mut highs = Highs::start();
    let size = Size {
        suppliers: 5,
        lines: 5,
        units: 4,
    };
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let order = order_by_lot(&mut dice, size);
        let order = with_weightless(&mut dice, order);
        match check(&mut highs, &order) {
            Ok(verdict) => assert_eq!(verdict, Verdict::Proven, "seed {seed}"),
            Err(why) => panic!("seed {seed}: {why}"),
        }
    }
}
