//! History goes by age and number, and nothing that is still needed goes with it.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use orderyard::{
    actions::{
        prune_history::prune,
        redact_customer::{Redact, Redaction},
    },
    app::{App, Parts},
    domain::intent::{IntentKind, IntentOutcome},
    ids::{DeliveryId, EventId, IntentId, JobId, OrderId, ShopId, ShopifyOrderId},
    queue::{Attempt, Job as _, order_key},
    store::{
        self,
        columns::{Json, Packed},
        deliveries::{self, DeliveryStatus},
        intents,
        jobs::{self, JobState, WaitsFor},
        orders, security_events,
    },
};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryOrder as _};
use serde_json::json;
use uuid::Uuid;

use crate::graphql::world::World;

const DAY: u64 = 24 * 60 * 60;

async fn add_delivery(world: &World, status: DeliveryStatus) {
    let tx = world.tx().await;
    store::insert(&tx, delivery(world, "shop1.myshopify.com", status)).expect("a delivery");
    tx.commit().await.expect("commits");
}

/// Processed ones, in one transaction.
async fn add_deliveries(world: &World, domain: &str, count: usize) {
    let rows = (0..count).map(|_| delivery(world, domain, DeliveryStatus::Processed));
    let tx = world.tx().await;
    store::insert_all(&tx, rows.collect()).expect("deliveries");
    tx.commit().await.expect("commits");
}

fn delivery(world: &World, domain: &str, status: DeliveryStatus) -> deliveries::Model {
    let id = DeliveryId::generate();
    deliveries::Model {
        id,
        shop_domain: domain.to_owned(),
        webhook_id: id.to_string(),
        topic: "orders/create".to_owned(),
        event_id: None,
        triggered_at: None,
        api_version: "2026-10".to_owned(),
        body: Some(Packed::pack(b"{}")),
        received_at: world.app.clock.now(),
        status,
        note: None,
        shop_id: None,
        shopify_order_id: None,
    }
}

/// Status and whether the body is kept, the oldest first.
async fn kept(world: &World) -> Vec<(DeliveryStatus, bool)> {
    let rows = deliveries::Entity::find()
        .order_by_asc(deliveries::Column::Id)
        .all(world.app.db.read())
        .await
        .expect("reads");
    rows.into_iter().map(|row| (row.status, row.body.is_some())).collect()
}

/// As the hourly job, until it finds nothing more.
async fn prune_all(app: &App) {
    while prune(app).await.expect("prunes") {}
}

fn days(world: &World, days: u64) {
    world.app.clock.advance(Duration::from_secs(days * DAY));
}

#[tokio::test]
async fn deliveries_lose_their_bodies_and_then_go_unless_they_are_still_to_be_read() {
    use DeliveryStatus as S;
    for world in World::each(false).await {
        for status in [S::Processed, S::Received, S::Unreadable] {
            add_delivery(&world, status).await;
        }
        days(&world, 29);
        prune_all(&world.app).await;
        assert_eq!(
            kept(&world).await,
            [(S::Processed, true), (S::Received, true), (S::Unreadable, true)]
        );
        days(&world, 2);
        prune_all(&world.app).await;
        assert_eq!(
            kept(&world).await,
            [(S::Processed, false), (S::Received, true), (S::Unreadable, false)]
        );
        days(&world, 30);
        prune_all(&world.app).await;
        assert_eq!(kept(&world).await, [(S::Received, true)]);
    }
}

#[tokio::test]
async fn too_many_deliveries_go_before_their_time() {
    for world in World::each(false).await {
        for _ in 0..600 {
            add_delivery(&world, DeliveryStatus::Processed).await;
        }
        let mut config = (*world.app.config).clone();
        config.retention.most_deliveries = 10;
        let app = App::from(Parts {
            config: Arc::new(config),
            ..(*world.app).clone()
        });
        days(&world, 1);
        prune_all(&app).await;
        assert_eq!(kept(&world).await.len(), 600, "Shopify may repeat them");
        days(&world, 2);
        prune_all(&app).await;
        assert_eq!(kept(&world).await.len(), 10);
    }
}

/// To find the first that is too many is to count all of them: not again in each run.
#[tokio::test]
async fn what_is_too_many_is_counted_again_when_it_is_gone() {
    for world in World::each(false).await {
        add_deliveries(&world, "shop1.myshopify.com", 5_100).await;
        let mut config = (*world.app.config).clone();
        config.retention.most_deliveries = 10;
        let app = App::from(Parts {
            config: Arc::new(config),
            ..(*world.app).clone()
        });
        days(&world, 3);
        assert!(prune(&app).await.expect("prunes"), "there is more");
        add_deliveries(&world, "shop1.myshopify.com", 20).await;
        days(&world, 3);
        prune(&app).await.expect("prunes");
        assert_eq!(
            kept(&world).await.len(),
            30,
            "what was too many when it was counted is gone"
        );
        prune_all(&app).await;
        assert_eq!(kept(&world).await.len(), 10);
    }
}

