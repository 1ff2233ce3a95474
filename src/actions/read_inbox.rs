//! Reads what has arrived, many deliveries in one transaction: those of all shops by turns.
//!
//! One that cannot be read with the others is read by itself, and then by a
//! job of its own, which is tried again and ends before people: it never
//! blocks those behind it.

use std::{
    collections::{BTreeSet, VecDeque},
    panic::AssertUnwindSafe,
    time::Duration,
};

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
        deliveries::{self, DeliveryStatus, Model, Reading, unread},
        fulfillment_orders::{self, OfShop},
        shops,
    },
};

/// Deliveries in one transaction.
const MOST: usize = 100;

/// Where reading gives way, it stands back for so many times as long as it read.
const TIMES: u32 = 3;
/// What is read for other shops waits for this at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// For how long reading stands back after it read so many: while more came than that, they need the writer and the
/// processors more, since whoever sent them waits. Calls that were kept can be read when the flood is over.
pub fn gives_way(read: usize, came: u64, took: Duration) -> Option<Duration> {
    (came > read as u64).then(|| (took * TIMES).min(LONGEST_PAUSE))
}

/// Whose turn it is, where more shops have something unread than one transaction takes.
#[derive(Debug, Default)]
pub struct Turn {
    /// The domain that was the last.
    last: String,
}

impl Turn {
    /// The next domains for which something is unread.
    async fn next(&mut self, app: &App) -> Result<Vec<String>, DbErr> {
        let mut domains = unread::domains(app.db.read(), &self.last, MOST as u64).await?;
        if domains.is_empty() && !self.last.is_empty() {
            domains = unread::domains(app.db.read(), "", MOST as u64).await?;
        }
        self.last = match domains.last() {
            Some(last) if domains.len() == MOST => last.clone(),
            _ => String::new(),
        };
        Ok(domains)
    }
}

/// Reads some of what is unread, and says how many; none, and there was nothing to do.
pub async fn read_inbox(app: &App, turn: &mut Turn) -> Result<usize, DbErr> {
    let domains = turn.next(app).await?;
    if domains.is_empty() {
        return Ok(0);
    }
    match attempt(app, &domains, MOST).await {
        Ok(read) => Ok(read),
        Err(error) => {
            tracing::warn!(%error, "deliveries cannot be read together");
            app.db.ping().await?;
            one_by_one(app, domains).await
        }
    }
}

/// A panic must not end the reading of the others.
async fn attempt(app: &App, domains: &[String], limit: usize) -> Result<usize, DbErr> {
    AssertUnwindSafe(read(app, domains, limit))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(DbErr::Custom("reading panicked; the log has the place".to_owned())))
}

async fn one_by_one(app: &App, domains: Vec<String>) -> Result<usize, DbErr> {
    let (mut count, mut turns) = (0, VecDeque::from(domains));
    while let Some(domain) = turns.pop_front() {
        let domain = [domain];
        let read = match attempt(app, &domain, 1).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "a delivery is handed on to a job");
                hand_on(app, &domain).await?
            }
        };
        count += read;
        if count >= MOST {
            break;
        }
        if read > 0 {
            turns.extend(domain);
        }
    }
    Ok(count)
}

async fn read(app: &App, domains: &[String], limit: usize) -> Result<usize, DbErr> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let unread = unread::of(&tx, domains, limit).await?;
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

/// Leaves the first unread delivery of a domain to a job of its own.
async fn hand_on(app: &App, domain: &[String; 1]) -> Result<usize, DbErr> {
    let tx = app.db.begin().await?;
    let unread = unread::of(&tx, domain, 1).await?;
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
        shop_id: None,
    };
    enqueue(tx, &job, When::now(now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(8);

    #[test]
    fn reading_gives_way_while_more_comes_than_is_read() {
        assert_eq!(gives_way(100, 101, TOOK), Some(Duration::from_millis(24)));
        assert_eq!(gives_way(100, 100, TOOK), None);
    }

    #[test]
    fn a_slow_disk_does_not_keep_other_shops_waiting() {
        assert_eq!(gives_way(100, 5_000, Duration::from_secs(2)), Some(LONGEST_PAUSE));
    }
}
