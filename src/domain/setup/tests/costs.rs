//! Costs and strategies in a setup file: what is refused, and some to be exported.

use super::*;
use crate::domain::{
    costs::{ConnectionCosts, Postcodes, PriceBreak, Rate, RoutingSettings, WeightBracket, Weights, Zone},
    money::Money,
};

#[test]
fn wrong_costs_are_refused_with_the_name_of_their_field() {
    let file = r"version: 1
suppliers:
  - key: east
    name: E
    connector: portal
    offers:
      - {sku: A, title: A, cost: '1', currency: USD, price_breaks: [{from: 5, cost: '0.90'}, {from: 5, cost: '0.95'}]}
      - {sku: B, title: B, cost: '1', currency: USD, price_breaks: [{from: 2, cost: '-1'}]}
shops:
  - domain: demo.myshopify.com
    routing:
      strategy: balanced_share
      weights: {late_per_day: '-2', per_parcel: '1.2345'}
      shares: [{supplier: east, percent: 70}]
      rates: [{from: USD, to: USD, rate: '0', on: '2026-02-30'}, {from: XXZ, to: EUR, rate: '1', on: '2026-02-03'}]
    connections:
      - supplier: east
        costs:
          currency: EUR
          per_order: '-1'
          per_parcel: '1'
          fill_rate_pct: 99
          zones:
            - {name: A, countries: [DE], postcodes: [{from: '99', to: '10'}, {prefix: '1', to: '2'}], transit_days: 1, included: true}
            - {name: B, postcodes: [{prefix: '1'}], transit_days: 1}
            - {name: C, transit_days: 1, brackets: [{up_to_g: 9, cost: '2'}, {up_to_g: 9, cost: '1'}, {up_to_g: 10, cost: '-1'}]}
";
    let found = mistakes(file);
    let expect = [
        "line 7, column 101: suppliers[0].offers[0].price_breaks[1].from: each quantity is above the one before it, \
         and above 1",
        "line 7, column 110: suppliers[0].offers[0].price_breaks[1].cost: more pieces do not cost more each",
        "line 8, column 85: suppliers[0].offers[1].price_breaks[0].cost: this is not negative, nor beyond all measure",
        "line 13, column 31: shops[0].routing.weights.late_per_day: this is not negative, nor beyond all measure",
        "line 13, column 49: shops[0].routing.weights.per_parcel: KWD has 3 decimal places, “1.2345” has more",
        "line 14, column 15: shops[0].routing.shares: the shares are 100 percent in all",
        "line 15, column 31: shops[0].routing.rates[0].to: a rate is between two currencies",
        "line 15, column 42: shops[0].routing.rates[0].rate: this is a number above zero with at most nine decimals",
        "line 15, column 51: shops[0].routing.rates[0].on: “2026-02-30” is not a day of the calendar",
        "line 15, column 73: shops[0].routing.rates[1].from: “XXZ” is not an ISO 4217 currency code",
        "line 20, column 22: shops[0].connections[0].costs.per_order: this is not negative, nor beyond all measure",
        "line 24, column 71: shops[0].connections[0].costs.zones[0].postcodes[0].to: the range is upside down",
        "line 24, column 78: shops[0].connections[0].costs.zones[0].postcodes[1]: give a prefix, or both from and to",
        "line 25, column 15: shops[0].connections[0].costs.zones[1].countries: name the countries of these provinces \
         or postcodes",
        "line 25, column 15: shops[0].connections[0].costs.zones[1].brackets: give brackets, or say that shipping is \
         included",
        "line 26, column 88: shops[0].connections[0].costs.zones[2].brackets[1].up_to_g: each bracket goes further \
         than the one before it",
        "line 26, column 97: shops[0].connections[0].costs.zones[2].brackets[1].cost: a heavier parcel does not cost \
         less",
        "line 26, column 123: shops[0].connections[0].costs.zones[2].brackets[2].cost: this is not negative, nor \
         beyond all measure",
    ];
    assert_eq!(found, expect, "{found:#?}");
}

