//! The one way a purchase order moves, and what its end frees.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    open_exception::{NewException, open_exception},
    price_guard::reprice,
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        fulfilment::FulfillmentStatus,
        purchase_order::{PurchaseOrderStatus, status_from_lines},
    },
    ids::{AllocationGroupId, OrderLineId, PoLineId, ShipmentId},
    store::{
        self, Tx,
        allocations::{self, AllocationStatus},
        order_lines,
        order_state::OrderState,
        po_lines, purchase_orders, shipments, shops,
    },
};

/// Moves a purchase order along a transition that the domain lists, and saves
/// it; any other move changes nothing but what the row holds besides.
pub async fn move_to(
    tx: &Tx,
    po: &mut purchase_orders::Model,
    next: PurchaseOrderStatus,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if po.status.may_become(next) {
        if po.status == PurchaseOrderStatus::Draft && next == PurchaseOrderStatus::Cancelled {
            let (kind, how) = (ExceptionKind::Review, "the purchase order was cancelled");
            store::exceptions::settle_of_purchase_order(tx, po.shop_id, po.id, kind, how, now).await?;
        }
        po.status = next;
    }
    po.updated_at = now;
    store::save(tx, po.clone())
}

/// Moves a purchase order to where its lines' quantities say it is.
pub async fn follow_lines(
    tx: &Tx,
    po: &mut purchase_orders::Model,
    lines: &[po_lines::Model],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let progress: Vec<_> = lines.iter().map(po_lines::Model::progress).collect();
    match status_from_lines(&progress) {
        Some(status) => move_to(tx, po, status, now).await,
        None => move_to(tx, po, po.status, now).await,
    }
}

