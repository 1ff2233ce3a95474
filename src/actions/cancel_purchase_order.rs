//! Asks a supplier not to ship (the rest of) a purchase order, once.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ask_back, next_steps,
    open_exception::{NewException, open_exception},
    outgoing,
    purchase_order_status::{follow_lines, move_to},
    route_order::follow_status,
    supplier_calls,
};
use crate::{
    app::App,
    connectors::{CallKey, CancelAnswer, ConnectorError, ErrorClass, OutgoingCancellation, Target},
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        intent::{IntentKind, IntentOutcome},
        purchase_order::PurchaseOrderStatus,
    },
    ids::{PurchaseOrderId, ShopId, ShopifyOrderId},
    queue::{
        Attempt, Job, JobError, Priority,
        circuits::Entry,
        intents::{self, NewIntent, Standing},
        order_key,
    },
    store::{self, intents::Model as Intent, orders, po_lines, purchase_orders, shops, suppliers},
};

/// How often one question is asked again, by a person.
const MOST_REPETITIONS: u32 = 50;

/// Asks for what `cancel_requested` says on a purchase order's lines, and for nothing else.
#[derive(Debug, Serialize, Deserialize)]
pub struct CancelPurchaseOrder {
    pub shop_id: ShopId,
    pub purchase_order_id: PurchaseOrderId,
    pub shopify_id: ShopifyOrderId,
}

impl CancelPurchaseOrder {
    #[must_use]
    pub const fn of(purchase_order: &purchase_orders::Model, shopify_id: ShopifyOrderId) -> Self {
        Self {
            shop_id: purchase_order.shop_id,
            purchase_order_id: purchase_order.id,
            shopify_id,
        }
    }
}

impl Job for CancelPurchaseOrder {
    const NAME: &'static str = "cancel_purchase_order";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("cancel:{}", self.purchase_order_id))
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(call) = prepare(app, self).await? else {
            return Ok(());
        };
        let connector = app.connectors.of(call.supplier.connector);
        let answer = connector.request_cancel(&call.target, &call.outgoing, &call.key).await;
        conclude(app, &call, answer, attempt).await
    }
}

struct Call {
    intent: Intent,
    entry: Entry,
    shop: shops::Model,
    supplier: suppliers::Model,
    purchase_order: purchase_orders::Model,
    target: Target,
    outgoing: OutgoingCancellation,
    key: CallKey,
}

async fn prepare(app: &App, job: &CancelPurchaseOrder) -> Result<Option<Call>, JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some(found) = purchase_orders::by_id(tx.conn(), job.shop_id, job.purchase_order_id).await? else {
        return Ok(None);
    };
    orders::lock(&tx, job.shop_id, found.order_id).await?;
    let Some(mut po) = purchase_orders::by_id(tx.conn(), job.shop_id, found.id).await? else {
        return Ok(None);
    };
    let Some(shop) = shops::by_id(tx.conn(), job.shop_id).await? else {
        return Ok(None);
    };
    let Some(supplier) = suppliers::by_id(tx.conn(), po.supplier_id).await? else {
        return Ok(None);
    };
    // A call under way is followed by its own cancellation; see `place_purchase_order`.
    if !po.status.is_live() || matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing) {
        return Ok(None);
    }
    let lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    if lines.iter().all(|line| line.cancel_requested == 0) {
        return Ok(None);
    }
    let Some(intent) = open_intent(&tx, &po, &lines, now).await? else {
        return Ok(None);
    };
    // Rolled back as a whole if it is shut: the Intent stands as it stood.
    let entry = supplier_calls::enter(app, &tx, &supplier).await?;
    if po.cancel_requested_at.is_none() {
        po.cancel_requested_at = Some(now);
    }
    move_to(&tx, &mut po, PurchaseOrderStatus::CancelRequested, now).await?;
    let target = outgoing::target(&app.keyring, &supplier).map_err(|error| JobError::retry(error.to_string()))?;
    let outgoing = outgoing::cancellation(
        &shop,
        &po,
        &lines,
        Some("the order was cancelled or changed".to_owned()),
    );
    follow_status(&tx, &shop, po.order_id).await?;
    tx.commit().await?;
    let key = CallKey {
        webhook_id: intent.id.to_string(),
        occurred_at: intent.created_at,
        attempted_at: now,
    };
    Ok(Some(Call {
        intent,
        entry,
        shop,
        supplier,
        purchase_order: po,
        target,
        outgoing,
        key,
    }))
}

/// The Intent for what the lines ask now; none where the supplier was asked and has not answered.
async fn open_intent(
    tx: &store::Tx,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
    now: DateTime<Utc>,
) -> Result<Option<Intent>, DbErr> {
    let name = ask_back::intent_key(po, lines);
    let asked: Vec<_> = lines
        .iter()
        .filter(|line| line.cancel_requested > 0)
        .map(|line| json!({ "line": line.id, "quantity": line.cancel_requested }))
        .collect();
    let request = json!({ "number": po.number, "lines": asked });
    for repetition in 1..=MOST_REPETITIONS {
        let new = NewIntent {
            key: if repetition == 1 {
                name.clone()
            } else {
                format!("{name}:{repetition}")
            },
            kind: IntentKind::CancelPurchaseOrder,
            shop: po.shop_id,
            supplier: Some(po.supplier_id),
            order: po.order_id,
            subject: po.id.0,
            request: &request,
        };
        match intents::open(tx, new, now).await? {
            Standing::Fresh(intent) | Standing::MayHaveHappened(intent) => {
                supersede(tx, po, &intent, now).await?;
                return Ok(Some(intent));
            }
            Standing::Settled(intent) if intent.outcome == IntentOutcome::Done && is_waiting(po) => return Ok(None),
            // Refused before: a person asks again.
            Standing::Settled(_) => {}
        }
    }
    Ok(None)
}

