//! What is handed to connectors: a purchase order as the supplier shall see it.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        address::Address,
        money::{Currency, Money},
        purchase_order::PurchaseOrderNumber,
    },
    ids::{PoLineId, PurchaseOrderId},
};

/// A purchase order, complete. Holds customer data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingPurchaseOrder {
    pub id: PurchaseOrderId,
    pub number: PurchaseOrderNumber,
    /// The shop's name for its order: `#1001`.
    pub order_name: String,
    pub shop: OutgoingShop,
    pub currency: Currency,
    pub ship_to: Address,
    pub ship_by: Option<DateTime<Utc>>,
    pub lines: Vec<OutgoingLine>,
}

/// Whom the supplier ships for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingShop {
    pub name: String,
    pub domain: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingLine {
    pub id: PoLineId,
    /// The supplier's own SKU.
    pub sku: String,
    pub title: String,
    /// Offer units that the supplier shall ship in all.
    pub quantity: u32,
    pub unit_cost: Money,
}

/// What the supplier shall no longer ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingCancellation {
    pub id: PurchaseOrderId,
    pub number: PurchaseOrderNumber,
    pub order_name: String,
    pub shop: OutgoingShop,
    /// Why, for people; no customer data.
    pub reason: Option<String>,
    pub lines: Vec<CancelledLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelledLine {
    pub id: PoLineId,
    pub sku: String,
    /// Offer units that shall not be shipped, in all: with those that the supplier cancelled before.
    pub quantity: u32,
}
