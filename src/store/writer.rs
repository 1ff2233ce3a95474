//! `SQLite`'s one writer, with commits that are shared.
//!
//! Transactions go one after the other, and each commit waits for the disk.
//! So those that wait for their turn together are parts of one transaction:
//! each is rolled back by itself, and all become durable with one commit, which
//! every one of them waits for before it counts as done.
//!
//! A part is a savepoint, and has one only from its first write on: most parts
//! read, and then write everything at once, the savepoint's end with it.

use std::{
    sync::{
        Arc, Mutex as Cell, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, Statement};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};
use tokio_util::task::TaskTracker;

use super::{
    known::{Changes, Known},
    order_state::OrderState,
    write_connection::{WriteConnection, text},
};

/// The longest that a transaction waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The savepoint of a part.
///
/// A part that has nothing left to write when it ends does not come here only to say so: the next
/// one that writes releases its savepoint, or the commit does. So that a part which is cut off never
/// undoes the one before it, theirs have different names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Savepoint {
    /// It has the other name, and releases the one that was left.
    follows: Option<Left>,
}

/// The name of a savepoint that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Part,
    Next,
}

impl Savepoint {
    const fn after(left: Option<Left>) -> Self {
        Self { follows: left }
    }

    const fn name(self) -> Left {
        match self.follows {
            Some(Left::Part) => Left::Next,
            _ => Left::Part,
        }
    }

    /// Before the part's first write.
    pub(super) const fn begin(self) -> &'static str {
        match self.follows {
            None => "savepoint part",
            Some(Left::Part) => "release part; savepoint next",
            Some(Left::Next) => "release next; savepoint part",
        }
    }

    /// After its last.
    pub(super) const fn end(self) -> &'static str {
        self.name().release()
    }

    const fn undo(self) -> &'static str {
        match self.name() {
            Left::Part => "rollback to part; release part",
            Left::Next => "rollback to next; release next",
        }
    }
}

impl Left {
    const fn release(self) -> &'static str {
        match self {
            Self::Part => "release part",
            Self::Next => "release next",
        }
    }
}

/// The writer of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// Given in the order in which it is asked for.
    turn: Arc<Mutex<Desk>>,
    /// Transactions that wait for their turn.
    waiting: Arc<AtomicUsize>,
    tasks: TaskTracker,
    committed: Arc<Notify>,
}

/// What whoever has the turn works with.
#[derive(Debug)]
struct Desk {
    connection: WriteConnection,
    /// The transaction that is under way.
    shared: Option<Shared>,
    known: Cell<Known>,
}

/// A transaction that several share.
#[derive(Debug, Default)]
struct Shared {
    /// Of a part that ended.
    left: Option<Left>,
    /// A part began to write and did not end.
    torn: Option<Savepoint>,
    /// Those whose part is written.
    parts: Vec<oneshot::Sender<Result<(), String>>>,
}

/// The right to write until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(OwnedMutexGuard<Desk>);

/// How something of one statement is written.
pub(super) enum Way {
    /// As a transaction of its own: nobody is there to share one.
    Alone(Alone),
    Part(Turn),
}

/// The right to write one transaction.
pub(super) struct Alone {
    desk: OwnedMutexGuard<Desk>,
    committed: Arc<Notify>,
}

/// Counts somebody who waits.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    pub(super) fn new(connection: WriteConnection) -> Self {
        let desk = Desk {
            connection,
            shared: None,
            known: Cell::default(),
        };
        Self {
            turn: Arc::new(Mutex::new(desk)),
            waiting: Arc::default(),
            tasks: TaskTracker::new(),
            committed: Arc::default(),
        }
    }

    /// Wakes after commits.
    pub(super) fn committed(&self) -> &Notify {
        &self.committed
    }

    /// Waits for the turn, and begins a part of the shared transaction.
    pub(super) async fn begin(&self) -> Result<Turn, DbErr> {
        let desk = self.desk().await?;
        self.take_part(desk).await
    }

    /// The same for what is one statement.
    pub(super) async fn begin_one(&self) -> Result<Way, DbErr> {
        let desk = self.desk().await?;
        if desk.shared.is_some() || self.waiting.load(Ordering::Relaxed) > 0 {
            return self.take_part(desk).await.map(Way::Part);
        }
        let committed = Arc::clone(&self.committed);
        Ok(Way::Alone(Alone { desk, committed }))
    }

    async fn desk(&self) -> Result<OwnedMutexGuard<Desk>, DbErr> {
        let _waits = Waits::begin(&self.waiting);
        tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turn).lock_owned())
            .await
            .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }

    async fn take_part(&self, mut desk: OwnedMutexGuard<Desk>) -> Result<Turn, DbErr> {
        let kept = match desk.shared.take() {
            // Should that fail, all that share it are told: it goes, and they with it.
            Some(mut shared) => shared.mend(&desk.connection).await.is_ok().then_some(shared),
            None => None,
        };
        desk.shared = Some(match kept {
            Some(shared) => shared,
            None => self.open(&mut desk).await?,
        });
        Ok(Turn(desk))
    }

    async fn open(&self, desk: &mut Desk) -> Result<Shared, DbErr> {
        let beginning = desk.connection.begin().await?;
        desk.known(|known| known.begin(beginning.version, beginning.is_same));
        // It stands in the queue behind those who wait now, and ends what they wrote.
        self.tasks
            .spawn(end(Arc::clone(&self.turn), Arc::clone(&self.committed)));
        Ok(Shared::default())
    }

    /// Lets what is under way finish, and closes the connection.
    pub(super) async fn close(self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.turn.lock().await.connection.close().await;
    }
}

