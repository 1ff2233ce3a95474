//! The ledger of outside calls that must happen once.
//!
//! An Intent is committed before its call. Whoever finds it open afterwards
//! knows that the call may have happened, and settles it by the table in
//! docs/ARCHITECTURE.md before anything is called again.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    domain::intent::{IntentKind, IntentOutcome},
    ids::{IntentId, OrderId, ShopId, SupplierId},
    store::{self, Tx, columns::Json, intents::Model},
};

/// What an Intent is about.
#[derive(Clone, Debug)]
pub struct NewIntent<'a, R> {
    /// Unique: the effect's name, such as `place:{purchase order}`.
    pub key: String,
    pub kind: IntentKind,
    pub shop: ShopId,
    pub supplier: Option<SupplierId>,
    pub order: OrderId,
    /// The row that the effect belongs to.
    pub subject: Uuid,
    pub request: &'a R,
}

/// How an Intent stands when it is about to be acted on.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Nothing was ever called, or every call is known not to have been taken.
    Fresh(Model),
    /// A call may have been made: read back, or repeat where the contract allows it.
    MayHaveHappened(Model),
    /// Settled: nothing is left to do.
    Settled(Model),
}

/// Opens the Intent of an effect whose subject this transaction has made: there can be none yet.
pub fn open_first<R: Serialize + Sync>(tx: &Tx, new: NewIntent<'_, R>, now: DateTime<Utc>) -> Result<Model, DbErr> {
    let intent = first(tx, new, now)?;
    store::insert(tx, intent.clone())?;
    Ok(intent)
}

fn first<R: Serialize + Sync>(tx: &Tx, new: NewIntent<'_, R>, now: DateTime<Utc>) -> Result<Model, DbErr> {
    let request = serde_json::to_value(new.request).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Model {
        id: IntentId::generate(),
        key: new.key,
        kind: new.kind,
        shop_id: Some(new.shop),
        supplier_id: new.supplier,
        order_id: Some(new.order),
        subject_id: new.subject,
        request: Json(request),
        outcome: IntentOutcome::Pending,
        evidence: None,
        calls: 1,
        created_at: now,
        called_at: Some(tx.lease_now()),
        settled_at: None,
    })
}

/// Opens the Intent of an effect, or finds the one that stands.
pub async fn open<R: Serialize + Sync>(tx: &Tx, new: NewIntent<'_, R>, now: DateTime<Utc>) -> Result<Standing, DbErr> {
    let intent = first(tx, new, now)?;
    // Whoever opens it has the lock of what it is about; the key is unique all the same.
    let Some(mut standing) = store::intents::by_key(tx.conn(), &intent.key).await? else {
        store::insert(tx, intent.clone())?;
        return Ok(Standing::Fresh(intent));
    };
    if !standing.outcome.is_open() {
        return Ok(Standing::Settled(standing));
    }
    let known_not_sent = standing.outcome == IntentOutcome::Pending && standing.called_at.is_none();
    standing.calls += 1;
    standing.called_at = intent.called_at;
    if known_not_sent {
        // What is asked now, by what is known now.
        standing.request = intent.request;
    }
    store::save(tx, standing.clone())?;
    Ok(if known_not_sent {
        Standing::Fresh(standing)
    } else {
        Standing::MayHaveHappened(standing)
    })
}

/// How often an effect is asked for anew after it was settled.
const MOST_REPETITIONS: u32 = 50;

/// Opens the Intent of an effect that may be wanted again once it is settled: then it goes by its key and a
/// number. None where the one that is settled will do, by `is_enough`.
pub async fn open_again<R: Serialize + Sync>(
    tx: &Tx,
    new: NewIntent<'_, R>,
    now: DateTime<Utc>,
    is_enough: impl Fn(&Model) -> bool,
) -> Result<Option<Standing>, DbErr> {
    for repetition in 1..=MOST_REPETITIONS {
        let key = match repetition {
            1 => new.key.clone(),
            _ => format!("{}:{repetition}", new.key),
        };
        match open(tx, NewIntent { key, ..new }, now).await? {
            Standing::Settled(intent) if is_enough(&intent) => return Ok(None),
            Standing::Settled(_) => {}
            open => return Ok(Some(open)),
        }
    }
    Ok(None)
}

/// Writes what became of the call. A settled Intent never changes again.
///
/// `Pending` says that the call is known not to have been taken, and that it
/// may be made again as if it were the first.
pub fn settle(tx: &Tx, id: IntentId, outcome: IntentOutcome, evidence: serde_json::Value, now: DateTime<Utc>) {
    store::intents::settle(tx, id, outcome, Json(evidence), now);
}

/// Writes what the other side said later of a call that it had taken. That the Intent is settled stays.
pub fn note_answer(tx: &Tx, id: IntentId, evidence: serde_json::Value) {
    store::intents::note_answer(tx, id, Json(evidence));
}
