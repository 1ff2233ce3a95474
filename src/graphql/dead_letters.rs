//! Work that was given up, and deliveries from which nothing followed.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    loaders::Loaders,
    orders::Order,
    pagination::{Asked, Page, STATEMENT, weight},
    scalars::id,
    shops::own_shop,
};
use crate::{
    actions::{
        dead_letters::{self, Fate, decide_job, replay_delivery},
        give_up_job::order_of,
    },
    error::AppError,
    ids::{DeliveryId, JobId},
    store::{deliveries, jobs, orders},
};

/// Work that was given up after its last try.
pub struct DeadJob {
    row: jobs::Model,
    order: Option<orders::Model>,
}

#[Object]
impl DeadJob {
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// What was to be done, such as `push_fulfillment`.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The order that it is about, where it is about one that is known.
    async fn order(&self) -> Option<Order> {
        self.order.clone().map(Order)
    }

    async fn attempts(&self) -> i32 {
        self.row.attempts
    }

    async fn last_error(&self) -> Option<&str> {
        self.row.last_error.as_deref()
    }

    async fn created_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.row.created_at_ms)
    }

    /// When the last try was due.
    async fn last_tried_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.row.run_at_ms)
    }

    /// The ids that the job works on.
    async fn payload(&self) -> async_graphql::Json<serde_json::Value> {
        async_graphql::Json(dead_letters::shown_payload(&self.row))
    }
}

/// Why nothing followed from a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DeliveryFate {
    /// Its body says nothing that can be read.
    Unreadable,
    /// Its body does not name the shop of its header.
    Contradicted,
    /// The shop has no such order: it is another shop's, or too old to be read.
    NotFound,
    /// It could be read, and acting on it failed until the last try.
    GivenUp,
}

/// A webhook call from which nothing followed.
pub struct LostDelivery {
    row: deliveries::Model,
    fate: DeliveryFate,
}

/// Bytes of a body that are shown.
const MOST_SHOWN: usize = 64 * 1024;

impl LostDelivery {
    fn of(row: deliveries::Model) -> Self {
        use deliveries::DeliveryStatus as S;
        let fate = match row.status {
            S::Contradicted => DeliveryFate::Contradicted,
            S::NotFound => DeliveryFate::NotFound,
            S::GivenUp => DeliveryFate::GivenUp,
            S::Unreadable | S::UnknownShop | S::Received | S::HandedOn | S::Processed => DeliveryFate::Unreadable,
        };
        Self { row, fate }
    }
}

#[Object]
impl LostDelivery {
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    async fn topic(&self) -> &str {
        &self.row.topic
    }

    /// Shopify's name of it, the same over all repetitions.
    async fn webhook_id(&self) -> &str {
        &self.row.webhook_id
    }

    async fn received_at(&self) -> DateTime<Utc> {
        self.row.received_at
    }

    async fn fate(&self) -> DeliveryFate {
        self.fate
    }

    /// Why, in words.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// The beginning of what was received, where it is kept and could not be read. A body that can
    /// be read and belongs to nothing of the shop's may be another shop's, and is not shown.
    async fn body(&self) -> Outcome<Option<String>> {
        let (DeliveryFate::Unreadable, Some(body)) = (self.fate, &self.row.body) else {
            return Ok(None);
        };
        let body = body.unpack()?;
        Ok(Some(
            String::from_utf8_lossy(&body[..body.len().min(MOST_SHOWN)]).into_owned(),
        ))
    }

    /// Whether it is kept and may be the shop's, so that it can be read again.
    async fn can_be_replayed(&self) -> bool {
        self.row.body.is_some() && self.fate != DeliveryFate::Contradicted
    }
}

#[derive(Default)]
pub struct DeadLetterQuery;

#[Object]
impl DeadLetterQuery {
    /// Work of the shop's that was given up; the newest first.
    #[graphql(complexity = "STATEMENT + weight(first, child_complexity)")]
    async fn dead_jobs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<JobId, DeadJob>> {
        let shop = guard::shop_reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let db = Loaders::of(ctx).db();
        let rows = jobs::given_up::page(db, Some(shop), asked.seen, asked.limit()).await?;
        let ids: Vec<_> = rows.iter().filter_map(order_of).collect();
        let orders: BTreeMap<_, _> = orders::by_shopify_ids(db, shop, &ids)
            .await?
            .into_iter()
            .map(|order| (order.shopify_id, order))
            .collect();
        let node = |row: jobs::Model| DeadJob {
            order: order_of(&row).and_then(|id| orders.get(&id).cloned()),
            row,
        };
        Ok(asked.page(rows, |row| row.id, node))
    }

    /// Webhook calls for the shop from which nothing followed; the newest first.
    #[graphql(complexity = "STATEMENT + weight(first, child_complexity)")]
    async fn lost_deliveries(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<DeliveryId, LostDelivery>> {
        guard::shop_reader(ctx)?;
        let shop = own_shop(ctx).await?;
        let asked = Asked::read(first, after.as_deref())?;
        let rows = deliveries::led_nowhere(Loaders::of(ctx).db(), &shop.0.domain, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| row.id, LostDelivery::of))
    }
}

#[derive(SimpleObject)]
pub struct DeadJobPayload {
    /// The job that is now tried again, or gone.
    id: Option<ID>,
    problems: Vec<Problem>,
}

#[derive(SimpleObject)]
pub struct ReplayDeliveryPayload {
    id: Option<ID>,
    problems: Vec<Problem>,
}

#[derive(Default)]
pub struct DeadLetterMutation;

#[Object]
impl DeadLetterMutation {
    /// Try work that was given up again from the start, once its cause is mended.
    async fn requeue_job(&self, ctx: &Context<'_>, id: ID) -> Outcome<DeadJobPayload> {
        decide(ctx, &id, Fate::Requeue).await
    }

    /// Forget work that was given up, because it is taken care of otherwise.
    async fn dismiss_job(&self, ctx: &Context<'_>, id: ID) -> Outcome<DeadJobPayload> {
        decide(ctx, &id, Fate::Dismiss).await
    }

    /// Read a delivery again that led nowhere.
    async fn replay_delivery(&self, ctx: &Context<'_>, id: ID) -> Outcome<ReplayDeliveryPayload> {
        guard::shop_writer(ctx)?;
        let shop = own_shop(ctx).await?;
        let done = match self::id::<DeliveryId>(&id) {
            Some(id) => replay_delivery(guard::app(ctx), Some(&shop.0.domain), id).await,
            None => Err(AppError::NotFound("this delivery")),
        };
        let (row, problems) = payload(done)?;
        Ok(ReplayDeliveryPayload {
            id: row.map(|row| ID(row.id.to_string())),
            problems,
        })
    }
}

async fn decide(ctx: &Context<'_>, job: &ID, fate: Fate) -> Outcome<DeadJobPayload> {
    let (shop, identity) = guard::shop_writer(ctx)?;
    let done = match id::<JobId>(job) {
        Some(id) => decide_job(guard::app(ctx), Some(shop), id, fate, &identity.actor()).await,
        None => Err(AppError::NotFound("this job")),
    };
    let (row, problems) = payload(done)?;
    Ok(DeadJobPayload {
        id: row.map(|row| ID(row.id.to_string())),
        problems,
    })
}
