//! What the least-cost plan says about other plans, checked on orders drawn by lot.

use std::collections::BTreeMap;

use orderyard::{
    ids::{AlternativeId, OfferId, OrderLineId},
    routing::{
        Outcome, PlanLine, PriceCut, RejectedBecause, RoutePlan, RouteRequest, Strategy, route,
        terms::{CostModel, Detail},
    },
};
use proptest::prelude::*;
use routing_bench::instances::{Dice, Size, order_by_lot};

const SIZE: Size = Size {
    suppliers: 6,
    lines: 4,
    units: 4,
};

fn model(request: &mut RouteRequest) -> &mut CostModel {
    match &mut request.strategy {
        Strategy::LeastCost(model) => model,
        Strategy::Priority => panic!("no cost model"),
    }
}

fn by_lot(seed: u64) -> RouteRequest {
    let mut request = order_by_lot(&mut Dice::new(seed), SIZE);
    model(&mut request).effort.detail = Detail::RunnerUps;
    request
}

/// Who serves how much of what.
fn allocations(plan: &RoutePlan) -> Vec<(OrderLineId, u32, Option<AlternativeId>)> {
    let alternative = |entry: &PlanLine| match entry.outcome {
        Outcome::Allocated { alternative, .. } => Some(alternative),
        _ => None,
    };
    plan.lines
        .iter()
        .map(|entry| (entry.line, entry.units, alternative(entry)))
        .collect()
}

proptest! {
    #[test]
    fn units_and_stock_are_kept(seed in any::<u64>()) {
        let request = by_lot(seed);
        let plan = route(&request);
        for line in &request.lines {
            let entries = plan.lines.iter().filter(|entry| entry.line == line.line);
            prop_assert_eq!(entries.map(|entry| entry.units).sum::<u32>(), line.units);
        }
        let mut bought: BTreeMap<OfferId, u32> = BTreeMap::new();
        for entry in &plan.lines {
            if let Outcome::Allocated { components, .. } = &entry.outcome {
                for component in components {
                    *bought.entry(component.offer).or_default() += component.quantity;
                }
            }
        }
        let offers = request.lines.iter().flat_map(|line| &line.alternatives).flat_map(|way| &way.components);
        for component in offers {
            let pieces = bought.get(&component.offer.id).copied().unwrap_or(0);
            prop_assert!(component.offer.stock.is_none_or(|stock| pieces <= stock));
        }
    }

    #[test]
    fn the_order_of_the_request_does_not_matter(seed in any::<u64>()) {
        let request = by_lot(seed);
        let mut turned = request.clone();
        turned.lines.reverse();
        turned.suppliers.reverse();
        turned.lines.iter_mut().for_each(|line| line.alternatives.reverse());
        turned.price_breaks.reverse();
        let terms = model(&mut turned);
        terms.suppliers.reverse();
        terms.rates.reverse();
        terms.preferences.balance.reverse();
        prop_assert_eq!(route(&request), route(&turned));
    }

    #[test]
    fn no_single_change_is_cheaper(seed in any::<u64>()) {
        let plan = route(&by_lot(seed));
        for rejected in plan.lines.iter().flat_map(|entry| &entry.rejected) {
            if let RejectedBecause::CostsMore { by, preferences, .. } = &rejected.why {
                // Each is rounded by itself.
                prop_assert!(by.amount_minor + preferences.amount_minor >= -1, "{:?}", rejected);
            }
        }
    }

    #[test]
    fn a_runner_up_costs_what_it_says_and_wins_at_the_price_it_names(seed in any::<u64>()) {
        let request = by_lot(seed);
        let plan = route(&request);
        let told = allocations(&plan);
        for entry in &plan.lines {
            let (Some(second), Outcome::Allocated { .. }) = (&entry.runner_up, &entry.outcome) else {
                continue;
            };
            prop_assert!(second.more.amount_minor + second.preferences.amount_minor >= -1);
            let mut without = request.clone();
            let chosen: Vec<_> = told.iter().filter(|(line, ..)| *line == entry.line).filter_map(|told| told.2).collect();
            let line = without.lines.iter_mut().find(|line| line.line == entry.line).expect("line");
            line.alternatives.retain(|way| !chosen.contains(&way.id));
            let landed = |plan: &RoutePlan| plan.landed.as_ref().expect("landed").total.amount_minor;
            prop_assert!((landed(&route(&without)) - landed(&plan) - second.more.amount_minor).abs() <= 1);
            if let Some(cut) = &second.to_win {
                let cheaper = cheaper(&request, cut);
                prop_assert_ne!(allocations(&route(&cheaper)), told.clone(), "{:?}", cut);
            }
        }
    }
}

/// The same order with an offer's prices cut.
fn cheaper(request: &RouteRequest, cut: &PriceCut) -> RouteRequest {
    let mut request = request.clone();
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for component in ways
        .flat_map(|way| &mut way.components)
        .filter(|component| component.offer.id == cut.offer)
    {
        component.offer.cost.amount_minor -= cut.by.amount_minor;
    }
    let mut lists = request.price_breaks.iter_mut();
    if let Some(list) = lists.find(|list| list.offer == cut.offer) {
        for step in &mut list.breaks {
            step.unit_cost.amount_minor -= cut.by.amount_minor;
        }
    }
    request
}
