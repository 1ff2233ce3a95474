//! The database handle: one writer and many readers on `SQLite`, one pool on `PostgreSQL`.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait as _,
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    deliveries,
    intake::IntakePool,
    lease_time::LeaseTime,
    patience::{Patience, Reader},
    pending::Write,
    pool::{Connections, Pool},
    tx::{Inner, Tx},
    wal,
    write_connection::WriteConnection,
    writer::{Way, Writer},
};
use crate::{clock::Clock, config::DatabaseConfig};

/// Both ways to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    write: Pool,
    /// On `SQLite`: the only way to write.
    writer: Option<Writer>,
    read: Reader,
    /// Whoever begins a transaction waits for a connection and a statement, and then for one statement at a time.
    beginning: Patience,
    statement: Patience,
    /// On `PostgreSQL`: where webhook calls are kept.
    intake: Option<IntakePool>,
    jobs_added: Arc<Notify>,
    inbox_filled: Arc<Notify>,
    others_to_tell: Arc<Notify>,
    hears_others: Arc<AtomicBool>,
    node: Uuid,
    statements: Arc<AtomicU64>,
    lease_time: LeaseTime,
}

/// How a schema stands to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// Something that this program needs is missing.
    Older,
    /// It has all that this program needs, and what a later release adds: schemas only grow.
    Newer,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("DATABASE_URL must begin with sqlite:// or postgres://")]
    UnknownScheme,
    #[error("the folder {0} for the SQLite database cannot be made: {1}")]
    Folder(String, std::io::Error),
    #[error("PostgreSQL must run with {0}=on: an acknowledged webhook would otherwise be lost on a crash")]
    NotDurable(&'static str),
    #[error("SQLite must run with synchronous=FULL: an acknowledged webhook would otherwise be lost on a crash")]
    SqliteNotDurable,
    #[error("the database does not answer: {0}")]
    Database(#[from] DbErr),
}

impl Db {
    /// Connects, and refuses a database that may forget what it acknowledged.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, OpenError> {
        let statements = Arc::new(AtomicU64::new(0));
        let (write, read, writer, intake) = if config.url.starts_with("sqlite:") {
            let (write, read) = open_sqlite(config).await?;
            let pool = write.get_sqlite_connection_pool().clone();
            let writer = Writer::new(WriteConnection::new(pool, Arc::clone(&statements)));
            let fixed = |db| Pool::fixed(db, Arc::clone(&statements));
            (fixed(write), fixed(read), Some(writer), None)
        } else if config.url.starts_with("postgres:") || config.url.starts_with("postgresql:") {
            let pool = open_postgres(config, Arc::clone(&statements)).await?;
            let intake = IntakePool::open(config, postgres_options(config), Arc::clone(&statements)).await?;
            (pool.clone(), pool, None, Some(intake))
        } else {
            return Err(OpenError::UnknownScheme);
        };
        let backend = write.now().db().get_database_backend();
        let statement = if writer.is_some() {
            Patience::ENDLESS
        } else {
            Patience::of_statement(config.statement)
        };
        let beginning = statement.with_connection(config.statement);
        Ok(Self {
            writer,
            lease_time: LeaseTime::new(backend, Clock::default()),
            write,
            read: Reader::new(read, beginning),
            beginning,
            statement,
            intake,
            jobs_added: Arc::new(Notify::new()),
            inbox_filled: Arc::new(Notify::new()),
            others_to_tell: Arc::new(Notify::new()),
            hears_others: Arc::new(AtomicBool::new(false)),
            node: Uuid::now_v7(),
            statements,
        })
    }

    /// Has leases go by a clock that others may set, where they do not go by the database's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.lease_time = LeaseTime::new(self.backend(), clock);
        self
    }

    /// Brings the schema up to date. One that is newer stays as it is: another node may be of the next release.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        match self.schema().await? {
            Schema::Current | Schema::Newer => Ok(()),
            Schema::Older => Migrator::up(self.write.now().db(), None).await,
        }
    }

    /// How the schema stands to this program. Only looks.
    pub async fn schema(&self) -> Result<Schema, DbErr> {
        let applied: BTreeSet<String> = self.applied_migrations().await?.into_iter().collect();
        let known: BTreeSet<String> = migrations::names().into_iter().collect();
        Ok(if !known.is_subset(&applied) {
            Schema::Older
        } else if applied.is_subset(&known) {
            Schema::Current
        } else {
            Schema::Newer
        })
    }

    async fn applied_migrations(&self) -> Result<Vec<String>, DbErr> {
        let table = migrations::APPLIED;
        let is_there = match self.backend() {
            DbBackend::Sqlite => format!("select 1 from sqlite_master where name = '{table}'"),
            _ => format!("select 1 where to_regclass('{table}') is not null"),
        };
        let ask = |sql: String| Statement::from_string(self.backend(), sql);
        if self.read.query_one_raw(ask(is_there)).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows = self
            .read
            .query_all_raw(ask(format!("select version from {table}")))
            .await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// For reads outside a transaction.
    #[must_use]
    pub const fn read(&self) -> &Reader {
        &self.read
    }

    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.read.get_database_backend()
    }

    /// Begins a write transaction; on `SQLite` when its turn has come.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        self.lease_time.refresh(&self.read).await?;
        let connections = self.write.now();
        let inner = match &self.writer {
            Some(writer) => Inner::part(writer.begin().await?),
            None => Inner::Whole(
                connections
                    .wait(self.beginning, Box::pin(connections.db().begin()))
                    .await?,
            ),
        };
        Ok(self.tx(inner, connections))
    }

    fn tx(&self, inner: Inner, connections: Connections) -> Tx {
        let wakes = [Arc::clone(&self.jobs_added), Arc::clone(&self.others_to_tell)];
        Tx::new(inner, (connections, self.statement), wakes, self.lease_time.clone())
    }

    /// The time that leases and their like go by on all nodes: see [`super::lease_time`].
    pub async fn lease_now(&self) -> Result<DateTime<Utc>, DbErr> {
        self.lease_time.refresh(&self.read).await?;
        Ok(self.lease_time.now())
    }

    /// The same by the last look at the database's clock, without another.
    #[must_use]
    pub fn lease_time(&self) -> DateTime<Utc> {
        self.lease_time.now()
    }

    /// Wakes when a transaction of this process has added jobs.
    #[must_use]
    pub fn jobs_added(&self) -> &Notify {
        &self.jobs_added
    }

    /// Wakes when the writer of `SQLite` has committed; none on `PostgreSQL`.
    pub(super) fn committed(&self) -> Option<&Notify> {
        self.writer.as_ref().map(Writer::committed)
    }

    /// Runs a statement that keeps webhook calls, as a transaction: on `PostgreSQL` on a connection that nobody else
    /// uses, on `SQLite` with what others write meanwhile.
    pub(super) async fn keep_calls(&self, statement: Statement) -> Result<(), DbErr> {
        if let Some(intake) = &self.intake {
            return intake.run(statement).await;
        }
        let Some(writer) = &self.writer else {
            return self.write.now().db().execute_raw(statement).await.map(drop);
        };
        match writer.begin_one().await? {
            Way::Alone(alone) => alone.run(statement).await,
            Way::Part(turn) => {
                let tx = self.tx(Inner::part(turn), self.write.now());
                tx.write(Write::any::<deliveries::Entity>(statement));
                tx.commit().await
            }
        }
    }

    /// Has webhook calls read that this process has kept: here, and by the nodes that work.
    pub fn mark_inbox_filled(&self) {
        self.inbox_filled.notify_one();
        self.others_to_tell.notify_one();
    }

    /// Wakes when webhook calls were kept.
    #[must_use]
    pub fn inbox_filled(&self) -> &Notify {
        &self.inbox_filled
    }

    /// Wakes when this process has jobs for other nodes: see [`super::wakeups`].
    pub(super) fn others_to_tell(&self) -> &Notify {
        &self.others_to_tell
    }

    /// Whether the other nodes wake this one when they add jobs.
    #[must_use]
    pub fn hears_others(&self) -> &AtomicBool {
        &self.hears_others
    }

    /// What this process is called among the nodes.
    #[must_use]
    pub const fn node(&self) -> Uuid {
        self.node
    }

    /// How many statements ran since the database was opened. A test that loads
    /// a list looks here for a statement per row.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    /// Closes the pools, letting what is under way finish.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.connections().db().close_by_ref().await?;
        if let Some(intake) = self.intake {
            intake.close().await?;
        }
        match self.writer {
            Some(writer) => {
                writer.close().await;
                Ok(())
            }
            None => self.write.now().db().close_by_ref().await,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where databases are opened, with the settings that make a commit durable"
)]
async fn open_sqlite(config: &DatabaseConfig) -> Result<(DatabaseConnection, DatabaseConnection), OpenError> {
    if let Some(folder) = config
        .sqlite_path()
        .and_then(|path| path.parent().map(std::path::Path::to_path_buf))
    {
        std::fs::create_dir_all(&folder).map_err(|error| OpenError::Folder(folder.display().to_string(), error))?;
    }
    let options = |connections: u32, cache_kib: u32, statements: usize| {
        let mut options = ConnectOptions::new(config.url.clone());
        options
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |options| {
                options
                    .create_if_missing(true)
                    .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(30))
                    .foreign_keys(true)
                    .pragma("cache_size", format!("-{cache_kib}"))
                    .pragma("wal_autocheckpoint", wal::COPIED_BY_WRITER.to_string())
                    .statement_cache_capacity(statements)
            });
        // A file does not hang up, and asking is another trip to the driver's thread.
        options.test_before_acquire(false);
        options
    };
    // One is the writer's, and one for migrations. Of the statements as many keep webhook calls as there may be in one.
    let write = Database::connect(options(2, 8_000, 256)).await?;
    // Each reader has a cache of its own, and the system's behind it.
    let read = Database::connect(options(config.readers, 1_500, 128)).await?;
    let synchronous = one_value(&write, "pragma synchronous").await?;
    // 2 is FULL, 3 is EXTRA.
    if !matches!(synchronous.as_str(), "2" | "3") {
        return Err(OpenError::SqliteNotDurable);
    }
    Ok((write, read))
}

