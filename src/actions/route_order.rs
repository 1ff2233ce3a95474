//! Decides which supplier ships which units of an order, and writes the
//! purchase orders for it. Nothing is sent here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};

use super::{
    chase_silence,
    cost_facts::{self, Agreed, PriceLists},
    decide_ahead::{self, Ahead},
    gather_order,
    place_purchase_order::PlacePurchaseOrder,
    reserve_stock, routing_limit, rule_facts, standing_parcels,
    write_plan::PlanWriter,
};
use crate::{
    app::App,
    domain::{
        costs::Destination,
        order::{Gate, Ledger},
        shop::ShopSettings,
    },
    error::AppError,
    failpoint,
    ids::{OfferId, OrderId, OrderLineId, ShopId, ShopifyOrderId, ShopifyVariantId, SupplierId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue, order_key},
    routing::{
        self, Alternative, Component, LineDemand, OfferFacts, Outcome, PlanLine, RoutePlan, RouteRequest, Strategy,
    },
    store::{
        self, Recall, Tx, allocations, connections, order_lines,
        order_state::{OpenOrder, OrderState},
        orders, po_lines, shops, suppliers,
    },
};

/// Routes what of an order awaits it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RouteOrder {
    pub shop_id: ShopId,
    pub order_id: OrderId,
    /// Whose order it is at Shopify: the key that keeps its work serial.
    pub shopify_id: ShopifyOrderId,
}

/// What a person chose for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forced {
    pub line: OrderLineId,
    pub offer: OfferId,
    /// Of so many units; of all that are left, without a number.
    pub units: Option<u32>,
}

impl RouteOrder {
    #[must_use]
    pub fn of(order: &orders::Model) -> Self {
        Self {
            shop_id: order.shop_id,
            order_id: order.id,
            shopify_id: order.shopify_id,
        }
    }
}

impl Job for RouteOrder {
    const NAME: &'static str = "route_order";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("route:{}", self.order_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut ahead = Ahead::of(routing::route);
        loop {
            let tx = app.db.begin().await?;
            // By the time of this turn: to wait for it may have taken long.
            let Some(large) = route_order(&tx, self, &mut ahead, app.clock.now()).await? else {
                tx.commit().await?;
                return Ok(());
            };
            drop(tx);
            ahead.work_out(large).await;
        }
    }
}

/// What routing is asked of an order, and its plan.
pub type PlanAhead = Ahead<RouteRequest, RoutePlan>;

/// Reads, decides and writes, all under the order's lock.
async fn route_order(
    tx: &Tx,
    job: &RouteOrder,
    ahead: &mut PlanAhead,
    now: DateTime<Utc>,
) -> Result<Option<RouteRequest>, DbErr> {
    match OpenOrder::lock(tx, job.shop_id, job.order_id).await? {
        Some(open) => route_ahead(tx, &open.shop, &open.state, ahead, now).await,
        None => Ok(None),
    }
}

/// Decides on an order as it was read under its lock, by what a person chose for some of its lines, however long
/// that takes, and writes its status. What the rules, the agreements or the stock do not let them choose is refused
/// with the reason, and nothing is written: what the history says was chosen is so.
pub async fn route_chosen(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    chosen: &[Forced],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let waiting = waiting(state, &shop.settings.0);
    let mut request = request(tx.conn(), shop, state, waiting, chosen, now).await?;
    routing_limit::stop(tx, state, &mut request, now).await?;
    if request.lines.is_empty() {
        return Ok(follow_status(tx, shop, state.order.id).await?);
    }
    let plan = routing::route(&request);
    let is_refused = |line: &&PlanLine| line.by_hand && !matches!(line.outcome, Outcome::Allocated { .. });
    if let Some(line) = plan.lines.iter().find(is_refused) {
        return Err(AppError::Conflict(line.reason.clone()));
    }
    Ok(carry_out(tx, shop, state, (&request, plan), now).await?)
}

