//! Decides anew on orders that can still be undone, or that a person is to look at first, together with those that
//! want the same scarce offers. What comes of it is for `routing::together`: a plan is taken only where it is
//! better by the shop's own strategy, and nobody is served less. So the same facts lead to the same plans, and
//! once nothing changes, nothing is changed.
//!
//! What was sent stays where it is, and so does what a person decided. All orders of a group change
//! in one transaction: one order's pieces become another's at once, or not at all. It locks the
//! orders by their ids, and then the offers by theirs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    decide_ahead::{self, Ahead},
    go_on::go_on,
    place_purchase_order::PlacePurchaseOrder,
    reserve_stock, route_order,
    routing_limit::MOST_FAILURES,
    withdraw_units::take_back_unsent,
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        order::Gate,
        purchase_order::PurchaseOrderStatus,
    },
    ids::{OfferId, OrderId, OrderLineId, PoLineId, ShopId},
    queue::{When, enqueue},
    routing::{
        self, RoutePlan, RouteRequest, Strategy,
        together::{self, Anew, Undecided},
        worth::Served,
    },
    store::{
        self, Recall, Tx, allocations, events, offers,
        order_state::{OpenOrder, OrderState},
        purchase_orders, reservations, shops,
    },
};

/// Other orders that are decided with those of a page, because they hold what is scarce there.
const MOST_OTHERS: u64 = 50;

/// The orders by groups that want the same scarce offers, those of other pages that hold such offers
/// included; those that nothing can be changed of are left out.
pub async fn grouped(
    db: &impl Recall,
    shop: ShopId,
    orders: &[OrderId],
    now: DateTime<Utc>,
) -> Result<Vec<Vec<OrderId>>, DbErr> {
    let Some(row) = shops::by_id(db, shop).await? else {
        return Ok(Vec::new());
    };
    let (mut ids, mut found) = (Vec::new(), Vec::new());
    read(db, &row, orders, (&mut ids, &mut found), now).await?;
    let of_page = ids.len();
    let (stock, wanted) = stock_and_wishes(db, &found).await?;
    let scarce = together::scarce(&wanted, &stock);
    let holders = reservations::unsent_orders_with(db, shop, &scarce, MOST_OTHERS).await?;
    let others: Vec<OrderId> = holders.into_iter().filter(|order| !orders.contains(order)).collect();
    read(db, &row, &others, (&mut ids, &mut found), now).await?;
    let (stock, wanted) = stock_and_wishes(db, &found).await?;
    let groups = together::groups(&wanted, &stock).into_iter();
    Ok(groups
        .filter(|group| group.iter().any(|at| *at < of_page))
        .map(|group| group.into_iter().map(|at| ids[at]).collect())
        .collect())
}

/// Adds the orders of which something can be changed, with their ids. One that cannot be read holds up none of the
/// others.
async fn read(
    db: &impl Recall,
    shop: &shops::Model,
    orders: &[OrderId],
    (ids, found): (&mut Vec<OrderId>, &mut Vec<Undecided>),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for order in orders {
        let one = format!("order {order}");
        let read = go_on(&one, || read_one(db, shop, *order, now)).await?;
        if let Some(undecided) = read.flatten() {
            ids.push(*order);
            found.push(undecided);
        }
    }
    Ok(())
}

async fn read_one(
    db: &impl Recall,
    shop: &shops::Model,
    order: OrderId,
    now: DateTime<Utc>,
) -> Result<Option<Undecided>, DbErr> {
    match OrderState::load(db, shop.id, order).await? {
        Some(state) => undecided(db, shop, &state, now).await,
        None => Ok(None),
    }
}

type Pieces = BTreeMap<OfferId, u32>;

/// What there is if these orders give back what they hold, and what each could use of it.
async fn stock_and_wishes(db: &impl Recall, found: &[Undecided]) -> Result<(Pieces, Vec<Pieces>), DbErr> {
    let offers = offers::by_ids(db, counted(found)).await?;
    let wanted = found.iter().map(|order| together::wanted(&order.request)).collect();
    Ok((free(&offers, found), wanted))
}

