//! What is asked back of a purchase order: written on its lines by whoever
//! wants it, asked of the supplier by `cancel_purchase_order`.
//!
//! What is asked names the effect. The lines' quantities that are cancelled or
//! asked back, taken together, only grow while the supplier agrees; so a
//! question that was refused has the same name the next time, and only a person
//! asks it again.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use sha2::{Digest as _, Sha256};

use super::cancel_purchase_order::CancelPurchaseOrder;
use crate::{
    queue::{When, enqueue},
    store::{self, Tx, order_state::OrderState, orders, po_lines, purchase_orders},
};

/// The Intent's key for asking back what the lines say.
#[must_use]
pub fn intent_key(po: &purchase_orders::Model, lines: &[po_lines::Model]) -> String {
    let mut quantities: Vec<_> = lines
        .iter()
        .map(|line| (line.id.0, line.cancelled + line.cancel_requested))
        .collect();
    quantities.sort_unstable();
    let mut digest = Sha256::new();
    for (line, quantity) in quantities {
        digest.update(line.as_bytes());
        digest.update(quantity.to_be_bytes());
    }
    format!("cancel:{}:{}", po.id, hex::encode(&digest.finalize()[..8]))
}

/// Whether the supplier was asked for exactly this before, and the question is settled.
pub async fn was_asked(
    db: &impl ConnectionTrait,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
) -> Result<bool, DbErr> {
    let before = store::intents::by_key(db, &intent_key(po, lines)).await?;
    Ok(before.is_some_and(|intent| !intent.outcome.is_open()))
}

/// Asks back whatever is open on every line of the purchase order.
pub async fn all_open(tx: &Tx, po: &purchase_orders::Model) -> Result<Vec<po_lines::Model>, DbErr> {
    let mut lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    for line in &mut lines {
        line.cancel_requested = store::column(line.progress().open());
    }
    Ok(lines)
}

/// Asks back what the supplier has not said a word about, on the lines where that is not asked back yet.
pub fn unanswered(state: &OrderState, po: &purchase_orders::Model) -> Vec<po_lines::Model> {
    let of_po = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
    let asked = |line: &po_lines::Model| store::column(line.progress().unanswered());
    of_po
        .filter(|line| asked(line) > line.cancel_requested)
        .map(|line| po_lines::Model {
            cancel_requested: asked(line),
            ..line.clone()
        })
        .collect()
}

/// Writes what is asked back and has the supplier asked.
pub fn ask(
    tx: &Tx,
    order: &orders::Model,
    po: &purchase_orders::Model,
    lines: Vec<po_lines::Model>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for line in lines {
        store::save(tx, line)?;
    }
    let job = CancelPurchaseOrder::of(po, order.shopify_id);
    enqueue(tx, &job, When::now(now.timestamp_millis()))
}

/// A purchase order turns out to stand with its supplier: what was taken back
/// while its call was under way is asked back now (invariant 5).
pub async fn after_placing(
    tx: &Tx,
    order: &orders::Model,
    po: &purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    if order.cancelled_at.is_some() || po.cancel_requested_at.is_some() {
        let lines = all_open(tx, po).await?;
        return ask(tx, order, po, lines, now);
    }
    let state = OrderState::of(tx, order.shop_id, order.id).await?;
    let mut lines = state.iter().flat_map(|state| &state.po_lines);
    if lines.any(|line| line.purchase_order_id == po.id && line.cancel_requested > 0) {
        return ask(tx, order, po, Vec::new(), now);
    }
    Ok(())
}
