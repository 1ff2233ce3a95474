//! What a plan tells is true: of what lies in stock and what rules keep of it, of the rule that a limit is from, of
//! rates, and of the second-best plan.

use super::{
    least_cost::{by_weight, cheapest, costs, model, offered, rate, total, with_model},
    *,
};
use crate::routing::{
    parcels_needed,
    rulebook::{Consequence, Rule},
    terms::*,
    worth,
};

fn rule(name: &str, when: &str, then: Consequence) -> Rule {
    Rule::new(name, (!when.is_empty()).then_some(when), then).unwrap_or_else(|error| panic!("{when}: {error}"))
}

/// North has five; a rule keeps so many of them.
fn buffered(units: u32, per_unit: u32, kept: u32) -> RoutePlan {
    let mut request = contested(units, 5, 80);
    at_north(&mut request).per_unit = per_unit;
    request.rules = vec![rule(
        "Buffer",
        "supplier.key == 'supplier-1'",
        Consequence::KeepInStock(kept),
    )];
    route(&request)
}

#[test]
fn a_safety_buffer_is_told_wherever_it_counts() {
    let check = |plan: &RoutePlan, expect: [&str; 2], north: &str, why: &str| {
        assert_eq!(told(plan), expect);
        assert_eq!(
            plan.lines[0].reason,
            format!("North Textiles is first in priority and has {north} that the rule “Buffer” keeps; 4.20 EUR each")
        );
        assert_eq!(plan.lines[1].rejected[0].why.to_string(), why);
    };
    check(
        &buffered(4, 1, 3),
        ["2: 2 SKU-1", "2: 2 SKU-2"],
        "2 of 4 in stock besides the 3",
        "5 of SKU-1 in stock, of which this order takes 2 and the rule “Buffer” keeps 3",
    );
    check(
        &buffered(4, 2, 2),
        ["1: 2 SKU-1", "3: 3 SKU-2"],
        "3 of 8 in stock besides the 2",
        "5 of SKU-1 in stock, of which this order takes 2 and the rule “Buffer” keeps 2, and one unit needs 2",
    );
    // Without the rule there would not be enough either.
    let why = |plan: RoutePlan| plan.lines[0].rejected[0].why.to_string();
    assert_eq!(why(buffered(1, 6, 3)), "5 of SKU-1 in stock, and one unit needs 6");
    assert_eq!(
        why(buffered(1, 4, 3)),
        "5 of SKU-1 in stock, of which the rule “Buffer” keeps 3, and one unit needs 4"
    );
    assert_eq!(
        buffered(1, 1, 3).lines[0].reason,
        "North Textiles is first in priority and has 2 in stock besides the 3 that the rule “Buffer” keeps; 4.20 EUR each"
    );
}

/// A line of one unit that these suppliers offer.
fn from(id: u128, suppliers: &[u128]) -> LineDemand {
    let way = |of: &u128| alternative(id * 10 + of, vec![component(id * 10 + of, *of, 9)]);
    line(id, 1, suppliers.iter().map(way).collect())
}

#[test]
fn only_the_rules_that_leave_no_room_are_named() {
    let check = |lines: Vec<LineDemand>, parcels: u32, expect: [&str; 3], at: usize, why: &str| {
        let mut request = order(lines);
        request.suppliers.push(terms(3, "East Wares"));
        request.rules = vec![
            rule("Glass", "line.sku in ['LINE-1', 'LINE-2']", Consequence::ShipTogether),
            rule("Few parcels", "", Consequence::MaxParcels(parcels)),
        ];
        let plan = route(&request);
        assert_eq!(told(&plan), expect);
        assert_eq!(plan.lines[at].rejected[0].why.to_string(), why);
    };
    let all_of_east = ["1: 1 SKU-13", "1: 1 SKU-23", "1: 1 SKU-33"];
    // What ties other lines has nothing to do with it.
    check(
        vec![from(1, &[3]), from(2, &[3]), from(3, &[1, 3])],
        1,
        all_of_east,
        2,
        "the rule “Few parcels” leaves no room for it",
    );
    // Nor has a limit that would allow it.
    check(
        vec![from(1, &[1, 3]), from(2, &[3]), from(3, &[3])],
        2,
        all_of_east,
        0,
        "the rule “Glass” leaves no room for it: North Textiles can ship 0 of 1 × “Mug”",
    );
    // North has all that is tied, and would need a second parcel.
    check(
        vec![from(1, &[1, 3]), from(2, &[1, 3]), from(3, &[3])],
        1,
        all_of_east,
        0,
        "the rules “Glass” and “Few parcels” leave no room for it",
    );
}

