//! The history of an order: what happened, and by whom.

use std::fmt;

use super::text_enum::text_enum;

text_enum! {
    pub enum EventKind {
        Imported = "imported",
        Changed = "changed",
        Waiting = "waiting",
        Routed = "routed",
        ExceptionOpened = "exception_opened",
        ExceptionResolved = "exception_resolved",
        Placed = "placed",
        PlacementFailed = "placement_failed",
        Acknowledged = "acknowledged",
        Rejected = "rejected",
        Shipped = "shipped",
        TrackingCorrected = "tracking_corrected",
        Fulfilled = "fulfilled",
        FulfillmentFailed = "fulfillment_failed",
        FulfilledByHand = "fulfilled_by_hand",
        CancelRequested = "cancel_requested",
        Cancelled = "cancelled",
        CancelRefused = "cancel_refused",
        /// A person decided otherwise than the rules.
        Overridden = "overridden",
        Redacted = "redacted",
    }
}

/// Who did it, as it stands in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Orderyard,
    Shopify,
    /// A person of the shop, by name.
    Staff(String),
    /// A supplier's person or system, by the supplier's name.
    Supplier(String),
    /// A script with an API token.
    Token,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orderyard => f.write_str("Orderyard"),
            Self::Shopify => f.write_str("Shopify"),
            Self::Staff(name) => f.write_str(name),
            Self::Supplier(name) => write!(f, "{name} (supplier)"),
            Self::Token => f.write_str("API token"),
        }
    }
}
