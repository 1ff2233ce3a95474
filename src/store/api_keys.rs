//! Bearer keys of suppliers' systems and of scripts, hashed.

use chrono::{DateTime, Utc};
use sea_orm::{JoinType, QueryOrder as _, QuerySelect as _, entity::prelude::*, sea_query::Expr};

use super::{Party, Tx, paging, shops, suppliers};
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

/// A supplier's key that has not been revoked, and whose it is.
pub async fn living_of_supplier(
    db: &impl ConnectionTrait,
    key_hash: &[u8],
) -> Result<Option<(Model, suppliers::Model)>, DbErr> {
    let supplier: RelationDef = Entity::belongs_to(suppliers::Entity)
        .from(Column::SupplierId)
        .to(suppliers::Column::Id)
        .into();
    let found = Entity::find()
        .join(JoinType::InnerJoin, supplier)
        .select_also(suppliers::Entity)
        .filter(Column::KeyHash.eq(key_hash))
        .filter(Column::RevokedAt.is_null())
        .one(db)
        .await?;
    Ok(found.and_then(|(key, supplier)| Some((key, supplier?))))
}

/// A shop's token that has not been revoked, while the shop has the app.
pub async fn living_of_shop(db: &impl ConnectionTrait, key_hash: &[u8]) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::KeyHash.eq(key_hash))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ShopId.in_subquery(shops::with_the_app()))
        .one(db)
        .await
}

/// The keys of a shop or a supplier that have not been revoked, the oldest first.
pub async fn of_party(db: &impl ConnectionTrait, party: Party) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .filter(Column::RevokedAt.is_null())
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}

/// Ends a key of a shop or a supplier; false when it has no such key in force.
pub async fn revoke(tx: &Tx, party: Party, id: RowId, at: DateTime<Utc>) -> Result<bool, DbErr> {
    let done = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::val(at))
        .filter(Column::Id.eq(id))
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .filter(Column::RevokedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected > 0)
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
