//! Orders that are decided together: the worked example, and what holds for all of them.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, strategy::Strategy as Generate};

use super::*;
use crate::routing::{
    Strategy,
    terms::*,
    together::{self, Anew, MOST_TOGETHER, Undecided},
    worth::{Served, cost_of, pieces, served, units},
};

/// Each supplier's parcel costs so much.
fn model(per_parcel: &[i64]) -> CostModel {
    let costs = |(of, cents): (u128, &i64)| SupplierCosts {
        supplier: supplier(of),
        per_order: eur(0),
        per_parcel: eur(*cents),
        shipping: Shipping::Included,
        duties_bp: 0,
        transit_days: 2,
        own: false,
        fill_rate_bp: None,
        on_time_bp: None,
    };
    CostModel {
        currency: eur(0).currency,
        rates: Vec::new(),
        suppliers: (1..).zip(per_parcel).map(costs).collect(),
        preferences: Preferences::default(),
        limits: Limits::default(),
        promised_days: None,
        effort: Effort::default(),
    }
}

fn undecided(request: RouteRequest) -> Undecided {
    Undecided {
        request,
        now: None,
        units: BTreeMap::new(),
        holds: BTreeMap::new(),
    }
}

/// An order that stands as it was decided.
fn standing(request: &RouteRequest, now: Served) -> Undecided {
    Undecided {
        request: request.clone(),
        units: units(&now),
        holds: pieces(request, &now),
        now: Some(now),
    }
}

/// What each order has after it was decided.
fn outcome(orders: &[Undecided], decided: &[Option<Anew>]) -> Vec<Served> {
    let of_one = |(order, anew): (&Undecided, &Option<Anew>)| match anew {
        Some(anew) => served(&route(&anew.request)),
        None => order.now.clone().unwrap_or_default(),
    };
    orders.iter().zip(decided).map(of_one).collect()
}

fn limited(request: &RouteRequest, left: &BTreeMap<OfferId, u32>) -> RouteRequest {
    let mut request = request.clone();
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for offer in ways.flat_map(|way| &mut way.components).map(|part| &mut part.offer) {
        offer.stock = left.get(&offer.id).copied();
    }
    request
}

fn stock(orders: &[Undecided]) -> BTreeMap<OfferId, u32> {
    let lines = orders.iter().flat_map(|order| &order.request.lines);
    let parts = lines
        .flat_map(|line| &line.alternatives)
        .flat_map(|way| &way.components);
    parts
        .filter_map(|part| Some((part.offer.id, part.offer.stock?)))
        .collect()
}

/// One after the other, as orders come.
fn in_turn(orders: &[Undecided]) -> Vec<Served> {
    let mut left = stock(orders);
    let mut all = Vec::new();
    for order in orders {
        let request = limited(&order.request, &left);
        let served = served(&route(&request));
        for (offer, used) in pieces(&request, &served) {
            *left.get_mut(&offer).expect("counted") -= used;
        }
        all.push(served);
    }
    all
}

/// Units served, and what that costs.
fn sum(orders: &[Undecided], all: &[Served]) -> (u64, i128) {
    let cost = |(order, served): (&Undecided, &Served)| cost_of(&order.request, served).expect("it is allowed");
    let served = all.iter().flat_map(Served::values).map(|units| u64::from(*units));
    (served.sum(), orders.iter().zip(all).map(cost).sum())
}

/// The mug is one euro dearer at South for the one who wants nothing else. The other one's shirt comes
/// from either, so that it loses only half of that.
fn two_mugs() -> Vec<Undecided> {
    let offered = |id: u128, of: u128, stock: u32, cents: i64| {
        let mut part = component(id, of, stock);
        part.offer.cost = eur(cents);
        part.accepted_cost = eur(cents);
        alternative(id, vec![part])
    };
    let mug = || vec![offered(11, 1, 1, 400), offered(12, 2, 50, 500)];
    let shirt = vec![offered(21, 1, 50, 900), offered(22, 2, 50, 850)];
    let requests = [
        order(vec![line(1, 1, mug()), line(2, 1, shirt)]),
        order(vec![line(3, 1, mug())]),
    ];
    let with_costs = |request: RouteRequest| RouteRequest {
        strategy: Strategy::LeastCost(Box::new(model(&[100, 100]))),
        ..request
    };
    requests.into_iter().map(|one| undecided(with_costs(one))).collect()
}

