//! Orders and their lines as the shop holds them, and what can be read off them. Changing an order
//! is `orders.rs`; its fulfillment orders and fulfillments are rows of their own.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::spec::AddressSpec;

/// An order.
#[derive(Debug, Clone, Serialize)]
pub struct Order {
    pub id: i64,
    /// `#1001`.
    pub name: String,
    pub number: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancel_reason: Option<String>,
    pub closed_at: Option<DateTime<Utc>>,
    pub currency: String,
    pub financial_status: FinancialStatus,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub note: Option<String>,
    pub tags: Vec<String>,
    /// What Shopify advises; `PENDING` while it cannot say yet.
    pub risk: String,
    pub source_identifier: Option<String>,
    pub customer: Option<Customer>,
    pub shipping_address: Option<AddressSpec>,
    pub delivery_method: DeliveryMethod,
    pub shipping_minor: i64,
    pub lines: Vec<LineItem>,
    /// In the order they were made, the closed ones included.
    pub fulfillment_orders: Vec<i64>,
    pub fulfillments: Vec<i64>,
    pub refunds: Vec<Refund>,
    pub fulfill_at: Option<DateTime<Utc>>,
    pub fulfill_by: Option<DateTime<Utc>>,
    /// Where routing puts each line, as asked for when the order was made.
    #[serde(skip)]
    pub(crate) placement: Vec<(i64, i64)>,
    #[serde(skip)]
    pub(crate) routed: bool,
}

impl Order {
    pub(crate) fn line(&self, id: i64) -> Option<&LineItem> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// What the lines cost as ordered.
    pub(crate) fn subtotal_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.price_minor * line.quantity).sum()
    }

    /// What the lines cost after removals.
    pub(crate) fn current_subtotal_minor(&self) -> i64 {
        self.lines
            .iter()
            .map(|line| line.price_minor * line.current_quantity)
            .sum()
    }

    pub(crate) fn total_minor(&self) -> i64 {
        self.subtotal_minor() + self.shipping_minor
    }

    /// What it advises so far.
    pub(crate) fn recommendation(&self) -> &str {
        match self.risk.as_str() {
            "PENDING" => "NONE",
            advice => advice,
        }
    }

    /// What its assessment came to, as a webhook writes it.
    pub(crate) fn risk_level(&self) -> &'static str {
        match self.risk.as_str() {
            "CANCEL" => "high",
            "INVESTIGATE" => "medium",
            "ACCEPT" => "low",
            "PENDING" => "pending",
            _ => "none",
        }
    }

    pub(crate) fn refunded_minor(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount_minor).sum()
    }
}

/// A line of an order. `quantity` never shrinks; `current_quantity` does, on removal and refund.
#[derive(Debug, Clone, Serialize)]
pub struct LineItem {
    pub id: i64,
    pub variant_id: Option<i64>,
    pub product_id: Option<i64>,
    pub title: String,
    pub variant_title: Option<String>,
    pub sku: String,
    pub vendor: String,
    pub quantity: i64,
    pub current_quantity: i64,
    pub price_minor: i64,
    pub grams: u32,
    pub requires_shipping: bool,
}

impl LineItem {
    pub(crate) fn name(&self) -> String {
        match &self.variant_title {
            Some(variant) => format!("{} - {variant}", self.title),
            None => self.title.clone(),
        }
    }
}

/// The buyer of an order.
#[derive(Debug, Clone, Serialize)]
pub struct Customer {
    pub id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: Option<String>,
    pub tags: Vec<String>,
    pub created_at: DateTime<Utc>,
}

/// Money given back, and the units it was given back for.
#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    pub id: i64,
    pub created_at: DateTime<Utc>,
    pub note: Option<String>,
    pub amount_minor: i64,
    pub lines: Vec<RefundLine>,
}

/// Units of one line in a refund.
#[derive(Debug, Clone, Serialize)]
pub struct RefundLine {
    pub id: i64,
    pub line_item_id: i64,
    pub quantity: i64,
    pub restock_type: RestockType,
}

/// Whether refunded units were still to be shipped, and so are shipped no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestockType {
    /// Not shipped yet and no longer to be.
    Cancel,
    /// Shipped and sent back.
    Return,
    /// Only money moved; what is left to ship stays so.
    NoRestock,
}

impl RestockType {
    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Cancel => "CANCEL",
            Self::Return => "RETURN",
            Self::NoRestock => "NO_RESTOCK",
        }
    }
}

/// How far an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FinancialStatus {
    Pending,
    Authorized,
    PartiallyPaid,
    #[default]
    Paid,
    PartiallyRefunded,
    Refunded,
    Voided,
    Expired,
}

impl FinancialStatus {
    /// There is money that can be given back.
    pub(crate) fn is_paid_for(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::PartiallyPaid | Self::PartiallyRefunded | Self::Refunded
        )
    }

    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Authorized => "AUTHORIZED",
            Self::PartiallyPaid => "PARTIALLY_PAID",
            Self::Paid => "PAID",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
            Self::Voided => "VOIDED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// How an order reaches its buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryMethod {
    #[default]
    Shipping,
    PickUp,
    PickupPoint,
    Local,
    Retail,
    /// Nothing to deliver: digital goods.
    None,
}

impl DeliveryMethod {
    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Shipping => "SHIPPING",
            Self::PickUp => "PICK_UP",
            Self::PickupPoint => "PICKUP_POINT",
            Self::Local => "LOCAL",
            Self::Retail => "RETAIL",
            Self::None => "NONE",
        }
    }
}
