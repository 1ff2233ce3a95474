//! Takes back what was decided and not sent.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    purchase_order_status::{move_to, release_allocations},
    take_care::take_care,
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        purchase_order::PurchaseOrderStatus,
    },
    store::{self, Tx, purchase_orders},
};

/// Ends a purchase order that was not sent: the supplier never hears of it.
pub async fn undo_purchase_order(tx: &Tx, mut po: purchase_orders::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    po.asked_back_by_hand = true;
    move_to(tx, &mut po, PurchaseOrderStatus::Cancelled, now).await?;
    let freed = release_allocations(tx, &po, now).await?;
    take_care(tx, &po, &freed).await?;
    let message = format!("{} was cancelled before it was sent", po.number);
    let (shop, order) = (po.shop_id, po.order_id);
    store::events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message);
    Ok(())
}
