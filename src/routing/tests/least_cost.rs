//! The least-cost strategy: stories of what makes one plan cheaper than another,
//! what is refused, and what the plan says of the second best.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::*;
use crate::routing::{Strategy, terms::*};

pub(super) fn rate(from: &str, to: &str, factor: &str) -> Rate {
    Rate {
        from: Currency::parse(from).expect(from),
        to: Currency::parse(to).expect(to),
        factor: Decimal::from_str_exact(factor).expect(factor),
        on: NaiveDate::from_ymd_opt(2026, 11, 20).expect("day"),
    }
}

/// Up to so many grams for so many cents, in the order given.
pub(super) fn by_weight(table: &[(u32, i64)]) -> Shipping {
    let bracket = |&(up_to_g, cents): &(u32, i64)| WeightBracket {
        up_to_g,
        cost: eur(cents),
    };
    Shipping::ByWeight(table.iter().map(bracket).collect())
}

pub(super) fn costs(of: u128, per_parcel: i64) -> SupplierCosts {
    SupplierCosts {
        supplier: supplier(of),
        per_order: eur(0),
        per_parcel: eur(per_parcel),
        shipping: Shipping::Included,
        duties_bp: 0,
        transit_days: 2,
        own: false,
        fill_rate_bp: None,
        on_time_bp: None,
    }
}

/// North and South, each with three euros for a parcel.
pub(super) fn model() -> CostModel {
    CostModel {
        currency: eur(0).currency,
        rates: Vec::new(),
        suppliers: vec![costs(1, 300), costs(2, 300)],
        preferences: Preferences::default(),
        limits: Limits::default(),
        promised_days: None,
        effort: Effort::default(),
    }
}

/// By cost, with nothing to choose by but the goods and the parcels.
pub(super) fn cheapest() -> Strategy {
    Strategy::LeastCost(Box::new(model()))
}

pub(super) fn with_model(request: RouteRequest, change: impl FnOnce(&mut CostModel)) -> RouteRequest {
    let mut model = model();
    change(&mut model);
    RouteRequest {
        strategy: Strategy::LeastCost(Box::new(model)),
        ..request
    }
}

/// An offer of one supplier at this cost, as the only component of an alternative
/// with the same number.
pub(super) fn offered(id: u128, of: u128, cents: i64) -> Alternative {
    let mut component = component(id, of, 100);
    component.offer.cost = eur(cents);
    component.accepted_cost = eur(cents);
    component.offer.weight_g = Some(100);
    alternative(id, vec![component])
}

/// Two lines of one unit; North offers both, South each a little cheaper.
fn two_lines() -> RouteRequest {
    order(vec![
        line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)]),
        line(2, 1, vec![offered(21, 1, 1_000), offered(22, 2, 1_050)]),
    ])
}

pub(super) fn total(plan: &RoutePlan) -> i64 {
    plan.landed.as_ref().expect("landed").total.amount_minor
}

#[test]
fn one_parcel_is_cheaper_than_the_cheapest_line_each() {
    let plan = route(&with_model(two_lines(), |_| {}));
    assert_eq!(told(&plan), ["1: 1 SKU-12", "1: 1 SKU-22"]);
    assert_eq!(total(&plan), 900 + 1_050 + 300);
    assert_eq!(
        plan.lines[0].reason,
        "South Mugs is part of the cheapest way to ship the order and has 100 in stock; 9.00 EUR each"
    );
    let free = route(&with_model(two_lines(), |model| {
        model.suppliers = vec![costs(1, 0), costs(2, 0)];
    }));
    assert_eq!(told(&free), ["1: 1 SKU-12", "1: 1 SKU-21"]);
}

/// The worked example of IBM's order management: 8 lb in one parcel cost more than
/// 4.8 lb and 3.2 lb in two.
fn heavy_order(change: impl FnOnce(&mut CostModel)) -> RoutePlan {
    let mut request = order(vec![
        line(1, 1, vec![offered(11, 1, 1_000)]),
        line(2, 1, vec![offered(21, 1, 1_000), offered(22, 2, 1_000)]),
    ]);
    request.lines[0].alternatives[0].components[0].offer.weight_g = Some(2_177);
    for way in &mut request.lines[1].alternatives {
        way.components[0].offer.weight_g = Some(1_452);
    }
    route(&with_model(request, |model| {
        model.suppliers = vec![
            SupplierCosts {
                shipping: by_weight(&[(2_177, 834), (3_629, 2_256)]),
                ..costs(1, 0)
            },
            SupplierCosts {
                shipping: by_weight(&[(1_452, 757)]),
                ..costs(2, 0)
            },
        ];
        change(model);
    }))
}

