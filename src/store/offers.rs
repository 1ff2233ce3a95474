//! What suppliers sell.

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, QueryOrder as _, QuerySelect as _,
    entity::prelude::*,
    sea_query::{ExprTrait as _, Func, LockType},
};

use super::{Party, Recall, Tx, columns::Json, offer_keys, paging, suppliers};
use crate::{
    domain::{
        costs::{self, PriceBreak},
        goods::Goods,
        money::{Currency, Money},
    },
    ids::{OfferId, SupplierId},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfferId,
    pub supplier_id: SupplierId,
    pub sku: String,
    pub barcode: Option<String>,
    pub title: String,
    pub cost_minor: i64,
    pub currency: Currency,
    pub stock: Option<i32>,
    /// As of when `stock` was told, where that is known: a figure of before changes nothing.
    pub counted_at: Option<DateTime<Utc>>,
    /// Pieces that purchase orders count on and `stock` does not tell of: see [`super::reservations`].
    pub reserved: i32,
    pub weight_g: Option<i32>,
    pub goods: Json<Goods>,
    pub ships_to: Json<Vec<String>>,
    /// By rising quantity.
    pub price_breaks: Json<Vec<PriceBreak>>,
    pub active: bool,
    pub updated_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub async fn by_ids(db: &impl ConnectionTrait, ids: Vec<OfferId>) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find().filter(Column::Id.is_in(ids)).all(db).await
}

/// The same where they are asked for again and again; see [`Recall`].
pub async fn known(db: &impl Recall, ids: Vec<OfferId>) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.recall(Entity::find().filter(Column::Id.is_in(ids))).await
}

/// Writes an offer as it is now, with what it is found by. `before` is its row as it stands, if any.
pub fn put(tx: &Tx, before: Option<&Model>, row: &Model) -> Result<(), DbErr> {
    match before {
        Some(_) => super::save(tx, row.clone())?,
        None => super::insert(tx, row.clone())?,
    }
    // The keys name the row, so it goes first.
    offer_keys::put(tx, before, row)
}

/// Offers of one supplier by SKU, to be changed: always locked in the same order.
pub async fn lock_by_skus(tx: &Tx, supplier: SupplierId, skus: Vec<String>) -> Result<Vec<Model>, DbErr> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::SupplierId.eq(supplier))
        .filter(Column::Sku.is_in(skus))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.conn())
        .await
}

/// Offers of one supplier by SKU.
pub async fn by_skus(db: &impl ConnectionTrait, supplier: SupplierId, skus: Vec<String>) -> Result<Vec<Model>, DbErr> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::SupplierId.eq(supplier))
        .filter(Column::Sku.is_in(skus))
        .all(db)
        .await
}

/// Some offers, locked in the order of their ids until the transaction ends. Not against
/// rows that refer to them: whoever writes one would wait for us, and we for them.
pub async fn lock(tx: &Tx, ids: Vec<OfferId>) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Id.is_in(ids))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.conn())
        .await
}

/// Everything that a supplier sells or sold.
pub async fn of_supplier(db: &impl ConnectionTrait, supplier: SupplierId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::SupplierId.eq(supplier)).all(db).await
}

/// Which offers a list shows.
#[derive(Clone, Debug, Default)]
pub struct OfferFilter {
    pub supplier: Option<SupplierId>,
    /// Part of the title, or the SKU or barcode in full.
    pub search: Option<String>,
}

/// The offers of the suppliers that a party sees.
fn seen_by(party: Party) -> Select<Entity> {
    Entity::find().filter(Column::SupplierId.in_subquery(suppliers::ids_seen_by(party)))
}

/// One page by supplier and SKU, after the one that was seen last.
pub async fn page(
    db: &impl ConnectionTrait,
    party: Party,
    filter: &OfferFilter,
    seen: Option<(SupplierId, String)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut rows = seen_by(party);
    if let Some(supplier) = filter.supplier {
        rows = rows.filter(Column::SupplierId.eq(supplier));
    }
    if let Some(search) = filter.search.as_deref().filter(|text| !text.trim().is_empty()) {
        let lower = search.to_lowercase();
        let lowered = |column: Column| Expr::expr(Func::lower(Expr::col((Entity, column))));
        rows = rows.filter(
            Condition::any()
                .add(lowered(Column::Sku).like(paging::starts_with(&lower)))
                .add(lowered(Column::Title).like(paging::contains(&lower)))
                .add(Column::Barcode.eq(search.trim())),
        );
    }
    if let Some(seen) = seen {
        rows = rows.filter(paging::after((Column::SupplierId, Column::Sku), seen));
    }
    rows.order_by_asc(Column::SupplierId)
        .order_by_asc(Column::Sku)
        .limit(paging::capped(limit))
        .all(db)
        .await
}

pub async fn seen_by_ids(db: &impl ConnectionTrait, party: Party, ids: &[OfferId]) -> Result<Vec<Model>, DbErr> {
    paging::all(seen_by(party).filter(Column::Id.is_in(ids.iter().copied())), db).await
}

/// How many offers each of many suppliers has.
pub async fn count_by_supplier(
    db: &impl ConnectionTrait,
    party: Party,
    ids: &[SupplierId],
) -> Result<Vec<(SupplierId, i64)>, DbErr> {
    seen_by(party)
        .filter(Column::SupplierId.is_in(ids.iter().copied()))
        .select_only()
        .column(Column::SupplierId)
        .column_as(Column::Id.count(), "count")
        .group_by(Column::SupplierId)
        .into_tuple()
        .all(db)
        .await
}

pub async fn by_sku(db: &impl ConnectionTrait, supplier: SupplierId, sku: &str) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::SupplierId.eq(supplier))
        .filter(Column::Sku.eq(sku))
        .one(db)
        .await
}

impl Model {
    /// What one piece costs.
    #[must_use]
    pub const fn cost(&self) -> Money {
        Money::new(self.cost_minor, self.currency)
    }

    /// What each piece costs of so many.
    #[must_use]
    pub fn unit_cost(&self, pieces: u32) -> Money {
        costs::unit_cost(self.cost(), &self.price_breaks.0, pieces)
    }

    /// Pieces that the supplier told of; none where it does not count.
    #[must_use]
    pub fn in_stock(&self) -> Option<u32> {
        self.stock.map(super::units)
    }

    /// Pieces that no order counts on yet; none where the supplier does not count.
    #[must_use]
    pub fn available(&self) -> Option<u32> {
        self.stock
            .map(|stock| super::units(stock.saturating_sub(self.reserved)))
    }

    /// Pieces that are in stock, and that orders count on.
    #[must_use]
    pub fn on_the_shelf_and_reserved(&self) -> u32 {
        super::units(self.stock.map_or(0, |stock| Ord::min(stock, self.reserved)))
    }
}
