//! What offers are found by: their codes as they are compared, and the words of their titles.

use sea_orm::{
    DbBackend, QueryTrait as _, Statement,
    entity::prelude::*,
    sea_query::{Query, SelectStatement},
};

use super::{Tx, connections, keys, offers, pending::Write};
use crate::{
    domain::matching::{KeyKind, codes, titles},
    ids::{OfferId, ShopId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: KeyKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Writes an offer's keys, where they changed.
pub(super) fn put(tx: &Tx, before: Option<&offers::Model>, now: &offers::Model) -> Result<(), DbErr> {
    let rows = keys_of(now);
    if let Some(before) = before {
        if keys_of(before) == rows {
            return Ok(());
        }
        tx.write(Write::any::<Entity>(forgetting(tx.get_database_backend(), now.id)));
    }
    super::insert_all(tx, rows)
}

/// Takes an offer's keys away. It is found by the offer alone: with its supplier beside it, SQLite would go
/// through the keys of all the supplier's offers.
#[must_use]
pub fn forgetting(backend: DbBackend, offer: OfferId) -> Statement {
    let delete = Entity::delete_many().filter(Column::OfferId.eq(offer));
    delete.build(backend)
}

fn keys_of(offer: &offers::Model) -> Vec<Model> {
    let codes = [
        (KeyKind::Sku, codes::sku_key(&offer.sku)),
        (KeyKind::Barcode, offer.barcode.as_deref().and_then(codes::gtin_key)),
    ];
    let codes = codes.into_iter().filter_map(|(kind, key)| Some((kind, key?)));
    let words = titles::index_words(&offer.title).into_iter();
    codes
        .chain(words.map(|word| (KeyKind::Word, word)))
        .map(|(kind, key)| Model {
            supplier_id: offer.supplier_id,
            kind,
            key,
            offer_id: offer.id,
        })
        .collect()
}

/// Up to `each` offers with every one of the keys, of the suppliers with whom the shop has a connection.
pub async fn offers_with(
    db: &impl ConnectionTrait,
    shop: ShopId,
    kind: KeyKind,
    keys: &[String],
    each: u64,
) -> Result<Vec<OfferId>, DbErr> {
    let rows_of = |key: &str| -> SelectStatement {
        let suppliers = Query::select()
            .column(connections::Column::SupplierId)
            .from(connections::Entity)
            .and_where(connections::Column::ShopId.eq(shop))
            .to_owned();
        Query::select()
            .columns([Column::Key, Column::OfferId])
            .from(Entity)
            .and_where(Column::SupplierId.in_subquery(suppliers))
            .and_where(Column::Kind.eq(kind))
            .and_where(Column::Key.eq(key))
            .to_owned()
    };
    keys::some_of_each(db, keys, each, Column::OfferId, rows_of, |row| row.try_get_by_index(1)).await
}
