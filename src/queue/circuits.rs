//! Circuit breakers: whoever of the outside fails again and again is left alone
//! for a while, on all nodes, and what needs it waits without losing its tries.
//! After each pause one call is let through; its success closes the breaker.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::JobError;
use crate::{
    config::CircuitConfig,
    domain::circuit::Subject,
    store::{
        self, Recall, Tx,
        circuits::{self, Model},
        jobs::parked,
    },
};

/// Pauses double with each call that fails after them, so often at the most.
const MOST_DOUBLINGS: u32 = 4;

/// Jobs that one call that went well lets in again.
const WOKEN_AT_ONCE: u64 = 4;

/// How a call that may be made stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Earlier calls failed: a success is to be written down.
    pub is_troubled: bool,
}

/// The other side is left alone for now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("left alone for now, since {failures} calls in a row have failed: {reason}")]
pub struct Shut {
    pub subject: Subject,
    pub failures: u32,
    pub reason: String,
    pub wait: Duration,
}

impl Shut {
    /// What that means for a job that needs them.
    #[must_use]
    pub fn of(&self, name: &str) -> JobError {
        JobError::Parked {
            reason: format!("{name} is {self}"),
            after: self.wait,
            behind: Some(self.subject),
        }
    }
}

/// Whether a look is enough: nothing has failed, or a call may not be made.
/// None where the one call may be due, which [`enter`] decides. `now` is [`store::Db::lease_now`].
pub async fn look(
    db: &impl Recall,
    subject: Subject,
    now: DateTime<Utc>,
) -> Result<Option<Result<Entry, Shut>>, DbErr> {
    Ok(judge(subject, circuits::by_subject(db, subject).await?, now))
}

/// The same by the subject's row, if it has one.
#[must_use]
pub fn judge(subject: Subject, row: Option<Model>, now: DateTime<Utc>) -> Option<Result<Entry, Shut>> {
    let now_ms = now.timestamp_millis();
    match row {
        None => Some(Ok(Entry::default())),
        Some(row) if row.opened_at_ms.is_none() => Some(Ok(Entry { is_troubled: true })),
        // Later than any pause ends it was written by a clock that was ahead.
        Some(row) if now_ms < row.next_try_ms && row.next_try_ms <= now_ms.saturating_add(milliseconds(LONGEST)) => {
            Some(Err(shut(subject, row, now_ms)))
        }
        Some(_) => None,
    }
}

/// Whether somebody who was left alone is so no more.
pub async fn is_over(db: &impl Recall, subject: Option<Subject>) -> Result<bool, DbErr> {
    let Some(subject) = subject else { return Ok(false) };
    let row = circuits::by_subject(db, subject).await?;
    Ok(row.is_none_or(|row| row.opened_at_ms.is_none()))
}

/// Asks whether a call may be made, and takes the one try where that is due.
pub async fn enter(tx: &Tx, subject: Subject, config: &CircuitConfig) -> Result<Result<Entry, Shut>, DbErr> {
    let now = tx.lease_now();
    let now_ms = now.timestamp_millis();
    if let Some(known) = look(tx.conn(), subject, now).await? {
        return Ok(known);
    }
    let Some(mut row) = circuits::by_subject(tx.conn(), subject).await? else {
        return Ok(Ok(Entry::default()));
    };
    let next_try_ms = now_ms.saturating_add(pause_ms(&row, config));
    if circuits::take_try(tx, &row, next_try_ms).await? {
        return Ok(Ok(Entry { is_troubled: true }));
    }
    // Somebody else has it, and may find that all is well.
    row.next_try_ms = now_ms.saturating_add(milliseconds(config.pause));
    Ok(Err(shut(subject, row, now_ms)))
}

/// Writes down that a call failed: that nothing was taken, or that it is not known.
pub async fn failed(tx: &Tx, subject: Subject, reason: &str, config: &CircuitConfig) -> Result<(), DbErr> {
    let now_ms = tx.lease_now().timestamp_millis();
    let mut row = circuits::lock(tx, subject).await?;
    row.failures = row.failures.saturating_add(1);
    reason.chars().take(500).collect::<String>().clone_into(&mut row.reason);
    if store::units(row.failures) >= config.failures {
        if row.opened_at_ms.is_none() {
            tracing::warn!(%subject, failures = row.failures, reason, "calls fail again and again: a pause");
        }
        row.opened_at_ms.get_or_insert(now_ms);
        row.next_try_ms = now_ms.saturating_add(pause_ms(&row, config));
    }
    store::save(tx, row)
}

/// Writes down that a call was answered, whatever the answer, and has some of
/// what waited for that done now. Not all at once: who has just come back would
/// go down again. Each call that goes well lets in a few more, and the row
/// stays until nothing is left.
pub async fn answered(tx: &Tx, subject: Subject, entry: Entry) -> Result<(), DbErr> {
    if !entry.is_troubled {
        return Ok(());
    }
    if parked::wake(tx, subject, WOKEN_AT_ONCE).await? < WOKEN_AT_ONCE {
        circuits::close(tx, subject).await
    } else {
        circuits::recover(tx, subject).await
    }
}

/// The longest that somebody is left alone without a try.
const LONGEST: Duration = Duration::from_mins(30);

fn pause_ms(row: &Model, config: &CircuitConfig) -> i64 {
    let beyond = store::units(row.failures).saturating_sub(config.failures);
    let pause = config.pause * 2_u32.pow(beyond.min(MOST_DOUBLINGS));
    milliseconds(pause.min(LONGEST))
}

fn milliseconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

fn shut(subject: Subject, row: Model, now_ms: i64) -> Shut {
    let wait_ms = row.next_try_ms.saturating_sub(now_ms).max(1).unsigned_abs();
    Shut {
        subject,
        failures: store::units(row.failures),
        reason: row.reason,
        wait: Duration::from_millis(wait_ms),
    }
}
