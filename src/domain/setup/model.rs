//! What a setup file means, and the installation that it is compared with.
//!
//! A [`Setup`] is what somebody wants: a missing part says nothing. An [`Installation`] is what
//! there is, complete.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{DateTime, NaiveDate, Utc};

use super::{Path, Position};
use crate::{
    domain::{
        costs::{ConnectionCosts, PriceBreak, entries::RoutingEntry},
        goods::{Goods, Service},
        mapping::Validity,
        money::{Currency, Money},
        review::ReviewHolds,
        rules::RuleText,
        shop::{KitFulfillment, ShopSettings},
        supplier::{ConnectorKind, SupplierKey},
    },
    ids::{ShopifyLocationId, ShopifyVariantId},
};

/// Where something stood in the file, for what can only be checked against the installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub at: Position,
    pub path: Path,
}

/// A value with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    pub origin: Origin,
    pub value: T,
}

/// What a file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    pub suppliers: Vec<WantedSupplier>,
    pub shops: Vec<WantedShop>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSupplier {
    pub origin: Origin,
    pub key: SupplierKey,
    pub name: String,
    /// The domain of the shop that it is private to.
    pub owner: Option<Placed<String>>,
    pub connector: ConnectorKind,
    pub currency: Option<Currency>,
    pub endpoint: Option<String>,
    pub secret: Option<Secret>,
    pub offers: Vec<WantedOffer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedOffer {
    pub sku: String,
    pub title: String,
    pub cost: Money,
    pub barcode: Option<String>,
    pub stock: Option<u32>,
    /// Only with a stock.
    pub counted_at: Option<Placed<DateTime<Utc>>>,
    pub weight_g: Option<u32>,
    pub dangerous_goods: Option<bool>,
    pub minimum_age: Option<u32>,
    pub size_mm: Option<[u32; 3]>,
    pub ships_to: Option<BTreeSet<String>>,
    pub price_breaks: Option<Vec<PriceBreak>>,
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedShop {
    pub origin: Origin,
    pub domain: String,
    pub automation: Option<bool>,
    pub notify_customer: Option<bool>,
    pub kit_fulfillment: Option<KitFulfillment>,
    pub ship_on_payment_terms: Option<bool>,
    pub undo_minutes: Option<u32>,
    pub review: Option<ReviewHolds>,
    pub locations: Option<WantedLocations>,
    pub rules: Option<Vec<Placed<RuleText>>>,
    /// Amounts are read when the shop's currency is known.
    pub routing: Option<Placed<RoutingEntry>>,
    pub connections: Vec<WantedConnection>,
    pub mappings: Vec<WantedMapping>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedLocations {
    All,
    Only(Vec<Placed<LocationName>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationName {
    Id(ShopifyLocationId),
    Name(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedConnection {
    pub origin: Origin,
    pub supplier: SupplierKey,
    pub priority: Option<i32>,
    pub price_tolerance_bp: Option<u32>,
    pub handling_days: Option<u32>,
    pub answer_hours: Option<u32>,
    pub cutoff_hour: Option<u32>,
    pub dangerous_goods: Option<bool>,
    pub checks_age: Option<bool>,
    pub active: bool,
    pub costs: Option<ConnectionCosts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedMapping {
    pub variant: Placed<VariantName>,
    pub alternatives: Vec<WantedAlternative>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedAlternative {
    pub components: Vec<WantedComponent>,
    pub validity: Validity,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariantName {
    Sku(String),
    Id(ShopifyVariantId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedComponent {
    pub origin: Origin,
    pub supplier: SupplierKey,
    pub sku: String,
    pub quantity: u32,
    /// A decimal; its currency is the offer's.
    pub accepted_cost: Option<String>,
}

/// A secret in clear; it does not show in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installation {
    pub suppliers: BTreeMap<SupplierKey, Supplier>,
    /// By domain; installed ones only.
    pub shops: BTreeMap<String, Shop>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplier {
    pub terms: SupplierTerms,
    pub offers: BTreeMap<String, Offer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplierTerms {
    pub name: String,
    pub owner: Option<String>,
    pub connector: ConnectorKind,
    pub currency: Currency,
    pub endpoint: Option<String>,
    pub secret: Option<Secret>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub title: String,
    pub cost: Money,
    pub barcode: Option<String>,
    pub stock: Option<u32>,
    /// As of when the stock is told, if that is known.
    pub counted_at: Option<DateTime<Utc>>,
    pub weight_g: Option<u32>,
    pub goods: Goods,
    /// Empty means everywhere.
    pub ships_to: BTreeSet<String>,
    pub price_breaks: Vec<PriceBreak>,
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// The day that it is there.
    pub today: NaiveDate,
    pub settings: ShopSettings,
    pub currency: Currency,
    pub locations: BTreeMap<ShopifyLocationId, String>,
    /// With the SKU, where there is one.
    pub variants: BTreeMap<ShopifyVariantId, Option<String>>,
    pub connections: BTreeMap<SupplierKey, Connection>,
    pub mappings: BTreeMap<ShopifyVariantId, Vec<Alternative>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub priority: i32,
    pub price_tolerance_bp: u32,
    pub handling_days: u32,
    /// 0 is no deadline.
    pub answer_hours: u32,
    pub service: Service,
    pub active: bool,
    pub costs: Option<ConnectionCosts>,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            priority: 1,
            price_tolerance_bp: 0,
            handling_days: 1,
            answer_hours: 0,
            service: Service::default(),
            active: true,
            costs: None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alternative {
    pub components: Vec<Component>,
    pub validity: Validity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    pub supplier: SupplierKey,
    pub sku: String,
    pub quantity: u32,
    pub accepted_cost: Money,
}
