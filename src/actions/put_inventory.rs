//! A supplier says how many of each offer it has.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::replan_orders;
use crate::{
    app::App,
    ids::{OfferId, SupplierId},
    store::{self, Tx, offers, reservations},
};

/// The most offers that one report may name.
pub const MAX_ITEMS: usize = 1000;

/// What became of a stock report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockTaken {
    /// SKUs whose stock is another one now.
    pub changed: usize,
    pub unchanged: usize,
    /// SKUs of which a newer figure is known: it stays.
    pub older: BTreeSet<String>,
    /// SKUs that the supplier has no offer for.
    pub unknown: BTreeSet<String>,
}

/// Sets the stock of the supplier's offers by SKU; other offers stay as they are. Figures of before the call
/// say as of when they are: what was accepted or shipped since then is not told of in them, and figures that
/// are newer stay.
pub async fn put_inventory(
    app: &App,
    supplier: SupplierId,
    stock: &BTreeMap<String, u32>,
    as_of: Option<DateTime<Utc>>,
) -> Result<StockTaken, DbErr> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let rows = offers::lock_by_skus(&tx, supplier, stock.keys().cloned().collect()).await?;
    let mut taken = StockTaken {
        unknown: stock.keys().cloned().collect(),
        ..StockTaken::default()
    };
    let counted_at = as_of.unwrap_or(now);
    let (older, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| {
        row.counted_at
            .is_some_and(|known| as_of.is_some() && known > counted_at)
    });
    taken.older = older.into_iter().map(|row| row.sku).collect();
    taken.unknown.retain(|sku| !taken.older.contains(sku));
    let told: Vec<OfferId> = rows.iter().map(|row| row.id).collect();
    let first_told: Vec<OfferId> = rows
        .iter()
        .filter(|row| row.stock.is_none())
        .map(|row| row.id)
        .collect();
    for mut row in rows {
        taken.unknown.remove(&row.sku);
        let quantity = stock.get(&row.sku).copied().map(store::column);
        row.counted_at = Some(counted_at);
        if row.stock == quantity {
            taken.unchanged += 1;
        } else {
            row.stock = quantity;
            row.updated_at = now;
            taken.changed += 1;
        }
        store::save(&tx, row)?;
    }
    let has_free = reservations::reflect(&tx, &told, &first_told, as_of).await?;
    if taken.changed > 0 || has_free {
        replan_orders::of_supplier(&tx, supplier, app.clock.now_ms()).await?;
    }
    tx.commit().await?;
    Ok(taken)
}

/// The same for an offer that a person or a setup file says all of, under its lock: unless it was counted
/// anew only another number is news of the stock, since who changes a title says nothing about the shelf.
pub(super) async fn told_by_hand(
    tx: &Tx,
    before: &offers::Model,
    after: &offers::Model,
    as_of: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    if after.stock.is_none() || (after.stock == before.stock && after.counted_at == before.counted_at) {
        return Ok(());
    }
    let told = [after.id];
    let first_told = if before.stock.is_none() { &told[..] } else { &[] };
    reservations::reflect(tx, &told, first_told, as_of).await.map(drop)
}
