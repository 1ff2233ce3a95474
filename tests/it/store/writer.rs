//! Transactions that share a commit, and yet are each by themselves.

use chrono::DateTime;
use orderyard::store::{self, Db, security_events};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use crate::graphql::world::World;

async fn kept(db: &Db) -> u64 {
    security_events::Entity::find().count(db.read()).await.expect("counts")
}

async fn write(db: &Db, number: u64) -> store::Tx {
    let tx = db.begin().await.expect("begins");
    let row = security_events::Model {
        id: orderyard::ids::EventId::generate(),
        at: DateTime::UNIX_EPOCH,
        kind: "forged_webhook".to_owned(),
        subject: format!("shop{number}.myshopify.com"),
        detail: String::new(),
    };
    store::insert(&tx, row).expect("writes");
    tx
}

#[tokio::test]
async fn what_is_rolled_back_takes_nothing_of_the_others_along() {
    for world in World::each(false).await {
        let db = &world.app.db;
        let writers = (0..40).map(|number| async move {
            let tx = write(db, number).await;
            if number % 4 == 0 {
                // As an action that finds nothing to do, or that fails.
                drop(tx);
                return 0;
            }
            tx.commit().await.expect("commits");
            // It counts as done: another connection sees it.
            assert!(kept(db).await > 0);
            1
        });
        let committed: u64 = futures::future::join_all(writers).await.into_iter().sum();
        assert_eq!(committed, 30);
        assert_eq!(kept(db).await, 30);
        // Nobody is left who could end the last one's transaction: it ends all the same.
        drop(write(db, 90).await);
        write(db, 91).await.commit().await.expect("commits");
        assert_eq!(kept(db).await, 31);
    }
}

#[tokio::test]
async fn who_is_cut_off_holds_nobody_up() {
    for world in World::each(false).await {
        let db = world.app.db.clone();
        let held = write(&db, 1).await;
        let (one, other) = (db.clone(), db.clone());
        #[expect(clippy::disallowed_methods, reason = "it is cut off")]
        let waits = tokio::spawn(async move { write(&one, 2).await.commit().await });
        tokio::task::yield_now().await;
        waits.abort();
        drop(held);
        write(&other, 3).await.commit().await.expect("commits");
        assert!(
            (1..=2).contains(&kept(&db).await),
            "the one that was cut off may have committed"
        );
    }
}
