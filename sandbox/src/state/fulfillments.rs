//! Making, tracking and cancelling fulfillments. `create_fulfillment` is not idempotent, as
//! Shopify's is not: the same request made twice ships twice while units last.

use chrono::{DateTime, Utc};

use crate::{ids::Kind, payload};

use super::{
    Fulfillment, FulfillmentEvent, FulfillmentLine, FulfillmentOrder, FulfillmentStatus, Refused, RequestStatus,
    ShopState, Status, Tracking,
    error::{UserError, refuse},
    routing::{complement, pick},
};

const FIELD: &[&str] = &["fulfillment"];

/// A parcel to record.
#[derive(Debug, Clone, Default)]
pub struct FulfillmentRequest {
    /// Per fulfillment order the units by its lines; an empty list means all that is left in it.
    pub parts: Vec<(i64, Vec<(i64, i64)>)>,
    pub tracking: Vec<Tracking>,
    pub notify_customer: bool,
    pub by_app: bool,
}

impl ShopState {
    pub fn create_fulfillment(&mut self, request: FulfillmentRequest) -> Result<i64, Refused> {
        let units = self.check_fulfillment(&request)?;
        let Some(first) = request
            .parts
            .first()
            .and_then(|(id, _)| self.fulfillment_orders.get(id))
        else {
            return refuse(FIELD, "Fulfillment order does not exist.");
        };
        let (order_id, location_id) = (first.order_id, first.location_id);
        let now = self.now();
        let mut lines = Vec::new();
        for (fo_id, line_id, quantity) in units {
            let id = self.next_id(Kind::FulfillmentLine);
            let Some(fo) = self.fulfillment_orders.get_mut(&fo_id) else {
                continue;
            };
            fo.updated_at = now;
            let Some(line) = fo.lines.iter_mut().find(|line| line.id == line_id) else {
                continue;
            };
            line.remaining_quantity -= quantity;
            lines.push(FulfillmentLine {
                id,
                line_item_id: line.line_item_id,
                fulfillment_order_id: fo_id,
                fulfillment_order_line_id: line_id,
                sku: line.sku.clone(),
                quantity,
            });
        }
        for (id, _) in &request.parts {
            self.settle(*id);
        }
        let id = self.next_id(Kind::Fulfillment);
        let Some(order) = self.orders.get_mut(&order_id) else {
            return refuse(FIELD, "Order does not exist.");
        };
        order.fulfillments.push(id);
        let fulfillment = Fulfillment {
            id,
            order_id,
            name: format!("{}.{}", order.name, order.fulfillments.len()),
            location_id,
            status: FulfillmentStatus::Success,
            created_at: now,
            updated_at: now,
            lines,
            tracking: request.tracking,
            events: Vec::new(),
            notify_customer: request.notify_customer,
            notices: u32::from(request.notify_customer),
            by_app: request.by_app,
        };
        self.fulfillments.insert(id, fulfillment);
        self.emit_fulfillment("fulfillments/create", id);
        self.order_changed(order_id);
        let topic = if self.fulfillment_status(order_id) == "FULFILLED" {
            "orders/fulfilled"
        } else {
            "orders/partially_fulfilled"
        };
        self.emit_order(topic, order_id);
        Ok(id)
    }

    /// The units to ship as (fulfillment order, line, quantity), if all of it may be shipped.
    fn check_fulfillment(&self, request: &FulfillmentRequest) -> Result<Vec<(i64, i64, i64)>, Refused> {
        if request.parts.is_empty() {
            return refuse(FIELD, "Line items by fulfillment order can't be blank.");
        }
        let mut units = Vec::new();
        let mut first: Option<&FulfillmentOrder> = None;
        for (index, (id, wanted)) in request.parts.iter().enumerate() {
            let Some(fo) = self.fulfillment_orders.get(id) else {
                return refuse(FIELD, "Fulfillment order does not exist.");
            };
            if request.parts[..index].iter().any(|(other, _)| other == id) {
                return refuse(FIELD, "Fulfillment orders must be unique.");
            }
            if let Some(first) = first {
                check_together(first, fo)?;
            }
            first = first.or(Some(fo));
            check_shippable(fo)?;
            let chosen = if wanted.is_empty() {
                complement(fo, &[])
            } else {
                pick(fo, wanted).map_err(|refused| on_fulfillment(&refused))?;
                wanted.clone()
            };
            units.extend(chosen.into_iter().map(|(line, quantity)| (*id, line, quantity)));
        }
        if units.is_empty() {
            return refuse(FIELD, "Fulfillment must have at least one line item.");
        }
        Ok(units)
    }

    /// Moves a fulfillment order on after units have left it.
    fn settle(&mut self, id: i64) {
        let Some(fo) = self.fulfillment_orders.get_mut(&id) else {
            return;
        };
        if fo.remaining() > 0 {
            fo.status = Status::InProgress;
            return;
        }
        fo.status = Status::Closed;
        if fo.request_status != RequestStatus::Unsubmitted {
            fo.request_status = RequestStatus::Closed;
        }
    }

