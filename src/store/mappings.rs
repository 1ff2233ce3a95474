//! Which variants are mapped.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    Condition, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{ExprTrait as _, Query, SelectStatement},
};

use super::{Recall, Tx, mapping_components, offers, order_lines, paging};
use crate::ids::{MappingId, ShopId, ShopifyVariantId, SupplierId};

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
pub async fn of_variants(db: &impl Recall, shop: ShopId, variants: Vec<ShopifyVariantId>) -> Result<Vec<Model>, DbErr> {
    if variants.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::VariantId.is_in(variants));
    db.recall(rows).await
}

/// One page by variant, after the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    seen: Option<ShopifyVariantId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = Entity::find().filter(Column::ShopId.eq(shop));
    if let Some(seen) = seen {
        rows = rows.filter(Column::VariantId.gt(seen));
    }
    rows.order_by_asc(Column::VariantId)
        .limit(paging::capped(limit))
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

/// Mappings that were written from a time on, and that have an alternative that counts on a day.
#[derive(Clone, Copy, Debug)]
pub struct Counting {
    pub since: DateTime<Utc>,
    pub today: NaiveDate,
}

/// Such a mapping of the order line that the outer query is about.
pub(super) fn counting_of_line_row(Counting { since, today }: Counting) -> SelectStatement {
    use mapping_components::Column as Component;
    let counts = Query::select()
        .column(Component::Id)
        .from(mapping_components::Entity)
        .and_where(Expr::col((mapping_components::Entity, Component::MappingId)).equals((Entity, Column::Id)))
        .cond_where(
            Condition::any()
                .add(Component::ValidFrom.is_null())
                .add(Component::ValidFrom.lte(today)),
        )
        .cond_where(
            Condition::any()
                .add(Component::ValidUntil.is_null())
                .add(Component::ValidUntil.gte(today)),
        )
        .to_owned();
    Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ShopId)).equals((order_lines::Entity, order_lines::Column::ShopId)))
        .and_where(Expr::col((Entity, Column::VariantId)).equals((order_lines::Entity, order_lines::Column::VariantId)))
        .and_where(Expr::col((Entity, Column::UpdatedAt)).gte(since))
        .and_where(Expr::exists(counts))
        .to_owned()
}

/// A mapping of the order line that the outer query is about, to an offer of which a supplier has pieces.
pub(super) fn offered_to_line_row(supplier: SupplierId) -> SelectStatement {
    use mapping_components::Column as Component;
    use offers::Column as Offer;
    let offered = Query::select()
        .column((mapping_components::Entity, Component::Id))
        .from(mapping_components::Entity)
        .inner_join(
            offers::Entity,
            Expr::col((offers::Entity, Offer::Id)).equals((mapping_components::Entity, Component::OfferId)),
        )
        .and_where(Expr::col((mapping_components::Entity, Component::MappingId)).equals((Entity, Column::Id)))
        .and_where(Expr::col((offers::Entity, Offer::SupplierId)).eq(supplier))
        .and_where(Expr::col((offers::Entity, Offer::Active)).eq(true))
        .cond_where(
            Condition::any()
                .add(Expr::col((offers::Entity, Offer::Stock)).is_null())
                .add(Expr::col((offers::Entity, Offer::Stock)).gt(Expr::col((offers::Entity, Offer::Reserved)))),
        )
        .to_owned();
    Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ShopId)).equals((order_lines::Entity, order_lines::Column::ShopId)))
        .and_where(Expr::col((Entity, Column::VariantId)).equals((order_lines::Entity, order_lines::Column::VariantId)))
        .and_where(Expr::exists(offered))
        .to_owned()
}
