//! Puts an order, as Shopify shows it, into rows.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::{
    domain::{
        event::{Actor, EventKind},
        fulfilment::FulfillmentStatus,
        order::{FinancialStatus, FulfillmentOrder, OrderStatus, OrderTraits, remaining_of},
        review::PATIENCE_FOR_RISK,
        shop::ShopSettings,
    },
    ids::{FulfillmentId, OrderId, OrderLineId, ShopifyFulfillmentId, ShopifyLineItemId},
    queue::JobError,
    shopify::{
        fulfillment_orders::FulfillmentOrderSnapshot,
        fulfillments::FulfillmentSnapshot,
        orders::{OrderLine, OrderSnapshot},
        read_back,
    },
    store::{
        self, Tx,
        columns::Json,
        fulfillments::{self, FulfilledLine},
        order_lines,
        order_state::OrderState,
        orders, shops,
    },
};

/// An order as an import left it.
pub struct Upserted {
    pub state: OrderState,
    /// Something that the shop decides by is not as it was when the order was read before.
    pub is_otherwise: bool,
}

/// Writes the order and everything below it, and gives back how it stands then; none when what
/// stood is newer. `imported_at` is the order's as it was before Shopify was asked.
pub async fn upsert(
    tx: &Tx,
    shop: &shops::Model,
    snapshot: &OrderSnapshot,
    imported_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<Upserted>, JobError> {
    let before = orders::lock_by_shopify_id(tx, shop.id, snapshot.id).await?;
    if let Some(before) = &before {
        match snapshot.updated_at.cmp(&before.shopify_updated_at) {
            Ordering::Less => return Ok(None),
            // A hold does not move the order's own time. That the mark is another one needs no clock, and those of
            // two nodes may differ.
            Ordering::Equal if imported_at != Some(before.imported_at) => {
                let why = "the order was read by another process meanwhile, and which of the two is newer is unclear";
                return Err(JobError::retry(why));
            }
            Ordering::Equal | Ordering::Greater => {}
        }
    }
    let known = match &before {
        Some(before) => OrderState::of(tx, shop.id, before.id).await?,
        None => None,
    };
    let order = write_header(tx, shop, snapshot, before.as_ref(), now)?;
    let known = known.unwrap_or_else(|| OrderState::begin(tx, order.clone()));
    let fulfillment_orders: Vec<FulfillmentOrder> = snapshot
        .fulfillment_orders
        .iter()
        .map(FulfillmentOrderSnapshot::to_domain)
        .collect();
    let mut lines = line_rows(&order, &known.lines, snapshot);
    let ours = write_fulfillments(tx, &known, snapshot, &lines, now)?;
    count(&shop.settings.0, &mut lines, snapshot, &fulfillment_orders, &ours);
    write_lines(tx, &known.lines, lines)?;
    let known = known.fulfillment_orders;
    store::fulfillment_orders::replace(tx, shop.id, order.id, &known, fulfillment_orders).await?;
    let is_otherwise = before.is_some_and(|before| is_otherwise(&before, &order));
    let state = OrderState::of(tx, shop.id, order.id).await?;
    Ok(state.map(|state| Upserted { state, is_otherwise }))
}

/// Whether rules, costs or the wish for a review may go by what changed.
fn is_otherwise(before: &orders::Model, after: &orders::Model) -> bool {
    before.facts != after.facts
        || before.ship_to != after.ship_to
        || before.total_minor != after.total_minor
        || before.financial_status != after.financial_status
}

fn write_header(
    tx: &Tx,
    shop: &shops::Model,
    snapshot: &OrderSnapshot,
    before: Option<&orders::Model>,
    now: DateTime<Utc>,
) -> Result<orders::Model, DbErr> {
    let redacted = before.is_some_and(|order| order.redacted_at.is_some());
    let ship_to = snapshot.ship_to.clone().filter(|_| !redacted).map(Json);
    let row = orders::Model {
        id: before.map_or_else(OrderId::generate, |order| order.id),
        shop_id: shop.id,
        shopify_id: snapshot.id,
        name: snapshot.name.clone(),
        status: before.map_or(OrderStatus::Waiting, |order| order.status),
        reason: before.and_then(|order| order.reason.clone()),
        financial_status: snapshot
            .financial_status
            .as_ref()
            .map_or(FinancialStatus::Unknown, FinancialStatus::from),
        currency: snapshot.currency,
        total_minor: snapshot.totals.total.amount_minor,
        cancelled_at: snapshot.cancelled_at,
        placed_at: snapshot.processed_at,
        shopify_updated_at: snapshot.updated_at,
        imported_at: now,
        needs_shipping: snapshot.requires_shipping,
        ship_to,
        facts: Json(traits(before, snapshot, redacted, now)),
        customer_id: snapshot.customer.filter(|_| !redacted).map(|customer| customer.0),
        po_counter: before.map_or(0, |order| order.po_counter),
        waits: before.map_or(0, |order| order.waits),
        redacted_at: before.and_then(|order| order.redacted_at),
    };
    let event =
        |kind, message: &str| store::events::add(tx, shop.id, row.id, now, &Actor::Shopify, kind, message.to_owned());
    match before {
        None => {
            store::insert(tx, row.clone())?;
            event(EventKind::Imported, "The order was read from Shopify");
        }
        Some(before) => {
            store::save(tx, row.clone())?;
            if before.cancelled_at.is_none() && row.cancelled_at.is_some() {
                event(EventKind::Cancelled, "The order was cancelled in Shopify");
            } else if before.financial_status != row.financial_status {
                let message = format!("The payment is now {}", row.financial_status);
                event(EventKind::Changed, &message);
            }
        }
    }
    Ok(row)
}

/// Tags are the shop's own words, and may be about the customer.
fn traits(before: Option<&orders::Model>, snapshot: &OrderSnapshot, redacted: bool, now: DateTime<Utc>) -> OrderTraits {
    let known_since = before.and_then(|order| order.facts.0.risk_pending_since);
    // Not later than now, by a clock that was ahead.
    let pending_since = snapshot
        .risk_is_pending
        .then(|| known_since.map_or(now, |since| since.min(now)));
    OrderTraits {
        tags: if redacted { Vec::new() } else { snapshot.tags.clone() },
        channel: snapshot.source_name.clone(),
        risk: serde_json::to_value(&snapshot.risk)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned)),
        risk_is_overdue: pending_since.is_some_and(|since| now - since >= PATIENCE_FOR_RISK),
        risk_pending_since: pending_since,
        customer_tags: snapshot.customer_tags.clone().filter(|_| !redacted),
        product_tags: (snapshot.lines.iter())
            .filter(|line| !line.product_tags.is_empty())
            .map(|line| (line.id, line.product_tags.clone()))
            .collect(),
        promised_at: snapshot.fulfillment_orders.iter().filter_map(|fo| fo.fulfill_by).min(),
    }
}

