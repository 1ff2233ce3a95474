//! The ledger of outside calls that must happen once.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::columns::Json;
use crate::{
    domain::intent::{IntentKind, IntentOutcome},
    ids::{IntentId, OrderId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "intents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IntentId,
    pub key: String,
    pub kind: IntentKind,
    pub shop_id: Option<ShopId>,
    pub supplier_id: Option<SupplierId>,
    pub order_id: Option<OrderId>,
    pub subject_id: Uuid,
    pub request: Json<serde_json::Value>,
    pub outcome: IntentOutcome,
    pub evidence: Option<Json<serde_json::Value>>,
    pub calls: i32,
    pub created_at: DateTime<Utc>,
    pub called_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_key(db: &impl ConnectionTrait, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Key.eq(key)).one(db).await
}

pub async fn by_id(db: &impl ConnectionTrait, id: IntentId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

/// The Intents of one order, the oldest first.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::Id)
        .limit(super::MAX_PAGE)
        .all(db)
        .await
}
