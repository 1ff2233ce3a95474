//! The worker's loop. One transaction at a time ends what has finished and
//! takes what is next; while it is written, more finishes and is ended with the
//! next one. So the busier the worker is, the more jobs share a commit.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use sea_orm::DbErr;
use tokio::{sync::mpsc, time::Instant};
use uuid::Uuid;

use super::{POLL, POLL_WHEN_WOKEN, carry_out::carry_out};
use crate::{
    app::App,
    ids::JobId,
    queue::{
        Priority,
        turns::{Pause, Turns, Wanted, is_work},
    },
    store::jobs::{self, Held, Model, claims},
};

/// Jobs that end sooner than this, on the average, are taken ahead of need: a
/// slot would otherwise wait for a transaction as long as it works. Longer
/// ones are left for whoever is free first.
const QUICK: Duration = Duration::from_millis(25);

/// How often the end of jobs is tried to be written while the program stops.
const LAST_TRIES: u32 = 5;

/// What this worker has leased: its leases are prolonged until they are dropped here.
#[derive(Clone, Debug, Default)]
pub struct Holding(Arc<Mutex<BTreeMap<JobId, Held>>>);

impl Holding {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn all(&self) -> Vec<Held> {
        self.lock().values().cloned().collect()
    }

    /// Whether a job is held by the lease that it has.
    pub fn has(&self, job: &Model) -> bool {
        let holding = self.lock();
        let held = holding.get(&job.id);
        held.is_some_and(|held| Some(held.lease_id) == job.lease_id)
    }

    fn add(&self, jobs: &[Model]) {
        self.lock()
            .extend(jobs.iter().filter_map(|job| Some((job.id, held(job)?))));
    }

    /// The same job may have been lost and leased again.
    fn drop_all<'a>(&self, jobs: impl IntoIterator<Item = &'a Held>) {
        let mut holding = self.lock();
        for job in jobs {
            if holding.get(&job.id).is_some_and(|held| held.lease_id == job.lease_id) {
                holding.remove(&job.id);
            }
        }
    }
}

/// A job as it is held; none for one that is not leased.
pub fn held(job: &Model) -> Option<Held> {
    Some(Held {
        id: job.id,
        lease_id: job.lease_id?,
        serial_key: job.serial_key.clone(),
    })
}

/// How a job's run ended.
pub struct End {
    pub job: Held,
    pub is_background: bool,
    /// Done, which is still to be written. What failed has been written.
    pub is_done: bool,
    /// The lane that is to be left alone, and until when.
    pub pause: Option<Pause>,
    pub took: Duration,
}

/// What a transaction did.
struct Round {
    turns: Turns,
    ended: Vec<Held>,
    result: Result<Taken, DbErr>,
}

#[derive(Default)]
struct Taken {
    jobs: Vec<Model>,
    /// There may be more to take at once.
    more: bool,
    next_due_ms: Option<i64>,
}

type Writing = Pin<Box<dyn Future<Output = Round> + Send>>;

struct Worker<'a> {
    app: &'a App,
    holding: &'a Holding,
    ends: mpsc::UnboundedSender<End>,
    turns: Turns,
    /// Taken, and not begun.
    ahead: VecDeque<Model>,
    /// Done, and not written.
    ended: Vec<Held>,
    running: usize,
    /// Of what is taken.
    background: usize,
    /// Lanes to leave alone, for the next round.
    paused: Vec<Pause>,
    /// How long jobs take on the average.
    pace: Duration,
    /// The last transaction failed: what is done is written before more is taken.
    failed: bool,
    next_look: Instant,
}

/// Runs jobs until the program stops, then lets those under way finish.
pub async fn run(app: &App, holding: &Holding) {
    let (ends, mut ended) = mpsc::unbounded_channel();
    let mut worker = Worker {
        app,
        holding,
        ends,
        turns: Turns::default(),
        ahead: VecDeque::new(),
        ended: Vec::new(),
        running: 0,
        background: 0,
        paused: Vec::new(),
        pace: QUICK,
        failed: false,
        next_look: Instant::now(),
    };
    let mut writing: Option<Writing> = None;
    loop {
        worker.begin();
        if writing.is_none() && worker.has_round() {
            writing = Some(worker.round());
        }
        let has_room = worker.room() > 0;
        tokio::select! {
            () = app.stopping.cancelled() => break,
            Some(end) = ended.recv() => worker.end(end),
            round = written(&mut writing) => {
                writing = None;
                worker.after(round);
            }
            () = app.db.jobs_added().notified(), if has_room => worker.next_look = Instant::now(),
            () = tokio::time::sleep_until(worker.next_look), if writing.is_none() && (has_room || worker.failed) => {}
        }
    }
    if let Some(writing) = writing {
        worker.after(writing.await);
    }
    worker.finish_up(&mut ended).await;
}

async fn written(writing: &mut Option<Writing>) -> Round {
    match writing {
        Some(writing) => writing.await,
        None => std::future::pending().await,
    }
}

