//! What holds for every order: generated orders with shared offers, kits, scarce
//! stock and broken rules.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*, strategy::Strategy as Generate};

use super::*;
use crate::routing::rulebook::{Consequence, Rule};

const SUPPLIERS: u32 = 4;
const OFFERS: u128 = 6;

/// The catalogue that every line of one order draws on: one reading of each offer.
fn offers() -> impl Generate<Value = Vec<OfferFacts>> {
    let supplied = (1..=u128::from(SUPPLIERS), proptest::option::weighted(0.8, 0..12_u32));
    let extras = (
        380..460_i64,
        proptest::bool::weighted(0.9),
        proptest::bool::weighted(0.8),
    );
    vec((supplied, extras), OFFERS as usize).prop_map(|facts| {
        let mut offers = Vec::new();
        for (((of, stock), (cost, active, here)), id) in facts.into_iter().zip(1_u128..) {
            offers.push(OfferFacts {
                cost: eur(cost),
                stock,
                active,
                ships_to: if here { Vec::new() } else { vec!["FR".to_owned()] },
                ..component(id, of, 0).offer
            });
        }
        offers
    })
}

fn request() -> impl Generate<Value = RouteRequest> {
    let part = (0..OFFERS as usize, 1..4_u32, 400..440_i64);
    let way = (1..3_u32, vec(part, 1..3));
    let demand = (0..9_u32, vec(way, 0..4), vec(1..=u128::from(SUPPLIERS), 0..2));
    let supplier_terms = vec(
        (1..4_u32, proptest::bool::weighted(0.9), 0..500_u32),
        SUPPLIERS as usize,
    );
    (offers(), vec(demand, 1..5), supplier_terms).prop_map(|(offers, demands, supplier_terms)| {
        let mut ids = 1_u128..;
        let mut lines = Vec::new();
        for ((units, ways, excluded), id) in demands.into_iter().zip(1_u128..) {
            let ways = ways.into_iter().zip(&mut ids);
            let alternatives = ways.map(|((rank, parts), id)| {
                let part = |(offer, per_unit, accepted): (usize, u32, i64)| Component {
                    offer: offers[offer].clone(),
                    per_unit,
                    accepted_cost: eur(accepted),
                };
                let components = parts.into_iter().map(part).collect();
                Alternative {
                    rank,
                    ..alternative(id, components)
                }
            });
            let mut demand = line(id, units, alternatives.collect());
            demand.excluded = excluded.into_iter().map(supplier).collect();
            lines.push(demand);
        }
        let numbered = supplier_terms.into_iter().zip(1_u32..);
        let suppliers = numbered.map(|((priority, active, price_tolerance_bp), n)| SupplierTerms {
            priority,
            active,
            price_tolerance_bp,
            ..terms(n, &format!("Supplier {n}"))
        });
        RouteRequest {
            suppliers: suppliers.collect(),
            ..order(lines)
        }
    })
}

/// The components bought, each with the demand it is for.
fn bought<'a>(request: &'a RouteRequest, plan: &'a RoutePlan) -> Vec<(&'a LineDemand, &'a PlanLine, &'a Component)> {
    let mut all = Vec::new();
    for entry in &plan.lines {
        let Outcome::Allocated { alternative, .. } = &entry.outcome else {
            continue;
        };
        let line = request.lines.iter().find(|l| l.line == entry.line).expect("line");
        let way = line
            .alternatives
            .iter()
            .find(|a| a.id == *alternative)
            .expect("alternative");
        all.extend(way.components.iter().map(|c| (line, entry, c)));
    }
    all
}