/// How each of some orders is to be bought otherwise, with its plan.
type Decided = Vec<Option<(Anew, RoutePlan)>>;

fn decide(orders: &[Undecided]) -> Decided {
    let planned = |anew: Anew| {
        let plan = routing::route(&anew.request);
        (anew, plan)
    };
    together::decide(orders)
        .into_iter()
        .map(|anew| anew.map(planned))
        .collect()
}

/// What became of orders that were to be decided anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replanned {
    Done,
    /// What large orders want changes faster than it is decided. What stands is sent meanwhile.
    AnotherTime,
}

/// Buys the orders otherwise where that is better. Where none is, nothing is written.
pub async fn replan(app: &App, shop: ShopId, orders: &[OrderId], now: DateTime<Utc>) -> Result<Replanned, DbErr> {
    let mut ahead = Ahead::unhurried(|orders: &Vec<Undecided>| decide(orders));
    while let Some(large) = replan_once(app, shop, orders, &mut ahead, now).await? {
        if ahead.changes_too_often() {
            return Ok(Replanned::AnotherTime);
        }
        ahead.work_out(large).await;
    }
    Ok(Replanned::Done)
}

/// What takes long is given back undecided, with nothing written.
async fn replan_once(
    app: &App,
    shop: ShopId,
    orders: &[OrderId],
    ahead: &mut Ahead<Vec<Undecided>, Decided>,
    now: DateTime<Utc>,
) -> Result<Option<Vec<Undecided>>, DbErr> {
    let tx = app.db.begin().await?;
    let mut open: BTreeMap<OrderId, OpenOrder> = BTreeMap::new();
    for id in orders.iter().copied().collect::<BTreeSet<_>>() {
        if let Some(order) = OpenOrder::lock(&tx, shop, id).await? {
            open.insert(id, order);
        }
    }
    let (mut found, mut asked) = (Vec::new(), Vec::new());
    for order in orders.iter().filter_map(|id| open.get(id)) {
        if let Some(undecided) = undecided(tx.conn(), &order.shop, &order.state, now).await? {
            found.push(order);
            asked.push(undecided);
        }
    }
    let stock = free(&offers::lock(&tx, counted(&asked)).await?, &asked);
    for order in &mut asked {
        limit(&mut order.request, &stock);
    }
    let alternatives: usize = asked
        .iter()
        .map(|order| decide_ahead::alternatives(&order.request))
        .sum();
    // Each may be decided again for any other.
    let Some(decided) = ahead.answer(&asked, alternatives * asked.len()) else {
        return Ok(Some(asked));
    };
    let changed: Vec<Changed<'_>> = found
        .into_iter()
        .zip(decided)
        .filter_map(|(open, decided)| decided.map(|(anew, plan)| Changed { open, anew, plan }))
        .collect();
    if !changed.is_empty() && write(&tx, changed, now).await? {
        tx.commit().await?;
    }
    Ok(None)
}

/// An order that is bought otherwise.
struct Changed<'a> {
    open: &'a OpenOrder,
    anew: Anew,
    plan: RoutePlan,
}

/// Takes all back before any is bought anew, since one may get what another had. False where a plan
/// serves less after all: then nothing of it may stand.
async fn write(tx: &Tx, changed: Vec<Changed<'_>>, now: DateTime<Utc>) -> Result<bool, DbErr> {
    for Changed { open, .. } in &changed {
        for line in &open.state.lines {
            take_back_unsent(tx, &open.state, line.id, now).await?;
        }
    }
    let mut freed = Vec::new();
    for Changed { open, .. } in &changed {
        let Some(state) = OrderState::load(tx.conn(), open.shop.id, open.state.order.id).await? else {
            return Ok(false);
        };
        reserve_stock::settle(tx, &state, Vec::new()).await?;
        freed.push(state);
    }
    for (Changed { open, anew, plan }, freed) in changed.into_iter().zip(&freed) {
        let (shop, order) = (open.shop.id, open.state.order.id);
        route_order::carry_out(tx, &open.shop, freed, (&anew.request, plan), now).await?;
        let Some(after) = OrderState::load(tx.conn(), shop, order).await? else {
            return Ok(false);
        };
        if !serves_as_many(&open.state, &after) {
            return Ok(false);
        }
        let ends = drafts(&open.state).filter_map(|po| po.send_after);
        let until = ends.filter(|until| *until > now).min();
        // What only waits for a review has no time left to undo it.
        keep_time(tx, &after, until.unwrap_or(now), now)?;
        let why = if anew.gives_way {
            "other orders need its pieces more"
        } else {
            "a better plan appeared"
        };
        let message = format!("It was decided anew before it left: {why}");
        events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Routed, message);
    }
    Ok(true)
}

