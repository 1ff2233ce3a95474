//! Says which offers make one unit of a variant, in ranked alternatives.
//!
//! Routing buys nothing above the cost that is accepted for an offer and the connection's tolerance.
//! What was accepted for an offer stays when its mapping is saved again, unless another cost is named;
//! of an offer that is new there, what it costs now is accepted. Orders that waited for it are routed, and what
//! can still be undone is decided anew.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    replan_orders,
    revisit_orders::{RevisitOrders, Why},
};
use crate::{
    app::App,
    domain::{event::Actor, mapping::Validity, money::Money},
    error::AppError,
    ids::{AlternativeId, MappingId, OfferId, RowId, ShopId, ShopifyVariantId},
    queue::{When, enqueue},
    store::{self, Party, Tx, mapping_components, mappings, match_proposals, offers, variants},
};

/// The first alternative that can serve is taken.
#[derive(Clone, Debug)]
pub struct NewAlternative {
    pub components: Vec<NewComponent>,
    pub validity: Validity,
}

#[derive(Clone, Debug)]
pub struct NewComponent {
    pub offer: OfferId,
    /// Pieces of the offer in one unit of the variant.
    pub quantity: i32,
    /// What the shop agrees to pay for one piece. None: what it agreed to for the offer in this mapping
    /// before, or what the offer costs now where it is new.
    pub accepted: Option<Money>,
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
    let days = days(&alternatives);
    write(&tx, shop, variant, alternatives, now).await?;
    route_waiting(&tx, shop, variant, &days, actor, now)?;
    Ok(tx.commit().await?)
}

pub(super) fn days(alternatives: &[NewAlternative]) -> Vec<Validity> {
    alternatives.iter().map(|alternative| alternative.validity).collect()
}

/// Has the orders that wait for a variant's mapping looked at again, whenever one of its alternatives
/// begins to count: while none does, they would only come back. So are those that can still be undone.
pub(super) fn route_waiting(
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    days: &[Validity],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    look_again(tx, shop, variant, days, (actor, None), now)
}

