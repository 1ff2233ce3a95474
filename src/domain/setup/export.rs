//! Writes an installation as a setup file.

use std::collections::BTreeMap;

use chrono::SecondsFormat;

use super::{
    Installation,
    file::{
        AllWord, AlternativeEntry, ComponentEntry, ConnectionEntry, ConnectorWord, KitWord, LocationEntry,
        LocationsEntry, MappingEntry, OfferEntry, Percent, ReviewEntry, SecretText, SettingsEntry, SetupFile,
        ShopEntry, SupplierEntry, VERSION, VariantEntry,
    },
    model::{Component, Connection, Offer, Shop, Supplier},
    rules,
};
use crate::{
    domain::{
        costs::{
            entries::{CostsEntry, RoutingEntry},
            reading,
        },
        review::ReviewHolds,
        shop::{KitFulfillment, SelectedLocations},
        supplier::{ConnectorKind, SupplierKey},
    },
    ids::{ShopifyLocationId, ShopifyVariantId},
};

/// Whether secrets leave the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// A placeholder stands for each; applying it leaves the stored one.
    Withheld,
    Written,
}

/// The file for an installation.
#[must_use]
pub fn file(installation: &Installation, secrets: Secrets) -> SetupFile {
    SetupFile {
        version: VERSION,
        suppliers: (installation.suppliers.iter())
            .map(|(key, supplier)| supplier_entry(key, supplier, secrets))
            .collect(),
        shops: (installation.shops.iter())
            .map(|(domain, shop)| shop_entry(domain, shop, installation))
            .collect(),
    }
}

