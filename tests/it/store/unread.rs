//! Whose webhook calls are read next.

use chrono::{DateTime, Utc};
use orderyard::{
    actions::{
        process_delivery::ProcessDelivery,
        read_inbox::{Turn, read_inbox},
        sync_variants::SyncVariants,
    },
    ids::DeliveryId,
    queue::Job,
    store::{
        self,
        columns::Packed,
        deliveries::{self, DeliveryStatus, unread},
        jobs,
    },
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use crate::graphql::world::World;

/// Adds unread deliveries for a shop, the oldest first.
async fn add(world: &World, shop: &str, count: usize) {
    add_with(world, shop, count, None).await;
}

async fn add_with(world: &World, shop: &str, count: usize, body: Option<Packed>) {
    let row = |number: usize| deliveries::Model {
        body: body.clone(),
        ..row(world, shop, number)
    };
    add_rows(world, (0..count).map(row).collect()).await;
}

fn row(world: &World, shop: &str, number: usize) -> deliveries::Model {
    deliveries::Model {
        id: DeliveryId::generate(),
        shop_domain: shop.to_owned(),
        webhook_id: format!("w-{number:04}"),
        topic: "orders/create".to_owned(),
        event_id: None,
        triggered_at: None,
        api_version: "2026-10".to_owned(),
        body: None,
        received_at: world.app.clock.now(),
        status: DeliveryStatus::Received,
        note: None,
        shop_id: None,
        shopify_order_id: None,
    }
}

async fn add_rows(world: &World, rows: Vec<deliveries::Model>) {
    let tx = world.tx().await;
    store::insert_all(&tx, rows).expect("deliveries");
    tx.commit().await.expect("commits");
}

/// The jobs of one name.
async fn jobs_of<J: Job>(world: &World) -> Vec<jobs::Model> {
    let rows = jobs::Entity::find().filter(jobs::Column::Name.eq(J::NAME));
    rows.all(world.app.db.read()).await.expect("reads")
}

/// Of a shop, which are no longer unread, by their numbers.
async fn read_of(world: &World, shop: &str) -> Vec<String> {
    let rows = deliveries::Entity::find()
        .filter(deliveries::Column::ShopDomain.eq(shop))
        .filter(deliveries::Column::Status.ne(DeliveryStatus::Received))
        .order_by_asc(deliveries::Column::WebhookId)
        .all(world.app.db.read())
        .await
        .expect("reads");
    rows.into_iter().map(|row| row.webhook_id).collect()
}

/// Large bodies are read together as far as they fit into memory.
#[tokio::test]
async fn large_bodies_are_read_some_at_a_time() {
    let mut seed = 1_u64;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed.to_le_bytes()[7]
    });
    let large = Packed::pack(&noise.take(9 * 1024 * 1024).collect::<Vec<u8>>());
    for world in World::each(false).await {
        add_with(&world, "large.myshopify.com", 3, Some(large.clone())).await;
        let tx = world.tx().await;
        let domains = ["large.myshopify.com".to_owned()];
        let found = unread::of(&tx, &domains, 100).await.expect("reads");
        let ids: Vec<&str> = found.iter().map(|row| row.webhook_id.as_str()).collect();
        assert_eq!(ids, ["w-0000", "w-0001"]);
    }
}

#[tokio::test]
async fn a_shop_with_many_deliveries_makes_no_other_wait() {
    for world in World::each(false).await {
        add(&world, "many.myshopify.com", 500).await;
        add(&world, "one.myshopify.com", 1).await;
        add(&world, "two.myshopify.com", 60).await;
        let mut turn = Turn::default();
        assert_eq!(read_inbox(&world.app, &mut turn).await.expect("reads"), 99);
        assert_eq!(read_of(&world, "one.myshopify.com").await, ["w-0000"]);
        // What one does not need is for the others: a third each, and then half of what is left.
        let oldest: Vec<String> = (0..49).map(|number| format!("w-{number:04}")).collect();
        assert_eq!(read_of(&world, "many.myshopify.com").await, oldest, "its oldest");
        assert_eq!(read_of(&world, "two.myshopify.com").await, oldest);
        while read_inbox(&world.app, &mut turn).await.expect("reads") > 0 {}
        assert_eq!(read_of(&world, "many.myshopify.com").await.len(), 500);
    }
}

#[tokio::test]
async fn every_shop_has_its_turn_however_many_there_are() {
    for world in World::each(false).await {
        let shop = |number: usize| format!("shop{number:03}.myshopify.com");
        for number in 0..120 {
            add(&world, &shop(number), 3).await;
        }
        let mut turn = Turn::default();
        for expected in [100, 60] {
            assert_eq!(read_inbox(&world.app, &mut turn).await.expect("reads"), expected);
        }
        for number in 0..120 {
            assert_eq!(read_of(&world, &shop(number)).await[0], "w-0000");
        }
        let mut left = 0;
        loop {
            match read_inbox(&world.app, &mut turn).await.expect("reads") {
                0 => break,
                read => left += read,
            }
        }
        assert_eq!(left, 200);
    }
}

/// It takes a call to find out which order they are about: that is work of their shop's, not of the installation's.
#[tokio::test]
async fn webhooks_about_fulfillment_orders_wait_in_their_shops_turn() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let body = br#"{"fulfillment_order":{"id":"gid://shopify/FulfillmentOrder/99","status":"on_hold"}}"#;
        let delivery = deliveries::Model {
            topic: "fulfillment_orders/placed_on_hold".to_owned(),
            body: Some(Packed::pack(body)),
            ..row(&world, "shop1.myshopify.com", 1)
        };
        add_rows(&world, vec![delivery]).await;
        assert_eq!(read_inbox(&world.app, &mut Turn::default()).await.expect("reads"), 1);
        let jobs = jobs_of::<ProcessDelivery>(&world).await;
        let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
        assert_eq!((job.shop_id, job.lane), (Some(tenant.shop), tenant.shop.0));
    }
}

/// Whoever edits all products has Shopify send a webhook for each.
#[tokio::test]
async fn products_that_are_edited_within_the_same_minutes_are_synced_once() {
    for world in World::each(false).await {
        world.tenant(1).await;
        let at = |minutes: &str| -> DateTime<Utc> {
            let text = format!("2026-11-20T12:{minutes}:30Z");
            text.parse().expect("a time")
        };
        let edited = |(number, minutes): (usize, &&str)| deliveries::Model {
            topic: "products/update".to_owned(),
            body: Some(Packed::pack(format!("{{\"id\":{}}}", 100 + number).as_bytes())),
            triggered_at: Some(at(minutes)),
            ..row(&world, "shop1.myshopify.com", number)
        };
        let minutes = ["01", "05", "09", "12"];
        add_rows(&world, minutes.iter().enumerate().map(edited).collect()).await;
        assert_eq!(read_inbox(&world.app, &mut Turn::default()).await.expect("reads"), 4);
        let mut since: Vec<Option<DateTime<Utc>>> = jobs_of::<SyncVariants>(&world)
            .await
            .iter()
            .map(|job| {
                serde_json::from_str::<SyncVariants>(&job.payload)
                    .expect("a payload")
                    .since
            })
            .collect();
        since.sort();
        let from = |time: &str| Some(time.parse().expect("a time"));
        // None is of after what it is to find, with ten minutes for clocks that differ.
        assert_eq!(since, [from("2026-11-20T11:50:00Z"), from("2026-11-20T12:00:00Z")]);
    }
}
