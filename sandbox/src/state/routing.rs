//! How an order's units are spread over fulfillment orders: when routing runs, when units come or
//! go by an edit, and when a fulfillment order is split or moved. Ids change exactly where
//! Shopify's change.

use crate::{ids::Kind, payload};

use super::{
    DeliveryMethod, FulfillmentOrder, FulfillmentOrderLine, Refused, RequestStatus, ShopState, Status,
    error::{UserError, refuse},
};

impl ShopState {
    /// Makes the order's fulfillment orders, one per location and delivery method.
    pub fn route_order(&mut self, order_id: i64) {
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        if order.routed || order.cancelled_at.is_some() {
            return;
        }
        order.routed = true;
        let order = order.clone();
        for line in &order.lines {
            if line.current_quantity > 0 {
                self.supply(order_id, line.id, line.current_quantity);
            }
        }
        let made = self
            .orders
            .get(&order_id)
            .map(|order| order.fulfillment_orders.clone())
            .unwrap_or_default();
        for id in made {
            if let Some(fo) = self.fulfillment_orders.get(&id) {
                let payload = payload::fulfillment_order_status(fo);
                self.emit("fulfillment_orders/order_routing_complete", payload);
            }
        }
    }

    /// Adds units of a line to a fulfillment order that can still take them, or to a new one.
    pub(super) fn supply(&mut self, order_id: i64, line_id: i64, quantity: i64) {
        let Some(order) = self.orders.get(&order_id) else {
            return;
        };
        if !order.routed {
            return;
        }
        let Some(line) = order.line(line_id) else { return };
        let method = if line.requires_shipping {
            order.delivery_method
        } else {
            DeliveryMethod::None
        };
        let location = order
            .placement
            .iter()
            .find(|(id, _)| *id == line_id)
            .map(|(_, location)| *location);
        let Some(location) = location.or_else(|| self.default_location()) else {
            return;
        };
        let sku = line.sku.clone();
        let target = self.live_fulfillment_orders(order_id).find(|fo| {
            fo.location_id == location
                && fo.delivery_method == method
                && matches!(fo.status, Status::Open | Status::OnHold | Status::Scheduled)
                && fo.request_status == RequestStatus::Unsubmitted
        });
        let target = match target.map(|fo| fo.id) {
            Some(id) => id,
            None => self.new_fulfillment_order(order_id, location, method),
        };
        let new_line_id = self.next_id(Kind::FulfillmentOrderLine);
        let now = self.now();
        let Some(fo) = self.fulfillment_orders.get_mut(&target) else {
            return;
        };
        fo.updated_at = now;
        match fo.lines.iter_mut().find(|fo_line| fo_line.line_item_id == line_id) {
            Some(fo_line) => {
                fo_line.total_quantity += quantity;
                fo_line.remaining_quantity += quantity;
            }
            None => fo.lines.push(FulfillmentOrderLine {
                id: new_line_id,
                line_item_id: line_id,
                sku,
                total_quantity: quantity,
                remaining_quantity: quantity,
            }),
        }
    }

    /// Takes units that were still to be shipped away from the fulfillment orders.
    pub(super) fn withdraw(&mut self, order_id: i64, line_id: i64, quantity: i64) {
        let now = self.now();
        let ids: Vec<_> = self.live_fulfillment_orders(order_id).map(|fo| fo.id).collect();
        let mut left = quantity;
        for id in ids {
            let Some(fo) = self.fulfillment_orders.get_mut(&id) else {
                continue;
            };
            for line in fo.lines.iter_mut().filter(|line| line.line_item_id == line_id) {
                let taken = line.remaining_quantity.min(left);
                line.remaining_quantity -= taken;
                line.total_quantity -= taken;
                left -= taken;
                fo.updated_at = now;
            }
            fo.lines.retain(|line| line.total_quantity > 0);
            if fo.remaining() == 0 {
                fo.status = Status::Closed;
                fo.holds.clear();
            }
        }
    }

