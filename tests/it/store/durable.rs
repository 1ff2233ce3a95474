//! Who may forget what it acknowledged is no database for webhooks.

use std::time::Duration;

use orderyard::{config::DatabaseConfig, store::Db};
use sea_orm::ConnectionTrait as _;

use crate::harness::{Database, TestDatabase};

/// The settings of a `SQLite` database are made by whoever opens it.
#[tokio::test]
async fn a_server_that_does_not_wait_for_its_disk_is_refused() {
    let database = TestDatabase::create(Database::Postgres).await;
    let config = DatabaseConfig {
        url: database.url().to_owned(),
        readers: 1,
        connections: 2,
        statement: Duration::from_secs(30),
    };
    let db = Db::open(&config).await.expect("opens");
    let forget =
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$";
    db.read().execute_unprepared(forget).await.expect("is set");
    let Err(refused) = Db::open(&config).await else {
        panic!("it is taken");
    };
    let refused = refused.to_string();
    assert!(refused.contains("synchronous_commit=on"), "{refused}");
}
