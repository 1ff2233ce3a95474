//! The offers that make one unit of a variant, by ranked alternative.

use chrono::NaiveDate;
use sea_orm::{QueryOrder as _, QueryTrait as _, entity::prelude::*};

use super::{Recall, Tx, pending::Write};
use crate::{
    domain::{
        mapping::Validity,
        money::{Currency, Money},
    },
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
    /// The first and the last day of the alternative, in UTC.
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The components of some mappings, by rank and position.
pub async fn of_mappings(db: &impl Recall, shop: ShopId, mappings: Vec<MappingId>) -> Result<Vec<Model>, DbErr> {
    if mappings.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::MappingId.is_in(mappings))
        .order_by_asc(Column::MappingId)
        .order_by_asc(Column::Rank)
        .order_by_asc(Column::Position);
    db.recall(rows).await
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

/// Whether an alternative of a shop's begins to count after `before`, or counts no more, by `today`.
pub async fn any_begins_or_ends(
    db: &impl ConnectionTrait,
    shop: ShopId,
    before: NaiveDate,
    today: NaiveDate,
) -> Result<bool, DbErr> {
    let of_shop = || Entity::find().filter(Column::ShopId.eq(shop));
    let begins = of_shop()
        .filter(Column::ValidFrom.gt(before))
        .filter(Column::ValidFrom.lte(today));
    if begins.one(db).await?.is_some() {
        return Ok(true);
    }
    let ends = of_shop()
        .filter(Column::ValidUntil.gte(before))
        .filter(Column::ValidUntil.lt(today));
    Ok(ends.one(db).await?.is_some())
}

/// Removes the components of some mappings.
pub fn remove_all(tx: &Tx, shop: ShopId, mappings: &[MappingId]) {
    if mappings.is_empty() {
        return;
    }
    let delete = Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::MappingId.is_in(mappings.iter().copied()));
    tx.write(Write::any::<Entity>(delete.build(tx.get_database_backend())));
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
    /// The days on which the component's alternative counts.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        Validity {
            from: self.valid_from,
            until: self.valid_until,
        }
    }

    /// The price the shop accepted for one piece.
    #[must_use]
    pub const fn accepted_cost(&self) -> Money {
        Money::new(self.accepted_cost_minor, self.currency)
    }
}
