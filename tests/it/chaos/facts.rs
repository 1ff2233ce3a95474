//! What is known from outside after a round: what the pretend Shopify and the pretend suppliers
//! hold and were asked, and what Orderyard's API shows. Plain data, so that the rules can be fed
//! a history that nobody lived through.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub type Time = DateTime<Utc>;

/// Everything about one round.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub orders: Vec<Order>,
    pub load: Load,
}

/// What the installation as a whole did.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// The largest resident memory of a process, in bytes.
    pub peak_memory_bytes: u64,
    /// Processes that ended though nobody killed them, with how.
    pub ended_by_themselves: Vec<String>,
    /// What still moved when all was done, if anything did.
    pub restless: Option<String>,
    /// Webhooks that are about no order.
    pub deliveries: Vec<Delivery>,
}

/// One order of the shop, from every side.
#[derive(Debug, Clone, Default)]
pub struct Order {
    pub id: i64,
    pub name: String,
    pub financial_status: String,
    /// When it was paid; none while it is not.
    pub paid_at: Option<Time>,
    pub cancelled_at: Option<Time>,
    /// Shopify has made fulfillment orders for it.
    pub is_routed: bool,
    pub is_held: bool,
    pub lines: Vec<Line>,
    pub fulfillments: Vec<Fulfillment>,
    pub deliveries: Vec<Delivery>,
    pub requests: Vec<Request>,
    pub purchase_orders: Vec<PurchaseOrder>,
    /// What Orderyard shows in the end; none when it does not know the order.
    pub shown: Option<Shown>,
    /// When Orderyard was first seen to show it as cancelled.
    pub shown_cancelled_at: Option<Time>,
    /// What customer, merchant and tester did to it.
    pub deeds: Vec<(Time, String)>,
}

/// A line of the order, as Shopify has it.
#[derive(Debug, Clone, Default)]
pub struct Line {
    pub sku: String,
    /// Never shrinks.
    pub quantity: i64,
    /// After removals and refunds.
    pub current: i64,
    /// Still to leave, by the fulfillment orders that stand.
    pub remaining: i64,
}

/// A fulfillment that stands in Shopify.
#[derive(Debug, Clone, Default)]
pub struct Fulfillment {
    pub at: Time,
    pub location: i64,
    pub by_app: bool,
    pub numbers: Vec<String>,
    /// SKU of the variant, and units.
    pub lines: Vec<(String, i64)>,
}

/// A webhook about the order.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    pub topic: String,
    pub triggered_at: Time,
    /// When and how each attempt was answered; no status where no answer came.
    pub attempts: Vec<(Time, Option<u16>)>,
    /// How it stands in the inbox; none when it is not there.
    pub kept: Option<String>,
}

impl Delivery {
    pub fn acknowledged_at(&self) -> Option<Time> {
        let good = |status: Option<u16>| status.is_some_and(|status| (200..300).contains(&status));
        self.attempts
            .iter()
            .find(|(_, status)| good(*status))
            .map(|(at, _)| *at)
    }
}

/// A call of the Admin API about the order.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub at: Time,
    pub operation: String,
    pub status: u16,
    pub lost: bool,
}

/// A purchase order as its supplier has it.
#[derive(Debug, Clone, Default)]
pub struct PurchaseOrder {
    pub supplier: String,
    pub number: String,
    pub calls: Vec<Call>,
    pub lines: Vec<PoLine>,
    pub parcels: Vec<Parcel>,
    /// Units that were open when everything had come to rest, before the last ones were shipped.
    pub open_at_rest: i64,
}

/// A call that a supplier received.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub at: Time,
    pub kind: String,
    pub webhook_id: String,
    /// The answer before a fault swallowed it.
    pub status: u16,
    pub fault: Option<String>,
    /// SKU, units and cost per unit, in order.
    pub lines: Vec<(String, i64, String)>,
}

/// A line of a purchase order.
#[derive(Debug, Clone, Default)]
pub struct PoLine {
    pub sku: String,
    pub quantity: i64,
    pub rejected: i64,
    pub cancelled: i64,
    pub shipped: i64,
}

impl PoLine {
    /// Units that the supplier ships or has shipped.
    pub fn live(&self) -> i64 {
        self.quantity - self.rejected - self.cancelled
    }
}

/// A parcel of a supplier.
#[derive(Debug, Clone, Default)]
pub struct Parcel {
    pub reference: String,
    pub number: String,
    /// Orderyard answered that it has it.
    pub is_confirmed: bool,
    /// Supplier's SKU and units.
    pub lines: Vec<(String, i64)>,
}

/// An order as Orderyard's API shows it.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub status: String,
    pub reason: Option<String>,
    pub financial_status: String,
    pub is_cancelled: bool,
    pub lines: Vec<ShownLine>,
    pub exceptions: Vec<Exception>,
    /// Number and status.
    pub purchase_orders: Vec<(String, String)>,
    /// Tracking number and state.
    pub shipments: Vec<(String, String)>,
    /// Its history, the oldest first; read only where a rule was broken.
    pub events: Vec<(Time, String)>,
}

impl Shown {
    pub fn open_exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter().filter(|exception| exception.is_open)
    }

    /// Units of all lines in a state.
    pub fn units(&self, state: &str) -> i64 {
        self.lines.iter().filter_map(|line| line.units.get(state)).sum()
    }
}

#[derive(Debug, Clone, Default)]
pub struct ShownLine {
    pub sku: String,
    pub quantity: i64,
    pub units: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, Default)]
pub struct Exception {
    pub id: String,
    pub kind: String,
    pub is_open: bool,
    pub message: String,
    /// Of the order line that it is about.
    pub sku: Option<String>,
    pub purchase_order: Option<String>,
}