#[test]
fn the_rates_of_fees_are_told() {
    let dollars = |minor| Money::new(minor, Currency::parse("USD").expect("USD"));
    let rates = |change: fn(&mut SupplierCosts, Money)| {
        let request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 9_000)])]);
        let plan = route(&with_model(request, |model| {
            model.rates = vec![rate("USD", "EUR", "0.92"), rate("GBP", "EUR", "1.15")];
            change(&mut model.suppliers[0], dollars(100));
            // Nothing comes from South.
            model.suppliers[1].per_order = Money::new(100, Currency::parse("GBP").expect("GBP"));
        }));
        assert_eq!(told(&plan), ["1: 1 SKU-11"]);
        plan.landed.expect("landed").rates
    };
    let told = [rate("USD", "EUR", "0.92")];
    assert_eq!(rates(|costs, fee| costs.per_order = fee), told);
    assert_eq!(rates(|costs, fee| costs.per_parcel = fee), told);
    let by_weight = |costs: &mut SupplierCosts, fee| {
        costs.shipping = Shipping::ByWeight(vec![WeightBracket {
            up_to_g: 5_000,
            cost: fee,
        }]);
    };
    assert_eq!(rates(by_weight), told);
    assert_eq!(rates(|_, _| {}), []);
}

/// Three pieces of 20 kg: North's parcels take 31.5 kg, South's 70 kg.
fn heavy(parcels: u32) -> RouteRequest {
    let mut request = contested(3, 9, 9);
    for way in &mut request.lines[0].alternatives {
        way.components[0].offer.weight_g = Some(20_000);
    }
    request.rules = vec![rule("Few parcels", "", Consequence::MaxParcels(parcels))];
    request
}

fn heavy_model(change: impl FnOnce(&mut CostModel)) -> CostModel {
    let mut model = model();
    model.suppliers[0].shipping = by_weight(&[(31_500, 100)]);
    model.suppliers[1].shipping = by_weight(&[(70_000, 9_000)]);
    change(&mut model);
    model
}

#[test]
fn parcels_count_by_weight_under_the_priority_list_too() {
    let check = |parcels, change: fn(&mut CostModel), expect: &[&str]| {
        let model = heavy_model(change);
        let by_list = RouteRequest {
            known_costs: Some(Box::new(model.clone())),
            ..heavy(parcels)
        };
        let by_cost = RouteRequest {
            strategy: Strategy::LeastCost(Box::new(model)),
            ..heavy(parcels)
        };
        assert_eq!(told(&route(&by_list)), expect, "{parcels}");
        assert_eq!(told(&route(&by_cost)), expect, "{parcels}, by cost");
    };
    assert_eq!(told(&route(&heavy(1))), ["3: 3 SKU-1"], "nothing is known of parcels");
    check(2, |_| {}, &["3: 3 SKU-1"]);
    check(1, |_| {}, &["3: 3 SKU-2"]);
    let both_small = |model: &mut CostModel| model.suppliers[1].shipping = by_weight(&[(31_500, 9_000)]);
    check(1, both_small, &["1: 1 SKU-1", "2: nobody"]);
    check(2, both_small, &["3: 3 SKU-1"]);

    let plan = route(&heavy(1));
    let known = RouteRequest {
        known_costs: Some(Box::new(heavy_model(|_| {}))),
        ..heavy(1)
    };
    assert_eq!(worth::cost_of(&heavy(1), &worth::served(&plan)), Some(0));
    assert_eq!(worth::cost_of(&known, &worth::served(&plan)), None);
    // Why the first in priority does not ship is told by the weight, too.
    let why = route(&known).lines[0].rejected[0].why.to_string();
    assert_eq!(why, "the rule “Few parcels” leaves no room for it");
}

/// North's three pieces are two parcels, and one is allowed.
#[test]
fn what_a_person_chose_may_be_heavier_than_a_limit() {
    let mut by_list = heavy(1);
    by_list.lines[0].forced_offer = Some(offer_id(1));
    by_list.known_costs = Some(Box::new(heavy_model(|_| {})));
    let by_cost = RouteRequest {
        strategy: Strategy::LeastCost(Box::new(heavy_model(|_| {}))),
        ..by_list.clone()
    };
    assert_eq!(told(&route(&by_list)), ["3: 3 SKU-1"]);
    assert_eq!(told(&route(&by_cost)), ["3: 3 SKU-1"]);
}