fn line_rows(order: &orders::Model, known: &[order_lines::Model], snapshot: &OrderSnapshot) -> Vec<order_lines::Model> {
    let row = |(position, line): (usize, &OrderLine)| {
        let known = known.iter().find(|row| row.shopify_id == line.id);
        line_row(order, position, line, known)
    };
    snapshot.lines.iter().enumerate().map(row).collect()
}

/// Writes the lines that are new or not as they stood.
fn write_lines(tx: &Tx, known: &[order_lines::Model], lines: Vec<order_lines::Model>) -> Result<(), DbErr> {
    let (before, fresh): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .partition(|line| known.iter().any(|row| row.id == line.id));
    store::insert_all(tx, fresh)?;
    for line in before.into_iter().filter(|line| !known.contains(line)) {
        store::save(tx, line)?;
    }
    Ok(())
}

fn line_row(
    order: &orders::Model,
    position: usize,
    line: &OrderLine,
    known: Option<&order_lines::Model>,
) -> order_lines::Model {
    order_lines::Model {
        id: known.map_or_else(OrderLineId::generate, |row| row.id),
        shop_id: order.shop_id,
        order_id: order.id,
        shopify_id: line.id,
        position: i32::try_from(position).unwrap_or(i32::MAX),
        variant_id: line.variant,
        sku: line.sku.clone(),
        title: line.title.clone(),
        variant_title: line.variant_title.clone(),
        requires_shipping: line.requires_shipping,
        quantity: store::column(line.quantity),
        current_quantity: store::column(line.current_quantity),
        ours: 0,
        held: 0,
        elsewhere: 0,
        fulfilled_by_us: 0,
        // As last read, until the quantities are written: what it grew by was handled.
        fulfilled_outside: known.map_or(0, |row| row.fulfilled_outside),
        handled: known.map_or(0, |row| {
            let removed = row.current_quantity - store::column(line.current_quantity);
            row.handled.saturating_sub(removed.max(0)).max(0)
        }),
    }
}

