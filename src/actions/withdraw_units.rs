//! Takes back from suppliers what Shopify no longer wants shipped (invariant 5):
//! a cancelled order as a whole, an edit or refund by what it removed. What was
//! fulfilled by hand meanwhile is put before a person.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    cancel_purchase_order::CancelPurchaseOrder,
    open_exception::{NewException, open_exception},
    purchase_order_status::{follow_lines, move_to, release_allocations, release_cancelled},
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        order::Gate,
        purchase_order::PurchaseOrderStatus,
    },
    ids::OrderLineId,
    queue::{When, enqueue},
    store::{self, Tx, allocations, order_state::OrderState, purchase_orders, shops},
};

/// Compares what is with suppliers with what is still wanted.
pub async fn withdraw_units(tx: &Tx, shop: &shops::Model, state: &OrderState, now: DateTime<Utc>) -> Result<(), DbErr> {
    if state.gate(&shop.settings.0) == Gate::Cancelled {
        for po in state.purchase_orders.iter().filter(|po| po.status.is_live()) {
            withdraw_purchase_order(tx, state, po.clone(), now).await?;
        }
        return Ok(());
    }
    for (line, ledger) in state.ledgers(&shop.settings.0) {
        let mut excess = ledger.excess().saturating_sub(already_asked_back(state, line));
        if excess == 0 {
            continue;
        }
        if ledger.fulfilled_outside > 0 {
            ask_about_fulfilled_by_hand(tx, state, line, excess, now).await?;
            continue;
        }
        // The newest first: what was ordered last is the likeliest not to be packed yet.
        let mut groups: Vec<_> = state.allocations.iter().filter(|a| a.order_line_id == line).collect();
        groups.sort_by_key(|allocation| std::cmp::Reverse(allocation.group_id));
        for group in groups.chunk_by(|one, other| one.group_id == other.group_id) {
            let wanted = excess.min(group.iter().map(|part| store::units(part.units)).max().unwrap_or(0));
            // A kit is taken back with all its components.
            for part in group {
                withdraw_allocation(tx, state, part, wanted, now).await?;
            }
            excess -= wanted;
        }
    }
    Ok(())
}

/// Ends a purchase order, or asks the supplier to.
pub async fn withdraw_purchase_order(
    tx: &Tx,
    state: &OrderState,
    mut po: purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    match po.status {
        PurchaseOrderStatus::Draft => {
            move_to(tx, &mut po, PurchaseOrderStatus::Cancelled, now).await?;
            release_allocations(tx, &po, None).await?;
            let message = format!("{} was cancelled before it was sent", po.number);
            let (shop, order) = (po.shop_id, po.order_id);
            store::events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message).await
        }
        PurchaseOrderStatus::CancelRequested => Ok(()),
        // The call under way is followed by the cancellation once its outcome is known.
        PurchaseOrderStatus::Placing | PurchaseOrderStatus::OutcomeUnknown => {
            po.cancel_requested_at = Some(now);
            store::save(tx, po).await
        }
        _ => {
            let job = CancelPurchaseOrder::of(&po, state.order.shopify_id);
            enqueue(tx, &job, When::now(now.timestamp_millis())).await
        }
    }
}

fn po_of<'a>(state: &'a OrderState, allocation: &allocations::Model) -> Option<&'a purchase_orders::Model> {
    let line = state.po_lines.iter().find(|line| line.id == allocation.po_line_id)?;
    state.purchase_orders.iter().find(|po| po.id == line.purchase_order_id)
}

fn already_asked_back(state: &OrderState, line: OrderLineId) -> u32 {
    let of_line = state
        .allocations
        .iter()
        .filter(|allocation| allocation.order_line_id == line);
    let asked = of_line.filter_map(|allocation| {
        let po_line = state.po_lines.iter().find(|row| row.id == allocation.po_line_id)?;
        Some(store::units(po_line.cancel_requested) / store::units(allocation.per_unit).max(1))
    });
    asked.max().unwrap_or(0)
}

async fn ask_about_fulfilled_by_hand(
    tx: &Tx,
    state: &OrderState,
    line: OrderLineId,
    excess: u32,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for allocation in state
        .allocations
        .iter()
        .filter(|allocation| allocation.order_line_id == line)
    {
        let Some(po) = po_of(state, allocation).filter(|po| po.status.is_live()) else {
            continue;
        };
        let title = state
            .lines
            .iter()
            .find(|row| row.id == line)
            .map_or("?", |row| row.title.as_str());
        let new = NewException {
            kind: ExceptionKind::FulfilledByHand,
            shop: po.shop_id,
            order: po.order_id,
            order_line: Some(line),
            purchase_order: Some(po.id),
            shipment: None,
            quantity: None,
            message: format!(
                "{excess} × {title} was fulfilled in Shopify by hand while {} is with the supplier: cancel it, or adopt its tracking",
                po.number
            ),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    Ok(())
}

/// Takes back up to `most` units of an allocation.
async fn withdraw_allocation(
    tx: &Tx,
    state: &OrderState,
    allocation: &allocations::Model,
    most: u32,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Some(po) = po_of(state, allocation).filter(|po| po.status.is_live()) else {
        return Ok(());
    };
    let Some(line) = state.po_lines.iter().find(|line| line.id == allocation.po_line_id) else {
        return Ok(());
    };
    let per_unit = store::units(allocation.per_unit).max(1);
    let free = line
        .progress()
        .open()
        .saturating_sub(store::units(line.cancel_requested));
    let units = most.min(free / per_unit);
    if units == 0 {
        return Ok(());
    }
    let (mut po, mut line) = (po.clone(), line.clone());
    if po.status == PurchaseOrderStatus::Draft {
        line.cancelled += store::column(units * per_unit);
        store::save(tx, line).await?;
        let lines = store::po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
        release_cancelled(tx, &po, &lines).await?;
        return follow_lines(tx, &mut po, &lines, now).await;
    }
    line.cancel_requested += store::column(units * per_unit);
    store::save(tx, line).await?;
    let job = CancelPurchaseOrder::of(&po, state.order.shopify_id);
    enqueue(tx, &job, When::now(now.timestamp_millis())).await
}
