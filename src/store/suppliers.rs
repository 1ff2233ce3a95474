//! Parties that ship: private to a shop, or listed for every shop.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, DbBackend, JoinType, QueryOrder as _, QuerySelect, QueryTrait as _, RelationDef, SelectTwo, Statement,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, SelectStatement},
};
use serde::{Deserialize, Serialize};

use super::{Party, Recall, connections, paging};
use crate::{
    domain::{money::Currency, supplier::ConnectorKind},
    ids::{ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suppliers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierId,
    pub key: String,
    pub shop_id: Option<ShopId>,
    pub name: String,
    pub connector: ConnectorKind,
    pub currency: Currency,
    pub endpoint: Option<String>,
    pub secret: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_id(db: &impl ConnectionTrait, id: SupplierId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

pub async fn by_ids(db: &impl Recall, ids: Vec<SupplierId>) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.recall(Entity::find().filter(Column::Id.is_in(ids))).await
}

/// The ids of those with one of the keys, whosesoever they are.
pub async fn ids_by_keys(db: &impl Recall, keys: Vec<String>) -> Result<Vec<SupplierId>, DbErr> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let found = db.recall(Entity::find().filter(Column::Key.is_in(keys))).await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// Every supplier of the installation, for its operator.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().all(db).await
}

/// Whom a party sees: a shop its own and the marketplace's, a supplier itself.
fn seen_by(party: Party) -> Select<Entity> {
    match party {
        Party::Shop(shop) => Entity::find().filter(
            Condition::any()
                .add(Column::ShopId.eq(shop))
                .add(Column::ShopId.is_null()),
        ),
        Party::Supplier(supplier) => Entity::find_by_id(supplier),
    }
}

/// The ids of those whom a party sees.
pub(super) fn ids_seen_by(party: Party) -> SelectStatement {
    let mut ids = seen_by(party).select_only().column(Column::Id);
    QuerySelect::query(&mut ids).to_owned()
}

/// Where a supplier stands in a party's list: those that the shop has a connection with come first, by its
/// priority and of equals the older ones, then its own by key, and then the marketplace's. Each of
/// the three is read by an index that has this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Connected(i32, SupplierId),
    Own(String),
    Listed(String),
}

/// One page of whom a party sees, after the place that was seen last, each with its own.
pub async fn page(
    db: &impl ConnectionTrait,
    party: Party,
    seen: Option<&Place>,
    limit: u64,
) -> Result<Vec<(Place, Model)>, DbErr> {
    let limit = paging::capped(limit);
    let after_own = match seen {
        Some(Place::Own(key)) => Some(key.as_str()),
        _ => None,
    };
    let Party::Shop(shop) = party else {
        return keyed(db, after_key(seen_by(party), after_own, limit), Place::Own).await;
    };
    let mut rows = match seen {
        None => connected(db, shop, None, limit).await?,
        Some(Place::Connected(priority, id)) => connected(db, shop, Some((*priority, *id)), limit).await?,
        Some(Place::Own(_) | Place::Listed(_)) => Vec::new(),
    };
    let left = limit - rows.len() as u64;
    if left > 0 && !matches!(seen, Some(Place::Listed(_))) {
        rows.extend(keyed(db, own(shop, after_own, left), Place::Own).await?);
    }
    let left = limit - rows.len() as u64;
    if left > 0 {
        let after = match seen {
            Some(Place::Listed(key)) => Some(key.as_str()),
            _ => None,
        };
        rows.extend(keyed(db, listed(shop, after, left), Place::Listed).await?);
    }
    Ok(rows)
}

/// What is asked of the database for pages in the middle of each of the three: a test looks at how it
/// goes about it.
#[must_use]
pub fn page_statements(backend: DbBackend, shop: ShopId, limit: u64) -> Vec<Statement> {
    let seen = (1, SupplierId(Uuid::nil()));
    vec![
        connected_rows(shop, Some(seen), limit).build(backend),
        own(shop, Some("a"), limit).build(backend),
        listed(shop, Some("a"), limit).build(backend),
    ]
}

/// Those that a shop has a connection with: the index `connections_in_order`.
fn connected_rows(shop: ShopId, seen: Option<(i32, SupplierId)>, limit: u64) -> SelectTwo<connections::Entity, Entity> {
    use connections::Column as Connection;
    let supplier: RelationDef = connections::Entity::belongs_to(Entity)
        .from(Connection::SupplierId)
        .to(Column::Id)
        .into();
    let whom = Condition::any()
        .add(Column::ShopId.eq(shop))
        .add(Column::ShopId.is_null());
    connections::Entity::find()
        .join(JoinType::InnerJoin, supplier)
        .select_also(Entity)
        .filter(Connection::ShopId.eq(shop))
        .filter(whom)
        .apply_if(seen, |rows, seen| {
            rows.filter(paging::after((Connection::Priority, Connection::SupplierId), seen))
        })
        .order_by_asc(Connection::Priority)
        .order_by_asc(Connection::SupplierId)
        .limit(limit)
}

async fn connected(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<(i32, SupplierId)>,
    limit: u64,
) -> Result<Vec<(Place, Model)>, DbErr> {
    let rows = connected_rows(shop, seen, limit).all(db).await?.into_iter();
    let placed = |(connection, supplier): (connections::Model, Option<Model>)| {
        let supplier = supplier?;
        Some((Place::Connected(connection.priority, supplier.id), supplier))
    };
    Ok(rows.filter_map(placed).collect())
}

/// A shop's own that it has no connection with: the index `suppliers_by_shop`.
fn own(shop: ShopId, seen: Option<&str>, limit: u64) -> Select<Entity> {
    let rows = Entity::find().filter(Column::ShopId.eq(shop));
    after_key(not_connected(rows, shop), seen, limit)
}

/// The same of the marketplace's.
fn listed(shop: ShopId, seen: Option<&str>, limit: u64) -> Select<Entity> {
    let rows = Entity::find().filter(Column::ShopId.is_null());
    after_key(not_connected(rows, shop), seen, limit)
}

fn not_connected(rows: Select<Entity>, shop: ShopId) -> Select<Entity> {
    rows.filter(Expr::exists(connections::of_supplier_row(shop)).not())
}

fn after_key(rows: Select<Entity>, seen: Option<&str>, limit: u64) -> Select<Entity> {
    rows.apply_if(seen, |rows, key| rows.filter(Column::Key.gt(key)))
        .order_by_asc(Column::Key)
        .limit(limit)
}

async fn keyed(
    db: &impl ConnectionTrait,
    rows: Select<Entity>,
    place: fn(String) -> Place,
) -> Result<Vec<(Place, Model)>, DbErr> {
    let rows = rows.all(db).await?.into_iter();
    Ok(rows.map(|row| (place(row.key.clone()), row)).collect())
}

pub async fn seen_by_ids(db: &impl ConnectionTrait, party: Party, ids: &[SupplierId]) -> Result<Vec<Model>, DbErr> {
    paging::all(seen_by(party).filter(Column::Id.is_in(ids.iter().copied())), db).await
}

pub async fn by_key(db: &impl ConnectionTrait, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Key.eq(key)).one(db).await
}

/// The installation's suppliers by key, whosesoever they are.
pub async fn of_installation(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .order_by_asc(Column::Key)
        .limit(paging::capped(limit))
        .all(db)
        .await
}
