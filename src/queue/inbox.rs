//! Group commit for webhook calls: what arrives while a transaction is being
//! written is written by the next one, and each call is answered after its own.
//!
//! A commit waits for the disk; many calls share that wait. The number and the
//! bytes that may wait are bounded by the door, which takes a place before it reads;
//! a call has its place until it is dealt with, whether or not somebody still waits.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{DbBackend, DbErr};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    failpoint,
    store::{
        Db,
        deliveries::{self, Model},
        is_about_content,
    },
};

/// Deliveries in one transaction: enough to share a commit, few enough that the first does not wait long, and that
/// a statement for each number of them can be kept.
const MOST_ROWS: usize = 128;
/// While one transaction waits for the disk another one is written, on `PostgreSQL`.
const MOST_WRITERS: usize = 2;
/// So many wait before that is done: each transaction has its own costs.
const WORTH_ANOTHER: usize = 16;
/// Stored bytes in one transaction.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What writes webhook calls to the inbox in this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    calls: VecDeque<Call>,
    /// How many there were since the process began.
    came: u64,
    /// Tasks that are writing, and will look here again before they end.
    writers: usize,
}

impl Waiting {
    /// Whether what waits is worth another task; counts it if so.
    fn begins_writer(&mut self, backend: DbBackend) -> bool {
        // SQLite has one place for all.
        let another =
            backend == DbBackend::Postgres && self.writers < MOST_WRITERS && self.calls.len() >= WORTH_ANOTHER;
        let begins = self.writers == 0 || another;
        self.writers += usize::from(begins);
        begins
    }
}

struct Call {
    delivery: Model,
    caller: Caller,
}

/// Who waits for a call to be kept.
struct Caller {
    kept: oneshot::Sender<Result<(), NotKept>>,
    place: OwnedSemaphorePermit,
}

impl Caller {
    /// It hung up, or was told that the call could not be kept in time: it sends it again.
    fn has_left(&self) -> bool {
        self.kept.is_closed()
    }

    fn answer(self, result: Result<(), NotKept>) {
        drop(self.place);
        // It may have hung up.
        drop(self.kept.send(result));
    }
}

/// Why a delivery is not in the inbox. It may be all the same, when the answer of the database was lost.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the database failed: {0}")]
pub struct NotKept(String);

impl Inbox {
    /// Commits a delivery, together with those that wait. A repetition changes nothing. `place` is given
    /// back when that is done.
    ///
    /// # Errors
    /// [`NotKept`] when the database fails: to be sent again.
    pub async fn keep(
        &self,
        db: &Db,
        tasks: &TaskTracker,
        delivery: Model,
        place: OwnedSemaphorePermit,
    ) -> Result<(), NotKept> {
        let (kept, answer) = oneshot::channel();
        let caller = Caller { kept, place };
        let begins = {
            let mut waiting = self.lock();
            waiting.calls.push_back(Call { delivery, caller });
            waiting.came += 1;
            waiting.begins_writer(db.backend())
        };
        if begins {
            // A task of its own: a caller that hangs up must not take the others' commit along.
            tasks.spawn(self.clone().write(db.clone()));
        }
        answer
            .await
            .unwrap_or_else(|_| Err(NotKept("its writer ended".to_owned())))
    }

    /// How many calls came since the process began.
    pub fn came(&self) -> u64 {
        self.lock().came
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until nobody waits.
    async fn write(self, db: Db) {
        // Should this end early, whoever comes next begins anew.
        let ends = Ends(&self);
        while let Some(calls) = self.next() {
            commit_fairly(&db, calls).await;
        }
        std::mem::forget(ends);
    }

    /// What the next transaction takes; none, and the writer ends.
    fn next(&self) -> Option<Vec<Call>> {
        let mut waiting = self.lock();
        waiting.calls.retain(|call| !call.caller.has_left());
        if waiting.calls.is_empty() {
            waiting.writers -= 1;
            return None;
        }
        let mut bytes = 0;
        let fits = |call: &&Call| {
            bytes += call.delivery.stored_bytes();
            bytes <= MOST_BYTES
        };
        let count = waiting.calls.iter().take(MOST_ROWS).take_while(fits).count().max(1);
        Some(waiting.calls.drain(..count).collect())
    }
}

/// Lets the next caller begin when a writer ends in a panic.
struct Ends<'a>(&'a Inbox);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.writers -= 1;
        if waiting.writers == 0 {
            waiting.calls.clear();
        }
    }
}

/// What waits meanwhile waits for this too.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// Commits all together and answers; where that fails, each by itself, so that one that the database cannot take does
/// not refuse the others. But for nobody who has left, and not on and on against a database that takes nothing.
async fn commit_fairly(db: &Db, calls: Vec<Call>) {
    let (deliveries, callers): (Vec<Model>, Vec<Caller>) =
        calls.into_iter().map(|call| (call.delivery, call.caller)).unzip();
    let Err(error) = commit(db, &deliveries).await else {
        for caller in callers {
            caller.answer(Ok(()));
        }
        return;
    };
    tracing::warn!(%error, calls = deliveries.len(), "webhook calls cannot be kept together");
    let is_in_vain = deliveries.len() == 1 || is_away(db, &error).await;
    let mut given_up = is_in_vain.then(|| NotKept(error.to_string()));
    for (delivery, caller) in deliveries.into_iter().zip(callers) {
        if let Some(why) = &given_up {
            caller.answer(Err(why.clone()));
        } else if !caller.has_left() {
            let result = commit(db, &[delivery]).await;
            let of_all = |error: &&DbErr| !is_about_content(error);
            given_up = result
                .as_ref()
                .err()
                .filter(of_all)
                .map(|error| NotKept(error.to_string()));
            caller.answer(result.map_err(|error| NotKept(error.to_string())));
        }
    }
}

/// Whether a failure means that the database is not there.
async fn is_away(db: &Db, error: &DbErr) -> bool {
    !is_about_content(error) && !matches!(timeout(LONGEST_LOOK, db.ping()).await, Ok(Ok(())))
}

async fn commit(db: &Db, deliveries: &[Model]) -> Result<(), DbErr> {
    failpoint::hit("receive.before_commit");
    deliveries::keep(db, deliveries).await?;
    failpoint::hit("receive.after_commit");
    db.mark_inbox_filled();
    Ok(())
}