proptest! {
    #[test]
    fn every_unit_is_accounted_for(request in request()) {
        let plan = route(&request);
        for line in &request.lines {
            let entries: Vec<_> = plan.lines.iter().filter(|entry| entry.line == line.line).collect();
            prop_assert_eq!(entries.iter().map(|e| e.units).sum::<u32>(), line.units);
            prop_assert!(entries.iter().all(|e| e.units > 0));
            prop_assert!(entries.iter().all(|e| (e.outcome == Outcome::Unmapped) == line.alternatives.is_empty()));
        }
    }

    #[test]
    fn stock_is_never_exceeded_nor_left_while_units_wait(request in request()) {
        let plan = route(&request);
        let mut used: BTreeMap<OfferId, u32> = BTreeMap::new();
        for (_, entry, component) in bought(&request, &plan) {
            *used.entry(component.offer.id).or_default() += component.per_unit * entry.units;
            if let Some(stock) = component.offer.stock {
                prop_assert!(used[&component.offer.id] <= stock);
            }
        }
        let waiting = plan.lines.iter().filter(|e| !matches!(e.outcome, Outcome::Allocated { .. }));
        for entry in waiting {
            prop_assert!(entry.rejected.iter().all(|r| r.why != RejectedBecause::NotNeeded), "{:?}", entry);
        }
    }

    #[test]
    fn nothing_is_bought_against_a_rule(request in request()) {
        let plan = route(&request);
        for (line, _, component) in bought(&request, &plan) {
            let offer = &component.offer;
            let terms = request.suppliers.iter().find(|s| s.id == offer.supplier).expect("terms");
            let limit = component.accepted_cost.amount_minor * i64::from(10_000 + terms.price_tolerance_bp);
            prop_assert!(offer.cost.amount_minor * 10_000 <= limit);
            prop_assert!(terms.active && offer.active && offer.ships_to.is_empty());
            prop_assert!(!line.excluded.contains(&terms.id));
        }
    }

    #[test]
    fn what_belongs_together_comes_from_one_supplier(
        request in request(),
        groups in vec(1..16_u8, 1..4),
    ) {
        let of = |group: u8| -> Vec<String> {
            (0..4).filter(|bit| group & (1 << bit) != 0).map(|bit| format!("'LINE-{}'", bit + 1)).collect()
        };
        let rule = |group: &u8| {
            let when = format!("line.sku in [{}]", of(*group).join(", "));
            Rule::new("Together", Some(&when), Consequence::ShipTogether).expect("a rule")
        };
        let request = RouteRequest { rules: groups.iter().map(rule).collect(), ..request };
        let plan = route(&request);
        for group in groups {
            let bought = bought(&request, &plan).into_iter();
            let named = of(group);
            let of_group = bought.filter(|(line, ..)| {
                let sku = format!("'{}'", line.sku.as_deref().unwrap_or_default());
                named.contains(&sku)
            });
            let suppliers: BTreeSet<SupplierId> = of_group.map(|(_, _, part)| part.offer.supplier).collect();
            prop_assert!(suppliers.len() <= 1, "{named:?} come from {suppliers:?}");
            let is_named = |demand: &LineDemand| {
                demand.sku.as_deref().is_some_and(|sku| named.contains(&format!("'{sku}'")))
            };
            let lines: BTreeSet<_> = request.lines.iter().filter(|line| is_named(line)).map(|line| line.line).collect();
            let of_group = |entry: &&PlanLine| lines.contains(&entry.line);
            let is_bought = |entry: &PlanLine| matches!(entry.outcome, Outcome::Allocated { .. });
            let (all, some): (bool, bool) = (
                plan.lines.iter().filter(of_group).all(is_bought),
                plan.lines.iter().filter(of_group).any(is_bought),
            );
            prop_assert!(all || !some, "{named:?} are bought in part");
        }
    }

    #[test]
    fn the_costs_are_what_the_components_cost(request in request()) {
        let plan = route(&request);
        let each = bought(&request, &plan).into_iter();
        let sum: i64 = each.map(|(_, e, c)| c.offer.cost.amount_minor * i64::from(c.per_unit * e.units)).sum();
        prop_assert_eq!(plan.costs.iter().map(|m| m.amount_minor).sum::<i64>(), sum);
    }

    #[test]
    fn the_order_of_the_request_does_not_matter(request in request(), seed in any::<u64>()) {
        let mut shuffled = request.clone();
        let mut state = seed;
        let mut key = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        shuffled.lines.sort_by_cached_key(|_| key());
        shuffled.suppliers.sort_by_cached_key(|_| key());
        for line in &mut shuffled.lines {
            line.alternatives.sort_by_cached_key(|_| key());
        }
        prop_assert_eq!(route(&request), route(&shuffled));
    }
}
