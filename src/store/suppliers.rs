//! Parties that ship: private to a shop, or listed for every shop.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, QueryOrder as _, QuerySelect, entity::prelude::*, sea_query::SelectStatement};

use super::{Party, Recall, paging};
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

/// One page by key, after the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    party: Party,
    seen: Option<&str>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = seen_by(party);
    if let Some(key) = seen {
        rows = rows.filter(Column::Key.gt(key));
    }
    rows.order_by_asc(Column::Key)
        .limit(paging::capped(limit))
        .all(db)
        .await
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
