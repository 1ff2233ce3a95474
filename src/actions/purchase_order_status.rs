//! The one way a purchase order moves, and what its end frees.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::{
    domain::purchase_order::{PurchaseOrderStatus, status_from_lines},
    ids::{AllocationGroupId, OrderLineId, PoLineId},
    store::{
        self, Tx,
        allocations::{self, AllocationStatus},
        po_lines, purchase_orders,
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
        po.status = next;
    }
    po.updated_at = now;
    store::save(tx, po.clone()).await
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

/// Frees the units that rest on a purchase order and were not shipped, for all
/// its lines or for one, and says how many of which order line.
///
/// The units of a kit are freed as a whole only where every component of the
/// group rests on this purchase order; otherwise they stay with the others.
pub async fn release_allocations(
    tx: &Tx,
    po: &purchase_orders::Model,
    only: Option<PoLineId>,
) -> Result<BTreeMap<OrderLineId, u32>, DbErr> {
    let lines = store::po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    let live = allocations::live_of_order(tx.conn(), po.shop_id, po.order_id).await?;
    let mut freed: BTreeMap<AllocationGroupId, (OrderLineId, u32)> = BTreeMap::new();
    for allocation in live {
        let Some(po_line) = lines.iter().find(|row| row.id == allocation.po_line_id) else {
            continue;
        };
        if only.is_some_and(|only| only != po_line.id) {
            continue;
        }
        let shipped_units = store::units(po_line.shipped).div_ceil(store::units(allocation.per_unit).max(1));
        let units = store::units(allocation.units).saturating_sub(shipped_units);
        if units > 0 {
            let entry = freed
                .entry(allocation.group_id)
                .or_insert((allocation.order_line_id, units));
            entry.1 = entry.1.min(units);
            shrink(tx, allocation, shipped_units).await?;
        }
    }
    let mut by_line = BTreeMap::new();
    for (line, units) in freed.into_values() {
        *by_line.entry(line).or_default() += units;
    }
    Ok(by_line)
}

/// Frees that many units of one allocation.
pub async fn release_units(tx: &Tx, allocation: allocations::Model, units: u32) -> Result<(), DbErr> {
    let kept = store::units(allocation.units).saturating_sub(units);
    shrink(tx, allocation, kept).await
}

/// Leaves only the shipped units of an allocation alive.
async fn shrink(tx: &Tx, mut allocation: allocations::Model, shipped_units: u32) -> Result<(), DbErr> {
    if shipped_units == 0 {
        allocation.status = AllocationStatus::Released;
        return store::save(tx, allocation).await;
    }
    let mut released = allocation.clone();
    released.id = crate::ids::AllocationId::generate();
    released.status = AllocationStatus::Released;
    released.units = allocation.units - store::column(shipped_units);
    allocation.units = store::column(shipped_units);
    store::save(tx, allocation).await?;
    store::insert(tx, released).await
}

/// Frees the units that a supplier will not ship because they were cancelled.
pub async fn release_cancelled(tx: &Tx, po: &purchase_orders::Model, lines: &[po_lines::Model]) -> Result<(), DbErr> {
    for allocation in allocations::live_of_order(tx.conn(), po.shop_id, po.order_id).await? {
        let Some(line) = lines.iter().find(|line| line.id == allocation.po_line_id) else {
            continue;
        };
        let progress = line.progress();
        let standing = progress.quantity.saturating_sub(progress.rejected + progress.cancelled);
        let units = standing.div_ceil(store::units(allocation.per_unit).max(1));
        if units < store::units(allocation.units) {
            shrink(tx, allocation, units).await?;
        }
    }
    Ok(())
}
