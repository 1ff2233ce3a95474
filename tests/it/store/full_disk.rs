//! A commit is one, also after the disk was full.

use std::{path::PathBuf, time::Duration};

use orderyard::{
    config::DatabaseConfig,
    store::{Db, Tx},
};
use sea_orm::{ConnectionTrait as _, Statement};
use uuid::Uuid;

/// Runs a statement in a transaction of its own.
async fn write(db: &Db, sql: &str) -> Result<(), sea_orm::DbErr> {
    let tx = db.begin().await?;
    tx.conn().execute_unprepared(sql).await?;
    tx.commit().await
}

async fn rows(db: &Db) -> i64 {
    let statement = Statement::from_string(db.backend(), "select count(*) from notes");
    let row = db.read().query_one_raw(statement).await.expect("reads").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// A database with a table for notes, in a folder of its own.
async fn notes() -> (Db, PathBuf) {
    let folder = std::env::temp_dir().join(format!("orderyard-full-{}", Uuid::now_v7().simple()));
    let config = DatabaseConfig {
        url: format!("sqlite://{}", folder.join("orderyard.db").display()),
        readers: 1,
        connections: 1,
        statement: Duration::from_secs(30),
    };
    let db = Db::open(&config).await.expect("opens");
    write(&db, "create table notes (text text not null)")
        .await
        .expect("is made");
    (db, folder)
}

/// Writes what there is no room for, in a transaction that nobody commits.
async fn run_out_of_room(tx: Tx) {
    // As good as a full disk, for the connection that writes.
    tx.conn()
        .execute_unprepared("pragma max_page_count = 1")
        .await
        .expect("is set");
    let full = tx
        .conn()
        .execute_unprepared("insert into notes values (hex(zeroblob(100000)))")
        .await
        .expect_err("there is no room");
    assert!(full.to_string().contains("full"), "{full}");
    drop(tx);
}

/// `SQLite` ends the transaction in which it runs out of room by itself, unlike every other error.
#[tokio::test]
async fn what_is_written_after_a_full_disk_is_committed() {
    let (db, folder) = notes().await;
    run_out_of_room(db.begin().await.expect("begins")).await;

    // Actions leave a transaction without a commit where there is nothing to do.
    drop(db.begin().await.expect("begins"));
    write(&db, "insert into notes values ('acknowledged')")
        .await
        .expect("there is room again");
    assert_eq!(
        rows(&db).await,
        1,
        "another connection sees it, and so would the next process"
    );
    db.close().await.expect("closes");
    std::fs::remove_dir_all(&folder).expect("removes the folder");
}

/// Three share a transaction. The second runs out of room, which ends what the first has written: that counts as failed,
/// though the third begins another transaction in its place and commits that.
#[tokio::test]
async fn who_shares_a_transaction_that_sqlite_ends_is_told_that_it_failed() {
    let (db, folder) = notes().await;
    let first = db.begin().await.expect("begins");
    let mut second = Box::pin(db.begin());
    let mut third = Box::pin(write(&db, "insert into notes values ('third')"));
    assert!(futures::poll!(&mut second).is_pending(), "it waits for its turn");
    assert!(futures::poll!(&mut third).is_pending());
    first
        .conn()
        .execute_unprepared("insert into notes values ('first')")
        .await
        .expect("is written");
    let second = async { run_out_of_room(second.await.expect("begins")).await };
    let (first, (), third) = tokio::join!(first.commit(), second, third);
    first.expect_err("what it wrote is gone");
    third.expect("there is room again");
    assert_eq!(rows(&db).await, 1, "the third's alone");
    db.close().await.expect("closes");
    std::fs::remove_dir_all(&folder).expect("removes the folder");
}
