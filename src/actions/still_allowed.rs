//! Whether a purchase order that is about to be sent may still be: by the shop's rules, its agreement with the
//! supplier, the goods and the address as they are by now. Routing decided by what was so then, and nobody else
//! may have been there to serve it since.
//!
//! Prices are `price_guard`'s, and the pieces are reserved. What a person chose stays as it was chosen, and nothing
//! else of its order does for that.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    by_hand, next_steps,
    purchase_order_status::{move_to, release_allocations},
    route_order::{agreed, alternatives, destination, follow_status},
    rule_facts, standing_parcels,
    withdraw_units::take_back,
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        purchase_order::PurchaseOrderStatus,
    },
    ids::{AllocationGroupId, AlternativeId, OfferId, PurchaseOrderId, ShopifyVariantId},
    routing::{self, Alternative, Component, LineDemand, RouteRequest, Strategy},
    store::{
        self, Tx, allocations, events, order_lines, order_state::OrderState, orders, purchase_orders, reservations,
        shops, variants,
    },
};

/// Takes back what of a draft may not be sent any more, and reads the order again; none where nothing of it may be.
pub async fn take_back_refused(
    tx: &Tx,
    shop: &shops::Model,
    state: OrderState,
    po: &mut purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<Option<OrderState>, DbErr> {
    let Some(refused) = refused(tx, shop, &state, po, now).await? else {
        return Ok(Some(state));
    };
    if refused.only.is_empty() {
        back_to_routing(tx, shop, &state.order, po, &refused.why, now).await?;
        follow_status(tx, shop, po.order_id).await?;
        return Ok(None);
    }
    take_off(tx, shop, &state, po, &refused, now).await?;
    follow_status(tx, shop, po.order_id).await?;
    let left = OrderState::of(tx, shop.id, po.order_id).await?;
    let row = left
        .iter()
        .flat_map(|left| &left.purchase_orders)
        .find(|row| row.id == po.id);
    if let Some(row) = row {
        *po = row.clone();
    }
    Ok(left)
}

/// What of an unsent purchase order may not be sent any more.
struct Refused {
    /// For people.
    why: String,
    /// The parts that may not be, where others were chosen by hand; else it may not be sent at all.
    only: Vec<allocations::Model>,
}

/// Looks once more at an unsent purchase order; none where it may be sent.
async fn refused(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    po: &purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<Option<Refused>, DbErr> {
    let all = parts(state, po);
    let Some(why) = refusal(tx, shop, state, &all, &BTreeSet::new(), now).await? else {
        return Ok(None);
    };
    let chosen = by_hand::chosen(tx.conn(), shop.id, state).await?;
    if chosen.is_empty() {
        return Ok(Some(Refused { why, only: Vec::new() }));
    }
    let (kept, bound): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, part)| chosen.contains(&part.group_id));
    let why = refusal(tx, shop, state, &bound, &chosen, now).await?;
    Ok(why.map(|why| Refused {
        why,
        only: match kept.as_slice() {
            [] => Vec::new(),
            _ => bound.into_iter().map(|(_, part)| part.clone()).collect(),
        },
    }))
}

/// Takes off an unsent purchase order what may not be sent of it.
async fn take_off(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    po: &purchase_orders::Model,
    refused: &Refused,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    take_back(tx, state, refused.only.iter().collect(), now).await?;
    next_steps::units_freed(tx, shop, &state.order, now)?;
    let message = format!("A part of {} was not sent: {}", po.number, refused.why);
    let (shop, order) = (shop.id, state.order.id);
    events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message);
    Ok(())
}

/// Ends an unsent purchase order. Routing knows the alternatives, and asks a person if there are none.
pub async fn back_to_routing(
    tx: &Tx,
    shop: &shops::Model,
    order: &orders::Model,
    po: &mut purchase_orders::Model,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    move_to(tx, po, PurchaseOrderStatus::Cancelled, now).await?;
    release_allocations(tx, po, now).await?;
    next_steps::units_freed(tx, shop, order, now)?;
    let message = format!("{} was not sent: {why}", po.number);
    let (shop, order) = (shop.id, order.id);
    events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message);
    Ok(())
}