#[tokio::test]
async fn a_shops_bodies_go_some_at_a_time() {
    const SHOP: &str = "shop1.myshopify.com";
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        add_deliveries(&world, SHOP, 450).await;
        add_deliveries(&world, "shop2.myshopify.com", 3).await;
        let bodies = async || kept(&world).await.iter().filter(|(_, has_body)| *has_body).count();
        let before = bodies().await;
        let tx = world.tx().await;
        let last = deliveries::forget_bodies(&tx, SHOP, "", 100).await.expect("forgets");
        tx.commit().await.expect("commits");
        assert!(last.is_some(), "there is more");
        assert!(
            (before - 100..before).contains(&bodies().await),
            "no more than it was told"
        );

        let gone = "update shops set status = 'uninstalled'";
        world.app.db.read().execute_unprepared(gone).await.expect("is gone");
        let redact = Redact {
            shop_id: tenant.shop,
            redaction: Redaction::Shop,
        };
        let attempt = Attempt {
            number: 1,
            is_last: false,
        };
        redact.run(&world.app, attempt).await.expect("redacts");
        assert_eq!(bodies().await, 3, "the other shop's");
    }
}

/// Bodies go when they are too large together, the oldest first; by the rest of a row repetitions are
/// known, and what is still to be read stays whole.
#[tokio::test]
async fn bodies_go_when_they_take_too_much_room() {
    use DeliveryStatus as S;
    for world in World::each(false).await {
        add_delivery(&world, S::Received).await;
        for _ in 0..1500 {
            add_delivery(&world, S::Processed).await;
        }
        let mut config = (*world.app.config).clone();
        // Each body takes three bytes, and a batch of 250 is a block.
        config.retention.most_body_bytes = 2000;
        let app = App::from(Parts {
            config: Arc::new(config),
            ..(*world.app).clone()
        });
        prune_all(&app).await;
        let bodies = |kept: Vec<(DeliveryStatus, bool)>| kept.iter().filter(|(_, body)| *body).count();
        assert_eq!(bodies(kept(&world).await), 1501, "too new to be counted");
        world.app.clock.advance(Duration::from_mins(11));
        prune_all(&app).await;
        let now = kept(&world).await;
        assert_eq!(now.len(), 1501, "every row is there");
        assert_eq!(now[0], (S::Received, true), "it is still to be read");
        let first = now.iter().skip(1).position(|(_, body)| *body).expect("the newest stay");
        assert!(
            now[1..].iter().skip(first).all(|(_, body)| *body),
            "the oldest go first"
        );
        let left = bodies(now) - 1;
        assert!((401..=667).contains(&left), "{left} bodies take less than 2000 bytes");

        for _ in 0..500 {
            add_delivery(&world, S::Processed).await;
        }
        world.app.clock.advance(Duration::from_mins(11));
        prune_all(&app).await;
        let left = bodies(kept(&world).await) - 1;
        assert!((401..=667).contains(&left), "{left} bodies after more have come");
        // What was read since goes by its age.
        let read = "update deliveries set status = 'processed'";
        let tx = world.tx().await;
        tx.conn().execute_unprepared(read).await.expect("reads");
        tx.commit().await.expect("commits");
        days(&world, 31);
        prune_all(&app).await;
        assert_eq!(bodies(kept(&world).await), 0);
        let counted = store::delivery_sizes::newest(world.app.db.read(), 10)
            .await
            .expect("reads");
        assert_eq!(counted.len(), 0, "nothing is left to count");
    }
}

async fn add_dead_job(world: &World, shop: ShopId, order: Option<ShopifyOrderId>) {
    let row = jobs::Model {
        id: JobId::generate(),
        name: "push_fulfillment".to_owned(),
        payload: "{}".to_owned(),
        shop_id: Some(shop),
        serial_key: order.map(|order| order_key(shop, order)),
        dedupe_key: None,
        state: JobState::Dead,
        waits_for: WaitsFor::Turn,
        priority: 0,
        lane: shop.0,
        run_at_ms: 0,
        triggered_at_ms: 0,
        attempts: 9,
        lease_id: None,
        leased_until_ms: None,
        last_error: None,
        parked_for: None,
        parked_since_ms: None,
        created_at_ms: 0,
    };
    let tx = world.tx().await;
    store::insert(&tx, row).expect("a job");
    tx.commit().await.expect("commits");
}

