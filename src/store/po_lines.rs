//! Lines of purchase orders and how far each is.

use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::{Party, paging};
use crate::{
    domain::{purchase_order::LineProgress, supplier::RejectReason},
    ids::{OfferId, PoLineId, PurchaseOrderId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "po_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PoLineId,
    pub shop_id: ShopId,
    pub supplier_id: SupplierId,
    pub purchase_order_id: PurchaseOrderId,
    pub position: i32,
    pub offer_id: OfferId,
    pub sku: String,
    pub title: String,
    pub quantity: i32,
    pub unit_cost_minor: i64,
    pub accepted: i32,
    pub rejected: i32,
    pub shipped: i32,
    pub cancelled: i32,
    pub cancel_requested: i32,
    /// Of what is cancelled: taken off before the supplier was told of it.
    pub never_sent: i32,
    pub reject_reason: Option<RejectReason>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The lines of some purchase orders of a shop, in their order.
pub async fn of_purchase_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    purchase_orders: Vec<PurchaseOrderId>,
) -> Result<Vec<Model>, DbErr> {
    if purchase_orders.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::PurchaseOrderId.is_in(purchase_orders))
        .order_by_asc(Column::PurchaseOrderId)
        .order_by_asc(Column::Position)
        .all(db)
        .await
}

/// The lines of many purchase orders, each one's in its own order.
pub async fn seen_of_purchase_orders(
    db: &impl ConnectionTrait,
    party: Party,
    ids: &[PurchaseOrderId],
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .filter(Column::PurchaseOrderId.is_in(ids.iter().copied()))
        .order_by_asc(Column::PurchaseOrderId)
        .order_by_asc(Column::Position);
    paging::all(rows, db).await
}

pub async fn by_ids(db: &impl ConnectionTrait, party: Party, ids: &[PoLineId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .filter(Column::Id.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

impl Model {
    /// Its quantities, for decisions.
    #[must_use]
    pub fn progress(&self) -> LineProgress {
        LineProgress {
            quantity: super::units(self.quantity),
            accepted: super::units(self.accepted),
            rejected: super::units(self.rejected),
            shipped: super::units(self.shipped),
            cancelled: super::units(self.cancelled),
        }
    }

    /// Its quantities as the supplier knows them: without what it was never told of.
    #[must_use]
    pub fn told(&self) -> LineProgress {
        let (progress, never_sent) = (self.progress(), super::units(self.never_sent));
        LineProgress {
            quantity: progress.quantity.saturating_sub(never_sent),
            cancelled: progress.cancelled.saturating_sub(never_sent),
            ..progress
        }
    }

    /// Cancels offer units of which the supplier was not told.
    pub fn take_off(&mut self, units: i32) {
        self.cancelled += units;
        self.never_sent += units;
    }

    /// Takes over decided quantities.
    pub fn set_progress(&mut self, progress: LineProgress) {
        self.accepted = super::column(progress.accepted);
        self.rejected = super::column(progress.rejected);
        self.shipped = super::column(progress.shipped);
        self.cancelled = super::column(progress.cancelled);
    }
}
