//! The inbox: webhook calls as they were received.

pub mod unread;

use chrono::{DateTime, Utc};
use sea_orm::{
    DbBackend, IdenStatic as _, Iterable as _, ModelTrait as _, QueryOrder as _, QuerySelect as _, Statement,
    entity::prelude::*, sea_query::Expr,
};

use super::{Db, Tx, columns::Packed, paging};
use crate::{
    domain::text_enum::text_enum,
    ids::{DeliveryId, ShopId, ShopifyOrderId},
};

text_enum! {
    /// What became of a delivery.
    pub enum DeliveryStatus {
        Received = "received",
        /// Read, but it takes a call to find out what it is about: a job does it.
        HandedOn = "handed_on",
        Processed = "processed",
        /// Correctly signed, but for a shop that has not installed the app.
        UnknownShop = "unknown_shop",
        /// Correctly signed, but its body says nothing we can read.
        Unreadable = "unreadable",
        /// The shop in the header does not confirm what the body claims.
        Contradicted = "contradicted",
        /// Read, but the shop has no such order: another shop's, or too old to be read.
        NotFound = "not_found",
        /// It could be read, and acting on it failed until its last try.
        GivenUp = "given_up",
    }
}

impl DeliveryStatus {
    /// Whether nothing followed from it.
    #[must_use]
    pub const fn led_nowhere(self) -> bool {
        !matches!(self, Self::Received | Self::HandedOn | Self::Processed)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub shop_domain: String,
    pub webhook_id: String,
    pub topic: String,
    pub event_id: Option<String>,
    pub triggered_at: Option<DateTime<Utc>>,
    pub api_version: String,
    pub body: Option<Packed>,
    pub received_at: DateTime<Utc>,
    pub status: DeliveryStatus,
    pub note: Option<String>,
    pub shop_id: Option<ShopId>,
    pub shopify_order_id: Option<ShopifyOrderId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Bytes that its body takes in the database.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        self.body.as_ref().map_or(0, Packed::len)
    }
}

/// Adds deliveries, and returns when they are durable; those that were received before change nothing.
pub async fn keep(db: &Db, deliveries: &[Model]) -> Result<(), DbErr> {
    let statement = match db.backend() {
        DbBackend::Postgres => insert_as_json(deliveries),
        _ => insert_each(deliveries),
    };
    db.keep_calls(statement).await
}

/// For `PostgreSQL`: the statement is the same for any number of deliveries, and the bodies travel as they are,
/// one after the other.
fn insert_as_json(deliveries: &[Model]) -> Statement {
    // Who writes a call that another one is just writing waits for it: in the same order, never each for the other.
    let mut deliveries: Vec<&Model> = deliveries.iter().collect();
    deliveries.sort_by_key(|delivery| (&delivery.shop_domain, &delivery.webhook_id));
    let size = deliveries.iter().map(|delivery| delivery.stored_bytes()).sum();
    let mut bodies: Vec<u8> = Vec::with_capacity(size);
    let row = |delivery: &Model| {
        // The first byte is number 1.
        let at = bodies.len() + 1;
        let size = delivery.body.as_ref().map(Packed::len);
        bodies.extend(delivery.body.iter().flat_map(Packed::as_bytes));
        serde_json::json!({
            "id": delivery.id,
            "shop_domain": delivery.shop_domain,
            "webhook_id": delivery.webhook_id,
            "topic": delivery.topic,
            "event_id": delivery.event_id,
            "triggered_at": delivery.triggered_at,
            "api_version": delivery.api_version,
            "received_at": delivery.received_at,
            "status": delivery.status,
            "note": delivery.note,
            "shop_id": delivery.shop_id,
            "shopify_order_id": delivery.shopify_order_id,
            "at": at,
            "size": size,
        })
    };
    let rows = serde_json::Value::Array(deliveries.into_iter().map(row).collect());
    let sql = "insert into deliveries (id, shop_domain, webhook_id, topic, event_id, triggered_at, api_version, body,
         received_at, status, note, shop_id, shopify_order_id)
       select r.id, r.shop_domain, r.webhook_id, r.topic, r.event_id, r.triggered_at, r.api_version,
         substring($2 from r.at for r.size), r.received_at, r.status, r.note, r.shop_id, r.shopify_order_id
       from json_to_recordset($1::json) as r(id uuid, shop_domain text, webhook_id text, topic text, event_id text,
         triggered_at timestamptz, api_version text, received_at timestamptz, status text, note text,
         shop_id bigint, shopify_order_id bigint, at int, size int)
       on conflict (shop_domain, webhook_id) do nothing";
    let values = [rows.to_string().into(), bodies.into()];
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// For `SQLite`: every column of every delivery. There are as many different statements as rows in one, so their
/// number is for the caller to bound.
fn insert_each(deliveries: &[Model]) -> Statement {
    let columns: Vec<&str> = Column::iter().map(|column| column.as_str()).collect();
    let row = format!("({})", vec!["?"; columns.len()].join(", "));
    let sql = format!(
        "insert into deliveries ({}) values {} on conflict (shop_domain, webhook_id) do nothing",
        columns.join(", "),
        vec![row; deliveries.len()].join(", ")
    );
    let of_row = |delivery| Column::iter().map(move |column| Model::get(delivery, column));
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, deliveries.iter().flat_map(of_row))
}

