//! Routing decisions with their reasons.

use chrono::{DateTime, Utc};
use sea_orm::{
    QueryOrder as _, QuerySelect,
    entity::prelude::*,
    sea_query::{ExprTrait as _, Query},
};

use super::{
    allocations::{self, AllocationStatus},
    columns::Json,
    paging,
};
use crate::{
    domain::money::Currency,
    ids::{OrderId, RoutingPlanId, ShopId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_plans")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoutingPlanId,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub decided_at: DateTime<Utc>,
    pub cost_minor: Option<i64>,
    pub currency: Option<Currency>,
    pub explanation: Json<serde_json::Value>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Some of a shop's decisions.
pub async fn by_ids(db: &impl ConnectionTrait, shop: ShopId, ids: Vec<RoutingPlanId>) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids));
    paging::all(rows, db).await
}

/// The latest decision on an order.
pub async fn latest(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_desc(Column::Id)
        .one(db)
        .await
}

/// The plans of many orders by which units are with suppliers still; the newest first.
pub async fn standing_of_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[OrderId],
) -> Result<Vec<Model>, DbErr> {
    let mut standing = allocations::Entity::find()
        .filter(allocations::Column::ShopId.eq(shop))
        .filter(allocations::Column::OrderId.is_in(orders.iter().copied()))
        .filter(allocations::Column::Status.eq(AllocationStatus::Live))
        .select_only()
        .column(allocations::Column::PlanId);
    let plans = Entity::find()
        .filter(Column::Id.in_subquery(QuerySelect::query(&mut standing).to_owned()))
        .order_by_desc(Column::Id);
    paging::all(plans, db).await
}

/// The newest plan of each of many orders.
pub async fn latest_of_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[OrderId],
) -> Result<Vec<Model>, DbErr> {
    let place = "row_number() over (partition by order_id order by id desc)";
    let mut ranked = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .select_only()
        .column(Column::Id)
        .expr_as(Expr::cust(place), "place");
    let newest = Query::select()
        .column("id")
        .from_subquery(QuerySelect::query(&mut ranked).to_owned(), "ranked")
        .and_where(Expr::col("place").eq(1))
        .to_owned();
    paging::all(Entity::find().filter(Column::Id.in_subquery(newest)), db).await
}
