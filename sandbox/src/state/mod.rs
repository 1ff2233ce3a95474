//! A shop as rows in memory: catalogue, stock, orders, fulfillment orders, fulfillments, webhook
//! subscriptions. Owns every rule about how they change and which webhooks a change causes. Knows
//! neither GraphQL nor HTTP; whoever holds the lock drains `outbox` and delivers it.

mod catalog;
mod error;
mod fulfillment;
mod fulfillment_order;
mod fulfillments;
mod holds;
mod inventory;
mod order;
mod orders;
mod requests;
mod routing;
mod services;
mod subscriptions;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    clock::Clock,
    ids::{Ids, Kind},
    payload,
    spec::ShopSpec,
};

pub(crate) use self::{
    catalog::{Product, Variant},
    inventory::{AdjustmentGroup, IdempotentAnswer, Level, SetQuantity},
    orders::{CancelJob, JobState},
    services::{Location, Service},
    subscriptions::{Subscription, SubscriptionInput},
};
pub use self::{
    error::{Refused, UserError},
    fulfillment::{Fulfillment, FulfillmentEvent, FulfillmentLine, FulfillmentStatus, Tracking},
    fulfillment_order::{FulfillmentOrder, FulfillmentOrderLine, Hold, MerchantRequest, RequestStatus, Status},
    fulfillments::FulfillmentRequest,
    holds::HoldRequest,
    order::{Customer, DeliveryMethod, FinancialStatus, LineItem, Order, Refund, RefundLine, RestockType},
    orders::{CancelRequest, EditRequest, RefundRequest},
};

/// Everything one shop holds.
pub(crate) struct ShopState {
    pub id: i64,
    pub domain: String,
    pub spec: ShopSpec,
    pub created_at: DateTime<Utc>,
    pub locations: BTreeMap<i64, Location>,
    pub services: BTreeMap<i64, Service>,
    pub products: BTreeMap<i64, Product>,
    pub variants: BTreeMap<i64, Variant>,
    /// By inventory item and location.
    pub levels: BTreeMap<(i64, i64), Level>,
    pub adjustments: BTreeMap<i64, AdjustmentGroup>,
    pub orders: BTreeMap<i64, Order>,
    pub fulfillment_orders: BTreeMap<i64, FulfillmentOrder>,
    pub fulfillments: BTreeMap<i64, Fulfillment>,
    pub subscriptions: BTreeMap<i64, Subscription>,
    pub jobs: BTreeMap<String, CancelJob>,
    pub idempotency: HashMap<String, IdempotentAnswer>,
    idempotency_order: VecDeque<String>,
    /// What must leave the shop because of the changes so far; drained by the lock's holder.
    pub outbox: Vec<Outgoing>,
    ids: Arc<Ids>,
    clock: Clock,
    next_order_number: i64,
}

/// Something a change causes outside the shop.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    Webhook {
        topic: &'static str,
        payload: Value,
    },
    /// `fulfillment_order_notification` to this callback address.
    Callback {
        url: String,
        kind: &'static str,
    },
}

impl ShopState {
    pub fn new(domain: &str, spec: ShopSpec, ids: Arc<Ids>, clock: Clock) -> Self {
        let mut state = Self {
            id: ids.next(Kind::Shop),
            domain: domain.to_owned(),
            created_at: clock.now(),
            spec,
            locations: BTreeMap::new(),
            services: BTreeMap::new(),
            products: BTreeMap::new(),
            variants: BTreeMap::new(),
            levels: BTreeMap::new(),
            adjustments: BTreeMap::new(),
            orders: BTreeMap::new(),
            fulfillment_orders: BTreeMap::new(),
            fulfillments: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            jobs: BTreeMap::new(),
            idempotency: HashMap::new(),
            idempotency_order: VecDeque::new(),
            outbox: Vec::new(),
            ids,
            clock,
            next_order_number: 1001,
        };
        for name in state.spec.locations.clone() {
            state.add_location(name, None);
        }
        state
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn currency(&self) -> &str {
        &self.spec.currency
    }

    fn next_id(&self, kind: Kind) -> i64 {
        self.ids.next(kind)
    }

    fn emit(&mut self, topic: &'static str, payload: Value) {
        self.outbox.push(Outgoing::Webhook { topic, payload });
    }

    /// Sends the order as it now is under `topic`.
    fn emit_order(&mut self, topic: &'static str, order_id: i64) {
        if let Some(payload) = payload::order(self, order_id) {
            self.emit(topic, payload);
        }
    }

    /// Marks the order changed and says so.
    fn order_changed(&mut self, order_id: i64) {
        let now = self.now();
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.updated_at = now;
        }
        self.emit_order("orders/updated", order_id);
    }

