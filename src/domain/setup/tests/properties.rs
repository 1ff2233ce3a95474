//! Whatever installation there is: its export changes nothing in it, and builds the same from nothing.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::{collection, option, prelude::*, sample};

use super::*;
use crate::domain::{
    costs::RoutingSettings,
    goods::{Goods, Service},
    mapping::Validity,
    money::Money,
    review::ReviewHolds,
    rules::{Consequence, RuleText},
    setup::{
        Problem,
        model::{Alternative, Component, Connection, Offer, Secret, Supplier, SupplierTerms},
    },
    shop::{KitFulfillment, SelectedLocations},
    supplier::ConnectorKind,
};

// Texts that a careless writer of YAML would not bring back.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        sample::select(vec![
            "on", "0x12", "007", "4.20", "a: b # c", "- x", "~", "null", " spaced ", "{a}", "é", "!t", "*a"
        ])
        .prop_map(str::to_owned),
        "[ -~äöü\n]{1,12}",
    ]
}

fn money() -> impl Strategy<Value = Money> {
    let currency = sample::select(vec!["EUR", "JPY", "KWD"]);
    (0..1_000_000_i64, currency).prop_map(|(minor, code)| Money::new(minor, Currency::parse(code).expect(code)))
}

fn offer() -> impl Strategy<Value = Offer> {
    let countries = collection::btree_set(
        sample::select(vec!["DE", "AT", "NO", "US"]).prop_map(str::to_owned),
        0..3,
    );
    let amount = || option::of(0..1_000_000_u32);
    (
        text(),
        money(),
        option::of(text()),
        amount(),
        amount(),
        countries,
        any::<bool>(),
    )
        .prop_map(|(title, cost, barcode, stock, weight_g, ships_to, active)| Offer {
            title,
            cost,
            barcode,
            stock,
            counted_at: (stock.filter(|stock| stock % 2 == 1)).map(counted),
            weight_g,
            goods: Goods {
                dangerous: active && stock.is_some(),
                minimum_age: stock.map(|stock| stock % 90 + 1),
                size_mm: weight_g.map(|weight| [weight % 900 + 1, 20, 30]),
            },
            ships_to,
            price_breaks: if active {
                costs::half_price_from_ten(cost)
            } else {
                Vec::new()
            },
            active,
        })
}

/// A time with a fraction of a second, as times are.
fn counted(number: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::microseconds(i64::from(number) * 1_000_003)
}

fn supplier() -> impl Strategy<Value = Supplier> {
    let owner = option::of(Just("demo.myshopify.com".to_owned()));
    // SKUs that differ in case only cannot stand in one file.
    let offers = collection::btree_map(
        text().prop_map(|sku| sku.to_lowercase().replace('\n', "-")),
        offer(),
        0..4,
    );
    (text(), owner, any::<bool>(), money(), offers).prop_map(|(name, owner, http, price, offers)| Supplier {
        terms: SupplierTerms {
            name,
            owner,
            connector: if http {
                ConnectorKind::Http
            } else {
                ConnectorKind::Portal
            },
            currency: price.currency,
            endpoint: http.then(|| "https://north.example/orders?a=b#c".to_owned()),
            secret: http.then(|| Secret(SECRET.to_owned())),
        },
        offers,
    })
}

fn connection() -> impl Strategy<Value = Connection> {
    (0..1000_i32, 0..10_000_u32, 0..365_u32, any::<bool>()).prop_map(|(priority, tolerance, days, active)| Connection {
        priority,
        price_tolerance_bp: tolerance,
        handling_days: days,
        answer_hours: days % 3 * 12,
        service: Service {
            cutoff_hour: active.then_some(days % 24),
            dangerous_goods: days % 2 == 0,
            checks_age: days % 3 == 0,
        },
        active,
        costs: days.is_multiple_of(2).then(costs::costs),
    })
}

fn settings() -> impl Strategy<Value = ShopSettings> {
    let locations = option::of(collection::btree_set((1..5_i64).prop_map(ShopifyLocationId), 0..4));
    (any::<[bool; 4]>(), locations).prop_map(|([automation, notify, last, terms], locations)| ShopSettings {
        automation,
        notify_customer: notify,
        kit_fulfillment: if last {
            KitFulfillment::LastComponent
        } else {
            KitFulfillment::FirstComponent
        },
        locations: locations.map_or(SelectedLocations::All, |ids| {
            SelectedLocations::Only(ids.into_iter().collect())
        }),
        ship_on_payment_terms: terms,
        undo_minutes: if notify { 10 } else { 0 },
        review: ReviewHolds {
            first_order: last,
            above: terms.then(|| "500.00".to_owned()),
            risk: automation,
            tags: if notify { vec!["a: b".to_owned()] } else { Vec::new() },
        },
        rules: if terms { rules() } else { Vec::new() },
        routing: if notify {
            costs::routing()
        } else {
            RoutingSettings::default()
        },
    })
}

