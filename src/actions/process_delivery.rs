//! Reads what a delivery is about and enqueues what follows from it.
//!
//! Headers are claims that no signature covers: nothing here changes a shop's
//! data by what a body says; the object is read again from that shop.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use webhooks::{ShopAgreement, ShopDomain, Subject, Topic};

use super::{
    confirm_uninstall::ConfirmUninstall,
    forget_product::ForgetProduct,
    import_order::ImportOrder,
    record_security_event::{self, SecurityEventKind},
    redact_customer::{self, Redaction},
    shop_access,
    sync_shop::SyncShop,
    sync_variants::SyncVariants,
};
use crate::{
    app::App,
    failpoint,
    ids::{DeliveryId, ShopId, ShopifyFulfillmentOrderId, ShopifyOrderId, ShopifyProductId},
    queue::{Attempt, Job, JobError, When, enqueue},
    store::{
        self, Tx,
        deliveries::{self, DeliveryStatus},
        orders, shops,
    },
};

/// Reads one delivery.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessDelivery {
    pub delivery_id: DeliveryId,
}

impl Job for ProcessDelivery {
    const NAME: &'static str = "process_delivery";

    fn shop(&self) -> Option<ShopId> {
        None
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let Some(delivery) = deliveries::by_id(app.db.read(), self.delivery_id).await? else {
            return Ok(());
        };
        if delivery.status != DeliveryStatus::Received {
            return Ok(());
        }
        let Some(shop) = shops::by_domain(app.db.read(), &delivery.shop_domain).await? else {
            return end(
                app,
                delivery,
                DeliveryStatus::UnknownShop,
                "no shop of this domain has installed the app",
            )
            .await;
        };
        let body = delivery.body.clone().unwrap_or_default();
        // The topic was checked at the door; an unknown one reads as `Other`.
        let topic = delivery
            .topic
            .parse()
            .unwrap_or_else(|never: std::convert::Infallible| match never {});
        let subject = match webhooks::payload::subject(&topic, &body) {
            Ok(subject) => subject,
            Err(error) => return end(app, delivery, DeliveryStatus::Unreadable, &error.to_string()).await,
        };
        let claimed = ShopDomain::parse(&delivery.shop_domain).map_err(|error| JobError::GiveUp(error.to_string()))?;
        let agreement = subject.shop_agreement(&claimed, u64::try_from(shop.id.0).ok());
        // What erases must name its shop in the signed body; the rest is read again from the shop.
        let erases = Topic::COMPLIANCE.contains(&topic);
        if agreement == ShopAgreement::Contradicted || (erases && agreement != ShopAgreement::Confirmed) {
            let detail = "the signed body does not name the shop of the header";
            record_security_event::record(app, SecurityEventKind::ForeignWebhook, &delivery.shop_domain, detail).await;
            return end(app, delivery, DeliveryStatus::Contradicted, detail).await;
        }
        act(app, delivery, &shop, &topic, subject).await
    }
}

async fn end(app: &App, mut delivery: deliveries::Model, status: DeliveryStatus, note: &str) -> Result<(), JobError> {
    let tx = app.db.begin().await?;
    delivery.status = status;
    delivery.note = Some(note.to_owned());
    store::save(&tx, delivery).await?;
    tx.commit().await?;
    Ok(())
}

/// What a delivery leads to.
enum Step {
    Import(ShopifyOrderId),
    SyncShop,
    SyncVariants,
    ForgetProduct(ShopifyProductId),
    ConfirmUninstall,
    Redact(Redaction),
    Nothing,
}