/// Why some parts of an order may not be sent, beside what was `chosen` by hand.
async fn refusal(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    parts: &[(&order_lines::Model, &allocations::Model)],
    chosen: &BTreeSet<AllocationGroupId>,
    now: DateTime<Utc>,
) -> Result<Option<String>, DbErr> {
    let variants = parts.iter().filter_map(|(line, _)| line.variant_id).collect();
    let (mut ways, _) = alternatives(tx, shop.id, variants, store::offers::Model::available, now).await?;
    if !shop.settings.0.rules.is_empty() {
        give_back(tx, state, parts, &mut ways).await?;
    }
    let mut lines = Vec::new();
    for (line, part) in parts {
        let Some(variant) = line.variant_id else { continue };
        let made_of = ways.get(&variant).into_iter().flatten().flat_map(|way| &way.components);
        let mut made_of = made_of.filter(|other| is_of(other, part));
        match made_of.next() {
            Some(component) => lines.push(demand(state, line, part, component.clone())),
            // Of a product that is gone from the shop no mapping is left either, and it was sold all the same.
            None if variants::by_ids(tx.conn(), shop.id, &[variant]).await?.is_empty() => {}
            None => return Ok(Some(format!("{} is mapped otherwise now", line.title))),
        }
    }
    let mut freed = state.clone();
    freed.allocations.retain(|one| {
        // What was split off by hand was one purchase order when it was decided.
        let is_half = |part: &allocations::Model| part.plan_id == one.plan_id && part.supplier_id == one.supplier_id;
        // What a person chose goes its own way, and the rest needs not go with it.
        !chosen.contains(&one.group_id) && !parts.iter().any(|(_, part)| part.id == one.id || is_half(part))
    });
    let rules = rule_facts::in_force(shop, now)?;
    let mut facts = rule_facts::of(shop, &freed, now);
    facts.parcels = standing_parcels::count(tx, shop, &freed, (&facts, &rules), now).await?;
    let request = RouteRequest {
        suppliers: agreed(tx, shop.id, &lines).await?.terms(),
        lines,
        destination: destination(state),
        strategy: Strategy::Priority,
        known_costs: None,
        price_breaks: Vec::new(),
        facts,
        rules,
    };
    Ok(routing::forbidden(&request).map(|why| why.to_string()))
}

/// What rests on a purchase order, and what was not sent either of the kits that it belongs to: without it they
/// would be bought by half.
fn parts<'a>(
    state: &'a OrderState,
    po: &purchase_orders::Model,
) -> Vec<(&'a order_lines::Model, &'a allocations::Model)> {
    let unsent = |id: PurchaseOrderId| {
        let mut all = state.purchase_orders.iter();
        all.any(|other| other.id == id && other.status == PurchaseOrderStatus::Draft)
    };
    let open = |part: &allocations::Model| {
        let mut lines = state.po_lines.iter();
        let line = lines.find(|line| line.id == part.po_line_id && line.progress().open() > 0);
        line.map(|line| line.purchase_order_id).filter(|id| unsent(*id))
    };
    let on_it = state.allocations.iter().filter(|part| open(part) == Some(po.id));
    let groups: BTreeSet<AllocationGroupId> = on_it.map(|part| part.group_id).collect();
    let with_it = state.allocations.iter();
    with_it
        .filter(|part| groups.contains(&part.group_id) && open(part).is_some())
        .filter_map(|part| Some((state.lines.iter().find(|line| line.id == part.order_line_id)?, part)))
        .collect()
}

fn is_of(component: &Component, part: &allocations::Model) -> bool {
    component.offer.id == part.offer_id && component.per_unit == store::units(part.per_unit)
}

/// Rules may ask for an offer's stock: what is reserved for these parts counts as free, as it does when they
/// are decided about.
async fn give_back(
    tx: &Tx,
    state: &OrderState,
    parts: &[(&order_lines::Model, &allocations::Model)],
    ways: &mut BTreeMap<ShopifyVariantId, Vec<Alternative>>,
) -> Result<(), DbErr> {
    let mut held: BTreeMap<OfferId, u32> = BTreeMap::new();
    for row in reservations::of_order(tx.conn(), state.order.shop_id, state.order.id).await? {
        if parts.iter().any(|(_, part)| part.po_line_id == row.po_line_id) {
            *held.entry(row.offer_id).or_default() += store::units(row.pieces);
        }
    }
    let components = ways.values_mut().flatten().flat_map(|way| &mut way.components);
    for offer in components.map(|component| &mut component.offer) {
        let pieces = held.get(&offer.id).copied().unwrap_or(0);
        offer.stock = offer.stock.map(|stock| stock.saturating_add(pieces));
    }
    Ok(())
}

/// A line as it was decided about, with one way to serve it: the part that is to be sent.
fn demand(
    state: &OrderState,
    line: &order_lines::Model,
    part: &allocations::Model,
    component: Component,
) -> LineDemand {
    let of_plan = state
        .allocations
        .iter()
        .filter(|one| one.order_line_id == line.id && one.plan_id == part.plan_id);
    // The parts of a kit make the same units.
    let groups: BTreeMap<AllocationGroupId, u32> = of_plan.map(|one| (one.group_id, store::units(one.units))).collect();
    LineDemand {
        units: groups.values().sum(),
        alternatives: vec![Alternative {
            id: AlternativeId(part.id.0),
            rank: 1,
            components: vec![component],
        }],
        ..rule_facts::not_to_route(line)
    }
}
