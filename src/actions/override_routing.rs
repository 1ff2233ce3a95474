//! A person decides who ships a line, whatever the rules prefer. What was sent stays
//! where it is: only units that no supplier knows of are decided anew.

use chrono::{DateTime, Utc};

use super::{
    gather_order, reserve_stock,
    resolve_exception::close,
    route_order::{Forced, route_chosen},
    withdraw_units::take_back_unsent,
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        order::{Gate, Ledger},
    },
    error::AppError,
    ids::{OfferId, OrderId, OrderLineId, ShopId, ShopifyVariantId},
    store::{
        self, Party, Tx, mapping_components, mappings, offers, order_lines,
        order_state::{OpenOrder, OrderState},
        orders,
    },
};

/// Units of the line for one offer; all that are left, without a number.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub offer: OfferId,
    pub units: Option<u32>,
}

/// Parts of one decision.
const MOST_PARTS: usize = 20;

/// What is decided for which line, why, and by whom.
#[derive(Clone, Debug)]
pub struct Override {
    pub order: OrderId,
    pub line: OrderLineId,
    pub parts: Vec<Part>,
    pub reason: String,
}

pub async fn override_routing(
    app: &App,
    shop: ShopId,
    wanted: Override,
    actor: &Actor,
) -> Result<orders::Model, AppError> {
    let reason = checked_reason(&wanted.reason)?;
    if !(1..=MOST_PARTS).contains(&wanted.parts.len()) || wanted.parts.iter().any(|part| part.units == Some(0)) {
        return Err(AppError::invalid(
            "parts",
            "name 1 to 20 offers, each with at least one unit",
        ));
    }
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let open = OpenOrder::lock(&tx, shop, wanted.order)
        .await?
        .ok_or(AppError::NotFound("this order"))?;
    let gate = open.state.gate(&open.shop.settings.0);
    if gate != Gate::Open {
        return Err(AppError::Conflict(gate.reason().unwrap_or_default()));
    }
    let found = open.state.lines.iter().find(|row| row.id == wanted.line);
    let line = found.cloned().ok_or(AppError::NotFound("this line of the order"))?;
    let gone = || AppError::Conflict("the line's product is gone from the shop".to_owned());
    let variant = line.variant_id.ok_or_else(gone)?;
    let names = names_of_mapped(&tx, shop, variant, &wanted.parts).await?;

    take_back_unsent(&tx, &open.state, line.id, now).await?;
    let title = line.title.clone();
    let mut what = format!("“{title}” goes to {} by hand: {reason}", names.join(" and "));
    close_what_waits(&tx, &open.state, wanted.line, actor, &what, now)?;
    let state = OrderState::of(&tx, shop, wanted.order).await?;
    let mut state = state.ok_or(AppError::NotFound("this order"))?;
    let again = of_handled(&state, &open.shop, &line, &wanted.parts);
    if again > 0 {
        what = format!("{what}. {again} of it had been taken care of");
        state = take_from_handled(&tx, line, again).await?;
    }
    // What is taken back counts as left when it is decided anew.
    reserve_stock::settle(&tx, &state, Vec::new()).await?;
    let ledgers = state.ledgers(&open.shop.settings.0);
    let free = ledgers.get(&wanted.line).map_or(0, Ledger::to_route);
    let asked: u32 = wanted
        .parts
        .iter()
        .map(|part| part.units.unwrap_or(0))
        .fold(0, u32::saturating_add);
    if free == 0 {
        let sent = "every unit of the line was sent to a supplier: cancel that first";
        return Err(AppError::Conflict(sent.to_owned()));
    }
    if asked > free {
        let message = format!("only {free} units of the line were not sent yet");
        return Err(AppError::invalid("parts", message));
    }
    let open_ended = wanted.parts.iter().filter(|part| part.units.is_none()).count();
    if open_ended > 1 || (open_ended == 1 && asked == free) {
        let message = "only one part may go without a number, and something must be left for it";
        return Err(AppError::invalid("parts", message));
    }
    store::events::add(&tx, shop, wanted.order, now, actor, EventKind::Overridden, what);
    let forced: Vec<Forced> = wanted
        .parts
        .iter()
        .map(|part| Forced {
            line: wanted.line,
            offer: part.offer,
            units: part.units,
        })
        .collect();
    route_chosen(&tx, &open.shop, &state, &forced, now).await?;
    gather_order::after_choice(&tx, &open.shop, &open.state.order, &forced, now).await?;
    let after = orders::by_id(tx.conn(), shop, wanted.order).await?;
    tx.commit().await?;
    after.ok_or(AppError::NotFound("this order"))
}

