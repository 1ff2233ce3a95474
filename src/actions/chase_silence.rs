//! Gives up on suppliers that do not answer: what they leave unanswered beyond their connection's
//! deadline is asked back, and goes to somebody else once they agree. A person is told, and
//! can say instead that it will not be shipped. A supplier who knows of its orders by our own books alone
//! is not waited for: what is cancelled there nobody can accept, and it goes to somebody else at once.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    ask_back,
    cancel_purchase_order::{end_unanswered, is_ours_to_end},
    go_on::go_on,
    open_exception::{NewException, open_exception},
    route_order::follow_status,
    supplier_away,
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::{ExceptionKind, ExceptionStatus},
        purchase_order::PurchaseOrderStatus,
    },
    ids::{ConnectionId, ShopId},
    queue::{Attempt, Job, JobError, When, enqueue},
    store::{
        self, Tx, connections, exceptions,
        order_state::{OpenOrder, OrderState},
        purchase_orders,
    },
};

/// Connections in one run; the next run goes on after the last.
const MOST_CONNECTIONS: u64 = 100;
/// Purchase orders of a connection in one run.
const MOST_ORDERS: u64 = 50;

/// Looks at every connection that has a deadline.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ChaseSilence {
    /// The connection that was looked at last.
    after: Option<ConnectionId>,
}

impl Job for ChaseSilence {
    const NAME: &'static str = "chase_silence";

    fn shop(&self) -> Option<ShopId> {
        None
    }

    fn dedupe_key(&self) -> Option<String> {
        Some("chase_silence".to_owned())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let found = connections::with_deadline(app.db.read(), self.after, MOST_CONNECTIONS).await?;
        for connection in &found {
            let what = format!("the silence of connection {}", connection.id);
            go_on(&what, || chase(app, connection, now)).await?;
        }
        if let Some(last) = found.last().filter(|_| found.len() as u64 == MOST_CONNECTIONS) {
            let tx = app.db.begin().await?;
            let next = Self { after: Some(last.id) };
            enqueue(&tx, &next, When::now(app.clock.now_ms()))?;
            tx.commit().await?;
        }
        Ok(())
    }
}

async fn chase(app: &App, connection: &connections::Model, now: DateTime<Utc>) -> Result<(), DbErr> {
    let hours = connection.answer_hours;
    let before = now - TimeDelta::hours(i64::from(hours));
    let (shop, supplier) = (connection.shop_id, connection.supplier_id);
    let silent = purchase_orders::unanswered(app.db.read(), shop, supplier, before, MOST_ORDERS).await?;
    for po in silent {
        // The next run meets again what cannot be read.
        let what = format!("the silence about purchase order {}", po.id);
        go_on(&what, || give_up(app, &po, Silence::ToAll, hours, now)).await?;
    }
    Ok(())
}

/// What a supplier has not said a word about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    ToAll,
    /// It has answered a part of the purchase order.
    ToARest,
}

impl Silence {
    fn of(po: &purchase_orders::Model, state: &OrderState) -> Option<Self> {
        use PurchaseOrderStatus as S;
        if !matches!(
            po.status,
            S::Placed | S::Accepted | S::PartlyShipped | S::CancelRequested
        ) {
            return None;
        }
        let mut lines = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
        Some(if lines.any(|line| line.accepted + line.shipped > 0) {
            Self::ToARest
        } else {
            Self::ToAll
        })
    }
}

