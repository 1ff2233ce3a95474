//! Sends a purchase order to its supplier, once.
//!
//! Intent, call, outcome: the call sits between two transactions. What is
//! found open after a crash or a lost answer is settled as the connector's
//! capabilities say, under the same key, and never placed under a new one.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ask_back,
    conclude_placement::conclude,
    outgoing,
    purchase_order_status::{move_to, release_allocations},
    route_order::write_status,
};
use crate::{
    app::App,
    connectors::{CallKey, ConnectorError, OutgoingPurchaseOrder, ReadBack, Target},
    domain::{
        event::{Actor, EventKind},
        intent::{IntentKind, IntentOutcome},
        purchase_order::PurchaseOrderStatus,
    },
    failpoint,
    ids::{PurchaseOrderId, ShopId, ShopifyOrderId},
    queue::{
        Attempt, Job, JobError, When, enqueue,
        intents::{self, NewIntent, Standing},
        order_key,
    },
    store::{self, Tx, intents::Model as Intent, orders, purchase_orders, shops, suppliers},
};

/// Places one purchase order.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlacePurchaseOrder {
    pub shop_id: ShopId,
    pub purchase_order_id: PurchaseOrderId,
    pub shopify_id: ShopifyOrderId,
}

impl PlacePurchaseOrder {
    #[must_use]
    pub const fn of(purchase_order: &purchase_orders::Model, shopify_id: ShopifyOrderId) -> Self {
        Self {
            shop_id: purchase_order.shop_id,
            purchase_order_id: purchase_order.id,
            shopify_id,
        }
    }
}

impl Job for PlacePurchaseOrder {
    const NAME: &'static str = "place_purchase_order";

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("place:{}", self.purchase_order_id))
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(call) = prepare(app, self).await? else {
            return Ok(());
        };
        failpoint::hit("place.before_call");
        let connector = app.connectors.of(call.supplier.connector);
        let answer = if call.may_have_happened && connector.capabilities().settles_unknown == ReadBack::CannotTell {
            Err(ConnectorError::unknown("an earlier call may have reached the supplier"))
        } else {
            connector.place(&call.target, &call.outgoing, &call.key).await
        };
        failpoint::hit("place.after_call");
        conclude(app, call, answer, attempt).await
    }
}

/// What the Intent of placing a purchase order is called.
#[must_use]
pub fn intent_key(purchase_order: PurchaseOrderId) -> String {
    format!("place:{purchase_order}")
}

/// Everything the call needs, read under the order's lock.
pub(super) struct Call {
    pub(super) intent: Intent,
    /// An earlier try may have reached the supplier.
    pub(super) may_have_happened: bool,
    pub(super) shop: shops::Model,
    pub(super) supplier: suppliers::Model,
    pub(super) purchase_order: purchase_orders::Model,
    target: Target,
    outgoing: OutgoingPurchaseOrder,
    key: CallKey,
}

/// Writes the Intent; none when there is nothing to place any more.
async fn prepare(app: &App, job: &PlacePurchaseOrder) -> Result<Option<Call>, JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some((shop, order, mut po)) = locked(&tx, job).await? else {
        return Ok(None);
    };
    if !matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing) {
        return Ok(None);
    }
    if po.status == PurchaseOrderStatus::Draft && may_not_be_placed(&tx, &shop, &order, &mut po, now).await? {
        write_status(&tx, &shop, order.id).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let Some(supplier) = suppliers::by_id(tx.conn(), po.supplier_id).await? else {
        return Err(JobError::GiveUp(
            "the supplier of the purchase order is gone".to_owned(),
        ));
    };
    // The rows say the rest; an address here would only be one more to redact.
    let request = json!({ "number": po.number });
    let new = NewIntent {
        key: intent_key(po.id),
        kind: IntentKind::PlacePurchaseOrder,
        shop: po.shop_id,
        supplier: Some(po.supplier_id),
        order: po.order_id,
        subject: po.id.0,
        request: &request,
    };
    let standing = intents::open(&tx, new, now).await?;
    let (intent, may_have_happened) = match standing {
        Standing::Fresh(intent) => (intent, false),
        Standing::MayHaveHappened(intent) => (intent, true),
        Standing::Settled(_) => return Ok(None),
    };
    if is_unwanted(&order, &po) {
        withdraw(&tx, &order, po, &intent, may_have_happened, now).await?;
        write_status(&tx, &shop, order.id).await?;
        tx.commit().await?;
        return Ok(None);
    }
    if po.status == PurchaseOrderStatus::Draft {
        po.sent_at = Some(now);
        move_to(&tx, &mut po, PurchaseOrderStatus::Placing, now).await?;
    }
    let lines = store::po_lines::of_purchase_orders(tx.conn(), job.shop_id, vec![po.id]).await?;
    let outgoing = outgoing::purchase_order(&shop, &po, &lines);
    let target = outgoing::target(&app.keyring, &supplier).map_err(|error| JobError::retry(error.to_string()))?;
    tx.commit().await?;
    let key = CallKey {
        webhook_id: intent.id.to_string(),
        occurred_at: intent.created_at,
        attempted_at: now,
    };
    Ok(Some(Call {
        intent,
        may_have_happened,
        shop,
        supplier,
        purchase_order: po,
        target,
        outgoing,
        key,
    }))
}

