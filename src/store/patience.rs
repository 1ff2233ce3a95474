//! An end to waiting for `PostgreSQL`.
//!
//! The server ends a statement that takes too long, but only a server that is there. When its host is gone
//! without a word, as in a power cut or behind a firewall that forgot the connection, no answer of any kind
//! ever comes, and a worker's slot or a page would wait for it for ever. The driver has no setting for that,
//! nor can one get at its sockets. So what was sent is waited for a little longer than the server would work
//! on it, and a connection that is given back unfinished has as long to finish before it is thrown away.
//! [`super::pool`] has what follows from a silence.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sqlx::{Connection as _, PgConnection, Postgres, pool::PoolOptions};

use super::pool::{Connections, Pool};

/// How long an answer may take; a file always answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience(Option<Duration>);

impl Patience {
    pub(super) const ENDLESS: Self = Self(None);

    pub(super) const fn of(longest: Duration) -> Self {
        Self(Some(longest))
    }

    /// With what the server may take for a statement, and some time for the way.
    pub(super) fn of_statement(longest: Duration) -> Self {
        Self(Some(longest + longest / 5))
    }

    /// The same where a connection is to be had first.
    pub(super) fn with_connection(self, longest: Duration) -> Self {
        Self(self.0.map(|patience| patience + longest))
    }

    pub(super) async fn wait<T>(self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(longest) = self.0 else {
            return work.await;
        };
        let silent = || {
            let message = format!("PostgreSQL has not answered within {} s", longest.as_secs_f64());
            DbErr::Conn(RuntimeErr::Internal(message))
        };
        tokio::time::timeout(longest, work)
            .await
            .unwrap_or_else(|_| Err(silent()))
    }

    /// Has a driver's pool throw away what does not finish. Who stops waiting for an answer (we do, and so does a
    /// request that took too long) leaves a connection with the answer to come, and the driver waits for that
    /// without an end.
    pub(super) fn of_pool(self, pool: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
        let Some(longest) = self.0 else { return pool };
        pool.after_release(move |connection, _| {
            Box::pin(async move {
                let finish = PgConnection::flush(connection);
                match tokio::time::timeout(longest, finish).await {
                    Ok(finished) => finished.map(|()| true),
                    Err(late) => Err(sqlx::Error::Io(late.into())),
                }
            })
        })
    }
}

/// Whether an error says that nobody answered, of all those of [`Patience::wait`].
pub(super) const fn is_silence(error: &DbErr) -> bool {
    matches!(error, DbErr::Conn(RuntimeErr::Internal(_)))
}

/// For reads outside a transaction.
#[derive(Clone, Debug)]
pub struct Reader {
    pool: Pool,
    patience: Patience,
}

impl Reader {
    pub(super) const fn new(pool: Pool, patience: Patience) -> Self {
        Self { pool, patience }
    }

    pub(super) fn connections(&self) -> Connections {
        self.pool.now()
    }

    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        let connections = self.pool.now();
        connections.wait(self.patience, connections.db().ping()).await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.now().db().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let connections = self.pool.now();
        let work = connections.db().execute_raw(statement);
        connections.wait(self.patience, work).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let connections = self.pool.now();
        let work = connections.db().execute_unprepared(sql);
        connections.wait(self.patience, work).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let connections = self.pool.now();
        let work = connections.db().query_one_raw(statement);
        connections.wait(self.patience, work).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let connections = self.pool.now();
        let work = connections.db().query_all_raw(statement);
        connections.wait(self.patience, work).await
    }
}
