//! Periodic jobs: each is enqueued once per interval over all nodes.
//!
//! Every worker looks; whoever moves the job's row in `schedules` on enqueues
//! it, in the same transaction.

use std::{future::Future, pin::Pin, time::Duration};

use sea_orm::DbErr;

use super::{Job, When, enqueue};
use crate::{
    app::App,
    config::Config,
    store::{Tx, schedules},
};

/// How long a worker trusts what it read of the schedules: a clock may jump,
/// and another node may have run a job.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// And how soon it looks again at the earliest.
const SHORTEST_LOOK: Duration = Duration::from_millis(20);

type Enqueuing<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

/// A job that runs again and again.
pub struct Periodic {
    pub name: &'static str,
    pub every: fn(&Config) -> Duration,
    enqueue: for<'a> fn(&'a Tx, i64) -> Enqueuing<'a>,
}

/// Has a job enqueued once per interval. A run that still waits for its turn,
/// or for its next try, is not joined by another one if the job has a dedupe
/// key; a serial key keeps a long run from meeting the next.
#[must_use]
pub const fn every<J: Job + Default>(interval: fn(&Config) -> Duration) -> Periodic {
    Periodic {
        name: J::NAME,
        every: interval,
        enqueue: |tx, now_ms| Box::pin(async move { enqueue(tx, &J::default(), When::now(now_ms)) }),
    }
}

/// Enqueues what is due, and says how long to wait before looking again.
pub async fn enqueue_due(app: &App, jobs: &[Periodic]) -> Result<Duration, DbErr> {
    let now_ms = app.db.lease_now().await?.timestamp_millis();
    let mut wait = LONGEST_LOOK;
    for job in jobs {
        let interval_ms = i64::try_from((job.every)(&app.config).as_millis()).unwrap_or(i64::MAX);
        let planned = schedules::next_run_ms(app.db.read(), job.name).await?;
        let next_ms = now_ms.saturating_add(interval_ms);
        match planned {
            Some(at_ms) if !is_due(at_ms, now_ms, interval_ms) => {
                let left = u64::try_from(at_ms.saturating_sub(now_ms)).unwrap_or(0);
                wait = wait.min(Duration::from_millis(left));
                continue;
            }
            Some(at_ms) => {
                let tx = app.db.begin().await?;
                if schedules::advance(&tx, job.name, at_ms, next_ms).await? {
                    (job.enqueue)(&tx, app.clock.now_ms()).await?;
                    tx.commit().await?;
                }
            }
            None => {
                let tx = app.db.begin().await?;
                schedules::plan(&tx, job.name, next_ms).await?;
                tx.commit().await?;
            }
        }
        wait = wait.min((job.every)(&app.config));
    }
    Ok(wait.max(SHORTEST_LOOK))
}

/// Whether a run is due. One that lies far ahead was planned for a longer
/// interval, or by a clock that was wrong, and is not waited for; a clock that
/// is ahead by less than an interval is another node's.
const fn is_due(at_ms: i64, now_ms: i64, interval_ms: i64) -> bool {
    at_ms <= now_ms || at_ms.saturating_sub(now_ms) > interval_ms.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn is_due_at_its_time_or_when_planned_beyond_reason() {
        let (now, hour) = (1_000_000_000, 3_600_000);
        assert!(is_due(now, now, hour));
        assert!(is_due(now - 1, now, hour));
        assert!(!is_due(now + 1, now, hour));
        assert!(
            !is_due(now + hour + 5_000, now, hour),
            "planned by a clock that is ahead"
        );
        assert!(is_due(now + 24 * hour, now, hour), "planned when it was daily");
    }
}
