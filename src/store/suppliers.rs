//! Parties that ship: private to a shop, or listed for every shop.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, JoinType, QueryOrder as _, QuerySelect, RelationDef, entity::prelude::*, sea_query::SelectStatement,
};

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

/// Where a supplier stands in a party's list: those that the shop has a connection with come first, by
/// its priority, and all others by key.
pub type Place = (Option<i32>, String);

/// One page of whom a party sees, after the place that was seen last, each with its own.
pub async fn page(
    db: &impl ConnectionTrait,
    party: Party,
    seen: Option<&Place>,
    limit: u64,
) -> Result<Vec<(Place, Model)>, DbErr> {
    let limit = paging::capped(limit);
    let Party::Shop(shop) = party else {
        return others(db, seen_by(party), seen, limit).await;
    };
    let mut rows = match seen {
        Some((None, _)) => Vec::new(),
        _ => connected(db, shop, seen, limit).await?,
    };
    let left = limit - rows.len() as u64;
    if left > 0 {
        let seen = seen.filter(|(priority, _)| priority.is_none());
        let strangers = seen_by(party).filter(Column::Id.not_in_subquery(connections::suppliers_of(shop)));
        rows.extend(others(db, strangers, seen, left).await?);
    }
    Ok(rows)
}

/// Those that a shop has a connection with, by its priority: the index `connections_by_priority`.
async fn connected(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<&Place>,
    limit: u64,
) -> Result<Vec<(Place, Model)>, DbErr> {
    let supplier: RelationDef = connections::Entity::belongs_to(Entity)
        .from(connections::Column::SupplierId)
        .to(Column::Id)
        .into();
    let mut rows = connections::Entity::find()
        .join(JoinType::InnerJoin, supplier)
        .select_also(Entity)
        .filter(connections::Column::ShopId.eq(shop))
        .filter(
            Condition::any()
                .add(Column::ShopId.eq(shop))
                .add(Column::ShopId.is_null()),
        );
    if let Some((Some(priority), key)) = seen {
        rows = rows
            // So that the index is entered at that place.
            .filter(connections::Column::Priority.gte(*priority))
            .filter(paging::after(
                (connections::Column::Priority, Column::Key),
                (*priority, key.as_str()),
            ));
    }
    let rows = rows
        .order_by_asc(connections::Column::Priority)
        .order_by_asc(Column::Key)
        .limit(limit)
        .all(db)
        .await?;
    let rows = rows.into_iter();
    let placed = |(connection, supplier): (connections::Model, Option<Model>)| {
        let supplier = supplier?;
        Some(((Some(connection.priority), supplier.key.clone()), supplier))
    };
    Ok(rows.filter_map(placed).collect())
}

/// Suppliers by key.
async fn others(
    db: &impl ConnectionTrait,
    mut rows: Select<Entity>,
    seen: Option<&Place>,
    limit: u64,
) -> Result<Vec<(Place, Model)>, DbErr> {
    if let Some((_, key)) = seen {
        rows = rows.filter(Column::Key.gt(key.as_str()));
    }
    let rows = rows.order_by_asc(Column::Key).limit(limit).all(db).await?;
    Ok(rows.into_iter().map(|row| ((None, row.key.clone()), row)).collect())
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