    /// Replaces what is known of a parcel's tracking.
    pub fn update_tracking(&mut self, id: i64, tracking: Vec<Tracking>, notify_customer: bool) -> Result<(), Refused> {
        let now = self.now();
        let fulfillment = self.standing_fulfillment(id, &["fulfillmentId"])?;
        fulfillment.tracking = tracking;
        fulfillment.notices += u32::from(notify_customer);
        fulfillment.updated_at = now;
        let order_id = fulfillment.order_id;
        self.emit_fulfillment("fulfillments/update", id);
        self.order_changed(order_id);
        Ok(())
    }

    /// Takes a parcel back; its units come to wait in new fulfillment orders.
    pub fn cancel_fulfillment(&mut self, id: i64) -> Result<(), Refused> {
        let now = self.now();
        let fulfillment = self.standing_fulfillment(id, &["id"])?;
        fulfillment.status = FulfillmentStatus::Cancelled;
        fulfillment.updated_at = now;
        let (order_id, location_id) = (fulfillment.order_id, fulfillment.location_id);
        let lines = fulfillment.lines.clone();
        let mut sources: Vec<_> = lines.iter().map(|line| line.fulfillment_order_id).collect();
        sources.dedup();
        for source in sources {
            let Some(method) = self.fulfillment_orders.get(&source).map(|fo| fo.delivery_method) else {
                continue;
            };
            let target = self.new_fulfillment_order(order_id, location_id, method);
            for line in lines.iter().filter(|line| line.fulfillment_order_id == source) {
                let id = self.next_id(Kind::FulfillmentOrderLine);
                if let Some(fo) = self.fulfillment_orders.get_mut(&target) {
                    fo.lines.push(super::FulfillmentOrderLine {
                        id,
                        line_item_id: line.line_item_id,
                        sku: line.sku.clone(),
                        total_quantity: line.quantity,
                        remaining_quantity: line.quantity,
                    });
                }
            }
        }
        self.emit_fulfillment("fulfillments/update", id);
        self.order_changed(order_id);
        Ok(())
    }

    pub fn add_event(
        &mut self,
        id: i64,
        status: String,
        message: Option<String>,
        happened_at: Option<DateTime<Utc>>,
    ) -> Result<i64, Refused> {
        let now = self.now();
        let event_id = self.next_id(Kind::FulfillmentEvent);
        let fulfillment = self.standing_fulfillment(id, &["fulfillmentEvent", "fulfillmentId"])?;
        let event = FulfillmentEvent {
            id: event_id,
            status,
            message,
            happened_at: happened_at.unwrap_or(now),
            created_at: now,
        };
        fulfillment.events.push(event.clone());
        fulfillment.updated_at = now;
        let order_id = fulfillment.order_id;
        let payload = payload::fulfillment_event(self.id, order_id, id, &event);
        self.emit("fulfillment_events/create", payload);
        self.emit_fulfillment("fulfillments/update", id);
        Ok(event_id)
    }

    fn standing_fulfillment(&mut self, id: i64, field: &[&str]) -> Result<&mut Fulfillment, Refused> {
        match self.fulfillments.get_mut(&id) {
            None => refuse(field, "Fulfillment does not exist."),
            Some(fulfillment) if fulfillment.status == FulfillmentStatus::Cancelled => {
                refuse(field, "Fulfillment has been cancelled.")
            }
            Some(fulfillment) => Ok(fulfillment),
        }
    }

    fn emit_fulfillment(&mut self, topic: &'static str, id: i64) {
        if let Some(payload) = payload::fulfillment(self, id) {
            self.emit(topic, payload);
        }
    }
}

fn check_together(first: &FulfillmentOrder, other: &FulfillmentOrder) -> Result<(), Refused> {
    if first.order_id != other.order_id {
        return refuse(FIELD, "All fulfillment orders must belong to the same order.");
    }
    if first.location_id != other.location_id {
        return refuse(FIELD, "All fulfillment orders must be assigned to the same location.");
    }
    if first.delivery_method != other.delivery_method {
        return refuse(FIELD, "All fulfillment orders must have the same delivery method.");
    }
    Ok(())
}

fn check_shippable(fo: &FulfillmentOrder) -> Result<(), Refused> {
    let waits_for_service = fo.request_status == RequestStatus::Submitted;
    if !matches!(fo.status, Status::Open | Status::InProgress) || waits_for_service {
        let status = if waits_for_service {
            fo.request_status.rest()
        } else {
            fo.status.rest()
        };
        return refuse(
            FIELD,
            format!("Fulfillment order {} has an unfulfillable status= {status}.", fo.id),
        );
    }
    Ok(())
}

fn on_fulfillment(refused: &Refused) -> Refused {
    Refused(
        refused
            .0
            .iter()
            .map(|error| UserError::new(FIELD, error.message.clone()))
            .collect(),
    )
}
