//! Single-use states of installations under way.

use chrono::{DateTime, Utc};
use sea_orm::{QuerySelect as _, entity::prelude::*};

use super::Tx;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_states")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_hash: Vec<u8>,
    pub shop_domain: String,
    pub expires_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Uses a state up: whoever comes second finds nothing.
pub async fn take(tx: &Tx, state_hash: Vec<u8>) -> Result<Option<Model>, DbErr> {
    let found = Entity::find_by_id(state_hash.clone())
        .lock_exclusive()
        .one(tx.conn())
        .await?;
    let deleted = Entity::delete_by_id(state_hash).exec(tx.conn()).await?;
    Ok(found.filter(|_| deleted.rows_affected == 1))
}

pub async fn forget_expired(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ExpiresAt.lt(now))
        .exec(tx.conn())
        .await
        .map(drop)
}
