//! What is left of each shop's Admin API cost budget, shared by all nodes.

use chrono::DateTime;
use sea_orm::{IntoActiveModel as _, QuerySelect as _, entity::prelude::*, sea_query::OnConflict};

use super::Tx;
use crate::{domain::throttle::Budget, ids::ShopId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shop_budgets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: ShopId,
    /// Below zero nobody may call; an earlier release takes that for an empty bucket.
    pub available: i64,
    pub maximum: i64,
    pub restore_rate: i64,
    pub as_of_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_shop(db: &impl ConnectionTrait, shop: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(shop).one(db).await
}

/// Reads the shop's budget, and keeps other nodes from drawing from it meanwhile.
pub async fn lock(tx: &Tx, shop: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(shop).lock_exclusive().one(tx.conn()).await
}

/// Writes what is left.
pub async fn put(tx: &Tx, shop: ShopId, budget: &Budget) -> Result<(), DbErr> {
    let row = Model {
        shop_id: shop,
        available: budget.available,
        maximum: budget.maximum.into(),
        restore_rate: budget.restore_per_second.into(),
        as_of_ms: budget.as_of.timestamp_millis(),
    };
    let replace = OnConflict::column(Column::ShopId)
        .update_columns([Column::Available, Column::Maximum, Column::RestoreRate, Column::AsOfMs])
        .to_owned();
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(replace)
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}

impl Model {
    /// As the arithmetic takes it.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let points = |column: i64| u32::try_from(column).unwrap_or(0);
        Budget {
            available: self.available,
            maximum: points(self.maximum),
            restore_per_second: points(self.restore_rate).max(1),
            as_of: DateTime::from_timestamp_millis(self.as_of_ms).unwrap_or_default(),
        }
    }
}
