//! What a human must decide, and the choices there are.

use super::text_enum::text_enum;

text_enum! {
    pub enum ExceptionKind {
        UnmappedLine = "unmapped_line",
        NoEligibleSupplier = "no_eligible_supplier",
        PriceRose = "price_rose",
        SupplierRejected = "supplier_rejected",
        /// A purchase order may or may not stand with the supplier.
        OutcomeUnknown = "outcome_unknown",
        PlacementRefused = "placement_refused",
        FulfilledByHand = "fulfilled_by_hand",
        /// Shopify does not take a parcel that the supplier reported.
        FulfillmentRefused = "fulfillment_refused",
        /// Shopify may or may not have made a parcel's fulfillment, and the order does not tell.
        FulfillmentUnclear = "fulfillment_unclear",
        CancelRefused = "cancel_refused",
        /// The shop wants to look at a purchase order before it is sent.
        Review = "review",
        /// A supplier does not answer a purchase order, which was asked back; or cannot be reached for long, so
        /// that it waits to be sent or to be asked back.
        SupplierSilent = "supplier_silent",
        /// Work on the order was given up after its last try.
        JobFailed = "job_failed",
        Other = "other",
    }
}

text_enum! {
    pub enum ExceptionStatus {
        Open = "open",
        Resolved = "resolved",
    }
}

text_enum! {
    pub enum ExceptionChoice {
        Map = "map",
        Retry = "retry",
        ChooseSupplier = "choose_supplier",
        AcceptPrice = "accept_price",
        CancelPurchaseOrder = "cancel_purchase_order",
        AdoptTracking = "adopt_tracking",
        ConfirmPlaced = "confirm_placed",
        ConfirmNotPlaced = "confirm_not_placed",
        /// One of the fulfillments that Shopify shows is the parcel's.
        ConfirmFulfilled = "confirm_fulfilled",
        /// None of them is: the parcel is sent to Shopify again.
        ConfirmNotFulfilled = "confirm_not_fulfilled",
        MarkHandled = "mark_handled",
        Release = "release",
        Refuse = "refuse",
    }
}

impl ExceptionKind {
    /// Whether routing itself asks, of units that it can be asked about again.
    #[must_use]
    pub const fn is_of_routing(self) -> bool {
        matches!(self, Self::UnmappedLine | Self::NoEligibleSupplier | Self::PriceRose)
    }

    /// What a person can do about it, the likeliest first.
    #[must_use]
    pub const fn choices(self) -> &'static [ExceptionChoice] {
        use ExceptionChoice as C;
        match self {
            Self::UnmappedLine => &[C::Map, C::Retry, C::MarkHandled],
            Self::NoEligibleSupplier | Self::SupplierRejected => &[C::Retry, C::ChooseSupplier, C::Map, C::MarkHandled],
            Self::PriceRose => &[C::AcceptPrice, C::ChooseSupplier, C::Retry, C::MarkHandled],
            Self::OutcomeUnknown => &[C::ConfirmPlaced, C::ConfirmNotPlaced],
            // Retry looks again. Nothing is left as it is: the parcel's units would be in doubt for ever.
            Self::FulfillmentUnclear => &[C::ConfirmFulfilled, C::ConfirmNotFulfilled, C::Retry],
            Self::FulfilledByHand => &[C::CancelPurchaseOrder, C::AdoptTracking],
            // Retry asks the same supplier, too: what it refused may have been a wrong key, or another mistake here.
            Self::PlacementRefused => &[C::Retry, C::ChooseSupplier, C::MarkHandled],
            Self::FulfillmentRefused | Self::JobFailed => &[C::Retry, C::MarkHandled],
            Self::Review => &[C::Release, C::Refuse],
            Self::SupplierSilent => &[C::ConfirmNotPlaced, C::MarkHandled],
            Self::CancelRefused | Self::Other => &[C::MarkHandled],
        }
    }
}
