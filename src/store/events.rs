//! The append-only history of orders.

use chrono::{DateTime, Utc};
use sea_orm::{
    QueryOrder as _, QuerySelect,
    entity::prelude::*,
    sea_query::{ExprTrait as _, Query},
};

use super::{Tx, paging};
use crate::{
    domain::event::{Actor, EventKind},
    ids::{EventId, OrderId, ShopId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub kind: String,
    pub message: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a line to an order's history with the transaction's commit.
pub fn add(
    tx: &Tx,
    shop: ShopId,
    order: OrderId,
    at: DateTime<Utc>,
    actor: &Actor,
    kind: EventKind,
    message: impl Into<String>,
) {
    let event = Model {
        id: EventId::generate(),
        shop_id: shop,
        order_id: order,
        at,
        actor: actor.to_string(),
        kind: kind.as_str().to_owned(),
        message: message.into(),
    };
    tx.add_event(event);
}

/// Whether something of a kind ever happened to an order.
pub async fn any_of_kind(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: OrderId,
    kind: EventKind,
) -> Result<bool, DbErr> {
    let found = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .filter(Column::Kind.eq(kind.as_str()))
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// The last events of many orders, the newest first: up to `limit` of each,
/// older than the one that was seen last.
pub async fn of_orders(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[OrderId],
    seen: Option<EventId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let place = "row_number() over (partition by order_id order by id desc)";
    let mut ranked = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .select_only()
        .column(Column::Id)
        .expr_as(Expr::cust(place), "place");
    if let Some(seen) = seen {
        ranked = ranked.filter(Column::Id.lt(seen));
    }
    let wanted = Query::select()
        .column("id")
        .from_subquery(QuerySelect::query(&mut ranked).to_owned(), "ranked")
        .and_where(Expr::col("place").lte(paging::capped(limit).cast_signed()))
        .to_owned();
    let rows = Entity::find()
        .filter(Column::Id.in_subquery(wanted))
        .order_by_desc(Column::Id);
    paging::all(rows, db).await
}
