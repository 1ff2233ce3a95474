//! `SQLite`'s one writer, with commits that are shared.
//!
//! Transactions go one after the other, and each commit waits for the disk.
//! So those that wait for their turn together are written as savepoints of one
//! transaction: each is rolled back by itself, and all become durable with one
//! commit, which every one of them waits for before it counts as done.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnAcquireErr, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio_util::task::TaskTracker;

/// The longest that a transaction waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

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
    pub(super) async fn begin(&self) -> Result<(DatabaseTransaction, Turn), DbErr> {
        let mut turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turn).lock_owned())
            .await
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let shared = match turn.take() {
            Some(shared) => shared,
            None => self.open().await?,
        };
        let shared = turn.insert(shared);
        let part = shared.outer.begin().await?;
        Ok((part, Turn(turn)))
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

/// Ends the shared transaction when its turn comes.
async fn end(turn: Arc<Mutex<Option<Shared>>>) {
    let mut turn = turn.lock_owned().await;
    let Some(Shared { outer, parts }) = turn.take() else {
        return;
    };
    let result = if parts.is_empty() {
        outer.rollback().await
    } else {
        outer.commit().await
    };
    drop(turn);
    let result = result.map_err(|error| error.to_string());
    for part in parts {
        // Whoever waited may have been cut off meanwhile.
        drop(part.send(result.clone()));
    }
}

impl Turn {
    /// Gives the turn on, and waits until the part is durable.
    pub(super) async fn commit(mut self) -> Result<(), DbErr> {
        let lost = || DbErr::Exec(RuntimeErr::Internal("the shared transaction ended early".to_owned()));
        let (part, durable) = oneshot::channel();
        self.0.as_mut().ok_or_else(lost)?.parts.push(part);
        drop(self);
        match durable.await {
            Ok(result) => result.map_err(|error| DbErr::Exec(RuntimeErr::Internal(error))),
            Err(_) => Err(lost()),
        }
    }
}
