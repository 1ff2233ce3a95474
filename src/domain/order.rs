//! Orders as Shopify has them, and where each of their units is with us.
//!
//! Invariant 2 lives here: [`Ledger::units`] puts each unit of a line in
//! exactly one place, and the places sum to the ordered quantity.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{shop::ShopSettings, text_enum::text_enum};
use crate::ids::{ShopifyFulfillmentOrderId, ShopifyFulfillmentOrderLineId, ShopifyLineItemId, ShopifyLocationId};

/// What Shopify says about an order that only routing rules ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderTraits {
    pub tags: Vec<String>,
    /// `web`, `pos`, an app's name.
    pub channel: Option<String>,
    /// Shopify's recommendation, in its own word.
    pub risk: Option<String>,
    /// Since when an assessment of it is awaited that may come to another advice; none where the shop does not ask.
    pub risk_pending_since: Option<DateTime<Utc>>,
    /// That was awaited for long enough.
    pub risk_is_overdue: bool,
    /// None where the shop did not grant us to read customers.
    pub customer_tags: Option<Vec<String>>,
    /// Of the products of its lines; lines without any are left out.
    pub product_tags: BTreeMap<ShopifyLineItemId, Vec<String>>,
    /// When the first of its fulfillment orders is due, where Shopify says so.
    pub promised_at: Option<DateTime<Utc>>,
}

text_enum! {
    /// Shopify's `OrderDisplayFinancialStatus`.
    pub enum FinancialStatus {
        Authorized = "AUTHORIZED",
        Expired = "EXPIRED",
        Paid = "PAID",
        PartiallyPaid = "PARTIALLY_PAID",
        PartiallyRefunded = "PARTIALLY_REFUNDED",
        Pending = "PENDING",
        Refunded = "REFUNDED",
        Voided = "VOIDED",
        /// A value that Shopify added later: treated as not paid.
        Unknown = "UNKNOWN",
    }
}

text_enum! {
    /// Shopify's `FulfillmentOrderStatus`.
    pub enum FulfillmentOrderStatus {
        Open = "OPEN",
        InProgress = "IN_PROGRESS",
        OnHold = "ON_HOLD",
        Scheduled = "SCHEDULED",
        Incomplete = "INCOMPLETE",
        Closed = "CLOSED",
        Cancelled = "CANCELLED",
        Unknown = "UNKNOWN",
    }
}

text_enum! {
    /// Shopify's `DeliveryMethodType`.
    pub enum DeliveryMethod {
        Shipping = "SHIPPING",
        Local = "LOCAL",
        PickUp = "PICK_UP",
        PickupPoint = "PICKUP_POINT",
        Retail = "RETAIL",
        None = "NONE",
        Unknown = "UNKNOWN",
    }
}

text_enum! {
    /// How far an order is with us.
    pub enum OrderStatus {
        NotRoutable = "not_routable",
        /// For Shopify, to make its fulfillment orders or to assess its risk.
        Waiting = "waiting",
        AwaitingRouting = "awaiting_routing",
        NeedsAttention = "needs_attention",
        Held = "held",
        WithSupplier = "with_supplier",
        PartlyShipped = "partly_shipped",
        Shipped = "shipped",
        Cancelled = "cancelled",
        FulfilledOutside = "fulfilled_outside",
    }
}

impl OrderStatus {
    /// Whether nothing is left to do for it, as it stands.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::NotRoutable | Self::Shipped | Self::Cancelled | Self::FulfilledOutside
        )
    }
}

text_enum! {
    /// Where a unit of an order line is.
    pub enum UnitState {
        NotOurs = "not_ours",
        AwaitingRouting = "awaiting_routing",
        InException = "in_exception",
        Held = "held",
        Allocated = "allocated",
        Shipped = "shipped",
        Cancelled = "cancelled",
        FulfilledOutside = "fulfilled_outside",
    }
}

/// A fulfillment order as last read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrder {
    pub id: ShopifyFulfillmentOrderId,
    pub status: FulfillmentOrderStatus,
    /// None where Shopify does not tell.
    pub location: Option<ShopifyLocationId>,
    pub location_name: String,
    pub delivery_method: DeliveryMethod,
    pub lines: Vec<FulfillmentOrderLine>,
}

