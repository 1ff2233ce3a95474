//! A database for one story: a file, or a database of the test cluster.

use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

/// Which database a story runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A database that goes with its story.
pub struct TestDatabase {
    url: String,
    folder: PathBuf,
}

impl TestDatabase {
    pub async fn create(kind: Database) -> Self {
        let name = format!("orderyard_{}", Uuid::now_v7().simple());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let url = match kind {
            Database::Sqlite => format!("sqlite://{}", folder.join("orderyard.db").display()),
            Database::Postgres => create_in_cluster(&name).await,
        };
        Self { url, folder }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether somebody is amid a transaction that others may have to wait for.
    pub async fn is_held(&self) -> bool {
        let db = connect(&self.url).await;
        let is_held = match db.get_database_backend() {
            DbBackend::Sqlite => {
                let write = "pragma busy_timeout = 0; begin immediate; rollback";
                db.execute_unprepared(write).await.is_err()
            }
            backend => {
                let others = "select 1 from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null";
                let found = db.query_one_raw(Statement::from_string(backend, others)).await;
                found.expect("an answer").is_some()
            }
        };
        db.close().await.expect("closes");
        is_held
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A folder that cannot be removed is the temporary folder's business.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

async fn create_in_cluster(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the test command says where its cluster is")]
    let cluster = std::env::var("ORDERYARD_TEST_POSTGRES")
        .expect("ORDERYARD_TEST_POSTGRES is not set: run the tests with `make test` or scripts/with-postgres");
    let mut url: url::Url = cluster.parse().expect("ORDERYARD_TEST_POSTGRES is a URL");
    let admin = connect(url.as_str()).await;
    admin
        .execute_unprepared(&format!("create database {name}"))
        .await
        .expect("a database");
    admin.close().await.expect("closes");
    url.set_path(name);
    url.to_string()
}

/// Opens a database for a look from the side.
pub async fn connect(url: &str) -> DatabaseConnection {
    #[expect(clippy::disallowed_methods, reason = "a look from the side needs no durability")]
    sea_orm::Database::connect(url).await.expect("the database opens")
}
