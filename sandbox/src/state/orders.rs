//! What customers and merchants do to orders: place, pay, edit, refund, cancel. Each tells the app
//! through the webhooks that Shopify would send.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ids::Kind,
    money, payload,
    spec::{AddressSpec, CustomerSpec, OrderSpec},
};

use super::{
    Customer, FinancialStatus, LineItem, Order, Refund, RefundLine, Refused, RestockType, ShopState, error::refuse,
};

/// Beyond this many orders a shop archives finished ones.
const MAX_ORDERS: usize = 20_000;

const MAX_JOBS: usize = 1000;

/// A cancellation asked for by the merchant or the app.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CancelRequest {
    /// `CUSTOMER`, `INVENTORY`, `FRAUD`, `DECLINED`, `STAFF` or `OTHER`.
    pub reason: String,
    pub refund: bool,
}

impl Default for CancelRequest {
    fn default() -> Self {
        Self {
            reason: "CUSTOMER".to_owned(),
            refund: true,
        }
    }
}

/// Units to refund, by line item; without an amount, at the price they were sold for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    pub lines: Vec<(i64, i64)>,
    pub restock_type: RestockType,
    /// A decimal in the order's currency.
    #[serde(default)]
    pub amount: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// An order edit: lines set to a new quantity, and variants added.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditRequest {
    pub set: Vec<(i64, i64)>,
    pub add: Vec<(i64, i64)>,
}

/// An `orderCancel` that runs behind the answer.
#[derive(Debug, Clone)]
pub(crate) struct CancelJob {
    pub order_id: i64,
    pub request: CancelRequest,
    pub state: JobState,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    Started,
    Succeeded,
    Failed,
}

impl ShopState {
    pub fn create_order(&mut self, spec: OrderSpec) -> Result<i64, Refused> {
        if spec.lines.is_empty() {
            return refuse(&["lineItems"], "Line items must have at least one line item");
        }
        let Some(shipping_minor) = money::parse_minor(&spec.shipping_price, self.currency()) else {
            return refuse(&["shippingLines"], "Shipping price is not a decimal");
        };
        let (mut lines, mut placement) = (Vec::new(), Vec::new());
        for line in &spec.lines {
            let item = self.new_line(line.variant_id, line.quantity)?;
            let location = line
                .location_id
                .or(spec.location_id)
                .or_else(|| self.home_of(line.variant_id));
            let Some(location) = location else {
                return refuse(&["lineItems"], "The shop has no location to ship from");
            };
            self.active_location(location, &["lineItems", "locationId"])?;
            placement.push((item.id, location));
            lines.push(item);
        }
        self.make_room()?;
        let now = self.now();
        let number = self.next_order_number;
        self.next_order_number += 1;
        let id = self.next_id(Kind::Order);
        let order = Order {
            id,
            name: format!("#{number}"),
            number,
            created_at: spec.created_at.unwrap_or(now),
            updated_at: spec.created_at.unwrap_or(now),
            cancelled_at: None,
            cancel_reason: None,
            closed_at: None,
            currency: self.currency().to_owned(),
            financial_status: spec.financial_status,
            email: spec.email,
            phone: spec.phone,
            note: spec.note,
            tags: spec.tags,
            risk: spec.risk,
            source_identifier: spec.source_identifier,
            customer: spec.customer.map(|customer| self.new_customer(customer)),
            shipping_address: spec.shipping_address,
            delivery_method: spec.delivery_method,
            shipping_minor,
            lines,
            fulfillment_orders: Vec::new(),
            fulfillments: Vec::new(),
            refunds: Vec::new(),
            fulfill_at: spec.fulfill_at,
            fulfill_by: spec.fulfill_by,
            placement,
            routed: false,
        };
        let paid = order.financial_status == FinancialStatus::Paid;
        let units: Vec<_> = order.lines.iter().map(|line| (line.id, line.quantity)).collect();
        self.orders.insert(id, order);
        for (line_id, quantity) in units {
            self.adjust_available(id, line_id, -quantity);
        }
        self.emit_order("orders/create", id);
        if paid {
            self.emit_order("orders/paid", id);
        }
        Ok(id)
    }

