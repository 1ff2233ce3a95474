//! Shopify's fulfillment orders as last read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{Condition, ExprTrait as _, JoinType, QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::{Tx, columns::Json, orders, paging};
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

/// The fulfillment orders of many orders, each with the order that it belongs to.
pub async fn of_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, FulfillmentOrder)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        // By the id alone, SQLite would go through the shop's in the order of the primary key.
        .order_by_asc(Column::OrderId)
        .order_by_asc(Column::Id);
    let rows = paging::all(rows, db).await?;
    Ok(rows.into_iter().map(|row| (row.order_id, row.into())).collect())
}

/// Puts what was read in the place of what is known to stand.
pub async fn replace(
    tx: &Tx,
    shop: ShopId,
    order: OrderId,
    known: &[FulfillmentOrder],
    read: Vec<FulfillmentOrder>,
) -> Result<(), DbErr> {
    let gone: Vec<ShopifyFulfillmentOrderId> = known
        .iter()
        .filter(|known| !read.iter().any(|read| read.id == known.id))
        .map(|known| known.id)
        .collect();
    if !gone.is_empty() {
        Entity::delete_many()
            .filter(Column::ShopId.eq(shop))
            .filter(Column::Id.is_in(gone))
            .exec(tx.conn())
            .await?;
    }
    let mut fresh = Vec::new();
    for read in read {
        let before = known.iter().find(|known| known.id == read.id);
        if before == Some(&read) {
            continue;
        }
        let row = Model {
            shop_id: shop,
            id: read.id,
            order_id: order,
            status: read.status,
            location_id: read.location,
            location_name: read.location_name,
            delivery_method: read.delivery_method,
            lines: Json(read.lines),
        };
        match before {
            Some(_) => super::save(tx, row)?,
            None => fresh.push(row),
        }
    }
    super::insert_all(tx, fresh)
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

/// A fulfillment order of one of many shops.
pub type OfShop = (ShopId, ShopifyFulfillmentOrderId);

/// The order that a fulfillment order was last seen to belong to.
#[derive(Clone, Copy, Debug)]
pub struct SeenOrder {
    pub order: ShopifyOrderId,
    /// When what was last read of the order was written.
    pub read_at: DateTime<Utc>,
}

/// Which orders some fulfillment orders were last seen to belong to.
pub async fn owners(db: &impl ConnectionTrait, asked: BTreeSet<OfShop>) -> Result<BTreeMap<OfShop, SeenOrder>, DbErr> {
    let one = |(shop, id)| Column::ShopId.eq(shop).and(Column::Id.eq(id));
    let any = asked.into_iter().map(one).fold(Condition::any(), Condition::add);
    if any.is_empty() {
        return Ok(BTreeMap::new());
    }
    let order: RelationDef = Entity::belongs_to(orders::Entity)
        .from(Column::OrderId)
        .to(orders::Column::Id)
        .into();
    let rows: Vec<(ShopId, ShopifyFulfillmentOrderId, ShopifyOrderId, DateTime<Utc>)> = Entity::find()
        .join(JoinType::InnerJoin, order)
        .filter(any)
        .select_only()
        .columns([Column::ShopId, Column::Id])
        .columns([orders::Column::ShopifyId, orders::Column::ImportedAt])
        .into_tuple()
        .all(db)
        .await?;
    let seen = |(shop, id, order, read_at)| ((shop, id), SeenOrder { order, read_at });
    Ok(rows.into_iter().map(seen).collect())
}