/// Decides on an order as it was read under its lock, and writes its status; what would take long is given back
/// undecided, to be worked out after the transaction was given up.
pub(super) async fn route_ahead(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    ahead: &mut PlanAhead,
    now: DateTime<Utc>,
) -> Result<Option<RouteRequest>, DbErr> {
    if state.gate(&shop.settings.0) == Gate::Open {
        let routed = lines_waiting(state, &shop.settings.0);
        let gathered = gather_order::gather(tx, shop, state, &routed, None, now).await?;
        let state = gathered.as_ref().unwrap_or(state);
        let waiting = waiting(state, &shop.settings.0);
        let mut request = request(tx.conn(), shop, state, waiting, &[], now).await?;
        routing_limit::stop(tx, state, &mut request, now).await?;
        if !request.lines.is_empty() {
            let Some(plan) = ahead.answer(&request, decide_ahead::alternatives(&request)) else {
                return Ok(Some(request));
            };
            carry_out(tx, shop, state, (&request, plan), now).await?;
            return Ok(None);
        }
    }
    follow_status(tx, shop, state.order.id).await?;
    Ok(None)
}

/// Writes the plan for what was asked of an order as it was read under its lock, and its status.
pub(super) async fn carry_out(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    (request, mut plan): (&RouteRequest, RoutePlan),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    plan.strategy = Some(shop.settings.0.routing.strategy);
    let writer = PlanWriter { tx, shop, state, now };
    writer.write(request, plan).await?;
    failpoint::hit("route.before_commit");
    let routed = Some((state, reserve_stock::counted(request)));
    end(tx, shop, state.order.id, routed).await
}

/// Writes the order's status as its rows now say.
pub async fn follow_status(tx: &Tx, shop: &shops::Model, order: OrderId) -> Result<(), DbErr> {
    end(tx, shop, order, None).await
}

/// The same, and reserves stock for what was `routed`: the order as it was before, and the offers that are counted.
async fn end(
    tx: &Tx,
    shop: &shops::Model,
    order: OrderId,
    routed: Option<(&OrderState, BTreeSet<OfferId>)>,
) -> Result<(), DbErr> {
    let Some(state) = OrderState::of(tx, shop.id, order).await? else {
        return Ok(());
    };
    let state = chase_silence::hear(tx, state, tx.lease_now())?;
    let new = routed.map(|(before, counted)| reserve_stock::of_new_lines(before, &state, &counted));
    reserve_stock::settle(tx, &state, new.unwrap_or_default()).await?;
    write_status(tx, shop, state)
}

/// The same for an order whose rows are at hand as they stand.
pub fn write_status(tx: &Tx, shop: &shops::Model, state: OrderState) -> Result<(), DbErr> {
    let (status, reason) = state.judge(&shop.settings.0);
    if state.order.status == status && state.order.reason == reason {
        return Ok(());
    }
    if state.order.reason.is_some() {
        send_what_waited(tx, shop, &state)?;
    }
    let mut row = state.order;
    row.status = status;
    row.reason = reason;
    store::save(tx, row)
}

/// What kept purchase orders from being sent may be over: that it is, nobody else tells them.
pub fn send_what_waited(tx: &Tx, shop: &shops::Model, state: &OrderState) -> Result<(), DbErr> {
    let now = When::now(tx.lease_now().timestamp_millis());
    for po in state.to_be_sent(&shop.settings.0) {
        let place = PlacePurchaseOrder::of(po, state.order.shopify_id);
        enqueue(tx, &place, now)?;
    }
    Ok(())
}

/// The units that await routing.
pub(super) fn waiting<'a>(state: &'a OrderState, settings: &ShopSettings) -> Vec<(&'a order_lines::Model, u32)> {
    let ledgers = state.ledgers(settings);
    let lines = state.lines.iter();
    lines
        .map(|line| (line, ledgers.get(&line.id).map_or(0, Ledger::to_route)))
        .filter(|(line, units)| *units > 0 && line.requires_shipping)
        .collect()
}

/// The lines of which units await routing.
pub(super) fn lines_waiting(state: &OrderState, settings: &ShopSettings) -> BTreeSet<OrderLineId> {
    let waiting = waiting(state, settings);
    waiting.into_iter().map(|(line, _)| line.id).collect()
}

