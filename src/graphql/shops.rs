//! The viewer's shop: what it is, what its owner chose, and how it stands.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    costs::Routing,
    errors::{Outcome, Problem, payload},
    guard,
    loaders::{Loaders, OwnShop},
    pagination::{NESTED, STATEMENT},
    scalars::ShopifyId,
    suppliers::Outage,
};
use crate::{
    actions::{
        request_routing,
        update_shop_settings::{self, SettingsChange},
    },
    domain::{
        circuit::Subject,
        order, review,
        shop::{self, SelectedLocations},
    },
    error::AppError,
    ids::{ShopId, ShopifyLocationId},
    store::{self, circuits, shops::Model},
};

/// Counts stop here: nobody needs the exact number above it.
const MOST_COUNTED: u64 = 10_000;

pub struct Shop(pub Model);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "shop::ShopStatus")]
pub enum ShopStatus {
    Installed,
    NeedsReconnect,
    Uninstalled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "shop::KitFulfillment")]
pub enum KitFulfillment {
    LastComponent,
    FirstComponent,
}

#[Object]
impl Shop {
    async fn id(&self) -> ShopifyId {
        ShopifyId(self.0.id.0)
    }

    async fn domain(&self) -> &str {
        &self.0.domain
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn currency(&self) -> &'static str {
        self.0.currency.code()
    }

    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    async fn status(&self) -> ShopStatus {
        self.0.status.into()
    }

    async fn settings(&self) -> ShopSettings {
        let settings = &self.0.settings.0;
        ShopSettings {
            automation: settings.automation,
            notify_customer: settings.notify_customer,
            kit_fulfillment: settings.kit_fulfillment.into(),
            all_locations: settings.locations == SelectedLocations::All,
            routing: Routing::of(&settings.routing, self.0.currency),
            undo_minutes: number(settings.undo_minutes.into()),
            review: (&settings.review).into(),
        }
    }

    #[graphql(complexity = "STATEMENT + NESTED * child_complexity")]
    async fn locations(&self, ctx: &Context<'_>) -> Outcome<Vec<Location>> {
        let rows = store::locations::of_shop(Loaders::of(ctx).db(), self.0.id).await?;
        let selected = &self.0.settings.0.locations;
        let location = |row: store::locations::Model| Location {
            id: ShopifyId(row.id.0),
            selected: selected.contains(row.id),
            name: row.name,
        };
        Ok(rows.into_iter().filter(|row| row.active).map(location).collect())
    }

    async fn counts(&self) -> ShopCounts {
        ShopCounts { shop: self.0.id }
    }

    /// Calls to Shopify's API of the shop fail, and it is left alone for now: orders and parcels wait. Null while it
    /// is called.
    async fn outage(&self, ctx: &Context<'_>) -> Outcome<Option<Outage>> {
        let open = circuits::open_of(Loaders::of(ctx).db(), &[Subject::Shop(self.0.id)]).await?;
        Ok(open.into_iter().next().map(Outage::from))
    }

    /// How the shop's orders here compare with Shopify's.
    async fn reconciliation(&self) -> Reconciliation {
        Reconciliation { shop: self.0.id }
    }
}

#[derive(SimpleObject)]
pub struct ShopSettings {
    automation: bool,
    notify_customer: bool,
    kit_fulfillment: KitFulfillment,
    all_locations: bool,
    routing: Routing,
    /// Minutes in which a purchase order can be undone before it is sent.
    undo_minutes: i32,
    review: ReviewHolds,
}

/// Purchase orders that a person looks at before they are sent.
#[derive(SimpleObject)]
pub struct ReviewHolds {
    /// To a supplier that has not taken one of the shop's yet.
    first_order: bool,
    /// For orders above this total, a decimal in the shop's currency, and for orders in another.
    above: Option<String>,
    /// For orders that Shopify advises to look into, or to cancel. Each waits for its assessment, for up to an hour.
    risk: bool,
    /// For orders with any of these tags.
    tags: Vec<String>,
}

