//! Shopify's fulfillments: ours by shipment, and those made by hand.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::{Tx, columns::Json, narrow, paging};
use crate::{
    domain::{fulfilment::FulfillmentStatus, order::DeliveryMethod},
    ids::{FulfillmentId, OrderId, OrderLineId, ShipmentId, ShopId, ShopifyFulfillmentId, ShopifyLocationId},
};

/// Units of one order line in a fulfillment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FulfilledLine {
    pub order_line_id: OrderLineId,
    pub units: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fulfillments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FulfillmentId,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub shipment_id: Option<ShipmentId>,
    pub location_id: Option<ShopifyLocationId>,
    pub delivery_method: Option<DeliveryMethod>,
    pub shopify_id: Option<ShopifyFulfillmentId>,
    pub status: FulfillmentStatus,
    pub by_hand: bool,
    pub company: Option<String>,
    pub numbers: Json<Vec<String>>,
    pub urls: Json<Vec<String>>,
    pub lines: Json<Vec<FulfilledLine>>,
    pub shipments: Json<Vec<ShipmentId>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The fulfillments of one order, the oldest first.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

pub async fn by_id(db: &impl ConnectionTrait, shop: ShopId, id: FulfillmentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::ShopId.eq(shop)).one(db).await
}

/// Removes one at once, so that its place is free for the next row that is written.
pub async fn remove(tx: &Tx, shop: ShopId, id: FulfillmentId) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// The fulfillments of many orders, the oldest first.
pub async fn of_orders(db: &impl ConnectionTrait, shop: ShopId, orders: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(narrow::also_of(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}
