//! Shopify's fulfillment orders as last read.

use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::{Tx, columns::Json, paging};
use crate::{
    domain::order::{DeliveryMethod, FulfillmentOrder, FulfillmentOrderLine, FulfillmentOrderStatus},
    ids::{OrderId, ShopId, ShopifyFulfillmentOrderId, ShopifyLocationId, ShopifyOrderId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fulfillment_orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: ShopId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShopifyFulfillmentOrderId,
    pub order_id: OrderId,
    pub status: FulfillmentOrderStatus,
    pub location_id: Option<ShopifyLocationId>,
    pub location_name: String,
    pub delivery_method: DeliveryMethod,
    pub lines: Json<Vec<FulfillmentOrderLine>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The fulfillment orders of one order, as the domain sees them.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<FulfillmentOrder>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The fulfillment orders of many orders, each with the order that it belongs to.
pub async fn of_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, FulfillmentOrder)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(Column::Id);
    let rows = paging::all(rows, db).await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row.into())).collect())
}

/// Puts what was read in the place of what stood.
pub async fn replace(tx: &Tx, shop: ShopId, order: OrderId, mut read: Vec<FulfillmentOrder>) -> Result<(), DbErr> {
    read.sort_by_key(|order| order.id);
    let known = of_order(tx.conn(), shop, order).await?;
    if known == read {
        return Ok(());
    }
    if !known.is_empty() {
        Entity::delete_many()
            .filter(Column::ShopId.eq(shop))
            .filter(Column::OrderId.eq(order))
            .exec(tx.conn())
            .await?;
    }
    let rows = read.into_iter().map(|read| Model {
        shop_id: shop,
        id: read.id,
        order_id: order,
        status: read.status,
        location_id: read.location,
        location_name: read.location_name,
        delivery_method: read.delivery_method,
        lines: Json(read.lines),
    });
    super::insert_all(tx, rows.collect())
}

impl From<Model> for FulfillmentOrder {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            status: row.status,
            location: row.location_id,
            location_name: row.location_name,
            delivery_method: row.delivery_method,
            lines: row.lines.0,
        }
    }
}

/// Those of Shopify's fulfillment orders that are known.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    shop: ShopId,
    ids: &[ShopifyFulfillmentOrderId],
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

/// Which order a fulfillment order was last seen to belong to.
pub async fn owner(
    db: &impl ConnectionTrait,
    shop: ShopId,
    id: ShopifyFulfillmentOrderId,
) -> Result<Option<ShopifyOrderId>, DbErr> {
    let Some(row) = Entity::find_by_id((shop, id)).one(db).await? else {
        return Ok(None);
    };
    Ok(super::orders::by_id(db, shop, row.order_id)
        .await?
        .map(|order| order.shopify_id))
}
