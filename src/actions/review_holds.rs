//! Purchase orders that a person looks at before they leave: why one waits, and the
//! exception that asks for the decision. While it is open, nothing of it is sent.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::Deserialize as _;
use serde_json::json;

use super::open_exception::{NewException, open_exception};
use crate::{
    domain::{
        exception::{ExceptionKind, ExceptionStatus},
        money::Money,
        review::Reviewed,
    },
    store::{self, Tx, exceptions, order_state::OrderState, purchase_orders, shops},
};

/// What a person says who lets a purchase order leave.
#[must_use]
pub fn released(po: &purchase_orders::Model) -> String {
    format!("{} was released", po.number)
}

/// Holds a purchase order that was not sent, where the shop wants that: when it is decided, when its order was
/// read again, and once more before it leaves. What a person saw when something of the order was released
/// is not asked about again. False where nothing is new.
pub async fn hold(
    tx: &Tx,
    shop: &shops::Model,
    state: &OrderState,
    po: &purchase_orders::Model,
    supplier: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let holds = &shop.settings.0.review;
    let order = &state.order;
    let is_proven =
        !holds.asks_for_proof() || store::purchase_orders::any_placed(tx.conn(), shop.id, po.supplier_id).await?;
    let mut why = holds.reasons(Reviewed {
        total: Money::new(order.total_minor, order.currency),
        currency: shop.currency,
        risk: order.facts.0.risk.as_deref(),
        is_unassessed: order.facts.0.risk_is_overdue,
        tags: &order.facts.0.tags,
        supplier,
        is_proven,
    });
    if why.is_empty() {
        return Ok(false);
    }
    let asked = reviews(tx, state).await?;
    let tells = |row: &exceptions::Model, reason: &String| reasons_of(row).contains(reason);
    why.retain(|reason| !asked.iter().any(|row| is_released(row, state) && tells(row, reason)));
    let is_open =
        |row: &&exceptions::Model| row.status == ExceptionStatus::Open && row.purchase_order_id == Some(po.id);
    let open = asked.iter().find(is_open);
    if open.map_or(why.is_empty(), |open| why.iter().all(|reason| tells(open, reason))) {
        return Ok(false);
    }
    let new = NewException {
        kind: ExceptionKind::Review,
        shop: shop.id,
        order: order.id,
        order_line: None,
        purchase_order: Some(po.id),
        shipment: None,
        quantity: None,
        message: format!("{}{WAITS}{}", po.number, why.join(BETWEEN)),
        evidence: Some(json!({ REASONS: why })),
    };
    open_exception(tx, new, now).await?;
    Ok(true)
}

/// How an exception tells what it is about.
const WAITS: &str = " waits for a review: ";
const BETWEEN: &str = "; ";
const REASONS: &str = "reasons";

/// What a person was asked about, reason by reason: one may be the beginning of another.
fn reasons_of(row: &exceptions::Model) -> Vec<String> {
    let kept = row.evidence.as_ref().and_then(|evidence| evidence.0.get(REASONS));
    if let Some(Ok(reasons)) = kept.map(Vec::<String>::deserialize) {
        return reasons;
    }
    // Of one that was opened before they were kept.
    let told = row.message.split_once(WAITS);
    let reasons = told.map(|(_, reasons)| reasons.split(BETWEEN).map(str::to_owned).collect());
    reasons.unwrap_or_default()
}

/// The last look before a purchase order leaves; gives back its order as it then stands.
pub async fn hold_again(
    tx: &Tx,
    shop: &shops::Model,
    state: OrderState,
    po: &purchase_orders::Model,
    supplier: &str,
    now: DateTime<Utc>,
) -> Result<OrderState, DbErr> {
    if !hold(tx, shop, &state, po, supplier, now).await? {
        return Ok(state);
    }
    let read_again = OrderState::of(tx, shop.id, po.order_id).await?;
    Ok(read_again.unwrap_or(state))
}

/// What people were asked about the order's purchase orders.
async fn reviews(tx: &Tx, state: &OrderState) -> Result<Vec<exceptions::Model>, DbErr> {
    let (shop, order) = (state.order.shop_id, state.order.id);
    let mut all = exceptions::of_order(tx.conn(), shop, order, None).await?;
    all.retain(|row| row.kind == ExceptionKind::Review);
    Ok(all)
}

fn is_released(row: &exceptions::Model, state: &OrderState) -> bool {
    let po = state
        .purchase_orders
        .iter()
        .find(|po| Some(po.id) == row.purchase_order_id);
    po.is_some_and(|po| row.resolution == Some(released(po)))
}
