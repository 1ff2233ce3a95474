//! Takes back from suppliers what Shopify no longer wants shipped (invariant 5):
//! a cancelled order as a whole, an edit or refund by what it removed. What was
//! fulfilled by hand meanwhile is put before a person.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    ask_back,
    open_exception::{NewException, open_exception},
    place_purchase_order::PlacePurchaseOrder,
    price_guard::reprice,
    purchase_order_status::{follow_lines, move_to, release_allocations, release_cancelled},
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        order::Gate,
        purchase_order::PurchaseOrderStatus,
    },
    ids::{AllocationGroupId, OrderLineId},
    queue::{When, enqueue},
    store::{self, Tx, allocations, order_state::OrderState, po_lines, purchase_orders, shops},
};

/// Compares what is with suppliers with what is still wanted. False when that
/// is the same, and nothing was written.
pub async fn withdraw_units(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let mut changed = false;
    if state.gate(&shop.settings.0) == Gate::Cancelled {
        for po in state.purchase_orders.iter().filter(|po| po.status.is_live()) {
            withdraw_purchase_order(tx, state, po.clone(), Asks::Program, now).await?;
            changed = true;
        }
        return Ok(changed);
    }
    for (line, ledger) in state.ledgers(&shop.settings.0) {
        let groups = groups_of(state, line);
        let asked: u32 = groups.iter().map(|group| group.units() - group.standing(state)).sum();
        let mut excess = ledger.excess().saturating_sub(asked);
        if excess == 0 {
            continue;
        }
        changed = true;
        if ledger.fulfilled_outside > 0 {
            ask_about_fulfilled_by_hand(tx, state, line, excess, now).await?;
            continue;
        }
        // The newest first: what was ordered last is the likeliest not to be packed yet.
        for group in groups.iter().rev() {
            excess -= group.withdraw(tx, state, excess, now).await?;
        }
    }
    Ok(changed)
}

/// Ends a purchase order, or asks the supplier to.
pub async fn withdraw_purchase_order(
    tx: &Tx,
    state: &OrderState,
    mut po: purchase_orders::Model,
    asks: Asks,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if po.status == PurchaseOrderStatus::Draft {
        move_to(tx, &mut po, PurchaseOrderStatus::Cancelled, now).await?;
        release_allocations(tx, &po, now).await?;
        let message = format!("{} was cancelled before it was sent", po.number);
        let (shop, order) = (po.shop_id, po.order_id);
        store::events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message);
        return Ok(());
    }
    if matches!(
        po.status,
        PurchaseOrderStatus::Placing | PurchaseOrderStatus::OutcomeUnknown
    ) {
        // The call under way is followed by the cancellation once its outcome is known. Where there
        // is none, it may wait for a hold to end, and would wait for nothing.
        po.cancel_requested_at = Some(now);
        store::save(tx, po.clone())?;
        let place = PlacePurchaseOrder::of(&po, state.order.shopify_id);
        enqueue(tx, &place, When::now(now.timestamp_millis()))?;
    }
    let lines = ask_back::all_open(tx, &po).await?;
    if asks == Asks::Program && ask_back::was_asked(tx.conn(), &po, &lines).await? {
        return Ok(());
    }
    ask_back::ask(tx, &state.order, &po, lines, now)
}

/// Who wants a purchase order back. What a supplier refused once, only a person asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Person,
    Program,
}

fn po_of<'a>(state: &'a OrderState, allocation: &allocations::Model) -> Option<&'a purchase_orders::Model> {
    let line = state.po_lines.iter().find(|line| line.id == allocation.po_line_id)?;
    state.purchase_orders.iter().find(|po| po.id == line.purchase_order_id)
}

/// What together makes units of an order line: one allocation, or those of a kit's components.
struct Group<'a>(Vec<&'a allocations::Model>);

/// The oldest first.
fn groups_of(state: &OrderState, line: OrderLineId) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<AllocationGroupId, Group<'_>> = BTreeMap::new();
    for part in state.allocations.iter().filter(|one| one.order_line_id == line) {
        groups
            .entry(part.group_id)
            .or_insert_with(|| Group(Vec::new()))
            .0
            .push(part);
    }
    groups.into_values().collect()
}

impl Group<'_> {
    fn units(&self) -> u32 {
        self.0
            .iter()
            .map(|part| store::units(part.units))
            .max()
            .unwrap_or_default()
    }

    /// The units that are left once what was asked back is given back. What was asked back
    /// of one component may be free by another already, so the quantities do not add up.
    fn standing(&self, state: &OrderState) -> u32 {
        let row = |part: &&allocations::Model| state.po_lines.iter().find(|row| row.id == part.po_line_id);
        let of_parts = self.0.iter().filter_map(|part| Some(standing(row(part)?, part)));
        of_parts.fold(self.units(), u32::min)
    }

    /// Takes back up to `most` units, of a kit with all its components, as far as they have not
    /// left. Says how many.
    async fn withdraw(&self, tx: &Tx, state: &OrderState, most: u32, now: DateTime<Utc>) -> Result<u32, DbErr> {
        let before = self.standing(state);
        let most = most.min(before);
        let mut left = before;
        for part in &self.0 {
            left = left.min(withdraw_allocation(tx, state, part, before - most, most, now).await?);
        }
        Ok((before - left).min(most))
    }
}