/// Units that somebody had taken care of and that the choice needs all the same: no more than it names beyond what
/// is free, and where a part goes without a number, all of them only if nothing else is left for it.
fn of_handled(state: &OrderState, shop: &store::shops::Model, line: &order_lines::Model, parts: &[Part]) -> u32 {
    let ledgers = state.ledgers(&shop.settings.0);
    let free = ledgers.get(&line.id).map_or(0, Ledger::to_route);
    let named = parts.iter().filter_map(|part| part.units).fold(0, u32::saturating_add);
    let handled = store::units(line.handled);
    let is_open_ended = parts.iter().any(|part| part.units.is_none());
    match is_open_ended {
        true if free > named => 0,
        true => handled,
        false => named.saturating_sub(free).min(handled),
    }
}

async fn take_from_handled(tx: &Tx, line: order_lines::Model, units: u32) -> Result<OrderState, AppError> {
    let (shop, order) = (line.shop_id, line.order_id);
    let handled = line.handled - store::column(units);
    store::save(tx, order_lines::Model { handled, ..line })?;
    let state = OrderState::of(tx, shop, order).await?;
    state.ok_or(AppError::NotFound("this order"))
}

/// Says what the offers are called, once it is clear that the line may be made of each.
async fn names_of_mapped(
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    parts: &[Part],
) -> Result<Vec<String>, AppError> {
    let mappings = mappings::of_variants(tx.conn(), shop, vec![variant]).await?;
    let ids = mappings.iter().map(|mapping| mapping.id).collect();
    let components = mapping_components::of_mappings(tx.conn(), shop, ids).await?;
    let ids: Vec<OfferId> = parts.iter().map(|part| part.offer).collect();
    let found = offers::seen_by_ids(tx.conn(), Party::Shop(shop), &ids).await?;
    let name = |part: &Part| {
        let is_mapped = components.iter().any(|component| component.offer_id == part.offer);
        let offer = found
            .iter()
            .find(|offer| offer.id == part.offer)
            .filter(|_| is_mapped)?;
        Some(match part.units {
            Some(units) => format!("{} ({units} ×)", offer.sku),
            None => offer.sku.clone(),
        })
    };
    let names: Option<Vec<String>> = parts.iter().map(name).collect();
    let unmapped = || AppError::invalid("parts", "the line's product is not mapped to this offer; map it first");
    names.ok_or_else(unmapped)
}

/// What a person was asked about the line is decided with this.
fn close_what_waits(
    tx: &Tx,
    state: &OrderState,
    line: OrderLineId,
    actor: &Actor,
    what: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let decided = |kind: ExceptionKind| {
        kind.is_of_routing() || matches!(kind, ExceptionKind::SupplierRejected | ExceptionKind::PlacementRefused)
    };
    let of_line = state
        .open_exceptions
        .iter()
        .filter(|open| open.order_line_id == Some(line));
    for exception in of_line.filter(|open| decided(open.kind)) {
        close(tx, exception.clone(), &actor.to_string(), what, now)?;
    }
    Ok(())
}

/// A reason as it stands in the history.
pub(super) fn checked_reason(reason: &str) -> Result<&str, AppError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(AppError::invalid("reason", "a reason must have 1 to 500 characters"));
    }
    Ok(reason)
}
