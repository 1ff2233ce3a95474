//! Decides together what a rule has shipped together: what of an order waits for a supplier is brought in
//! when any of it is routed, since one part alone would never be allowed.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    resolve_exception::close_by,
    route_order::{Forced, RouteOrder},
    rule_facts,
};
use crate::{
    domain::{event::Actor, exception::ExceptionKind, rules::Consequence},
    ids::ExceptionId,
    queue::{When, enqueue},
    store::{Tx, exceptions, order_state::OrderState, orders, shops},
};

/// Closes what routing put before people about the order's lines, all `but` one, and reads the order again.
/// None where nothing keeps it together, or nothing waits.
pub async fn gather(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    but: Option<ExceptionId>,
    now: DateTime<Utc>,
) -> Result<Option<OrderState>, DbErr> {
    if !keeps_together(shop, now) {
        return Ok(None);
    }
    let waits = |open: &&exceptions::Model| waits_for_supplier(open) && Some(open.id) != but;
    let waiting: Vec<exceptions::Model> = state.open_exceptions.iter().filter(waits).cloned().collect();
    if waiting.is_empty() {
        return Ok(None);
    }
    for exception in waiting {
        close_by(
            tx,
            exception,
            &Actor::Orderyard,
            "It is decided with the rest of the order",
            now,
        )?;
    }
    OrderState::of(tx, shop.id, state.order.id).await
}

/// A supplier was chosen for lines of an order: where nothing of them waits any more, what waited for them is routed.
pub(super) async fn after_choice(
    tx: &Tx,
    shop: &shops::Model,
    order: &orders::Model,
    chosen: &[Forced],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Some(state) = OrderState::of(tx, shop.id, order.id).await? else {
        return Ok(());
    };
    let waits = |open: &exceptions::Model| {
        let is_of_chosen = chosen.iter().any(|choice| Some(choice.line) == open.order_line_id);
        is_of_chosen && open.quantity.is_some_and(|units| units > 0)
    };
    if state.open_exceptions.iter().any(waits) {
        return Ok(());
    }
    if gather(tx, shop, &state, None, now).await?.is_some() {
        enqueue(tx, &RouteOrder::of(order), When::now(now.timestamp_millis()))?;
    }
    Ok(())
}

/// Whether routing put a line before people, for want of somebody to ship it.
pub(super) const fn waits_for_supplier(open: &exceptions::Model) -> bool {
    matches!(
        open.kind,
        ExceptionKind::NoEligibleSupplier | ExceptionKind::PriceRose | ExceptionKind::UnmappedLine
    ) && open.order_line_id.is_some()
}

/// Whether a rule in force may have lines shipped together.
pub(super) fn keeps_together(shop: &shops::Model, now: DateTime<Utc>) -> bool {
    let today = rule_facts::today(shop, now);
    let mut rules = shop.settings.0.rules.iter().filter(|rule| rule.is_in_force(today));
    rules.any(|rule| matches!(rule.then, Consequence::NeverSplit | Consequence::ShipTogether))
}