/// ISO 3166 country that the order goes to.
pub(super) fn destination(state: &OrderState) -> Option<String> {
    let address = state.order.ship_to.as_ref();
    address.and_then(|address| address.0.country_code.clone())
}

/// What routing needs to know, for some units.
pub(super) async fn request(
    db: &impl Recall,
    shop: &shops::Model,
    state: &OrderState,
    waiting: Vec<(&order_lines::Model, u32)>,
    forced: &[Forced],
    now: DateTime<Utc>,
) -> Result<RouteRequest, DbErr> {
    let variants: Vec<ShopifyVariantId> = waiting.iter().filter_map(|(line, _)| line.variant_id).collect();
    let free = store::offers::Model::available;
    let (alternatives, price_lists) = alternatives(db, shop.id, variants, free, now).await?;
    let refused = suppliers_that_refused(db, shop.id, state).await?;
    let lines: Vec<LineDemand> = waiting
        .into_iter()
        .flat_map(|(line, units)| chosen(line.id, units, forced).map(move |part| (line, part)))
        .map(|(line, (units, forced_offer))| LineDemand {
            line: line.id,
            units,
            alternatives: line
                .variant_id
                // Several lines may be of one variant.
                .and_then(|variant| alternatives.get(&variant).cloned())
                .unwrap_or_default(),
            excluded: refused.get(&line.id).cloned().unwrap_or_default(),
            forced_offer,
            sku: line.sku.clone(),
            title: line.title.clone(),
        })
        .collect();
    let agreed = agreed_and_measured(db, shop, &lines).await?;
    let destination = destination(state);
    let rules = rule_facts::in_force(shop, now)?;
    let mut facts = rule_facts::of(shop, state, now);
    facts.parcels = standing_parcels::count(db, shop, state, (&facts, &rules), now).await?;
    let to = Destination {
        country: destination.as_deref(),
        province: facts.province.as_deref(),
        postcode: facts.postcode.as_deref(),
    };
    let strategy = agreed.strategy(db, shop, &lines, to, now).await?;
    let known_costs = match strategy {
        Strategy::Priority => agreed.known_costs(shop, &lines, to, now).map(Box::new),
        Strategy::LeastCost(_) => None,
    };
    Ok(RouteRequest {
        price_breaks: cost_facts::price_breaks(&price_lists, &lines),
        lines,
        suppliers: agreed.terms(),
        destination,
        strategy,
        known_costs,
        facts,
        rules,
    })
}

/// A line's units by the offers that a person chose for them; the rest is free.
fn chosen(line: OrderLineId, units: u32, forced: &[Forced]) -> impl Iterator<Item = (u32, Option<OfferId>)> + use<> {
    let mut left = units;
    let mut parts = Vec::new();
    // Whoever goes without a number has what the others leave.
    let of_line = forced.iter().filter(|choice| choice.line == line);
    let (numbered, rest): (Vec<&Forced>, Vec<&Forced>) = of_line.partition(|choice| choice.units.is_some());
    for choice in numbered.into_iter().chain(rest) {
        let units = choice.units.unwrap_or(left).min(left);
        left -= units;
        parts.push((units, Some(choice.offer)));
    }
    parts.push((left, None));
    parts.into_iter().filter(|(units, _)| *units > 0)
}

