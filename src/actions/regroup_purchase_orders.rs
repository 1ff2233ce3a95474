//! Splits and merges purchase orders by hand, while no supplier knows of them: what leaves
//! together, and what leaves alone.

use std::time::Duration;

use super::{
    override_routing::checked_reason, place_purchase_order::PlacePurchaseOrder, price_guard::reprice,
    purchase_order_number, purchase_order_status::move_to, route_order::follow_status,
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        purchase_order::PurchaseOrderStatus,
    },
    error::AppError,
    ids::{OrderId, PoLineId, PurchaseOrderId, ShopId},
    queue::{When, enqueue},
    store::{self, Tx, order_state::OpenOrder, orders, po_lines, purchase_orders},
};

/// Puts some lines of a purchase order that was not sent into a new one to the same supplier.
pub async fn split_purchase_order(
    app: &App,
    shop: ShopId,
    id: PurchaseOrderId,
    lines: &[PoLineId],
    reason: &str,
    actor: &Actor,
) -> Result<orders::Model, AppError> {
    let reason = checked_reason(reason)?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let (open, mut from) = unsent(&tx, shop, id).await?;
    let (mut moved, mut kept): (Vec<_>, Vec<_>) = lines_of(&open, id)
        .into_iter()
        .partition(|line| lines.contains(&line.id));
    if moved.len() != lines.len() || moved.is_empty() || kept.is_empty() {
        let message = "name some lines of the purchase order, and not all of them";
        return Err(AppError::invalid("lineIds", message));
    }
    let mut order = open.state.order.clone();
    order.po_counter += 1;
    let counter = store::units(order.po_counter);
    let mut new = purchase_orders::Model {
        id: PurchaseOrderId::generate(),
        number: purchase_order_number::free(&tx, &open.shop, &order, counter).await?.0,
        created_at: now,
        updated_at: now,
        ..from.clone()
    };
    // Apart, neither may reach what its pieces cost together.
    reprice(&tx, &open.state, &mut new, &mut moved, now).await?;
    reprice(&tx, &open.state, &mut from, &mut kept, now).await?;
    let message = format!("{} leaves apart from {}, by hand: {reason}", new.number, from.number);
    store::events::add(&tx, shop, order.id, now, actor, EventKind::Overridden, message);
    store::save(&tx, order.clone())?;
    store::insert(&tx, new.clone())?;
    move_to(&tx, &mut from, PurchaseOrderStatus::Draft, now).await?;
    place(&tx, moved, new.id)?;
    place(&tx, kept, from.id)?;
    let wait = new
        .send_after
        .and_then(|at| (at - now).to_std().ok())
        .unwrap_or(Duration::ZERO);
    let job = PlacePurchaseOrder::of(&new, order.shopify_id);
    enqueue(&tx, &job, When::after(now.timestamp_millis(), wait))?;
    finish(tx, &open, order.id).await
}

/// Puts all lines of one purchase order that was not sent into another one to the same supplier.
pub async fn merge_purchase_orders(
    app: &App,
    shop: ShopId,
    into: PurchaseOrderId,
    from: PurchaseOrderId,
    reason: &str,
    actor: &Actor,
) -> Result<orders::Model, AppError> {
    let reason = checked_reason(reason)?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let (open, mut into) = unsent(&tx, shop, into).await?;
    let other = open.state.purchase_orders.iter().find(|po| po.id == from).cloned();
    let mut from = other
        .filter(|po| po.id != into.id)
        .ok_or(AppError::NotFound("the other purchase order"))?;
    may_be_changed(&open, &from)?;
    if from.supplier_id != into.supplier_id || from.currency != into.currency {
        return Err(AppError::Conflict("they are not for the same supplier".to_owned()));
    }
    let mut lines = lines_of(&open, into.id);
    lines.extend(lines_of(&open, from.id));
    reprice(&tx, &open.state, &mut into, &mut lines, now).await?;
    // Whoever wants to undo either still can.
    into.send_after = into.send_after.max(from.send_after);
    from.total_minor = 0;
    let message = format!(
        "{} leaves together with {}, by hand: {reason}",
        from.number, into.number
    );
    store::events::add(&tx, shop, into.order_id, now, actor, EventKind::Overridden, message);
    place(&tx, lines, into.id)?;
    move_to(&tx, &mut into, PurchaseOrderStatus::Draft, now).await?;
    move_to(&tx, &mut from, PurchaseOrderStatus::Cancelled, now).await?;
    finish(tx, &open, into.order_id).await
}

/// The order of a purchase order that may still be changed, under its lock.
async fn unsent(tx: &Tx, shop: ShopId, id: PurchaseOrderId) -> Result<(OpenOrder, purchase_orders::Model), AppError> {
    let gone = || AppError::NotFound("this purchase order");
    let found = purchase_orders::by_id(tx.conn(), shop, id).await?.ok_or_else(gone)?;
    let open = OpenOrder::lock(tx, shop, found.order_id).await?.ok_or_else(gone)?;
    // Read again: what stood before the lock may have changed.
    let found = open.state.purchase_orders.iter().find(|po| po.id == id).cloned();
    let po = found.ok_or_else(gone)?;
    may_be_changed(&open, &po)?;
    Ok((open, po))
}

fn may_be_changed(open: &OpenOrder, po: &purchase_orders::Model) -> Result<(), AppError> {
    if po.status != PurchaseOrderStatus::Draft {
        let message = format!("{} was sent, or is over: it stays as it is", po.number);
        return Err(AppError::Conflict(message));
    }
    if open.state.is_in_review(po.id) {
        let message = format!("{} waits for a review: release or refuse it first", po.number);
        return Err(AppError::Conflict(message));
    }
    Ok(())
}

fn lines_of(open: &OpenOrder, po: PurchaseOrderId) -> Vec<po_lines::Model> {
    let lines = open.state.po_lines.iter().filter(|line| line.purchase_order_id == po);
    lines.cloned().collect()
}

/// Writes the lines of a purchase order in their order.
fn place(tx: &Tx, lines: Vec<po_lines::Model>, po: PurchaseOrderId) -> Result<(), AppError> {
    for (position, mut line) in (0..).zip(lines) {
        line.purchase_order_id = po;
        line.position = position;
        store::save(tx, line)?;
    }
    Ok(())
}

async fn finish(tx: Tx, open: &OpenOrder, order: OrderId) -> Result<orders::Model, AppError> {
    follow_status(&tx, &open.shop, order).await?;
    let after = orders::by_id(tx.conn(), open.shop.id, order).await?;
    tx.commit().await?;
    after.ok_or(AppError::NotFound("this order"))
}
