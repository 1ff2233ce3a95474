//! Work that was given up and a delivery that led nowhere, for the seed's shops.

use chrono::{DateTime, Utc};
use orderyard::{
    ids::{DeliveryId, JobId, ShopId},
    store::{
        self, Tx,
        columns::Packed,
        deliveries::{self, DeliveryStatus},
        jobs::{self, JobState, WaitsFor},
    },
};

/// Plants one of each, with the shop's domain in what people may read.
pub fn plant(tx: &Tx, shop: ShopId, domain: &str, now: DateTime<Utc>) -> (JobId, DeliveryId) {
    let job = jobs::Model {
        id: JobId::generate(),
        name: "sync_shop".to_owned(),
        payload: format!("{{\"shop_id\":{shop}}}"),
        shop_id: Some(shop),
        serial_key: None,
        dedupe_key: Some(format!("sync_shop:{shop}")),
        state: JobState::Dead,
        waits_for: WaitsFor::Turn,
        priority: 0,
        lane: shop.0,
        run_at_ms: now.timestamp_millis(),
        triggered_at_ms: now.timestamp_millis(),
        attempts: 12,
        lease_id: None,
        leased_until_ms: None,
        last_error: Some(format!("{domain} does not answer")),
        parked_for: None,
        parked_since_ms: None,
        created_at_ms: now.timestamp_millis(),
    };
    let delivery = deliveries::Model {
        id: DeliveryId::generate(),
        shop_domain: domain.to_owned(),
        webhook_id: format!("lost-{shop}"),
        topic: "orders/create".to_owned(),
        event_id: None,
        triggered_at: None,
        api_version: "2026-10".to_owned(),
        body: Some(Packed::pack(format!("{{\"shop\": \"{domain}\", ").as_bytes())),
        received_at: now,
        status: DeliveryStatus::Unreadable,
        note: Some("the body ends too early".to_owned()),
        shop_id: None,
        shopify_order_id: None,
    };
    let planted = (job.id, delivery.id);
    store::insert(tx, job).expect("a job");
    store::insert(tx, delivery).expect("a delivery");
    planted
}
