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
    let keep = async |delivery| {
        let place = Arc::clone(&places).acquire_owned().await.expect("a place");
        receive_delivery(&world.app, delivery.clone(), place).await
    };
    let answers = join_all(deliveries.iter().map(keep)).await;
    assert_eq!(places.available_permits(), deliveries.len());
    answers
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
async fn one_that_the_database_does_not_take_refuses_no_other() {
    for world in World::each(false).await {
        let db = world.app.db.read();
        let spoil = if db.get_database_backend() == DbBackend::Postgres {
            "alter table deliveries add constraint spoilt check (webhook_id <> 'w-7')"
        } else {
            "create trigger spoilt before insert on deliveries when new.webhook_id = 'w-7'
             begin select raise(abort, 'no'); end"
        };
        db.execute_unprepared(spoil).await.expect("spoils");
        let answers = keep_all(&world, (0..20).map(|n| format!("w-{n}"))).await;
        let refused: Vec<usize> = (0..20).filter(|n| answers[*n].is_err()).collect();
        assert_eq!(refused, [7]);
        assert_eq!(kept(&world).await, 19);
    }
}
