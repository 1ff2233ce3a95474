//! Copies `SQLite`'s log into the database beside the writer.
//!
//! Whoever commits when the log is long copies it, and waits for the disk twice
//! more; webhook calls that come meanwhile wait with it. So most of it is copied
//! here, by another connection, which no commit waits for. The writer still ends
//! it, with little left to copy, since only then the log begins anew.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use super::Db;

/// Pages in the log from which on a commit copies what is left of it.
pub(super) const COPIED_BY_WRITER: u32 = 8000;

/// Pages in the log from which on it is copied here. What comes between the two is time for it.
const COPIED_BESIDE: i32 = 6000;

/// How often the log is looked at, while there are commits.
const SPACING: Duration = Duration::from_millis(100);

/// Copies until it is dropped. `PostgreSQL` does so itself.
pub async fn copy_log(db: &Db) {
    let Some(committed) = db.committed() else {
        return std::future::pending().await;
    };
    loop {
        committed.notified().await;
        if let Err(error) = copy_if_long(db).await {
            tracing::debug!(%error, "the log of the database cannot be copied now; a commit does it");
        }
        tokio::time::sleep(SPACING).await;
    }
}

async fn copy_if_long(db: &Db) -> Result<(), DbErr> {
    let ask = |mode: &str| {
        let sql = format!("pragma wal_checkpoint({mode})");
        Statement::from_string(db.backend(), sql)
    };
    let Some(log) = db.read().query_one_raw(ask("noop")).await? else {
        return Ok(());
    };
    let (pages, copied): (i32, i32) = (log.try_get_by_index(1)?, log.try_get_by_index(2)?);
    if pages >= COPIED_BESIDE && copied < pages {
        db.read().query_one_raw(ask("passive")).await?;
    }
    Ok(())
}
