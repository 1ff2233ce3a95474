//! Routing seen from outside: stories of an order, and in `properties` what holds
//! for every order. What must be compared with another solver is in `benches/routing`.

mod aims;
mod forbidden;
mod least_cost;
mod numbers;
mod properties;
mod rulebook;
mod sets;
mod shares;
mod together;
mod told;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{rulebook::OrderFacts, *};
use crate::{
    domain::money::{Currency, Money},
    ids::{AlternativeId, OfferId, OrderLineId, SupplierId},
};

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::parse("EUR").expect("EUR"))
}

fn supplier(n: u128) -> SupplierId {
    SupplierId(Uuid::from_u128(n))
}

fn offer_id(n: u128) -> OfferId {
    OfferId(Uuid::from_u128(n))
}

fn terms(n: u32, name: &str) -> SupplierTerms {
    SupplierTerms {
        id: supplier(n.into()),
        key: format!("supplier-{n}"),
        name: name.to_owned(),
        priority: n,
        active: true,
        price_tolerance_bp: 200,
        handling_days: 1,
        service: crate::domain::goods::Service::default(),
    }
}

/// One piece per unit of an offer at 4.20 EUR, accepted at that price.
fn component(offer: u128, of: u128, stock: u32) -> Component {
    Component {
        offer: OfferFacts {
            id: offer_id(offer),
            supplier: supplier(of),
            sku: format!("SKU-{offer}"),
            title: "Mug".to_owned(),
            cost: eur(420),
            stock: Some(stock),
            reserved: 0,
            ships_to: Vec::new(),
            active: true,
            weight_g: None,
            goods: crate::domain::goods::Goods::default(),
        },
        per_unit: 1,
        accepted_cost: eur(420),
    }
}

fn alternative(id: u128, components: Vec<Component>) -> Alternative {
    Alternative {
        id: AlternativeId(Uuid::from_u128(id)),
        rank: 1,
        components,
    }
}

fn line(id: u128, units: u32, alternatives: Vec<Alternative>) -> LineDemand {
    LineDemand {
        line: OrderLineId(Uuid::from_u128(id)),
        units,
        alternatives,
        excluded: BTreeSet::new(),
        forced_offer: None,
        sku: Some(format!("LINE-{id}")),
        title: "Mug".to_owned(),
    }
}

/// North comes first, South second.
fn order(lines: Vec<LineDemand>) -> RouteRequest {
    RouteRequest {
        lines,
        suppliers: vec![terms(1, "North Textiles"), terms(2, "South Mugs")],
        destination: Some("DE".to_owned()),
        strategy: Strategy::Priority,
        known_costs: None,
        price_breaks: Vec::new(),
        facts: OrderFacts::default(),
        rules: Vec::new(),
    }
}

/// A line that North and South both can ship.
fn contested(units: u32, at_north: u32, at_south: u32) -> RouteRequest {
    let alternatives = vec![
        alternative(2, vec![component(2, 2, at_south)]),
        alternative(1, vec![component(1, 1, at_north)]),
    ];
    order(vec![line(1, units, alternatives)])
}

fn at_north(request: &mut RouteRequest) -> &mut Component {
    &mut request.lines[0].alternatives[1].components[0]
}

/// Each entry as “units × what”, where what is the SKUs with their pieces or the failure.
fn told(plan: &RoutePlan) -> Vec<String> {
    let what = |line: &PlanLine| match &line.outcome {
        Outcome::Allocated { components, .. } => {
            let pieces: Vec<String> = components.iter().map(|c| format!("{} {}", c.quantity, c.sku)).collect();
            pieces.join(" + ")
        }
        Outcome::Unmapped => "unmapped".to_owned(),
        Outcome::NoEligibleSupplier => "nobody".to_owned(),
        Outcome::PriceRose { accepted, now, .. } => format!("{accepted} -> {now}"),
    };
    plan.lines.iter().map(|l| format!("{}: {}", l.units, what(l))).collect()
}

#[test]
fn the_first_in_priority_ships_and_the_plan_says_why() {
    let plan = route(&contested(2, 120, 80));
    assert_eq!(told(&plan), ["2: 2 SKU-1"]);
    assert_eq!(plan.costs, [eur(840)]);
    let entry = &plan.lines[0];
    assert_eq!(
        entry.reason,
        "North Textiles is first in priority and has 120 in stock; 4.20 EUR each"
    );
    assert_eq!(entry.rejected[0].summary, "South Mugs (SKU-2)");
    assert_eq!(entry.rejected[0].why, RejectedBecause::NotNeeded);
    let first_if = entry.rejected[0].first_if.as_ref().map(ToString::to_string);
    let wanted = "it would if it came before North Textiles (SKU-1) in priority";
    assert_eq!(first_if.as_deref(), Some(wanted));
}

