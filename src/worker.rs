//! Door 3: the job registry and the loop that runs what is due.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use sea_orm::DbErr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::{
    actions::{
        cancel_purchase_order::CancelPurchaseOrder, confirm_uninstall::ConfirmUninstall, forget_product::ForgetProduct,
        give_up_job, import_order::ImportOrder, keep_tokens::KeepTokens, place_purchase_order::PlacePurchaseOrder,
        process_delivery::ProcessDelivery, push_fulfillment::PushFulfillment, read_inbox, redact_customer::Redact,
        revisit_orders::RevisitOrders, route_order::RouteOrder, sync_shop::SyncShop, sync_variants::SyncVariants,
        update_tracking::UpdateTracking,
    },
    app::App,
    queue::{
        Attempt, Job, JobError, NextTry, next_try,
        periodic::{Periodic, enqueue_due, every},
    },
    store::{
        self,
        jobs::{JobState, Model},
    },
};

/// How often a worker looks without being woken: the net under the wake-ups.
const POLL: Duration = Duration::from_millis(200);

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send + 'a>>;
type Runner = for<'a> fn(&'a str, &'a App, Attempt) -> Running<'a>;

/// Every job there is. A name that is retired stays until none of it can wait.
const REGISTRY: &[(&str, Runner)] = &[
    (ProcessDelivery::NAME, run::<ProcessDelivery>),
    (ImportOrder::NAME, run::<ImportOrder>),
    (RouteOrder::NAME, run::<RouteOrder>),
    (PlacePurchaseOrder::NAME, run::<PlacePurchaseOrder>),
    (CancelPurchaseOrder::NAME, run::<CancelPurchaseOrder>),
    (PushFulfillment::NAME, run::<PushFulfillment>),
    (UpdateTracking::NAME, run::<UpdateTracking>),
    (SyncShop::NAME, run::<SyncShop>),
    (SyncVariants::NAME, run::<SyncVariants>),
    (ForgetProduct::NAME, run::<ForgetProduct>),
    (ConfirmUninstall::NAME, run::<ConfirmUninstall>),
    (Redact::NAME, run::<Redact>),
    (KeepTokens::NAME, run::<KeepTokens>),
    (RevisitOrders::NAME, run::<RevisitOrders>),
];

/// What runs again and again, once per interval over all nodes. Each is in the registry too.
const PERIODIC: &[Periodic] = &[every::<KeepTokens>(|_| Duration::from_hours(24))];

fn run<'a, J: Job>(payload: &'a str, app: &'a App, attempt: Attempt) -> Running<'a> {
    Box::pin(async move {
        let job: J = serde_json::from_str(payload)
            .map_err(|error| JobError::GiveUp(format!("the stored payload of {} cannot be read: {error}", J::NAME)))?;
        job.run(app, attempt).await
    })
}

/// Runs jobs until the program stops, then lets those under way finish.
pub async fn work(app: App) {
    let lease_id = Uuid::now_v7();
    tokio::select! {
        () = keep_leases(&app, lease_id) => {}
        () = keep_schedules(&app) => {}
        () = async { tokio::join!(claim_and_run(&app, lease_id), read_deliveries(&app)); } => {}
    }
}

async fn claim_and_run(app: &App, lease_id: Uuid) {
    let slots = Arc::new(Semaphore::new(app.config.worker.concurrency));
    while !app.stopping.is_cancelled() {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let free = 1 + slots.available_permits();
        match claim(app, lease_id, free as u64).await {
            Ok(jobs) if jobs.is_empty() => {
                drop(slot);
                wait_for_work(app).await;
            }
            Ok(jobs) => start(app, &slots, slot, jobs, lease_id),
            Err(error) => {
                drop(slot);
                tracing::warn!(%error, "jobs cannot be claimed; trying again");
                wait_for_work(app).await;
            }
        }
    }
    // Every slot free again: what was under way has finished.
    drop(
        slots
            .acquire_many(u32::try_from(app.config.worker.concurrency).unwrap_or(u32::MAX))
            .await,
    );
}