    /// The order's fulfillment orders that still stand for work.
    pub fn live_fulfillment_orders(&self, order_id: i64) -> impl Iterator<Item = &FulfillmentOrder> {
        let ids = self
            .orders
            .get(&order_id)
            .map_or(&[][..], |order| &order.fulfillment_orders);
        ids.iter()
            .filter_map(|id| self.fulfillment_orders.get(id))
            .filter(|fo| fo.is_live())
    }

    /// Units of a line that have left in fulfillments that stand.
    pub fn fulfilled_quantity(&self, order_id: i64, line_item_id: i64) -> i64 {
        self.order_fulfillments(order_id)
            .filter(|fulfillment| fulfillment.status == FulfillmentStatus::Success)
            .flat_map(|fulfillment| &fulfillment.lines)
            .filter(|line| line.line_item_id == line_item_id)
            .map(|line| line.quantity)
            .sum()
    }

    /// Units of a line that are still to leave.
    pub fn unfulfilled_quantity(&self, order_id: i64, line_item_id: i64) -> i64 {
        let Some(order) = self.orders.get(&order_id) else {
            return 0;
        };
        let Some(line) = order.line(line_item_id) else { return 0 };
        if !order.routed {
            return line.current_quantity;
        }
        self.live_fulfillment_orders(order_id)
            .flat_map(|fo| &fo.lines)
            .filter(|fo_line| fo_line.line_item_id == line_item_id)
            .map(|fo_line| fo_line.remaining_quantity)
            .sum()
    }

    pub fn order_fulfillments(&self, order_id: i64) -> impl Iterator<Item = &Fulfillment> {
        let ids = self.orders.get(&order_id).map_or(&[][..], |order| &order.fulfillments);
        ids.iter().filter_map(|id| self.fulfillments.get(id))
    }

    /// `displayFulfillmentStatus`.
    pub fn fulfillment_status(&self, order_id: i64) -> &'static str {
        let Some(order) = self.orders.get(&order_id) else {
            return "UNFULFILLED";
        };
        let fulfilled: i64 = order
            .lines
            .iter()
            .map(|line| self.fulfilled_quantity(order_id, line.id))
            .sum();
        let left: i64 = order
            .lines
            .iter()
            .map(|line| self.unfulfilled_quantity(order_id, line.id))
            .sum();
        if fulfilled > 0 {
            return if left == 0 { "FULFILLED" } else { "PARTIALLY_FULFILLED" };
        }
        let live: Vec<_> = self.live_fulfillment_orders(order_id).collect();
        let all = |status: Status| !live.is_empty() && live.iter().all(|fo| fo.status == status);
        if all(Status::OnHold) {
            "ON_HOLD"
        } else if all(Status::Scheduled) {
            "SCHEDULED"
        } else if all(Status::InProgress) {
            "IN_PROGRESS"
        } else if live.iter().any(|fo| fo.request_status == RequestStatus::Rejected) {
            "REQUEST_DECLINED"
        } else {
            "UNFULFILLED"
        }
    }

    pub fn variant_of_item(&self, inventory_item_id: i64) -> Option<&Variant> {
        self.variants
            .values()
            .find(|variant| variant.inventory_item_id == inventory_item_id)
    }
}