#[test]
fn rank_goes_before_priority() {
    let mut request = contested(1, 5, 5);
    request.lines[0].alternatives[1].rank = 2;
    let plan = route(&request);
    assert_eq!(told(&plan), ["1: 1 SKU-2"]);
    let above = "South Mugs (SKU-2)".to_owned();
    assert_eq!(plan.lines[0].rejected[0].first_if, Some(FirstIf::Rank { above }));
}

#[test]
fn what_cannot_ship_would_come_no_sooner_for_another_place() {
    let plan = route(&contested(2, 120, 0));
    assert_eq!(plan.lines[0].rejected[0].first_if, None);
}

#[test]
fn a_kit_is_as_late_in_priority_as_its_last_supplier() {
    let kit = alternative(1, vec![component(1, 1, 9), component(2, 2, 9)]);
    let single = alternative(2, vec![component(3, 1, 9)]);
    assert_eq!(
        told(&route(&order(vec![line(1, 1, vec![kit, single])]))),
        ["1: 1 SKU-3"]
    );
}

#[test]
fn stock_splits_a_line() {
    let plan = route(&contested(5, 3, 1));
    assert_eq!(told(&plan), ["3: 3 SKU-1", "1: 1 SKU-2", "1: nobody"]);
    assert_eq!(
        plan.lines[2].reason,
        "no mapped supplier can ship these units: \
         North Textiles (SKU-1): this order takes all its stock of SKU-1 (3); \
         South Mugs (SKU-2): this order takes all its stock of SKU-2 (1)"
    );
}

#[test]
fn uncounted_stock_is_never_out() {
    let mut request = contested(1_000_000, 1, 0);
    at_north(&mut request).offer.stock = None;
    assert_eq!(told(&route(&request)), ["1000000: 1000000 SKU-1"]);
}

#[test]
fn kit_quantities_scale_and_whole_units_only_are_bought() {
    let mut two = component(1, 1, 7);
    two.per_unit = 2;
    let kit = alternative(1, vec![two, component(2, 2, 9)]);
    let plan = route(&order(vec![line(1, 4, vec![kit])]));
    assert_eq!(told(&plan), ["3: 6 SKU-1 + 3 SKU-2", "1: nobody"]);
    assert_eq!(plan.costs, [eur(9 * 420)]);
}

#[test]
fn an_offer_twice_in_a_kit_needs_both() {
    let kit = alternative(1, vec![component(1, 1, 3), component(1, 1, 3)]);
    assert_eq!(
        told(&route(&order(vec![line(1, 2, vec![kit])]))),
        ["1: 1 SKU-1 + 1 SKU-1", "1: nobody"]
    );
}

#[test]
fn lines_share_an_offers_stock_and_the_older_line_is_served_first() {
    let mug = |id| line(id, 2, vec![alternative(id, vec![component(1, 1, 3)])]);
    let plan = route(&order(vec![mug(2), mug(1)]));
    assert_eq!(told(&plan), ["2: 2 SKU-1", "1: 1 SKU-1", "1: nobody"]);
    assert_eq!(plan.lines[0].line, OrderLineId(Uuid::from_u128(1)));
}

#[test]
fn an_unmapped_line_holds_back_nothing() {
    let plan = route(&order(vec![
        line(1, 1, Vec::new()),
        line(2, 1, vec![alternative(1, vec![component(1, 1, 1)])]),
    ]));
    assert_eq!(told(&plan), ["1: unmapped", "1: 1 SKU-1"]);
}

/// Changes North's offer; South has no stock.
fn check_price(change: impl FnOnce(&mut Component), expect: &str, reason: &str) {
    let mut request = contested(1, 5, 0);
    change(at_north(&mut request));
    let plan = route(&request);
    assert_eq!(told(&plan), [expect]);
    assert_eq!(plan.lines[0].reason, reason);
}

#[test]
fn the_price_guard_binds_to_the_cent() {
    let bought = "North Textiles is first in priority and has 5 in stock; 4.28 EUR each";
    check_price(|c| c.offer.cost = eur(428), "1: 1 SKU-1", bought);
    check_price(
        |c| c.offer.cost = eur(429),
        "1: 4.20 EUR -> 4.29 EUR",
        "refused: the price rose from 4.20 to 4.29 EUR, above the accepted price plus 2 %",
    );
    let usd = Money::new(100, Currency::parse("USD").expect("USD"));
    check_price(
        |c| c.offer.cost = usd,
        "1: 4.20 EUR -> 1.00 USD",
        "refused: the price is now in another currency: 1.00 USD, where 4.20 EUR was accepted",
    );
}

