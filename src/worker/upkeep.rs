//! What a worker does by the clock, beside its jobs: prolongs its leases, takes
//! over those of workers that stopped answering, and plans periodic jobs.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use sea_orm::DbErr;

use super::{
    PERIODIC,
    rounds::{Holding, held},
};
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
pub async fn release_leases(app: &App, holding: &Holding) {
    let look = LOOK.min(app.config.worker.lease / 10);
    loop {
        match release(app, holding).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "a worker stopped answering; its jobs are done by others"),
            Err(error) => tracing::warn!(%error, "leases that ran out cannot be released"),
        }
        tokio::time::sleep(look).await;
    }
}

async fn release(app: &App, holding: &Holding) -> Result<usize, DbErr> {
    if !jobs::any_expired(&app.db).await? {
        return Ok(0);
    }
    let tx = app.db.begin().await?;
    let expired = jobs::lock_expired(&tx).await?;
    // What runs here was not left by anybody, however late it is: the clock was set, or the process stood still.
    let (own, expired): (Vec<_>, Vec<_>) = expired.into_iter().partition(|job| holding.has(job));
    let own: Vec<_> = own.iter().filter_map(held).collect();
    jobs::prolong(&tx, &own, app.config.worker.lease).await?;
    let count = expired.len();
    // It may be the job that ends its workers.
    let is_last = |job: &jobs::Model| units(job.attempts) as usize > app.config.worker.retries.len();
    let (over, again): (Vec<_>, Vec<_>) = expired.into_iter().partition(is_last);
    for mut job in again {
        // It was due, whatever was written.
        job.run_at_ms = job.run_at_ms.min(tx.lease_now().timestamp_millis());
        jobs::make_ready(&tx, job).await?;
    }
    tx.mark_jobs_added();
    tx.commit().await?;
    for job in over {
        give_up(app, job).await?;
    }
    Ok(count)
}

/// Gives up one job, by itself: an order that cannot be read keeps none but its own.
async fn give_up(app: &App, job: jobs::Model) -> Result<(), DbErr> {
    let why = format!("its worker stopped answering in each of {} tries", job.attempts);
    tracing::warn!(job = job.name, why, "a job is given up");
    let told = AssertUnwindSafe(write_given_up(app, &job, &why, true))
        .catch_unwind()
        .await;
    let error = match told {
        Ok(Err(error)) if !is_of_database(&error) => error.to_string(),
        Err(_) => "a panic; the log has the place".to_owned(),
        Ok(done) => return done,
    };
    tracing::error!(
        job = job.name,
        error,
        "nobody can be told in its order that a job is given up"
    );
    write_given_up(app, &job, &why, false).await
}

/// Of the connection or a statement: it may go well the next time.
const fn is_of_database(error: &DbErr) -> bool {
    matches!(
        error,
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) | DbErr::Exec(_) | DbErr::Query(_)
    )
}

async fn write_given_up(app: &App, job: &jobs::Model, why: &str, tells: bool) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    if tells {
        // Before the job's own row: whoever holds an order's lock may want jobs.
        give_up_job::tell(&tx, job, why, app.clock.now()).await?;
    }
    let Some(lease_id) = job.lease_id else { return Ok(()) };
    // Another node may have been quicker.
    let Some(mut row) = jobs::leased(&tx, job.id, lease_id).await? else {
        return Ok(());
    };
    row.last_error = Some(why.to_owned());
    jobs::give_up(&tx, row)?;
    tx.mark_jobs_added();
    tx.commit().await
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
