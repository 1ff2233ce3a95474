//! What a worker does by the clock, beside its jobs: prolongs its leases, takes
//! over those of workers that stopped answering, and plans periodic jobs.

use std::time::Duration;

use sea_orm::DbErr;

use super::{PERIODIC, rounds::Holding};
use crate::{
    actions::give_up_job,
    app::App,
    queue::periodic::enqueue_due,
    store::{jobs, units},
};

/// How long a worker waits after the schedules could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// How often a worker looks for leases that ran out, at the least.
const LOOK: Duration = Duration::from_secs(1);

/// Prolongs the leases of what is held, until it is dropped.
pub async fn keep_leases(app: &App, holding: &Holding) {
    let lease = app.config.worker.lease;
    loop {
        tokio::time::sleep(lease / 3).await;
        let held = holding.all();
        if held.is_empty() {
            continue;
        }
        let prolonged = async {
            let tx = app.db.begin().await?;
            jobs::prolong(&tx, &held, lease).await?;
            tx.commit().await
        };
        if let Err(error) = prolonged.await {
            tracing::warn!(%error, "leases cannot be prolonged");
        }
    }
}

/// Gives back the jobs of workers that stopped answering, until it is dropped.
pub async fn release_leases(app: &App) {
    let look = LOOK.min(app.config.worker.lease / 10);
    loop {
        match release(app).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "a worker stopped answering; its jobs are done by others"),
            Err(error) => tracing::warn!(%error, "leases that ran out cannot be released"),
        }
        tokio::time::sleep(look).await;
    }
}

async fn release(app: &App) -> Result<usize, DbErr> {
    if !jobs::any_expired(&app.db).await? {
        return Ok(0);
    }
    let tx = app.db.begin().await?;
    let expired = jobs::lock_expired(&tx).await?;
    let (count, now) = (expired.len(), app.clock.now());
    for mut job in expired {
        // It may be the job that ends its workers.
        if units(job.attempts) as usize > app.config.worker.retries.len() {
            let why = format!("its worker stopped answering in each of {} tries", job.attempts);
            tracing::warn!(job = job.name, why, "a job is given up");
            give_up_job::tell(&tx, &job, &why, now).await?;
            job.last_error = Some(why);
            jobs::give_up(&tx, job)?;
        } else {
            // It was due, whatever was written.
            job.run_at_ms = job.run_at_ms.min(tx.lease_now().timestamp_millis());
            jobs::make_ready(&tx, job).await?;
        }
    }
    tx.mark_jobs_added();
    tx.commit().await?;
    Ok(count)
}

/// Enqueues what is due by the clock, until it is dropped.
pub async fn keep_schedules(app: &App) {
    loop {
        let wait = enqueue_due(app, PERIODIC).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "periodic jobs cannot be planned; trying again");
            PAUSE
        });
        tokio::time::sleep(wait).await;
    }
}
