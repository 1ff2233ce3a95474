//! Sends a purchase order to its supplier, once.
//!
//! Intent, call, outcome: the call sits between two transactions. What is found open after a crash or a lost answer
//! is settled as the connector's capabilities say, under the same key, and never placed under a new one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    ask_back,
    conclude_placement::conclude,
    open_exception::{NewException, open_exception},
    outgoing, price_guard,
    purchase_order_status::{follow_lines, move_to, release_allocations, release_cancelled},
    review_holds, risen_prices,
    route_order::follow_status,
    ship_by, still_allowed, supplier_calls,
    take_care::take_care,
    unread_news,
};
use crate::{
    app::App,
    clock::Moment,
    connectors::{CallKey, ConnectorError, OutgoingPurchaseOrder, ReadBack, Target},
    domain::{
        address::Address,
        event::{Actor, EventKind},
        exception::ExceptionKind,
        intent::{IntentKind, IntentOutcome},
        purchase_order::PurchaseOrderStatus,
    },
    failpoint,
    ids::{OrderId, PurchaseOrderId, ShopId, ShopifyOrderId},
    queue::{
        Attempt, Job, JobError, Priority,
        circuits::Entry,
        intents::{self, NewIntent, Standing},
        order_key,
    },
    store::{
        self, Tx,
        intents::Model as Intent,
        order_state::{OpenOrder, OrderState},
        orders, po_lines, purchase_orders, shops, suppliers,
    },
};

/// Places one purchase order.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlacePurchaseOrder {
    pub shop_id: ShopId,
    pub purchase_order_id: PurchaseOrderId,
    pub order_id: OrderId,
    pub shopify_id: ShopifyOrderId,
}

impl PlacePurchaseOrder {
    #[must_use]
    pub const fn of(purchase_order: &purchase_orders::Model, shopify_id: ShopifyOrderId) -> Self {
        Self {
            shop_id: purchase_order.shop_id,
            purchase_order_id: purchase_order.id,
            order_id: purchase_order.order_id,
            shopify_id,
        }
    }
}

impl Job for PlacePurchaseOrder {
    const NAME: &'static str = "place_purchase_order";
    const PRIORITY: Priority = Priority::Soon;

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
        let Some(call) = Box::pin(prepare(app, self)).await? else {
            return Ok(());
        };
        failpoint::hit("place.before_call");
        if call.since.is_longer_ago_than(app.config.suppliers.timeout, &app.clock) {
            // Whoever took this job over may have had it cancelled meanwhile.
            return Err(JobError::retry(
                "this process stood still before it could call the supplier",
            ));
        }
        let connector = app.connectors.of(call.supplier.connector);
        let answer = if call.may_have_happened && connector.capabilities().settles_unknown == ReadBack::CannotTell {
            Err(ConnectorError::unknown("an earlier call may have reached the supplier"))
        } else {
            connector.place(&call.target, &call.outgoing, &call.key).await
        };
        failpoint::hit("place.after_call");
        Box::pin(conclude(app, call, answer, attempt)).await
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
    /// When the Intent said that the call begins.
    since: Moment,
    /// An earlier try may have reached the supplier.
    pub(super) may_have_happened: bool,
    pub(super) entry: Entry,
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
    let Some(open) = OpenOrder::lock(&tx, job.shop_id, job.order_id).await? else {
        return Ok(None);
    };
    let of_job = |po: &&purchase_orders::Model| po.id == job.purchase_order_id;
    let Some(mut po) = open.state.purchase_orders.iter().find(of_job).cloned() else {
        return Ok(None);
    };
    let Some(supplier) = open.supplier(po.supplier_id).cloned() else {
        let why = "the supplier of the purchase order is gone".to_owned();
        return Err(JobError::GiveUp(why));
    };
    let OpenOrder { mut state, shop, .. } = open;
    if !matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing) {
        return if is_unwanted(&state.order, &po) {
            Ok(None)
        } else {
            ask_again(app, tx, Found::new(shop, supplier, po, &state), now).await
        };
    }
    // What was decided just now needs no second look; most purchase orders are sent at once. By a clock that was
    // ahead it may have been decided in times to come.
    let has_waited = po.send_after.is_some() || (now - po.created_at).abs() >= JUST_DECIDED;
    if po.status == PurchaseOrderStatus::Draft {
        if let Some(wait) = unread_news::before_placing(&tx, &shop, &state.order, &po, has_waited, now).await? {
            tx.commit().await?;
            return Err(wait);
        }
        if may_not_be_placed(&tx, &state.order, &mut po, now).await? {
            follow_status(&tx, &shop, po.order_id).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let Some(left) = risen_prices::settle(&tx, &shop, state, &mut po, now).await? else {
            tx.commit().await?;
            return Ok(None);
        };
        state = left;
        state = review_holds::hold_again(&tx, &shop, state, &po, &supplier.name, now).await?;
        if po.send_after.is_some_and(|at| at <= now) {
            end_of_undoing(&tx, &mut state, &mut po)?;
        }
        if let Some(why) = state.held_back(po.id, &shop.settings.0) {
            return wait(tx, &shop, &po, &why, now).await;
        }
        if has_waited {
            let Some(left) = still_allowed::take_back_refused(&tx, &shop, state, &mut po, now).await? else {
                tx.commit().await?;
                return Ok(None);
            };
            state = left;
        }
    }
    if has_waited && po.status == PurchaseOrderStatus::Draft {
        // From now on, however long it waited to be undone or released.
        po.ship_by = Some(ship_by::of_supplier(&tx, &shop, po.supplier_id, now).await?);
    }
    begin_call(app, tx, Found::new(shop, supplier, po, &state), state, now).await
}

