//! Fulfillments as rows: which units left, with which tracking, and whether the buyer was told.
//! Making and changing them is `fulfillments.rs`.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A parcel, as Shopify records it.
#[derive(Debug, Clone, Serialize)]
pub struct Fulfillment {
    pub id: i64,
    pub order_id: i64,
    /// `#1001.1`.
    pub name: String,
    pub location_id: i64,
    pub status: FulfillmentStatus,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub lines: Vec<FulfillmentLine>,
    pub tracking: Vec<Tracking>,
    pub events: Vec<FulfillmentEvent>,
    /// What `notifyCustomer` said when it was made.
    pub notify_customer: bool,
    /// Mails sent to the buyer so far: one for the parcel, one per notified tracking change.
    pub notices: u32,
    /// Made through the app, not by the merchant's hand.
    pub by_app: bool,
}

/// Units of one line in a fulfillment. The SKU is repeated from the order line for reading.
#[derive(Debug, Clone, Serialize)]
pub struct FulfillmentLine {
    pub id: i64,
    pub line_item_id: i64,
    pub fulfillment_order_id: i64,
    pub fulfillment_order_line_id: i64,
    pub sku: String,
    pub quantity: i64,
}

/// One tracking number with its company and page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tracking {
    pub company: Option<String>,
    pub number: Option<String>,
    pub url: Option<String>,
}

/// A step of a parcel's journey.
#[derive(Debug, Clone, Serialize)]
pub struct FulfillmentEvent {
    pub id: i64,
    pub status: String,
    pub message: Option<String>,
    pub happened_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// Whether a fulfillment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FulfillmentStatus {
    Success,
    Cancelled,
}

impl FulfillmentStatus {
    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Cancelled => "CANCELLED",
        }
    }
}
