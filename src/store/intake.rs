//! The connections on which webhook calls are kept on `PostgreSQL`: jobs and people have others, so that
//! whatever they do, there is always one for this.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use sea_orm::{ConnectOptions, ConnectionTrait as _, DbErr, Statement};

use super::{patience::Patience, pool::Pool};
use crate::config::DatabaseConfig;

/// As many write at once, and another is made while the end of one of them is waited for.
const CONNECTIONS: u32 = 3;
/// After so long without an answer they count as lost, see [`super::pool`]; sooner where a statement may not take
/// as long.
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct IntakePool {
    pool: Pool,
    patience: Patience,
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
        Ok(Self {
            pool: Pool::renewable(options, statements).await?,
            patience: Patience::of(longest),
        })
    }

    /// Runs a statement that is a transaction by itself. Where no answer comes the next one has new connections.
    pub(super) async fn run(&self, statement: Statement) -> Result<(), DbErr> {
        let connections = self.pool.now();
        let work = connections.db().execute_raw(statement);
        connections.wait(self.patience, work).await.map(drop)
    }

    pub(super) async fn close(self) -> Result<(), DbErr> {
        self.pool.now().db().close_by_ref().await
    }
}