fn drafts(state: &OrderState) -> impl Iterator<Item = &purchase_orders::Model> {
    let all = state.purchase_orders.iter();
    all.filter(|po| po.status == PurchaseOrderStatus::Draft)
}

/// Allocations by what makes one unit, each with whether it can still be undone.
type Groups<'a> = BTreeMap<uuid::Uuid, Vec<(&'a allocations::Model, bool)>>;

/// What an order asks for and has; none where nothing of it may be changed.
async fn undecided(
    db: &impl Recall,
    shop: &shops::Model,
    state: &OrderState,
    now: DateTime<Utc>,
) -> Result<Option<Undecided>, DbErr> {
    let settings = &shop.settings.0;
    let mut unsent = drafts(state).peekable();
    let can_be_undone = |po: &purchase_orders::Model| po.send_after.is_some_and(|until| until > now);
    let may_change = unsent.peek().is_some() && unsent.all(|po| can_be_undone(po) || state.is_in_review(po.id));
    if !may_change || !settings.automation || state.gate(settings) != Gate::Open {
        return Ok(None);
    }
    if events::any_of_kind(db, shop.id, state.order.id, EventKind::Overridden).await? {
        return Ok(None);
    }
    let lines = draft_lines(state);
    let mut groups = Groups::new();
    for allocation in &state.allocations {
        let is_draft = lines.contains_key(&allocation.po_line_id);
        groups
            .entry(allocation.group_id.0)
            .or_default()
            .push((allocation, is_draft));
    }
    groups.retain(|_, members| members.iter().any(|(_, is_draft)| *is_draft));
    if groups.values().flatten().any(|(_, is_draft)| !is_draft) {
        // A part of the kit has left.
        return Ok(None);
    }
    let mut freed = state.clone();
    freed.allocations.retain(|one| !lines.contains_key(&one.po_line_id));
    let waiting = route_order::waiting(&freed, settings);
    let mut request = route_order::request(db, shop, &freed, waiting, &[], now).await?;
    if request.lines.is_empty() || request.lines.iter().any(|line| line.excluded.len() >= MOST_FAILURES) {
        return Ok(None);
    }
    leave_out_of_shares(&mut request, state, &lines);
    let mut holds: BTreeMap<OfferId, u32> = BTreeMap::new();
    for row in reservations::of_order(db, shop.id, state.order.id).await? {
        if lines.contains_key(&row.po_line_id) {
            *holds.entry(row.offer_id).or_default() += store::units(row.pieces);
        }
    }
    let mut units: BTreeMap<OrderLineId, u32> = BTreeMap::new();
    for (first, _) in groups.values().filter_map(|members| members.first()) {
        *units.entry(first.order_line_id).or_default() += store::units(first.units);
    }
    Ok(Some(Undecided {
        now: standing(&request, &groups),
        request,
        units,
        holds,
    }))
}

/// Pieces that are with each line of an unsent purchase order.
fn draft_lines(state: &OrderState) -> BTreeMap<PoLineId, u32> {
    let unsent: BTreeSet<_> = drafts(state).map(|po| po.id).collect();
    let lines = state
        .po_lines
        .iter()
        .filter(|line| unsent.contains(&line.purchase_order_id));
    lines.map(|line| (line.id, line.progress().open())).collect()
}

