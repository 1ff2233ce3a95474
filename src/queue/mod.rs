//! Durable work: jobs are enqueued in the transaction of the change that
//! causes them, leased by one worker at a time, and tried again on a schedule.
//!
//! This module owns the rules; `store::jobs` owns the rows, `worker` the loop.
//! Work with the same serial key runs one at a time, the oldest first.

pub mod circuits;
pub mod inbox;
pub mod intents;
pub mod periodic;
pub mod turns;

use std::{future::Future, time::Duration};

use sea_orm::DbErr;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    domain::circuit::Subject,
    ids::{JobId, ShopId, ShopifyOrderId},
    store::{
        self, Tx,
        jobs::{self, JobState, WaitsFor},
    },
};

pub use crate::store::jobs::Priority;

/// One kind of durable work. The value is the payload, stored as JSON.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Stored with each job: never change it while jobs of the name may wait.
    const NAME: &'static str;

    /// What it is done before, and after.
    const PRIORITY: Priority = Priority::Usual;

    /// Whose work it is, and whose turns it takes.
    fn shop(&self) -> Option<ShopId>;

    /// Jobs with the same key never run at the same time.
    fn serial_key(&self) -> Option<String> {
        None
    }

    /// While a job with this key waits, another one is not added.
    fn dedupe_key(&self) -> Option<String> {
        None
    }

    /// Does the work. It may run more than once: every effect must bear repetition.
    fn run(&self, app: &App, attempt: Attempt) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Which try this is.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// Whether the job is given up if this try fails.
    pub is_last: bool,
}

/// Why a try failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Worth another try, by the schedule or after the time given.
    #[error("{reason}")]
    Retry { reason: String, after: Option<Duration> },
    /// Not to be tried now, through nobody's fault: this try does not count.
    #[error("{reason}")]
    NotNow { reason: String, after: Duration },
    /// It waits for something that is not its own, such as a hold: tried after the
    /// time given, or when that something changes, with all its tries before it.
    #[error("{reason}")]
    Parked {
        reason: String,
        after: Duration,
        /// Who is left alone, where that is what it waits for.
        behind: Option<Subject>,
    },
    /// No try will help: a person must look.
    #[error("{0}")]
    GiveUp(String),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

impl JobError {
    /// Try again by the schedule.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry {
            reason: reason.into(),
            after: None,
        }
    }
}

/// When a job is to run and what it follows from. Milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct When {
    pub now_ms: i64,
    pub run_at_ms: i64,
    /// When the cause happened: among what waits on one key, the oldest goes first.
    pub triggered_at_ms: i64,
}

impl When {
    /// As soon as a worker is free.
    #[must_use]
    pub const fn now(now_ms: i64) -> Self {
        Self {
            now_ms,
            run_at_ms: now_ms,
            triggered_at_ms: now_ms,
        }
    }

    /// After a wait.
    #[must_use]
    pub fn after(now_ms: i64, wait: Duration) -> Self {
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Self {
            run_at_ms: now_ms.saturating_add(wait_ms),
            ..Self::now(now_ms)
        }
    }
}

/// The key that keeps all work on one order strictly serial, known before the order is.
#[must_use]
pub fn order_key(shop: ShopId, order: ShopifyOrderId) -> String {
    format!("order:{shop}:{order}")
}

/// The order that a serial key is about, where it is about one.
#[must_use]
pub fn order_of_key(key: &str) -> Option<(ShopId, ShopifyOrderId)> {
    let (shop, order) = key.strip_prefix("order:")?.split_once(':')?;
    Some((ShopId(shop.parse().ok()?), ShopifyOrderId(order.parse().ok()?)))
}

/// Adds a job with the commit of the change that causes it.
pub fn enqueue<J: Job>(tx: &Tx, job: &J, when: When) -> Result<(), DbErr> {
    let payload = serde_json::to_string(job).map_err(|error| DbErr::Json(error.to_string()))?;
    // When it runs is for every node to judge, whatever their clocks say: by the time that leases go by.
    let now_ms = tx.lease_now().timestamp_millis();
    let wait_ms = when.run_at_ms.saturating_sub(when.now_ms);
    let row = jobs::Model {
        id: JobId::generate(),
        name: J::NAME.to_owned(),
        payload,
        shop_id: job.shop(),
        serial_key: job.serial_key(),
        dedupe_key: job.dedupe_key(),
        state: JobState::Ready,
        waits_for: if wait_ms <= 0 { WaitsFor::Turn } else { WaitsFor::Time },
        priority: J::PRIORITY.rank(),
        lane: job.shop().map_or(0, |shop| shop.0),
        run_at_ms: now_ms.saturating_add(wait_ms),
        triggered_at_ms: when.triggered_at_ms,
        attempts: 0,
        lease_id: None,
        leased_until_ms: None,
        last_error: None,
        parked_for: None,
        parked_since_ms: None,
        created_at_ms: now_ms,
    };
    store::jobs::add(tx, row);
    Ok(())
}

/// What becomes of a job after a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    After(Duration),
    Never,
}

/// Decides on the next try. The schedule is data; its end is the end.
#[must_use]
pub fn next_try(error: &JobError, attempts: u32, schedule: &[Duration]) -> NextTry {
    if let JobError::NotNow { after, .. } | JobError::Parked { after, .. } = error {
        return NextTry::After(*after);
    }
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    match (error, schedule.get(step)) {
        (JobError::GiveUp(_), _) | (_, None) => NextTry::Never,
        (JobError::Retry { after: Some(wait), .. }, Some(planned)) => NextTry::After((*wait).max(*planned)),
        (_, Some(planned)) => NextTry::After(*planned),
    }
}