impl From<&review::ReviewHolds> for ReviewHolds {
    fn from(holds: &review::ReviewHolds) -> Self {
        Self {
            first_order: holds.first_order,
            above: holds.above.clone(),
            risk: holds.risk,
            tags: holds.tags.clone(),
        }
    }
}

/// All of it: what is left out does not wait.
#[derive(InputObject)]
pub struct ReviewHoldsInput {
    first_order: Option<bool>,
    above: Option<String>,
    risk: Option<bool>,
    tags: Option<Vec<String>>,
}

impl From<ReviewHoldsInput> for review::ReviewHolds {
    fn from(input: ReviewHoldsInput) -> Self {
        let text = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            first_order: input.first_order.unwrap_or(false),
            above: input.above.and_then(text),
            risk: input.risk.unwrap_or(false),
            tags: input.tags.unwrap_or_default().into_iter().filter_map(text).collect(),
        }
    }
}

#[derive(SimpleObject)]
pub struct Location {
    id: ShopifyId,
    name: String,
    selected: bool,
}

pub struct ShopCounts {
    shop: ShopId,
}

/// Each is counted only where it is asked for, and up to ten thousand.
#[Object]
impl ShopCounts {
    #[graphql(complexity = "STATEMENT")]
    async fn open_exceptions(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let count = store::exceptions::count_open(Loaders::of(ctx).db(), self.shop, MOST_COUNTED).await?;
        Ok(number(count))
    }

    /// Work that was given up after its last try.
    #[graphql(complexity = "STATEMENT")]
    async fn dead_jobs(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let count = store::jobs::given_up::count(Loaders::of(ctx).db(), self.shop, MOST_COUNTED).await?;
        Ok(number(count))
    }

    #[graphql(complexity = "STATEMENT")]
    async fn awaiting_routing(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.orders(ctx, &[order::OrderStatus::AwaitingRouting]).await
    }

    #[graphql(complexity = "STATEMENT")]
    async fn with_supplier(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.orders(
            ctx,
            &[order::OrderStatus::WithSupplier, order::OrderStatus::PartlyShipped],
        )
        .await
    }

    /// Parcels that suppliers reported.
    #[graphql(complexity = "STATEMENT")]
    async fn shipped_last7_days(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let since = guard::app(ctx).clock.now() - TimeDelta::days(7);
        let count = store::shipments::count_since(Loaders::of(ctx).db(), self.shop, since, MOST_COUNTED).await?;
        Ok(number(count))
    }

    #[graphql(complexity = "STATEMENT")]
    async fn unmapped_variants(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let count = store::variants::count_unmapped(Loaders::of(ctx).db(), self.shop, MOST_COUNTED).await?;
        Ok(number(count))
    }
}

impl ShopCounts {
    async fn orders(&self, ctx: &Context<'_>, statuses: &[order::OrderStatus]) -> Outcome<i32> {
        let count = store::orders::count_in(Loaders::of(ctx).db(), self.shop, statuses, MOST_COUNTED).await?;
        Ok(number(count))
    }
}

pub struct Reconciliation {
    shop: ShopId,
}

#[Object]
impl Reconciliation {
    /// The last comparison that came to its end.
    #[graphql(complexity = "STATEMENT")]
    async fn last(&self, ctx: &Context<'_>) -> Outcome<Option<Sweep>> {
        let rows = store::sweeps::ended(Loaders::of(ctx).db(), self.shop, 1).await?;
        Ok(rows.into_iter().next().map(Sweep::from))
    }