    /// Archives the oldest finished order when the shop holds as many as it may.
    fn make_room(&mut self) -> Result<(), Refused> {
        if self.orders.len() < MAX_ORDERS {
            return Ok(());
        }
        let finished =
            |order: &&Order| order.cancelled_at.is_some() || self.fulfillment_status(order.id) == "FULFILLED";
        match self.orders.values().find(finished).map(|order| order.id) {
            Some(id) => {
                self.forget_order(id);
                Ok(())
            }
            None => refuse(
                &["lineItems"],
                "The sandbox shop is full: it holds too many unfinished orders",
            ),
        }
    }

    fn forget_order(&mut self, order_id: i64) -> bool {
        let Some(order) = self.orders.remove(&order_id) else {
            return false;
        };
        for id in order.fulfillment_orders {
            self.fulfillment_orders.remove(&id);
        }
        for id in order.fulfillments {
            self.fulfillments.remove(&id);
        }
        true
    }

    fn new_line(&mut self, variant_id: i64, quantity: i64) -> Result<LineItem, Refused> {
        let Some(variant) = self.variants.get(&variant_id).cloned() else {
            return refuse(&["lineItems", "variantId"], "Variant does not exist");
        };
        if quantity < 1 {
            return refuse(&["lineItems", "quantity"], "Quantity must be greater than 0");
        }
        let product = self.products.get(&variant.product_id);
        Ok(LineItem {
            id: self.next_id(Kind::LineItem),
            variant_id: Some(variant_id),
            product_id: Some(variant.product_id),
            title: product.map(|p| p.title.clone()).unwrap_or_default(),
            variant_title: Some(variant.title).filter(|title| title != "Default Title"),
            sku: variant.sku,
            vendor: product.map(|p| p.vendor.clone()).unwrap_or_default(),
            quantity,
            current_quantity: quantity,
            price_minor: variant.price_minor,
            grams: variant.weight_g,
            requires_shipping: variant.requires_shipping,
        })
    }

    /// Where a variant ships from by itself: a location that stocks it, own locations first.
    fn home_of(&self, variant_id: i64) -> Option<i64> {
        let item = self.variants.get(&variant_id)?.inventory_item_id;
        let mut stocked: Vec<_> = self
            .levels
            .keys()
            .filter(|(stocked_item, _)| *stocked_item == item)
            .filter_map(|(_, location)| self.locations.get(location))
            .filter(|location| location.active)
            .map(|location| (location.service_id.is_some(), location.id))
            .collect();
        stocked.sort_unstable();
        stocked.first().map(|(_, id)| *id).or_else(|| self.default_location())
    }

    fn new_customer(&self, spec: CustomerSpec) -> Customer {
        Customer {
            id: self.next_id(Kind::Customer),
            first_name: spec.first_name,
            last_name: spec.last_name,
            email: spec.email,
            phone: spec.phone,
            tags: spec.tags,
            created_at: self.now(),
        }
    }

    /// Changes nothing but the time of the last change, and says so.
    pub fn touch_order(&mut self, order_id: i64) {
        self.order_changed(order_id);
    }