fn is_waiting(po: &purchase_orders::Model) -> bool {
    po.status == PurchaseOrderStatus::CancelRequested
}

/// An earlier question whose outcome is open is part of this one: it is not asked again.
async fn supersede(tx: &store::Tx, po: &purchase_orders::Model, by: &Intent, now: DateTime<Utc>) -> Result<(), DbErr> {
    for earlier in store::intents::of_order(tx.conn(), po.shop_id, po.order_id).await? {
        let is_earlier =
            earlier.kind == IntentKind::CancelPurchaseOrder && earlier.subject_id == po.id.0 && earlier.id != by.id;
        if is_earlier && earlier.outcome.is_open() {
            let evidence = json!({ "superseded_by": by.key });
            intents::settle(tx, earlier.id, IntentOutcome::Refused, evidence, now);
        }
    }
    Ok(())
}

async fn conclude(
    app: &App,
    call: &Call,
    answer: Result<CancelAnswer, ConnectorError>,
    attempt: Attempt,
) -> Result<(), JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    orders::lock(&tx, call.shop.id, call.purchase_order.order_id).await?;
    let Some(mut po) = purchase_orders::by_id(tx.conn(), call.shop.id, call.purchase_order.id).await? else {
        return Ok(());
    };
    supplier_calls::note_call(app, &tx, &call.supplier, call.entry, &answer).await?;
    let mut again = None;
    match answer {
        Ok(CancelAnswer::Received { .. }) => {
            intents::settle(
                &tx,
                call.intent.id,
                IntentOutcome::Done,
                json!({ "answer": "received" }),
                now,
            );
            let message = format!("{} was asked to cancel {}", call.supplier.name, po.number);
            let (shop, order) = (po.shop_id, po.order_id);
            store::events::add(
                &tx,
                shop,
                order,
                now,
                &Actor::Orderyard,
                EventKind::CancelRequested,
                message,
            );
        }
        Ok(CancelAnswer::Answered { accepted, reason }) => {
            let evidence = json!({ "answer": if accepted { "accepted" } else { "refused" } });
            intents::settle(&tx, call.intent.id, IntentOutcome::Done, evidence, now);
            let actor = Actor::Supplier(call.supplier.name.clone());
            apply_cancellation_answer(&tx, &mut po, accepted, reason.as_deref(), &actor, now).await?;
            if let Some(order) = orders::by_id(tx.conn(), po.shop_id, po.order_id).await? {
                next_steps::units_freed(&tx, &call.shop, &order, now)?;
            }
        }
        Err(error) => again = failed(&tx, call, &po, error, attempt, now).await?,
    }
    follow_status(&tx, &call.shop, po.order_id).await?;
    tx.commit().await?;
    again.map_or(Ok(()), Err)
}

/// Takes the supplier's answer to a cancellation, under the order's lock.
pub async fn apply_cancellation_answer(
    tx: &store::Tx,
    po: &mut purchase_orders::Model,
    accepted: bool,
    reason: Option<&str>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let (kind, message) = if accepted {
        (EventKind::Cancelled, format!("{} was cancelled{why}", po.number))
    } else {
        (
            EventKind::CancelRefused,
            format!("{} will be shipped all the same{why}", po.number),
        )
    };
    for line in &mut lines {
        if accepted {
            let cancelled = line.cancel_requested.min(store::column(line.progress().open()));
            line.cancelled += cancelled;
        }
        line.cancel_requested = 0;
        store::save(tx, line.clone())?;
    }
    if accepted {
        super::purchase_order_status::release_cancelled(tx, po, &lines, now).await?;
    }
    follow_lines(tx, po, &lines, now).await?;
    if po.status == PurchaseOrderStatus::CancelRequested {
        // The question is answered, and the supplier ships (the rest) on.
        move_to(tx, po, PurchaseOrderStatus::Accepted, now).await?;
    }
    store::events::add(tx, po.shop_id, po.order_id, now, actor, kind, message.clone());
    if accepted {
        return Ok(());
    }
    let new = NewException {
        kind: ExceptionKind::CancelRefused,
        shop: po.shop_id,
        order: po.order_id,
        order_line: None,
        purchase_order: Some(po.id),
        shipment: None,
        quantity: None,
        message,
        evidence: None,
    };
    open_exception(tx, new, now).await
}

async fn failed(
    tx: &store::Tx,
    call: &Call,
    po: &purchase_orders::Model,
    error: ConnectorError,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<Option<JobError>, DbErr> {
    let evidence = json!({ "error": error.message, "calls": call.intent.calls });
    if error.class != ErrorClass::Never && !attempt.is_last {
        // Asking twice under one key asks once: the contract makes the supplier deduplicate.
        intents::settle(tx, call.intent.id, IntentOutcome::Unknown, evidence, now);
        let after = if let ErrorClass::After(wait) = error.class {
            Some(wait)
        } else {
            None
        };
        return Ok(Some(JobError::Retry {
            reason: error.message,
            after,
        }));
    }
    intents::settle(tx, call.intent.id, IntentOutcome::Refused, evidence.clone(), now);
    let new = NewException {
        kind: ExceptionKind::CancelRefused,
        shop: po.shop_id,
        order: po.order_id,
        order_line: None,
        purchase_order: Some(po.id),
        shipment: None,
        quantity: None,
        message: format!(
            "{} could not be asked to cancel {}: {}",
            call.supplier.name, po.number, error.message
        ),
        evidence: Some(evidence),
    };
    open_exception(tx, new, now).await?;
    Ok(None)
}
