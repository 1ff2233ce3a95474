//! Which variants are mapped.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use super::Tx;
use crate::ids::{MappingId, ShopId, ShopifyVariantId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mappings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MappingId,
    pub shop_id: ShopId,
    pub variant_id: ShopifyVariantId,
    pub updated_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The mappings of some variants of a shop.
pub async fn of_variants(
    db: &impl ConnectionTrait,
    shop: ShopId,
    variants: Vec<ShopifyVariantId>,
) -> Result<Vec<Model>, DbErr> {
    if variants.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::VariantId.is_in(variants))
        .all(db)
        .await
}

/// All of a shop's mappings.
pub async fn of_shop(db: &impl ConnectionTrait, shop: ShopId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ShopId.eq(shop)).all(db).await
}

/// Removes a mapping, whose components must be gone already.
pub async fn remove(tx: &Tx, shop: ShopId, id: MappingId) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await
        .map(drop)
}
