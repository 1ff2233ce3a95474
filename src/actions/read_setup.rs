//! Reads an installation as the setup file sees it. Changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use secrecy::ExposeSecret as _;

use super::{outgoing::secret_place, rule_facts};
use crate::{
    domain::{
        money::Money,
        setup::model::{
            Alternative, Component, Connection, Installation, Offer, Secret, Shop, Supplier, SupplierTerms,
        },
        supplier::SupplierKey,
    },
    ids::{OfferId, ShopId, ShopifyVariantId, SupplierId},
    seal::{Keyring, SealError},
    store::{self, connections, locations, mapping_components, mappings, offers, shops, suppliers, variants},
};

/// Why an installation cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    #[error("the secret of the supplier {0}: {1}")]
    Seal(SupplierKey, SealError),
    #[error("the supplier “{0}” has a key that this program does not allow")]
    Key(String),
}

/// An installation, and the rows that its parts were read from.
pub struct ReadSetup {
    pub installation: Installation,
    pub suppliers: BTreeMap<SupplierKey, suppliers::Model>,
    /// By domain; installed ones only.
    pub shops: BTreeMap<String, shops::Model>,
    pub offers: BTreeMap<(SupplierId, String), offers::Model>,
    /// What each offer is called.
    pub names: Names,
}

type Names = BTreeMap<OfferId, (SupplierKey, String)>;

/// Reads suppliers and installed shops, whole: this is for the operator, not for a request.
pub async fn read_setup(
    db: &impl ConnectionTrait,
    keyring: &Keyring,
    now: DateTime<Utc>,
) -> Result<ReadSetup, ReadError> {
    let shop_rows = shops::with_app(db).await?;
    let domains: BTreeMap<ShopId, String> = shop_rows.iter().map(|shop| (shop.id, shop.domain.clone())).collect();
    let mut read = ReadSetup {
        installation: Installation::default(),
        suppliers: BTreeMap::new(),
        shops: BTreeMap::new(),
        offers: BTreeMap::new(),
        names: Names::new(),
    };
    let mut keys: BTreeMap<SupplierId, SupplierKey> = BTreeMap::new();
    for row in suppliers::all(db).await? {
        let owner = row.shop_id.map(|shop| domains.get(&shop).cloned());
        // Private to a shop that has gone: nobody's to set up.
        if owner == Some(None) {
            continue;
        }
        let key: SupplierKey = row.key.parse().map_err(|_| ReadError::Key(row.key.clone()))?;
        let terms = terms(&row, &key, owner.flatten(), keyring)?;
        let mut sold = BTreeMap::new();
        for offer in offers::of_supplier(db, row.id).await? {
            read.names.insert(offer.id, (key.clone(), offer.sku.clone()));
            sold.insert(offer.sku.clone(), as_offer(&offer));
            read.offers.insert((row.id, offer.sku.clone()), offer);
        }
        keys.insert(row.id, key.clone());
        read.installation
            .suppliers
            .insert(key.clone(), Supplier { terms, offers: sold });
        read.suppliers.insert(key, row);
    }
    for row in shop_rows {
        let shop = shop(db, &row, &keys, &read.names, now).await?;
        read.installation.shops.insert(row.domain.clone(), shop);
        read.shops.insert(row.domain.clone(), row);
    }
    Ok(read)
}

fn terms(
    row: &suppliers::Model,
    key: &SupplierKey,
    owner: Option<String>,
    keyring: &Keyring,
) -> Result<SupplierTerms, ReadError> {
    let secret = row
        .secret
        .as_ref()
        .map(|sealed| keyring.open(sealed, &secret_place(row.id)))
        .transpose()
        .map_err(|error| ReadError::Seal(key.clone(), error))?;
    Ok(SupplierTerms {
        name: row.name.clone(),
        owner,
        connector: row.connector,
        currency: row.currency,
        endpoint: row.endpoint.clone(),
        secret: secret.map(|secret| Secret(secret.expose_secret().to_owned())),
    })
}

pub(super) fn as_offer(row: &offers::Model) -> Offer {
    Offer {
        title: row.title.clone(),
        cost: row.cost(),
        barcode: row.barcode.clone(),
        stock: row.stock.map(store::units),
        counted_at: row.counted_at,
        weight_g: row.weight_g.map(store::units),
        goods: row.goods.0.clone(),
        ships_to: row.ships_to.0.iter().cloned().collect(),
        price_breaks: row.price_breaks.0.clone(),
        active: row.active,
    }
}

async fn shop(
    db: &impl ConnectionTrait,
    row: &shops::Model,
    keys: &BTreeMap<SupplierId, SupplierKey>,
    names: &Names,
    now: DateTime<Utc>,
) -> Result<Shop, DbErr> {
    let connections = connections::of_shop(db, row.id).await?.into_iter();
    let locations = locations::of_shop(db, row.id).await?.into_iter();
    let variants = variants::of_shop(db, row.id).await?.into_iter();
    Ok(Shop {
        today: rule_facts::today(row, now),
        settings: row.settings.0.clone(),
        currency: row.currency,
        locations: locations.map(|location| (location.id, location.name)).collect(),
        variants: variants.map(|variant| (variant.id, variant.sku)).collect(),
        connections: connections
            .filter_map(|connection| {
                let key = keys.get(&connection.supplier_id)?.clone();
                Some((key, as_connection(&connection)))
            })
            .collect(),
        mappings: mappings_of(db, row.id, names).await?,
    })
}

pub(super) fn as_connection(row: &connections::Model) -> Connection {
    Connection {
        priority: row.priority,
        price_tolerance_bp: store::units(row.price_tolerance_bp),
        handling_days: store::units(row.handling_days),
        answer_hours: store::units(row.answer_hours),
        service: row.service.0.clone(),
        active: row.active,
        costs: row.costs.clone().map(|costs| costs.0),
    }
}

async fn mappings_of(
    db: &impl ConnectionTrait,
    shop: ShopId,
    names: &Names,
) -> Result<BTreeMap<ShopifyVariantId, Vec<Alternative>>, DbErr> {
    let rows = mappings::of_shop(db, shop).await?;
    let variants: BTreeMap<_, _> = rows.iter().map(|mapping| (mapping.id, mapping.variant_id)).collect();
    let components = mapping_components::of_shop(db, shop).await?;
    let by_mapping = components.chunk_by(|one, next| one.mapping_id == next.mapping_id);
    let found = by_mapping.filter_map(|of_one| {
        let variant = variants.get(&of_one.first()?.mapping_id)?;
        Some((*variant, as_alternatives(of_one, names)))
    });
    Ok(found.filter(|(_, alternatives)| !alternatives.is_empty()).collect())
}

/// The alternatives of one mapping, of its components by rank and position.
pub(super) fn as_alternatives(components: &[mapping_components::Model], names: &Names) -> Vec<Alternative> {
    let mut alternatives: Vec<Alternative> = Vec::new();
    let mut current = None;
    // A new alternative begins where its id changes.
    for row in components {
        let Some((supplier, sku)) = names.get(&row.offer_id) else {
            continue;
        };
        let component = Component {
            supplier: supplier.clone(),
            sku: sku.clone(),
            quantity: store::units(row.quantity),
            accepted_cost: Money::new(row.accepted_cost_minor, row.currency),
        };
        if current != Some(row.alternative_id) {
            current = Some(row.alternative_id);
            alternatives.push(Alternative {
                components: Vec::new(),
                validity: row.validity(),
            });
        }
        if let Some(alternative) = alternatives.last_mut() {
            alternative.components.push(component);
        }
    }
    alternatives
}
