//! A person does not want what was decided, and nobody was told of it yet.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::purchase_order_status::{move_to, release_allocations};
use crate::{
    domain::{
        event::{Actor, EventKind},
        purchase_order::PurchaseOrderStatus,
    },
    store::{self, Tx, orders, purchase_orders},
};

/// Ends a purchase order that was not sent: the supplier never hears of it. Its units are taken
/// care of, so that nothing buys them again until somebody asks for the order to be routed.
pub async fn undo_purchase_order(
    tx: &Tx,
    order: &orders::Model,
    mut po: purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    move_to(tx, &mut po, PurchaseOrderStatus::Cancelled, now).await?;
    let freed = release_allocations(tx, &po, now).await?;
    let ids: Vec<_> = freed.keys().copied().collect();
    for mut line in store::order_lines::by_ids(tx.conn(), order.shop_id, &ids).await? {
        let units = freed.get(&line.id).copied().map_or(0, store::column);
        line.handled = line.handled.saturating_add(units);
        store::save(tx, line)?;
    }
    let message = format!("{} was cancelled before it was sent", po.number);
    let kind = EventKind::Cancelled;
    store::events::add(tx, order.shop_id, order.id, now, &Actor::Orderyard, kind, message);
    Ok(())
}