/// What reading a delivery found out.
#[derive(Clone, Debug)]
pub struct Reading {
    pub status: DeliveryStatus,
    pub note: Option<String>,
    pub shop: Option<ShopId>,
    pub order: Option<ShopifyOrderId>,
    /// Whether the body must not stay.
    pub forget: bool,
}

impl Reading {
    /// Whether it was a foreign shop's, which is to be recorded after the commit.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.status == DeliveryStatus::Contradicted
    }
}

/// Writes what was found out, of all in one statement.
pub async fn mark_read(tx: &Tx, readings: &[(DeliveryId, Reading)]) -> Result<(), DbErr> {
    if readings.is_empty() {
        return Ok(());
    }
    let row = |(id, reading): &(DeliveryId, Reading)| {
        let id = id.0.simple().to_string();
        serde_json::json!([
            id,
            reading.status,
            reading.note,
            reading.shop,
            reading.order,
            reading.forget
        ])
    };
    let rows: Vec<serde_json::Value> = readings.iter().map(row).collect();
    let backend = tx.conn().get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        "update deliveries d set status = r->>1, note = r->>2, shop_id = cast(r->>3 as bigint),
           shopify_order_id = cast(r->>4 as bigint), body = case when cast(r->>5 as boolean) then null else d.body end
         from json_array_elements($1::json) r where d.id = cast(r->>0 as uuid)"
    } else {
        "update deliveries set status = r.value->>1, note = r.value->>2, shop_id = r.value->>3,
           shopify_order_id = r.value->>4, body = case when r.value->>5 then null else body end
         from json_each($1) r where deliveries.id = unhex(r.value->>0)"
    };
    let rows = serde_json::to_string(&rows).map_err(|error| DbErr::Json(error.to_string()))?;
    let statement = Statement::from_sql_and_values(backend, sql, [rows.into()]);
    tx.conn().execute_raw(statement).await.map(drop)
}

pub async fn by_id(db: &impl ConnectionTrait, id: DeliveryId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// Removes the bodies of an order's deliveries.
pub async fn redact(tx: &Tx, shop: ShopId, order: ShopifyOrderId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Body, Expr::val(Option::<Vec<u8>>::None))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyOrderId.eq(order))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Notes on an order's deliveries that the shop has no such order.
pub async fn mark_not_found(tx: &Tx, shop: ShopId, order: ShopifyOrderId) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::val(DeliveryStatus::NotFound))
        .col_expr(Column::Note, Expr::val("the shop of the header has no such order"))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShopifyOrderId.eq(order))
        .filter(Column::Status.eq(DeliveryStatus::Processed))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Removes the bodies of some deliveries that came for a shop, after the one of this webhook id: by the
