//! How many parcels an order has already, where a rule limits them: by weight, as they were counted when they were
//! decided. Else what waited for want of room would find some as soon as it is routed again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{cost_facts::Agreed, route_order::destination, rule_facts};
use crate::{
    domain::costs::Destination,
    ids::{OfferId, PoLineId, SupplierId},
    routing::{
        self,
        rulebook::{Consequence, OrderFacts, Rule},
    },
    store::{self, Recall, order_state::OrderState, po_lines, purchase_orders, shops},
};

/// Parcels that were shipped or are to be: of each purchase order as many as there are, or as its weight needs.
pub async fn count(
    db: &impl Recall,
    shop: &shops::Model,
    state: &OrderState,
    (facts, rules): (&OrderFacts, &[Rule]),
    now: DateTime<Utc>,
) -> Result<u32, DbErr> {
    let is_limited = rules.iter().any(|rule| matches!(rule.then, Consequence::MaxParcels(_)));
    let each = rule_facts::parcels_of_each(state);
    if !is_limited || each.is_empty() {
        return Ok(facts.parcels);
    }
    let orders: Vec<&purchase_orders::Model> = state
        .purchase_orders
        .iter()
        .filter(|po| each.contains_key(&po.id))
        .collect();
    let suppliers: BTreeSet<SupplierId> = orders.iter().map(|po| po.supplier_id).collect();
    let agreed = Agreed::read(db, shop.id, suppliers.into_iter().collect()).await?;
    let country = destination(state);
    let to = Destination {
        country: country.as_deref(),
        province: facts.province.as_deref(),
        postcode: facts.postcode.as_deref(),
    };
    let Some(costs) = agreed.known_costs(shop, &[], to, now) else {
        return Ok(facts.parcels);
    };
    let grams = grams(db, state).await?;
    let loads: Vec<(SupplierId, u64)> = orders
        .iter()
        .map(|po| (po.supplier_id, weight(state, po, &grams)))
        .collect();
    let needed = routing::parcels_needed(&costs, &loads);
    let known = orders.iter().map(|po| each.get(&po.id).copied().unwrap_or(0));
    Ok(known
        .zip(needed)
        .map(|(known, needed)| known.max(needed))
        .fold(0, u32::saturating_add))
}

/// What each piece weighs, by the lines that units rest on. What is not known weighs nothing, as in a plan.
async fn grams(db: &impl Recall, state: &OrderState) -> Result<BTreeMap<PoLineId, u64>, DbErr> {
    let live: BTreeMap<PoLineId, OfferId> = state
        .allocations
        .iter()
        .map(|one| (one.po_line_id, one.offer_id))
        .collect();
    let offers: BTreeSet<OfferId> = live.values().copied().collect();
    let offers = store::offers::known(db, offers.into_iter().collect()).await?;
    let weight = |id: OfferId| offers.iter().find(|offer| offer.id == id)?.weight_g.map(store::units);
    let each = live.into_iter();
    Ok(each
        .map(|(line, offer)| (line, weight(offer).unwrap_or(0).into()))
        .collect())
}

/// What of a purchase order was shipped or is to be, in grams.
fn weight(state: &OrderState, po: &purchase_orders::Model, grams: &BTreeMap<PoLineId, u64>) -> u64 {
    let lines = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
    let of_line = |line: &po_lines::Model| {
        let progress = line.progress();
        let pieces = progress.quantity.saturating_sub(progress.rejected + progress.cancelled);
        grams.get(&line.id).map_or(0, |each| each.saturating_mul(pieces.into()))
    };
    lines.map(of_line).fold(0, u64::saturating_add)
}
