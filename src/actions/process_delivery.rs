//! Reads what a delivery is about and enqueues what follows from it.
//!
//! Headers are claims that no signature covers: nothing here changes a shop's
//! data by what a body says; the object is read again from that shop.

use std::{collections::BTreeSet, time::Duration};

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
        deliveries::{self, DeliveryStatus, Reading},
        fulfillment_orders::SeenOrder,
        orders, shops,
    },
};

/// Finds out what a delivery is about where that takes a call, or where reading it with others failed.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessDelivery {
    pub delivery_id: DeliveryId,
    /// In whose turn it is read; what is not known to be of a shop is read in the installation's own.
    #[serde(default)]
    pub shop_id: Option<ShopId>,
}

impl Job for ProcessDelivery {
    const NAME: &'static str = "process_delivery";

    fn shop(&self) -> Option<ShopId> {
        self.shop_id
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let Some(delivery) = deliveries::by_id(app.db.read(), self.delivery_id).await? else {
            return Ok(());
        };
        // What was given up is tried again with its job, as when a shop is back.
        if !matches!(
            delivery.status,
            DeliveryStatus::Received | DeliveryStatus::HandedOn | DeliveryStatus::GivenUp
        ) {
            return Ok(());
        }
        let shop = shops::by_domain(app.db.read(), &delivery.shop_domain).await?;
        let verdict = judge(&delivery, shop.as_ref())?;
        let owner = match (&verdict, &shop) {
            (Verdict::Says(_, Subject::FulfillmentOrder { id }), Some(shop)) => owner_of(app, shop.id, *id).await?,
            _ => Owner::Seen(None),
        };
        let tx = app.db.begin().await?;
        let reading = carry_out(&tx, &delivery, shop.as_ref(), verdict, owner, app.clock.now())?;
        let foreign = reading.is_foreign();
        mark_read(&tx, vec![(delivery.id, reading)]).await?;
        failpoint::hit("process.before_commit");
        tx.commit().await?;
        if foreign {
            record_foreign(app, &delivery.shop_domain).await;
        }
        Ok(())
    }
}

/// Webhooks about fulfillment orders do not say which order they belong to.
async fn owner_of(app: &App, shop: ShopId, id: u64) -> Result<Owner, JobError> {
    let Ok(id) = i64::try_from(id).map(ShopifyFulfillmentOrderId) else {
        return Ok(Owner::Is(None));
    };
    let seen = store::fulfillment_orders::owners(app.db.read(), BTreeSet::from([(shop, id)])).await?;
    if let Some(seen) = seen.into_values().next() {
        return Ok(Owner::Seen(Some(seen)));
    }
    let access = shop_access::open(app, shop, 1).await?;
    let result = app.shopify.fulfillment_order_owner(&access.access(), id).await;
    shop_access::observe(app, &access, &result).await?;
    Ok(Owner::Is(result?.data.map(|state| state.order)))
}

/// What is known of the order that a delivery's fulfillment order belongs to.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    /// As it was last read, if it was.
    Seen(Option<SeenOrder>),
    /// Shopify said so; none, and there is no such fulfillment order.
    Is(Option<ShopifyOrderId>),
}

/// What a delivery is worth, by what it says itself.
pub(super) enum Verdict {
    Ends(DeliveryStatus, String),
    Says(Topic, Subject),
}

const FOREIGN: &str = "the signed body does not name the shop of the header";

/// Judges a delivery by its header, its body and the shop of the header.
pub(super) fn judge(delivery: &deliveries::Model, shop: Option<&shops::Model>) -> Result<Verdict, DbErr> {
    let ends = |status, note: &str| Ok(Verdict::Ends(status, note.to_owned()));
    let Some(shop) = shop else {
        return ends(
            DeliveryStatus::UnknownShop,
            "no shop of this domain has installed the app",
        );
    };
    let body = match &delivery.body {
        Some(body) => body.unpack()?,
        None => Vec::new(),
    };
    // The topic was checked at the door; an unknown one reads as `Other`.
    let topic = delivery
        .topic
        .parse()
        .unwrap_or_else(|never: std::convert::Infallible| match never {});
    let subject = match webhooks::payload::subject(&topic, &body) {
        Ok(subject) => subject,
        Err(error) => return ends(DeliveryStatus::Unreadable, &error.to_string()),
    };
    let claimed = match ShopDomain::parse(&delivery.shop_domain) {
        Ok(claimed) => claimed,
        Err(error) => return ends(DeliveryStatus::UnknownShop, &error.to_string()),
    };
    let agreement = subject.shop_agreement(&claimed, u64::try_from(shop.id.0).ok());
    // What erases must name its shop in the signed body; the rest is read again from the shop.
    let erases = Topic::COMPLIANCE.contains(&topic);
    if agreement == ShopAgreement::Contradicted || (erases && agreement != ShopAgreement::Confirmed) {
        return ends(DeliveryStatus::Contradicted, FOREIGN);
    }
    Ok(Verdict::Says(topic, subject))
}