#[test]
fn the_last_piece_goes_to_whom_it_saves_more() {
    let orders = two_mugs();
    let first_come = in_turn(&orders);
    assert_eq!(sum(&orders, &first_come), (3, (1_400 + 600) * 1_000));
    let stand: Vec<Undecided> = orders
        .iter()
        .zip(first_come)
        .map(|(order, now)| standing(&order.request, now))
        .collect();
    let decided = together::decide(&stand);
    let gives_way: Vec<_> = decided
        .iter()
        .map(|anew| anew.as_ref().map(|anew| anew.gives_way))
        .collect();
    assert_eq!(gives_way, [Some(true), Some(false)]);
    let after = outcome(&stand, &decided);
    assert_eq!(sum(&stand, &after), (3, (1_450 + 500) * 1_000));
    let again: Vec<Undecided> = orders
        .iter()
        .zip(after)
        .map(|(order, now)| standing(&order.request, now))
        .collect();
    assert!(together::decide(&again).iter().all(Option::is_none), "it stays so");
}

#[test]
fn what_is_as_good_is_not_changed() {
    let mut orders = two_mugs();
    orders.truncate(1);
    let Strategy::LeastCost(model) = &mut orders[0].request.strategy else {
        panic!("it is by cost")
    };
    // Both ways cost the same.
    model.suppliers[0].per_parcel = eur(150);
    let ways = [(21, 11), (22, 12)].map(|(shirt, mug)| {
        let way = |id| AlternativeId(Uuid::from_u128(id));
        let line = |id| OrderLineId(Uuid::from_u128(id));
        Served::from([((line(1), way(mug)), 1), ((line(2), way(shirt)), 1)])
    });
    for now in ways {
        let stands = standing(&orders[0].request, now);
        assert_eq!(together::decide(&[stands]), [None]);
    }
}

#[test]
fn what_is_not_allowed_any_more_is_decided_anew() {
    let mut orders = two_mugs();
    orders.truncate(1);
    let now = in_turn(&orders).remove(0);
    let mut stands = standing(&orders[0].request, now);
    stands.request.suppliers[0].active = false;
    let decided = together::decide(&[stands.clone()]);
    assert_eq!(
        sum(&[stands.clone()], &outcome(&[stands.clone()], &decided)),
        (2, 1_450_000)
    );
    // But not where it would be served less.
    for way in &mut stands.request.lines[0].alternatives {
        way.components[0].offer.active = false;
    }
    assert_eq!(together::decide(&[stands]), [None]);
}

#[test]
fn groups_are_of_those_that_want_the_same_scarce_offers() {
    let wants = |offers: &[(u128, u32)]| offers.iter().map(|(id, n)| (offer_id(*id), *n)).collect();
    let stock = wants(&[(1, 3), (2, 3), (3, 100)]);
    let wanted: Vec<BTreeMap<OfferId, u32>> = [
        &[(1, 2), (3, 9)][..],
        &[(2, 2)],
        &[(3, 9)],
        &[(1, 2)],
        &[(2, 2), (9, 5)],
        &[(9, 5)],
    ]
    .iter()
    .map(|offers| wants(offers))
    .collect();
    assert_eq!(
        together::groups(&wanted, &stock),
        [vec![0, 3], vec![1, 4], vec![2], vec![5]]
    );
    let many: Vec<BTreeMap<OfferId, u32>> = (0..20).map(|_| wants(&[(1, 1)])).collect();
    let groups = together::groups(&many, &stock);
    assert!(groups.iter().all(|group| group.len() <= MOST_TOGETHER));
    assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 20);
}

const OFFERS: usize = 5;

