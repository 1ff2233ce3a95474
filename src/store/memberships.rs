//! Which shop or supplier a person works for.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, QueryOrder as _, entity::prelude::*, sea_query::Query};

use super::{Party, Tx};
use crate::{
    domain::text_enum::text_enum,
    ids::{RowId, ShopId, SupplierId, UserId},
};

text_enum! {
    pub enum Role {
        Owner = "owner",
        Staff = "staff",
        Supplier = "supplier",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub user_id: UserId,
    pub shop_id: Option<ShopId>,
    pub supplier_id: Option<SupplierId>,
    pub role: Role,
    pub created_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Ends everybody's work for a shop.
pub async fn remove_of_shop(tx: &Tx, shop: ShopId) -> Result<(), DbErr> {
    let of_shop = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::ShopId.eq(shop))
        .to_owned();
    super::sessions::end_of_memberships(tx, of_shop).await?;
    Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// The first membership of a person that opens anything: what signing in leads to.
pub async fn first_of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(
            Condition::any()
                .add(Column::ShopId.is_null())
                .add(Column::ShopId.in_subquery(super::shops::with_the_app())),
        )
        .order_by_asc(Column::Id)
        .one(db)
        .await
}

/// A shop's owner, the first if there are several.
pub async fn owner_of(db: &impl ConnectionTrait, shop: ShopId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Role.eq(Role::Owner))
        .order_by_asc(Column::Id)
        .one(db)
        .await
}

/// A person's membership in a shop or supplier.
pub async fn of_user_in(db: &impl ConnectionTrait, user: UserId, party: Party) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(party.owns(Column::ShopId, Column::SupplierId))
        .one(db)
        .await
}