#[test]
fn two_parcels_are_cheaper_than_a_heavy_one() {
    let plan = heavy_order(|_| {});
    assert_eq!(told(&plan), ["1: 1 SKU-11", "1: 1 SKU-22"]);
    let landed = plan.landed.as_ref().expect("landed");
    assert_eq!(landed.total, eur(2_000 + 834 + 757));
    assert_eq!(landed.gap, eur(0));
    let second = plan.lines[1].runner_up.as_ref().expect("runner-up");
    assert_eq!(
        (second.summary.as_str(), second.more),
        ("North Textiles (SKU-21)", eur(665))
    );
    let cut = second.to_win.as_ref().expect("a price cut");
    // At equal cost North wins by its priority.
    assert_eq!((cut.sku.as_str(), cut.by), ("SKU-21", eur(665)));
    let whole = heavy_order(|model| model.preferences = Preferences::of(Preset::FewestParcels));
    assert_eq!(told(&whole), ["1: 1 SKU-11", "1: 1 SKU-21"]);
    assert_eq!(total(&whole), 2_000 + 2_256);
    let limited = heavy_order(|model| model.limits.max_parcels = Some(1));
    assert_eq!(told(&limited), ["1: 1 SKU-11", "1: 1 SKU-21"]);
}

#[test]
fn the_bill_says_what_each_supplier_costs() {
    let plan = heavy_order(|model| model.suppliers[1].per_order = eur(50));
    let bills = plan.landed.expect("landed").suppliers;
    let south = SupplierBill {
        duties: None,
        supplier: supplier(2),
        supplier_name: "South Mugs".to_owned(),
        goods: eur(1_000),
        fees: eur(50),
        shipping: eur(757),
        parcels: 1,
        weight_g: 1_452,
    };
    assert_eq!(bills.len(), 2);
    assert_eq!(bills[1], south);
}

#[test]
fn what_exceeds_the_heaviest_bracket_goes_into_further_parcels() {
    let mut request = order(vec![line(1, 5, vec![offered(11, 1, 100)])]);
    request.lines[0].alternatives[0].components[0].offer.weight_g = Some(900);
    let plan = route(&with_model(request, |model| {
        model.suppliers[0].shipping = by_weight(&[(1_000, 500), (2_000, 400)]);
    }));
    let bill = &plan.landed.expect("landed").suppliers[0];
    // 4.5 kg: two full parcels and one of 500 g, for which the dearer bracket is not used.
    assert_eq!((bill.parcels, bill.shipping, bill.fees), (3, eur(1_200), eur(900)));
}

#[test]
fn a_price_by_quantity_counts_over_all_lines() {
    let shared = |id| {
        let mut way = offered(id, 1, 1_000);
        way.components[0].offer.id = offer_id(11);
        way
    };
    let mut lines = order(vec![
        line(1, 3, vec![shared(1), offered(12, 2, 950)]),
        line(2, 3, vec![shared(2), offered(22, 2, 950)]),
    ]);
    lines.price_breaks = vec![PriceBreaks {
        offer: offer_id(11),
        breaks: vec![PriceBreak {
            from: 6,
            unit_cost: eur(900),
        }],
    }];
    // It is what is bought at, whatever decides who ships.
    for request in [with_model(lines.clone(), |_| {}), lines] {
        let plan = route(&request);
        assert_eq!(told(&plan), ["3: 3 SKU-1", "3: 3 SKU-2"]);
        assert_eq!(plan.costs, [eur(5_400)]);
        let Outcome::Allocated { components, .. } = &plan.lines[0].outcome else {
            panic!("not allocated");
        };
        assert_eq!(components[0].unit_cost, eur(900));
    }
}

