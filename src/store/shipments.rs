//! Parcels that suppliers reported.

use chrono::{DateTime, Utc};
use sea_orm::{
    QueryOrder as _, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, SelectStatement},
};

use super::{Party, paging};
use crate::{
    domain::fulfilment::ShipmentState,
    ids::{OrderId, PurchaseOrderId, ShipmentId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShipmentId,
    pub shop_id: ShopId,
    pub supplier_id: SupplierId,
    pub order_id: OrderId,
    pub purchase_order_id: PurchaseOrderId,
    pub reference: String,
    pub fingerprint: Vec<u8>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub shipped_at: DateTime<Utc>,
    pub state: ShipmentState,
    pub tracking_version: i32,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_id(db: &impl ConnectionTrait, shop: ShopId, id: ShipmentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::ShopId.eq(shop)).one(db).await
}

/// The parcel that a supplier calls so, of one purchase order.
pub async fn by_reference(
    db: &impl ConnectionTrait,
    shop: ShopId,
    purchase_order: PurchaseOrderId,
    reference: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::PurchaseOrderId.eq(purchase_order))
        .filter(Column::Reference.eq(reference))
        .one(db)
        .await
}

/// The parcels of one order, the oldest first.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// The parcels of many orders, the oldest first.
pub async fn of_orders(db: &impl ConnectionTrait, shop: ShopId, orders: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}

/// The parcels of many purchase orders, the oldest first.
pub async fn seen_of_purchase_orders(
    db: &impl ConnectionTrait,
    party: Party,
    ids: &[PurchaseOrderId],
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(party.also_owns(Column::SupplierId))
        .filter(Column::PurchaseOrderId.is_in(ids.iter().copied()))
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}

/// Some parcels of a shop that complete no unit yet, by id, after the one that was seen last.
pub async fn waiting_for_kit(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<ShipmentId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        // In these words, because they are the index's.
        .filter(Expr::cust("state = 'waiting_for_kit'"));
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id).limit(paging::capped(limit)).all(db).await
}

/// Some parcels of a shop that are not in Shopify, by id, after the one that was seen last.
pub async fn unfinished(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<ShipmentId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        // In these words, because they are the index's.
        .filter(Expr::cust("state in ('recorded','pushing')"));
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id).limit(paging::capped(limit)).all(db).await
}

/// How many parcels were reported since a time, counted up to a limit.
pub async fn count_since(
    db: &impl ConnectionTrait,
    shop: ShopId,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<u64, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::CreatedAt.gte(since));
    paging::count(rows, limit, db).await
}

pub async fn seen_by_id(db: &impl ConnectionTrait, party: Party, id: ShipmentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .one(db)
        .await
}

/// The ids of a party's parcels, for rows that name only their parcel.
pub(super) fn ids_of(party: Party) -> SelectStatement {
    let mut ids = Entity::find()
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .select_only()
        .column(Column::Id);
    QuerySelect::query(&mut ids).to_owned()
}