impl Worker<'_> {
    fn slots(&self) -> usize {
        self.app.config.worker.concurrency
    }

    /// How long to wait for a wake-up before looking.
    fn poll(&self) -> Duration {
        if self.app.db.hears_others().load(Ordering::Relaxed) {
            POLL_WHEN_WOKEN
        } else {
            POLL
        }
    }

    /// How many jobs may be taken.
    fn room(&self) -> usize {
        let ahead = if self.pace < QUICK { self.slots() } else { 0 };
        (self.slots() + ahead).saturating_sub(self.running + self.ahead.len())
    }

    fn has_round(&self) -> bool {
        let is_time = Instant::now() >= self.next_look;
        if self.failed {
            return is_time;
        }
        !self.ended.is_empty() || (is_time && self.room() > 0)
    }

    /// Begins what was taken, as far as slots are free.
    fn begin(&mut self) {
        while self.running < self.slots() {
            let Some(job) = self.ahead.pop_front() else { return };
            self.running += 1;
            let (app, ends) = (self.app.clone(), self.ends.clone());
            self.app.tasks.spawn(async move { carry_out(&app, job, ends).await });
        }
    }

    fn end(&mut self, end: End) {
        self.running = self.running.saturating_sub(1);
        self.background = self.background.saturating_sub(usize::from(end.is_background));
        self.pace = (self.pace * 15 + end.took) / 16;
        self.paused.extend(end.pause);
        if end.is_done {
            self.ended.push(end.job);
        } else {
            self.holding.drop_all([&end.job]);
        }
    }

    /// Ends what has finished and takes what is next, in one transaction.
    fn round(&mut self) -> Writing {
        let room = if self.failed && !self.ended.is_empty() {
            0
        } else {
            self.room()
        };
        // A quarter of the slots is never taken by work that may take its time.
        let most_background = self.slots() - self.slots() / 4;
        let now_ms = self.app.db.lease_time().timestamp_millis();
        let wanted = Wanted {
            lease_id: Uuid::now_v7(),
            now_ms,
            lease: self.app.config.worker.lease,
            jobs: room as u64,
            background: most_background.saturating_sub(self.background) as u64,
        };
        let (app, mut turns, ended) = (self.app.clone(), self.turns.clone(), std::mem::take(&mut self.ended));
        for pause in self.paused.drain(..) {
            turns.pause(pause);
        }
        self.next_look = Instant::now() + self.poll();
        Box::pin(async move {
            let result = turn_over(&app, &mut turns, &ended, wanted).await;
            Round { turns, ended, result }
        })
    }

    fn after(&mut self, round: Round) {
        self.turns = round.turns;
        match round.result {
            Ok(taken) => {
                self.failed = false;
                self.holding.drop_all(&round.ended);
                self.holding.add(&taken.jobs);
                let is_background = |job: &&Model| job.priority == Priority::Background.rank();
                self.background += taken.jobs.iter().filter(is_background).count();
                self.ahead.extend(taken.jobs);
                let wait = match taken.next_due_ms {
                    _ if taken.more => Duration::ZERO,
                    Some(due) => {
                        let now_ms = self.app.db.lease_time().timestamp_millis();
                        let wait_ms = due.saturating_sub(now_ms).max(0);
                        self.poll().min(Duration::from_millis(wait_ms.unsigned_abs()))
                    }
                    None => self.poll(),
                };
                self.next_look = self.next_look.min(Instant::now() + wait);
            }
            Err(error) => {
                tracing::warn!(%error, "jobs cannot be taken or ended; trying again");
                self.failed = true;
                self.ended.extend(round.ended);
                self.next_look = Instant::now() + POLL;
            }
        }
    }

    /// Gives back what was not begun, and ends what was.
    async fn finish_up(mut self, ends: &mut mpsc::UnboundedReceiver<End>) {
        if let Err(error) = self.give_back().await {
            tracing::warn!(%error, "jobs cannot be given back; others take them over when their leases run out");
        }
        let mut tries = LAST_TRIES;
        while self.running > 0 || !self.ended.is_empty() {
            if self.ended.is_empty() {
                let Some(end) = ends.recv().await else { return };
                self.end(end);
            }
            while let Ok(end) = ends.try_recv() {
                self.end(end);
            }
            let ended = std::mem::take(&mut self.ended);
            let Err(error) = end_all(self.app, &ended).await else {
                self.holding.drop_all(&ended);
                continue;
            };
            tries -= 1;
            if tries == 0 {
                tracing::error!(%error, "the end of jobs cannot be written; they are done again");
                return;
            }
            self.ended.extend(ended);
            tokio::time::sleep(POLL).await;
        }
    }

    async fn give_back(&mut self) -> Result<(), DbErr> {
        if self.ahead.is_empty() {
            return Ok(());
        }
        let tx = self.app.db.begin().await?;
        for job in self.ahead.drain(..) {
            let Some(lease_id) = job.lease_id else { continue };
            if let Some(mut row) = jobs::leased(&tx, job.id, lease_id).await? {
                row.attempts -= 1;
                jobs::make_ready(&tx, row).await?;
            }
            self.holding.drop_all(held(&job).as_ref());
        }
        tx.mark_jobs_added();
        tx.commit().await
    }
}

async fn turn_over(app: &App, turns: &mut Turns, ended: &[Held], wanted: Wanted) -> Result<Taken, DbErr> {
    let mut taken = Taken::default();
    if ended.is_empty() {
        // A read, so that an idle worker never takes the writer.
        let waiting = claims::waiting(app.db.read()).await?;
        taken.next_due_ms = waiting.next_due_ms;
        if !is_work(&waiting, wanted.now_ms) {
            return Ok(taken);
        }
    }
    let tx = app.db.begin().await?;
    jobs::finish(&tx, ended)?;
    if wanted.jobs > 0 {
        (taken.jobs, taken.more) = turns.take(&tx, wanted).await?;
    } else {
        // What waited on the keys of these is for others to take.
        tx.mark_jobs_added();
    }
    tx.commit().await?;
    Ok(taken)
}

async fn end_all(app: &App, ended: &[Held]) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    jobs::finish(&tx, ended)?;
    tx.mark_jobs_added();
    tx.commit().await
}