/// The purchase order, read under its order's lock.
async fn locked(
    tx: &Tx,
    job: &PlacePurchaseOrder,
) -> Result<Option<(shops::Model, orders::Model, purchase_orders::Model)>, DbErr> {
    let (conn, shop) = (tx.conn(), job.shop_id);
    let Some(found) = purchase_orders::by_id(conn, shop, job.purchase_order_id).await? else {
        return Ok(None);
    };
    let order = orders::lock(tx, shop, found.order_id).await?;
    // Read again: what stood before the lock may have changed.
    let po = purchase_orders::by_id(conn, shop, found.id).await?;
    let shop = shops::by_id(conn, shop).await?;
    Ok(shop.zip(order).zip(po).map(|((shop, order), po)| (shop, order, po)))
}

fn is_unwanted(order: &orders::Model, po: &purchase_orders::Model) -> bool {
    order.cancelled_at.is_some() || po.cancel_requested_at.is_some()
}

/// Cancelled between two tries (invariant 5): no further call may place it. One
/// that may have been taken is followed by a cancellation, which finds out.
async fn withdraw(
    tx: &Tx,
    order: &orders::Model,
    mut po: purchase_orders::Model,
    intent: &Intent,
    may_have_happened: bool,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let evidence = json!({ "withdrawn": "the order was cancelled between two tries" });
    if !may_have_happened {
        intents::settle(tx, intent.id, IntentOutcome::Refused, evidence, now).await?;
        return cancel_unsent(tx, &mut po, now).await;
    }
    intents::settle(tx, intent.id, IntentOutcome::Unknown, evidence, now).await?;
    move_to(tx, &mut po, PurchaseOrderStatus::OutcomeUnknown, now).await?;
    ask_back::after_placing(tx, order, &po, now).await
}

async fn cancel_unsent(tx: &Tx, po: &mut purchase_orders::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    move_to(tx, po, PurchaseOrderStatus::Cancelled, now).await?;
    release_allocations(tx, po, now).await?;
    let message = format!("{} was cancelled before it was sent", po.number);
    let (shop, order) = (po.shop_id, po.order_id);
    store::events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message).await
}

/// The last look before the first call: a cancelled order, or a price that
/// rose above what the shop accepted, stops the purchase (invariants 5 and 6).
async fn may_not_be_placed(
    tx: &Tx,
    shop: &shops::Model,
    order: &orders::Model,
    po: &mut purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    if is_unwanted(order, po) {
        cancel_unsent(tx, po, now).await?;
        return Ok(true);
    }
    let Some(line) = super::price_guard::line_above_accepted_price(tx, po).await? else {
        return Ok(false);
    };
    // Back to routing: it knows the alternatives, and asks a person if there are none.
    move_to(tx, po, PurchaseOrderStatus::Cancelled, now).await?;
    release_allocations(tx, po, now).await?;
    let message = format!(
        "{} was not sent: the price of {line} rose above what the shop accepted",
        po.number
    );
    store::events::add(
        tx,
        shop.id,
        order.id,
        now,
        &Actor::Orderyard,
        EventKind::Cancelled,
        message,
    )
    .await?;
    enqueue(
        tx,
        &super::route_order::RouteOrder::of(order),
        When::now(now.timestamp_millis()),
    )
    .await?;
    Ok(true)
}
