//! Bearer keys of suppliers' systems and of scripts, hashed.

use chrono::{DateTime, Utc};
use sea_orm::{entity::prelude::*, sea_query::Expr};

use super::Tx;
use crate::ids::{RowId, ShopId, SupplierId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub key_hash: Vec<u8>,
    pub shop_id: Option<ShopId>,
    pub supplier_id: Option<SupplierId>,
    pub scopes: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A key that has not been revoked.
pub async fn living(db: &impl ConnectionTrait, key_hash: &[u8]) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::KeyHash.eq(key_hash))
        .filter(Column::RevokedAt.is_null())
        .one(db)
        .await
}

/// Notes when a key was used.
pub async fn touch(tx: &Tx, id: RowId, at: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::val(at))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await
        .map(drop)
}