/// Asks back what is unanswered of a purchase order. What is answered meanwhile stays.
pub(super) async fn give_up(
    app: &App,
    found: &purchase_orders::Model,
    silence: Silence,
    hours: i32,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    let Some(open) = OpenOrder::lock(&tx, found.shop_id, found.order_id).await? else {
        return Ok(());
    };
    let is_silent = |po: &&purchase_orders::Model| {
        po.id == found.id && po.given_up_at.is_none() && Silence::of(po, &open.state) == Some(silence)
    };
    let Some(mut po) = open.state.purchase_orders.iter().find(is_silent).cloned() else {
        return Ok(());
    };
    let lines = ask_back::unanswered(&open.state, &po);
    if lines.is_empty() && !was_asked_back(&open.state, &po) {
        return Ok(());
    }
    let Some(supplier) = open.supplier(po.supplier_id) else {
        return Ok(());
    };
    let what = match silence {
        Silence::ToAll => po.number.clone(),
        Silence::ToARest => format!("a part of {}", po.number),
    };
    let said = format!("{} has not answered {what} for {hours} hours", supplier.name);
    po.given_up_at = Some(now);
    po.cancel_reason
        .get_or_insert_with(|| format!("not answered for {hours} hours"));
    store::save(&tx, po.clone())?;
    let (shop, order, kind) = (po.shop_id, po.order_id, EventKind::CancelRequested);
    let is_here = !app.connectors.of(supplier.connector).capabilities().calls_out;
    let done = if is_here { "taken back" } else { "asked back" };
    let message = format!("{said}: it is {done}");
    store::events::add(&tx, shop, order, now, &Actor::Orderyard, kind, message);
    let then = if lines.is_empty() {
        "It was asked back before, and that is not answered either"
    } else {
        "It is asked back, and goes to another supplier once they agree"
    };
    if !lines.is_empty() {
        ask_back::ask(&tx, &open.state.order, &po, lines, now)?;
    } else if is_ours_to_end(app, &tx, supplier, &po).await? {
        // The question was asked before, and is not asked again.
        end_unanswered(&tx, (&open.shop, supplier), &mut po, now).await?;
    }
    if is_here {
        follow_status(&tx, &open.shop, order).await?;
        return tx.commit().await;
    }
    let new = NewException {
        kind: ExceptionKind::SupplierSilent,
        shop,
        order,
        order_line: None,
        purchase_order: Some(po.id),
        shipment: None,
        quantity: None,
        message: format!("{said}. {then}"),
        evidence: None,
    };
    open_exception(&tx, new, now).await?;
    follow_status(&tx, &open.shop, order).await?;
    tx.commit().await
}

/// Whether the supplier was asked for all that it has not answered, and said no word about that either.
fn was_asked_back(state: &OrderState, po: &purchase_orders::Model) -> bool {
    let mut lines = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
    po.status == PurchaseOrderStatus::CancelRequested && lines.any(|line| line.progress().unanswered() > 0)
}

/// A supplier that was given up answered after all, one that could not be reached was, or nothing of it is
/// left: nobody needs to be asked.
pub(super) fn hear(tx: &Tx, mut state: OrderState, now: DateTime<Utc>) -> Result<OrderState, DbErr> {
    let heard = |row: &exceptions::Model| {
        let po = state
            .purchase_orders
            .iter()
            .find(|po| Some(po.id) == row.purchase_order_id);
        let answered = |po: &purchase_orders::Model| {
            let mut lines = state.po_lines.iter().filter(|line| line.purchase_order_id == po.id);
            !po.status.is_live() || lines.all(|line| line.progress().unanswered() == 0)
        };
        let is_over = |po: &purchase_orders::Model| match po.given_up_at {
            Some(_) => answered(po),
            None => !supplier_away::waits(po, &state.po_lines),
        };
        row.kind == ExceptionKind::SupplierSilent && po.is_none_or(is_over)
    };
    let (over, open): (Vec<_>, Vec<_>) = state.open_exceptions.iter().cloned().partition(heard);
    for row in over {
        let resolved = exceptions::Model {
            status: ExceptionStatus::Resolved,
            resolution: Some("the supplier was reached or answered, or nothing of it is left".to_owned()),
            resolved_at: Some(now),
            ..row
        };
        store::save(tx, resolved)?;
    }
    state.open_exceptions = open;
    Ok(state)
}
