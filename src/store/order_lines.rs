//! The lines of orders with what Shopify says remains of them.

use sea_orm::{
    QueryOrder as _, QuerySelect,
    entity::prelude::*,
    sea_query::{ExprTrait as _, SelectStatement},
};

use super::{
    exceptions,
    mappings::{self, Counting},
    paging,
};
use crate::ids::{OrderId, OrderLineId, ShopId, ShopifyLineItemId, ShopifyVariantId, SupplierId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderLineId,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub shopify_id: ShopifyLineItemId,
    pub position: i32,
    pub variant_id: Option<ShopifyVariantId>,
    pub sku: Option<String>,
    pub title: String,
    pub variant_title: Option<String>,
    pub requires_shipping: bool,
    pub quantity: i32,
    pub current_quantity: i32,
    pub ours: i32,
    pub held: i32,
    pub elsewhere: i32,
    pub fulfilled_by_us: i32,
    pub fulfilled_outside: i32,
    /// Units that a person took care of: not ours to route until somebody asks for it.
    pub handled: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The lines of one order, as Shopify lists them.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Position)
        .all(db)
        .await
}

/// The lines of many orders, each order's in its own order.
pub async fn of_orders(db: &impl ConnectionTrait, shop: ShopId, orders: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(Column::OrderId)
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}

pub async fn by_ids(db: &impl ConnectionTrait, shop: ShopId, ids: &[OrderLineId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

/// The line of the exception that the outer query is about, if it is one of a variant.
pub(super) fn of_variant_and_exception_row(variant: ShopifyVariantId) -> SelectStatement {
    let mut line = Entity::find()
        .filter(Expr::col((Entity, Column::Id)).equals((exceptions::Entity, exceptions::Column::OrderLineId)))
        .filter(Column::VariantId.eq(variant))
        .select_only()
        .column(Column::Id);
    QuerySelect::query(&mut line).to_owned()
}

/// The line of the exception that the outer query is about, if its variant was mapped of late.
pub(super) fn mapped_and_of_exception_row(mapped: Counting) -> SelectStatement {
    let mut line = Entity::find()
        .filter(Expr::col((Entity, Column::Id)).equals((exceptions::Entity, exceptions::Column::OrderLineId)))
        .filter(Expr::exists(mappings::counting_of_line_row(mapped)))
        .select_only()
        .column(Column::Id);
    QuerySelect::query(&mut line).to_owned()
}

/// The line of the exception that the outer query is about, if a supplier has pieces of an offer that its
/// variant is mapped to.
pub(super) fn offered_and_of_exception_row(supplier: SupplierId) -> SelectStatement {
    let mut line = Entity::find()
        .filter(Expr::col((Entity, Column::Id)).equals((exceptions::Entity, exceptions::Column::OrderLineId)))
        .filter(Expr::exists(mappings::offered_to_line_row(supplier)))
        .select_only()
        .column(Column::Id);
    QuerySelect::query(&mut line).to_owned()
}
