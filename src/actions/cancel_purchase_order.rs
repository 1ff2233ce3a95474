//! Asks a supplier not to ship (the rest of) a purchase order, once.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ask_back::{self, Question},
    next_steps,
    open_exception::{NewException, open_exception},
    outgoing,
    purchase_order_status::{follow_lines, move_to, release_cancelled},
    route_order::follow_status,
    supplier_calls,
    take_care::take_care,
};
use crate::{
    app::App,
    clock::Moment,
    connectors::{CallKey, CancelAnswer, ConnectorError, ErrorClass, OutgoingCancellation, Target},
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        intent::{IntentKind, IntentOutcome},
        purchase_order::PurchaseOrderStatus,
    },
    failpoint,
    ids::{PurchaseOrderId, ShopId, ShopifyOrderId},
    queue::{
        Attempt, Job, JobError, Priority,
        circuits::Entry,
        intents::{self, NewIntent, Standing},
        order_key,
    },
    store::{self, exceptions, intents::Model as Intent, orders, po_lines, purchase_orders, shops, suppliers},
};

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
        failpoint::hit("cancel.before_call");
        if call.since.is_longer_ago_than(app.config.suppliers.timeout, &app.clock) {
            // Whoever took this job over may have had an answer meanwhile, and more may be asked by now.
            return Err(JobError::retry(
                "this process stood still before it could call the supplier",
            ));
        }
        let connector = app.connectors.of(call.supplier.connector);
        let answer = connector.request_cancel(&call.target, &call.outgoing, &call.key).await;
        failpoint::hit("cancel.after_call");
        conclude(app, &call, answer, attempt).await
    }
}

struct Call {
    intent: Intent,
    asked: Question,
    /// When the Intent said that the call begins.
    since: Moment,
    /// An earlier try may have reached the supplier.
    may_have_happened: bool,
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
    let Some((intent, may_have_happened)) = open_intent(&tx, &po, &lines, now).await? else {
        return Ok(None);
    };
    let since = app.clock.moment();
    // Rolled back as a whole if it is shut: the Intent stands as it stood.
    let entry = supplier_calls::enter(app, &tx, &supplier).await?;
    if po.cancel_requested_at.is_none() {
        po.cancel_requested_at = Some(now);
    }
    move_to(&tx, &mut po, PurchaseOrderStatus::CancelRequested, now).await?;
    let target = outgoing::target(&app.keyring, &supplier).map_err(|error| JobError::retry(error.to_string()))?;
    let outgoing = outgoing::cancellation(&shop, &po, &lines, Some(reason(&intent)));
    follow_status(&tx, &shop, po.order_id).await?;
    tx.commit().await?;
    let key = CallKey {
        webhook_id: intent.id.to_string(),
        occurred_at: intent.created_at,
        attempted_at: now,
    };
    Ok(Some(Call {
        intent,
        asked: Question::of(&lines),
        since,
        may_have_happened,
        entry,
        shop,
        supplier,
        purchase_order: po,
        target,
        outgoing,
        key,
    }))
}

/// The Intent for what the lines ask now, and whether an earlier call for it may have been taken; none
/// where the supplier was asked and has not answered.
async fn open_intent(
    tx: &store::Tx,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
    now: DateTime<Utc>,
) -> Result<Option<(Intent, bool)>, DbErr> {
    let name = ask_back::intent_key(po, lines);
    let asked: Vec<_> = lines
        .iter()
        .filter(|line| line.cancel_requested > 0)
        .map(|line| {
            let total = line.cancelled + line.cancel_requested;
            json!({ "line": line.id, "quantity": line.cancel_requested, "total": total })
        })
        .collect();
    let why = po.cancel_reason.as_deref().unwrap_or(ORDER_CHANGED);
    let request = json!({ "number": po.number, "lines": asked, "reason": why });
    let new = NewIntent {
        key: name,
        kind: IntentKind::CancelPurchaseOrder,
        shop: po.shop_id,
        supplier: Some(po.supplier_id),
        order: po.order_id,
        subject: po.id.0,
        request: &request,
    };
    // Refused before: a person asks again.
    let is_asked = |intent: &Intent| intent.outcome == IntentOutcome::Done && is_waiting(po);
    Ok(match intents::open_again(tx, new, now, is_asked).await? {
        Some(Standing::Fresh(intent)) => Some((intent, false)),
        Some(Standing::MayHaveHappened(intent)) => Some((intent, true)),
        Some(Standing::Settled(_)) | None => None,
    })
}

/// What suppliers read where no person said why.
const ORDER_CHANGED: &str = "the order was cancelled or changed";

/// Why, as it was said when the question was asked first: one key never has two contents.
fn reason(intent: &Intent) -> String {
    let said = intent.request.0["reason"].as_str();
    // Older Intents have none.
    said.unwrap_or(ORDER_CHANGED).to_owned()
}

fn is_waiting(po: &purchase_orders::Model) -> bool {
    po.status == PurchaseOrderStatus::CancelRequested
}

