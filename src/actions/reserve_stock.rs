//! Keeps two orders from counting on the same piece.
//!
//! A purchase order's line reserves its pieces of an offer whose stock is known, from the
//! decision on. It lets go of what is rejected or cancelled, and of what the supplier's next
//! figure tells of: whatever it had accepted or shipped by then. Shipping alone ends nothing,
//! since the last figure was told before.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr};

use super::replan_orders;
use crate::{
    domain::purchase_order::PurchaseOrderStatus,
    ids::{OfferId, OrderId, PoLineId, ShopId, SupplierId},
    routing::RouteRequest,
    store::{
        self, Tx, offers,
        order_state::OrderState,
        po_lines, purchase_orders,
        reservations::{self, Model as Reservation},
    },
};

/// The offers of a request whose stock is known.
#[must_use]
pub fn counted(request: &RouteRequest) -> BTreeSet<OfferId> {
    let alternatives = request.lines.iter().flat_map(|line| &line.alternatives);
    let offers = alternatives.flat_map(|one| &one.components).map(|part| &part.offer);
    offers
        .filter(|offer| offer.stock.is_some())
        .map(|offer| offer.id)
        .collect()
}

/// What the lines that came to an order since it was read `before` are to reserve.
#[must_use]
pub fn of_new_lines(before: &OrderState, after: &OrderState, counted: &BTreeSet<OfferId>) -> Vec<Reservation> {
    let known: BTreeSet<PoLineId> = before.po_lines.iter().map(|line| line.id).collect();
    let is_new = |line: &&po_lines::Model| !known.contains(&line.id) && counted.contains(&line.offer_id);
    let row = |line: &po_lines::Model| Reservation {
        po_line_id: line.id,
        shop_id: line.shop_id,
        order_id: after.order.id,
        offer_id: line.offer_id,
        pieces: line.quantity,
    };
    after.po_lines.iter().filter(is_new).map(row).collect()
}

/// Lets go of what an order's lines no longer need, and reserves `new` ones: the last thing
/// that its transaction does, because offers of other orders are locked from here on.
pub async fn settle(tx: &Tx, state: &OrderState, new: Vec<Reservation>) -> Result<(), DbErr> {
    let less: BTreeMap<PoLineId, u32> = state.po_lines.iter().filter_map(|line| most(state, line)).collect();
    if less.is_empty() {
        return reservations::take(tx, new);
    }
    let (shop, order) = (state.order.shop_id, state.order.id);
    if reservations::settle(tx, shop, order, &less, new).await? {
        let lines = state.po_lines.iter().filter(|line| less.contains_key(&line.id));
        let suppliers: BTreeSet<SupplierId> = lines.map(|line| line.supplier_id).collect();
        for supplier in suppliers {
            replan_orders::has_free_pieces(tx, supplier, tx.lease_now().timestamp_millis()).await?;
        }
    }
    Ok(())
}

/// Puts into a request of all of an order what its own purchase orders reserve: to whoever asks what
/// would be decided if the order came in now, its pieces are free.
pub async fn give_back(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: OrderId,
    request: &mut RouteRequest,
) -> Result<(), DbErr> {
    let mut held: BTreeMap<OfferId, i64> = BTreeMap::new();
    for row in reservations::of_order(db, shop, order).await? {
        *held.entry(row.offer_id).or_default() += i64::from(row.pieces);
    }
    if held.is_empty() {
        return Ok(());
    }
    let rows = offers::by_ids(db, held.keys().copied().collect()).await?;
    let free = |row: &offers::Model| {
        let pieces = i64::from(row.stock?) - i64::from(row.reserved) + held.get(&row.id)?;
        Some((row.id, u32::try_from(pieces.max(0)).unwrap_or(u32::MAX)))
    };
    let free: BTreeMap<OfferId, u32> = rows.iter().filter_map(free).collect();
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for offer in ways.flat_map(|way| &mut way.components).map(|part| &mut part.offer) {
        if let Some(pieces) = free.get(&offer.id) {
            offer.stock = Some(*pieces);
        }
    }
    Ok(())
}

/// The most that a line reserves, where that is less than was ordered.
fn most(state: &OrderState, line: &po_lines::Model) -> Option<(PoLineId, u32)> {
    let of_line = |po: &&purchase_orders::Model| po.id == line.purchase_order_id;
    let po = state.purchase_orders.iter().find(of_line)?;
    let progress = line.progress();
    let most = match po.status {
        PurchaseOrderStatus::Rejected | PurchaseOrderStatus::Cancelled => progress.shipped,
        _ => progress.quantity.saturating_sub(progress.rejected + progress.cancelled),
    };
    (most < store::units(line.quantity)).then_some((line.id, most))
}