#[test]
fn where_cost_decides_every_currency_needs_a_rate() {
    let file = |rates: &str| {
        format!(
            "version: 1
suppliers:
  - {{key: east, name: E, connector: portal, offers: [{{sku: A, title: A, cost: '1', currency: USD}}]}}
shops:
  - domain: demo.myshopify.com
    routing: {{strategy: cheapest, rates: [{rates}], shares: []}}
    connections:
      - supplier: east
        costs: {{currency: GBP, per_order: 0, per_parcel: 0, zones: [{{name: All, transit_days: 1, included: true}}]}}
"
        )
    };
    let usd = "{from: EUR, to: USD, rate: 1.08, on: 2026-11-20}";
    let gbp = "{from: GBP, to: EUR, rate: '1.2', on: 2026-11-20}";
    let missing = |code| {
        format!(
            "line 6, column 14: shops[0].routing.rates: there is no rate between EUR and {code}, in which “east” counts"
        )
    };
    assert_eq!(mistakes(&file("")), [missing("GBP"), missing("USD")]);
    assert_eq!(mistakes(&file(usd)), [missing("GBP")]);
    let both = file(&format!("{usd}, {gbp}"));
    let plan = planned(&both, &installed(), Unnamed::Keep);
    assert_eq!(plan.changes.len(), 4, "{:?}", lines(&plan));
    // A rate that counts from a later day on is none today.
    let later = both.replace("rate: '1.2', on: 2026-11-20", "rate: '1.2', on: 2999-01-01");
    assert_eq!(
        mistakes(&later),
        [
            "line 6, column 14: shops[0].routing.rates[1].on: until this day there is no rate between EUR and GBP, in \
          which “east” counts"
        ]
    );
    // Without a word about routing, what the file brings in is checked against what there is.
    let dollars = both.replace("currency: USD", "currency: JPY");
    let routing = dollars.lines().find(|line| line.contains("routing:")).expect("a line");
    let silent = dollars.replace(&format!("{routing}\n"), "");
    let problems = crate::domain::setup::plan::plan(&read(&silent).expect("reads"), &plan.after, Unnamed::Keep);
    let problems = problems.expect_err("yen have no rate");
    assert!(
        problems.len() == 1 && problems[0].to_string().contains("there is no rate between EUR and JPY"),
        "{problems:?}"
    );
    // What was missing before is not this file's mistake.
    let mut broken = plan.after;
    for shop in broken.shops.values_mut() {
        shop.settings.routing.rates.clear();
    }
    let unchanged = both.replace(
        &format!("{}\n", both.lines().find(|l| l.contains("routing:")).expect("a line")),
        "",
    );
    assert_eq!(lines(&planned(&unchanged, &broken, Unnamed::Keep)), [""; 0]);
}

pub fn half_price_from_ten(cost: Money) -> Vec<PriceBreak> {
    let unit_cost = Money::new(cost.amount_minor / 2, cost.currency);
    vec![PriceBreak { from: 10, unit_cost }]
}

pub fn costs() -> ConnectionCosts {
    let money = |minor| Money::new(minor, Currency::parse("KWD").expect("KWD"));
    let zone = |name: &str, postcodes, brackets| Zone {
        name: name.to_owned(),
        countries: vec!["NO".to_owned()],
        provinces: vec!["03".to_owned()],
        postcodes,
        transit_days: 2,
        duty_bp: 250,
        tax_bp: 0,
        brackets,
    };
    let bracket = |up_to_g, minor| WeightBracket {
        up_to_g,
        cost: money(minor),
    };
    let range = Postcodes::Range {
        from: "0100".to_owned(),
        to: "02".to_owned(),
    };
    ConnectionCosts {
        currency: money(0).currency,
        per_order: money(0),
        per_parcel: money(1_234),
        own_stock: true,
        fill_rate_bp: Some(9_750),
        zones: vec![
            zone(
                "Far",
                vec![Postcodes::Prefix("99".to_owned()), range],
                vec![bracket(500, 1), bracket(900, 2)],
            ),
            zone("Near", Vec::new(), Vec::new()),
        ],
    }
}

/// The priority list, so that no rates are asked for.
pub fn routing() -> RoutingSettings {
    RoutingSettings {
        weights: Weights {
            late_per_day: 150,
            per_parcel: 1,
            ..Weights::default()
        },
        promised_days: Some(3),
        share_days: 7,
        rates: vec![Rate {
            from: Currency::parse("USD").expect("USD"),
            to: Currency::parse("EUR").expect("EUR"),
            factor: rust_decimal::Decimal::new(92, 2),
            on: chrono::NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day"),
        }],
        ..RoutingSettings::default()
    }
}

/// An order may be promised by Shopify, whatever the shop promises otherwise.
#[test]
fn lateness_has_a_price_without_a_promise_of_the_shops_own() {
    let file = "version: 1
shops:
  - domain: demo.myshopify.com
    routing: {strategy: cheapest, weights: {late_per_day: '0.50'}}
";
    let plan = planned(file, &installed(), Unnamed::Keep);
    let settings = &plan.after.shops["demo.myshopify.com"].settings.routing;
    assert_eq!((settings.weights.late_per_day, settings.promised_days), (50, None));
}
