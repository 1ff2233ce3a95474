//! Who fails is left alone; what waits for that comes back in small numbers.

use chrono::TimeDelta;
use orderyard::{
    actions::import_order::ImportOrder,
    domain::circuit::Subject,
    ids::{ShopId, ShopifyOrderId},
    queue::{
        When,
        circuits::{Entry, answered, enter, failed},
        enqueue,
    },
    store::{
        self, circuits,
        jobs::{self, WaitsFor},
    },
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use crate::graphql::world::World;

const SHOP: ShopId = ShopId(1);
const SUBJECT: Subject = Subject::Shop(SHOP);

/// Jobs that wait for the subject.
async fn park(world: &World, many: i64) {
    let tx = world.tx().await;
    for order in 0..many {
        let job = ImportOrder {
            shop_id: SHOP,
            shopify_id: ShopifyOrderId(order),
        };
        enqueue(&tx, &job, When::now(1_000)).expect("is added");
    }
    tx.commit().await.expect("commits");
    let later = (world.app.clock.now() + TimeDelta::hours(1)).timestamp_millis();
    for mut row in jobs::Entity::find().all(world.app.db.read()).await.expect("reads") {
        row.waits_for = WaitsFor::Time;
        row.run_at_ms = later;
        row.parked_for = Some(SUBJECT.to_string());
        let tx = world.tx().await;
        store::save(&tx, row).expect("saves");
        tx.commit().await.expect("commits");
    }
}

async fn may_be_taken(world: &World) -> u64 {
    let rows = jobs::Entity::find().filter(jobs::Column::WaitsFor.eq(WaitsFor::Turn));
    rows.count(world.app.db.read()).await.expect("counts")
}

async fn row(world: &World) -> Option<circuits::Model> {
    circuits::by_subject(world.app.db.read(), SUBJECT).await.expect("reads")
}

#[tokio::test]
async fn what_waits_for_someone_who_is_back_is_let_in_a_few_at_a_time() {
    for world in World::each(false).await {
        let config = world.app.config.worker.circuit;
        park(&world, 10).await;
        let tx = world.tx().await;
        for _ in 0..config.failures {
            failed(&tx, SUBJECT, "away", &config).await.expect("is noted");
        }
        assert!(enter(&tx, SUBJECT, &config).await.expect("asks").is_err(), "it is open");
        tx.commit().await.expect("commits");
        assert_eq!(may_be_taken(&world).await, 0);

        let troubled = Entry { is_troubled: true };
        for woken in [4, 8, 10] {
            let tx = world.tx().await;
            answered(&tx, SUBJECT, troubled).await.expect("is noted");
            let entry = enter(&tx, SUBJECT, &config).await.expect("asks").expect("is called");
            assert_eq!(entry.is_troubled, woken < 10, "until all are in");
            tx.commit().await.expect("commits");
            assert_eq!(may_be_taken(&world).await, woken);
            assert_eq!(
                row(&world).await.is_some_and(|row| row.opened_at_ms.is_none()),
                woken < 10
            );
        }
        assert_eq!(row(&world).await, None);
    }
}