/// What of one order line a fulfillment order still holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrderLine {
    pub id: ShopifyFulfillmentOrderLineId,
    pub line_item: ShopifyLineItemId,
    pub remaining: u32,
}

impl FulfillmentOrder {
    /// Whether its units are for us to route in this shop.
    #[must_use]
    pub fn is_ours(&self, settings: &ShopSettings) -> bool {
        self.delivery_method == DeliveryMethod::Shipping
            && self
                .location
                .is_some_and(|location| settings.locations.contains(location))
    }

    /// Whether a fulfillment may be made from it now.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(
            self.status,
            FulfillmentOrderStatus::Open | FulfillmentOrderStatus::InProgress
        )
    }

    const fn is_held(&self) -> bool {
        matches!(
            self.status,
            FulfillmentOrderStatus::OnHold | FulfillmentOrderStatus::Scheduled
        )
    }
}

/// What stands between the order and routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Shopify has not made the fulfillment orders yet.
    WaitForFulfillmentOrders,
    /// Shopify is still assessing its risk, which the shop wants to know before anything is bought.
    WaitForRisk,
    Cancelled,
    NotPaid(FinancialStatus),
    NothingToShip,
}

impl Gate {
    /// The reason for people; none when the order may be routed.
    #[must_use]
    pub fn reason(self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::WaitForFulfillmentOrders => Some("Shopify has not assigned the order to a location yet".to_owned()),
            Self::WaitForRisk => Some("Shopify has not finished assessing the order's risk".to_owned()),
            Self::Cancelled => Some("The order was cancelled in Shopify".to_owned()),
            Self::NotPaid(status) => Some(format!(
                "The payment is {}; orders are routed once paid",
                status.as_str().to_lowercase().replace('_', " ")
            )),
            Self::NothingToShip => Some("No line of the order needs shipping".to_owned()),
        }
    }
}

/// Decides whether an order may be routed at all (invariant 6).
#[must_use]
pub fn gate(
    financial: FinancialStatus,
    cancelled: bool,
    needs_shipping: bool,
    fulfillment_orders: &[FulfillmentOrder],
    awaits_risk: bool,
    settings: &ShopSettings,
) -> Gate {
    if cancelled {
        return Gate::Cancelled;
    }
    if !needs_shipping {
        return Gate::NothingToShip;
    }
    let paid = match financial {
        FinancialStatus::Paid | FinancialStatus::PartiallyRefunded => true,
        FinancialStatus::Pending | FinancialStatus::PartiallyPaid | FinancialStatus::Authorized => {
            settings.ship_on_payment_terms
        }
        FinancialStatus::Expired | FinancialStatus::Refunded | FinancialStatus::Voided | FinancialStatus::Unknown => {
            false
        }
    };
    if !paid {
        return Gate::NotPaid(financial);
    }
    if fulfillment_orders.is_empty() {
        return Gate::WaitForFulfillmentOrders;
    }
    if awaits_risk {
        return Gate::WaitForRisk;
    }
    Gate::Open
}

/// What Shopify says remains of one line, by whose it is. Units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// At our locations and free to ship.
    pub ours: u32,
    /// At our locations, but on hold or scheduled for later.
    pub held: u32,
    /// At other locations, or not shipped by parcel.
    pub elsewhere: u32,
}

/// Sums what the fulfillment orders hold of one line.
#[must_use]
pub fn remaining_of(
    line: ShopifyLineItemId,
    fulfillment_orders: &[FulfillmentOrder],
    settings: &ShopSettings,
) -> Remaining {
    let mut sum = Remaining::default();
    for order in fulfillment_orders {
        let units: u32 = order
            .lines
            .iter()
            .filter(|l| l.line_item == line)
            .map(|l| l.remaining)
            .sum();
        if !order.is_ours(settings) {
            sum.elsewhere += units;
        } else if order.is_open() {
            sum.ours += units;
        } else if order.is_held() {
            sum.held += units;
        }
    }
    sum
}