/// Opens the Intent, unless what is known of the order by now forbids the call.
async fn begin_call(
    app: &App,
    tx: Tx,
    mut found: Found,
    mut state: OrderState,
    now: DateTime<Utc>,
) -> Result<Option<Call>, JobError> {
    let Found { shop, po, lines, .. } = &mut found;
    let (intent, may_have_happened) = match open_intent(&tx, po, now).await? {
        Standing::Fresh(intent) => (intent, false),
        Standing::MayHaveHappened(intent) => (intent, true),
        Standing::Settled(_) => return Ok(None),
    };
    let no_address = without_address(&state.order, po);
    if is_unwanted(&state.order, po) || no_address.is_some() {
        withdraw(
            &tx,
            &state.order,
            po.clone(),
            &intent,
            may_have_happened,
            no_address,
            now,
        )
        .await?;
        follow_status(&tx, shop, state.order.id).await?;
        tx.commit().await?;
        return Ok(None);
    }
    if !may_have_happened && drop_taken_back(&tx, &state, po, lines, now).await? {
        if !po.status.is_live() {
            let evidence = json!({ "withdrawn": "nothing of it is wanted any more" });
            intents::settle(&tx, intent.id, IntentOutcome::Refused, evidence, now);
            follow_status(&tx, shop, state.order.id).await?;
            tx.commit().await?;
            return Ok(None);
        }
        let Some(read_again) = OrderState::of(&tx, shop.id, po.order_id).await? else {
            return Ok(None);
        };
        state = read_again;
    }
    if let (Some(why), false) = (state.held_back(po.id, &shop.settings.0), may_have_happened) {
        let evidence = json!({ "held_back": why });
        intents::settle(&tx, intent.id, IntentOutcome::Pending, evidence, now);
        return wait(tx, shop, po, &why, now).await;
    }
    if po.status == PurchaseOrderStatus::Draft {
        po.sent_at = Some(now);
        move_to(&tx, po, PurchaseOrderStatus::Placing, now).await?;
    }
    call(app, tx, found, intent, may_have_happened, now).await.map(Some)
}

/// What a call is made of.
struct Found {
    shop: shops::Model,
    supplier: suppliers::Model,
    po: purchase_orders::Model,
    lines: Vec<po_lines::Model>,
}

impl Found {
    fn new(shop: shops::Model, supplier: suppliers::Model, po: purchase_orders::Model, state: &OrderState) -> Self {
        let lines = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
        Self {
            lines: lines.cloned().collect(),
            shop,
            supplier,
            po,
        }
    }
}

