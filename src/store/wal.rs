//! Copies `SQLite`'s log into the database beside the writer.
//!
//! Whoever commits when the log is long copies it, and waits for the disk twice
//! more; webhook calls that come meanwhile wait with it. So most of it is copied
//! here, by another connection, which no commit waits for. `SQLite` leaves it to
//! who ends the copying to have the database on the disk: that is the writer, since
//! only then the log begins anew. So what was copied is brought to the disk here
//! as well, and the writer has little left to copy and to wait for.

use std::{fs::File, time::Duration};

use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use super::Db;

/// Pages in the log from which on a commit copies what is left of it.
pub(super) const COPIED_BY_WRITER: u32 = 8000;

/// Pages of the log that are copied here at once: so few that no commit waits long for a disk that is
/// busy with them.
const COPIED_BESIDE: i32 = 500;

/// How often the log is looked at, while there are commits.
const SPACING: Duration = Duration::from_millis(25);

/// Copies until it is dropped. `PostgreSQL` does so itself.
pub async fn copy_log(db: &Db) {
    let Some(committed) = db.committed() else {
        return std::future::pending().await;
    };
    let file = match database_file(db).await {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(%error, "the database's file cannot be opened beside SQLite; commits wait for it longer");
            None
        }
    };
    let mut has_failed = false;
    loop {
        committed.notified().await;
        match copy_what_is_new(db, file).await {
            Ok(()) => has_failed = false,
            Err(error @ CopyError::File(_)) if !has_failed => {
                has_failed = true;
                tracing::warn!(%error, "the database's file cannot be brought to the disk: look after that disk");
            }
            Err(error) => {
                tracing::debug!(%error, "the log of the database cannot be copied now; a commit does it");
            }
        }
        tokio::time::sleep(SPACING).await;
    }
}

/// The file that holds the database; none where it is in memory.
///
/// It stays open as long as the process: to close any file takes from the process all locks that it has on it
/// (`fcntl(2)`, "Advisory record locking"), those of SQLite's connections as well.
async fn database_file(db: &Db) -> Result<Option<&'static File>, CopyError> {
    let list = Statement::from_string(
        db.backend(),
        "select file from pragma_database_list where name = 'main'",
    );
    let Some(row) = db.read().query_one_raw(list).await? else {
        return Ok(None);
    };
    let path: Option<String> = row.try_get_by_index(0)?;
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    Ok(Some(Box::leak(Box::new(File::open(path)?))))
}

/// Why the log could not be copied.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    File(#[from] std::io::Error),
}

async fn copy_what_is_new(db: &Db, file: Option<&'static File>) -> Result<(), CopyError> {
    let ask = |mode: &str| {
        let sql = format!("pragma wal_checkpoint({mode})");
        Statement::from_string(db.backend(), sql)
    };
    let Some(log) = db.read().query_one_raw(ask("noop")).await? else {
        return Ok(());
    };
    let (pages, copied): (i32, i32) = (log.try_get_by_index(1)?, log.try_get_by_index(2)?);
    if pages - copied < COPIED_BESIDE {
        return Ok(());
    }
    db.read().query_one_raw(ask("passive")).await?;
    if let Some(file) = file {
        tokio::task::spawn_blocking(|| file.sync_data())
            .await
            .map_err(std::io::Error::other)??;
    }
    Ok(())
}
