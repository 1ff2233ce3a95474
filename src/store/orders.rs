//! Orders as last read from Shopify, and how far they are with us.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, QueryOrder as _, QuerySelect as _, QueryTrait as _, entity::prelude::*, sea_query::ExprTrait as _,
};

use super::{Tx, columns::Json, exceptions, paging};
use crate::{
    domain::{
        address::Address,
        money::Currency,
        order::{FinancialStatus, OrderStatus, OrderTraits},
    },
    ids::{OrderId, ShopId, ShopifyOrderId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    pub shop_id: ShopId,
    pub shopify_id: ShopifyOrderId,
    pub name: String,
    pub status: OrderStatus,
    pub reason: Option<String>,
    pub financial_status: FinancialStatus,
    pub currency: Currency,
    pub total_minor: i64,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub placed_at: DateTime<Utc>,
    pub shopify_updated_at: DateTime<Utc>,
    pub imported_at: DateTime<Utc>,
    pub needs_shipping: bool,
    pub ship_to: Option<Json<Address>>,
    pub facts: Json<OrderTraits>,
    pub customer_id: Option<i64>,
    pub po_counter: i32,
    pub waits: i32,
    pub redacted_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_id(db: &impl ConnectionTrait, shop: ShopId, id: OrderId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::ShopId.eq(shop)).one(db).await
}

pub async fn by_shopify_id(
    db: &impl ConnectionTrait,
    shop: ShopId,
    shopify_id: ShopifyOrderId,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyId.eq(shopify_id))
        .one(db)
        .await
}

/// When an order was last read from Shopify, if it ever was: the mark of what that import wrote.
pub async fn imported_at(
    db: &impl ConnectionTrait,
    shop: ShopId,
    shopify_id: ShopifyOrderId,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyId.eq(shopify_id))
        .select_only()
        .column(Column::ImportedAt)
        .into_tuple()
        .one(db)
        .await
}

pub async fn by_shopify_ids(
    db: &impl ConnectionTrait,
    shop: ShopId,
    ids: &[ShopifyOrderId],
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyId.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

/// Those of the orders whose customer's data was removed.
pub async fn redacted_of(
    db: &impl ConnectionTrait,
    asked: impl IntoIterator<Item = (ShopId, ShopifyOrderId)>,
) -> Result<Vec<(ShopId, ShopifyOrderId)>, DbErr> {
    let one = |(shop, order)| Column::ShopId.eq(shop).and(Column::ShopifyId.eq(order));
    let any = asked.into_iter().map(one).fold(Condition::any(), Condition::add);
    if any.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(any)
        .filter(Column::RedactedAt.is_not_null())
        .select_only()
        .column(Column::ShopId)
        .column(Column::ShopifyId)
        .into_tuple()
        .all(db)
        .await
}

/// Which of Shopify's orders are known, and of when they are as last read.
pub async fn read_as_of(
    db: &impl ConnectionTrait,
    shop: ShopId,
    ids: &[ShopifyOrderId],
) -> Result<Vec<(ShopifyOrderId, DateTime<Utc>)>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyId.is_in(ids.iter().copied()))
        .select_only()
        .column(Column::ShopifyId)
        .column(Column::ShopifyUpdatedAt)
        .into_tuple()
        .all(db)
        .await
}

/// Takes the order's lock until the transaction ends: whoever changes rows of
/// an order holds it. `SQLite` has one writer at a time anyway.
pub async fn lock(tx: &Tx, shop: ShopId, id: OrderId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(Column::ShopId.eq(shop))
        .lock_exclusive()
        .one(tx.conn())
        .await
}

/// The same by Shopify's id.
pub async fn lock_by_shopify_id(tx: &Tx, shop: ShopId, shopify_id: ShopifyOrderId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyId.eq(shopify_id))
        .lock_exclusive()
        .one(tx.conn())
        .await
}

/// Orders of a customer, or of the whole shop, that still hold customer data.
pub async fn not_redacted(
    db: &impl ConnectionTrait,
    shop: ShopId,
    of: Option<(Option<i64>, Vec<ShopifyOrderId>)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let whose = of.map(|(customer, orders)| {
        Condition::any()
            .add(Column::ShopifyId.is_in(orders))
            .add_option(customer.map(|customer| Column::CustomerId.eq(customer)))
    });
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::RedactedAt.is_null())
        .apply_if(whose, QueryFilter::filter)
        .limit(limit)
        .all(db)
        .await
}

