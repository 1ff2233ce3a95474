//! A commit is one, also after the disk was full.

use std::time::Duration;

use orderyard::{config::DatabaseConfig, store::Db};
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

/// `SQLite` ends the transaction in which it runs out of room by itself, unlike every other error.
#[tokio::test]
async fn what_is_written_after_a_full_disk_is_committed() {
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
    let tx = db.begin().await.expect("begins");
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
