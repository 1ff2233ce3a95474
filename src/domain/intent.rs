//! Outside calls that must happen once, and what became of them.

use super::text_enum::text_enum;

text_enum! {
    /// What the call does.
    pub enum IntentKind {
        PlacePurchaseOrder = "place_purchase_order",
        CancelPurchaseOrder = "cancel_purchase_order",
        CreateFulfillment = "create_fulfillment",
        UpdateTracking = "update_tracking",
    }
}

text_enum! {
    /// What is known of it.
    pub enum IntentOutcome {
        /// Written, and perhaps called: after a restart this reads as unknown.
        Pending = "pending",
        Done = "done",
        Refused = "refused",
        /// Sent, the answer was lost.
        Unknown = "unknown",
    }
}

impl IntentOutcome {
    /// Whether the outcome may still change.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Unknown)
    }
}
