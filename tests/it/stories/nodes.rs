//! Several nodes on one database: one that ends, by whatever way, is not missed.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use sandbox::{Behaviour, Shipping, SupplierFault, body_signature};
use tokio::task::JoinSet;

use super::shop::Plot;
use crate::harness::{Database, World};

const SECRET: &str = "sandbox-client-secret";
const BODY: &[u8] = br#"{"id":1}"#;

/// What became of webhook calls that were sent without a break.
#[derive(Default)]
struct Tally {
    is_over: AtomicBool,
    sent: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

/// Sends one call after the other; a client that keeps its connections, or one that does not.
async fn send(url: String, keeps_connections: bool, name: String, tally: Arc<Tally>) {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(usize::from(keeps_connections))
        .build()
        .expect("a client");
    for number in 0.. {
        if tally.is_over.load(Ordering::Relaxed) {
            return;
        }
        let sent = http
            .post(&url)
            .header("X-Shopify-Topic", "orders/create")
            .header("X-Shopify-Shop-Domain", "nobody.myshopify.com")
            .header("X-Shopify-API-Version", "2026-10")
            .header("X-Shopify-Webhook-Id", format!("{name}-{number}"))
            .header("X-Shopify-Hmac-Sha256", body_signature(SECRET, BODY))
            .body(BODY)
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => {
                tally.sent.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => tally.failed.lock().expect("whole").push(answer.status().to_string()),
            Err(error) => tally.failed.lock().expect("whole").push(format!("{error:?}")),
        }
    }
}

async fn more_calls(world: &World, tally: &Tally, many: usize) {
    let wanted = tally.sent.load(Ordering::Relaxed) + many;
    world
        .eventually("calls are taken", async || {
            tally.sent.load(Ordering::Relaxed) >= wanted || !tally.failed.lock().expect("whole").is_empty()
        })
        .await;
}

#[tokio::test]
async fn each_node_is_replaced_in_turn_and_no_webhook_call_fails() {
    let mut story = Plot::default()
        .env("STOP_NOTICE_SECONDS", "0.3")
        .begin(Database::Postgres)
        .await;
    let tally = Arc::new(Tally::default());
    let url = story.world.url("/webhooks/shopify").to_string();
    let mut senders = JoinSet::new();
    for number in 0..6 {
        senders.spawn(send(
            url.clone(),
            number % 2 == 0,
            format!("w{number}"),
            Arc::clone(&tally),
        ));
    }
    more_calls(&story.world, &tally, 50).await;
    // One more on the port, and then each gives way to a new one.
    let mut nodes = vec![story.world.orderyard.node("second").await];
    more_calls(&story.world, &tally, 50).await;
    story.world.orderyard.stop().await;
    for name in ["third", "fourth", "fifth"] {
        nodes.push(story.world.orderyard.node(name).await);
        more_calls(&story.world, &tally, 50).await;
        let ended = nodes.remove(0).stop().await;
        assert!(ended.success(), "{ended}");
        more_calls(&story.world, &tally, 50).await;
    }
    tally.is_over.store(true, Ordering::Relaxed);
    senders.join_all().await;
    let failed = tally.failed.lock().expect("whole").clone();
    assert!(failed.is_empty(), "{failed:?}");
    let kept = "select count(*) from deliveries where shop_domain = 'nobody.myshopify.com'";
    let sent = tally.sent.load(Ordering::Relaxed);
    assert_eq!(usize::try_from(story.world.count(kept).await).expect("few"), sent);
    drop(nodes);
}

#[tokio::test]
async fn the_jobs_of_a_node_that_is_killed_go_on_elsewhere() {
    let slow = Behaviour {
        tracking_prefix: "N".to_owned(),
        shipping: Shipping::Whole { delay_ms: 20 },
        ..Behaviour::default()
    };
    let mut story = Plot {
        north: slow,
        ..Plot::default()
    }
    .begin(Database::Postgres)
    .await;
    for _ in 0..4 {
        story
            .world
            .supplier("north")
            .add_fault(SupplierFault::Slow { ms: 1_500 });
    }
    let orders: Vec<i64> = (0..6).map(|_| story.order(&[("MUG", 1)])).collect();
    let running = "select count(*) from jobs where state = 'running' and name = 'place_purchase_order'";
    story
        .world
        .eventually("calls are under way", async || story.world.count(running).await > 0)
        .await;
    let other = story.world.orderyard.node("other").await;
    story.world.orderyard.kill().await;
    assert!(story.world.count(running).await > 0, "it was killed in the middle");
    for order in &orders {
        story.fulfillments(*order, 1).await;
    }
    let placed = story.world.supplier("north").orders();
    assert_eq!(placed.len(), orders.len(), "each once");
    drop(other);
}
