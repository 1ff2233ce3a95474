//! Under a limit on parcels the priority list leaves out sets of suppliers that can be no better than one before. What
//! it finds is what trying all of them would find.

use std::cmp::Reverse;

use proptest::{collection::vec, prelude::*, strategy::Strategy as Generate};

use super::*;
use crate::routing::{
    rulebook::{Consequence, Rule},
    worth::{Served, served},
};

const SUPPLIERS: u32 = 5;

fn limited(mut request: RouteRequest, most: u32) -> RouteRequest {
    let rule = Rule::new("Few parcels", None, Consequence::MaxParcels(most));
    request.rules.push(rule.expect("a rule"));
    request
}

/// One offer of each supplier; lines draw on them alone and in kits.
fn request() -> impl Generate<Value = RouteRequest> {
    let stocks = vec(proptest::option::weighted(0.9, 0..5_u32), SUPPLIERS as usize);
    let part = (0..SUPPLIERS as usize, 1..3_u32);
    let way = (1..3_u32, vec(part, 1..3));
    let demands = vec((1..4_u32, vec(way, 0..4)), 1..5);
    (stocks, demands, any::<bool>()).prop_map(|(stocks, demands, together)| {
        let mut ids = 1_u128..;
        let mut lines = Vec::new();
        for ((units, ways), id) in demands.into_iter().zip(1_u128..) {
            let ways = ways.into_iter().zip(&mut ids).map(|((rank, parts), id)| {
                let part = |(of, per_unit): (usize, u32)| {
                    let id = of as u128 + 1;
                    let mut part = component(id, id, 0);
                    part.offer.stock = stocks[of];
                    part.per_unit = per_unit;
                    part
                };
                Alternative {
                    rank,
                    ..alternative(id, parts.into_iter().map(part).collect())
                }
            });
            lines.push(line(id, units, ways.collect()));
        }
        let tie = Rule::new(
            "Together",
            Some("line.sku in ['LINE-1', 'LINE-2']"),
            Consequence::ShipTogether,
        );
        RouteRequest {
            suppliers: (1..=SUPPLIERS).map(|n| terms(n, &format!("Supplier {n}"))).collect(),
            rules: if together {
                vec![tie.expect("a rule")]
            } else {
                Vec::new()
            },
            ..order(lines)
        }
    })
}

/// What the first of all sets in priority serves with which most is served.
fn by_trying_all(request: &RouteRequest, most: usize) -> Served {
    let ways = request.lines.iter().flat_map(|line| &line.alternatives);
    let parts = ways.flat_map(|way| &way.components);
    let all: BTreeSet<SupplierId> = parts.map(|part| part.offer.supplier).collect();
    let all: Vec<SupplierId> = all.into_iter().collect();
    let within = |set: &[SupplierId]| {
        let mut request = request.clone();
        for terms in &mut request.suppliers {
            terms.active = set.contains(&terms.id);
        }
        served(&route(&request))
    };
    if most >= all.len() {
        return within(&all);
    }
    let members = |bits: u32| (0..all.len()).filter(move |at| bits & (1 << at) != 0);
    let sets = (1..1_u32 << all.len()).filter(|bits| bits.count_ones() as usize <= most);
    let mut sets: Vec<Vec<SupplierId>> = sets.map(|bits| members(bits).map(|at| all[at]).collect()).collect();
    sets.sort();
    let each = sets.iter().map(|set| within(set));
    let best = each.min_by_key(|served| Reverse(served.values().sum::<u32>()));
    best.unwrap_or_default()
}

proptest! {
    #[test]
    fn no_set_is_left_out_that_would_have_been_chosen(request in request(), most in 1..=SUPPLIERS) {
        let expected = by_trying_all(&request, most as usize);
        prop_assert_eq!(served(&route(&limited(request, most))), expected);
    }
}

/// Without a limit the kit takes the piece that the second line needs, and one line is left. North alone leaves one
/// as well; with South it leaves none.
#[test]
fn a_few_suppliers_may_leave_less_than_all_do() {
    let kit = alternative(1, vec![component(3, 3, 5), component(1, 1, 1)]);
    let single = Alternative {
        rank: 2,
        ..alternative(2, vec![component(2, 2, 5)])
    };
    let mut request = order(vec![
        line(1, 1, vec![kit, single]),
        line(2, 1, vec![alternative(3, vec![component(1, 1, 1)])]),
    ]);
    request.suppliers.push(terms(3, "West"));
    assert_eq!(told(&route(&request)), ["1: 1 SKU-3 + 1 SKU-1", "1: nobody"]);
    assert_eq!(told(&route(&limited(request, 2))), ["1: 1 SKU-2", "1: 1 SKU-1"]);
}

/// Fourteen suppliers have the goods of six lines, seven of them may ship, and one line has nobody.
#[test]
fn what_nobody_can_serve_keeps_nothing_from_the_others() {
    let offered = |line: u128| (1..=14).map(move |of| alternative(line * 100 + of, vec![component(of, of, 100)]));
    let mut lines: Vec<LineDemand> = (1..=6).map(|id| line(id, 2, offered(id).collect())).collect();
    lines.push(line(7, 2, vec![alternative(799, vec![component(99, 99, 1)])]));
    let request = RouteRequest {
        suppliers: (1..=14).map(|n| terms(n, &format!("Supplier {n}"))).collect(),
        ..order(lines)
    };
    let plan = route(&limited(request, 7));
    let mut expected = vec!["2: 2 SKU-1"; 6];
    expected.push("2: nobody");
    assert_eq!(told(&plan), expected);
}
