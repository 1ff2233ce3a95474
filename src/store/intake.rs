//! The connections on which webhook calls are kept on `PostgreSQL`: jobs and people have others, so that
//! whatever they do, there is always one for this.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbErr, Statement};

use crate::config::DatabaseConfig;

/// As many write at once, and another is made while the end of one of them is waited for.
const CONNECTIONS: u32 = 3;
/// After so long without an answer a connection counts as lost, see [`super::patience`]; sooner where a statement
/// may not take as long.
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct IntakePool {
    pool: Arc<RwLock<DatabaseConnection>>,
    options: ConnectOptions,
    longest: Duration,
    /// How many ran, together with those on other connections.
    statements: Arc<AtomicU64>,
}

impl IntakePool {
    /// `options` are those of the other connections.
    pub(super) async fn open(
        config: &DatabaseConfig,
        mut options: ConnectOptions,
        statements: Arc<AtomicU64>,
    ) -> Result<Self, DbErr> {
        let longest = config.statement.min(LONGEST);
        options
            .max_connections(CONNECTIONS)
            .acquire_timeout(longest)
            .connect_lazy(true);
        let pool = connect(&options).await?;
        Ok(Self {
            pool: Arc::new(RwLock::new(pool)),
            options,
            longest,
            statements,
        })
    }

    /// Runs a statement that is a transaction by itself. Where no answer comes the next one has new connections.
    pub(super) async fn run(&self, statement: Statement) -> Result<(), DbErr> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Ok(result) = tokio::time::timeout(self.longest, pool.execute_raw(statement)).await {
            self.statements.fetch_add(1, Ordering::Relaxed);
            return result.map(drop);
        }
        let fresh = connect(&self.options).await?;
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Err(DbErr::Custom(format!(
            "PostgreSQL has not answered within {} s",
            self.longest.as_secs_f64()
        )))
    }

    pub(super) async fn close(self) -> Result<(), DbErr> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner).clone();
        pool.close().await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "with the settings that `Db` opens databases with, which has looked at whether a commit is durable"
)]
async fn connect(options: &ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    Database::connect(options.clone()).await
}
