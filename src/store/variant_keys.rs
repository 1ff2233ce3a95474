//! What a shop's variants are found by: their codes as they are compared.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{QueryTrait as _, entity::prelude::*, sea_query::Query};

use super::{Tx, keys, pending::Write, variants};
use crate::{
    domain::matching::{KeyKind, codes},
    ids::{ShopId, ShopifyVariantId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "variant_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shop_id: ShopId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: KeyKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub variant_id: ShopifyVariantId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Writes the keys of variants of one shop.
pub(super) fn put(tx: &Tx, read: &[variants::Model]) -> Result<(), DbErr> {
    let Some(shop) = read.first().map(|row| row.shop_id) else {
        return Ok(());
    };
    let ids: Vec<ShopifyVariantId> = read.iter().map(|row| row.id).collect();
    remove(tx, shop, &ids);
    let mut rows: BTreeMap<(KeyKind, String, ShopifyVariantId), Model> = BTreeMap::new();
    for row in read.iter().filter(|row| row.deleted_at.is_none()) {
        for (kind, key) in [
            (KeyKind::Sku, row.sku.as_deref().and_then(codes::sku_key)),
            (KeyKind::Barcode, row.barcode.as_deref().and_then(codes::gtin_key)),
        ] {
            let Some(key) = key else { continue };
            let model = Model {
                shop_id: shop,
                kind,
                key: key.clone(),
                variant_id: row.id,
            };
            rows.insert((kind, key, row.id), model);
        }
    }
    super::insert_all(tx, rows.into_values().collect())
}

/// Forgets the keys of variants.
pub(super) fn remove(tx: &Tx, shop: ShopId, ids: &[ShopifyVariantId]) {
    let delete = Entity::delete_many()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::VariantId.is_in(ids.iter().copied()));
    tx.write(Write::any::<Entity>(delete.build(tx.get_database_backend())));
}

/// Those of the keys that stand on more than one variant.
pub async fn shared(
    db: &impl ConnectionTrait,
    shop: ShopId,
    kind: KeyKind,
    keys: &[String],
) -> Result<BTreeSet<String>, DbErr> {
    let mut seen = BTreeSet::new();
    let found = on_variants(db, shop, kind, keys, 2).await?.into_iter();
    Ok(found.filter(|key| !seen.insert(key.clone())).collect())
}

/// Those of the keys that stand on a variant.
pub async fn known(
    db: &impl ConnectionTrait,
    shop: ShopId,
    kind: KeyKind,
    keys: &[String],
) -> Result<BTreeSet<String>, DbErr> {
    Ok(on_variants(db, shop, kind, keys, 1).await?.into_iter().collect())
}

/// Each key as often as variants have it, but not more than `each` times.
async fn on_variants(
    db: &impl ConnectionTrait,
    shop: ShopId,
    kind: KeyKind,
    keys: &[String],
    each: u64,
) -> Result<Vec<String>, DbErr> {
    let rows_of = |key: &str| {
        Query::select()
            .columns([Column::Key, Column::VariantId])
            .from(Entity)
            .and_where(Column::ShopId.eq(shop))
            .and_where(Column::Kind.eq(kind))
            .and_where(Column::Key.eq(key))
            .to_owned()
    };
    keys::some_of_each(db, keys, each, Column::VariantId, rows_of, |row| {
        row.try_get_by_index(0)
    })
    .await
}