#[test]
fn a_risen_price_is_not_worth_accepting_without_stock() {
    let mut request = contested(1, 0, 0);
    at_north(&mut request).offer.cost = eur(900);
    assert_eq!(told(&route(&request)), ["1: nobody"]);
}

#[test]
fn a_risen_price_elsewhere_does_not_stop_the_others() {
    let mut request = contested(2, 5, 1);
    at_north(&mut request).offer.cost = eur(500);
    assert_eq!(told(&route(&request)), ["1: 1 SKU-2", "1: 4.20 EUR -> 5.00 EUR"]);
}

fn check_refused(change: impl FnOnce(&mut RouteRequest), expect: &str) {
    let mut request = contested(1, 5, 5);
    change(&mut request);
    let plan = route(&request);
    assert_eq!(told(&plan), ["1: 1 SKU-2"]);
    let why = &plan.lines[0].rejected[0].why;
    assert_eq!(why.to_string(), expect);
    let json = serde_json::to_string(&plan).expect("json");
    assert_eq!(serde_json::from_str::<RoutePlan>(&json).expect("plan"), plan);
}

#[test]
fn each_rule_refuses_with_its_reason() {
    check_refused(
        |r| r.suppliers[0].active = false,
        "the connection with North Textiles is paused",
    );
    check_refused(|r| at_north(r).offer.active = false, "SKU-1 is no longer offered");
    check_refused(
        |r| r.suppliers.retain(|s| s.id != supplier(1)),
        "this shop has no connection with the supplier of SKU-1",
    );
    check_refused(
        |r| r.lines[0].excluded.extend([supplier(1)]),
        "North Textiles was asked for this line before, and does not ship it",
    );
    check_refused(
        |r| at_north(r).offer.ships_to = vec!["FR".to_owned(), "BE".to_owned()],
        "does not ship to DE, only to FR, BE",
    );
    check_refused(
        |r| {
            at_north(r).offer.ships_to = vec!["FR".to_owned()];
            r.destination = None;
        },
        "ships only to FR, and the order names no country",
    );
    check_refused(|r| at_north(r).offer.stock = Some(0), "no SKU-1 in stock");
    let reserve = |r: &mut RouteRequest| (at_north(r).offer.stock, at_north(r).offer.reserved) = (Some(0), 10);
    check_refused(reserve, "10 of SKU-1 in stock, 10 reserved for other orders");
    check_refused(
        |r| r.lines[0].forced_offer = Some(offer_id(2)),
        "another offer was chosen by hand",
    );
}

#[test]
fn wrong_numbers_are_refused_by_name() {
    check_refused(
        |r| at_north(r).per_unit = 0,
        "wrong data: a quantity per unit is zero or too large",
    );
    check_refused(
        |r| at_north(r).offer.cost = eur(-1),
        "wrong data: a cost is below zero or too large",
    );
    check_refused(
        |r| at_north(r).offer.cost = eur(i64::MAX),
        "wrong data: a cost is below zero or too large",
    );
    check_refused(
        |r| at_north(r).accepted_cost = eur(-1),
        "wrong data: an accepted cost is below zero",
    );
    check_refused(
        |r| r.lines[0].alternatives[1].components.clear(),
        "wrong data: it has no components",
    );
}

#[test]
fn countries_compare_in_any_case() {
    let mut request = contested(1, 5, 5);
    at_north(&mut request).offer.ships_to = vec!["de".to_owned()];
    assert_eq!(told(&route(&request)), ["1: 1 SKU-1"]);
}

#[test]
fn a_person_may_choose_who_rejected_but_not_pass_the_price_guard() {
    let mut request = contested(1, 5, 5);
    request.lines[0].forced_offer = Some(offer_id(2));
    request.lines[0].excluded = BTreeSet::from([supplier(2)]);
    let plan = route(&request);
    assert_eq!(told(&plan), ["1: 1 SKU-2"]);
    assert_eq!(
        plan.lines[0].reason,
        "South Mugs was chosen by hand and has 5 in stock; 4.20 EUR each"
    );
    request.lines[0].forced_offer = Some(offer_id(1));
    at_north(&mut request).offer.cost = eur(900);
    assert_eq!(told(&route(&request)), ["1: 4.20 EUR -> 9.00 EUR"]);
}
