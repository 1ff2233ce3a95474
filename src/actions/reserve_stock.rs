//! Keeps two orders from counting on the same piece.
//!
//! A purchase order's line reserves its pieces of an offer whose stock is known, from the
//! decision on. It lets go of what is rejected or cancelled, and of what the supplier's next
//! figure tells of: whatever it had accepted or shipped by then. Shipping alone ends nothing,
//! since the last figure was told before.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::DbErr;

use crate::{
    domain::purchase_order::PurchaseOrderStatus,
    ids::{OfferId, PoLineId},
    routing::RouteRequest,
    store::{
        self, Tx,
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
    reservations::settle(tx, state.order.shop_id, state.order.id, &less, new).await
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
