//! Searches for offers that are a shop's variants: how far each has come.

use chrono::{DateTime, Utc};
use sea_orm::{QueryOrder as _, entity::prelude::*, sea_query::Expr};

use crate::ids::{MatchRunId, ShopId, ShopifyVariantId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "match_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MatchRunId,
    pub shop_id: ShopId,
    /// The variant that was looked at last.
    pub after: ShopifyVariantId,
    /// Variants that were looked at.
    pub seen: i32,
    /// Those for which an offer is certain, and those for which some are likely.
    pub certain: i32,
    pub doubtful: i32,
    pub began_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The one that is under way.
pub async fn under_way(db: &impl ConnectionTrait, shop: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Expr::cust("ended_at is null"))
        .one(db)
        .await
}

/// The newest one.
pub async fn latest(db: &impl ConnectionTrait, shop: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .order_by_desc(Column::Id)
        .one(db)
        .await
}
