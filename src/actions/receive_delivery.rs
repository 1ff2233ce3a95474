//! A webhook call arrives: commit it, with the job that reads it.

use sea_orm::DbErr;
use webhooks::Delivery;

use super::process_delivery::ProcessDelivery;
use crate::{
    app::App,
    failpoint,
    ids::DeliveryId,
    queue::{When, enqueue},
    store::{
        self,
        deliveries::{DeliveryStatus, Model},
    },
};

/// Commits the delivery to the inbox. A repetition changes nothing.
pub async fn receive_delivery(app: &App, delivery: &Delivery) -> Result<(), DbErr> {
    let now = app.clock.now();
    let headers = delivery.headers();
    let row = Model {
        id: DeliveryId::generate(),
        shop_domain: headers.shop.as_str().to_owned(),
        webhook_id: headers.webhook_id.as_str().to_owned(),
        topic: headers.topic.as_str().to_owned(),
        event_id: headers.event_id.clone(),
        triggered_at: headers.triggered_at,
        api_version: headers.api_version.clone(),
        body: Some(delivery.body().to_vec()),
        received_at: now,
        status: DeliveryStatus::Received,
        note: None,
        shop_id: None,
        shopify_order_id: None,
    };
    let job = ProcessDelivery { delivery_id: row.id };
    let triggered_at = headers.triggered_at.unwrap_or(now).min(now);
    let tx = app.db.begin().await?;
    if store::deliveries::add(&tx, row).await? {
        let when = When {
            triggered_at_ms: triggered_at.timestamp_millis(),
            ..When::now(now.timestamp_millis())
        };
        enqueue(&tx, &job, when).await?;
    }
    failpoint::hit("receive.before_commit");
    tx.commit().await?;
    failpoint::hit("receive.after_commit");
    Ok(())
}
