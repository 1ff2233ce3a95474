//! Every rulebook that a shop has had; the live one is in the shop's settings.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::{Tx, columns::Json};
use crate::{
    domain::rules::RuleText,
    ids::{RowId, ShopId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub shop_id: ShopId,
    /// 1 is the shop's first.
    pub version: i32,
    pub rules: Json<Vec<RuleText>>,
    pub made_at: DateTime<Utc>,
    /// Who made it, in words.
    pub made_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A shop's newest versions, the newest first.
pub async fn newest(db: &impl ConnectionTrait, shop: ShopId, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .order_by_desc(Column::Version)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
}

/// Adds the next version. The caller holds the shop's lock.
pub async fn add(tx: &Tx, shop: ShopId, rules: &[RuleText], by: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let last = newest(tx.conn(), shop, 1).await?.pop();
    let row = Model {
        id: RowId::generate(),
        shop_id: shop,
        version: last.map_or(1, |last| last.version + 1),
        rules: Json(rules.to_vec()),
        made_at: now,
        made_by: by.to_owned(),
    };
    super::insert(tx, row)
}