/// Since when a job is kept waiting by somebody who is left alone, as of a failed try; `before` is what was
/// known. A try of its own in between is no end of that.
#[must_use]
pub const fn parked_since(error: &JobError, before: Option<i64>, now_ms: i64) -> Option<i64> {
    match (error, before) {
        (JobError::Parked { behind: Some(_), .. }, None) => Some(now_ms),
        (JobError::Parked { behind: None, .. }, _) => None,
        _ => before,
    }
}

/// Whether a job has waited so for longer than all its tries would have taken: then they would be over, were
/// it not that nothing is tried.
#[must_use]
pub fn is_overdue(error: &JobError, since: Option<i64>, now_ms: i64, schedule: &[Duration]) -> bool {
    let is_parked = matches!(error, JobError::Parked { behind: Some(_), .. });
    let whole: Duration = schedule.iter().sum();
    let waited = |since: i64| Duration::from_millis(now_ms.saturating_sub(since).unsigned_abs());
    is_parked && since.is_some_and(|since| waited(since) > whole)
}

/// Lengthens a wait by up to a quarter, by a number that is a job's own, so
/// that what failed together does not come back together. The same job and
/// count of tries give the same wait; nothing is ever tried before its time.
#[must_use]
pub fn spread(wait: Duration, job: JobId, attempts: u32) -> Duration {
    let [high, low] = [job.0.as_u128() >> 64, job.0.as_u128()].map(|half| half & u128::from(u64::MAX));
    let seed = u64::try_from(high ^ low).unwrap_or_default();
    let mut mixed = seed.wrapping_add(u64::from(attempts).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // The finish of splitmix64: nearby seeds end far apart.
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let share = u32::try_from((mixed ^ (mixed >> 31)) >> 48).unwrap_or_default();
    wait.saturating_add(wait.saturating_mul(share) / (4 << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_back_from_its_key() {
        let (shop, order) = (ShopId(7), ShopifyOrderId(1001));
        assert_eq!(order_of_key(&order_key(shop, order)), Some((shop, order)));
        assert_eq!(order_of_key("shop:7"), None);
    }

    #[test]
    fn tries_by_the_schedule_and_then_gives_up() {
        let schedule = [Duration::from_secs(1), Duration::from_secs(5)];
        let fault = JobError::retry("away");
        assert_eq!(next_try(&fault, 1, &schedule), NextTry::After(Duration::from_secs(1)));
        assert_eq!(next_try(&fault, 2, &schedule), NextTry::After(Duration::from_secs(5)));
        assert_eq!(next_try(&fault, 3, &schedule), NextTry::Never);
        let asked = JobError::Retry {
            reason: "throttled".into(),
            after: Some(Duration::from_secs(3)),
        };
        assert_eq!(next_try(&asked, 1, &schedule), NextTry::After(Duration::from_secs(3)));
        let budget = JobError::NotNow {
            reason: "no budget".into(),
            after: Duration::from_secs(2),
        };
        assert_eq!(next_try(&budget, 99, &schedule), NextTry::After(Duration::from_secs(2)));
        assert_eq!(next_try(&JobError::GiveUp("bad".into()), 1, &schedule), NextTry::Never);
    }

    #[test]
    fn a_job_that_is_kept_waiting_is_overdue_when_its_schedule_would_be_over() {
        let schedule = [Duration::from_secs(1), Duration::from_secs(5)];
        let parked = |behind| JobError::Parked {
            reason: "left alone".into(),
            after: Duration::from_secs(1),
            behind,
        };
        let away = parked(Some(Subject::Shop(ShopId(7))));
        let since = parked_since(&away, None, 1000);
        assert_eq!(since, Some(1000));
        // The one call that finds out, and fails, changes nothing.
        let since = parked_since(&JobError::retry("away"), since, 3000);
        let since = parked_since(&away, since, 4000);
        assert_eq!(since, Some(1000));
        let overdue = |now_ms| is_overdue(&away, since, now_ms, &schedule);
        assert_eq!([overdue(4000), overdue(7000), overdue(7001)], [false, false, true]);
        assert!(!is_overdue(&JobError::retry("away"), since, 9000, &schedule));
        assert!(!is_overdue(&away, None, 9000, &schedule));
        // A hold is another reason.
        assert_eq!(parked_since(&parked(None), since, 9000), None);
    }

    #[test]
    fn waits_are_spread_over_a_quarter_and_repeat_for_a_job() {
        let wait = Duration::from_secs(100);
        let waits: Vec<Duration> = (0..100)
            .map(|job| spread(wait, JobId(uuid::Uuid::from_u128(job)), 1))
            .collect();
        assert!(waits.iter().all(|spread| (100..=125).contains(&spread.as_secs())));
        let (least, most) = (waits.iter().min().expect("some"), waits.iter().max().expect("some"));
        assert!(least.as_secs() < 105 && most.as_secs() >= 120, "{least:?} to {most:?}");
        let job = JobId::generate();
        assert_eq!(spread(wait, job, 3), spread(wait, job, 3));
        assert_ne!(spread(wait, job, 3), spread(wait, job, 4));
    }
}
