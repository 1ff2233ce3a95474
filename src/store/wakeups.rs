//! Wakes the workers of other nodes when jobs were added or webhook calls kept:
//! `LISTEN` and `NOTIFY` on `PostgreSQL`. A wake-up may be lost, with a
//! connection or a process; the workers' polling is the net under it.
//!
//! A node tells the others after its commits, for many at once, and not inside
//! them: `PostgreSQL` lets transactions that notify commit one after the other,
//! each with its own wait for the disk.

use std::{sync::atomic::Ordering, time::Duration};

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use sqlx::postgres::PgListener;
use tokio::time::timeout;

use super::Db;

const CHANNEL: &str = "orderyard_jobs";

/// The others are told no more often than this.
const SPACING: Duration = Duration::from_millis(10);

/// A connection on which nothing was heard for so long may be lost without a word, and is made again.
const SILENCE: Duration = Duration::from_mins(1);

/// Before a lost connection is made again.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the other nodes of jobs and webhook calls that this one adds, until it is dropped. On
/// `SQLite` there are no others.
pub async fn tell_others(db: &Db) {
    loop {
        db.others_to_tell().notified().await;
        if let Err(error) = tell(db).await {
            tracing::debug!(%error, "the other nodes cannot be told of new jobs; they find them");
        }
        tokio::time::sleep(SPACING).await;
    }
}

/// Tells the other nodes to look for jobs and webhook calls.
pub async fn tell(db: &Db) -> Result<(), DbErr> {
    if db.backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql = "select pg_notify($1, $2)";
    let values = [CHANNEL.into(), db.node().to_string().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    db.read().query_one_raw(statement).await.map(drop)
}

/// Wakes this node's worker when others add jobs, until it is dropped. `url` is
/// that of the database: the listener has a connection of its own.
pub async fn hear_others(db: &Db, url: &str) {
    if db.backend() != DbBackend::Postgres {
        return std::future::pending().await;
    }
    loop {
        if let Err(error) = hear(db, url).await {
            tracing::warn!(%error, "the news of other nodes cannot be heard; looking for jobs more often");
        }
        db.hears_others().store(false, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Ends with the connection, or when nothing was heard on it for too long.
async fn hear(db: &Db, url: &str) -> Result<(), sqlx::Error> {
    let connect = async {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        Ok(listener)
    };
    let mut listener = timeout(SILENCE, connect)
        .await
        .unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())))?;
    let own = db.node().to_string();
    loop {
        db.hears_others().store(true, Ordering::Relaxed);
        // What was told before the connection was there is found by looking.
        db.jobs_added().notify_one();
        loop {
            match timeout(SILENCE, listener.try_recv()).await {
                Err(_) => return Ok(()),
                // The connection was lost, and is made again.
                Ok(told) => match told? {
                    None => break,
                    Some(told) if told.payload() == own => {}
                    Some(_) => {
                        db.jobs_added().notify_one();
                        db.inbox_filled().notify_one();
                    }
                },
            }
        }
        db.hears_others().store(false, Ordering::Relaxed);
    }
}
