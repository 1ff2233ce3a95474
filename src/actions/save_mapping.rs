//! Says which offers make one unit of a variant, in ranked alternatives.
//!
//! Saving accepts what the offers cost now: routing buys nothing above that
//! and the connection's tolerance. Orders that waited for it are routed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::revisit_orders::{RevisitOrders, Why};
use crate::{
    app::App,
    domain::event::Actor,
    error::AppError,
    ids::{AlternativeId, MappingId, OfferId, RowId, ShopId, ShopifyVariantId},
    queue::{When, enqueue},
    store::{self, Party, Tx, mapping_components, mappings, offers, variants},
};

/// The first alternative that can serve is taken.
#[derive(Clone, Debug)]
pub struct NewAlternative {
    pub components: Vec<NewComponent>,
}

#[derive(Clone, Debug)]
pub struct NewComponent {
    pub offer: OfferId,
    /// Pieces of the offer in one unit of the variant.
    pub quantity: i32,
}

/// The dearest piece there can be, in minor units: far above any price, and
/// far below what sums of many would overflow.
pub const MOST_COST_MINOR: i64 = 1_000_000_000_000;

const MOST_ALTERNATIVES: usize = 20;
const MOST_COMPONENTS: usize = 20;
const MOST_PIECES: i32 = 1000;

pub async fn save_mapping(
    app: &App,
    shop: ShopId,
    variant: ShopifyVariantId,
    alternatives: Vec<NewAlternative>,
    actor: &Actor,
) -> Result<(), AppError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    write(&tx, shop, variant, alternatives, now).await?;
    route_waiting(&tx, shop, variant, actor, now).await?;
    Ok(tx.commit().await?)
}

/// Has the orders that wait for a variant's mapping looked at again.
pub(super) async fn route_waiting(
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let by = actor.to_string();
    let revisit = RevisitOrders::new(shop, Why::Mapped { variant, by });
    enqueue(tx, &revisit, When::now(now.timestamp_millis()))
}

/// Puts a mapping in the place of what stood.
pub(super) async fn write(
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    alternatives: Vec<NewAlternative>,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    if variants::by_ids(tx.conn(), shop, &[variant]).await?.is_empty() {
        return Err(AppError::NotFound("this variant"));
    }
    let offers = checked(tx, shop, &alternatives).await?;
    let id = header(tx, shop, variant, now).await?;
    let mut rows = Vec::new();
    for (rank, alternative) in alternatives.iter().enumerate() {
        let alternative_id = AlternativeId::generate();
        for (position, component) in alternative.components.iter().enumerate() {
            let Some(offer) = offers.get(&component.offer) else {
                continue;
            };
            rows.push(mapping_components::Model {
                id: RowId::generate(),
                shop_id: shop,
                mapping_id: id,
                alternative_id,
                rank: i32::try_from(rank).unwrap_or(i32::MAX).saturating_add(1),
                position: i32::try_from(position).unwrap_or(i32::MAX),
                offer_id: component.offer,
                quantity: component.quantity,
                accepted_cost_minor: offer.cost_minor,
                currency: offer.currency,
            });
        }
    }
    Ok(store::insert_all(tx, rows)?)
}

async fn header(tx: &Tx, shop: ShopId, variant: ShopifyVariantId, now: DateTime<Utc>) -> Result<MappingId, AppError> {
    let found = mappings::of_variants(tx.conn(), shop, vec![variant]).await?;
    if let Some(mut row) = found.into_iter().next() {
        let id = row.id;
        row.updated_at = now;
        store::save(tx, row)?;
        mapping_components::remove(tx, shop, id).await?;
        return Ok(id);
    }
    let id = MappingId::generate();
    let row = mappings::Model {
        id,
        shop_id: shop,
        variant_id: variant,
        updated_at: now,
    };
    store::insert(tx, row)?;
    Ok(id)
}

async fn checked(
    tx: &Tx,
    shop: ShopId,
    alternatives: &[NewAlternative],
) -> Result<HashMap<OfferId, offers::Model>, AppError> {
    if !(1..=MOST_ALTERNATIVES).contains(&alternatives.len()) {
        let message = format!("a mapping has 1 to {MOST_ALTERNATIVES} alternatives");
        return Err(AppError::invalid("alternatives", message));
    }
    let ids = alternatives.iter().flat_map(|alternative| &alternative.components);
    let ids: Vec<OfferId> = ids.map(|component| component.offer).collect();
    let found = offers::seen_by_ids(tx.conn(), Party::Shop(shop), &ids).await?;
    let found: HashMap<OfferId, offers::Model> = found.into_iter().map(|offer| (offer.id, offer)).collect();
    for (rank, alternative) in alternatives.iter().enumerate() {
        let place = format!("alternatives.{rank}.components");
        if !(1..=MOST_COMPONENTS).contains(&alternative.components.len()) {
            let message = format!("an alternative has 1 to {MOST_COMPONENTS} components");
            return Err(AppError::invalid(place, message));
        }
        for (position, component) in alternative.components.iter().enumerate() {
            if !(1..=MOST_PIECES).contains(&component.quantity) {
                let message = format!("a quantity must be between 1 and {MOST_PIECES}");
                return Err(AppError::invalid(format!("{place}.{position}.quantity"), message));
            }
            if !found.contains_key(&component.offer) {
                let field = format!("{place}.{position}.offerId");
                return Err(AppError::invalid(field, "there is no such offer"));
            }
        }
    }
    Ok(found)
}
