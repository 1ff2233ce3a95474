//! Purchase orders that a person looks at before they leave: why one waits, and the
//! exception that asks for the decision. While it is open, nothing of it is sent.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::open_exception::{NewException, open_exception};
use crate::{
    domain::{exception::ExceptionKind, money::Money, review::Reviewed},
    store::{self, Tx, order_state::OrderState, purchase_orders, shops},
};

/// Holds a purchase order that was just decided, where the shop wants that.
pub async fn hold(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    po: &purchase_orders::Model,
    supplier: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let holds = &shop.settings.0.review;
    let order = &state.order;
    let is_proven =
        !holds.asks_for_proof() || store::purchase_orders::any_placed(tx.conn(), shop.id, po.supplier_id).await?;
    let why = holds.reasons(Reviewed {
        total: Money::new(order.total_minor, order.currency),
        risk: order.facts.0.risk.as_deref(),
        tags: &order.facts.0.tags,
        supplier,
        is_proven,
    });
    if why.is_empty() {
        return Ok(());
    }
    let new = NewException {
        kind: ExceptionKind::Review,
        shop: shop.id,
        order: order.id,
        order_line: None,
        purchase_order: Some(po.id),
        shipment: None,
        quantity: None,
        message: format!("{} waits for a review: {}", po.number, why.join("; ")),
        evidence: None,
    };
    open_exception(tx, new, now).await
}
