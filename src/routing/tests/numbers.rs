//! The least-cost strategy at the edges of what is counted: goods that weigh nothing, and orders of thousands of
//! pieces.

use super::{
    least_cost::{by_weight, costs, offered, rate, total, with_model},
    *,
};
use crate::routing::terms::*;

fn weighing(weight_g: u32, mut way: Alternative) -> Alternative {
    way.components[0].offer.weight_g = Some(weight_g);
    way
}

/// What weighs nothing needs a parcel, and makes no other dearer.
#[test]
fn a_sticker_of_no_weight_goes_with_a_full_parcel() {
    let plan = |stickers| {
        let request = order(vec![
            line(1, 1, vec![weighing(2_000, offered(11, 1, 1_000))]),
            line(
                2,
                stickers,
                vec![weighing(0, offered(21, 1, 100)), weighing(0, offered(22, 2, 100))],
            ),
        ]);
        route(&with_model(request, |model| {
            model.suppliers[0].shipping = by_weight(&[(2_000, 400), (31_500, 900)]);
        }))
    };
    for stickers in [1, 90] {
        let plan = plan(stickers);
        let with_it = format!("{stickers}: {stickers} SKU-21");
        assert_eq!(told(&plan), ["1: 1 SKU-11".to_owned(), with_it]);
        let landed = plan.landed.as_ref().expect("landed");
        assert_eq!(landed.total, eur(1_000 + 100 * i64::from(stickers) + 300 + 400));
        assert_eq!(landed.gap, eur(0));
    }
}

#[test]
fn stickers_alone_pay_for_the_lightest_parcel() {
    let ways = vec![weighing(0, offered(11, 1, 100)), weighing(1, offered(12, 2, 100))];
    let request = order(vec![line(1, 3, ways)]);
    let plan = route(&with_model(request, |model| {
        model.suppliers = vec![costs(1, 0), costs(2, 0)];
        model.suppliers[0].shipping = by_weight(&[(2, 150), (31_500, 900)]);
        model.suppliers[1].shipping = by_weight(&[(2, 100), (31_500, 900)]);
    }));
    assert_eq!(told(&plan), ["3: 3 SKU-11"]);
    assert_eq!(total(&plan), 300 + 150);
}

/// Two awkward rates, a duty and the strategy that weighs the most.
fn large_order(lines: u128, units: u32) -> RoutePlan {
    let ways = |n: u128| {
        let ways = (1..=10).map(move |of| offered(n * 100 + of, of, 1_000 - i64::try_from(of).expect("few")));
        ways.map(|mut way| {
            way.components[0].offer.stock = None;
            way
        })
    };
    let mut request = order((1..=lines).map(|n| line(n, units, ways(n).collect())).collect());
    request.suppliers = (1..=10).map(|n| terms(n, "Wares")).collect();
    route(&with_model(request, |model| {
        model.rates = vec![rate("EUR", "USD", "1.0853"), rate("EUR", "GBP", "0.85713")];
        model.suppliers = (1..=10).map(|of| costs(of, 300)).collect();
        for costs in &mut model.suppliers {
            costs.transit_days = 6;
        }
        model.suppliers[3].per_parcel = Money::new(300, Currency::parse("USD").expect("USD"));
        model.suppliers[3].duties_bp = 300;
        model.suppliers[4].per_parcel = Money::new(300, Currency::parse("GBP").expect("GBP"));
        model.preferences = Preferences::of(Preset::Fastest);
    }))
}

#[test]
fn thousands_of_pieces_are_routed_by_a_strategy_too() {
    for (lines, units) in [(1, 400), (1, 5_000), (50, 200)] {
        let plan = large_order(lines, units);
        let cheapest = plan.lines.iter().map(|entry| match &entry.outcome {
            Outcome::Allocated { components, .. } => components[0].sku.ends_with("10") && entry.units == units,
            _ => false,
        });
        assert_eq!(
            cheapest.filter(|is| *is).count() as u128,
            lines,
            "{lines} lines of {units}: {:?}",
            told(&plan)
        );
        let pieces = i64::from(units) * i64::try_from(lines).expect("few");
        assert_eq!(total(&plan), 990 * pieces + 300);
    }
}

/// The second-best plans of all lines together take about as long as the order's own.
#[test]
fn comparing_takes_no_longer_than_deciding() {
    let effort = Effort::default();
    for (ways, lines) in [(10, 1), (80, 8), (700, 50)] {
        let (own, each) = (effort.nodes(ways), effort.nodes_of_each(ways, lines));
        let all = each * u32::try_from(lines).expect("few");
        assert!(each > 0 && all <= own.max(8 * 50), "{lines} lines: {all} of {own}");
    }
    let none = Effort { work: 0, ..effort };
    assert_eq!(none.nodes_of_each(10, 1), 0);
}
