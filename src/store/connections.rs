//! A shop's agreements with suppliers.

use chrono::{DateTime, Utc};
use sea_orm::{
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, Query, SelectStatement, SubQueryStatement},
};

use super::{Recall, Tx, columns::Json, paging};
use crate::domain::costs::ConnectionCosts;
use crate::{
    domain::goods::Service,
    ids::{ConnectionId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConnectionId,
    pub shop_id: ShopId,
    pub supplier_id: SupplierId,
    pub priority: i32,
    pub price_tolerance_bp: i32,
    pub handling_days: i32,
    /// How long a purchase order may stay unanswered; 0 is for ever. Hours.
    pub answer_hours: i32,
    pub service: Json<Service>,
    pub active: bool,
    /// What it charges besides the goods, where that is known.
    pub costs: Option<Json<ConnectionCosts>>,
    /// Pieces that left in time of those that were due, in basis points: measured.
    pub on_time_bp: Option<i32>,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A shop's connections with some suppliers.
pub async fn with_suppliers(db: &impl Recall, shop: ShopId, suppliers: Vec<SupplierId>) -> Result<Vec<Model>, DbErr> {
    if suppliers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::SupplierId.is_in(suppliers));
    db.recall(rows).await
}

/// The first in priority of a shop's suppliers, be it paused: the index `connections_in_order`.
pub async fn first_in_priority(db: &impl Recall, shop: ShopId) -> Result<Option<SupplierId>, DbErr> {
    let first = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .order_by_asc(Column::Priority)
        .order_by_asc(Column::SupplierId)
        .limit(1);
    Ok(db.recall(first).await?.first().map(|row| row.supplier_id))
}

/// The ids of the shops that buy from a supplier, for the conditions of other tables.
pub(super) fn shops_of(supplier: SupplierId) -> SelectStatement {
    Query::select()
        .column(Column::ShopId)
        .from(Entity)
        .and_where(Column::SupplierId.eq(supplier))
        .to_owned()
}

/// Some shops that buy from a supplier and of which another table has a value, in their order, after the one that
/// was seen last: the index `connections_of_supplier`. Not by `exists`: PostgreSQL might read all of the other table
/// first, and there one shop may have very many rows.
pub(super) fn shops_with(
    supplier: SupplierId,
    value: SelectStatement,
    seen: Option<ShopId>,
    limit: u64,
) -> Select<Entity> {
    Entity::find()
        .filter(Column::SupplierId.eq(supplier))
        .filter(Expr::from(SubQueryStatement::from(value)).is_not_null())
        .apply_if(seen, |shops, seen| shops.filter(Column::ShopId.gt(seen)))
        .select_only()
        .column(Column::ShopId)
        .order_by_asc(Column::ShopId)
        .limit(paging::capped(limit))
}

/// A shop's connection with the supplier that the outer query is about.
pub(super) fn of_supplier_row(shop: ShopId) -> SelectStatement {
    Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ShopId)).eq(shop))
        .and_where(
            Expr::col((Entity, Column::SupplierId)).equals((super::suppliers::Entity, super::suppliers::Column::Id)),
        )
        .to_owned()
}

/// Some connections with a deadline for answers by id, after the one that was seen last: of every shop.
pub async fn with_deadline(
    db: &impl ConnectionTrait,
    seen: Option<ConnectionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    // In these words, because they are the index's.
    let mut rows = Entity::find().filter(Expr::cust("answer_hours > 0"));
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id).limit(limit).all(db).await
}

/// All of a shop's connections, paused ones too.
pub async fn of_shop(db: &impl ConnectionTrait, shop: ShopId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ShopId.eq(shop)).all(db).await
}

pub async fn of_supplier(db: &impl ConnectionTrait, shop: ShopId, id: SupplierId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::SupplierId.eq(id))
        .one(db)
        .await
}

/// Some connections by id, after the one that was seen last.
pub async fn page(db: &impl ConnectionTrait, seen: Option<ConnectionId>, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .apply_if(seen, |rows, seen| rows.filter(Column::Id.gt(seen)))
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Writes what was measured of a connection.
pub async fn rate(tx: &Tx, shop: ShopId, id: ConnectionId, on_time_bp: Option<i32>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::OnTimeBp, Expr::value(on_time_bp))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await
        .map(drop)
}