/// Frees the units that rest on a purchase order and were not shipped, and says
/// how many of which order line are free.
///
/// Units of a kit leave the other purchase orders with it: from those that were
/// not sent they are taken off, and where another part is ordered or has left,
/// they are put before a person instead.
pub async fn release_allocations(
    tx: &Tx,
    po: &purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<BTreeMap<OrderLineId, u32>, DbErr> {
    let lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    let comes = lines.iter().map(|line| (line.id, store::units(line.shipped))).collect();
    leave_kits(tx, po, &comes, now).await
}

/// Frees that many units of one allocation.
pub async fn release_units(tx: &Tx, allocation: allocations::Model, units: u32) -> Result<(), DbErr> {
    let kept = store::units(allocation.units).saturating_sub(units);
    shrink(tx, allocation, kept)
}

/// Leaves only the shipped units of an allocation alive.
fn shrink(tx: &Tx, mut allocation: allocations::Model, shipped_units: u32) -> Result<(), DbErr> {
    if shipped_units == 0 {
        allocation.status = AllocationStatus::Released;
        return store::save(tx, allocation);
    }
    let mut released = allocation.clone();
    released.id = crate::ids::AllocationId::generate();
    released.status = AllocationStatus::Released;
    released.units = allocation.units - store::column(shipped_units);
    allocation.units = store::column(shipped_units);
    store::save(tx, allocation)?;
    store::insert(tx, released)
}

/// Frees the units that a supplier will not ship because they were cancelled, those of kits as
/// [`release_allocations`] does, and says how many of which order line are free.
pub async fn release_cancelled(
    tx: &Tx,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
    now: DateTime<Utc>,
) -> Result<BTreeMap<OrderLineId, u32>, DbErr> {
    let comes = |line: &po_lines::Model| {
        let progress = line.progress();
        let standing = progress.quantity.saturating_sub(progress.rejected + progress.cancelled);
        (line.id, standing)
    };
    let comes = lines.iter().map(comes).collect();
    leave_kits(tx, po, &comes, now).await
}

/// Leaves alive what of each allocation comes by the purchase order's lines,
/// whose offer units are given, and of a kit what all its parts still make.
async fn leave_kits(
    tx: &Tx,
    po: &purchase_orders::Model,
    comes: &BTreeMap<PoLineId, u32>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<OrderLineId, u32>, DbErr> {
    let mut groups: BTreeMap<AllocationGroupId, Vec<allocations::Model>> = BTreeMap::new();
    for allocation in allocations::live_of_order(tx.conn(), po.shop_id, po.order_id).await? {
        groups.entry(allocation.group_id).or_default().push(allocation);
    }
    let mut free = BTreeMap::new();
    let mut broken: BTreeMap<OrderLineId, Broken> = BTreeMap::new();
    for members in groups.into_values() {
        let left = |member: &allocations::Model| {
            let offer_units = comes.get(&member.po_line_id)?;
            Some(offer_units.div_ceil(store::units(member.per_unit).max(1)))
        };
        let Some(kept) = members.iter().filter_map(left).min() else {
            continue;
        };
        let (Some(line), Some(whole)) = (
            members.first().map(|member| member.order_line_id),
            members.iter().map(|member| store::units(member.units)).max(),
        ) else {
            continue;
        };
        if kept >= whole {
            continue;
        }
        let mut is_broken = false;
        let parts: Vec<PoLineId> = members.iter().map(|member| member.po_line_id).collect();
        for member in members {
            is_broken |= match left(&member) {
                Some(comes) => comes > kept,
                None => !take_off(tx, po, &member, whole - kept, now).await?,
            };
            if kept < store::units(member.units) {
                shrink(tx, member, kept)?;
            }
        }
        if is_broken {
            let broken = broken.entry(line).or_default();
            broken.units += whole - kept;
            broken.parts.extend(parts);
        } else {
            *free.entry(line).or_default() += whole - kept;
        }
    }
    if !broken.is_empty() {
        ask_about_broken_kits(tx, po, &broken, now).await?;
    }
    Ok(free)
}

/// Takes units off another purchase order that was not sent; false when the
/// supplier may ship them all the same.
async fn take_off(
    tx: &Tx,
    from: &purchase_orders::Model,
    member: &allocations::Model,
    units: u32,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let all = purchase_orders::of_order(tx.conn(), from.shop_id, from.order_id).await?;
    let ids = all.iter().map(|po| po.id).collect();
    let mut lines = po_lines::of_purchase_orders(tx.conn(), from.shop_id, ids).await?;
    let Some(at) = lines.iter().position(|line| line.id == member.po_line_id) else {
        return Ok(true);
    };
    let Some(mut po) = all.into_iter().find(|po| po.id == lines[at].purchase_order_id) else {
        return Ok(true);
    };
    if po.status != PurchaseOrderStatus::Draft {
        return Ok(lines[at].progress().open() + store::units(lines[at].shipped) == 0);
    }
    let pieces = units.saturating_mul(store::units(member.per_unit));
    let off = store::column(pieces.min(lines[at].progress().open()));
    lines[at].take_off(off);
    lines.retain(|line| line.purchase_order_id == po.id);
    if let Some(state) = OrderState::of(tx, po.shop_id, po.order_id).await? {
        reprice(tx, &state, &mut po, &mut lines, now).await?;
    }
    for line in &lines {
        store::save(tx, line.clone())?;
    }
    follow_lines(tx, &mut po, &lines, now).await?;
    let message = format!(
        "{pieces} × {} of {} was cancelled before it was sent: it belongs with what {} does not bring",
        lines
            .iter()
            .find(|line| line.id == member.po_line_id)
            .map_or("?", |line| line.sku.as_str()),
        po.number,
        from.number
    );
    let (shop, order) = (po.shop_id, po.order_id);
    store::events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message);
    Ok(true)
}

/// Kits of one line that are not completed, though a part of them comes.
#[derive(Debug, Default)]
struct Broken {
    units: u32,
    /// What all their parts were ordered with.
    parts: Vec<PoLineId>,
}

/// Puts kits of which only a part is on its way before a person, as far as Shopify still wants them; of the
/// others, what has left already.
async fn ask_about_broken_kits(
    tx: &Tx,
    po: &purchase_orders::Model,
    broken: &BTreeMap<OrderLineId, Broken>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let state = OrderState::of(tx, po.shop_id, po.order_id).await?;
    let shop = shops::known(tx, po.shop_id).await?;
    let Some((state, shop)) = state.zip(shop).filter(|(state, _)| state.order.cancelled_at.is_none()) else {
        return Ok(());
    };
    let ledgers = state.ledgers(&shop.settings.0);
    for row in &state.lines {
        let (Some(lost), Some(ledger)) = (broken.get(&row.id), ledgers.get(&row.id)) else {
            continue;
        };
        let units = lost.units.min(ledger.without_place());
        if units < lost.units {
            tell_of_parts_that_left(tx, &state, row, &lost.parts, now).await?;
        }
        if units == 0 {
            continue;
        }
        let before = state.open_exceptions.iter().filter(|open| {
            open.kind == ExceptionKind::SupplierRejected
                && open.order_line_id == Some(row.id)
                && open.purchase_order_id == Some(po.id)
        });
        let units = units + before.map(|open| open.quantity.map_or(0, store::units)).sum::<u32>();
        let new = NewException {
            kind: ExceptionKind::SupplierRejected,
            shop: po.shop_id,
            order: po.order_id,
            order_line: Some(row.id),
            purchase_order: Some(po.id),
            shipment: None,
            quantity: Some(units),
            message: format!(
                "{units} × {} cannot be completed: a part of it does not come with {}, and the other parts are ordered",
                row.title, po.number
            ),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    Ok(())
}

/// Of parcels with parts of a kit that nobody wants any more Shopify will never hear.
async fn tell_of_parts_that_left(
    tx: &Tx,
    state: &OrderState,
    kit: &order_lines::Model,
    parts: &[PoLineId],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let is_told = |parcel: ShipmentId| {
        let mut standing = (state.fulfillments.iter()).filter(|row| row.status != FulfillmentStatus::Refused);
        standing.any(|row| {
            let has_kit = row.lines.0.iter().any(|line| line.order_line_id == kit.id);
            has_kit && row.shipments.0.contains(&parcel)
        })
    };
    let has_part = |parcel: &&shipments::Model| {
        let mut lines = state.shipment_lines.iter().filter(|line| line.shipment_id == parcel.id);
        lines.any(|line| parts.contains(&line.po_line_id)) && !is_told(parcel.id)
    };
    for parcel in state.shipments.iter().filter(has_part) {
        let new = NewException {
            kind: ExceptionKind::FulfillmentRefused,
            shop: parcel.shop_id,
            order: parcel.order_id,
            order_line: Some(kit.id),
            purchase_order: Some(parcel.purchase_order_id),
            shipment: Some(parcel.id),
            quantity: None,
            message: format!(
                "a part of {} left with {}, and the rest is not wanted any more: Shopify takes no tracking for it",
                kit.title,
                parcel.tracking_number.as_deref().unwrap_or(&parcel.reference)
            ),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    Ok(())
}
