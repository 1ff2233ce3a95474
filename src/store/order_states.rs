//! Many orders with everything that belongs to them, each kind of row in one statement.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr};

use super::{
    allocations, exceptions, fulfillment_orders, fulfillments, order_lines, order_state::OrderState, orders, po_lines,
    purchase_orders, shipment_lines, shipments,
};
use crate::{
    domain::exception::ExceptionStatus,
    ids::{OrderId, PurchaseOrderId, ShipmentId, ShopId},
};

/// Reads some of a shop's orders.
pub async fn load_many(db: &impl ConnectionTrait, shop: ShopId, ids: &[OrderId]) -> Result<Vec<OrderState>, DbErr> {
    let found = orders::by_ids(db, shop, ids).await?;
    let mut states: BTreeMap<OrderId, OrderState> = found.into_iter().map(|order| (order.id, bare(order))).collect();
    for row in order_lines::of_orders(db, shop, ids).await? {
        with(&mut states, row.order_id, |state| state.lines.push(row));
    }
    for (order, row) in fulfillment_orders::of_orders(db, shop, ids).await? {
        with(&mut states, order, |state| state.fulfillment_orders.push(row));
    }
    for row in allocations::live_of_orders(db, shop, ids).await? {
        with(&mut states, row.order_id, |state| state.allocations.push(row));
    }
    for row in fulfillments::of_orders(db, shop, ids).await? {
        with(&mut states, row.order_id, |state| state.fulfillments.push(row));
    }
    for row in exceptions::of_orders(db, shop, ids).await? {
        if row.status == ExceptionStatus::Open
            && let Some(order) = row.order_id
        {
            with(&mut states, order, |state| state.open_exceptions.push(row));
        }
    }
    purchase_orders(db, shop, ids, &mut states).await?;
    parcels(db, shop, ids, &mut states).await?;
    Ok(states.into_values().collect())
}

async fn purchase_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    ids: &[OrderId],
    states: &mut BTreeMap<OrderId, OrderState>,
) -> Result<(), DbErr> {
    let mut order_of: BTreeMap<PurchaseOrderId, OrderId> = BTreeMap::new();
    for row in purchase_orders::of_orders(db, shop, ids).await? {
        order_of.insert(row.id, row.order_id);
        with(states, row.order_id, |state| state.purchase_orders.push(row));
    }
    for row in po_lines::of_purchase_orders(db, shop, order_of.keys().copied().collect()).await? {
        if let Some(order) = order_of.get(&row.purchase_order_id) {
            with(states, *order, |state| state.po_lines.push(row));
        }
    }
    Ok(())
}

async fn parcels(
    db: &impl ConnectionTrait,
    shop: ShopId,
    ids: &[OrderId],
    states: &mut BTreeMap<OrderId, OrderState>,
) -> Result<(), DbErr> {
    let mut order_of: BTreeMap<ShipmentId, OrderId> = BTreeMap::new();
    for row in shipments::of_orders(db, shop, ids).await? {
        order_of.insert(row.id, row.order_id);
        with(states, row.order_id, |state| state.shipments.push(row));
    }
    for row in shipment_lines::of_shipments(db, shop, order_of.keys().copied().collect()).await? {
        if let Some(order) = order_of.get(&row.shipment_id) {
            with(states, *order, |state| state.shipment_lines.push(row));
        }
    }
    Ok(())
}

fn with(states: &mut BTreeMap<OrderId, OrderState>, order: OrderId, put: impl FnOnce(&mut OrderState)) {
    if let Some(state) = states.get_mut(&order) {
        put(state);
    }
}

const fn bare(order: orders::Model) -> OrderState {
    OrderState {
        order,
        lines: Vec::new(),
        fulfillment_orders: Vec::new(),
        allocations: Vec::new(),
        purchase_orders: Vec::new(),
        po_lines: Vec::new(),
        shipments: Vec::new(),
        shipment_lines: Vec::new(),
        fulfillments: Vec::new(),
        open_exceptions: Vec::new(),
    }
}
