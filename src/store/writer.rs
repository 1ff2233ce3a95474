//! `SQLite`'s one writer, with commits that are shared.
//!
//! Transactions go one after the other, and each commit waits for the disk.
//! So those that wait for their turn together are parts of one transaction:
//! each is rolled back by itself, and all become durable with one commit, which
//! every one of them waits for before it counts as done.
//!
//! A part is a savepoint, and has one only from its first write on: most parts
//! read, and then write everything at once.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio_util::task::TaskTracker;

/// The longest that a transaction waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Before a part's first write, and after its last.
pub(super) const BEGIN_PART: &str = "savepoint part";
pub(super) const END_PART: &str = "release part";
const UNDO_PART: &str = "rollback to part; release part";

/// The writer of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    connection: DatabaseConnection,
    /// Given in the order in which it is asked for.
    turn: Arc<Mutex<Option<Shared>>>,
    tasks: TaskTracker,
}

/// A transaction that several share.
#[derive(Debug)]
struct Shared {
    outer: DatabaseTransaction,
    /// A part began to write and did not end.
    is_torn: bool,
    /// Those whose part is written.
    parts: Vec<oneshot::Sender<Result<(), String>>>,
}

/// The right to write until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(OwnedMutexGuard<Option<Shared>>);

impl Writer {
    pub(super) fn new(connection: DatabaseConnection) -> Self {
        Self {
            connection,
            turn: Arc::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// Waits for the turn, and begins a part of the shared transaction.
    pub(super) async fn begin(&self) -> Result<Turn, DbErr> {
        let mut turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turn).lock_owned())
            .await
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let mut shared = match turn.take() {
            Some(shared) => shared,
            None => self.open().await?,
        };
        // Should that fail, all that share it are told: it goes, and they with it.
        shared.mend().await?;
        *turn = Some(shared);
        Ok(Turn(turn))
    }

    async fn open(&self) -> Result<Shared, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let outer = self.connection.begin_with_options(options).await?;
        // It stands in the queue behind those who wait now, and ends what they wrote.
        self.tasks.spawn(end(Arc::clone(&self.turn)));
        Ok(Shared {
            outer,
            is_torn: false,
            parts: Vec::new(),
        })
    }

    /// Lets what is under way finish, and closes the connection.
    pub(super) async fn close(self) -> Result<(), DbErr> {
        self.tasks.close();
        self.tasks.wait().await;
        self.connection.close_by_ref().await
    }
}

impl Shared {
    /// Undoes what a part that did not end has written.
    async fn mend(&mut self) -> Result<(), DbErr> {
        if !std::mem::take(&mut self.is_torn) {
            return Ok(());
        }
        match self.outer.execute_unprepared(UNDO_PART).await {
            // It was cut off before it came to write.
            Err(error) if error.to_string().contains("no such savepoint") => Ok(()),
            done => done.map(drop),
        }
    }
}

/// Ends the shared transaction when its turn comes.
async fn end(turn: Arc<Mutex<Option<Shared>>>) {
    let mut turn = turn.lock_owned().await;
    let Some(mut shared) = turn.take() else {
        return;
    };
    let mended = shared.mend().await;
    let Shared { outer, parts, .. } = shared;
    let result = match mended {
        Ok(()) if !parts.is_empty() => outer.commit().await,
        Ok(()) => outer.rollback().await,
        Err(error) => Err(error),
    };
    drop(turn);
    let result = result.map_err(|error| error.to_string());
    for part in parts {
        // Whoever waited may have been cut off meanwhile.
        drop(part.send(result.clone()));
    }
}

fn lost() -> DbErr {
    DbErr::Exec(RuntimeErr::Internal("the shared transaction ended early".to_owned()))
}

impl Turn {
    /// Where the part's statements go.
    pub(super) fn connection(&self) -> Result<&DatabaseTransaction, DbErr> {
        self.0.as_ref().map(|shared| &shared.outer).ok_or_else(lost)
    }

    /// Has what the part has written undone before the next one begins.
    pub(super) fn tear(&mut self) {
        if let Some(shared) = self.0.as_mut() {
            shared.is_torn = true;
        }
    }

    /// Gives the turn on, and waits until the part is durable.
    pub(super) async fn commit(mut self) -> Result<(), DbErr> {
        let (part, durable) = oneshot::channel();
        self.0.as_mut().ok_or_else(lost)?.parts.push(part);
        drop(self);
        match durable.await {
            Ok(result) => result.map_err(|error| DbErr::Exec(RuntimeErr::Internal(error))),
            Err(_) => Err(lost()),
        }
    }
}