/// What stands is counted as what is planned; of who says nothing of brackets it is one parcel.
#[test]
fn parcels_that_stand_are_counted_by_weight() {
    let loads = [
        (supplier(1), 0),
        (supplier(1), 31_500),
        (supplier(1), 31_501),
        (supplier(2), 60_000),
        (supplier(3), 60_000),
    ];
    assert_eq!(parcels_needed(&heavy_model(|_| {}), &loads), [1, 1, 2, 1, 1]);
    let none = heavy_model(|model| model.suppliers[0].shipping = by_weight(&[(0, 100)]));
    assert_eq!(parcels_needed(&none, &loads), [1; 5]);
}

#[test]
fn a_wrong_bracket_counts_for_nothing_under_the_priority_list() {
    let none = |model: &mut CostModel| model.suppliers[0].shipping = by_weight(&[(0, 100)]);
    let request = RouteRequest {
        known_costs: Some(Box::new(heavy_model(none))),
        ..heavy(1)
    };
    assert_eq!(told(&route(&request)), ["3: 3 SKU-1"]);
}

/// Numbers without end, the same each time.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Hard to decide: eight suppliers with dear parcels, each with most of the lines.
fn hard(seed: u64, work: u32) -> RouteRequest {
    let mut roll = dice(seed);
    let lines = (1..=12_u128).map(|id| {
        let ways = (1..=8_u128).filter(|_| roll(3) > 0).collect::<Vec<_>>();
        let way = |of: &u128, cents: u64| offered(id * 10 + of, *of, i64::try_from(cents).expect("cents"));
        let ways = ways.iter().map(|of| way(of, 500 + roll(300))).collect();
        line(id, 1 + u32::try_from(id % 2).expect("a unit"), ways)
    });
    let mut request = order(lines.collect());
    request.suppliers = (1..=8).map(|n| terms(n, "Wares")).collect();
    with_model(request, |model| {
        model.suppliers = (1..=8)
            .map(|of| costs(of, 200 + i64::try_from(roll(400)).expect("cents")))
            .collect();
        model.effort.work = work;
    })
}

#[test]
fn a_second_best_that_is_better_becomes_the_plan() {
    let (mut unproven, mut adopted) = (0, 0);
    for seed in 0..60 {
        for work in [0, 200, 2_000] {
            let request = hard(seed, work);
            let plan = route(&request);
            for second in plan.lines.iter().filter_map(|line| line.runner_up.as_ref()) {
                assert!(second.more.amount_minor >= 0, "{seed} {work}: {second:?}");
                unproven += u32::from(!second.proven);
            }
            let Strategy::LeastCost(mut quick) = request.strategy.clone() else {
                panic!("by cost");
            };
            quick.effort.detail = Detail::Settled;
            let settled = RouteRequest {
                strategy: Strategy::LeastCost(quick.clone()),
                ..request.clone()
            };
            assert_eq!(told(&route(&settled)), told(&plan), "{seed} {work}: the same decision");
            quick.effort.detail = Detail::Decision;
            let first = route(&RouteRequest {
                strategy: Strategy::LeastCost(quick),
                ..request
            });
            adopted += u32::from(total(&first) > total(&plan));
        }
    }
    assert!(unproven > 0 && adopted > 0, "{unproven} {adopted}");
}

#[test]
fn a_second_best_says_whether_it_is_proven() {
    let second = |work| {
        let request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
        let plan = route(&with_model(request, |model| model.effort.work = work));
        plan.lines[0].runner_up.clone().expect("a second best")
    };
    assert!(second(120_000).proven);
}

/// Plans that were stored before say what they said.
#[test]
fn plans_from_before_are_read() {
    let request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
    let plan = route(&RouteRequest {
        strategy: cheapest(),
        ..request
    });
    let mut json = serde_json::to_value(&plan).expect("json");
    let second = json["lines"][0]["runner_up"].as_object_mut().expect("a second best");
    second.remove("proven");
    let read: RoutePlan = serde_json::from_value(json).expect("a plan");
    assert!(!read.lines[0].runner_up.as_ref().expect("a second best").proven);
    let kept = r#"{ "kind": "kept_in_stock", "sku": "A", "in_stock": 5, "kept": 3, "rule": "Buffer" }"#;
    let kept: RejectedBecause = serde_json::from_str(kept).expect("a reason");
    assert_eq!(kept.to_string(), "5 of A in stock, of which the rule “Buffer” keeps 3");
}
