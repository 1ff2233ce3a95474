//! The order whose lock a transaction has, as the transaction's own writes leave it. Whoever writes
//! rows of an order wants to know at the end how it stands then: it need not be read again for that.

use std::any::Any;

use super::{
    allocations::{self, AllocationStatus},
    exceptions, fulfillment_orders, fulfillments, order_lines,
    order_state::OrderState,
    orders, po_lines, purchase_orders, shipment_lines, shipments,
};
use crate::{domain::exception::ExceptionStatus, ids::OrderId};

/// The tables that an [`OrderState`] is read from.
const TABLES: [&str; 10] = [
    "orders",
    "order_lines",
    "fulfillment_orders",
    "allocations",
    "purchase_orders",
    "po_lines",
    "shipments",
    "shipment_lines",
    "fulfillments",
    "exceptions",
];

/// Whether a statement may change what an order is read from, for all that its text says.
pub(super) fn may_change_orders(sql: &str) -> bool {
    TABLES.iter().any(|table| sql.contains(table))
}

/// The order that a row belongs to, so far as it is one that an [`OrderState`] is read from: `None`
/// inside where it cannot be told.
#[expect(clippy::option_option, reason = "a row of no order is not a row of an unknown one")]
pub(super) fn order_of(row: &dyn Any, held: Option<&OrderState>) -> Option<Option<OrderId>> {
    let of_po = |id| Some(held?.purchase_orders.iter().find(|po| po.id == id)?.order_id);
    let of_shipment = |id| Some(held?.shipments.iter().find(|one| one.id == id)?.order_id);
    let order = if let Some(row) = row.downcast_ref::<orders::Model>() {
        Some(row.id)
    } else if let Some(row) = row.downcast_ref::<order_lines::Model>() {
        Some(row.order_id)
    } else if let Some(row) = row.downcast_ref::<fulfillment_orders::Model>() {
        Some(row.order_id)
    } else if let Some(row) = row.downcast_ref::<allocations::Model>() {
        Some(row.order_id)
    } else if let Some(row) = row.downcast_ref::<purchase_orders::Model>() {
        Some(row.order_id)
    } else if let Some(row) = row.downcast_ref::<shipments::Model>() {
        Some(row.order_id)
    } else if let Some(row) = row.downcast_ref::<fulfillments::Model>() {
        Some(row.order_id)
    } else if let Some(row) = row.downcast_ref::<exceptions::Model>() {
        return row.order_id.map(Some);
    } else if let Some(row) = row.downcast_ref::<po_lines::Model>() {
        of_po(row.purchase_order_id)
    } else if let Some(row) = row.downcast_ref::<shipment_lines::Model>() {
        of_shipment(row.shipment_id)
    } else {
        return None;
    };
    Some(order)
}

impl OrderState {
    /// Takes over a row that was written. False when it cannot be told what that makes of the order.
    pub(super) fn follow(&mut self, row: &dyn Any) -> bool {
        let id = self.order.id;
        if let Some(row) = row.downcast_ref::<orders::Model>() {
            if row.id == id {
                self.order = row.clone();
            }
        } else if let Some(row) = row.downcast_ref::<order_lines::Model>() {
            put(&mut self.lines, row, row.order_id == id, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<fulfillment_orders::Model>() {
            let (is_its, row) = (row.order_id == id, row.clone().into());
            put(&mut self.fulfillment_orders, &row, is_its, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<allocations::Model>() {
            let is_live = row.status == AllocationStatus::Live;
            put(&mut self.allocations, row, row.order_id == id && is_live, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<purchase_orders::Model>() {
            put(&mut self.purchase_orders, row, row.order_id == id, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<shipments::Model>() {
            put(&mut self.shipments, row, row.order_id == id, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<fulfillments::Model>() {
            put(&mut self.fulfillments, row, row.order_id == id, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<exceptions::Model>() {
            let is_open = row.status == ExceptionStatus::Open;
            let is_its = row.order_id == Some(id) && is_open;
            put(&mut self.open_exceptions, row, is_its, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<po_lines::Model>() {
            // These name the order by the row above them, which may be one that is not known here.
            if !self.purchase_orders.iter().any(|po| po.id == row.purchase_order_id) {
                return false;
            }
            put(&mut self.po_lines, row, true, |row| row.id);
        } else if let Some(row) = row.downcast_ref::<shipment_lines::Model>() {
            if !self.shipments.iter().any(|shipment| shipment.id == row.shipment_id) {
                return false;
            }
            put(&mut self.shipment_lines, row, true, |row| row.id);
        }
        true
    }
}

/// Puts a row in the place of the one with its key, or takes that out.
fn put<M: Clone, K: PartialEq>(rows: &mut Vec<M>, row: &M, belongs: bool, key: impl Fn(&M) -> K) {
    let place = rows.iter().position(|one| key(one) == key(row));
    match (place, belongs) {
        (Some(place), true) => row.clone_into(&mut rows[place]),
        (Some(place), false) => drop(rows.remove(place)),
        (None, true) => rows.push(row.clone()),
        (None, false) => {}
    }
}