/// The file as text.
///
/// # Errors
/// None that a [`SetupFile`] can cause; the writer's own, passed on.
pub fn to_yaml(file: &SetupFile) -> Result<String, serde_saphyr::ser::Error> {
    let options = serde_saphyr::ser_options! { compact_list_indent: false, prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(file, options)
}

fn supplier_entry(key: &SupplierKey, supplier: &Supplier, secrets: Secrets) -> SupplierEntry {
    let terms = &supplier.terms;
    let secret = |secret: &super::model::Secret| match secrets {
        Secrets::Written => SecretText(secret.0.clone()),
        Secrets::Withheld => SecretText(SecretText::UNCHANGED.to_owned()),
    };
    SupplierEntry {
        key: key.to_string(),
        name: terms.name.clone(),
        shop: terms.owner.clone(),
        connector: match terms.connector {
            ConnectorKind::Portal => ConnectorWord::Portal,
            ConnectorKind::Http => ConnectorWord::Http,
        },
        currency: Some(terms.currency.code().to_owned()),
        counted_at: None,
        settings: SettingsEntry {
            endpoint: terms.endpoint.clone(),
            secret: terms.secret.as_ref().map(secret),
        },
        offers: (supplier.offers.iter())
            .map(|(sku, offer)| offer_entry(sku, offer, supplier))
            .collect(),
    }
}

fn offer_entry(sku: &str, offer: &Offer, supplier: &Supplier) -> OfferEntry {
    let currency = offer.cost.currency;
    OfferEntry {
        sku: sku.to_owned(),
        title: offer.title.clone(),
        cost: offer.cost.decimal(),
        currency: (currency != supplier.terms.currency).then(|| currency.code().to_owned()),
        barcode: offer.barcode.clone(),
        stock: offer.stock,
        counted_at: (offer.stock.and(offer.counted_at)).map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        weight_g: offer.weight_g,
        dangerous_goods: offer.goods.dangerous.then_some(true),
        minimum_age: offer.goods.minimum_age,
        size_mm: offer.goods.size_mm,
        ships_to: (!offer.ships_to.is_empty()).then(|| offer.ships_to.iter().cloned().collect()),
        price_breaks: (!offer.price_breaks.is_empty()).then(|| reading::price_break_entries(&offer.price_breaks)),
        active: offer.active,
    }
}

fn shop_entry(domain: &str, shop: &Shop, installation: &Installation) -> ShopEntry {
    let settings = &shop.settings;
    ShopEntry {
        domain: domain.to_owned(),
        automation: Some(settings.automation),
        notify_customer: Some(settings.notify_customer),
        kit_fulfillment: Some(match settings.kit_fulfillment {
            KitFulfillment::LastComponent => KitWord::LastComponent,
            KitFulfillment::FirstComponent => KitWord::FirstComponent,
        }),
        ship_on_payment_terms: Some(settings.ship_on_payment_terms),
        undo_minutes: (settings.undo_minutes > 0).then_some(settings.undo_minutes),
        review: (settings.review != ReviewHolds::default()).then(|| review_entry(&settings.review)),
        locations: Some(match &settings.locations {
            SelectedLocations::All => LocationsEntry::Word(AllWord::All),
            SelectedLocations::Only(ids) => {
                LocationsEntry::Some(ids.iter().map(|id| location_entry(*id, shop)).collect())
            }
        }),
        rules: (!settings.rules.is_empty()).then(|| settings.rules.iter().map(rules::entry).collect()),
        routing: (!settings.routing.is_default()).then(|| RoutingEntry::of(&settings.routing, shop.currency)),
        connections: (shop.connections.iter())
            .map(|(supplier, connection)| connection_entry(supplier, connection))
            .collect(),
        mappings: mapping_entries(shop, installation),
    }
}

fn review_entry(holds: &ReviewHolds) -> ReviewEntry {
    ReviewEntry {
        first_order: holds.first_order.then_some(true),
        above: holds.above.clone(),
        risk: holds.risk.then_some(true),
        tags: (!holds.tags.is_empty()).then(|| holds.tags.clone()),
    }
}

/// The name where it tells which one is meant, otherwise the id.
fn location_entry(id: ShopifyLocationId, shop: &Shop) -> LocationEntry {
    let unique = |name: &&String| shop.locations.values().filter(|other| other == name).count() == 1;
    match shop.locations.get(&id).filter(unique) {
        Some(name) => LocationEntry::Name(name.clone()),
        None => LocationEntry::Id(id.0),
    }
}

fn connection_entry(supplier: &SupplierKey, connection: &Connection) -> ConnectionEntry {
    ConnectionEntry {
        supplier: supplier.to_string(),
        priority: Some(connection.priority),
        price_tolerance_pct: Some(Percent {
            basis_points: connection.price_tolerance_bp,
        }),
        handling_days: Some(connection.handling_days),
        answer_hours: (connection.answer_hours > 0).then_some(connection.answer_hours),
        cutoff_hour: connection.service.cutoff_hour,
        dangerous_goods: (!connection.service.dangerous_goods).then_some(false),
        checks_age: connection.service.checks_age.then_some(true),
        active: connection.active,
        costs: connection.costs.as_ref().map(CostsEntry::of),
    }
}

fn mapping_entries(shop: &Shop, installation: &Installation) -> Vec<MappingEntry> {
    let mut skus: BTreeMap<&str, u32> = BTreeMap::new();
    for sku in shop.variants.values().flatten() {
        *skus.entry(sku).or_default() += 1;
    }
    let variant = |id: ShopifyVariantId| {
        let sku = shop.variants.get(&id).and_then(Option::as_deref);
        match sku.filter(|sku| !sku.is_empty() && skus.get(sku) == Some(&1)) {
            Some(sku) => VariantEntry {
                sku: Some(sku.to_owned()),
                id: None,
            },
            None => VariantEntry {
                sku: None,
                id: Some(id.0),
            },
        }
    };
    (shop.mappings.iter())
        .map(|(id, alternatives)| MappingEntry {
            variant: variant(*id),
            alternatives: (alternatives.iter())
                .map(|alternative| AlternativeEntry {
                    from: alternative.validity.from.map(|day| day.to_string()),
                    until: alternative.validity.until.map(|day| day.to_string()),
                    components: alternative
                        .components
                        .iter()
                        .map(|c| component_entry(c, installation))
                        .collect(),
                })
                .collect(),
        })
        .collect()
}

fn component_entry(component: &Component, installation: &Installation) -> ComponentEntry {
    let offer = (installation.suppliers.get(&component.supplier)).and_then(|s| s.offers.get(&component.sku));
    // A cost is written in the offer's currency; one that was accepted in another stays unsaid.
    let told = offer.is_some_and(|offer| {
        offer.cost.currency == component.accepted_cost.currency && offer.cost != component.accepted_cost
    });
    ComponentEntry {
        supplier: component.supplier.to_string(),
        sku: component.sku.clone(),
        quantity: (component.quantity != 1).then_some(component.quantity),
        accepted_cost: told.then(|| component.accepted_cost.decimal()),
    }
}
