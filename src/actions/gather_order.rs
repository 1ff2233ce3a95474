//! Decides together what a rule has shipped together: what of an order waits for a supplier is brought in
//! when any of it is routed, since one part alone would never be allowed.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{resolve_exception::close, rule_facts};
use crate::{
    domain::{event::Actor, exception::ExceptionKind, rules::Consequence},
    ids::ExceptionId,
    store::{Tx, exceptions, order_state::OrderState, shops},
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
    let waits = |open: &&exceptions::Model| {
        let is_routing = matches!(
            open.kind,
            ExceptionKind::NoEligibleSupplier | ExceptionKind::PriceRose | ExceptionKind::UnmappedLine
        );
        is_routing && open.order_line_id.is_some() && Some(open.id) != but
    };
    let waiting: Vec<exceptions::Model> = state.open_exceptions.iter().filter(waits).cloned().collect();
    if waiting.is_empty() {
        return Ok(None);
    }
    let by = Actor::Orderyard.to_string();
    for exception in waiting {
        close(tx, exception, &by, "It is decided with the rest of the order", now)?;
    }
    OrderState::of(tx, shop.id, state.order.id).await
}

/// Whether a rule in force may have lines shipped together.
fn keeps_together(shop: &shops::Model, now: DateTime<Utc>) -> bool {
    let today = rule_facts::today(shop, now);
    let mut rules = shop.settings.0.rules.iter().filter(|rule| rule.is_in_force(today));
    rules.any(|rule| matches!(rule.then, Consequence::NeverSplit | Consequence::ShipTogether))
}