/// key that repetitions are known by, so that it needs no index of its own. Gives back the last that
/// it looked at, until there are no more.
pub async fn forget_bodies(tx: &Tx, shop_domain: &str, after: &str, limit: u64) -> Result<Option<String>, DbErr> {
    let found: Vec<(DeliveryId, String)> = Entity::find()
        .filter(Column::ShopDomain.eq(shop_domain))
        .filter(Column::WebhookId.gt(after))
        .select_only()
        .column(Column::Id)
        .column(Column::WebhookId)
        .order_by_asc(Column::WebhookId)
        .limit(limit)
        .into_tuple()
        .all(tx.conn())
        .await?;
    Entity::update_many()
        .col_expr(Column::Body, Expr::val(Option::<Vec<u8>>::None))
        .filter(Column::Id.is_in(found.iter().map(|(id, _)| *id)))
        .filter(Column::Body.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(found.into_iter().next_back().map(|(_, webhook)| webhook))
}

/// The same words as in the index.
const LED_NOWHERE: &str = "status in ('unknown_shop','unreadable','contradicted','not_found','given_up')";

/// Deliveries for one domain from which nothing followed, the newest first,
/// after the one that was seen last.
pub async fn led_nowhere(
    db: &impl ConnectionTrait,
    shop_domain: &str,
    seen: Option<DeliveryId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopDomain.eq(shop_domain))
        // Those for shops that are not here are the operator's.
        .filter(Column::Status.ne(DeliveryStatus::UnknownShop))
        .filter(Expr::cust(LED_NOWHERE));
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.lt(seen));
    }
    rows.order_by_desc(Column::Id)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

/// Deliveries from which nothing followed, for one domain or for any, that came
/// after a time, the oldest first, after the one that was seen last: for the operator.
pub async fn led_nowhere_since(
    db: &impl ConnectionTrait,
    shop_domain: Option<&str>,
    since: DateTime<Utc>,
    seen: Option<DeliveryId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let first = DeliveryId(super::first_id_at(since));
    let mut rows = Entity::find()
        .filter(Expr::cust(LED_NOWHERE))
        .filter(Column::Id.gte(first))
        .filter(Column::ReceivedAt.gte(since));
    if let Some(domain) = shop_domain {
        rows = rows.filter(Column::ShopDomain.eq(domain));
    }
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id).limit(paging::capped(limit)).all(db).await
}

/// Reads a delivery and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &Tx, id: DeliveryId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx.conn()).await
}

/// The delivery that is followed by this many newer ones.
pub async fn nth_newest(db: &impl ConnectionTrait, newer: u64) -> Result<Option<DeliveryId>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .order_by_desc(Column::Id)
        .offset(newer)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}

/// Removes the oldest deliveries before one, but none that is still to be read.
pub async fn prune(tx: &Tx, before: DeliveryId, limit: u64) -> Result<u64, DbErr> {
    let old: Vec<DeliveryId> = Entity::find()
        .filter(Column::Id.lt(before))
        .filter(Column::Status.is_not_in([DeliveryStatus::Received, DeliveryStatus::HandedOn]))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let pruned = Entity::delete_many()
        .filter(Column::Id.is_in(old))
        .exec(tx.conn())
        .await?;
    Ok(pruned.rows_affected)
}

/// What the bodies of some deliveries between two take, one after the other. Bytes.
pub async fn body_sizes(
    db: &impl ConnectionTrait,
    after: DeliveryId,
    before: DeliveryId,
    limit: u64,
) -> Result<Vec<(DeliveryId, i64)>, DbErr> {
    Entity::find()
        .filter(Column::Id.gt(after))
        .filter(Column::Id.lt(before))
        .select_only()
        .column(Column::Id)
        // Neither database reads the body itself for this.
        .column_as(Expr::cust("cast(coalesce(length(body), 0) as bigint)"), "bytes")
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// Removes the bodies of some deliveries between two, but of none that is still to be read.
/// Gives back those that it looked at.
pub async fn forget_old_bodies(
    tx: &Tx,
    after: DeliveryId,
    before: DeliveryId,
    limit: u64,
) -> Result<Vec<DeliveryId>, DbErr> {
    let ids: Vec<DeliveryId> = Entity::find()
        .filter(Column::Id.gt(after))
        .filter(Column::Id.lt(before))
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(tx.conn())
        .await?;
    Entity::update_many()
        .col_expr(Column::Body, Expr::val(Option::<Vec<u8>>::None))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::Status.is_not_in([DeliveryStatus::Received, DeliveryStatus::HandedOn]))
        .exec(tx.conn())
        .await?;
    Ok(ids)
}
