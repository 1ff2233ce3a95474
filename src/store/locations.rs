//! A shop's locations as last read.

use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::Tx;

use crate::ids::{ShopId, ShopifyLocationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "locations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: ShopId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShopifyLocationId,
    pub name: String,
    pub active: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A shop's locations by name.
pub async fn of_shop(db: &impl ConnectionTrait, shop: ShopId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .order_by_asc(Column::Name)
        .limit(super::MAX_PAGE)
        .all(db)
        .await
}

/// Puts what was read in the place of what stood.
pub async fn replace(tx: &Tx, shop: ShopId, read: Vec<Model>) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .exec(tx.conn())
        .await?;
    super::insert_all(tx, read)
}
