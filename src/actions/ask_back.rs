//! What is asked back of a purchase order: written on its lines by whoever
//! wants it, asked of the supplier by `cancel_purchase_order`.
//!
//! What is asked names the effect. The lines' quantities that are cancelled or
//! asked back, taken together, only grow while the supplier agrees; so a
//! question that was refused has the same name the next time, and only a person
//! asks it again.
//!
//! More may be asked back while a question is on its way. An answer is to the
//! question that was sent, and the rest is asked for by another one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::cancel_purchase_order::CancelPurchaseOrder;
use crate::{
    domain::intent::{IntentKind, IntentOutcome},
    ids::PoLineId,
    queue::{When, enqueue},
    store::{self, Tx, intents::Model as Intent, order_state::OrderState, orders, po_lines, purchase_orders},
};

/// A question: of each line how much is cancelled or asked back, taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question(BTreeMap<PoLineId, i32>);

/// A question as its Intent keeps it.
#[derive(Deserialize)]
struct Request {
    lines: Vec<RequestLine>,
}

#[derive(Deserialize)]
struct RequestLine {
    line: PoLineId,
    quantity: i32,
    /// Older Intents have none.
    total: Option<i32>,
}

impl Question {
    /// What the lines ask now.
    #[must_use]
    pub fn of(lines: &[po_lines::Model]) -> Self {
        Self(lines.iter().map(|line| (line.id, total(line))).collect())
    }

    /// What was asked with an Intent. Of one whose request is forgotten, all that the lines ask.
    fn sent(intent: &Intent, lines: &[po_lines::Model]) -> Self {
        let Ok(request) = serde_json::from_value::<Request>(intent.request.0.clone()) else {
            return Self::of(lines);
        };
        let cancelled = |id: PoLineId| lines.iter().find(|line| line.id == id).map_or(0, |line| line.cancelled);
        let total = |line: RequestLine| (line.line, line.total.unwrap_or(cancelled(line.line) + line.quantity));
        Self(request.lines.into_iter().map(total).collect())
    }

    fn and(mut self, other: Self) -> Self {
        for (line, total) in other.0 {
            let own = self.0.entry(line).or_insert(total);
            *own = total.max(*own);
        }
        self
    }

    /// What a line asks back beyond the question.
    #[must_use]
    pub fn rest(&self, line: &po_lines::Model) -> i32 {
        let asked = self.0.get(&line.id).copied().unwrap_or_default().max(line.cancelled);
        (total(line) - asked).max(0)
    }

    /// Whether an Intent asked for no more than this.
    #[must_use]
    pub fn contains(&self, intent: &Intent, lines: &[po_lines::Model]) -> bool {
        let mut other = Self::sent(intent, lines).0.into_iter();
        other.all(|(line, total)| self.0.get(&line).is_some_and(|own| total <= *own))
    }
}

fn total(line: &po_lines::Model) -> i32 {
    line.cancelled + line.cancel_requested
}

/// What of a purchase order's questions a supplier can be answering by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// It was asked this.
    Asked(Question),
    /// Whatever it was asked it has answered.
    Answered,
    /// It was never asked: it can only have seen what the lines ask.
    Nothing,
}

/// What an Intent's evidence says of a question that was taken and is thought about.
pub const RECEIVED: &str = "received";

/// Which questions about a purchase order wait for an answer. Those that the supplier is known to have go
/// before one whose call may still be under way: an answer that crosses a call is not to it.
pub async fn unanswered_questions(
    tx: &Tx,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
) -> Result<Unanswered, DbErr> {
    let (mut received, mut perhaps, mut answered) = (Vec::new(), Vec::new(), false);
    for intent in questions(tx, po).await? {
        match intent.outcome {
            IntentOutcome::Done if is_received(&intent) => received.push(intent),
            IntentOutcome::Done => answered = true,
            IntentOutcome::Unknown => perhaps.push(intent),
            IntentOutcome::Pending if intent.called_at.is_some() => perhaps.push(intent),
            IntentOutcome::Pending | IntentOutcome::Refused => {}
        }
    }
    let asked = if received.is_empty() { perhaps } else { received };
    let asked = asked.iter().map(|intent| Question::sent(intent, lines));
    Ok(match asked.reduce(Question::and) {
        Some(question) => Unanswered::Asked(question),
        None if answered => Unanswered::Answered,
        None => Unanswered::Nothing,
    })
}

/// Whether the supplier has a question and has not answered it. What it was is forgotten when the order is over.
pub fn is_received(intent: &Intent) -> bool {
    let answer = intent.evidence.as_ref().map(|evidence| &evidence.0["answer"]);
    intent.outcome == IntentOutcome::Done && answer.is_none_or(|answer| answer == RECEIVED)
}

/// The Intents of a purchase order's questions.
pub async fn questions(tx: &Tx, po: &purchase_orders::Model) -> Result<Vec<Intent>, DbErr> {
    let kind = IntentKind::CancelPurchaseOrder;
    store::intents::of_subject(tx.conn(), po.shop_id, po.order_id, kind, po.id.0).await
}

/// The Intent's key for asking back what the lines say.
#[must_use]
pub fn intent_key(po: &purchase_orders::Model, lines: &[po_lines::Model]) -> String {
    let mut digest = Sha256::new();
    for (line, total) in Question::of(lines).0 {
        digest.update(line.0.as_bytes());
        digest.update(total.to_be_bytes());
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
