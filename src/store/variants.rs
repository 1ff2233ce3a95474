//! A shop's product variants as last read.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, IntoActiveModel as _, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, Func, OnConflict},
};

use super::{Tx, mappings, match_proposals, paging, variant_keys};
use crate::ids::{ShopId, ShopifyProductId, ShopifyVariantId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "variants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: ShopId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ShopifyVariantId,
    pub product_id: ShopifyProductId,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub title: String,
    pub product_title: String,
    pub requires_shipping: bool,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Writes variants as they were read.
pub async fn put(tx: &Tx, read: Vec<Model>) -> Result<(), DbErr> {
    if read.is_empty() {
        return Ok(());
    }
    let replace = OnConflict::columns([Column::ShopId, Column::Id])
        .update_columns([
            Column::ProductId,
            Column::Sku,
            Column::Barcode,
            Column::Title,
            Column::ProductTitle,
            Column::RequiresShipping,
            Column::DeletedAt,
        ])
        .to_owned();
    variant_keys::put(tx, &read)?;
    let rows = read.into_iter().map(|row| row.into_active_model().reset_all());
    Entity::insert_many(rows)
        .on_conflict(replace)
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}

/// Variants that are read for some hundred SKUs: beyond it one of them stands on very many.
const MOST_WITH_SKUS: u64 = 20_000;

/// The most variants of one product, by Shopify's own limit.
const MOST_OF_PRODUCT: u64 = 2048;

/// The variants of a product that are not known to be deleted.
pub async fn ids_of_product(
    db: &impl ConnectionTrait,
    shop: ShopId,
    product: ShopifyProductId,
) -> Result<Vec<ShopifyVariantId>, DbErr> {
    living(shop)
        .filter(Column::ProductId.eq(product))
        .limit(MOST_OF_PRODUCT)
        .select_only()
        .column(Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// Marks variants as deleted.
pub async fn mark_deleted(tx: &Tx, shop: ShopId, ids: &[ShopifyVariantId], at: DateTime<Utc>) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    variant_keys::remove(tx, shop, ids);
    match_proposals::remove_open(tx, shop, ids);
    Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::val(at))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// A shop's variants, without those that are deleted in Shopify.
pub async fn of_shop(db: &impl ConnectionTrait, shop: ShopId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::DeletedAt.is_null())
        .all(db)
        .await
}

/// Which variants of a shop a list shows.
#[derive(Clone, Debug, Default)]
pub struct VariantFilter {
    /// Part of the product's title, or the beginning of the SKU.
    pub search: Option<String>,
    pub mapped: bool,
}

/// One page of the mapped or of the unmapped variants by id, after the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    shop: ShopId,
    filter: &VariantFilter,
    seen: Option<ShopifyVariantId>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = living(shop).filter(mapped(filter.mapped));
    if let Some(search) = filter.search.as_deref().filter(|text| !text.trim().is_empty()) {
        let lower = search.to_lowercase();
        let lowered = |column: Column| Expr::expr(Func::lower(Expr::col((Entity, column))));
        rows = rows.filter(
            Condition::any()
                .add(lowered(Column::Sku).like(paging::starts_with(&lower)))
                .add(lowered(Column::ProductTitle).like(paging::contains(&lower))),
        );
    }
    if let Some(seen) = seen {
        rows = rows.filter(Column::Id.gt(seen));
    }
    rows.order_by_asc(Column::Id).limit(paging::capped(limit)).all(db).await
}

/// Variants by id, those that the shop has deleted included.
pub async fn by_ids(db: &impl ConnectionTrait, shop: ShopId, ids: &[ShopifyVariantId]) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.is_in(ids.iter().copied()));
    paging::all(rows, db).await
}

/// The living variants with some SKUs, and which each has.
pub async fn with_skus(
    db: &impl ConnectionTrait,
    shop: ShopId,
    skus: &[String],
) -> Result<Vec<(String, ShopifyVariantId)>, DbErr> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    living(shop)
        .filter(Column::Sku.is_in(skus))
        .limit(MOST_WITH_SKUS)
        .select_only()
        .columns([Column::Sku, Column::Id])
        .into_tuple()
        .all(db)
        .await
}

/// How many variants to ship have no mapping, counted up to a limit.
pub async fn count_unmapped(db: &impl ConnectionTrait, shop: ShopId, limit: u64) -> Result<u64, DbErr> {
    let rows = living(shop)
        .filter(Column::RequiresShipping.eq(true))
        .filter(mapped(false));
    paging::count(rows, limit, db).await
}

fn living(shop: ShopId) -> Select<Entity> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::DeletedAt.is_null())
}

fn mapped(wanted: bool) -> Expr {
    let mut mapping = mappings::Entity::find()
        .filter(Expr::col((mappings::Entity, mappings::Column::ShopId)).equals((Entity, Column::ShopId)))
        .filter(Expr::col((mappings::Entity, mappings::Column::VariantId)).equals((Entity, Column::Id)))
        .select_only()
        .column(mappings::Column::Id);
    let exists = Expr::exists(QuerySelect::query(&mut mapping).to_owned());
    if wanted { exists } else { exists.not() }
}