async fn call(
    app: &App,
    tx: Tx,
    found: Found,
    intent: Intent,
    may_have_happened: bool,
    now: DateTime<Utc>,
) -> Result<Call, JobError> {
    let Found {
        shop,
        supplier,
        po,
        lines,
    } = found;
    // Rolled back as a whole if it is shut: the Intent stands as it stood.
    let since = app.clock.moment();
    let entry = supplier_calls::enter(app, &tx, &supplier).await?;
    let outgoing = outgoing::purchase_order(&shop, &po, &lines);
    let target = outgoing::target(&app.keyring, &supplier).map_err(|error| JobError::retry(error.to_string()))?;
    tx.commit().await?;
    let key = CallKey {
        webhook_id: intent.id.to_string(),
        occurred_at: intent.created_at,
        attempted_at: now,
    };
    Ok(Call {
        intent,
        since,
        may_have_happened,
        entry,
        shop,
        supplier,
        purchase_order: po,
        target,
        outgoing,
        key,
    })
}

/// A supplier whose report proved that it has the purchase order may have
/// rejected lines of it in an answer that was lost. The same call under the
/// same key has it answer again.
async fn ask_again(app: &App, tx: Tx, mut found: Found, now: DateTime<Utc>) -> Result<Option<Call>, JobError> {
    let (po, lines) = (&found.po, &mut found.lines);
    let intent = store::intents::by_key(tx.conn(), &intent_key(po.id)).await?;
    let Some(intent) = intent.filter(|intent| intent.outcome == IntentOutcome::Done) else {
        return Ok(None);
    };
    let settles = app
        .connectors
        .of(found.supplier.connector)
        .capabilities()
        .settles_unknown;
    if !is_unheard(po, lines) || settles != ReadBack::RepeatSameKey {
        return Ok(None);
    }
    for line in lines {
        // As it was sent: one key never has two contents.
        line.shipped = 0;
    }
    call(app, tx, found, intent, true, now).await.map(Some)
}

/// What was taken back during an earlier try that is known not to have been
/// taken: the supplier never hears of it. False when there is nothing of the kind.
async fn drop_taken_back(
    tx: &Tx,
    state: &OrderState,
    po: &mut purchase_orders::Model,
    lines: &mut [po_lines::Model],
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    if lines.iter().all(|line| line.cancel_requested == 0) {
        return Ok(false);
    }
    for line in lines.iter_mut() {
        line.take_off(line.cancel_requested.min(store::column(line.progress().open())));
        line.cancel_requested = 0;
    }
    price_guard::reprice(tx, state, po, lines, now).await?;
    for line in lines.iter() {
        store::save(tx, line.clone())?;
    }
    release_cancelled(tx, po, lines, now).await?;
    follow_lines(tx, po, lines, now).await?;
    Ok(true)
}

/// Whether there is a line that the supplier has said nothing about, while what it was sent stands
/// whole: nothing of it was rejected or taken back.
pub(super) fn is_unheard(po: &purchase_orders::Model, lines: &[po_lines::Model]) -> bool {
    let is_whole = |line: &po_lines::Model| line.rejected + line.cancelled == 0;
    let is_silent = |line: &po_lines::Model| line.accepted + line.shipped == 0;
    po.status.is_live() && po.cancel_requested_at.is_none() && lines.iter().all(is_whole) && lines.iter().any(is_silent)
}

async fn open_intent(tx: &Tx, po: &purchase_orders::Model, now: DateTime<Utc>) -> Result<Standing, DbErr> {
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
    // Written with the first Intent.
    match po.sent_at {
        None => intents::open_first(tx, new, now).map(Standing::Fresh),
        Some(_) => intents::open(tx, new, now).await,
    }
}

fn is_unwanted(order: &orders::Model, po: &purchase_orders::Model) -> bool {
    order.cancelled_at.is_some() || po.cancel_requested_at.is_some()
}

/// Within this time of its decision nothing was tried for a purchase order and failed, and nobody thought better of it.
const JUST_DECIDED: TimeDelta = TimeDelta::seconds(2);

/// How long a purchase order that is held back waits, if no news of its order comes.
const HELD: Duration = Duration::from_mins(10);

