//! Which order-line units rest on which purchase order line.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::paging;
use crate::{
    domain::text_enum::text_enum,
    ids::{
        AllocationGroupId, AllocationId, OfferId, OrderId, OrderLineId, PoLineId, RoutingPlanId, ShopId, SupplierId,
    },
};

text_enum! {
    pub enum AllocationStatus {
        Live = "live",
        /// Rejected, cancelled or taken back: the units are free again.
        Released = "released",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AllocationId,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub plan_id: RoutingPlanId,
    pub order_line_id: OrderLineId,
    pub group_id: AllocationGroupId,
    pub units: i32,
    pub per_unit: i32,
    pub offer_id: OfferId,
    pub supplier_id: SupplierId,
    pub po_line_id: PoLineId,
    pub status: AllocationStatus,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What of an order rests on suppliers now.
pub async fn live_of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .filter(Column::Status.eq(AllocationStatus::Live))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// What of many orders rests on suppliers now.
pub async fn live_of_orders(db: &impl ConnectionTrait, shop: ShopId, orders: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .filter(Column::Status.eq(AllocationStatus::Live))
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}

/// Every allocation an order ever had.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}
