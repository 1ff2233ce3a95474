//! One job's run, and what becomes of it when it fails.

use std::time::{Duration, Instant};

use futures::FutureExt as _;
use sea_orm::DbErr;
use tokio::sync::mpsc;

use super::{
    REGISTRY,
    rounds::{End, held},
};
use crate::{
    actions::{give_up_job, supplier_away},
    app::App,
    queue::{Attempt, JobError, NextTry, Priority, circuits, is_overdue, next_try, parked_since, spread, turns::Pause},
    store::{
        self,
        jobs::{self, Model},
    },
};

/// Runs one job. What failed is written here; what is done is told, and written with others.
pub async fn carry_out(app: &App, job: Model, ends: mpsc::UnboundedSender<End>) {
    let Some(held) = held(&job) else { return };
    let mut report = Report {
        ends,
        end: Some(End {
            job: held,
            is_background: job.priority == Priority::Background.rank(),
            is_done: false,
            pause: None,
            took: Duration::ZERO,
        }),
    };
    let began = Instant::now();
    let number = store::units(job.attempts);
    let is_last = usize::try_from(number).unwrap_or(usize::MAX) > app.config.worker.retries.len();
    let attempt = Attempt { number, is_last };
    let result = match REGISTRY.iter().find(|(name, _)| *name == job.name) {
        // A panic in one job must not take its worker along.
        Some((_, runner)) => std::panic::AssertUnwindSafe(runner(&job.payload, app, attempt))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(JobError::retry("the job panicked; the log has the place"))),
        // The next release may have it, and run beside this one.
        None => Err(JobError::retry(format!("this release has no job named {}", job.name))),
    };
    let took = began.elapsed();
    let outcome = match &result {
        Ok(()) => "done",
        Err(_) => "failed",
    };
    metrics::counter!("orderyard_jobs_total", "job" => job.name.clone(), "outcome" => outcome).increment(1);
    metrics::histogram!("orderyard_job_seconds", "job" => job.name.clone()).record(took.as_secs_f64());
    if let Some(end) = &mut report.end {
        end.took = took;
        end.is_done = result.is_ok();
        // The installation's own lane is nobody's.
        if let (Err(JobError::NotNow { after, .. }), true) = (&result, job.lane != 0) {
            let wait_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
            let now_ms = app.db.lease_time().timestamp_millis();
            end.pause = Some(Pause {
                lane: job.lane,
                until_ms: now_ms.saturating_add(wait_ms),
                background_only: end.is_background,
            });
        }
    }
    if let Err(error) = result
        && let Err(error) = write_failure(app, &job, error).await
    {
        // The lease runs out, and the job is tried again: nothing is lost.
        tracing::error!(job = job.name, %error, "a job's end cannot be written");
    }
}

/// Tells how a run ended, even if that is by a panic.
struct Report {
    ends: mpsc::UnboundedSender<End>,
    end: Option<End>,
}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            // The worker outlives its jobs, but for a stop that took too long.
            drop(self.ends.send(end));
        }
    }
}

async fn write_failure(app: &App, job: &Model, error: JobError) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    let number = store::units(job.attempts);
    let next = next_try(&error, number, &app.config.worker.retries);
    if next == NextTry::Never {
        // Before the job's own row: whoever holds an order's lock may want jobs.
        give_up_job::tell(&tx, job, &said(&error), app.clock.now()).await?;
    }
    let now_ms = tx.lease_now().timestamp_millis();
    let overdue = is_overdue(&error, job.parked_since_ms, now_ms, &app.config.worker.retries);
    if overdue {
        supplier_away::tell(&tx, job, &said(&error), app.clock.now()).await?;
    }
    let Some(lease_id) = job.lease_id else { return Ok(()) };
    let Some(mut row) = jobs::leased(&tx, job.id, lease_id).await? else {
        tracing::warn!(job = job.name, "a lease was lost before the job's end");
        return Ok(());
    };
    row.last_error = Some(said(&error));
    let behind = match &error {
        JobError::Parked { behind, .. } => *behind,
        _ => None,
    };
    row.parked_for = behind.map(|subject| subject.to_string());
    let known = row.parked_since_ms.filter(|_| !overdue);
    row.parked_since_ms = parked_since(&error, known, now_ms);
    match next {
        NextTry::After(wait) => {
            // What it waits for may have changed while it ran: see `jobs::call_running`.
            let was_called = matches!(error, JobError::Parked { .. }) && row.run_at_ms > job.run_at_ms
                || circuits::is_over(tx.conn(), behind).await?;
            let wait = if was_called {
                Duration::ZERO
            } else {
                spread(wait, row.id, number)
            };
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            match error {
                JobError::NotNow { .. } => row.attempts -= 1,
                JobError::Parked { .. } => row.attempts = 0,
                _ => {}
            }
            row.run_at_ms = now_ms.saturating_add(wait_ms);
            tracing::info!(job = job.name, attempt = row.attempts, wait_ms, %error, "a job will be tried again");
            jobs::make_ready(&tx, row).await?;
        }
        NextTry::Never => {
            tracing::warn!(job = job.name, attempt = row.attempts, %error, "a job is given up");
            jobs::give_up(&tx, row)?;
        }
    }
    // Whatever waited behind this job on its key may run now.
    tx.mark_jobs_added();
    tx.commit().await
}

fn said(error: &JobError) -> String {
    error.to_string().chars().take(2000).collect()
}