/// Keeps an unsent purchase order until the hold ends; its order says so.
async fn wait<T>(
    tx: Tx,
    shop: &shops::Model,
    po: &purchase_orders::Model,
    why: &str,
    now: DateTime<Utc>,
) -> Result<T, JobError> {
    follow_status(&tx, shop, po.order_id).await?;
    tx.commit().await?;
    let left = po.send_after.and_then(|at| (at - now).to_std().ok());
    Err(JobError::Parked {
        reason: format!("{} is held back: {why}", po.number),
        after: left.unwrap_or(HELD),
        behind: None,
    })
}

/// The time to undo it is over: nothing but what else holds it back keeps it from being sent.
fn end_of_undoing(tx: &Tx, state: &mut OrderState, po: &mut purchase_orders::Model) -> Result<(), DbErr> {
    po.send_after = None;
    for row in state.purchase_orders.iter_mut().filter(|row| row.id == po.id) {
        row.send_after = None;
    }
    store::save(tx, po.clone())
}

/// Why there is nowhere to ship to, if so.
fn without_address(order: &orders::Model, po: &purchase_orders::Model) -> Option<&'static str> {
    if order.redacted_at.is_some() {
        return Some("the customer's data was removed");
    }
    let address = po.ship_to.as_ref().map(|address| &address.0);
    address
        .is_none_or(|address| *address == Address::default())
        .then_some("the order has no address to ship to")
}

/// Ends a purchase order that has nowhere to ship to, and puts its units before a person.
async fn refuse(tx: &Tx, po: &mut purchase_orders::Model, why: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    move_to(tx, po, PurchaseOrderStatus::Cancelled, now).await?;
    let message = format!("{} was not sent: {why}", po.number);
    let (shop, order) = (po.shop_id, po.order_id);
    let event = EventKind::Cancelled;
    store::events::add(tx, shop, order, now, &Actor::Orderyard, event, message.clone());
    for (line, units) in release_allocations(tx, po, now).await? {
        let new = NewException {
            kind: ExceptionKind::PlacementRefused,
            shop,
            order,
            order_line: Some(line),
            purchase_order: Some(po.id),
            shipment: None,
            quantity: Some(units),
            message: message.clone(),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    Ok(())
}

/// Cancelled between two tries (invariant 5): no further call may place it. One
/// that may have been taken is followed by a cancellation, which finds out.
async fn withdraw(
    tx: &Tx,
    order: &orders::Model,
    mut po: purchase_orders::Model,
    intent: &Intent,
    may_have_happened: bool,
    no_address: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let why = no_address.unwrap_or("the order was cancelled between two tries");
    let evidence = json!({ "withdrawn": why });
    if !may_have_happened {
        intents::settle(tx, intent.id, IntentOutcome::Refused, evidence, now);
        return match no_address {
            Some(why) if !is_unwanted(order, &po) => refuse(tx, &mut po, why, now).await,
            _ => cancel_unsent(tx, &mut po, now).await,
        };
    }
    intents::settle(tx, intent.id, IntentOutcome::Unknown, evidence, now);
    if no_address.is_some() {
        po.cancel_requested_at.get_or_insert(now);
    }
    move_to(tx, &mut po, PurchaseOrderStatus::OutcomeUnknown, now).await?;
    ask_back::after_placing(tx, order, &po, now).await
}

async fn cancel_unsent(tx: &Tx, po: &mut purchase_orders::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    move_to(tx, po, PurchaseOrderStatus::Cancelled, now).await?;
    let freed = release_allocations(tx, po, now).await?;
    take_care(tx, po, &freed).await?;
    let message = format!("{} was cancelled before it was sent", po.number);
    let (shop, order) = (po.shop_id, po.order_id);
    store::events::add(tx, shop, order, now, &Actor::Orderyard, EventKind::Cancelled, message);
    Ok(())
}

/// The last look before the first call: a cancelled order, or one that goes nowhere, stops the purchase (invariant 5).
async fn may_not_be_placed(
    tx: &Tx,
    order: &orders::Model,
    po: &mut purchase_orders::Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    if is_unwanted(order, po) {
        cancel_unsent(tx, po, now).await?;
        return Ok(true);
    }
    if let Some(why) = without_address(order, po) {
        refuse(tx, po, why, now).await?;
        return Ok(true);
    }
    Ok(false)
}