/// Ways to make each variant, and the price lists of their offers, which have so much `in_stock`.
pub(super) async fn alternatives(
    db: &impl Recall,
    shop: ShopId,
    variants: Vec<ShopifyVariantId>,
    in_stock: fn(&store::offers::Model) -> Option<u32>,
    now: DateTime<Utc>,
) -> Result<(BTreeMap<ShopifyVariantId, Vec<Alternative>>, PriceLists), DbErr> {
    let mappings = store::mappings::of_variants(db, shop, variants).await?;
    let ids = mappings.iter().map(|mapping| mapping.id).collect();
    let mut components = store::mapping_components::of_mappings(db, shop, ids).await?;
    components.retain(|component| component.validity().holds_at(now));
    let offer_ids: BTreeSet<OfferId> = components.iter().map(|component| component.offer_id).collect();
    let offers = store::offers::known(db, offer_ids.into_iter().collect()).await?;
    let offers: BTreeMap<OfferId, store::offers::Model> = offers.into_iter().map(|offer| (offer.id, offer)).collect();
    let mut found: BTreeMap<ShopifyVariantId, Vec<Alternative>> = BTreeMap::new();
    for mapping in mappings {
        let list = found.entry(mapping.variant_id).or_default();
        for row in components.iter().filter(|component| component.mapping_id == mapping.id) {
            let Some(offer) = offers.get(&row.offer_id) else {
                continue;
            };
            let component = Component {
                offer: OfferFacts {
                    stock: in_stock(offer),
                    reserved: offer.on_the_shelf_and_reserved(),
                    ..facts(offer)
                },
                per_unit: store::units(row.quantity),
                accepted_cost: row.accepted_cost(),
            };
            match list.iter_mut().find(|alternative| alternative.id == row.alternative_id) {
                Some(alternative) => alternative.components.push(component),
                None => list.push(Alternative {
                    id: row.alternative_id,
                    rank: store::units(row.rank),
                    components: vec![component],
                }),
            }
        }
    }
    let lists = offers.into_values().filter(|offer| !offer.price_breaks.0.is_empty());
    Ok((found, lists.map(|offer| (offer.id, offer.price_breaks.0)).collect()))
}

fn facts(offer: &store::offers::Model) -> OfferFacts {
    OfferFacts {
        id: offer.id,
        supplier: offer.supplier_id,
        sku: offer.sku.clone(),
        title: offer.title.clone(),
        cost: offer.cost(),
        stock: None,
        reserved: 0,
        ships_to: offer.ships_to.0.clone(),
        active: offer.active,
        weight_g: offer.weight_g.map(store::units),
        goods: offer.goods.0.clone(),
    }
}

/// Suppliers that rejected a line before, or never answered: it is not offered to them again.
async fn suppliers_that_refused(
    db: &impl ConnectionTrait,
    shop: ShopId,
    state: &OrderState,
) -> Result<BTreeMap<OrderLineId, BTreeSet<SupplierId>>, DbErr> {
    let mut refused: BTreeMap<OrderLineId, BTreeSet<SupplierId>> = BTreeMap::new();
    if state.purchase_orders.is_empty() {
        return Ok(refused);
    }
    for allocation in allocations::of_order(db, shop, state.order.id).await? {
        let line = state.po_lines.iter().find(|line| line.id == allocation.po_line_id);
        let silent = |line: &po_lines::Model| {
            let mut orders = state.purchase_orders.iter();
            orders.any(|po| po.id == line.purchase_order_id && po.given_up_at.is_some())
        };
        if line.is_some_and(|line| line.rejected > 0 || silent(line)) {
            refused
                .entry(allocation.order_line_id)
                .or_default()
                .insert(allocation.supplier_id);
        }
    }
    Ok(refused)
}

/// What the shop agreed with the suppliers that may ship the lines.
pub(super) async fn agreed(db: &impl Recall, shop: ShopId, lines: &[LineDemand]) -> Result<Agreed, DbErr> {
    Agreed::read(db, shop, suppliers_of(lines).into_iter().collect()).await
}

/// The same, and with those by which its strategy measures them: whoever else has a share, and the first in priority.
async fn agreed_and_measured(db: &impl Recall, shop: &shops::Model, lines: &[LineDemand]) -> Result<Agreed, DbErr> {
    let settings = &shop.settings.0.routing;
    let mut ids = suppliers_of(lines);
    ids.extend(suppliers::ids_by_keys(db, settings.keys_with_shares()).await?);
    if settings.counts_steps_down() {
        ids.extend(connections::first_in_priority(db, shop.id).await?);
    }
    Agreed::read(db, shop.id, ids.into_iter().collect()).await
}

/// Those that may ship the lines.
fn suppliers_of(lines: &[LineDemand]) -> BTreeSet<SupplierId> {
    let ways = lines.iter().flat_map(|line| &line.alternatives);
    ways.flat_map(|way| &way.components)
        .map(|component| component.offer.supplier)
        .collect()
}
