//! Removes what nobody needs any more, by age and size, some rows at a time
//! (`worker::PERIODIC`).
//!
//! What is still to be read is never removed, nor what an open order or an open
//! exception needs. Orders, their history and the Intents themselves stay: an
//! Intent says that something happened, and must not happen again.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::give_up_job::{key_of, order_of};
use crate::{
    app::App,
    ids::{DeliveryId, IntentId, JobId, ShopId, WhatIfRunId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{
        Tx, deliveries, delivery_sizes, exceptions, first_id_at, intents, jobs, orders, prune_marks, security_events,
        sweeps, what_if_orders, what_if_runs,
    },
};

/// Removes some of what is old enough, and goes on later if there is more.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PruneHistory {}

/// Rows of one transaction: few, so that nothing waits long behind it.
const BATCH: u64 = 250;
/// Transactions of one kind in one run; then other work has its turn.
const MOST_BATCHES: u32 = 20;
/// Shopify repeats a webhook for four hours and may be a day late: for longer than that, repetitions are known.
const REPEATED: TimeDelta = TimeDelta::days(2);
/// Bodies are counted when they are so old: transactions that were under way have ended by then.
const COUNTED_AFTER: TimeDelta = TimeDelta::minutes(10);
/// Blocks in which bodies are counted, of the size that is kept: what goes, goes in such portions.
const BLOCKS: u64 = 200;
/// Comparisons with Shopify are kept so long.
const SWEEPS: TimeDelta = TimeDelta::days(30);
/// Comparisons of drafts are kept so long.
const WHAT_IFS: TimeDelta = TimeDelta::days(30);

impl Job for PruneHistory {
    const NAME: &'static str = "prune_history";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        None
    }

    fn serial_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        if prune(app).await? {
            let tx = app.db.begin().await?;
            enqueue(&tx, self, When::now(app.clock.now_ms()))?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Prunes for a while; true when there is more.
pub async fn prune(app: &App) -> Result<bool, DbErr> {
    let now = app.clock.now();
    let keep = &app.config.retention;
    let mut bounds = Bounds {
        deliveries: oldest_kept(app, now).await?,
        bodies: DeliveryId(first_id_at(now - keep.bodies)),
        bodies_by_size: DeliveryId(Uuid::nil()),
        counted: DeliveryId(first_id_at(now - COUNTED_AFTER)),
        block_bytes: i64::try_from(keep.most_body_bytes / BLOCKS).unwrap_or(i64::MAX),
        history: now - keep.history,
        sweeps: now - SWEEPS,
        what_ifs: WhatIfRunId(first_id_at(now - WHAT_IFS)),
    };
    let mut more = false;
    for rows in [
        Rows::Deliveries,
        Rows::SecurityEvents,
        Rows::Sweeps,
        Rows::WhatIfOrders,
        Rows::WhatIfRuns,
    ] {
        let has_more = bounds.remove(app, rows).await?;
        if matches!(rows, Rows::Deliveries) && !has_more {
            count_anew(app).await?;
        }
        more |= has_more;
    }
    more |= bounds.walk(app, Walk::Sizes).await?;
    bounds.bodies_by_size = too_large(app).await?;
    for walk in [Walk::Bodies, Walk::BodiesBySize, Walk::Requests, Walk::DeadJobs] {
        more |= bounds.walk(app, walk).await?;
    }
    forget_blocks(app).await?;
    Ok(more)
}

/// The delivery before which bodies are too many, by what they take together.
async fn too_large(app: &App) -> Result<DeliveryId, DbErr> {
    let most = i64::try_from(app.config.retention.most_body_bytes).unwrap_or(i64::MAX);
    let mut bytes: i64 = 0;
    for block in delivery_sizes::newest(app.db.read(), BLOCKS * 2).await? {
        bytes = bytes.saturating_add(block.bytes);
        if bytes > most {
            return Ok(after(block.upto));
        }
    }
    Ok(DeliveryId(Uuid::nil()))
}

/// Blocks count as long as a body may be left of them.
async fn forget_blocks(app: &App) -> Result<(), DbErr> {
    let by_age = prune_marks::of(app.db.read(), Walk::Bodies.name()).await?;
    let by_size = prune_marks::of(app.db.read(), Walk::BodiesBySize.name()).await?;
    let upto = by_age.max(by_size);
    if upto.is_nil() {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    delivery_sizes::remove_upto(&tx, DeliveryId(upto)).await?;
    tx.commit().await
}

/// The oldest delivery that is kept, by age and by number.
async fn oldest_kept(app: &App, now: DateTime<Utc>) -> Result<DeliveryId, DbErr> {
    let keep = &app.config.retention;
    let by_age = DeliveryId(first_id_at(now - keep.deliveries));
    // The one at the limit is the first that is too many.
    let by_number = first_too_many(app).await?;
    let repeated = DeliveryId(first_id_at(now - REPEATED));
    Ok(by_number.map_or(by_age, |id| after(id).min(repeated).max(by_age)))
}

/// The delivery that was the first too many, of the installation.
const TOO_MANY: &str = "most_deliveries";

/// The newest delivery of those that are too many. To find it is to count all that are kept: it is
/// remembered until those before it are gone.
async fn first_too_many(app: &App) -> Result<Option<DeliveryId>, DbErr> {
    let known = prune_marks::of(app.db.read(), TOO_MANY).await?;
    if !known.is_nil() {
        return Ok(Some(DeliveryId(known)));
    }
    let found = deliveries::nth_newest(app.db.read(), app.config.retention.most_deliveries).await?;
    if let Some(id) = found {
        mark(app, id.0).await?;
    }
    Ok(found)
}

/// Has the next run count.
async fn count_anew(app: &App) -> Result<(), DbErr> {
    if prune_marks::of(app.db.read(), TOO_MANY).await?.is_nil() {
        return Ok(());
    }
    mark(app, Uuid::nil()).await
}

async fn mark(app: &App, first_too_many: Uuid) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    prune_marks::put(&tx, TOO_MANY, first_too_many).await?;
    tx.commit().await
}

/// The least id that comes after one.
const fn after(id: DeliveryId) -> DeliveryId {
    DeliveryId(Uuid::from_u128(id.0.as_u128().saturating_add(1)))
}

/// Rows that go as a whole, the oldest first.
#[derive(Clone, Copy)]
enum Rows {
    Deliveries,
    SecurityEvents,
    Sweeps,
    WhatIfOrders,
    WhatIfRuns,
}

/// Parts of rows, or rows that may still be needed: looked at one after the other.
#[derive(Clone, Copy)]
enum Walk {
    /// Counts what bodies take.
    Sizes,
    Bodies,
    BodiesBySize,
    Requests,
    DeadJobs,
}

impl Walk {
    const fn name(self) -> &'static str {
        match self {
            Self::Sizes => "body_sizes",
            Self::Bodies => "bodies",
            Self::BodiesBySize => "bodies_by_size",
            Self::Requests => "requests",
            Self::DeadJobs => "dead_jobs",
        }
    }

    /// Whether what was still needed is looked at again after the end.
    const fn begins_anew(self) -> bool {
        matches!(self, Self::Requests | Self::DeadJobs)
    }
}

/// What is older goes.
struct Bounds {
    deliveries: DeliveryId,
    bodies: DeliveryId,
    bodies_by_size: DeliveryId,
    counted: DeliveryId,
    /// What the bodies of one block take, at least.
    block_bytes: i64,
    history: DateTime<Utc>,
    sweeps: DateTime<Utc>,
    what_ifs: WhatIfRunId,
}

impl Bounds {
    /// Removes rows in transactions of their own, until one finds less than it may remove.
    async fn remove(&self, app: &App, rows: Rows) -> Result<bool, DbErr> {
        for _ in 0..MOST_BATCHES {
            let tx = app.db.begin().await?;
            let (what, pruned) = match rows {
                Rows::Deliveries => ("deliveries", deliveries::prune(&tx, self.deliveries, BATCH).await?),
                Rows::SecurityEvents => (
                    "security_events",
                    security_events::prune(&tx, self.history, BATCH).await?,
                ),
                Rows::Sweeps => ("sweeps", sweeps::prune(&tx, self.sweeps, BATCH).await?),
                Rows::WhatIfOrders => (
                    "what_if_orders",
                    what_if_orders::prune(&tx, self.what_ifs, BATCH).await?,
                ),
                Rows::WhatIfRuns => ("what_if_runs", what_if_runs::prune(&tx, self.what_ifs, BATCH).await?),
            };
            tx.commit().await?;
            metrics::counter!("orderyard_pruned_total", "what" => what).increment(pruned);
            if pruned < BATCH {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Walks through a table by id, from where the last run stopped.
    async fn walk(&self, app: &App, walk: Walk) -> Result<bool, DbErr> {
        for _ in 0..MOST_BATCHES {
            let tx = app.db.begin().await?;
            let after = prune_marks::of(tx.conn(), walk.name()).await?;
            let (looked_at, last) = self.step(&tx, walk, after).await?;
            let at_the_end = looked_at < BATCH;
            let upto = match last {
                _ if at_the_end && walk.begins_anew() => Uuid::nil(),
                Some(last) => last,
                None => after,
            };
            if upto != after {
                prune_marks::put(&tx, walk.name(), upto).await?;
            }
            tx.commit().await?;
            if at_the_end {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at the next rows; says at how many, and which was the last.
    async fn step(&self, tx: &Tx, walk: Walk, after: Uuid) -> Result<(u64, Option<Uuid>), DbErr> {
        let looked_at: Vec<Uuid> = match walk {
            Walk::Sizes => self.count(tx, DeliveryId(after)).await?,
            Walk::Bodies | Walk::BodiesBySize => {
                let before = if matches!(walk, Walk::Bodies) {
                    self.bodies
                } else {
                    self.bodies_by_size
                };
                let found = deliveries::forget_old_bodies(tx, DeliveryId(after), before, BATCH).await?;
                found.iter().map(|id| id.0).collect()
            }
            Walk::Requests => {
                let before = IntentId(first_id_at(self.history));
                let found = intents::forget_requests(tx, IntentId(after), before, BATCH).await?;
                found.iter().map(|id| id.0).collect()
            }
            Walk::DeadJobs => dead_jobs(tx, after, self.history).await?,
        };
        Ok((looked_at.len() as u64, looked_at.last().copied()))
    }
}

impl Bounds {
    /// Counts the next bodies into the newest block, or into a new one where that is full.
    async fn count(&self, tx: &Tx, after: DeliveryId) -> Result<Vec<Uuid>, DbErr> {
        let sizes = deliveries::body_sizes(tx.conn(), after, self.counted, BATCH).await?;
        let (Some((first, _)), Some((last, _))) = (sizes.first(), sizes.last()) else {
            return Ok(Vec::new());
        };
        let newest = delivery_sizes::newest(tx.conn(), 1).await?.pop();
        let block = newest.filter(|block| block.bytes < self.block_bytes);
        let block = block.unwrap_or(delivery_sizes::Model {
            since: *first,
            upto: *last,
            bytes: 0,
        });
        let counted = delivery_sizes::Model {
            upto: *last,
            bytes: sizes
                .iter()
                .fold(block.bytes, |sum, (_, bytes)| sum.saturating_add(*bytes)),
            ..block
        };
        delivery_sizes::put(tx, counted).await?;
        Ok(sizes.iter().map(|(id, _)| id.0).collect())
    }
}

/// Forgets some jobs that were given up, but none that people are still asked about.
async fn dead_jobs(tx: &Tx, after: Uuid, before: DateTime<Utc>) -> Result<Vec<Uuid>, DbErr> {
    let found = jobs::given_up::between(tx.conn(), JobId(after), JobId(first_id_at(before)), BATCH).await?;
    for job in &found {
        if !is_asked_about(tx, job).await? {
            jobs::given_up::remove(tx, job.id).await?;
        }
    }
    Ok(found.iter().map(|job| job.id.0).collect())
}

async fn is_asked_about(tx: &Tx, job: &jobs::Model) -> Result<bool, DbErr> {
    let (Some(shop), Some(key)) = (job.shop_id, job.serial_key.as_deref()) else {
        return Ok(false);
    };
    let order = match order_of(job) {
        Some(id) => orders::by_shopify_id(tx.conn(), shop, id).await?,
        None => None,
    };
    if let Some(order) = order {
        let asked = exceptions::orders_with_open(tx.conn(), shop, &[order.id]).await?;
        return Ok(!order.status.is_over() || !asked.is_empty());
    }
    let open = exceptions::open_of_failed_jobs(tx.conn(), shop, None).await?;
    Ok(open.iter().any(|exception| key_of(exception) == Some(key)))
}