/// All that is known of one order line's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// As ordered.
    pub quantity: u32,
    /// What is left after edits and refunds (Shopify's `currentQuantity`).
    pub current: u32,
    pub remaining: Remaining,
    /// Fulfilled in Shopify by us.
    pub fulfilled_by_us: u32,
    /// Fulfilled in Shopify by somebody else.
    pub fulfilled_outside: u32,
    /// With a supplier and not reported shipped.
    pub allocated: u32,
    /// Reported shipped by a supplier, and not yet fulfilled in Shopify.
    pub shipped_unfulfilled: u32,
    /// Waiting for a person.
    pub in_exception: u32,
    /// Taken care of by a person: not to be routed.
    pub handled: u32,
}

impl Ledger {
    /// Units that routing shall place now.
    #[must_use]
    pub fn to_route(&self) -> u32 {
        self.remaining
            .ours
            .saturating_sub(self.allocated + self.shipped_unfulfilled + self.in_exception + self.handled)
    }

    /// Units that Shopify wants from us, now or after a hold, and that nothing here accounts for.
    #[must_use]
    pub fn without_place(&self) -> u32 {
        let wanted = self.remaining.ours + self.remaining.held;
        wanted.saturating_sub(self.allocated + self.shipped_unfulfilled + self.in_exception + self.handled)
    }

    /// Units that people are asked about and that Shopify does not want from us any more.
    #[must_use]
    pub fn waits_in_vain(&self) -> u32 {
        let wanted = self.remaining.ours + self.remaining.held;
        let placed = self.allocated + self.shipped_unfulfilled + self.handled;
        self.in_exception.saturating_sub(wanted.saturating_sub(placed))
    }

    /// Units with suppliers, shipped or not, that are not free to ship in Shopify.
    #[must_use]
    pub const fn not_free(&self) -> u32 {
        (self.allocated + self.shipped_unfulfilled).saturating_sub(self.remaining.ours)
    }

    /// Units with suppliers that Shopify no longer wants shipped by us.
    #[must_use]
    pub fn excess(&self) -> u32 {
        let wanted = self.remaining.ours + self.remaining.held;
        (self.allocated + self.shipped_unfulfilled)
            .saturating_sub(wanted)
            .min(self.allocated)
    }

    /// Where each unit is; the quantities sum to the ordered quantity.
    #[must_use]
    pub fn units(&self, gate: Gate) -> Vec<(UnitState, u32)> {
        let mut left = self.quantity;
        let mut places = Vec::new();
        let mut put = |state: UnitState, wanted: u32| {
            let units = wanted.min(left);
            if units > 0 {
                left -= units;
                places.push((state, units));
            }
        };
        put(UnitState::Shipped, self.fulfilled_by_us + self.shipped_unfulfilled);
        put(UnitState::FulfilledOutside, self.fulfilled_outside);
        put(UnitState::Allocated, self.allocated);
        if gate == Gate::Cancelled {
            put(UnitState::Cancelled, u32::MAX);
            return places;
        }
        put(UnitState::NotOurs, self.quantity.saturating_sub(self.current));
        if gate == Gate::NothingToShip || matches!(gate, Gate::NotPaid(_)) {
            put(UnitState::NotOurs, u32::MAX);
            return places;
        }
        put(UnitState::InException, self.in_exception);
        put(UnitState::NotOurs, self.handled);
        put(UnitState::Held, self.remaining.held);
        put(UnitState::NotOurs, self.remaining.elsewhere);
        put(UnitState::AwaitingRouting, u32::MAX);
        places
    }
}