/// Ties Shopify's fulfillments to ours, and keeps the others as made by hand.
/// Gives back which of them are ours.
fn write_fulfillments(
    tx: &Tx,
    state: &OrderState,
    snapshot: &OrderSnapshot,
    lines: &[order_lines::Model],
    now: DateTime<Utc>,
) -> Result<BTreeSet<ShopifyFulfillmentId>, DbErr> {
    let (order, known) = (&state.order, &state.fulfillments);
    let mut ours: BTreeSet<ShopifyFulfillmentId> = known
        .iter()
        .filter(|row| !row.by_hand)
        .filter_map(|row| row.shopify_id)
        .collect();
    let mut pending: Vec<&fulfillments::Model> = known
        .iter()
        .filter(|row| row.status == FulfillmentStatus::Pending)
        .collect();
    for read in snapshot
        .fulfillments
        .iter()
        .filter(|read| read_back::stands(&read.status))
    {
        if known.iter().any(|row| row.shopify_id == Some(read.id)) {
            continue;
        }
        // Ours, whose answer was lost: `push_fulfillment` settles the Intent.
        if let Some(at) = pending.iter().position(|row| is_the_same(row, read, lines)) {
            pending.swap_remove(at);
            ours.insert(read.id);
            continue;
        }
        store::insert(tx, by_hand(order, read, lines))?;
        let message = "Something was fulfilled in Shopify by hand or by another app";
        let (shop, id) = (order.shop_id, order.id);
        store::events::add(tx, shop, id, now, &Actor::Shopify, EventKind::FulfilledByHand, message);
    }
    Ok(ours)
}

/// Whether a fulfillment that we do not know is one that we were about to make.
fn is_the_same(row: &fulfillments::Model, read: &FulfillmentSnapshot, lines: &[order_lines::Model]) -> bool {
    let numbers: BTreeSet<&str> = read.tracking.iter().filter_map(|info| info.number.as_deref()).collect();
    let wanted: BTreeSet<&str> = row.numbers.0.iter().map(String::as_str).collect();
    numbers == wanted && sum(fulfilled_lines(read, lines)) == sum(row.lines.0.clone())
}

fn sum(lines: Vec<FulfilledLine>) -> BTreeMap<OrderLineId, u32> {
    let mut units = BTreeMap::new();
    for line in lines {
        *units.entry(line.order_line_id).or_default() += line.units;
    }
    units
}

/// What a fulfillment holds of our lines.
pub(super) fn fulfilled_lines(read: &FulfillmentSnapshot, lines: &[order_lines::Model]) -> Vec<FulfilledLine> {
    let ours = |item: ShopifyLineItemId| lines.iter().find(|line| line.shopify_id == item).map(|line| line.id);
    let lines = read.lines.iter().filter_map(|line| {
        Some(FulfilledLine {
            order_line_id: ours(line.line_item)?,
            units: line.quantity,
        })
    });
    lines.collect()
}

fn by_hand(order: &orders::Model, read: &FulfillmentSnapshot, lines: &[order_lines::Model]) -> fulfillments::Model {
    let numbers = read.tracking.iter().filter_map(|info| info.number.clone()).collect();
    let urls = read.tracking.iter().filter_map(|info| info.url.clone()).collect();
    fulfillments::Model {
        id: FulfillmentId::generate(),
        shop_id: order.shop_id,
        order_id: order.id,
        shipment_id: None,
        location_id: read.location,
        delivery_method: None,
        shopify_id: Some(read.id),
        status: FulfillmentStatus::Done,
        by_hand: true,
        company: read.tracking.iter().find_map(|info| info.company.clone()),
        numbers: Json(numbers),
        urls: Json(urls),
        lines: Json(fulfilled_lines(read, lines)),
        shipments: Json(Vec::new()),
        created_at: read.created_at,
    }
}

/// Counts what remains and what is fulfilled of each line.
fn count(
    settings: &ShopSettings,
    lines: &mut [order_lines::Model],
    snapshot: &OrderSnapshot,
    fulfillment_orders: &[FulfillmentOrder],
    ours: &BTreeSet<ShopifyFulfillmentId>,
) {
    for line in lines {
        let remaining = remaining_of(line.shopify_id, fulfillment_orders, settings);
        line.ours = store::column(remaining.ours);
        line.held = store::column(remaining.held);
        line.elsewhere = store::column(remaining.elsewhere);
        let (mut by_us, mut outside) = (0, 0);
        for read in snapshot
            .fulfillments
            .iter()
            .filter(|read| read_back::stands(&read.status))
        {
            let units: u32 = read
                .lines
                .iter()
                .filter(|item| item.line_item == line.shopify_id)
                .map(|item| item.quantity)
                .sum();
            if ours.contains(&read.id) {
                by_us += units;
            } else {
                outside += units;
            }
        }
        line.fulfilled_by_us = store::column(by_us);
        let more_outside = store::column(outside) - line.fulfilled_outside;
        line.handled = (line.handled - more_outside.max(0)).max(0);
        line.fulfilled_outside = store::column(outside);
    }
}