#[test]
fn currencies_compare_at_the_days_rate() {
    let dollars = |minor| Money::new(minor, Currency::parse("USD").expect("USD"));
    let order = || {
        let mut abroad = offered(12, 2, 0);
        abroad.components[0].offer.cost = dollars(1_080);
        abroad.components[0].accepted_cost = dollars(1_080);
        order(vec![line(1, 1, vec![offered(11, 1, 1_000), abroad])])
    };
    let at = |factor: &str| {
        route(&with_model(order(), |model| {
            model.rates = vec![rate("USD", "EUR", factor)];
        }))
    };
    assert_eq!(told(&at("0.92")), ["1: 1 SKU-12"]);
    assert_eq!(told(&at("0.93")), ["1: 1 SKU-11"]);
    let plan = at("0.92");
    assert_eq!(total(&plan), 994 + 300);
    assert_eq!(plan.costs, [dollars(1_080)]);
    assert_eq!(plan.landed.expect("landed").rates, [rate("USD", "EUR", "0.92")]);
}

#[test]
fn several_rates_and_a_duty_leave_room_for_a_strategy() {
    let way = |n: u128| vec![offered(n * 10 + 1, 1, 1_000), offered(n * 10 + 2, 2, 900)];
    let request = order((1..=20).map(|n| line(n, 3, way(n))).collect());
    let plan = route(&with_model(request, |model| {
        let rates = [("CHF", "0.9345"), ("GBP", "0.85713"), ("USD", "1.0853")];
        model.rates = rates.map(|(to, factor)| rate("EUR", to, factor)).to_vec();
        model.suppliers[0].per_parcel = Money::new(300, Currency::parse("USD").expect("USD"));
        model.suppliers[0].duties_bp = 300;
        model.preferences = Preferences::of(Preset::Fastest);
    }));
    let served = told(&plan);
    assert_eq!(
        served.iter().filter(|told| told.starts_with("3: 3 SKU-")).count(),
        20,
        "{served:?}"
    );
}

#[test]
fn presets_prefer_what_they_say() {
    let check = |preset, expect: &str| {
        let mut request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
        request.suppliers[0].handling_days = 0;
        let plan = route(&with_model(request, |model| {
            model.suppliers[0].own = true;
            model.preferences = Preferences::of(preset);
        }));
        assert_eq!(told(&plan), [expect], "{preset:?}");
    };
    check(Preset::Cheapest, "1: 1 SKU-12");
    check(Preset::FewestParcels, "1: 1 SKU-12");
    check(Preset::Fastest, "1: 1 SKU-11");
    check(Preset::PreferredSupplier, "1: 1 SKU-11");
    check(Preset::OwnStockFirst, "1: 1 SKU-11");
}

#[test]
fn what_is_ordered_after_the_cutoff_hour_arrives_a_day_later() {
    let at = |hour| {
        let mut request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 1_050)])]);
        request.suppliers[0].service.cutoff_hour = Some(12);
        request.facts.hour = Some(hour);
        route(&with_model(request, |model| {
            model.preferences = Preferences::of(Preset::Fastest);
        }))
    };
    assert_eq!(told(&at(11)), ["1: 1 SKU-11"]);
    let plan = at(12);
    assert_eq!(told(&plan), ["1: 1 SKU-12"]);
    let entry = &plan.lines[0];
    let days = [&entry.alone, &entry.rejected[0].alone].map(|parts| parts.as_ref().expect("a cost").days);
    assert_eq!(days[1], days[0] + 1);
}

/// The list decides, and its explanation says what each would have cost where that is known.
#[test]
fn under_the_priority_list_each_candidate_has_its_cost() {
    let mut request = order(vec![line(
        1,
        2,
        vec![offered(11, 1, 1_000), offered(12, 2, 900), offered(13, 3, 800)],
    )]);
    request.suppliers.push(terms(3, "East Wares"));
    assert!(route(&request).lines[0].alone.is_none(), "no cost is known");
    let mut known = model();
    known.suppliers = vec![costs(1, 400), costs(2, 300)];
    request.known_costs = Some(Box::new(known.clone()));
    let plan = route(&request);
    assert_eq!(told(&plan), ["2: 2 SKU-11"]);
    assert_eq!(plan.landed, None, "nothing was weighed");
    let by_cost = route(&with_model(request, |model| model.suppliers = known.suppliers));
    assert_eq!(told(&by_cost), ["2: 2 SKU-12"]);
    let [north, south] = [&plan.lines[0].alone, &plan.lines[0].rejected[0].alone];
    assert!(north.is_some() && south.is_some());
    assert_eq!(*north, by_cost.lines[0].rejected[0].alone);
    assert_eq!(*south, by_cost.lines[0].alone);
    let east = &plan.lines[0].rejected[1];
    assert_eq!(
        (&east.why, &east.alone),
        (&RejectedBecause::NotNeeded, &None),
        "its charges are not known"
    );
}