    pub fn mark_paid(&mut self, order_id: i64) -> Result<(), Refused> {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return refuse(&["id"], "Order does not exist");
        };
        if order.cancelled_at.is_some()
            || !matches!(
                order.financial_status,
                FinancialStatus::Pending | FinancialStatus::Authorized | FinancialStatus::PartiallyPaid
            )
        {
            return refuse(&["id"], "Order cannot be marked as paid.");
        }
        order.financial_status = FinancialStatus::Paid;
        self.order_changed(order_id);
        self.emit_order("orders/paid", order_id);
        Ok(())
    }

    pub fn change_address(&mut self, order_id: i64, address: AddressSpec) -> Result<(), Refused> {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return refuse(&["id"], "Order does not exist");
        };
        order.shipping_address = Some(address);
        self.order_changed(order_id);
        Ok(())
    }

    pub fn retag(&mut self, order_id: i64, tags: Vec<String>) -> Result<(), Refused> {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return refuse(&["id"], "Order does not exist");
        };
        order.tags = tags;
        self.order_changed(order_id);
        Ok(())
    }

    /// Another assessment, and so another recommendation. Only the topic of its own tells of it.
    pub fn assess(&mut self, order_id: i64, recommendation: &str) -> Result<(), Refused> {
        let now = self.now();
        let Some(order) = self.orders.get_mut(&order_id) else {
            return refuse(&["id"], "Order does not exist");
        };
        recommendation.clone_into(&mut order.risk);
        let payload = payload::risk_assessment(order, now);
        self.emit("orders/risk_assessment_changed", payload);
        Ok(())
    }

    pub fn refund(&mut self, order_id: i64, request: &RefundRequest) -> Result<i64, Refused> {
        let Some(order) = self.orders.get(&order_id) else {
            return refuse(&["id"], "Order does not exist");
        };
        let mut worth = 0;
        for (line_id, quantity) in &request.lines {
            let Some(line) = order.line(*line_id) else {
                return refuse(&["refundLineItems"], "Line item does not exist");
            };
            let limit = match request.restock_type {
                RestockType::Cancel => self.unfulfilled_quantity(order_id, *line_id),
                RestockType::Return => self.fulfilled_quantity(order_id, *line_id),
                RestockType::NoRestock => line.current_quantity,
            };
            if *quantity < 1 || *quantity > limit {
                return refuse(
                    &["refundLineItems", "quantity"],
                    "Quantity cannot refund more items than were purchased",
                );
            }
            worth += line.price_minor * quantity;
        }
        let amount_minor = match &request.amount {
            None => worth,
            Some(text) => match money::parse_minor(text, &order.currency) {
                Some(minor) if minor >= 0 => minor,
                _ => return refuse(&["amount"], "Amount is not a decimal"),
            },
        };
        if amount_minor > order.total_minor() - order.refunded_minor() {
            return refuse(&["amount"], "Refund amount exceeds what is left to refund");
        }
        Ok(self.book_refund(order_id, request, amount_minor))
    }

    fn book_refund(&mut self, order_id: i64, request: &RefundRequest, amount_minor: i64) -> i64 {
        let id = self.next_id(Kind::Refund);
        let lines: Vec<_> = request
            .lines
            .iter()
            .map(|(line_item_id, quantity)| RefundLine {
                id: self.next_id(Kind::Refund),
                line_item_id: *line_item_id,
                quantity: *quantity,
                restock_type: request.restock_type,
            })
            .collect();
        let created_at = self.now();
        if let Some(order) = self.orders.get_mut(&order_id) {
            for (line_id, quantity) in &request.lines {
                if let Some(line) = order.lines.iter_mut().find(|line| line.id == *line_id) {
                    line.current_quantity -= quantity;
                }
            }
            order.refunds.push(Refund {
                id,
                created_at,
                note: request.note.clone(),
                amount_minor,
                lines,
            });
            // Units that nobody paid for are only taken off.
            if order.financial_status.is_paid_for() {
                let all = order.refunded_minor() >= order.total_minor();
                order.financial_status = if all {
                    FinancialStatus::Refunded
                } else {
                    FinancialStatus::PartiallyRefunded
                };
            }
        }
        for (line_id, quantity) in &request.lines {
            if request.restock_type == RestockType::Cancel {
                self.withdraw(order_id, *line_id, *quantity);
            }
            if request.restock_type != RestockType::NoRestock {
                self.adjust_available(order_id, *line_id, *quantity);
            }
        }
        if let Some(payload) = payload::refund(self, order_id, id) {
            self.emit("refunds/create", payload);
        }
        self.order_changed(order_id);
        id
    }

    pub fn edit_order(&mut self, order_id: i64, edit: &EditRequest) -> Result<(), Refused> {
        let Some(order) = self.orders.get(&order_id) else {
            return refuse(&["id"], "Order does not exist");
        };
        if order.cancelled_at.is_some() {
            return refuse(&["id"], "The order cannot be edited.");
        }
        let (mut added, mut removed) = (BTreeMap::new(), BTreeMap::new());
        for (line_id, quantity) in &edit.set {
            let Some(line) = order.line(*line_id) else {
                return refuse(&["lineItemId"], "Line item does not exist");
            };
            let delta = quantity - line.current_quantity;
            if *quantity < 0 || -delta > self.unfulfilled_quantity(order_id, *line_id) {
                return refuse(&["quantity"], "Fulfilled items cannot be removed");
            }
            match delta {
                0 => {}
                1.. => drop(added.insert(*line_id, delta)),
                _ => drop(removed.insert(*line_id, -delta)),
            }
        }
        for (variant_id, quantity) in &edit.add {
            let line = self.new_line(*variant_id, *quantity)?;
            added.insert(line.id, *quantity);
            let home = self.home_of(*variant_id);
            if let Some(order) = self.orders.get_mut(&order_id) {
                order.placement.extend(home.map(|location| (line.id, location)));
                order.lines.push(LineItem {
                    quantity: 0,
                    current_quantity: 0,
                    ..line
                });
            }
        }
        for (line_id, quantity) in &removed {
            self.change_line(order_id, *line_id, -quantity);
            self.withdraw(order_id, *line_id, *quantity);
        }
        for (line_id, quantity) in &added {
            self.change_line(order_id, *line_id, *quantity);
            self.supply(order_id, *line_id, *quantity);
        }
        let edit_id = self.next_id(Kind::OrderEdit);
        let payload = payload::order_edit(self, edit_id, order_id, &added, &removed);
        self.emit("orders/edited", payload);
        self.order_changed(order_id);
        Ok(())
    }

    fn change_line(&mut self, order_id: i64, line_id: i64, delta: i64) {
        self.adjust_available(order_id, line_id, -delta);
        let line = self
            .orders
            .get_mut(&order_id)
            .and_then(|order| order.lines.iter_mut().find(|line| line.id == line_id));
        if let Some(line) = line {
            line.current_quantity += delta;
            line.quantity += delta.max(0);
        }
    }

    /// Refuses what Shopify refuses before it starts the job.
    pub fn check_cancel(&self, order_id: i64) -> Result<(), Refused> {
        let Some(order) = self.orders.get(&order_id) else {
            return refuse(&["orderId"], "Order does not exist");
        };
        if order.cancelled_at.is_some() {
            return refuse(&["orderId"], "Order has already been cancelled");
        }
        let shipped = order
            .lines
            .iter()
            .any(|line| self.fulfilled_quantity(order_id, line.id) > 0);
        if shipped {
            return refuse(&["orderId"], "Cannot cancel an order that has fulfillments");
        }
        Ok(())
    }

    /// Keeps a job for those who ask after it.
    pub fn start_cancel(&mut self, id: String, job: CancelJob) {
        if self.jobs.len() >= MAX_JOBS {
            self.jobs.retain(|_, job| job.state == JobState::Started);
        }
        self.jobs.insert(id, job);
    }

    pub fn cancel_order(&mut self, order_id: i64, request: &CancelRequest) -> Result<(), Refused> {
        self.check_cancel(order_id)?;
        let now = self.now();
        let Some(order) = self.orders.get_mut(&order_id) else {
            return Ok(());
        };
        order.cancelled_at = Some(now);
        order.cancel_reason = Some(request.reason.clone());
        let open: Vec<_> = order
            .lines
            .iter()
            .map(|line| (line.id, line.current_quantity))
            .filter(|(_, quantity)| *quantity > 0)
            .collect();
        let unpaid = matches!(
            order.financial_status,
            FinancialStatus::Pending | FinancialStatus::Authorized
        );
        if unpaid {
            order.financial_status = FinancialStatus::Voided;
        }
        let amount = order.total_minor() - order.refunded_minor();
        self.cancel_fulfillment_orders(order_id);
        if request.refund && !unpaid {
            let refund = RefundRequest {
                lines: open,
                restock_type: RestockType::Cancel,
                amount: None,
                note: None,
            };
            self.book_refund(order_id, &refund, amount);
        } else {
            for (line_id, quantity) in open {
                self.change_line(order_id, line_id, -quantity);
            }
        }
        self.order_changed(order_id);
        self.emit_order("orders/cancelled", order_id);
        Ok(())
    }

    pub fn delete_order(&mut self, order_id: i64) -> Result<(), Refused> {
        if !self.forget_order(order_id) {
            return refuse(&["orderId"], "Order does not exist");
        }
        self.emit("orders/delete", serde_json::json!({ "id": order_id }));
        Ok(())
    }
}