fn rules() -> Vec<RuleText> {
    use Consequence::{Exclude, KeepInStock, MaxParcels, NeverSplit, ShipTogether};
    let kinds = [Exclude, KeepInStock(3), NeverSplit, ShipTogether, MaxParcels(2)];
    let rule = |(n, then): (usize, Consequence)| RuleText {
        name: format!("Rule {n}"),
        when: (n != 2).then(|| "order.total > 1".to_owned()),
        then,
        enabled: n != 1,
        from: chrono::NaiveDate::from_ymd_opt(2026, 12, 1).filter(|_| n == 3),
        until: None,
    };
    kinds.into_iter().enumerate().map(rule).collect()
}

/// Mappings as (variant, alternatives of (supplier, offer, quantity, own accepted cost)) choices.
type MappingChoices = BTreeMap<i64, Vec<Vec<(sample::Index, sample::Index, u32, Option<i64>)>>>;

fn mapping_choices() -> impl Strategy<Value = MappingChoices> {
    let component = (
        any::<sample::Index>(),
        any::<sample::Index>(),
        1..9_u32,
        option::of(0..9999_i64),
    );
    let alternatives = collection::vec(collection::vec(component, 1..3), 1..3);
    collection::btree_map(11..16_i64, alternatives, 0..4)
}

fn installation() -> impl Strategy<Value = Installation> {
    let suppliers = collection::btree_map(
        sample::select(vec!["east", "north", "no", "1"]).prop_map(key),
        supplier(),
        0..4,
    );
    let connections = collection::vec(option::of(connection()), 4);
    (suppliers, settings(), connections, mapping_choices()).prop_map(|(suppliers, settings, connections, choices)| {
        let mut shop = shop();
        shop.settings = settings;
        shop.connections = (suppliers.keys().cloned().zip(connections))
            .filter_map(|(supplier, connection)| connection.map(|connection| (supplier, connection)))
            .collect();
        let selling: Vec<_> = suppliers
            .iter()
            .filter(|(_, supplier)| !supplier.offers.is_empty())
            .collect();
        if !selling.is_empty() {
            let pick = |(supplier, offer, quantity, accepted): &(sample::Index, sample::Index, u32, Option<i64>)| {
                let (key, supplier) = supplier.get(&selling);
                let offers: Vec<_> = supplier.offers.iter().collect();
                let (sku, offer) = offer.get(&offers);
                Component {
                    supplier: (*key).clone(),
                    sku: (*sku).clone(),
                    quantity: *quantity,
                    accepted_cost: accepted.map_or(offer.cost, |minor| Money::new(minor, offer.cost.currency)),
                }
            };
            for (variant, alternatives) in &choices {
                let alternatives = alternatives
                    .iter()
                    .map(|parts| Alternative {
                        components: parts.iter().map(pick).collect(),
                        validity: Validity {
                            from: NaiveDate::from_ymd_opt(2026, 12, 1).filter(|_| parts.len() > 1),
                            ..Validity::default()
                        },
                    })
                    .collect();
                shop.mappings.insert(ShopifyVariantId(*variant), alternatives);
            }
        }
        Installation {
            suppliers,
            shops: [("demo.myshopify.com".to_owned(), shop)].into(),
        }
    })
}

fn fails(problems: &[Problem], yaml: &str) -> TestCaseError {
    TestCaseError::fail(format!("{problems:?}\n{yaml}"))
}

proptest! {
    #[test]
    fn what_is_exported_changes_nothing(now in installation(), told in any::<bool>()) {
        let secrets = if told { Secrets::Written } else { Secrets::Withheld };
        let yaml = export::to_yaml(&export::file(&now, secrets)).expect("writes");
        let setup = read(&yaml).map_err(|problems| fails(&problems, &yaml))?;
        let plan = plan(&setup, &now, Unnamed::Prune).map_err(|problems| fails(&problems, &yaml))?;
        prop_assert_eq!(lines(&plan), Vec::<String>::new(), "{}", yaml);
    }

    #[test]
    fn an_export_builds_the_same_installation_from_nothing(there in installation()) {
        let yaml = export::to_yaml(&export::file(&there, Secrets::Written)).expect("writes");
        let setup = read(&yaml).map_err(|problems| fails(&problems, &yaml))?;
        let built = plan(&setup, &installed(), Unnamed::Keep).map_err(|problems| fails(&problems, &yaml))?;
        prop_assert_eq!(&built.after, &there, "{}", yaml);
        let again = plan(&setup, &built.after, Unnamed::Prune).map_err(|problems| fails(&problems, &yaml))?;
        prop_assert!(again.changes.is_empty());
    }
}