/// The order's status from the places of all its units.
#[must_use]
pub fn status(gate: Gate, has_open_exception: bool, ledgers: &[Ledger]) -> OrderStatus {
    let mut sums = [0_u64; UnitState::ALL.len()];
    for (state, units) in ledgers.iter().flat_map(|ledger| ledger.units(gate)) {
        sums[state as usize] += u64::from(units);
    }
    let sum = |state: UnitState| sums[state as usize];
    if has_open_exception {
        return OrderStatus::NeedsAttention;
    }
    match gate {
        Gate::WaitForFulfillmentOrders | Gate::WaitForRisk if sum(UnitState::Allocated) == 0 => {
            return OrderStatus::Waiting;
        }
        Gate::Cancelled if sum(UnitState::Shipped) == 0 => return OrderStatus::Cancelled,
        _ => {}
    }
    if sum(UnitState::AwaitingRouting) > 0 {
        OrderStatus::AwaitingRouting
    } else if sum(UnitState::Allocated) > 0 {
        if sum(UnitState::Shipped) > 0 {
            OrderStatus::PartlyShipped
        } else {
            OrderStatus::WithSupplier
        }
    } else if sum(UnitState::Held) > 0 {
        OrderStatus::Held
    } else if sum(UnitState::Shipped) > 0 {
        OrderStatus::Shipped
    } else if sum(UnitState::FulfilledOutside) > 0 {
        OrderStatus::FulfilledOutside
    } else {
        OrderStatus::NotRoutable
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_gate() -> impl Strategy<Value = Gate> {
        prop_oneof![
            Just(Gate::Open),
            Just(Gate::WaitForFulfillmentOrders),
            Just(Gate::WaitForRisk),
            Just(Gate::Cancelled),
            Just(Gate::NotPaid(FinancialStatus::Pending)),
            Just(Gate::NothingToShip),
        ]
    }

    proptest! {
        #[test]
        fn every_unit_is_somewhere(
            quantity in 0_u32..50, current in 0_u32..50, ours in 0_u32..50, held in 0_u32..50, elsewhere in 0_u32..50,
            by_us in 0_u32..50, outside in 0_u32..50, allocated in 0_u32..50, shipped in 0_u32..50, in_exception in 0_u32..50,
            handled in 0_u32..50, gate in any_gate(),
        ) {
            let ledger = Ledger {
                quantity, current, remaining: Remaining { ours, held, elsewhere }, fulfilled_by_us: by_us,
                fulfilled_outside: outside, allocated, shipped_unfulfilled: shipped, in_exception, handled,
            };
            let sum: u32 = ledger.units(gate).iter().map(|(_, units)| units).sum();
            prop_assert_eq!(sum, quantity);
            prop_assert!(ledger.to_route() + ledger.allocated.min(ours) <= ours.max(ledger.allocated));
            prop_assert!(ledger.excess() <= allocated);
            prop_assert!(ledger.waits_in_vain() <= in_exception);
        }
    }

    #[test]
    fn routes_only_what_is_paid() {
        let settings = ShopSettings::default();
        let open = [FulfillmentOrder {
            id: ShopifyFulfillmentOrderId(1),
            status: FulfillmentOrderStatus::Open,
            location: Some(ShopifyLocationId(1)),
            location_name: "Here".into(),
            delivery_method: DeliveryMethod::Shipping,
            lines: vec![],
        }];
        for status in FinancialStatus::ALL {
            let expect = matches!(status, FinancialStatus::Paid | FinancialStatus::PartiallyRefunded);
            assert_eq!(
                gate(*status, false, true, &open, false, &settings) == Gate::Open,
                expect,
                "{status}"
            );
        }
        assert_eq!(
            gate(FinancialStatus::Paid, false, true, &[], true, &settings),
            Gate::WaitForFulfillmentOrders
        );
        assert_eq!(
            gate(FinancialStatus::Paid, true, true, &open, true, &settings),
            Gate::Cancelled
        );
        assert_eq!(
            gate(FinancialStatus::Paid, false, true, &open, true, &settings),
            Gate::WaitForRisk
        );
    }

    #[test]
    fn a_hand_made_fulfillment_leaves_an_excess() {
        let ledger = Ledger {
            quantity: 2,
            current: 2,
            allocated: 2,
            fulfilled_outside: 2,
            ..Ledger::default()
        };
        assert_eq!(ledger.excess(), 2);
        assert_eq!(ledger.to_route(), 0);
    }
}