/// A connection that answered so lately is used without asking whether it still does. Where it does
/// not, its statement fails, and is tried again like any other.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Between two statements of a transaction.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The server believes in a connection whose host is gone for two hours, if nobody says otherwise. Each one
/// takes a place of those that it has.
const KEEPALIVES: [(&str, &str); 3] = [
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

async fn open_postgres(config: &DatabaseConfig, statements: Arc<AtomicU64>) -> Result<Pool, OpenError> {
    let pool = Pool::renewable(postgres_options(config), statements).await?;
    for setting in ["fsync", "synchronous_commit"] {
        if one_value(pool.now().db(), &format!("show {setting}")).await? == "off" {
            return Err(OpenError::NotDurable(setting));
        }
    }
    Ok(pool)
}

fn postgres_options(config: &DatabaseConfig) -> ConnectOptions {
    let patience = Patience::of_statement(config.statement);
    // Nobody holds a transaction for long without a statement, but a host that is gone: its locks would stay for
    // as long as the system believes in its connections.
    let idle = config.statement.min(LONGEST_PAUSE).as_millis().to_string();
    let mut options = ConnectOptions::new(config.url.clone());
    options
        .max_connections(config.connections)
        .acquire_timeout(config.statement)
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .sqlx_logging(false)
        .set_application_name("orderyard")
        .statement_timeout(config.statement)
        .map_sqlx_postgres_pool_opts(move |pool| patience.of_pool(pool))
        // What one transaction writes is one statement, of which there are as many as there are mixtures.
        .map_sqlx_postgres_opts(move |options| {
            options
                .statement_cache_capacity(512)
                .options([("idle_in_transaction_session_timeout", idle.as_str())])
                .options(KEEPALIVES)
        });
    options
}

async fn one_value(db: &DatabaseConnection, sql: &str) -> Result<String, DbErr> {
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))?;
    match row.try_get_by_index::<String>(0) {
        Ok(text) => Ok(text),
        Err(_) => Ok(row.try_get_by_index::<i32>(0)?.to_string()),
    }
}