/// One unit, for which South asks a euro less than North.
fn check_preference(change: impl FnOnce(&mut CostModel), expect: &str) {
    let request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
    assert_eq!(told(&route(&with_model(request, change))), [expect]);
}

/// South takes two days longer to ship than was promised, whatever the shop promises otherwise.
#[test]
fn an_order_that_leaves_late_has_its_price() {
    let plan = |per_day, promised| {
        let mut request = order(vec![line(1, 1, vec![offered(11, 1, 1_000), offered(12, 2, 900)])]);
        request.facts.promised_in_days = promised;
        request.suppliers[1].handling_days = 3;
        let price = |model: &mut CostModel| model.preferences.late_per_day = per_day;
        told(&route(&with_model(request, price)))
    };
    assert_eq!(plan(49, Some(1)), ["1: 1 SKU-12"]);
    assert_eq!(plan(51, Some(1)), ["1: 1 SKU-11"]);
    assert_eq!(plan(51, Some(3)), ["1: 1 SKU-12"]);
    assert_eq!(plan(51, None), ["1: 1 SKU-12"]);
}

#[test]
fn a_preference_has_its_price() {
    // South is two days late, or fills nine of ten, or has more than its share.
    let late = |model: &mut CostModel, per_day| {
        model.promised_days = Some(3);
        model.suppliers[1].transit_days = 4;
        model.preferences.late_per_day = per_day;
    };
    check_preference(|model| late(model, 49), "1: 1 SKU-12");
    check_preference(|model| late(model, 51), "1: 1 SKU-11");
    let unsure = |model: &mut CostModel, each| {
        model.suppliers[1].fill_rate_bp = Some(9_000);
        model.preferences.per_unfilled_piece = each;
    };
    check_preference(|model| unsure(model, 999), "1: 1 SKU-12");
    check_preference(|model| unsure(model, 1_001), "1: 1 SKU-11");
    let share = |model: &mut CostModel, pieces| {
        let share = |of, target_bp, pieces| Share {
            supplier: supplier(of),
            target_bp,
            pieces,
        };
        model.preferences.balance = vec![share(1, 7_000, 100 - pieces), share(2, 3_000, pieces)];
        model.preferences.per_piece_off_balance = 10_000;
    };
    check_preference(|model| share(model, 30), "1: 1 SKU-12");
    check_preference(|model| share(model, 32), "1: 1 SKU-11");
}

#[test]
fn lines_that_belong_together_come_from_one_supplier() {
    let apart = |model: &mut CostModel| model.suppliers = vec![costs(1, 0), costs(2, 0)];
    let plan = route(&with_model(two_lines(), apart));
    assert_eq!(told(&plan), ["1: 1 SKU-12", "1: 1 SKU-21"]);
    let both: BTreeSet<_> = plan.lines.iter().map(|entry| entry.line).collect();
    let plan = route(&with_model(two_lines(), |model| {
        apart(model);
        model.limits.together = vec![both];
    }));
    assert_eq!(told(&plan), ["1: 1 SKU-12", "1: 1 SKU-22"]);
    // With it, all of them would have to come from there.
    let why = plan.lines[0].rejected[0].why.to_string();
    assert!(why.contains("0.50"), "{why}");
}

#[test]
fn limits_that_leave_no_room_are_named() {
    let plan = route(&with_model(two_lines(), |model| model.limits.max_parcels = Some(0)));
    assert_eq!(told(&plan), ["1: nobody", "1: nobody"]);
    let limits = "the limits on parcels or on shipping together leave no room for it";
    assert_eq!(plan.lines[0].rejected[0].why.to_string(), limits);
}

#[test]
fn serving_more_units_always_wins() {
    let mut request = order(vec![line(1, 3, vec![offered(11, 1, 100), offered(12, 2, 90_000)])]);
    request.lines[0].alternatives[0].components[0].offer.stock = Some(2);
    let plan = route(&with_model(request, |_| {}));
    assert_eq!(told(&plan), ["2: 2 SKU-11", "1: 1 SKU-12"]);
}