    /// What was missing, outdated or stood still, and was put right.
    #[graphql(complexity = "STATEMENT")]
    async fn repaired_last7_days(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let since = guard::app(ctx).clock.now() - TimeDelta::days(7);
        let count = store::sweeps::repaired_since(Loaders::of(ctx).db(), self.shop, since).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// One comparison of a shop's books with Shopify, its suppliers and themselves.
#[derive(SimpleObject)]
pub struct Sweep {
    id: ID,
    /// Changes since then were compared.
    since: DateTime<Utc>,
    began_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// Orders and fulfillment orders that had changed at Shopify.
    seen: i32,
    orders_missing: i32,
    orders_outdated: i32,
    subscriptions_missing: i32,
    /// Work that stood still.
    work_resumed: i32,
    /// Purchase orders that suppliers' systems were asked about.
    asked: i32,
    /// Those of which a supplier knew more than it had reported.
    reports_missed: i32,
}

impl From<store::sweeps::Model> for Sweep {
    fn from(row: store::sweeps::Model) -> Self {
        Self {
            id: ID(row.id.to_string()),
            since: row.since,
            began_at: row.began_at,
            ended_at: row.ended_at,
            seen: row.seen,
            orders_missing: row.orders_missing,
            orders_outdated: row.orders_outdated,
            subscriptions_missing: row.subscriptions_missing,
            work_resumed: row.work_resumed,
            asked: row.asked,
            reports_missed: row.reports_missed,
        }
    }
}

/// A count as GraphQL's integer.
pub fn number(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[derive(Default)]
pub struct ShopQuery;

#[Object]
impl ShopQuery {
    /// The shop the viewer works for.
    async fn shop(&self, ctx: &Context<'_>) -> Outcome<Shop> {
        guard::shop_reader(ctx)?;
        own_shop(ctx).await
    }
}

pub async fn own_shop(ctx: &Context<'_>) -> Outcome<Shop> {
    let row = Loaders::of(ctx).one(OwnShop).await?;
    Ok(row.map(Shop).ok_or(AppError::NotFound("this shop"))?)
}

#[derive(InputObject)]
pub struct ShopSettingsInput {
    automation: Option<bool>,
    notify_customer: Option<bool>,
    kit_fulfillment: Option<KitFulfillment>,
    /// Work on every location; locationIds is then ignored.
    all_locations: Option<bool>,
    location_ids: Option<Vec<ShopifyId>>,
    /// Minutes in which a purchase order can be undone before it is sent, up to a day.
    undo_minutes: Option<i32>,
    review: Option<ReviewHoldsInput>,
}

#[derive(SimpleObject)]
pub struct ShopPayload {
    shop: Option<Shop>,
    problems: Vec<Problem>,
}

impl ShopPayload {
    pub fn from(done: Result<Model, AppError>) -> Outcome<Self> {
        let (row, problems) = payload(done)?;
        Ok(Self {
            shop: row.map(Shop),
            problems,
        })
    }

    pub const fn refused(problems: Vec<Problem>) -> Self {
        Self { shop: None, problems }
    }
}

#[derive(Default)]
pub struct ShopMutation;

#[Object]
impl ShopMutation {
    /// Decide anew on what was decided and can still be undone, as when stock or prices changed.
    async fn replan_orders(&self, ctx: &Context<'_>) -> Outcome<ShopPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let (row, problems) = payload(request_routing::request_replanning(guard::app(ctx), shop).await)?;
        Ok(ShopPayload {
            shop: row.map(Shop),
            problems,
        })
    }

    async fn update_shop_settings(&self, ctx: &Context<'_>, input: ShopSettingsInput) -> Outcome<ShopPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let change = SettingsChange {
            automation: input.automation,
            notify_customer: input.notify_customer,
            kit_fulfillment: input.kit_fulfillment.map(Into::into),
            all_locations: input.all_locations,
            undo_minutes: input.undo_minutes,
            review: input.review.map(Into::into),
            locations: input
                .location_ids
                .map(|ids| ids.into_iter().map(|id| ShopifyLocationId(id.0)).collect()),
        };
        ShopPayload::from(update_shop_settings::update_shop_settings(guard::app(ctx), shop, change).await)
    }
}
