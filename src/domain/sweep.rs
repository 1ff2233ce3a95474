//! What a sweep goes through: our own books first, then what Shopify has.

use super::text_enum::text_enum;

text_enum! {
    /// The parts of a sweep, in their order.
    pub enum SweepPhase {
        /// Outside calls without an outcome.
        Calls = "calls",
        /// Purchase orders that were decided and not sent.
        PurchaseOrders = "purchase_orders",
        /// Parcels that are not in Shopify yet.
        Parcels = "parcels",
        /// Orders that wait for Shopify or for routing.
        Orders = "orders",
        /// Purchase orders of which suppliers have said nothing for long.
        Suppliers = "suppliers",
        Subscriptions = "subscriptions",
        ShopifyOrders = "shopify_orders",
        ShopifyFulfillmentOrders = "shopify_fulfillment_orders",
    }
}

text_enum! {
    /// What set a sweep off.
    pub enum SweepOrigin {
        Timer = "timer",
        Operator = "operator",
    }
}

text_enum! {
    /// In what our books differ.
    pub enum DifferenceKind {
        OrderMissing = "order_missing",
        OrderOutdated = "order_outdated",
        FulfillmentOrder = "fulfillment_order",
        Subscription = "subscription",
        /// Work that stands still although nothing is in its way.
        StoodStill = "stood_still",
        /// A supplier knows more of a purchase order than it has reported.
        SupplierReport = "supplier_report",
    }
}

impl SweepPhase {
    /// What comes after it; none at the end.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let at = Self::ALL.iter().position(|phase| *phase == self)?;
        Self::ALL.get(at + 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_its_turn() {
        let mut phases = vec![SweepPhase::Calls];
        while let Some(next) = phases.last().and_then(|phase| phase.next()) {
            phases.push(next);
        }
        assert_eq!(phases, SweepPhase::ALL);
    }
}