/// Which orders of a shop a list shows.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Any of these; empty means all.
    pub statuses: Vec<OrderStatus>,
    /// The beginning of the order's name, with or without its `#`.
    pub search: Option<String>,
    pub placed_from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub placed_to: Option<DateTime<Utc>>,
    pub has_exception: Option<bool>,
}

/// One page, the newest first, after the order that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    filter: &OrderFilter,
    seen: Option<(DateTime<Utc>, OrderId)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find().filter(Column::ShopId.eq(shop));
    if !filter.statuses.is_empty() {
        rows = rows.filter(Column::Status.is_in(filter.statuses.iter().copied()));
    }
    if let Some(search) = filter.search.as_deref().filter(|text| !text.trim().is_empty()) {
        let bare = search.trim().trim_start_matches('#');
        rows = rows.filter(
            Condition::any()
                .add(Column::Name.like(paging::starts_with(bare)))
                .add(Column::Name.like(paging::starts_with(&format!("#{bare}")))),
        );
    }
    if let Some(from) = filter.placed_from {
        rows = rows.filter(Column::PlacedAt.gte(from));
    }
    if let Some(to) = filter.placed_to {
        rows = rows.filter(Column::PlacedAt.lt(to));
    }
    if let Some(wanted) = filter.has_exception {
        let open = Expr::exists(exceptions::open_of_order_row());
        rows = rows.filter(if wanted { open } else { open.not() });
    }
    if let Some(seen) = seen {
        rows = rows.filter(paging::before((Column::PlacedAt, Column::Id), seen));
    }
    rows.order_by_desc(Column::PlacedAt)
        .order_by_desc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

pub async fn by_ids(db: &impl ConnectionTrait, shop: ShopId, ids: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

/// Some orders of a shop that were placed from a time until before another, the oldest first,
/// after the one that was seen last.
pub async fn placed_between(
    db: &impl ConnectionTrait,
    shop: ShopId,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    seen: Option<(DateTime<Utc>, OrderId)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::PlacedAt.gte(since))
        .filter(Column::PlacedAt.lt(until));
    if let Some(seen) = seen {
        rows = rows.filter(paging::after((Column::PlacedAt, Column::Id), seen));
    }
    rows.order_by_asc(Column::PlacedAt)
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// How many orders were placed from a time until before another, counted up to a limit.
pub async fn count_placed_between(
    db: &impl ConnectionTrait,
    shop: ShopId,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    limit: u64,
) -> Result<u64, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::PlacedAt.gte(since))
        .filter(Column::PlacedAt.lt(until));
    paging::count(rows, limit, db).await
}

/// How many orders are in one of the states, counted up to a limit.
pub async fn count_in(
    db: &impl ConnectionTrait,
    shop: ShopId,
    statuses: &[OrderStatus],
    limit: u64,
) -> Result<u64, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Status.is_in(statuses.iter().copied()));
    paging::count(rows, limit, db).await
}

/// Some orders in given states, those first that were placed first, after the one that was seen last.
pub async fn in_statuses(
    db: &impl ConnectionTrait,
    shop: ShopId,
    statuses: &[OrderStatus],
    seen: Option<OrderId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let limit = paging::capped(limit);
    let seen = match seen {
        Some(id) => match by_id(db, shop, id).await? {
            Some(order) => Some((order.placed_at, order.id)),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let mut found = Vec::new();
    // One state after the other: so each page lies in the index as it is read, however many there are.
    for status in statuses {
        let mut rows = Entity::find()
            .filter(Column::ShopId.eq(shop))
            .filter(Column::Status.eq(*status));
        if let Some(seen) = seen {
            rows = rows.filter(paging::after((Column::PlacedAt, Column::Id), seen));
        }
        let page = rows.order_by_asc(Column::PlacedAt).order_by_asc(Column::Id);
        found.extend(page.limit(limit).all(db).await?);
    }
    found.sort_unstable_by_key(|order| (order.placed_at, order.id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}
