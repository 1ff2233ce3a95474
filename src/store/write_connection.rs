//! The connection that `SQLite`'s one writer keeps.
//!
//! The driver has a thread for it, and each trip there waits for a processor twice. So transactions begin and
//! end by statements of ours here: the driver's own way waits for the thread twice more, and its pool asks a
//! connection for a sign of life whenever it is given back and taken. The driver also counts transactions
//! without asking `SQLite`, which ends one by itself, as when the disk is full; from then on what the driver
//! calls a commit may only release a savepoint of a transaction that never ends. Nothing is counted here: a
//! commit is `SQLite`'s, and a connection of which it is not known how it stands is replaced.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{ConnAcquireErr, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{Sqlite, SqlitePool, pool::PoolConnection, query::Query};
use tokio::sync::Mutex;

/// One at a time writes through it: who has the writer's turn.
#[derive(Debug)]
pub(super) struct WriteConnection {
    pool: SqlitePool,
    kept: Option<Mutex<PoolConnection<Sqlite>>>,
    /// It is not the one that [`Self::begin`] last told of.
    is_new: bool,
    /// A transaction was begun, or was to be, and its end is not known.
    may_be_begun: bool,
    /// How many were run.
    statements: Arc<AtomicU64>,
}

/// What is told of the database when a transaction begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    /// A number that changes when another connection has written to the file, within the life of this one
    /// (SQLite, `PRAGMA data_version`).
    pub(super) version: i64,
    /// Whether the connection is the one that the last version was of.
    pub(super) is_same: bool,
}

impl WriteConnection {
    pub(super) const fn new(pool: SqlitePool, statements: Arc<AtomicU64>) -> Self {
        Self {
            pool,
            kept: None,
            is_new: false,
            may_be_begun: false,
            statements,
        }
    }

    /// Runs a statement that is a transaction by itself, in one trip.
    pub(super) async fn run(&mut self, statement: Statement) -> Result<(), DbErr> {
        self.connect().await?;
        let begun = Begun::mark(self);
        let sql = format!("begin immediate; {}; commit", statement.sql);
        match begun.0.execute(Statement { sql, ..statement }).await {
            Ok(_) => {
                begun.0.may_be_begun = false;
                Ok(())
            }
            Err(error) => {
                // Where that fails as well, the connection is replaced.
                drop(begun.0.rollback().await);
                Err(error)
            }
        }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<Beginning, DbErr> {
        self.connect().await?;
        let begun = Begun::mark(self);
        let row = begun.0.query_one(text("begin immediate; pragma data_version")).await?;
        let version = row.ok_or_else(none_kept)?.try_get_by_index(0)?;
        let is_same = !std::mem::take(&mut begun.0.is_new);
        std::mem::forget(begun);
        Ok(Beginning { version, is_same })
    }

    /// Sees to a connection without a transaction.
    async fn connect(&mut self) -> Result<(), DbErr> {
        self.give_up();
        if self.kept.is_none() {
            let connection = self.pool.acquire().await.map_err(not_connected)?;
            self.kept = Some(Mutex::new(connection));
            self.is_new = true;
        }
        Ok(())
    }

    /// Ends the transaction and keeps what was written. Should that fail, nothing of it is kept.
    pub(super) async fn commit(&mut self) -> Result<(), DbErr> {
        self.end("commit").await
    }

    pub(super) async fn rollback(&mut self) -> Result<(), DbErr> {
        self.end("rollback").await
    }

    async fn end(&mut self, sql: &str) -> Result<(), DbErr> {
        let done = self.execute(text(sql)).await;
        match done {
            Ok(_) => self.may_be_begun = false,
            Err(_) => self.give_up(),
        }
        done.map(drop)
    }

    /// Leaves a transaction of which it is not known how it stands: it ends with its connection, and nothing of it
    /// is kept.
    pub(super) fn give_up(&mut self) {
        if std::mem::take(&mut self.may_be_begun)
            && let Some(connection) = self.kept.take()
        {
            connection.into_inner().close_on_drop();
        }
    }

    pub(super) async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut connection = self.kept()?.lock().await;
        let done = self.query(statement).execute(&mut **connection).await;
        done.map(ExecResult::from)
            .map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }

    pub(super) async fn query_one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut connection = self.kept()?.lock().await;
        let row = self.query(statement).fetch_optional(&mut **connection).await;
        row.map(|row| row.map(QueryResult::from)).map_err(not_read)
    }

    pub(super) async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut connection = self.kept()?.lock().await;
        let rows = self
            .query(statement)
            .fetch_all(&mut **connection)
            .await
            .map_err(not_read)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    fn kept(&self) -> Result<&Mutex<PoolConnection<Sqlite>>, DbErr> {
        self.kept.as_ref().ok_or_else(none_kept)
    }

    fn query(&self, statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let values = statement.values.unwrap_or(Values(Vec::new()));
        sqlx::query_with(sqlx::AssertSqlSafe(statement.sql), SqlxValues(values))
    }

    /// Closes it, letting what is under way finish.
    pub(super) async fn close(&mut self) {
        self.give_up();
        self.kept = None;
        self.pool.close().await;
    }
}

/// Gives up what was begun, should whoever waits for it be cut off or learn of a failure.
struct Begun<'a>(&'a mut WriteConnection);

impl<'a> Begun<'a> {
    const fn mark(connection: &'a mut WriteConnection) -> Self {
        connection.may_be_begun = true;
        Self(connection)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// A statement without values.
pub(super) fn text(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, sql)
}

fn none_kept() -> DbErr {
    DbErr::Exec(RuntimeErr::Internal("the writer has no connection".to_owned()))
}

fn not_read(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn not_connected(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}