/// What a delivery leads to.
enum Step {
    Import(ShopifyOrderId),
    SyncShop,
    SyncVariants,
    ForgetProduct(ShopifyProductId),
    ConfirmUninstall,
    Redact(Redaction),
    /// It takes a call to find out.
    HandOn,
    Unreadable(&'static str),
    Nothing,
}

/// Enqueues what follows from a delivery, and says what is to be written about it.
pub(super) fn carry_out(
    tx: &Tx,
    delivery: &deliveries::Model,
    shop: Option<&shops::Model>,
    verdict: Verdict,
    owner: Owner,
    now: DateTime<Utc>,
) -> Result<Reading, DbErr> {
    let mut reading = Reading {
        status: DeliveryStatus::Processed,
        note: None,
        shop: None,
        order: None,
        forget: false,
    };
    match (verdict, shop) {
        (Verdict::Ends(status, note), _) => {
            reading.status = status;
            reading.note = Some(note);
        }
        (Verdict::Says(topic, subject), Some(shop)) => {
            let step = step(&topic, subject, owner, delivery.received_at);
            reading.shop = Some(shop.id);
            // What is to be forgotten must not stay in the inbox.
            reading.forget = Topic::COMPLIANCE.contains(&topic);
            match &step {
                Step::Import(order) => {
                    reading.order = Some(*order);
                }
                Step::HandOn => reading.status = DeliveryStatus::HandedOn,
                Step::Unreadable(why) => {
                    reading.status = DeliveryStatus::Unreadable;
                    reading.note = Some((*why).to_owned());
                }
                _ => {}
            }
            let triggered_at = delivery.triggered_at.unwrap_or(delivery.received_at).min(now);
            enqueue_step(tx, shop.id, delivery.id, step, triggered_at, now)?;
        }
        (Verdict::Says(..), None) => {}
    }
    Ok(reading)
}

/// Writes what was read. What tells of a customer whose data was removed must not stay in the inbox.
pub(super) async fn mark_read(tx: &Tx, mut readings: Vec<(DeliveryId, Reading)>) -> Result<(), DbErr> {
    let about = readings
        .iter()
        .filter_map(|(_, reading)| reading.shop.zip(reading.order));
    let redacted = orders::redacted_of(tx.conn(), about.collect::<BTreeSet<_>>()).await?;
    for (_, reading) in &mut readings {
        reading.forget |= reading
            .shop
            .zip(reading.order)
            .is_some_and(|order| redacted.contains(&order));
    }
    deliveries::mark_read(tx, &readings).await
}

/// Tells the operator of a signed body under another shop's header.
pub(super) async fn record_foreign(app: &App, shop_domain: &str) {
    record_security_event::record(app, SecurityEventKind::ForeignWebhook, shop_domain, FOREIGN).await;
}

const TOO_LARGE: &str = "an id of Shopify's is larger than 64 signed bits";

/// Where an order is new, its own webhook has it read while this one waits: then nobody need be asked.
const ORDER_IS_COMING: Duration = Duration::from_millis(500);

fn step(topic: &Topic, subject: Subject, owner: Owner, received_at: DateTime<Utc>) -> Step {
    match subject {
        Subject::Order { id } => match i64::try_from(id) {
            Ok(id) => Step::Import(ShopifyOrderId(id)),
            Err(_) => Step::Unreadable(TOO_LARGE),
        },
        Subject::FulfillmentOrder { id } => match (owner, i64::try_from(id)) {
            (_, Err(_)) => Step::Unreadable(TOO_LARGE),
            // Shopify makes a fulfillment order by routing its order: that was seen to have happened.
            (Owner::Seen(Some(seen)), _)
                if *topic == Topic::FulfillmentOrdersOrderRoutingComplete && seen.read_at > received_at =>
            {
                Step::Nothing
            }
            (Owner::Seen(Some(SeenOrder { order, .. })) | Owner::Is(Some(order)), _) => Step::Import(order),
            (Owner::Is(None), _) => Step::Nothing,
            (Owner::Seen(None), _) => Step::HandOn,
        },
        Subject::Product { id } if *topic == Topic::ProductsDelete => match i64::try_from(id) {
            Ok(id) => Step::ForgetProduct(ShopifyProductId(id)),
            Err(_) => Step::Unreadable(TOO_LARGE),
        },
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
    }
}

fn enqueue_step(
    tx: &Tx,
    shop_id: ShopId,
    delivery_id: DeliveryId,
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
        Step::Import(shopify_id) => enqueue(tx, &ImportOrder { shop_id, shopify_id }, when),
        Step::SyncShop => enqueue(tx, &SyncShop { shop_id }, when),
        Step::SyncVariants => enqueue(tx, &SyncVariants::around(shop_id, triggered_at), when),
        Step::ConfirmUninstall => enqueue(tx, &ConfirmUninstall { shop_id, triggered_at }, when),
        Step::Redact(redaction) => enqueue(tx, &redact_customer::Redact { shop_id, redaction }, when),
        Step::ForgetProduct(product_id) => enqueue(tx, &ForgetProduct { shop_id, product_id }, when),
        Step::HandOn => {
            let later = When::after(now_ms, ORDER_IS_COMING);
            enqueue(
                tx,
                &ProcessDelivery {
                    delivery_id,
                    shop_id: Some(shop_id),
                },
                When {
                    triggered_at_ms: when.triggered_at_ms,
                    ..later
                },
            )
        }
        Step::Unreadable(_) | Step::Nothing => Ok(()),
    }
}
