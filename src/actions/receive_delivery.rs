//! A webhook call arrives: commit it to the inbox, where a worker finds it.

use tokio::sync::OwnedSemaphorePermit;
use webhooks::Delivery;

use crate::{
    app::App,
    ids::DeliveryId,
    queue::inbox::NotKept,
    store::{
        columns::Packed,
        deliveries::{DeliveryStatus, Model},
    },
};

/// Commits the delivery to the inbox. A repetition changes nothing. It has its `place` until then.
pub async fn receive_delivery(app: &App, delivery: Delivery, place: OwnedSemaphorePermit) -> Result<(), NotKept> {
    let headers = delivery.headers();
    let row = Model {
        id: DeliveryId::generate(),
        shop_domain: headers.shop.as_str().to_owned(),
        webhook_id: headers.webhook_id.as_str().to_owned(),
        topic: headers.topic.as_str().to_owned(),
        event_id: headers.event_id.clone(),
        triggered_at: headers.triggered_at,
        api_version: headers.api_version.clone(),
        body: Some(Packed::pack(delivery.body())),
        received_at: app.clock.now(),
        status: DeliveryStatus::Received,
        note: None,
        shop_id: None,
        shopify_order_id: None,
    };
    // From here on the packed one counts: a large one is many times its size.
    drop(delivery);
    app.inbox.keep(&app.db, &app.tasks, row, place).await
}