async fn act(
    app: &App,
    mut delivery: deliveries::Model,
    shop: &shops::Model,
    topic: &Topic,
    subject: Subject,
) -> Result<(), JobError> {
    let step = step(app, shop, topic, subject).await?;
    let now = app.clock.now();
    let triggered_at = delivery.triggered_at.unwrap_or(delivery.received_at).min(now);
    delivery.shop_id = Some(shop.id);
    delivery.status = DeliveryStatus::Processed;
    // What is to be forgotten must not stay in the inbox.
    let mut forget = Topic::COMPLIANCE.contains(topic);
    if let Step::Import(order) = &step {
        delivery.shopify_order_id = Some(*order);
        forget = orders::by_shopify_id(app.db.read(), shop.id, *order)
            .await?
            .is_some_and(|order| order.redacted_at.is_some());
    }
    if forget {
        delivery.body = None;
    }
    let tx = app.db.begin().await?;
    store::save(&tx, delivery).await?;
    enqueue_step(&tx, shop.id, step, triggered_at, now).await?;
    failpoint::hit("process.before_commit");
    tx.commit().await?;
    Ok(())
}

async fn step(app: &App, shop: &shops::Model, topic: &Topic, subject: Subject) -> Result<Step, JobError> {
    Ok(match subject {
        Subject::Order { id } => Step::Import(ShopifyOrderId(signed(id)?)),
        Subject::FulfillmentOrder { id } => match order_of(app, shop.id, ShopifyFulfillmentOrderId(signed(id)?)).await?
        {
            Some(order) => Step::Import(order),
            None => Step::Nothing,
        },
        Subject::Product { id } if *topic == Topic::ProductsDelete => {
            Step::ForgetProduct(ShopifyProductId(signed(id)?))
        }
        Subject::Product { .. } => Step::SyncVariants,
        Subject::Location { .. } | Subject::Shop { .. } | Subject::ScopesUpdate { .. } => Step::SyncShop,
        Subject::AppUninstalled { .. } => Step::ConfirmUninstall,
        Subject::CustomersDataRequest {
            customer_id, orders, ..
        } => Step::Redact(Redaction::Report {
            customer: customer_id,
            orders,
        }),
        Subject::CustomersRedact {
            customer_id, orders, ..
        } => Step::Redact(Redaction::Customer {
            customer: customer_id,
            orders,
        }),
        Subject::ShopRedact { .. } => Step::Redact(Redaction::Shop),
        Subject::None => Step::Nothing,
    })
}

fn signed(id: u64) -> Result<i64, JobError> {
    i64::try_from(id).map_err(|_| JobError::GiveUp("an id of Shopify's is larger than 64 signed bits".to_owned()))
}

/// Webhooks about fulfillment orders do not say which order they belong to.
async fn order_of(app: &App, shop: ShopId, id: ShopifyFulfillmentOrderId) -> Result<Option<ShopifyOrderId>, JobError> {
    if let Some(order) = store::fulfillment_orders::owner(app.db.read(), shop, id).await? {
        return Ok(Some(order));
    }
    let access = shop_access::open(app, shop, 1).await?;
    let result = app.shopify.fulfillment_order_owner(&access.access(), id).await;
    shop_access::observe(app, &access, &result).await?;
    Ok(result?.data.map(|state| state.order))
}

async fn enqueue_step(
    tx: &Tx,
    shop_id: ShopId,
    step: Step,
    triggered_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let now_ms = now.timestamp_millis();
    let when = When {
        triggered_at_ms: triggered_at.timestamp_millis(),
        ..When::now(now_ms)
    };
    match step {
        Step::Import(shopify_id) => enqueue(tx, &ImportOrder { shop_id, shopify_id }, when).await,
        Step::SyncShop => enqueue(tx, &SyncShop { shop_id }, when).await,
        Step::SyncVariants => enqueue(tx, &SyncVariants::around(shop_id, triggered_at), when).await,
        Step::ConfirmUninstall => enqueue(tx, &ConfirmUninstall { shop_id, triggered_at }, when).await,
        Step::Redact(redaction) => enqueue(tx, &redact_customer::Redact { shop_id, redaction }, when).await,
        Step::ForgetProduct(product_id) => enqueue(tx, &ForgetProduct { shop_id, product_id }, when).await,
        Step::Nothing => Ok(()),
    }
}
