//! What becomes of a purchase order that is about to be sent and whose prices rose since it was decided
//! (invariant 6).
//!
//! Routing decides it again: at the new prices somebody else may be cheaper. What a person chose stays where they sent
//! it as long as the shop accepts its prices.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{by_hand, price_guard, route_order::follow_status, still_allowed::back_to_routing};
use crate::{
    domain::{
        event::{Actor, EventKind},
        money::Money,
    },
    store::{self, Tx, events, order_state::OrderState, po_lines, purchase_orders, shops},
};

/// Settles it under the order's lock, and gives back the order as it stands then; none where nothing of the purchase
/// order is to be sent.
pub async fn settle(
    tx: &Tx,
    shop: &shops::Model,
    state: OrderState,
    po: &mut purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<Option<OrderState>, DbErr> {
    let Some(sku) = price_guard::line_above_price(tx, po, &state.po_lines).await? else {
        return Ok(Some(state));
    };
    let why = if is_chosen(tx, &state, po).await? {
        let accepted = accept(tx, state.clone(), po, now).await?;
        match price_guard::line_above_price(tx, po, &accepted.po_lines).await? {
            None => return Ok(Some(accepted)),
            Some(sku) => format!("it was chosen by hand, and the price of {sku} rose above what the shop accepts"),
        }
    } else {
        format!("the price of {sku} rose since it was decided")
    };
    back_to_routing(tx, shop, &state.order, po, &why, now).await?;
    follow_status(tx, shop, po.order_id).await?;
    Ok(None)
}

/// Whether a person chose the supplier of something on a purchase order.
async fn is_chosen(tx: &Tx, state: &OrderState, po: &purchase_orders::Model) -> Result<bool, DbErr> {
    let chosen = by_hand::chosen(tx.conn(), po.shop_id, state).await?;
    let mut lines = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
    Ok(lines.any(|line| {
        let mut parts = state.allocations.iter().filter(|part| part.po_line_id == line.id);
        parts.any(|part| chosen.contains(&part.group_id))
    }))
}

/// Puts the new prices on a purchase order as far as the shop accepts them.
async fn accept(
    tx: &Tx,
    state: OrderState,
    po: &mut purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<OrderState, DbErr> {
    let of_po = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
    let mut lines: Vec<po_lines::Model> = of_po.cloned().collect();
    let before = Money::new(po.total_minor, po.currency);
    price_guard::reprice(tx, &state, po, &mut lines, now).await?;
    if lines.iter().all(|line| state.po_lines.contains(line)) {
        return Ok(state);
    }
    for line in lines {
        store::save(tx, line)?;
    }
    store::save(tx, po.clone())?;
    let message = format!(
        "{} costs {} by now instead of {before}: it stays as it was chosen by hand",
        po.number,
        Money::new(po.total_minor, po.currency)
    );
    let (shop, order) = (po.shop_id, po.order_id);
    events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Changed, message);
    Ok(OrderState::of(tx, shop, order).await?.unwrap_or(state))
}