/// Orders of a few lines over one small catalogue, by cost or by the priority list.
fn orders() -> impl Generate<Value = Vec<Undecided>> {
    let offer = (1..4_u128, 0..5_u32, 300..600_i64);
    let way = vec((0..OFFERS, 1..3_u32), 1..3);
    let demand = (1..4_u32, vec(way, 1..4));
    let all = vec(vec(demand, 1..3), 2..5);
    let by_cost = proptest::option::weighted(0.8, vec(0..400_i64, 3));
    (vec(offer, OFFERS), all, by_cost).prop_map(|(offers, all, by_cost)| {
        let mut ids = 1_u128..;
        let part = |(at, per_unit): (usize, u32)| {
            let (of, stock, cents) = offers[at];
            let mut part = component(at as u128 + 1, of, stock);
            part.offer.cost = eur(cents);
            part.accepted_cost = eur(cents);
            Component { per_unit, ..part }
        };
        let mut requests = Vec::new();
        for demands in all {
            let mut lines = Vec::new();
            for (units, ways) in demands {
                let ways: Vec<Alternative> = ways
                    .into_iter()
                    .zip(&mut ids)
                    .map(|(parts, id)| alternative(id, parts.into_iter().map(part).collect()))
                    .collect();
                lines.push(line(ids.next().expect("an id"), units, ways));
            }
            let mut request = order(lines);
            request.suppliers = (1..4).map(|n| terms(n, &format!("Supplier {n}"))).collect();
            if let Some(per_parcel) = &by_cost {
                request.strategy = Strategy::LeastCost(Box::new(model(per_parcel)));
            }
            requests.push(undecided(request));
        }
        requests
    })
}

fn is_within_stock(orders: &[Undecided], all: &[Served]) -> bool {
    let mut used: BTreeMap<OfferId, u32> = BTreeMap::new();
    for (order, served) in orders.iter().zip(all) {
        for (offer, more) in pieces(&order.request, served) {
            *used.entry(offer).or_default() += more;
        }
    }
    let stock = stock(orders);
    used.iter().all(|(offer, used)| used <= &stock[offer])
}

/// Less is worse; then, more costs more.
fn is_no_worse((served, cost): (u64, i128), (before, dearer): (u64, i128)) -> bool {
    served > before || (served == before && cost <= dearer)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn together_is_never_worse_than_in_turn(orders in orders()) {
        let decided = together::decide(&orders);
        prop_assert_eq!(&decided, &together::decide(&orders));
        let after = outcome(&orders, &decided);
        prop_assert!(is_within_stock(&orders, &after));
        let (now, before) = (sum(&orders, &after), sum(&orders, &in_turn(&orders)));
        prop_assert!(is_no_worse(now, before), "{:?} after {:?}", now, before);
    }

    #[test]
    fn what_stands_gets_better_and_nobody_loses(orders in orders()) {
        // As they stand, the last came first.
        let mut last_first = orders.clone();
        last_first.reverse();
        let mut now = in_turn(&last_first);
        now.reverse();
        let stand: Vec<Undecided> = orders.iter().zip(now).map(|(order, now)| standing(&order.request, now)).collect();
        let decided = together::decide(&stand);
        let after = outcome(&stand, &decided);
        prop_assert!(is_within_stock(&stand, &after));
        for (order, served) in stand.iter().zip(&after) {
            let now = units(served);
            prop_assert!(order.units.iter().all(|(line, units)| now.get(line).copied().unwrap_or(0) >= *units));
        }
        let stood: Vec<Served> = stand.iter().filter_map(|order| order.now.clone()).collect();
        let (best, before) = (sum(&stand, &after), sum(&stand, &stood));
        if decided.iter().any(Option::is_some) {
            prop_assert!(is_no_worse(best, before) && best != before, "{:?} after {:?}", best, before);
        } else {
            prop_assert_eq!(best, before);
        }
    }

    #[test]
    fn routing_takes_what_it_costs_by_its_own_account(orders in orders()) {
        for order in &orders {
            let plan = route(&order.request);
            let cost = cost_of(&order.request, &served(&plan));
            prop_assert!(cost.is_some());
            if let Some(landed) = &plan.landed {
                prop_assert_eq!(cost, Some(i128::from(landed.total.amount_minor) * 1_000));
            }
        }
    }
}
