//! Reads what has arrived, many deliveries in one transaction.
//!
//! One that cannot be read with the others is read by itself, and then by a
//! job of its own, which is tried again and ends before people: it never
//! blocks those behind it.

use std::{collections::BTreeSet, panic::AssertUnwindSafe};

use futures::FutureExt as _;
use sea_orm::DbErr;

use webhooks::payload::Subject;

use super::process_delivery::{Owner, ProcessDelivery, Verdict, carry_out, judge, mark_read, record_foreign};
use crate::{
    app::App,
    failpoint,
    ids::ShopifyFulfillmentOrderId,
    queue::{When, enqueue},
    store::{
        Tx,
        deliveries::{self, DeliveryStatus, Model, Reading},
        fulfillment_orders::{self, OfShop},
        shops,
    },
};

/// Deliveries in one transaction.
const MOST: u64 = 100;

/// Reads some of what is unread, and says how many; none, and there was nothing to do.
pub async fn read_inbox(app: &App) -> Result<usize, DbErr> {
    if !deliveries::any_unread(app.db.read()).await? {
        return Ok(0);
    }
    match attempt(app, MOST).await {
        Ok(read) => Ok(read),
        Err(error) => {
            tracing::warn!(%error, "deliveries cannot be read together");
            app.db.ping().await?;
            one_by_one(app).await
        }
    }
}

/// A panic must not end the reading of the others.
async fn attempt(app: &App, limit: u64) -> Result<usize, DbErr> {
    AssertUnwindSafe(read(app, limit))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(DbErr::Custom("reading panicked; the log has the place".to_owned())))
}

async fn one_by_one(app: &App) -> Result<usize, DbErr> {
    let mut count = 0;
    for _ in 0..MOST {
        match attempt(app, 1).await {
            Ok(0) => break,
            Ok(read) => count += read,
            Err(error) => {
                tracing::warn!(%error, "a delivery is handed on to a job");
                count += hand_on(app).await?;
            }
        }
    }
    Ok(count)
}

async fn read(app: &App, limit: u64) -> Result<usize, DbErr> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let unread = deliveries::unread(&tx, limit).await?;
    let domains: BTreeSet<&str> = unread.iter().map(|delivery| delivery.shop_domain.as_str()).collect();
    let shops = shops::by_domains(tx.conn(), domains).await?;
    let mut judged = Vec::with_capacity(unread.len());
    for delivery in &unread {
        let shop = shops.iter().find(|shop| shop.domain == delivery.shop_domain);
        judged.push((delivery, shop, judge(delivery, shop)?));
    }
    let asked = judged
        .iter()
        .filter_map(|(_, shop, verdict)| fulfillment_order(*shop, verdict));
    let owners = fulfillment_orders::owners(tx.conn(), asked.collect()).await?;
    let mut readings = Vec::with_capacity(unread.len());
    let mut foreign = Vec::new();
    for (delivery, shop, verdict) in judged {
        let domain = &delivery.shop_domain;
        let owner = fulfillment_order(shop, &verdict).and_then(|id| owners.get(&id).copied());
        let reading = carry_out(&tx, delivery, shop, verdict, Owner::Seen(owner), now)?;
        if reading.is_foreign() {
            foreign.push(domain);
        }
        readings.push((delivery.id, reading));
    }
    mark_read(&tx, readings).await?;
    failpoint::hit("process.before_commit");
    tx.commit().await?;
    for domain in foreign {
        record_foreign(app, domain).await;
    }
    Ok(unread.len())
}

/// What a delivery is about that does not say which order it belongs to.
fn fulfillment_order(shop: Option<&shops::Model>, verdict: &Verdict) -> Option<OfShop> {
    let Verdict::Says(_, Subject::FulfillmentOrder { id }) = verdict else {
        return None;
    };
    let id = i64::try_from(*id).ok().map(ShopifyFulfillmentOrderId)?;
    shop.map(|shop| (shop.id, id))
}

/// Leaves the first unread delivery to a job of its own.
async fn hand_on(app: &App) -> Result<usize, DbErr> {
    let tx = app.db.begin().await?;
    let unread = deliveries::unread(&tx, 1).await?;
    for delivery in &unread {
        leave_to_job(&tx, delivery, app.clock.now_ms()).await?;
    }
    tx.commit().await?;
    Ok(unread.len())
}

async fn leave_to_job(tx: &Tx, delivery: &Model, now_ms: i64) -> Result<(), DbErr> {
    let reading = Reading {
        status: DeliveryStatus::HandedOn,
        note: None,
        shop: None,
        order: None,
        forget: false,
    };
    deliveries::mark_read(tx, &[(delivery.id, reading)]).await?;
    let job = ProcessDelivery {
        delivery_id: delivery.id,
    };
    enqueue(tx, &job, When::now(now_ms))
}