/// The same after something else of a mapping changed: what it was stands in the orders' histories.
pub(super) fn look_again(
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    days: &[Validity],
    (actor, what): (&Actor, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let begin = |validity: &Validity| {
        if validity.holds_at(now) {
            Some(now)
        } else {
            validity.begins_after(now)
        }
    };
    // What was decided by the mapping that stood, and can still be undone.
    replan_orders::of_shop(tx, shop, now)?;
    let begins: BTreeSet<DateTime<Utc>> = days.iter().filter_map(begin).collect();
    for time in begins {
        let why = Why::Mapped {
            variant,
            by: actor.to_string(),
            what: what.map(str::to_owned),
            until: None,
        };
        let revisit = RevisitOrders::new(shop, why);
        let wait = (time - now).to_std().unwrap_or_default();
        enqueue(tx, &revisit, When::after(now.timestamp_millis(), wait))?;
    }
    Ok(())
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
    Ok(write_many(tx, shop, vec![(variant, alternatives)], &offers, now).await?)
}

/// The same for many variants at once, which are the shop's, by offers that were checked.
pub(super) async fn write_many(
    tx: &Tx,
    shop: ShopId,
    wanted: Vec<(ShopifyVariantId, Vec<NewAlternative>)>,
    offers: &HashMap<OfferId, offers::Model>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let variants: Vec<ShopifyVariantId> = wanted.iter().map(|(variant, _)| *variant).collect();
    let stood = mappings::of_variants(tx.conn(), shop, variants.clone()).await?;
    let stood: HashMap<ShopifyVariantId, mappings::Model> =
        stood.into_iter().map(|row| (row.variant_id, row)).collect();
    let replaced: Vec<MappingId> = stood.values().map(|row| row.id).collect();
    let before = mapping_components::of_mappings(tx.conn(), shop, replaced.clone()).await?;
    mapping_components::remove_all(tx, shop, &replaced);
    match_proposals::remove_open(tx, shop, &variants);
    let (mut headers, mut rows) = (Vec::new(), Vec::new());
    for (variant, alternatives) in wanted {
        let stood = stood.get(&variant);
        let header = mappings::Model {
            id: stood.map_or_else(MappingId::generate, |row| row.id),
            shop_id: shop,
            variant_id: variant,
            updated_at: now,
        };
        rows.extend(component_rows(&header, &alternatives, offers, &before));
        match stood {
            Some(_) => store::save(tx, header)?,
            None => headers.push(header),
        }
    }
    store::insert_all(tx, headers)?;
    store::insert_all(tx, rows)
}

fn component_rows(
    mapping: &mappings::Model,
    alternatives: &[NewAlternative],
    offers: &HashMap<OfferId, offers::Model>,
    before: &[mapping_components::Model],
) -> Vec<mapping_components::Model> {
    let mut rows = Vec::new();
    for (rank, alternative) in (1..).zip(alternatives) {
        let alternative_id = AlternativeId::generate();
        for (position, component) in (0..).zip(&alternative.components) {
            let Some(offer) = offers.get(&component.offer) else {
                continue;
            };
            let kept = || accepted_before(before, (mapping.id, offer.id), (rank, position));
            let accepted = component.accepted.or_else(kept).unwrap_or_else(|| offer.cost());
            rows.push(mapping_components::Model {
                id: RowId::generate(),
                shop_id: mapping.shop_id,
                mapping_id: mapping.id,
                alternative_id,
                rank,
                position,
                offer_id: component.offer,
                quantity: component.quantity,
                accepted_cost_minor: accepted.amount_minor,
                currency: accepted.currency,
                valid_from: alternative.validity.from,
                valid_until: alternative.validity.until,
            });
        }
    }
    rows
}

/// The cost that was accepted for an offer in a mapping, at the same place if possible.
fn accepted_before(
    before: &[mapping_components::Model],
    (mapping, offer): (MappingId, OfferId),
    (rank, position): (i32, i32),
) -> Option<Money> {
    let of_offer = |row: &&mapping_components::Model| row.mapping_id == mapping && row.offer_id == offer;
    let here = |row: &&mapping_components::Model| row.rank == rank && row.position == position;
    let mut rows = before.iter().filter(of_offer);
    let kept = rows.clone().find(here).or_else(|| rows.next());
    kept.map(mapping_components::Model::accepted_cost)
}

/// Whether a mapping has as much of everything as it may have.
pub(super) fn check_counts(alternatives: &[NewAlternative]) -> Result<(), AppError> {
    if !(1..=MOST_ALTERNATIVES).contains(&alternatives.len()) {
        let message = format!("a mapping has 1 to {MOST_ALTERNATIVES} alternatives");
        return Err(AppError::invalid("alternatives", message));
    }
    for (rank, alternative) in alternatives.iter().enumerate() {
        if alternative.validity.is_upside_down() {
            let field = format!("alternatives.{rank}.validUntil");
            return Err(AppError::invalid(field, "it ends before it begins"));
        }
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
        }
    }
    Ok(())
}

async fn checked(
    tx: &Tx,
    shop: ShopId,
    alternatives: &[NewAlternative],
) -> Result<HashMap<OfferId, offers::Model>, AppError> {
    check_counts(alternatives)?;
    let ids = alternatives.iter().flat_map(|alternative| &alternative.components);
    let ids: Vec<OfferId> = ids.map(|component| component.offer).collect();
    let found = offers::seen_by_ids(tx.conn(), Party::Shop(shop), &ids).await?;
    let found: HashMap<OfferId, offers::Model> = found.into_iter().map(|offer| (offer.id, offer)).collect();
    for (rank, alternative) in alternatives.iter().enumerate() {
        for (position, component) in alternative.components.iter().enumerate() {
            let place = |field| format!("alternatives.{rank}.components.{position}.{field}");
            let Some(offer) = found.get(&component.offer) else {
                return Err(AppError::invalid(place("offerId"), "there is no such offer"));
            };
            if let Some(accepted) = component.accepted {
                check_accepted(accepted, offer).map_err(|(field, message)| AppError::invalid(place(field), message))?;
            }
        }
    }
    Ok(found)
}

/// A cost that may be accepted for an offer: in its currency, and within measure.
fn check_accepted(accepted: Money, offer: &offers::Model) -> Result<(), (&'static str, String)> {
    if accepted.currency != offer.currency {
        return Err(("currency", format!("the offer is in {}", offer.currency.code())));
    }
    if !(0..=MOST_COST_MINOR).contains(&accepted.amount_minor) {
        let message = "a cost must not be negative, nor beyond all measure";
        return Err(("acceptedCost", message.to_owned()));
    }
    Ok(())
}
