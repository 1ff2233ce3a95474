//! What a purchase order's pieces cost by the supplier's price list at the quantity that it asks for,
//! and the last check of its prices before it is sent (invariant 6).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::{
    domain::{mapping::is_accepted, money::Money},
    ids::OfferId,
    store::{
        self, Tx, connections, mapping_components, mappings, offers, order_state::OrderState, po_lines, purchase_orders,
    },
};

/// The SKU of the first line whose offer now costs more than the line says; none when all prices hold.
///
/// The line's price passed the guard when it was routed, or when the quantity changed; what is checked
/// here is that nothing rose since, at the quantity that the whole purchase order still asks for.
pub async fn line_above_price(
    tx: &Tx,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
) -> Result<Option<String>, DbErr> {
    let open = lines
        .iter()
        .filter(|line| line.purchase_order_id == po.id && line.progress().open() > 0);
    let open: Vec<po_lines::Model> = open.cloned().collect();
    let (offers, pieces) = (offers_of(tx, &open).await?, pieces(&open));
    for line in &open {
        let Some(offer) = offers.iter().find(|offer| offer.id == line.offer_id) else {
            return Ok(Some(line.sku.clone()));
        };
        let now = offer.unit_cost(pieces.get(&offer.id).copied().unwrap_or(0));
        if now.currency != po.currency || now.amount_minor > line.unit_cost_minor {
            return Ok(Some(line.sku.clone()));
        }
    }
    Ok(None)
}

/// Puts on the lines of a purchase order that was not sent what their pieces cost at the quantity that it
/// asks for by now, and on the purchase order what they cost together. Fewer pieces may cost more each: a
/// line whose offer asks more for one piece than the shop accepted keeps its cost, so that the guard stops it.
///
/// The rows are left to the caller to save; `lines` are all of the purchase order's.
pub async fn reprice(
    tx: &Tx,
    state: &OrderState,
    po: &mut purchase_orders::Model,
    lines: &mut [po_lines::Model],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (offers, pieces) = (offers_of(tx, lines).await?, pieces(lines));
    if pieces.is_empty() {
        return Ok(());
    }
    for line in lines.iter_mut().filter(|line| line.progress().open() > 0) {
        let offer = offers.iter().find(|offer| offer.id == line.offer_id);
        let Some(offer) = offer.filter(|offer| offer.currency == po.currency) else {
            continue;
        };
        let each = offer
            .unit_cost(pieces.get(&offer.id).copied().unwrap_or(0))
            .amount_minor;
        if each < line.unit_cost_minor
            || (each > line.unit_cost_minor && shop_accepted(tx, state, line, offer, now).await?)
        {
            line.unit_cost_minor = each;
        }
    }
    po.total_minor = total(po, lines)?;
    Ok(())
}

/// What is still asked for of a purchase order costs together.
fn total(po: &purchase_orders::Model, lines: &[po_lines::Model]) -> Result<i64, DbErr> {
    let mut total = Money::new(0, po.currency);
    for line in lines {
        let progress = line.progress();
        let pieces = progress.quantity.saturating_sub(progress.rejected + progress.cancelled);
        let cost = Money::new(line.unit_cost_minor, po.currency).checked_times(pieces);
        let sum = cost.and_then(|cost| total.checked_add(cost));
        total = sum.map_err(|error| DbErr::Custom(format!("{}: {error}", line.sku)))?;
    }
    Ok(total.amount_minor)
}

async fn offers_of(tx: &Tx, lines: &[po_lines::Model]) -> Result<Vec<offers::Model>, DbErr> {
    offers::known(tx.conn(), lines.iter().map(|line| line.offer_id).collect()).await
}

/// Pieces of each offer that are still asked for.
fn pieces(lines: &[po_lines::Model]) -> BTreeMap<OfferId, u32> {
    let mut pieces = BTreeMap::new();
    for line in lines.iter().filter(|line| line.progress().open() > 0) {
        let sum: &mut u32 = pieces.entry(line.offer_id).or_default();
        *sum = sum.saturating_add(line.progress().open());
    }
    pieces
}

/// Whether the shop accepts what one piece of a line's offer costs now, as routing asks it.
async fn shop_accepted(
    tx: &Tx,
    state: &OrderState,
    line: &po_lines::Model,
    offer: &offers::Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let allocation = state.allocations.iter().find(|one| one.po_line_id == line.id);
    let of_order = allocation.and_then(|one| state.lines.iter().find(|row| row.id == one.order_line_id));
    let Some(variant) = of_order.and_then(|row| row.variant_id) else {
        return Ok(false);
    };
    let (db, shop) = (tx.conn(), line.shop_id);
    let agreed = connections::with_suppliers(db, shop, vec![line.supplier_id]).await?;
    let tolerance_bp = agreed.first().map_or(0, |row| store::units(row.price_tolerance_bp));
    let ids = mappings::of_variants(db, shop, vec![variant]).await?;
    let ids = ids.into_iter().map(|mapping| mapping.id).collect();
    let mut accepted = mapping_components::of_mappings(db, shop, ids).await?;
    accepted.retain(|part| part.offer_id == offer.id && part.validity().holds_at(now));
    let is_enough = |part: &mapping_components::Model| is_accepted(offer.cost(), part.accepted_cost(), tolerance_bp);
    Ok(!accepted.is_empty() && accepted.iter().all(is_enough))
}
