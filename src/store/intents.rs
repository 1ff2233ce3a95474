//! The ledger of outside calls that must happen once.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::Expr};

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

/// Some of a shop's Intents without an outcome that were last acted on before
/// a time, by id, after the one that was seen last.
pub async fn open_before(
    db: &impl ConnectionTrait,
    shop: ShopId,
    before: DateTime<Utc>,
    seen: Option<IntentId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        // In these words, because they are the index's.
        .filter(Expr::cust("outcome in ('pending','unknown')"))
        .filter(Column::CreatedAt.lt(before))
        .filter(
            Condition::any()
                .add(Column::CalledAt.is_null())
                .add(Column::CalledAt.lt(before)),
        );
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
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