/// What the order has does not count as what its suppliers had before.
fn leave_out_of_shares(request: &mut RouteRequest, state: &OrderState, lines: &BTreeMap<PoLineId, u32>) {
    let Strategy::LeastCost(model) = &mut request.strategy else {
        return;
    };
    for line in &state.po_lines {
        let Some(pieces) = lines.get(&line.id) else { continue };
        let mut shares = model.preferences.balance.iter_mut();
        if let Some(share) = shares.find(|share| share.supplier == line.supplier_id) {
            share.pieces = share.pieces.saturating_sub(*pieces);
        }
    }
}

/// Which alternatives serve the order as it stands; none where one is not mapped any more.
fn standing(request: &RouteRequest, groups: &Groups<'_>) -> Option<Served> {
    let mut served = Served::new();
    for members in groups.values() {
        let (first, _) = members.first()?;
        let demand = request.lines.iter().find(|demand| demand.line == first.order_line_id)?;
        let mut made_of: Vec<(OfferId, u32)> = members
            .iter()
            .map(|(one, _)| (one.offer_id, store::units(one.per_unit)))
            .collect();
        made_of.sort_unstable();
        let way = demand.alternatives.iter().find(|way| {
            let parts = way.components.iter().map(|part| (part.offer.id, part.per_unit));
            let mut parts: Vec<(OfferId, u32)> = parts.collect();
            parts.sort_unstable();
            parts == made_of
        })?;
        *served.entry((demand.line, way.id)).or_default() += store::units(first.units);
    }
    Some(served)
}

/// The offers whose stock is known.
fn counted(orders: &[Undecided]) -> Vec<OfferId> {
    let all = orders.iter().flat_map(|order| reserve_stock::counted(&order.request));
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What there is if these orders give back what they hold.
fn free(offers: &[offers::Model], orders: &[Undecided]) -> BTreeMap<OfferId, u32> {
    let held = |offer: OfferId| -> i64 {
        let holds = orders.iter().filter_map(|order| order.holds.get(&offer));
        holds.map(|pieces| i64::from(*pieces)).sum()
    };
    let free = |offer: &offers::Model| {
        let pieces = i64::from(offer.stock?) - i64::from(offer.reserved) + held(offer.id);
        Some((offer.id, u32::try_from(pieces.max(0)).unwrap_or(u32::MAX)))
    };
    offers.iter().filter_map(free).collect()
}

fn limit(request: &mut RouteRequest, stock: &BTreeMap<OfferId, u32>) {
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for offer in ways.flat_map(|way| &mut way.components).map(|part| &mut part.offer) {
        if offer.stock.is_some() {
            offer.stock = stock.get(&offer.id).copied();
        }
    }
}

/// Units of each line that are with somebody. A kit counts with each of its parts, before and after alike.
fn served(state: &OrderState) -> BTreeMap<OrderLineId, BTreeMap<uuid::Uuid, i32>> {
    let mut lines: BTreeMap<OrderLineId, BTreeMap<uuid::Uuid, i32>> = BTreeMap::new();
    for allocation in &state.allocations {
        let groups = lines.entry(allocation.order_line_id).or_default();
        groups.insert(allocation.group_id.0, allocation.units);
    }
    lines
}

fn serves_as_many(before: &OrderState, after: &OrderState) -> bool {
    let sum = |groups: &BTreeMap<uuid::Uuid, i32>| groups.values().sum::<i32>();
    let after = served(after);
    served(before)
        .iter()
        .all(|(line, groups)| after.get(line).map_or(0, sum) >= sum(groups))
}

/// A new decision does not make the order wait longer than the first.
fn keep_time(tx: &Tx, after: &OrderState, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), DbErr> {
    for po in drafts(after) {
        let kept = purchase_orders::Model {
            send_after: Some(until),
            ..po.clone()
        };
        let wait = (until - now).to_std().unwrap_or_default();
        let job = PlacePurchaseOrder::of(&kept, after.order.shopify_id);
        store::save(tx, kept)?;
        enqueue(tx, &job, When::after(now.timestamp_millis(), wait))?;
    }
    Ok(())
}
