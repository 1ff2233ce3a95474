//! What a human must decide.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    DbBackend, IntoActiveModel as _, Iterable as _, QueryOrder as _, QuerySelect, QueryTrait as _, Statement,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, OnConflict, SelectStatement},
};

use super::{Tx, columns::Json, connections, mappings::Counting, narrow, order_lines, orders, paging};
use crate::{
    domain::exception::{ExceptionKind, ExceptionStatus},
    ids::{ExceptionId, OrderId, OrderLineId, PurchaseOrderId, ShipmentId, ShopId, ShopifyVariantId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exceptions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExceptionId,
    pub shop_id: ShopId,
    pub order_id: Option<OrderId>,
    pub order_line_id: Option<OrderLineId>,
    pub purchase_order_id: Option<PurchaseOrderId>,
    pub shipment_id: Option<ShipmentId>,
    pub kind: ExceptionKind,
    pub status: ExceptionStatus,
    pub dedupe_key: String,
    pub quantity: Option<i32>,
    pub message: String,
    pub evidence: Option<Json<serde_json::Value>>,
    pub resolution: Option<String>,
    pub resolved_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The exceptions of one order, in one status or in any.
pub async fn of_order(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: OrderId,
    status: Option<ExceptionStatus>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(narrow::also_of(shop))
        .filter(Column::OrderId.eq(order))
        .apply_if(status, |query, status| query.filter(Column::Status.eq(status)))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

// In these words, because they are the indexes': of them only `exceptions_by_shop` serves a status that is bound.
const IS_OPEN: &str = "status = 'open'";

/// Which of the orders have an open exception.
pub async fn orders_with_open(
    db: &impl ConnectionTrait,
    shop: ShopId,
    orders: &[OrderId],
) -> Result<BTreeSet<OrderId>, DbErr> {
    let found: Vec<Option<OrderId>> = open_of_orders(shop, orders).into_tuple().all(db).await?;
    Ok(found.into_iter().flatten().collect())
}

fn open_of_orders(shop: ShopId, orders: &[OrderId]) -> Select<Entity> {
    Entity::find()
        .filter(narrow::also_of(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .filter(Expr::cust(IS_OPEN))
        .select_only()
        .column(Column::OrderId)
        .distinct()
}

/// The open exceptions about work on an order that was given up, or on orders that were never read.
pub async fn open_of_failed_jobs(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: Option<OrderId>,
) -> Result<Vec<Model>, DbErr> {
    let of_order = match order {
        Some(order) => Column::OrderId.eq(order),
        None => Column::OrderId.is_null(),
    };
    Entity::find()
        .filter(narrow::also_of(shop))
        .filter(of_order)
        .filter(Column::Kind.eq(ExceptionKind::JobFailed))
        .filter(Expr::cust(IS_OPEN))
        .limit(super::MAX_PAGE)
        .all(db)
        .await
}

/// The open exception with a key, of which a shop has one at the most.
pub async fn open_by_key(db: &impl ConnectionTrait, shop: ShopId, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::DedupeKey.eq(key))
        .filter(Expr::cust(IS_OPEN))
        .one(db)
        .await
}

/// Ends the open exceptions of one kind about a purchase order, because a fact decided them.
pub async fn settle_of_purchase_order(
    tx: &Tx,
    shop: ShopId,
    purchase_order: PurchaseOrderId,
    kind: ExceptionKind,
    how: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    for mut exception in open_of_purchase_order(shop, purchase_order, kind)
        .all(tx.conn())
        .await?
    {
        exception.status = ExceptionStatus::Resolved;
        exception.resolution = Some(how.to_owned());
        exception.resolved_at = Some(at);
        super::save(tx, exception)?;
    }
    Ok(())
}

fn open_of_purchase_order(shop: ShopId, purchase_order: PurchaseOrderId, kind: ExceptionKind) -> Select<Entity> {
    Entity::find()
        .filter(narrow::also_of(shop))
        .filter(Column::PurchaseOrderId.eq(purchase_order))
        .filter(Column::Kind.eq(kind))
        .filter(Expr::cust(IS_OPEN))
}

/// Opens an exception, unless the same one is open already.
pub async fn open(tx: &Tx, exception: Model) -> Result<(), DbErr> {
    let once = OnConflict::columns([Column::ShopId, Column::DedupeKey])
        .target_and_where(Expr::cust(IS_OPEN))
        .update_columns([Column::Quantity, Column::Message, Column::Evidence])
        .to_owned();
    Entity::insert(exception.into_active_model().reset_all())
        .on_conflict(once)
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}

/// Which exceptions of a shop a list shows.
#[derive(Clone, Debug, Default)]
pub struct ExceptionFilter {
    pub status: Option<ExceptionStatus>,
    /// Any of these; empty means all.
    pub kinds: Vec<ExceptionKind>,
    pub order: Option<OrderId>,
}

/// One page, the newest first, after the exception that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    filter: &ExceptionFilter,
    seen: Option<(DateTime<Utc>, ExceptionId)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let of_shop = match filter.order {
        Some(_) => narrow::also_of(shop),
        None => Column::ShopId.eq(shop),
    };
    let mut rows = shown().filter(of_shop);
    if let Some(status) = filter.status {
        rows = rows.filter(Column::Status.eq(status));
    }
    if !filter.kinds.is_empty() {
        rows = rows.filter(Column::Kind.is_in(filter.kinds.iter().copied()));
    }
    if let Some(order) = filter.order {
        rows = rows.filter(Column::OrderId.eq(order));
    }
    if let Some(seen) = seen {
        rows = rows.filter(paging::before((Column::CreatedAt, Column::Id), seen));
    }
    rows.order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// The exceptions of many orders, the newest first.
pub async fn of_orders(db: &impl ConnectionTrait, shop: ShopId, orders: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = shown()
        .filter(narrow::also_of(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_desc(Column::Id);
    paging::all(rows, db).await
}

/// Rows for lists that people look at. While nodes are replaced, those of the next release write kinds that this one
/// does not know: they are shown as [`ExceptionKind::Other`], and their message says the rest. What decides about an
/// order reads them as they are, and leaves to the next release what it cannot read.
fn shown() -> Select<Entity> {
    let is_known = Column::Kind.is_in(ExceptionKind::ALL.iter().copied());
    let kind = Expr::case(is_known, Expr::col((Entity, Column::Kind))).finally(ExceptionKind::Other.as_str());
    let others = Column::iter().filter(|column| !matches!(column, Column::Kind));
    Entity::find()
        .select_only()
        .columns(others)
        .expr_as(kind, Column::Kind.as_str())
}

pub async fn by_id(db: &impl ConnectionTrait, shop: ShopId, id: ExceptionId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::ShopId.eq(shop)).one(db).await
}

/// How many are open, counted up to a limit.
pub async fn count_open(db: &impl ConnectionTrait, shop: ShopId, limit: u64) -> Result<u64, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Status.eq(ExceptionStatus::Open));
    paging::count(rows, limit, db).await
}

/// Open exceptions of the order that the outer query is about.
pub(super) fn open_of_order_row() -> SelectStatement {
    let mut open = Entity::find()
        .filter(Expr::col((Entity, Column::Status)).eq(Expr::cust("'open'")))
        .filter(Expr::col((Entity, Column::OrderId)).equals((orders::Entity, orders::Column::Id)))
        .select_only()
        .column(Column::Id);
    QuerySelect::query(&mut open).to_owned()
}

/// Open exceptions of some kinds.
fn open_of(shop: ShopId, kinds: &[ExceptionKind]) -> Select<Entity> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Expr::cust(IS_OPEN))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
}

/// Some of them, opened until then, by id, after the one that was seen last.
async fn page_by_id(
    db: &impl ConnectionTrait,
    rows: Select<Entity>,
    until: DateTime<Utc>,
    seen: Option<ExceptionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    by_id_after(rows, until, seen, limit).all(db).await
}

fn by_id_after(rows: Select<Entity>, until: DateTime<Utc>, seen: Option<ExceptionId>, limit: u64) -> Select<Entity> {
    rows.filter(Column::CreatedAt.lte(until))
        .apply_if(seen, |rows, seen| rows.filter(Column::Id.gt(seen)))
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
}

/// What is asked of the database for a page of [`of_routing`]: a test looks at how it goes about it.
#[must_use]
pub fn of_routing_statement(
    backend: DbBackend,
    shop: ShopId,
    until: DateTime<Utc>,
    seen: ExceptionId,
    limit: u64,
) -> Statement {
    by_id_after(open_of(shop, &OF_ROUTING), until, Some(seen), limit).build(backend)
}

/// Some open exceptions about lines that are mapped and that routing could not serve, opened
/// until then, by id, after the one that was seen last.
pub async fn of_routing(
    db: &impl ConnectionTrait,
    shop: ShopId,
    until: DateTime<Utc>,
    seen: Option<ExceptionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    page_by_id(db, open_of(shop, &OF_ROUTING), until, seen, limit).await
}

/// Some open exceptions about lines that are not mapped or that routing could not serve, opened until
/// then, by id, after the one that was seen last.
pub async fn of_mapping(
    db: &impl ConnectionTrait,
    shop: ShopId,
    until: DateTime<Utc>,
    seen: Option<ExceptionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    page_by_id(db, open_of(shop, &OF_MAPPING), until, seen, limit).await
}

/// Some open exceptions about lines whose variant was mapped of late, opened until then, by id, after the
/// one that was seen last.
pub async fn of_mapped(
    db: &impl ConnectionTrait,
    shop: ShopId,
    mapped: Counting,
    until: DateTime<Utc>,
    seen: Option<ExceptionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let about = Expr::exists(order_lines::mapped_and_of_exception_row(mapped));
    page_by_id(db, open_of(shop, &OF_MAPPING).filter(about), until, seen, limit).await
}

/// Some open exceptions about lines of a variant that routing could not serve, or that were not mapped,
/// opened until then, by id, after the one that was seen last.
pub async fn of_variant(
    db: &impl ConnectionTrait,
    shop: ShopId,
    variant: ShopifyVariantId,
    until: DateTime<Utc>,
    seen: Option<ExceptionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let about = Expr::exists(order_lines::of_variant_and_exception_row(variant));
    page_by_id(db, open_of(shop, &OF_MAPPING).filter(about), until, seen, limit).await
}

/// What another mapping may help.
const OF_MAPPING: [ExceptionKind; 3] = [
    ExceptionKind::UnmappedLine,
    ExceptionKind::NoEligibleSupplier,
    ExceptionKind::PriceRose,
];

/// What routing could not serve.
const OF_ROUTING: [ExceptionKind; 2] = [ExceptionKind::NoEligibleSupplier, ExceptionKind::PriceRose];

/// Some open exceptions of routing's about lines for which a supplier has pieces now, opened until
/// then, by id, after the one that was seen last.
pub async fn of_supplier(
    db: &impl ConnectionTrait,
    shop: ShopId,
    supplier: SupplierId,
    until: DateTime<Utc>,
    seen: Option<ExceptionId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let about = Expr::exists(order_lines::offered_and_of_exception_row(supplier));
    page_by_id(db, open_of(shop, &OF_ROUTING).filter(about), until, seen, limit).await
}

/// Some shops that are connected with a supplier and have open exceptions of routing's.
pub async fn shops_of_supplier(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    seen: Option<ShopId>,
    limit: u64,
) -> Result<Vec<ShopId>, DbErr> {
    connections::shops_with(supplier, waits_at_shop_row(), seen, limit)
        .into_tuple()
        .all(db)
        .await
}

/// The kind of one open exception of routing's of the shop that the outer query is about. The first in the order of
/// the index, not any: so nothing but the index comes into question for it.
fn waits_at_shop_row() -> SelectStatement {
    // In these words, because they are the index's: `exceptions_open_of_routing`.
    let kinds = OF_ROUTING.map(|kind| format!("'{}'", kind.as_str())).join(",");
    let mut open = Entity::find()
        .filter(Expr::cust(format!("{IS_OPEN} and kind in ({kinds})")))
        .filter(Expr::col((Entity, Column::ShopId)).equals((connections::Entity, connections::Column::ShopId)))
        .select_only()
        .column(Column::Kind)
        .order_by_asc(Column::Kind)
        .limit(1);
    QuerySelect::query(&mut open).to_owned()
}

/// What is asked of the database where a shop has very much that is open, each with the index that it is to be found
/// by: a test looks at how it goes about it.
#[must_use]
pub fn statements_of_open(
    backend: DbBackend,
    (shop, supplier): (ShopId, SupplierId),
    order: OrderId,
    purchase_order: PurchaseOrderId,
) -> Vec<(Statement, &'static str)> {
    let of_purchase_order = open_of_purchase_order(shop, purchase_order, ExceptionKind::OutcomeUnknown);
    let shops = connections::shops_with(supplier, waits_at_shop_row(), None, 100);
    vec![
        (of_purchase_order.build(backend), "exceptions_open_by_po"),
        (
            open_of_orders(shop, &[order, OrderId(Uuid::nil())]).build(backend),
            "exceptions_open_by_order",
        ),
        (shops.build(backend), "exceptions_open_of_routing"),
    ]
}