    pub(super) fn cancel_fulfillment_orders(&mut self, order_id: i64) {
        let now = self.now();
        let ids: Vec<_> = self.live_fulfillment_orders(order_id).map(|fo| fo.id).collect();
        for id in ids {
            let Some(fo) = self.fulfillment_orders.get_mut(&id) else {
                continue;
            };
            fo.status = Status::Cancelled;
            fo.updated_at = now;
            fo.holds.clear();
            for line in &mut fo.lines {
                line.remaining_quantity = 0;
            }
            let payload = payload::fulfillment_order_cancelled(fo, None);
            self.emit("fulfillment_orders/cancelled", payload);
        }
    }

    pub(super) fn new_fulfillment_order(&mut self, order_id: i64, location_id: i64, method: DeliveryMethod) -> i64 {
        let id = self.next_id(Kind::FulfillmentOrder);
        let now = self.now();
        let due = self.orders.get(&order_id).and_then(|order| order.fulfill_at);
        let fo = FulfillmentOrder {
            id,
            order_id,
            location_id,
            status: if due.is_some_and(|due| due > now) {
                Status::Scheduled
            } else {
                Status::Open
            },
            request_status: RequestStatus::Unsubmitted,
            delivery_method: method,
            created_at: now,
            updated_at: now,
            fulfill_at: Some(due.unwrap_or(now)),
            lines: Vec::new(),
            holds: Vec::new(),
            merchant_requests: Vec::new(),
            progress_reported: false,
        };
        self.fulfillment_orders.insert(id, fo);
        if let Some(order) = self.orders.get_mut(&order_id) {
            order.fulfillment_orders.push(id);
        }
        id
    }

    /// Moves these units out of `source` into a new fulfillment order and returns its id. The
    /// units are checked; an emptied source is closed.
    pub(super) fn carve(&mut self, source: i64, units: &[(i64, i64)], location_id: i64) -> Result<i64, Refused> {
        let (order_id, method, lines) = {
            let fo = self.fulfillment_order(source, &["id"])?;
            (fo.order_id, fo.delivery_method, pick(fo, units)?)
        };
        let target = self.new_fulfillment_order(order_id, location_id, method);
        let mut carved = Vec::new();
        for (line, quantity) in lines {
            carved.push(FulfillmentOrderLine {
                id: self.next_id(Kind::FulfillmentOrderLine),
                total_quantity: quantity,
                remaining_quantity: quantity,
                ..line
            });
        }
        let now = self.now();
        if let Some(fo) = self.fulfillment_orders.get_mut(&source) {
            for (line_id, quantity) in units {
                for line in fo.lines.iter_mut().filter(|line| line.id == *line_id) {
                    line.total_quantity -= quantity;
                    line.remaining_quantity -= quantity;
                }
            }
            fo.lines.retain(|line| line.total_quantity > 0);
            fo.updated_at = now;
            if fo.remaining() == 0 {
                fo.status = Status::Closed;
            }
        }
        if let Some(fo) = self.fulfillment_orders.get_mut(&target) {
            fo.lines = carved;
        }
        Ok(target)
    }

    /// Splits units off; returns the original (which keeps them) and the remaining fulfillment
    /// order.
    pub fn split(&mut self, id: i64, units: &[(i64, i64)]) -> Result<(i64, i64), Refused> {
        let field = &["fulfillmentOrderSplits"];
        let fo = self.fulfillment_order(id, field)?;
        if units.is_empty() {
            return Err(UserError::coded(
                field,
                "NO_LINE_ITEMS_PROVIDED_TO_SPLIT",
                "No line items were provided to split.",
            )
            .into());
        }
        let at_service = self.service_at(fo.location_id).is_some();
        if !fo.supported_actions(at_service).contains(&"SPLIT") {
            return refuse(field, "The fulfillment order can't be split in its current state.");
        }
        let chosen = pick(fo, units)?;
        let rest = complement(fo, &chosen);
        if rest.is_empty() {
            return Err(UserError::coded(field, "INVALID_LINE_ITEM_QUANTITY", "At least one unit must remain.").into());
        }
        let location = fo.location_id;
        let remaining = self.carve(id, &rest, location)?;
        if let (Some(original), Some(rest)) = (
            self.fulfillment_orders.get(&id),
            self.fulfillment_orders.get(&remaining),
        ) {
            let payload = payload::fulfillment_order_split(original, rest, units);
            self.emit("fulfillment_orders/split", payload);
        }
        Ok((id, remaining))
    }