/// Takes off a draft's lines what goes with units of a kit's part: its other parts, as far as they are there too.
fn take_off_with(state: &OrderState, part: &allocations::Model, lines: &mut [po_lines::Model], units: u32) {
    let is_other = |one: &&allocations::Model| one.group_id == part.group_id && one.id != part.id;
    for other in state.allocations.iter().filter(is_other) {
        if let Some(line) = lines.iter_mut().find(|line| line.id == other.po_line_id) {
            let pieces = units.saturating_mul(store::units(other.per_unit));
            line.take_off(store::column(pieces.min(line.progress().open())));
        }
    }
}

/// The order line's units that a purchase order's line still makes, without what is asked back.
fn standing(line: &po_lines::Model, part: &allocations::Model) -> u32 {
    let progress = line.progress();
    let pieces = progress.open().saturating_sub(store::units(line.cancel_requested)) + progress.shipped;
    pieces.div_ceil(store::units(part.per_unit).max(1))
}

async fn ask_about_fulfilled_by_hand(
    tx: &Tx,
    state: &OrderState,
    line: OrderLineId,
    excess: u32,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for allocation in state
        .allocations
        .iter()
        .filter(|allocation| allocation.order_line_id == line)
    {
        let Some(po) = po_of(state, allocation).filter(|po| po.status.is_live()) else {
            continue;
        };
        let title = state
            .lines
            .iter()
            .find(|row| row.id == line)
            .map_or("?", |row| row.title.as_str());
        let new = NewException {
            kind: ExceptionKind::FulfilledByHand,
            shop: po.shop_id,
            order: po.order_id,
            order_line: Some(line),
            purchase_order: Some(po.id),
            shipment: None,
            quantity: None,
            message: format!(
                "{excess} × {title} was fulfilled in Shopify by hand while {} is with the supplier: cancel it, or adopt its tracking",
                po.number
            ),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    Ok(())
}

/// Takes a line's units off purchase orders that were not sent.
pub(super) async fn take_back_unsent(
    tx: &Tx,
    state: &OrderState,
    line: OrderLineId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let of_line = state.allocations.iter().filter(|one| one.order_line_id == line);
    take_back(tx, state, of_line.collect(), now).await
}

/// Takes all units of some allocations off purchase orders that were not sent.
pub(super) async fn take_back(
    tx: &Tx,
    state: &OrderState,
    parts: Vec<&allocations::Model>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for allocation in parts {
        if po_of(state, allocation).is_some_and(|po| po.status == PurchaseOrderStatus::Draft) {
            withdraw_allocation(tx, state, allocation, 0, u32::MAX, now).await?;
        }
    }
    Ok(())
}

/// Takes back what an allocation holds above the units to keep, but no more than `most`, and
/// says how many it holds then.
async fn withdraw_allocation(
    tx: &Tx,
    state: &OrderState,
    allocation: &allocations::Model,
    keep: u32,
    most: u32,
    now: DateTime<Utc>,
) -> Result<u32, DbErr> {
    let all = store::units(allocation.units);
    let Some(po) = po_of(state, allocation).filter(|po| po.status.is_live()) else {
        return Ok(all);
    };
    // Read again: with another component or line of the order, units may have been taken off it just now.
    let mut lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    let Some(line) = lines.iter_mut().find(|line| line.id == allocation.po_line_id) else {
        return Ok(all);
    };
    let held = standing(line, allocation);
    let per_unit = store::units(allocation.per_unit).max(1);
    let free = line
        .progress()
        .open()
        .saturating_sub(store::units(line.cancel_requested));
    let units = held.saturating_sub(keep).min(most).min(free / per_unit);
    if units == 0 {
        return Ok(held);
    }
    if po.status == PurchaseOrderStatus::Draft {
        line.take_off(store::column(units * per_unit));
        take_off_with(state, allocation, &mut lines, units);
        // Fewer pieces may cost more each.
        let mut po = po.clone();
        reprice(tx, state, &mut po, &mut lines, now).await?;
        for line in &lines {
            store::save(tx, line.clone())?;
        }
        release_cancelled(tx, &po, &lines, now).await?;
        follow_lines(tx, &mut po, &lines, now).await?;
        return Ok(held - units);
    }
    line.cancel_requested += store::column(units * per_unit);
    if ask_back::was_asked(tx.conn(), po, &lines).await? {
        return Ok(held);
    }
    ask_back::ask(tx, &state.order, po, lines, now)?;
    Ok(held - units)
}
