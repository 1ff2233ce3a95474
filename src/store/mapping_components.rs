//! The offers that make one unit of a variant, by ranked alternative.

use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::Tx;
use crate::{
    domain::money::{Currency, Money},
    ids::{AlternativeId, MappingId, OfferId, RowId, ShopId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mapping_components")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub shop_id: ShopId,
    pub mapping_id: MappingId,
    pub alternative_id: AlternativeId,
    pub rank: i32,
    pub position: i32,
    pub offer_id: OfferId,
    pub quantity: i32,
    pub accepted_cost_minor: i64,
    pub currency: Currency,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The components of some mappings, by rank and position.
pub async fn of_mappings(
    db: &impl ConnectionTrait,
    shop: ShopId,
    mappings: Vec<MappingId>,
) -> Result<Vec<Model>, DbErr> {
    if mappings.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::MappingId.is_in(mappings))
        .order_by_asc(Column::MappingId)
        .order_by_asc(Column::Rank)
        .order_by_asc(Column::Position)
        .all(db)
        .await
}

/// The components of all of a shop's mappings, by rank and position.
pub async fn of_shop(db: &impl ConnectionTrait, shop: ShopId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .order_by_asc(Column::MappingId)
        .order_by_asc(Column::Rank)
        .order_by_asc(Column::Position)
        .all(db)
        .await
}

/// Removes the components of a mapping.
pub async fn remove(tx: &Tx, shop: ShopId, mapping: MappingId) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::MappingId.eq(mapping))
        .exec(tx.conn())
        .await
        .map(drop)
}

impl Model {
    /// The price the shop accepted for one piece.
    #[must_use]
    pub const fn accepted_cost(&self) -> Money {
        Money::new(self.accepted_cost_minor, self.currency)
    }
}