/// Settles the questions about a purchase order that are open, and writes down the answer to those that were
/// not answered: of what was sent those that it contains, or all. What is asked are totals, so that the newest
/// question contains those before it.
async fn settle_questions(
    tx: &store::Tx,
    po: &purchase_orders::Model,
    sent: Option<(&Question, &[po_lines::Model])>,
    outcome: IntentOutcome,
    evidence: &serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for intent in ask_back::questions(tx, po).await? {
        if sent.is_some_and(|(question, lines)| !question.contains(&intent, lines)) {
            continue;
        }
        if intent.outcome.is_open() {
            intents::settle(tx, intent.id, outcome, evidence.clone(), now);
        } else if ask_back::is_received(&intent) && outcome == IntentOutcome::Done {
            intents::note_answer(tx, intent.id, evidence.clone());
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
    let patience = supplier_calls::note_call(app, &tx, &call.supplier, call.entry, &answer).await?;
    let mut again = None;
    match answer {
        Ok(CancelAnswer::Received { .. }) if is_ours_to_end(app, &tx, &call.supplier, &po).await? => {
            end_unanswered(&tx, (&call.shop, &call.supplier), &mut po, now).await?;
        }
        Ok(CancelAnswer::Received { .. }) => {
            let lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
            let (sent, evidence) = (Some((&call.asked, &*lines)), json!({ "answer": ask_back::RECEIVED }));
            settle_questions(&tx, &po, sent, IntentOutcome::Done, &evidence, now).await?;
            end_refusal(&tx, &po, now).await?;
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
            let actor = Actor::Supplier(call.supplier.name.clone());
            let asked = Some(&call.asked);
            apply_cancellation_answer(&tx, &mut po, asked, accepted, reason.as_deref(), &actor, now).await?;
            if let Some(order) = orders::by_id(tx.conn(), po.shop_id, po.order_id).await? {
                next_steps::units_freed(&tx, &call.shop, &order, now)?;
            }
        }
        Err(error) => again = failed(&tx, call, &po, error, patience, attempt, now).await?,
    }
    follow_status(&tx, &call.shop, po.order_id).await?;
    tx.commit().await?;
    again.map_or(Ok(()), Err)
}

/// Whether what was never answered of a purchase order ends here: its supplier knows of it by our own books alone,
/// so that nobody can accept it once it is cancelled there. Anybody else may still ship it, and is waited for.
pub(super) async fn is_ours_to_end(
    app: &App,
    tx: &store::Tx,
    supplier: &suppliers::Model,
    po: &purchase_orders::Model,
) -> Result<bool, DbErr> {
    let is_elsewhere = app.connectors.of(supplier.connector).capabilities().calls_out;
    if is_elsewhere || po.given_up_at.is_none() || !is_waiting(po) {
        return Ok(false);
    }
    let lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    let is_unanswered = |line: &po_lines::Model| store::units(line.cancel_requested) <= line.progress().unanswered();
    Ok(lines.iter().all(is_unanswered))
}

/// Cancels what a supplier left unanswered, and has its units routed.
pub(super) async fn end_unanswered(
    tx: &store::Tx,
    (shop, supplier): (&shops::Model, &suppliers::Model),
    po: &mut purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let evidence = json!({ "answer": "none", "certain": "the supplier sees it here only, and can accept it no more" });
    settle_questions(tx, po, None, IntentOutcome::Done, &evidence, now).await?;
    let why = format!("{} had not answered it, and can accept it no more", supplier.name);
    apply_cancellation_answer(tx, po, None, true, Some(&why), &Actor::Orderyard, now).await?;
    if let Some(order) = orders::by_id(tx.conn(), po.shop_id, po.order_id).await? {
        next_steps::units_freed(tx, shop, &order, now)?;
    }
    Ok(())
}

/// Takes the supplier's answer to a cancellation, under the order's lock: to the question that it was asked, or to
/// all that is asked back by now. What is asked back beyond the question is asked for by another one.
pub async fn apply_cancellation_answer(
    tx: &store::Tx,
    po: &mut purchase_orders::Model,
    asked: Option<&Question>,
    accepted: bool,
    reason: Option<&str>,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let mut lines = po_lines::of_purchase_orders(tx.conn(), po.shop_id, vec![po.id]).await?;
    let rest: Vec<i32> = lines
        .iter()
        .map(|line| asked.map_or(0, |asked| asked.rest(line)))
        .collect();
    let asked = asked.filter(|_| rest.iter().any(|rest| *rest > 0));
    let evidence = json!({ "answer": if accepted { "accepted" } else { "refused" } });
    let sent = asked.map(|asked| (asked, &*lines));
    settle_questions(tx, po, sent, IntentOutcome::Done, &evidence, now).await?;
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    if asked.is_some() && !accepted {
        // Contained in what is asked now, whose answer counts.
        let message = format!("{} would be shipped all the same{why}", po.number);
        return ask_for_more(tx, po, EventKind::CancelRefused, message, actor, now).await;
    }
    for (line, rest) in lines.iter_mut().zip(&rest) {
        if accepted {
            let cancelled = (line.cancel_requested - rest).min(store::column(line.progress().open()));
            line.cancelled += cancelled;
        }
        line.cancel_requested = (*rest).min(store::column(line.progress().open()));
        store::save(tx, line.clone())?;
    }
    if accepted {
        let freed = release_cancelled(tx, po, &lines, now).await?;
        take_care(tx, po, &freed).await?;
    }
    let progress: Vec<_> = lines.iter().map(po_lines::Model::progress).collect();
    if lines.iter().any(|line| line.cancel_requested > 0) {
        po.status = po.status.after_report(&progress);
        move_to(tx, po, po.status, now).await?;
        let message = format!("{} was cancelled in part{why}", po.number);
        return ask_for_more(tx, po, EventKind::Cancelled, message, actor, now).await;
    }
    follow_lines(tx, po, &lines, now).await?;
    if po.status == PurchaseOrderStatus::CancelRequested {
        let next = PurchaseOrderStatus::after_cancel_answer(accepted, &progress);
        move_to(tx, po, next, now).await?;
    }
    tell_answer(tx, po, accepted, &why, actor, now).await
}

/// More was asked back while the supplier answered: it has not heard of that yet.
async fn ask_for_more(
    tx: &store::Tx,
    po: &purchase_orders::Model,
    kind: EventKind,
    message: String,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let message = format!("{message}; more of it is asked back since");
    store::events::add(tx, po.shop_id, po.order_id, now, actor, kind, message);
    match orders::by_id(tx.conn(), po.shop_id, po.order_id).await? {
        Some(order) => ask_back::ask(tx, &order, po, Vec::new(), now),
        None => Ok(()),
    }
}

/// Writes the answer into the history; a refusal is for a person to look at.
async fn tell_answer(
    tx: &store::Tx,
    po: &purchase_orders::Model,
    accepted: bool,
    why: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let (kind, message) = if accepted {
        (EventKind::Cancelled, format!("{} was cancelled{why}", po.number))
    } else {
        let message = format!("{} will be shipped all the same{why}", po.number);
        (EventKind::CancelRefused, message)
    };
    store::events::add(tx, po.shop_id, po.order_id, now, actor, kind, message.clone());
    if accepted {
        return end_refusal(tx, po, now).await;
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

/// The supplier was asked after all: what people were told of earlier tries is over.
async fn end_refusal(tx: &store::Tx, po: &purchase_orders::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    let (kind, how) = (ExceptionKind::CancelRefused, "the supplier was asked again, and has it");
    exceptions::settle_of_purchase_order(tx, po.shop_id, po.id, kind, how, now).await?;
    if po.given_up_at.is_some() {
        return Ok(());
    }
    // Told by `supplier_away`: they could not be reached.
    let kind = ExceptionKind::SupplierSilent;
    exceptions::settle_of_purchase_order(tx, po.shop_id, po.id, kind, how, now).await
}

/// What a failed call means; an error given back is the job's next try. A supplier that asks for patience
/// will be asked, however often it does.
async fn failed(
    tx: &store::Tx,
    call: &Call,
    po: &purchase_orders::Model,
    error: ConnectorError,
    patience: Option<JobError>,
    attempt: Attempt,
    now: DateTime<Utc>,
) -> Result<Option<JobError>, DbErr> {
    let standing = store::intents::by_id(tx.conn(), call.intent.id).await?;
    if standing.is_none_or(|standing| standing.calls != call.intent.calls) {
        // The job was taken over: what became of this call says nothing of the other one.
        return Ok(Some(JobError::retry(error.message)));
    }
    let evidence = json!({ "error": error.message, "calls": call.intent.calls });
    let is_unknown = call.may_have_happened || error.class == ErrorClass::Unknown;
    if error.class != ErrorClass::Never && (!attempt.is_last || patience.is_some()) {
        // Asking twice under one key asks once: the contract makes the supplier deduplicate.
        let outcome = if is_unknown {
            IntentOutcome::Unknown
        } else {
            IntentOutcome::Pending
        };
        intents::settle(tx, call.intent.id, outcome, evidence, now);
        return Ok(Some(patience.unwrap_or_else(|| JobError::retry(error.message))));
    }
    let (supplier, number, why) = (&call.supplier.name, &po.number, error.message);
    let message = if is_unknown {
        // Whoever asks next does so under the same key, unless more is asked then.
        intents::settle(tx, call.intent.id, IntentOutcome::Unknown, evidence.clone(), now);
        format!("{supplier} may or may not know that {number} is to be cancelled: {why}. Ask them")
    } else {
        settle_questions(tx, po, None, IntentOutcome::Refused, &evidence, now).await?;
        format!("{supplier} could not be asked to cancel {number}: {why}")
    };
    let new = NewException {
        kind: ExceptionKind::CancelRefused,
        shop: po.shop_id,
        order: po.order_id,
        order_line: None,
        purchase_order: Some(po.id),
        shipment: None,
        quantity: None,
        message,
        evidence: Some(evidence),
    };
    open_exception(tx, new, now).await?;
    Ok(None)
}