#[test]
fn at_equal_cost_priority_decides() {
    let request = || order(vec![line(1, 2, vec![offered(12, 2, 500), offered(11, 1, 500)])]);
    assert_eq!(told(&route(&with_model(request(), |_| {}))), ["2: 2 SKU-11"]);
    let mut request = request();
    request.suppliers[0].priority = 3;
    assert_eq!(told(&route(&with_model(request, |_| {}))), ["2: 2 SKU-12"]);
}

/// North's offer cannot be priced after the change; South's can.
fn check_unpriced(change: impl FnOnce(&mut OfferFacts, &mut CostModel), expect: &str) {
    check_unpriced_at(Vec::new(), change, expect);
}

fn check_unpriced_at(
    price_breaks: Vec<PriceBreaks>,
    change: impl FnOnce(&mut OfferFacts, &mut CostModel),
    expect: &str,
) {
    let mut request = order(vec![line(1, 1, vec![offered(11, 1, 100), offered(12, 2, 900)])]);
    let mut model = model();
    change(&mut request.lines[0].alternatives[0].components[0].offer, &mut model);
    request.strategy = Strategy::LeastCost(Box::new(model));
    request.price_breaks = price_breaks;
    let plan = route(&request);
    assert_eq!(told(&plan), ["1: 1 SKU-12"], "{expect}");
    assert_eq!(plan.lines[0].rejected[0].why.to_string(), expect);
    let json = serde_json::to_string(&plan).expect("json");
    assert_eq!(serde_json::from_str::<RoutePlan>(&json).expect("plan"), plan);
}

#[test]
fn a_cost_that_is_not_known_is_never_zero() {
    let weighed = || by_weight(&[(1_000, 300)]);
    check_unpriced(
        |_, model| model.suppliers.retain(|costs| costs.supplier != supplier(1)),
        "what North Textiles charges for shipping is not known",
    );
    check_unpriced(
        |_, model| model.suppliers[0].per_order = Money::new(1, Currency::parse("USD").expect("USD")),
        "there is no rate for USD",
    );
    check_unpriced(
        |offer, model| {
            model.suppliers[0].shipping = weighed();
            offer.weight_g = None;
        },
        "shipping goes by weight, and that of SKU-11 is not known",
    );
    check_unpriced(
        |offer, model| {
            model.suppliers[0].shipping = weighed();
            offer.weight_g = Some(1_001);
        },
        "SKU-11 weighs 1001 g, and a parcel takes 1000 g at most",
    );
}

#[test]
fn wrong_terms_are_refused_by_name() {
    let breaks = |from, cents| PriceBreaks {
        offer: offer_id(11),
        breaks: vec![PriceBreak {
            from,
            unit_cost: eur(cents),
        }],
    };
    check_unpriced(
        |_, model| model.suppliers[0].per_parcel = eur(-1),
        "wrong data: a fee is below zero",
    );
    for table in [&[][..], &[(0, 1)], &[(500, 100), (500, 200)], &[(500, -1)]] {
        check_unpriced(
            |_, model| model.suppliers[0].shipping = by_weight(table),
            "wrong data: the weight brackets for shipping do not rise, or one is below zero",
        );
    }
    for list in [breaks(1, 90), breaks(5, 101), breaks(5, -1)] {
        check_unpriced_at(
            vec![list],
            |_, _| {},
            "wrong data: the price list's quantities do not rise, or its prices do",
        );
    }
    check_unpriced(
        |_, model| model.suppliers[0].fill_rate_bp = Some(10_001),
        "wrong data: the fill rate is above 100 %",
    );
}

#[test]
fn amounts_beyond_reason_stop_the_line_not_the_program() {
    let mut request = order(vec![line(1, 900_000, vec![offered(11, 1, 10_000_000)])]);
    request.lines[0].alternatives[0].components[0].offer.stock = None;
    let plan = route(&with_model(request, |model| {
        model.rates = vec![rate("EUR", "USD", "1.000000000001")];
        model.suppliers[0].per_order = Money::new(i64::MAX, Currency::parse("USD").expect("USD"));
        model.preferences.per_unit_day = u32::MAX;
        model.suppliers[0].transit_days = u32::MAX;
    }));
    assert_eq!(told(&plan), ["900000: nobody"]);
}