    /// Assigns units to another location; returns the original and the moved fulfillment order,
    /// which are one when nothing stays behind.
    pub fn move_to(&mut self, id: i64, location_id: i64, units: &[(i64, i64)]) -> Result<(i64, i64), Refused> {
        self.check_move(id, location_id)?;
        let fo = self.fulfillment_order(id, &["id"])?;
        let source = fo.location_id;
        let everything: Vec<_> = fo
            .lines
            .iter()
            .filter(|line| line.remaining_quantity > 0)
            .map(|line| (line.id, line.remaining_quantity))
            .collect();
        let units = if units.is_empty() {
            everything.clone()
        } else {
            units.to_vec()
        };
        pick(fo, &units)?;
        self.check_stocked(id, location_id, &units)?;
        let untouched = fo
            .lines
            .iter()
            .all(|line| line.remaining_quantity == line.total_quantity);
        let whole = untouched && complement(fo, &pick(fo, &units)?).is_empty();
        let moved = if whole {
            let now = self.now();
            if let Some(fo) = self.fulfillment_orders.get_mut(&id) {
                fo.location_id = location_id;
                fo.request_status = RequestStatus::Unsubmitted;
                fo.status = if fo.holds.is_empty() {
                    Status::Open
                } else {
                    Status::OnHold
                };
                fo.updated_at = now;
            }
            id
        } else {
            self.carve(id, &units, location_id)?
        };
        if let (Some(original), Some(new)) = (self.fulfillment_orders.get(&id), self.fulfillment_orders.get(&moved)) {
            let payload = payload::fulfillment_order_moved(original, new, source, &units);
            self.emit("fulfillment_orders/moved", payload);
        }
        Ok((id, moved))
    }

