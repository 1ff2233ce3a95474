//! Every rulebook that a shop has had; the live one is in the shop's settings.

use chrono::{DateTime, Utc};
use sea_orm::{FromQueryResult, QueryOrder as _, QuerySelect as _, QueryTrait as _, entity::prelude::*};

use super::{Tx, columns::Json, paging};
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
    /// What changed, in words.
    pub what: String,
    pub made_at: DateTime<Utc>,
    /// Who made it, in words.
    pub made_by: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Older ones are forgotten when a new one is added.
pub const MOST_KEPT: i32 = 1_000;

/// A version without its rules, which may be long.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Header {
    pub version: i32,
    pub what: String,
    pub made_at: DateTime<Utc>,
    pub made_by: String,
}

/// Versions, the newest first, before the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<i32>,
    limit: u64,
) -> Result<Vec<Header>, DbErr> {
    Entity::find()
        .select_only()
        .columns([Column::Version, Column::What, Column::MadeAt, Column::MadeBy])
        .filter(Column::ShopId.eq(shop))
        .apply_if(seen, |rows, seen| rows.filter(Column::Version.lt(seen)))
        .order_by_desc(Column::Version)
        .limit(paging::capped(limit))
        .into_model()
        .all(db)
        .await
}

/// The number of the newest version; 0 when the shop has had no rules.
pub async fn newest(db: &impl ConnectionTrait, shop: ShopId) -> Result<i32, DbErr> {
    let found = page(db, shop, None, 1).await?;
    Ok(found.first().map_or(0, |header| header.version))
}

pub async fn by_version(db: &impl ConnectionTrait, shop: ShopId, version: i32) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Version.eq(version))
        .one(db)
        .await
}

/// A rulebook that comes to be.
pub struct NewVersion<'a> {
    pub rules: &'a [RuleText],
    pub what: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// Adds the next version and gives its number. The caller holds the shop's lock.
pub async fn add(tx: &Tx, shop: ShopId, new: NewVersion<'_>) -> Result<i32, DbErr> {
    let version = newest(tx.conn(), shop).await?.saturating_add(1);
    let row = Model {
        id: RowId::generate(),
        shop_id: shop,
        version,
        rules: Json(new.rules.to_vec()),
        what: new.what,
        made_at: new.at,
        made_by: new.by,
    };
    super::insert(tx, row)?;
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Version.lte(version.saturating_sub(MOST_KEPT)))
        .exec(tx.conn())
        .await?;
    Ok(version)
}