impl Desk {
    fn known<R>(&self, act: impl FnOnce(&mut Known) -> R) -> R {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    /// Undoes what a part that did not end has written.
    async fn mend(&mut self, connection: &WriteConnection) -> Result<(), DbErr> {
        let Some(torn) = self.torn.take() else {
            return Ok(());
        };
        // Where there is nothing to undo, SQLite has ended the transaction by itself, or the part came to its end with
        // nobody there to learn of it. These cannot be told apart, so all that share it are told that it failed.
        connection.execute(text(torn.undo())).await?;
        let Some(left) = self.left.take() else {
            return Ok(());
        };
        match connection.execute(text(left.release())).await {
            // Whoever began to write released it, but for one that was cut off between the two.
            Err(error) if error.to_string().contains("no such savepoint") => Ok(()),
            done => done.map(drop),
        }
    }
}

/// Ends the shared transaction when its turn comes.
async fn end(turn: Arc<Mutex<Desk>>, committed: Arc<Notify>) {
    let mut desk = turn.lock_owned().await;
    let Some(mut shared) = desk.shared.take() else {
        return desk.connection.give_up();
    };
    let result = match shared.mend(&desk.connection).await {
        Ok(()) if !shared.parts.is_empty() => desk.connection.commit().await,
        Ok(()) => desk.connection.rollback().await,
        Err(error) => {
            desk.connection.give_up();
            Err(error)
        }
    };
    if result.is_ok() {
        desk.known(Known::settle);
        committed.notify_one();
    }
    drop(desk);
    let result = result.map_err(|error| error.to_string());
    for part in shared.parts {
        // Whoever waited may have been cut off meanwhile.
        drop(part.send(result.clone()));
    }
}

impl Alone {
    /// Writes it, and returns when it is durable. It changes nothing that is known.
    pub(super) async fn run(mut self, statement: Statement) -> Result<(), DbErr> {
        self.desk.connection.run(statement).await?;
        self.committed.notify_one();
        Ok(())
    }
}

fn lost() -> DbErr {
    DbErr::Exec(RuntimeErr::Internal("the shared transaction ended early".to_owned()))
}

impl Turn {
    /// Where the part's statements go.
    pub(super) fn connection(&self) -> &WriteConnection {
        &self.0.connection
    }

    /// What is known without reading it again.
    pub(super) fn known<R>(&self, act: impl FnOnce(&mut Known) -> R) -> R {
        self.0.known(act)
    }

    /// The savepoint of the part that has the turn.
    pub(super) fn savepoint(&self) -> Savepoint {
        Savepoint::after(self.0.shared.as_ref().and_then(|shared| shared.left))
    }

    /// Has what the part has written undone before the next one begins.
    pub(super) fn tear(&mut self) {
        let torn = self.savepoint();
        if let Some(shared) = self.0.shared.as_mut() {
            shared.torn = Some(torn);
        }
    }

    /// The part's savepoint is no more, or it is there for others to release.
    pub(super) fn end_savepoint(&mut self, is_released: bool) {
        let own = self.savepoint().name();
        if let Some(shared) = self.0.shared.as_mut() {
            shared.left = (!is_released).then_some(own);
        }
    }

    /// Gives the turn on, with what the part has changed and the order that it had as it left it,
    /// and waits until the part is durable.
    pub(super) async fn commit(mut self, changes: &Changes, held: Option<OrderState>) -> Result<(), DbErr> {
        let (part, durable) = oneshot::channel();
        self.0.shared.as_mut().ok_or_else(lost)?.parts.push(part);
        self.known(|known| known.learn(changes, held));
        drop(self);
        match durable.await {
            Ok(result) => result.map_err(|error| DbErr::Exec(RuntimeErr::Internal(error))),
            Err(_) => Err(lost()),
        }
    }
}