    fn check_move(&self, id: i64, location_id: i64) -> Result<(), Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        self.active_location(location_id, &["newLocationId"])?;
        if fo.progress_reported {
            let code = "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS";
            return Err(UserError::coded(
                &["id"],
                code,
                "Cannot move a fulfillment order that has had progress reported.",
            )
            .into());
        }
        let waits = matches!(
            fo.request_status,
            RequestStatus::Submitted
                | RequestStatus::Accepted
                | RequestStatus::CancellationRequested
                | RequestStatus::CancellationRejected
        );
        if !fo.is_live() || waits {
            return refuse(
                &["id"],
                "Cannot change location of the fulfillment order in its current state.",
            );
        }
        if fo.location_id == location_id {
            return refuse(
                &["newLocationId"],
                "The fulfillment order is already assigned to this location.",
            );
        }
        Ok(())
    }

    fn check_stocked(&self, id: i64, location_id: i64, units: &[(i64, i64)]) -> Result<(), Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        for (line_id, _) in units {
            let variant = fo
                .line(*line_id)
                .and_then(|line| self.orders.get(&fo.order_id)?.line(line.line_item_id)?.variant_id)
                .and_then(|variant| self.variants.get(&variant));
            if variant.is_some_and(|v| v.tracked && !self.levels.contains_key(&(v.inventory_item_id, location_id))) {
                return refuse(
                    &["newLocationId"],
                    "The new location does not stock the requested inventory item.",
                );
            }
        }
        Ok(())
    }

    /// Opens a scheduled fulfillment order, as its day has come.
    pub fn open_scheduled(&mut self, id: i64) -> Result<(), Refused> {
        if self.fulfillment_order(id, &["id"])?.status != Status::Scheduled {
            return refuse(&["id"], "The fulfillment order is not scheduled.");
        }
        self.reopen(id, "fulfillment_orders/scheduled_fulfillment_order_ready");
        Ok(())
    }

    /// The merchant says that work on it goes on; it cannot be moved until it is marked open.
    pub fn report_progress(&mut self, id: i64) -> Result<(), Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        let own = self.service_at(fo.location_id).is_none();
        if fo.status != Status::Open || !own {
            return refuse(
                &["id"],
                "Progress cannot be reported on the fulfillment order in its current state.",
            );
        }
        let now = self.now();
        if let Some(fo) = self.fulfillment_orders.get_mut(&id) {
            fo.status = Status::InProgress;
            fo.progress_reported = true;
            fo.updated_at = now;
            let payload = payload::progress_reported(fo);
            self.emit("fulfillment_orders/progress_reported", payload);
        }
        Ok(())
    }

    pub fn mark_open(&mut self, id: i64) -> Result<(), Refused> {
        if !self.fulfillment_order(id, &["id"])?.progress_reported {
            return refuse(&["id"], "The fulfillment order has no reported progress.");
        }
        self.reopen(id, "fulfillment_orders/manually_reported_progress_stopped");
        Ok(())
    }

    fn reopen(&mut self, id: i64, topic: &'static str) {
        let now = self.now();
        let Some(fo) = self.fulfillment_orders.get_mut(&id) else {
            return;
        };
        fo.status = Status::Open;
        fo.progress_reported = false;
        fo.updated_at = now;
        let payload = payload::fulfillment_order_status(fo);
        self.emit(topic, payload);
    }

    pub(super) fn fulfillment_order(&self, id: i64, field: &[&str]) -> Result<&FulfillmentOrder, Refused> {
        self.fulfillment_orders.get(&id).ok_or_else(|| {
            UserError::coded(
                field,
                "FULFILLMENT_ORDER_NOT_FOUND",
                "Fulfillment order does not exist.",
            )
            .into()
        })
    }
}

/// The lines that `units` names, each with its quantity, if the fulfillment order has that much.
pub(super) fn pick(fo: &FulfillmentOrder, units: &[(i64, i64)]) -> Result<Vec<(FulfillmentOrderLine, i64)>, Refused> {
    let field = &["fulfillmentOrderLineItems"];
    let mut picked: Vec<(FulfillmentOrderLine, i64)> = Vec::new();
    for (id, quantity) in units {
        let Some(line) = fo.line(*id) else {
            return refuse(field, "Fulfillment order line item does not exist.");
        };
        if picked.iter().any(|(seen, _)| seen.id == *id) {
            return Err(UserError::coded(
                field,
                "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS",
                "Duplicate fulfillment order line items were provided.",
            )
            .into());
        }
        if *quantity < 1 || *quantity > line.remaining_quantity {
            return Err(UserError::coded(
                field,
                "INVALID_LINE_ITEM_QUANTITY",
                "Invalid fulfillment order line item quantity requested.",
            )
            .into());
        }
        picked.push((line.clone(), *quantity));
    }
    Ok(picked)
}

/// What of the remaining units is not picked.
pub(super) fn complement(fo: &FulfillmentOrder, picked: &[(FulfillmentOrderLine, i64)]) -> Vec<(i64, i64)> {
    fo.lines
        .iter()
        .map(|line| {
            let taken: i64 = picked
                .iter()
                .filter(|(other, _)| other.id == line.id)
                .map(|(_, quantity)| quantity)
                .sum();
            (line.id, line.remaining_quantity - taken)
        })
        .filter(|(_, left)| *left > 0)
        .collect()
}
