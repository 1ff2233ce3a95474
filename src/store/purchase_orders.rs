//! What one supplier is asked to ship for one order.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, DbBackend, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement, Value,
    entity::prelude::*,
    sea_query::{self, Expr},
};

use super::{Party, Tx, columns::Json, narrow, paging};
use crate::{
    domain::{
        address::Address,
        money::Currency,
        purchase_order::{Bucket, PurchaseOrderStatus},
    },
    ids::{OrderId, PurchaseOrderId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PurchaseOrderId,
    pub number: String,
    pub shop_id: ShopId,
    pub supplier_id: SupplierId,
    pub order_id: OrderId,
    pub order_name: String,
    pub status: PurchaseOrderStatus,
    pub currency: Currency,
    pub total_minor: i64,
    pub ship_to: Option<Json<Address>>,
    pub ship_by: Option<DateTime<Utc>>,
    pub supplier_reference: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Until then it can be undone: it is not sent before. Gone once that time is over.
    pub send_after: Option<DateTime<Utc>>,
    /// When the shop stopped waiting for the supplier's answer.
    pub given_up_at: Option<DateTime<Utc>>,
    /// When placing began: before that the supplier knows nothing of it, and
    /// nothing ever where it was withdrawn first.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the supplier's system was last asked how it stands.
    pub asked_at: Option<DateTime<Utc>>,
    pub placed_at: Option<DateTime<Utc>>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Why the shop wants it back, where a person said so.
    pub cancel_reason: Option<String>,
    /// Whether a person of the shop asked for it back: what that frees is not bought again by itself.
    pub asked_back_by_hand: bool,
    pub updated_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_id(db: &impl ConnectionTrait, shop: ShopId, id: PurchaseOrderId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).filter(Column::ShopId.eq(shop)).one(db).await
}

/// Whether a number is given already. Numbers are unique in the installation.
pub async fn is_number_given(db: &impl ConnectionTrait, number: &str) -> Result<bool, DbErr> {
    Ok(Entity::find()
        .filter(Column::Number.eq(number))
        .one(db)
        .await?
        .is_some())
}

/// The purchase orders of one order, the oldest first.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// Whether a supplier ever took a purchase order of the shop's.
pub async fn any_placed(db: &impl ConnectionTrait, shop: ShopId, supplier: SupplierId) -> Result<bool, DbErr> {
    let found = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::SupplierId.eq(supplier))
        // In these words, because they are the index's.
        .filter(Expr::cust("placed_at is not null"))
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Some purchase orders that a supplier was sent before a time and has not said a word about, the oldest first.
/// Of those that are asked back as a whole, only what the supplier was asked for: while it cannot be reached the
/// others would hide those that come after them.
pub async fn unanswered(
    db: &impl ConnectionTrait,
    shop: ShopId,
    supplier: SupplierId,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    unanswered_rows(shop, supplier, before, limit).all(db).await
}

/// What is asked of the database for [`unanswered`]: a test looks at how it goes about it.
#[must_use]
pub fn unanswered_statement(
    backend: DbBackend,
    shop: ShopId,
    supplier: SupplierId,
    before: DateTime<Utc>,
    limit: u64,
) -> Statement {
    unanswered_rows(shop, supplier, before, limit).build(backend)
}

fn unanswered_rows(shop: ShopId, supplier: SupplierId, before: DateTime<Utc>, limit: u64) -> Select<Entity> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::SupplierId.eq(supplier))
        // In these words, because they are the index's: `purchase_orders_unanswered`.
        .filter(Expr::cust(
            "status in ('placed','cancel_requested') and given_up_at is null",
        ))
        .filter(Expr::cust(
            "not exists (select 1 from po_lines l where l.purchase_order_id = purchase_orders.id \
               and l.accepted + l.shipped > 0) \
             and (status = 'cancel_requested' or exists (select 1 from po_lines l \
               where l.purchase_order_id = purchase_orders.id \
               and l.quantity - l.rejected - l.cancelled - l.cancel_requested > 0))",
        ))
        .filter(Column::CreatedAt.lt(before))
        .filter(Column::PlacedAt.lt(before))
        .order_by_asc(Column::CreatedAt)
        .limit(paging::capped(limit))
}

/// Some purchase orders of a shop that were decided before a time and are not sent, by id, after
/// the one that was seen last.
pub async fn unsent_before(
    db: &impl ConnectionTrait,
    shop: ShopId,
    before: DateTime<Utc>,
    seen: Option<PurchaseOrderId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        // In these words, because they are the index's.
        .filter(Expr::cust("status in ('draft','placing')"))
        .filter(Column::UpdatedAt.lt(before));
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id).limit(paging::capped(limit)).all(db).await
}

/// Where a walk over what suppliers are asked about has come to: when it was asked last, or sent.
pub type Asked = (DateTime<Utc>, PurchaseOrderId);