/// One that is settled, whose evidence may be the JSON `null`.
async fn add_intent(
    world: &World,
    (shop, order): (ShopId, OrderId),
    evidence: serde_json::Value,
    now: DateTime<Utc>,
) -> IntentId {
    let id = IntentId::generate();
    let row = intents::Model {
        id,
        key: format!("place:{id}"),
        kind: IntentKind::PlacePurchaseOrder,
        shop_id: Some(shop),
        supplier_id: None,
        order_id: Some(order),
        subject_id: id.0,
        request: Json(json!({ "number": "T-1" })),
        outcome: IntentOutcome::Done,
        evidence: Some(Json(evidence)),
        calls: 1,
        created_at: now,
        called_at: Some(now),
        settled_at: Some(now),
    };
    let tx = world.tx().await;
    store::insert(&tx, row).expect("an intent");
    tx.commit().await.expect("commits");
    id
}

#[tokio::test]
async fn what_an_open_order_or_exception_needs_stays() {
    for world in World::each(false).await {
        let (shop, now) = (ShopId(1), world.app.clock.now());
        // Its order has an open exception.
        let tenant = world.tenant(1).await;
        let db = world.app.db.read();
        let order = orders::by_id(db, shop, tenant.order)
            .await
            .expect("reads")
            .expect("is there");
        add_dead_job(&world, shop, Some(order.shopify_id)).await;
        add_dead_job(&world, shop, None).await;
        let intent = add_intent(&world, (shop, order.id), json!({ "answer": "yes" }), now).await;
        let event = security_events::Model {
            id: EventId::generate(),
            at: now,
            kind: "forged_webhook".to_owned(),
            subject: "shop1.myshopify.com".to_owned(),
            detail: String::new(),
        };
        let tx = world.tx().await;
        store::insert(&tx, event).expect("an event");
        tx.commit().await.expect("commits");

        days(&world, 366);
        prune_all(&world.app).await;
        assert_eq!(security_events::Entity::find().count(db).await.expect("counts"), 0);
        let dead = jobs::given_up::page(db, Some(shop), None, 10).await.expect("reads");
        assert_eq!(dead.len(), 1, "the one whose order is before people");
        let row = intents::by_id(db, intent).await.expect("reads").expect("is there");
        assert_eq!(row.request.0, json!({ "number": "T-1" }));

        let tx = world.tx().await;
        tx.conn()
            .execute_unprepared("update exceptions set status = 'resolved'")
            .await
            .expect("resolves");
        tx.conn()
            .execute_unprepared("update orders set status = 'shipped'")
            .await
            .expect("ships");
        tx.commit().await.expect("commits");
        prune_all(&world.app).await;
        assert!(
            jobs::given_up::page(db, Some(shop), None, 10)
                .await
                .expect("reads")
                .is_empty()
        );
        let row = intents::by_id(db, intent).await.expect("reads").expect("stays");
        assert_eq!(
            (row.request.0, row.evidence, row.outcome),
            (json!(null), None, IntentOutcome::Done)
        );
    }
}

/// To remove what is removed already would be to write every old Intent again each hour.
#[tokio::test]
async fn what_was_asked_is_forgotten_once() {
    for world in World::each(false).await {
        let (shop, now) = (ShopId(1), world.app.clock.now());
        let (over, waiting) = (world.tenant(1).await.order, world.tenant(2).await.order);
        let tx = world.tx().await;
        for sql in [
            "update exceptions set status = 'resolved'",
            "update orders set status = 'shipped' where shop_id = 1",
        ] {
            tx.conn().execute_unprepared(sql).await.expect(sql);
        }
        tx.commit().await.expect("commits");
        let told = add_intent(&world, (shop, over), json!({ "answer": "yes" }), now).await;
        // As after a correction of tracking, of which nothing is to be said.
        let silent = add_intent(&world, (shop, over), json!(null), now).await;
        let kept = add_intent(&world, (ShopId(2), waiting), json!({ "answer": "yes" }), now).await;

        let last = IntentId(Uuid::max());
        let forget = async |after: IntentId, limit: u64| {
            let tx = world.tx().await;
            let looked_at = intents::forget_requests(&tx, after, last, limit)
                .await
                .expect("forgets");
            tx.commit().await.expect("commits");
            looked_at
        };
        let first = IntentId(Uuid::nil());
        assert_eq!(forget(first, 2).await, [told, silent]);
        assert_eq!(forget(silent, 2).await, [kept], "whose order is not over");
        assert_eq!(forget(first, 10).await, [kept], "the others are done with");
        let db = world.app.db.read();
        for (id, is_kept) in [(told, false), (silent, false), (kept, true)] {
            let row = intents::by_id(db, id).await.expect("reads").expect("stays");
            assert_eq!((row.evidence.is_some(), !row.request.0.is_null()), (is_kept, is_kept));
        }

        let shipped = "update orders set status = 'shipped'";
        let tx = world.tx().await;
        tx.conn().execute_unprepared(shipped).await.expect("ships");
        tx.commit().await.expect("commits");
        assert_eq!(forget(first, 10).await, [kept]);
        assert!(forget(first, 10).await.is_empty(), "nothing is left");
    }
}