async fn wait_for_work(app: &App) {
    tokio::select! {
        () = app.stopping.cancelled() => {}
        () = app.db.jobs_added().notified() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

async fn claim(app: &App, lease_id: Uuid, limit: u64) -> Result<Vec<Model>, DbErr> {
    let now_ms = app.clock.now_ms();
    if !store::jobs::any_due(app.db.read(), now_ms).await? {
        return Ok(Vec::new());
    }
    let lease_ms = i64::try_from(app.config.worker.lease.as_millis()).unwrap_or(i64::MAX);
    let tx = app.db.begin().await?;
    store::jobs::release_expired(&tx, now_ms).await?;
    let jobs = store::jobs::claim(&tx, lease_id, now_ms, now_ms.saturating_add(lease_ms), limit).await?;
    tx.commit().await?;
    Ok(jobs)
}

fn start(app: &App, slots: &Arc<Semaphore>, first: OwnedSemaphorePermit, jobs: Vec<Model>, lease_id: Uuid) {
    let mut slot = Some(first);
    for job in jobs {
        // As many were claimed as slots were free, and only this loop takes them.
        let permit = slot.take().or_else(|| Arc::clone(slots).try_acquire_owned().ok());
        let app = app.clone();
        app.tasks.clone().spawn(async move {
            let _permit = permit;
            carry_out(&app, job, lease_id).await;
        });
    }
}

/// Runs one job and writes what became of it.
async fn carry_out(app: &App, job: Model, lease_id: Uuid) {
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
        None => Err(JobError::GiveUp(format!("this release has no job named {}", job.name))),
    };
    let outcome = match &result {
        Ok(()) => "done",
        Err(_) => "failed",
    };
    metrics::counter!("orderyard_jobs_total", "job" => job.name.clone(), "outcome" => outcome).increment(1);
    metrics::histogram!("orderyard_job_seconds", "job" => job.name.clone()).record(began.elapsed().as_secs_f64());
    if let Err(error) = conclude(app, &job, lease_id, result).await {
        // The lease runs out, and the job is tried again: nothing is lost.
        tracing::error!(job = job.name, %error, "a job's end cannot be written");
    }
}

async fn conclude(app: &App, job: &Model, lease_id: Uuid, result: Result<(), JobError>) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    if let Err(error) = &result
        && next_try(error, store::units(job.attempts), &app.config.worker.retries) == NextTry::Never
    {
        // Before the job's own row: whoever holds an order's lock may want jobs.
        give_up_job::tell(&tx, job, &said(error), app.clock.now()).await?;
    }
    let Some(mut row) = store::jobs::leased(&tx, job.id, lease_id).await? else {
        tracing::warn!(job = job.name, "a lease was lost before the job's end");
        return Ok(());
    };
    match result {
        Ok(()) => store::jobs::finish(&tx, job.id, lease_id).await?,
        Err(error) => {
            row.last_error = Some(said(&error));
            match next_try(&error, store::units(row.attempts), &app.config.worker.retries) {
                NextTry::After(wait) => {
                    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                    match error {
                        JobError::NotNow { .. } => row.attempts -= 1,
                        JobError::Parked { .. } => row.attempts = 0,
                        _ => {}
                    }
                    row.run_at_ms = app.clock.now_ms().saturating_add(wait_ms);
                    tracing::info!(job = job.name, attempt = row.attempts, wait_ms, %error, "a job will be tried again");
                    store::jobs::make_ready(&tx, row).await?;
                }
                NextTry::Never => {
                    tracing::warn!(job = job.name, attempt = row.attempts, %error, "a job is given up");
                    row.state = JobState::Dead;
                    row.lease_id = None;
                    row.leased_until_ms = None;
                    store::save(&tx, row).await?;
                }
            }
        }
    }
    // Whatever waited behind this job on its key may run now.
    tx.mark_jobs_added();
    tx.commit().await
}

fn said(error: &JobError) -> String {
    error.to_string().chars().take(2000).collect()
}

/// Prolongs the leases of what runs, until it is dropped.
async fn keep_leases(app: &App, lease_id: Uuid) {
    let lease = app.config.worker.lease;
    let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    loop {
        tokio::time::sleep(lease / 3).await;
        let prolonged = async {
            let tx = app.db.begin().await?;
            store::jobs::prolong(&tx, lease_id, app.clock.now_ms().saturating_add(lease_ms)).await?;
            tx.commit().await
        };
        if let Err(error) = prolonged.await {
            tracing::warn!(%error, "leases cannot be prolonged");
        }
    }
}

/// How long a worker waits after the schedules could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Enqueues what is due by the clock, until it is dropped.
async fn keep_schedules(app: &App) {
    loop {
        let wait = enqueue_due(app, PERIODIC).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "periodic jobs cannot be planned; trying again");
            PAUSE
        });
        tokio::time::sleep(wait).await;
    }
}

/// Reads webhook calls as they come.
async fn read_deliveries(app: &App) {
    while !app.stopping.is_cancelled() {
        match read_inbox::read_inbox(app).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "deliveries cannot be read; trying again"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => {}
            () = app.db.inbox_filled().notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