/// Some purchase orders that stand with a supplier, of which nothing was heard since a time and about
/// which it was not asked since then either: those first that were not asked about for the longest.
pub async fn silent(
    db: &impl ConnectionTrait,
    shop: ShopId,
    supplier: SupplierId,
    before: DateTime<Utc>,
    seen: Option<Asked>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::SupplierId.eq(supplier))
        // In these words, because they are the index's.
        .filter(Expr::cust(
            "status in ('outcome_unknown','placed','accepted','partly_shipped','cancel_requested')",
        ))
        .filter(sea_query::ExprTrait::lt(Expr::cust(LAST_ASKED), before))
        .filter(Column::UpdatedAt.lt(before));
    if let Some((asked, id)) = seen {
        let after = Expr::tuple([Expr::val(asked), Expr::val(id)]);
        let place = Expr::tuple([Expr::cust(LAST_ASKED), Expr::col(Column::Id)]);
        rows = rows.filter(sea_query::ExprTrait::gt(place, after));
    }
    rows.order_by_asc(Expr::cust(LAST_ASKED))
        .order_by_asc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

const LAST_ASKED: &str = "coalesce(asked_at, sent_at)";

/// Writes that suppliers were asked about some purchase orders. Not under their orders' locks: who
/// writes over it has them asked about once too often.
pub async fn mark_asked(tx: &Tx, shop: ShopId, ids: &[PurchaseOrderId], now: DateTime<Utc>) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::AskedAt, Expr::value(now))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Pieces that each supplier was asked for since a time and did not refuse or lose: of the
/// shop's newest purchase orders, so that the count is bounded.
pub async fn pieces_of_late(
    db: &impl ConnectionTrait,
    shop: ShopId,
    since: DateTime<Utc>,
    most_orders: u64,
) -> Result<BTreeMap<SupplierId, u32>, DbErr> {
    let sql = "select supplier_id, sum(quantity - rejected - cancelled) from po_lines where purchase_order_id in \
               (select id from purchase_orders where shop_id = $1 and created_at >= $2 \
               order by created_at desc, id desc limit $3) group by supplier_id";
    let most = i64::try_from(most_orders).unwrap_or(i64::MAX);
    let values = [shop.into(), since.into(), most.into()];
    pieces(db, sql, values).await
}

/// The same, of which one order's purchase orders have so many.
pub async fn pieces_of_late_for(
    db: &impl ConnectionTrait,
    shop: ShopId,
    order: OrderId,
    since: DateTime<Utc>,
    most_orders: u64,
) -> Result<BTreeMap<SupplierId, u32>, DbErr> {
    let sql = "select supplier_id, sum(quantity - rejected - cancelled) from po_lines where purchase_order_id in \
               (select id from (select id, order_id from purchase_orders where shop_id = $1 and created_at >= $2 \
               order by created_at desc, id desc limit $3) newest where order_id = $4) group by supplier_id";
    let most = i64::try_from(most_orders).unwrap_or(i64::MAX);
    let values = [shop.into(), since.into(), most.into(), order.into()];
    pieces(db, sql, values).await
}

async fn pieces(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<BTreeMap<SupplierId, u32>, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let mut found = BTreeMap::new();
    for row in db.query_all_raw(statement).await? {
        let pieces: i64 = row.try_get_by_index(1)?;
        found.insert(
            row.try_get_by_index(0)?,
            u32::try_from(pieces.max(0)).unwrap_or(u32::MAX),
        );
    }
    Ok(found)
}

/// What purchase orders were to ship, and what of it left by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub orders: u32,
    pub pieces: u32,
    pub in_time: u32,
}

