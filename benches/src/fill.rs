//! Filling a database by SQL, as fast as it goes: nothing of what makes commits durable is wanted
//! here, and the program under test is not running.

use std::process::Command;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend};

use crate::Failure;

/// One connection that waits for no disk and checks no references.
pub async fn open(database: &str) -> Result<DatabaseConnection, Failure> {
    let mut options = ConnectOptions::new(database);
    // Settings belong to a connection.
    options.min_connections(1).max_connections(1).sqlx_logging(false);
    #[expect(clippy::disallowed_methods, reason = "a database of the measurement's own")]
    let db = Database::connect(options).await?;
    let settings: &[&str] = match db.get_database_backend() {
        DbBackend::Postgres => &[
            "set synchronous_commit = off",
            // References are right: they are copies of what was right.
            "set session_replication_role = replica",
            "set maintenance_work_mem = '512MB'",
            "set statement_timeout = 0",
        ],
        _ => &[
            "pragma synchronous = off",
            "pragma foreign_keys = off",
            "pragma temp_store = memory",
            // In KiB, where it is negative.
            "pragma cache_size = -2000000",
        ],
    };
    for setting in settings {
        db.execute_unprepared(setting).await?;
    }
    Ok(db)
}

/// Has `SQLite` write each page once, and not into the log first: a fill that is cut off leaves a
/// database of no use. Ends with [`end_filling`].
pub async fn begin_filling(db: &DatabaseConnection) -> Result<(), Failure> {
    if db.get_database_backend() == DbBackend::Sqlite {
        db.execute_unprepared("pragma journal_mode = delete").await?;
        db.execute_unprepared("pragma journal_mode = off").await?;
    }
    Ok(())
}

/// Leaves the database as the program wants to find it.
pub async fn end_filling(db: &DatabaseConnection) -> Result<(), Failure> {
    let settings: &[&str] = match db.get_database_backend() {
        DbBackend::Postgres => &["vacuum analyze", "checkpoint"],
        _ => &["pragma journal_mode = wal"],
    };
    for setting in settings {
        db.execute_unprepared(setting).await?;
    }
    Ok(())
}

/// Gives back the room that a database takes.
pub fn drop_database(database: &str) -> Result<(), Failure> {
    if let Some(path) = database.strip_prefix("sqlite://") {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            drop(std::fs::remove_file(format!("{path}{suffix}")));
        }
        return Ok(());
    }
    let (server, name) = database.rsplit_once('/').ok_or("the address has no database")?;
    let sql = format!("drop database if exists {name} with (force)");
    let dropped = Command::new("psql")
        .args([&format!("{server}/postgres"), "-qc", &sql])
        .status()?;
    if dropped.success() {
        Ok(())
    } else {
        Err(format!("the database {name} cannot be dropped").into())
    }
}

/// What a measurement of intake left unread.
pub async fn forget_unread(database: &str) -> Result<(), Failure> {
    let db = open(database).await?;
    db.execute_unprepared("delete from deliveries where status = 'received'")
        .await?;
    db.close().await?;
    Ok(())
}
