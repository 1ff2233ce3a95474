//! Shares are parts of all that the shop's suppliers with a share had of late, whoever may ship the order at hand.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    least_cost::{costs, offered, rate, with_model},
    *,
};
use crate::{
    domain::costs::{ConnectionCosts, Destination, RoutingSettings, StrategyWord, TargetShare, Zone},
    routing::{
        owner::{Agreement, Terms},
        plan::Aimed,
        terms::{Aim, CostModel, Effort, Preferences, Preset},
    },
};

/// What a supplier charges for a parcel, in its own currency.
fn charges(currency: &str) -> ConnectionCosts {
    let currency = Currency::parse(currency).expect("a currency");
    ConnectionCosts {
        currency,
        per_order: Money::new(0, currency),
        per_parcel: Money::new(100, currency),
        own_stock: false,
        fill_rate_bp: None,
        zones: vec![Zone {
            name: "All".to_owned(),
            countries: Vec::new(),
            provinces: Vec::new(),
            postcodes: Vec::new(),
            transit_days: 2,
            duty_bp: 0,
            tax_bp: 0,
            brackets: Vec::new(),
        }],
    }
}

/// North has 50 of the pieces of late for a share of 60 %, South 20 for 20 %, and West, which charges in dollars and
/// has nothing of the order, 30 for 20 %.
fn balanced(lines: &[LineDemand]) -> CostModel {
    let parts = [(1, 6_000, 50, "EUR"), (2, 2_000, 20, "EUR"), (3, 2_000, 30, "USD")];
    let share = |n: u32, target_bp| TargetShare {
        supplier: terms(n, "").key,
        target_bp,
    };
    let settings = RoutingSettings {
        strategy: StrategyWord::BalancedShare,
        shares: parts.map(|(n, target_bp, ..)| share(n, target_bp)).to_vec(),
        rates: vec![rate("USD", "EUR", "0.9")],
        ..RoutingSettings::default()
    };
    let agreed = parts.map(|(n, .., currency)| (terms(n, ""), charges(currency)));
    let agreements = agreed.each_ref().map(|(terms, costs)| Agreement {
        supplier: terms.id,
        key: &terms.key,
        costs: Some(costs),
        on_time_bp: None,
    });
    let had: BTreeMap<SupplierId, u32> = parts.map(|(n, _, pieces, _)| (supplier(n.into()), pieces)).into();
    Terms {
        settings: &settings,
        currency: eur(0).currency,
        agreements: &agreements,
        destination: Destination::default(),
        today: NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day"),
        had: &had,
        effort: Effort::default(),
    }
    .model(lines)
}

/// By the pieces of those two alone, North would have 71 % and South 28 %: both too many, and North the more.
#[test]
fn whoever_ships_nothing_of_the_order_has_its_share_all_the_same() {
    let lines = vec![line(1, 1, vec![offered(11, 1, 900), offered(12, 2, 1_000)])];
    let model = balanced(&lines);
    assert_eq!(model.preferences.balance.len(), 3);
    assert!(model.rates.is_empty(), "what West charges in bears on nothing");
    let plan = route(&RouteRequest {
        strategy: Strategy::LeastCost(Box::new(model)),
        ..order(lines)
    });
    assert_eq!(
        told(&plan),
        ["1: 1 SKU-11"],
        "neither stands above its share, and North is cheaper"
    );
    let reason = &plan.lines[0].reason;
    assert!(
        reason.contains("with 50 % of the pieces of late for a share of 60 %"),
        "{reason}"
    );
}

#[test]
fn steps_down_are_counted_from_the_shops_first_supplier() {
    let mut request = order(vec![line(1, 2, vec![offered(12, 2, 1_000), offered(13, 3, 900)])]);
    request.suppliers.push(terms(3, "West"));
    let plan = route(&with_model(request, |model| {
        model.suppliers = [2, 3].map(|of| costs(of, 300)).to_vec();
        model.preferences = Preferences::of(Preset::PreferredSupplier);
    }));
    assert_eq!(told(&plan), ["2: 2 SKU-12"]);
    let aimed = plan.landed.as_ref().and_then(|landed| landed.aim);
    let expected = Aimed {
        aim: Aim::StepsDown,
        amount: 2,
    };
    assert_eq!(
        aimed,
        Some(expected),
        "North comes before, and has nothing of the order"
    );
}