/// The same of a connection's newest purchase orders, made since a time, that were to be shipped by another.
pub async fn due(
    db: &impl ConnectionTrait,
    shop: ShopId,
    supplier: SupplierId,
    (since, by): (DateTime<Utc>, DateTime<Utc>),
    most_orders: u64,
) -> Result<Due, DbErr> {
    let sql = "select count(distinct p.id), cast(coalesce(sum(l.quantity - l.rejected - l.cancelled), 0) as bigint), \
               cast(coalesce(sum((select coalesce(sum(c.quantity), 0) from shipment_lines c \
               join shipments s on s.id = c.shipment_id where c.po_line_id = l.id and s.shipped_at <= p.ship_by)), 0) \
               as bigint) from (select id, ship_by from purchase_orders where shop_id = $1 and supplier_id = $2 \
               and placed_at is not null and created_at >= $3 and ship_by <= $4 order by created_at desc, id desc \
               limit $5) p join po_lines l on l.purchase_order_id = p.id where l.quantity > l.rejected + l.cancelled";
    let most = i64::try_from(most_orders).unwrap_or(i64::MAX);
    let values = [shop.into(), supplier.into(), since.into(), by.into(), most.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let Some(row) = db.query_one_raw(statement).await? else {
        return Ok(Due::default());
    };
    let number = |index: usize| -> Result<u32, DbErr> {
        let number: i64 = row.try_get_by_index(index)?;
        Ok(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
    };
    Ok(Due {
        orders: number(0)?,
        pieces: number(1)?,
        in_time: number(2)?,
    })
}

/// Some shops that buy from a supplier and have purchase orders that can still be undone, or that a person is to
/// look at first.
pub async fn shops_with_unsent(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    seen: Option<ShopId>,
    limit: u64,
) -> Result<Vec<ShopId>, DbErr> {
    let mut rows = Entity::find()
        // In these words, because they are the index's.
        .filter(Expr::cust("status in ('draft','placing')"))
        .filter(Expr::cust(
            "(send_after is not null or exists (select 1 from exceptions e where e.order_id = purchase_orders.order_id \
               and e.kind = 'review' and e.status = 'open'))",
        ))
        .filter(Column::ShopId.in_subquery(super::connections::shops_of(supplier)));
    if let Some(seen) = seen {
        rows = rows.filter(Column::ShopId.gt(seen));
    }
    rows.select_only()
        .column(Column::ShopId)
        .distinct()
        .order_by_asc(Column::ShopId)
        .limit(paging::capped(limit))
        .into_tuple()
        .all(db)
        .await
}

/// Removes the customer's address from an order's purchase orders.
pub async fn redact(tx: &Tx, shop: ShopId, order: OrderId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::ShipTo, Expr::val(Option::<Json<Address>>::None))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Which purchase orders a list shows.
#[derive(Clone, Debug, Default)]
pub struct PurchaseOrderFilter {
    /// Any of these; empty means all.
    pub statuses: Vec<PurchaseOrderStatus>,
    /// The beginning of the number, the order's name or the supplier's reference.
    pub search: Option<String>,
    /// One of the portal's buckets, as of a time.
    pub bucket: Option<(Bucket, DateTime<Utc>)>,
}

/// What a party may see: a supplier knows nothing of what was never sent.
fn seen_by(party: Party) -> Select<Entity> {
    seen_of(party, party.owns(Column::ShopId, Column::SupplierId))
}

fn seen_of(party: Party, owned: Expr) -> Select<Entity> {
    let rows = Entity::find().filter(owned);
    match party {
        Party::Shop(_) => rows,
        Party::Supplier(_) => rows.filter(Column::SentAt.is_not_null()),
    }
}

/// One page, the newest first, after the purchase order that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    party: Party,
    filter: &PurchaseOrderFilter,
    seen: Option<(DateTime<Utc>, PurchaseOrderId)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = seen_by(party);
    if !filter.statuses.is_empty() {
        rows = rows.filter(Column::Status.is_in(filter.statuses.iter().copied()));
    }
    if let Some(search) = filter.search.as_deref().filter(|text| !text.trim().is_empty()) {
        let upper = search.to_ascii_uppercase();
        rows = rows.filter(
            Condition::any()
                .add(Column::Number.like(paging::starts_with(&upper)))
                .add(Column::OrderName.like(paging::starts_with(search)))
                .add(Column::SupplierReference.like(paging::starts_with(search))),
        );
    }
    if let Some((bucket, now)) = filter.bucket {
        rows = rows.filter(in_bucket(bucket, now));
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

pub async fn seen_by_ids(
    db: &impl ConnectionTrait,
    party: Party,
    ids: &[PurchaseOrderId],
) -> Result<Vec<Model>, DbErr> {
    let owned = party.also_owns(Column::SupplierId);
    paging::all(seen_of(party, owned).filter(Column::Id.is_in(ids.iter().copied())), db).await
}

/// The purchase orders of many orders, the oldest first.
pub async fn of_orders(db: &impl ConnectionTrait, shop: ShopId, orders: &[OrderId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(narrow::also_of(shop))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}

/// How many purchase orders are in a bucket, counted up to a limit.
pub async fn count_in(
    db: &impl ConnectionTrait,
    party: Party,
    bucket: Bucket,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<u64, DbErr> {
    paging::count(seen_by(party).filter(in_bucket(bucket, now)), limit, db).await
}

fn in_bucket(bucket: Bucket, now: DateTime<Utc>) -> Condition {
    let overdue = bucket.is_overdue().then(|| Column::ShipBy.lt(now));
    Condition::all()
        .add(Column::Status.is_in(bucket.statuses().iter().copied()))
        .add_option(overdue)
}

/// How many purchase orders each of many suppliers has in one of the states, as a party sees them.
pub async fn count_by_supplier(
    db: &impl ConnectionTrait,
    party: Party,
    suppliers: &[SupplierId],
    statuses: &[PurchaseOrderStatus],
) -> Result<Vec<(SupplierId, i64)>, DbErr> {
    seen_by(party)
        .filter(Column::SupplierId.is_in(suppliers.iter().copied()))
        .filter(Column::Status.is_in(statuses.iter().copied()))
        .select_only()
        .column(Column::SupplierId)
        .column_as(Column::Id.count(), "count")
        .group_by(Column::SupplierId)
        .into_tuple()
        .all(db)
        .await
}
