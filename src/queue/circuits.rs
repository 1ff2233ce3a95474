//! Circuit breakers: whoever of the outside fails again and again is left alone
//! for a while, on all nodes, and what needs it waits without losing its tries.
//! After each pause one call is let through; its success closes the breaker.
//! Whoever answers, and asks for patience, is left alone in the same way.

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
    /// The subject's next try as it stood then: a pause that began later is known by it.
    pub next_try_ms: i64,
}

impl Entry {
    /// With a row that says so.
    const fn troubled(next_try_ms: i64) -> Self {
        Self {
            is_troubled: true,
            next_try_ms,
        }
    }
}

/// The other side is left alone for now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("left alone for now, since {}: {reason}", said_of(*failures))]
pub struct Shut {
    pub subject: Subject,
    /// None failed where they asked for patience.
    pub failures: u32,
    pub reason: String,
    pub wait: Duration,
}

fn said_of(failures: u32) -> String {
    match failures {
        0 => "they ask for patience".to_owned(),
        _ => format!("{failures} calls in a row have failed"),
    }
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
        Some(row) if row.opened_at_ms.is_none() => Some(Ok(Entry::troubled(row.next_try_ms))),
        Some(row) if is_pause(&row, now_ms) => Some(Err(shut(subject, row, now_ms))),
        Some(_) => None,
    }
}

/// Whether nobody calls yet. What ends later than any pause does was written by a clock that was ahead.
fn is_pause(row: &Model, now_ms: i64) -> bool {
    let soon_ms = now_ms.saturating_add(milliseconds(CLOCKS_DIFFER));
    let was_asked = is_patience(row) && row.opened_at_ms.is_some_and(|at| at <= soon_ms);
    let longest = if was_asked { LONGEST_PATIENCE } else { LONGEST };
    now_ms < row.next_try_ms && row.next_try_ms <= now_ms.saturating_add(milliseconds(longest))
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
        return Ok(Ok(Entry::troubled(next_try_ms)));
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

/// Writes down that a call was answered by asking for patience: nobody calls until then. That is no
/// failure, so no pause grows by it, and a longer wait that was asked for before stands.
pub async fn asked_for_patience(
    tx: &Tx,
    subject: Subject,
    entry: Entry,
    reason: &str,
    wait: Duration,
) -> Result<Shut, DbErr> {
    let now_ms = tx.lease_now().timestamp_millis();
    let mut row = circuits::lock(tx, subject).await?;
    let asked_ms = now_ms.saturating_add(milliseconds(wait.min(LONGEST_PATIENCE)).max(1));
    // What the call itself took for its try is over with its answer.
    let stands = began_since(&row, entry) && is_pause(&row, now_ms);
    if !stands || row.next_try_ms < asked_ms {
        row.next_try_ms = asked_ms;
        row.opened_at_ms = Some(now_ms);
        reason.chars().take(500).collect::<String>().clone_into(&mut row.reason);
    }
    row.failures = 0;
    store::save(tx, row.clone())?;
    Ok(shut(subject, row, now_ms))
}

/// Whether another call was asked for patience since this one was let through.
const fn began_since(row: &Model, entry: Entry) -> bool {
    is_patience(row) && row.next_try_ms != entry.next_try_ms
}

/// Whether it is left alone since it asked for that.
const fn is_patience(row: &Model) -> bool {
    row.opened_at_ms.is_some() && row.failures == 0
}

/// Writes down that a call was answered, whatever the answer, and has some of
/// what waited for that done now. Not all at once: who has just come back would
/// go down again. Each call that goes well lets in a few more, and the row
/// stays until nothing is left.
pub async fn answered(tx: &Tx, subject: Subject, entry: Entry) -> Result<(), DbErr> {
    if !entry.is_troubled {
        return Ok(());
    }
    let row = circuits::locked(tx, subject).await?;
    // That is not over because this one went well.
    if row.is_some_and(|row| began_since(&row, entry)) {
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
/// The same for who asked for it: as the contract with suppliers has it.
const LONGEST_PATIENCE: Duration = Duration::from_hours(24);
/// More than clocks of nodes do.
const CLOCKS_DIFFER: Duration = Duration::from_mins(2);

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
