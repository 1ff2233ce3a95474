//! What a strategy goes by before cost is told in its own measure, and never as money.

use super::{
    least_cost::{offered, total, with_model},
    *,
};
use crate::routing::{plan::Aimed, terms::*};

/// Two units, for which South asks a euro less than North and takes two days longer.
fn plan(preset: Preset, change: impl FnOnce(&mut CostModel)) -> RoutePlan {
    let mut request = order(vec![line(1, 2, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
    request.suppliers[1].handling_days = 3;
    route(&with_model(request, |model| {
        model.suppliers[0].own = true;
        model.preferences = Preferences::of(preset);
        change(model);
    }))
}

fn check(preset: Preset, amount: i64, more: i64, reason: &str, rejected: &str) {
    let share = |of, target_bp, pieces| Share {
        supplier: supplier(of),
        target_bp,
        pieces,
    };
    let plan = plan(preset, |model| {
        if preset == Preset::BalancedShare {
            model.preferences.balance = vec![share(1, 7_000, 60), share(2, 3_000, 40)];
        }
    });
    let aim = Preferences::of(preset).aim.expect("an aim");
    assert_eq!(told(&plan), ["2: 2 SKU-11"], "{preset:?}");
    assert_eq!(total(&plan), 2_300);
    let landed = plan.landed.as_ref().expect("landed");
    assert_eq!(landed.preferences, eur(0), "{preset:?} is no money");
    assert_eq!((landed.aim, landed.gap), (Some(Aimed { aim, amount }), eur(0)));
    assert_eq!(landed.aim_gap, None, "it is proven");
    let entry = &plan.lines[0];
    let second = entry.runner_up.as_ref().expect("a second best");
    assert_eq!((second.more, second.preferences), (eur(-200), eur(0)));
    assert_eq!(second.aim, Some(Aimed { aim, amount: more }));
    assert!(entry.reason.contains(reason), "{preset:?}: {}", entry.reason);
    assert_eq!(entry.rejected[0].why.to_string(), rejected, "{preset:?}");
}

#[test]
fn each_strategy_is_told_in_its_own_measure() {
    check(
        Preset::Fastest,
        6,
        4,
        "is part of the fastest way to ship the order, in 3 days, and has",
        "arrives 2 days later, and the order would cost 2.00 EUR less with 2 units from it",
    );
    check(
        Preset::PreferredSupplier,
        0,
        2,
        "that keeps nearest to the suppliers' priority and has",
        "is further down in the suppliers' priority, and the order would cost 2.00 EUR less with 2 units from it",
    );
    check(
        Preset::OwnStockFirst,
        0,
        2,
        "that takes most from the shop's own stock and has",
        "takes less from the shop's own stock, and the order would cost 2.00 EUR less with 2 units from it",
    );
    check(
        Preset::BalancedShare,
        0,
        2_000,
        "shares, with 60 % of the pieces of late for a share of 70 %, and has",
        "would leave suppliers further from their shares, and the order would cost 2.00 EUR less with 2 units from it",
    );
}

#[test]
fn fewest_parcels_counts_parcels_and_own_weights_stay_money() {
    let plan = plan(Preset::FewestParcels, |model| model.preferences.per_unit_day = 1_000);
    let landed = plan.landed.as_ref().expect("landed");
    assert_eq!(told(&plan), ["2: 2 SKU-11"]);
    assert_eq!(landed.preferences, eur(6_000), "two units of three days each");
    let parcels = Aimed {
        aim: Aim::Parcels,
        amount: 1,
    };
    assert_eq!(landed.aim, Some(parcels));
    let second = plan.lines[0].runner_up.as_ref().expect("a second best");
    assert_eq!((second.more, second.preferences), (eur(-200), eur(4_000)));
    assert_eq!(second.aim, Some(Aimed { amount: 0, ..parcels }));
}

/// A search that is cut off at once: no more is known than that there may be something better.
#[test]
fn what_is_not_proven_says_how_much_of_its_measure_may_be_saved() {
    let ways = |n: u128| (1..=6).map(move |of| offered(n * 10 + of, of, 1_000));
    let served = |n: u128| {
        ways(n)
            .filter(move |way| !(n + way.id.0.as_u128()).is_multiple_of(3))
            .collect()
    };
    let mut request = order((1..=9).map(|n| line(n, 1, served(n))).collect());
    request.suppliers = (1..=6).map(|n| terms(n, "Wares")).collect();
    let plan = route(&with_model(request, |model| {
        model.suppliers = (1..=6).map(|of| super::least_cost::costs(of, 300)).collect();
        model.preferences = Preferences::of(Preset::FewestParcels);
        model.effort.work = 0;
    }));
    let landed = plan.landed.as_ref().expect("landed");
    if let Some(gap) = landed.aim_gap {
        let all = landed.aim.expect("parcels").amount;
        assert!((1..=all).contains(&gap.amount), "{gap:?} of {all}");
    }
    assert!(landed.gap.amount_minor <= landed.total.amount_minor, "{:?}", landed.gap);
}

#[test]
fn the_supplier_before_the_first_is_preferred_too() {
    let mut request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
    (request.suppliers[0].priority, request.suppliers[1].priority) = (0, 1);
    let plan = route(&with_model(request, |model| {
        model.preferences = Preferences::of(Preset::PreferredSupplier);
    }));
    assert_eq!(told(&plan), ["1: 1 SKU-11"]);
}

/// Two machines: South stands at its share, North a hundredth of a per cent above its own and asks far less.
#[test]
fn no_saving_outweighs_what_the_strategy_goes_by() {
    let share = |of, target_bp| Share {
        supplier: supplier(of),
        target_bp,
        pieces: 50,
    };
    for (strategy, saving) in [
        (Preset::BalancedShare, 1_000_000),
        (Preset::OwnStockFirst, 3_000_000_000),
    ] {
        let dear = 5_000_000_000;
        let ways = vec![offered(11, 1, dear - saving), offered(12, 2, dear)];
        let plan = route(&with_model(order(vec![line(1, 2, ways)]), |model| {
            model.suppliers[1].own = true;
            model.preferences = Preferences::of(strategy);
            model.preferences.balance = vec![share(1, 4_999), share(2, 5_000)];
        }));
        let landed = plan.landed.as_ref().expect("landed");
        assert_eq!(told(&plan), ["2: 2 SKU-12"], "{strategy:?}");
        assert_eq!(landed.aim.expect("an aim").amount, 0);
        assert_eq!((landed.gap, landed.preferences), (eur(0), eur(0)));
        assert_eq!(total(&plan), 2 * dear + 300);
        let second = plan.lines[0].runner_up.as_ref().expect("a second best");
        assert_eq!(second.more, eur(-2 * saving));
        assert_eq!(second.aim.expect("an aim").amount, 2);
    }
}
