//! Webhook calls are committed together and answered one by one.

use std::sync::Arc;

use futures::future::join_all;
use orderyard::{actions::receive_delivery::receive_delivery, queue::inbox::NotKept, store::deliveries};
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _};
use tokio::sync::Semaphore;
use webhooks::{Delivery, Secrets};

use crate::graphql::world::World;

fn delivery(webhook_id: &str) -> Delivery {
    let secrets = Secrets::new(["secret"]).expect("a secret");
    let body = format!("{{\"id\":{}}}", webhook_id.len());
    let headers = [
        ("x-shopify-topic", "orders/create"),
        ("x-shopify-shop-domain", "shop1.myshopify.com"),
        ("x-shopify-api-version", "2026-10"),
        ("x-shopify-webhook-id", webhook_id),
        ("x-shopify-hmac-sha256", &secrets.sign_body(body.as_bytes())),
    ];
    let headers = headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
    Delivery::receive(&secrets, &headers.into_iter().collect(), body).expect("signed")
}

async fn keep_all(world: &World, ids: impl Iterator<Item = String>) -> Vec<Result<(), NotKept>> {
    let deliveries: Vec<Delivery> = ids.map(|id| delivery(&id)).collect();
    let places = Arc::new(Semaphore::new(deliveries.len()));
    let keep = async |delivery: &Delivery| {
        let place = Arc::clone(&places).acquire_owned().await.expect("a place");
        receive_delivery(&world.app, delivery.clone(), place).await
    };
    let answers = join_all(deliveries.iter().map(keep)).await;
    assert_eq!(places.available_permits(), deliveries.len());
    answers
}

pub(super) async fn keep_one(world: &World, id: &str) -> Result<(), NotKept> {
    keep_all(world, std::iter::once(id.to_owned())).await.remove(0)
}

async fn kept(world: &World) -> u64 {
    let all = deliveries::Entity::find().count(world.app.db.read()).await;
    all.expect("counts")
}

#[tokio::test]
async fn many_calls_share_few_transactions() {
    for world in World::each(false).await {
        let before = world.app.db.statements();
        let answers = keep_all(&world, (0..300).map(|n| format!("w-{}", n % 200))).await;
        assert!(answers.iter().all(Result::is_ok));
        assert!(world.app.db.statements() - before < 30, "they are committed together");
        assert_eq!(kept(&world).await, 200, "repetitions change nothing");
    }
}

#[tokio::test]
async fn a_call_goes_with_what_others_write() {
    for world in World::each(false).await {
        let db = &world.app.db;
        let rename = "update shops set name = 'Renamed'";
        // While somebody has the turn, and while others wait for it.
        let held = db.begin().await.expect("begins");
        held.execute_unprepared(rename).await.expect("is written");
        let one = keep_one(&world, "w-1");
        let other = async {
            let tx = db.begin().await.expect("begins");
            tx.execute_unprepared(rename).await.expect("is written");
            // As an action that fails: it takes nothing of the others along.
            drop(tx);
        };
        let last = keep_one(&world, "w-2");
        let (one, (), last, first) = tokio::join!(one, other, last, held.commit());
        one.and(last).expect("are kept");
        first.expect("commits");
        assert_eq!(kept(&world).await, 2);
        // And alone.
        keep_one(&world, "w-3").await.expect("is kept");
        keep_one(&world, "w-3").await.expect("is known");
        assert_eq!(kept(&world).await, 3);
    }
}

/// From now on the database does not take `w-7`.
async fn spoil(world: &World) {
    let db = world.app.db.read();
    let spoil = if db.get_database_backend() == DbBackend::Postgres {
        "alter table deliveries add constraint spoilt check (webhook_id <> 'w-7')"
    } else {
        "create trigger spoilt before insert on deliveries when new.webhook_id = 'w-7'
         begin select raise(abort, 'no'); end"
    };
    db.execute_unprepared(spoil).await.expect("spoils");
}

#[tokio::test]
async fn one_that_the_database_does_not_take_refuses_no_other() {
    for world in World::each(false).await {
        spoil(&world).await;
        let answers = keep_all(&world, (0..20).map(|n| format!("w-{n}"))).await;
        let refused: Vec<usize> = (0..20).filter(|n| answers[*n].is_err()).collect();
        assert_eq!(refused, [7]);
        assert_eq!(kept(&world).await, 19);
    }
}

/// They were told to send it again, and what is left of them would only hold the others up.
#[tokio::test]
async fn what_cannot_be_kept_together_is_not_tried_for_those_who_have_left() {
    for world in World::each(false).await {
        spoil(&world).await;
        // The first transaction waits for this one.
        let before = world.app.db.begin().await.expect("begins");
        if world.app.db.backend() == DbBackend::Postgres {
            let lock = "lock table deliveries in exclusive mode";
            before.conn().execute_unprepared(lock).await.expect("locks");
        }
        let deliveries: Vec<Delivery> = (0..20).map(|n| delivery(&format!("w-{n}"))).collect();
        let places = Arc::new(Semaphore::new(deliveries.len()));
        let keep = |delivery: &Delivery| {
            let place = Arc::clone(&places).try_acquire_owned().expect("a place");
            Box::pin(receive_delivery(&world.app, delivery.clone(), place))
        };
        let mut calls: Vec<_> = deliveries.iter().map(keep).collect();
        for call in &mut calls {
            assert!(futures::poll!(call).is_pending());
        }
        // The writer takes all of them.
        tokio::task::yield_now().await;
        let staying: Vec<_> = calls
            .into_iter()
            .enumerate()
            .filter_map(|(n, call)| (n % 2 == 1).then_some(call))
            .collect();
        drop(before);
        let answers = join_all(staying).await;
        let refused: Vec<usize> = (0..10).filter(|n| answers[*n].is_err()).collect();
        assert_eq!(refused, [3], "of those who stay, w-7 alone");
        assert_eq!(kept(&world).await, 9, "nothing is kept for those who have left");
        assert_eq!(places.available_permits(), 20);
    }
}

/// It answers, and takes nothing: one by one is as much in vain as together.
#[tokio::test]
async fn a_database_that_takes_nothing_is_not_asked_for_each_call() {
    for world in World::each(false).await {
        let away = "alter table deliveries rename to elsewhere";
        let db = world.app.db.read();
        db.execute_unprepared(away).await.expect("renames");
        let before = world.app.db.statements();
        let answers = keep_all(&world, (0..60).map(|n| format!("w-{n}"))).await;
        assert!(answers.iter().all(Result::is_err));
        let asked = world.app.db.statements() - before;
        assert!(asked < 30, "{asked} statements");
        db.execute_unprepared("alter table elsewhere rename to deliveries")
            .await
            .expect("is back");
        assert!(keep_all(&world, ["w-0".to_owned()].into_iter()).await[0].is_ok());
    }
}
