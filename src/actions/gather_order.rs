//! Decides together what a rule has shipped together: what of an order waits for a supplier is brought in
//! when any of it is routed, since one part alone would never be allowed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    resolve_exception::close_by,
    route_order::{self, Forced, RouteOrder},
    rule_facts,
};
use crate::{
    domain::{event::Actor, rules::Consequence},
    ids::{ExceptionId, OrderLineId},
    queue::{When, enqueue},
    routing::{LineDemand, RouteRequest, Strategy, rulebook},
    store::{Tx, exceptions, order_lines, order_state::OrderState, orders, shops},
};

/// Closes what routing put before people about lines that rules tie to some of the order's, all `but` one,
/// and reads the order again. None where nothing that is tied waits.
pub async fn gather(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    to: &BTreeSet<OrderLineId>,
    but: Option<ExceptionId>,
    now: DateTime<Utc>,
) -> Result<Option<OrderState>, DbErr> {
    let waiting = tied(shop, state, to, but, now)?;
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

/// What routing put before people about lines that rules tie to some of the order's, all `but` one. What
/// no rule ties stays as it is: routed again, it would only be asked about again.
pub(super) fn tied(
    shop: &shops::Model,
    state: &OrderState,
    to: &BTreeSet<OrderLineId>,
    but: Option<ExceptionId>,
    now: DateTime<Utc>,
) -> Result<Vec<exceptions::Model>, DbErr> {
    let waits = |open: &exceptions::Model| waits_for_supplier(open) && Some(open.id) != but;
    if to.is_empty() || !keeps_together(shop, now) || !state.open_exceptions.iter().any(waits) {
        return Ok(Vec::new());
    }
    let mut freed = state.clone();
    let mut waiting: Vec<exceptions::Model> = freed.open_exceptions.extract_if(.., |open| waits(open)).collect();
    let tied = rulebook::tied(&asked(shop, &freed, to, now)?, to);
    waiting.retain(|open| open.order_line_id.is_some_and(|line| tied.contains(&line)));
    Ok(waiting)
}

/// Of an order what the conditions of such rules may ask about: its lines that are to be routed, and some others.
fn asked(
    shop: &shops::Model,
    state: &OrderState,
    others: &BTreeSet<OrderLineId>,
    now: DateTime<Utc>,
) -> Result<RouteRequest, DbErr> {
    let to_route: BTreeMap<OrderLineId, u32> = route_order::waiting(state, &shop.settings.0)
        .into_iter()
        .map(|(line, units)| (line.id, units))
        .collect();
    let demand = |line: &order_lines::Model| match to_route.get(&line.id) {
        Some(units) => Some(LineDemand {
            units: *units,
            ..rule_facts::not_to_route(line)
        }),
        None => others.contains(&line.id).then(|| rule_facts::not_to_route(line)),
    };
    Ok(RouteRequest {
        lines: state.lines.iter().filter_map(demand).collect(),
        suppliers: Vec::new(),
        destination: route_order::destination(state),
        strategy: Strategy::default(),
        known_costs: None,
        price_breaks: Vec::new(),
        facts: rule_facts::of_lines(shop, &state.order, &state.lines, now),
        rules: rule_facts::in_force(shop, now)?,
    })
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
    let lines = chosen.iter().map(|choice| choice.line).collect();
    if gather(tx, shop, &state, &lines, None, now).await?.is_some() {
        enqueue(tx, &RouteOrder::of(order), When::now(now.timestamp_millis()))?;
    }
    Ok(())
}

/// Whether routing put a line before people, for want of somebody to ship it.
const fn waits_for_supplier(open: &exceptions::Model) -> bool {
    open.kind.is_of_routing() && open.order_line_id.is_some()
}

/// Whether a rule in force may have lines shipped together.
fn keeps_together(shop: &shops::Model, now: DateTime<Utc>) -> bool {
    let today = rule_facts::today(shop, now);
    let mut rules = shop.settings.0.rules.iter().filter(|rule| rule.is_in_force(today));
    rules.any(|rule| matches!(rule.then, Consequence::NeverSplit | Consequence::ShipTogether))
}
