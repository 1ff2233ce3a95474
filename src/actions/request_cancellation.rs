//! A person of the shop wants a purchase order back.

use super::{
    ask_back,
    route_order::follow_status,
    undo_purchase_order::undo_purchase_order,
    withdraw_units::{Asks, withdraw_purchase_order},
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        purchase_order::PurchaseOrderStatus,
    },
    error::AppError,
    ids::{PurchaseOrderId, ShopId},
    store::{self, order_state::OrderState, orders, purchase_orders, shops},
};

/// Ends a purchase order that was not sent, and has the supplier asked otherwise.
pub async fn request_cancellation(
    app: &App,
    shop: ShopId,
    id: PurchaseOrderId,
    reason: &str,
    actor: &Actor,
) -> Result<purchase_orders::Model, AppError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(AppError::invalid("reason", "a reason must have 1 to 500 characters"));
    }
    let gone = || AppError::NotFound("this purchase order");
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = purchase_orders::by_id(tx.conn(), shop, id).await?.ok_or_else(gone)?;
    orders::lock(&tx, shop, found.order_id).await?.ok_or_else(gone)?;
    // Read again: what stood before the lock may have changed.
    let mut po = purchase_orders::by_id(tx.conn(), shop, id).await?.ok_or_else(gone)?;
    if !po.status.is_live() {
        let state = po.status.as_str().replace('_', " ");
        return Err(AppError::AlreadyDone(format!("{} is {state}", po.number)));
    }
    let open: u32 = ask_back::all_open(&tx, &po)
        .await?
        .iter()
        .map(|line| store::units(line.cancel_requested))
        .sum();
    let lines = store::po_lines::of_purchase_orders(tx.conn(), shop, vec![po.id]).await?;
    let asked: u32 = lines.iter().map(|line| store::units(line.cancel_requested)).sum();
    if asked >= open && po.status != PurchaseOrderStatus::Draft {
        return Err(AppError::AlreadyDone(format!("{} was asked back already", po.number)));
    }
    po.cancel_reason = Some(reason.to_owned());
    po.asked_back_by_hand = true;
    store::save(&tx, po.clone())?;
    let message = format!("{} shall be cancelled: {reason}", po.number);
    let kind = EventKind::CancelRequested;
    store::events::add(&tx, shop, po.order_id, now, actor, kind, message);
    let state = OrderState::of(&tx, shop, po.order_id).await?.ok_or_else(gone)?;
    let order = po.order_id;
    if po.status == PurchaseOrderStatus::Draft {
        undo_purchase_order(&tx, po, now).await?;
    } else {
        withdraw_purchase_order(&tx, &state, po, Asks::Person, now).await?;
    }
    if let Some(shop) = shops::by_id(tx.conn(), shop).await? {
        follow_status(&tx, &shop, order).await?;
    }
    let after = purchase_orders::by_id(tx.conn(), shop, id).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok(after)
}
