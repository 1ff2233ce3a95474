//! Orders: the list, one order, and “route now”.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    delayed_work::DelayedWork,
    errors::{Outcome, Problem, payload},
    events::{Event, history},
    exceptions::Exception,
    fulfillments::Fulfillment,
    guard,
    loaders::{
        AllocationsOf, DelayedWorkOf, ExceptionsOf, FulfillmentsOf, LinesOf, Loaders, OwnShop, PlanOf,
        PurchaseOrdersOf, ShipmentsOf, StandingPlansOf,
    },
    money::Money,
    order_lines::OrderLine,
    pagination::{Asked, NESTED, Page, STATEMENT, weight},
    plans::RoutingPlan,
    purchase_orders::{Address, PurchaseOrder},
    scalars::{ShopifyId, id},
    shipments::Shipment,
};
use crate::{
    actions::{
        override_routing::{self, Override, Part},
        preview_route, regroup_purchase_orders, request_routing,
    },
    domain::{money, order},
    error::AppError,
    ids::{EventId, OrderId, PoLineId},
    store::{
        self,
        orders::{Model, OrderFilter},
        routing_plans,
    },
};

/// How far an order is with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "order::OrderStatus")]
pub enum OrderStatus {
    NotRoutable,
    Waiting,
    AwaitingRouting,
    NeedsAttention,
    Held,
    WithSupplier,
    PartlyShipped,
    Shipped,
    Cancelled,
    FulfilledOutside,
}

pub struct Order(pub Model);

#[Object]
impl Order {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn shopify_id(&self) -> ShopifyId {
        ShopifyId(self.0.shopify_id.0)
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn status(&self) -> OrderStatus {
        self.0.status.into()
    }

    /// Why it is not routed, in words.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// A person has taken care of some of its units: they are routed only when somebody asks.
    async fn taken_care_of(&self, ctx: &Context<'_>) -> Outcome<bool> {
        let rows = Loaders::of(ctx).rows(LinesOf(self.0.id)).await?;
        Ok(rows.iter().any(|line| line.handled > 0))
    }

    async fn financial_status(&self) -> &'static str {
        self.0.financial_status.as_str()
    }

    /// When the customer placed it.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.placed_at
    }

    async fn imported_at(&self) -> DateTime<Utc> {
        self.0.imported_at
    }

    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }

    async fn total(&self) -> Money {
        money::Money::new(self.0.total_minor, self.0.currency).into()
    }

    async fn ship_to(&self) -> Option<Address> {
        self.0.ship_to.as_ref().map(|address| address.0.clone().into())
    }

    /// The order's page in Shopify's admin.
    async fn admin_url(&self, ctx: &Context<'_>) -> Outcome<String> {
        let shop = Loaders::of(ctx).one(OwnShop).await?;
        let shop = shop.ok_or(AppError::NotFound("this shop"))?;
        Ok(format!("https://{}/admin/orders/{}", shop.domain, self.0.shopify_id))
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self, ctx: &Context<'_>) -> Outcome<Vec<OrderLine>> {
        let rows = Loaders::of(ctx).rows(LinesOf(self.0.id)).await?;
        Ok(rows.into_iter().map(OrderLine).collect())
    }

    /// The latest decision on who ships what.
    async fn plan(&self, ctx: &Context<'_>) -> Outcome<Option<RoutingPlan>> {
        let mut rows = Loaders::of(ctx).rows(PlanOf(self.0.id)).await?;
        Ok(rows.pop().map(RoutingPlan::from))
    }

    /// Decisions before the latest by which units are with suppliers still, with the lines of these; the newest first.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn earlier_plans(&self, ctx: &Context<'_>) -> Outcome<Vec<RoutingPlan>> {
        let latest = Loaders::of(ctx).rows(PlanOf(self.0.id)).await?;
        let standing = Loaders::of(ctx).rows(StandingPlansOf(self.0.id)).await?;
        let live = Loaders::of(ctx).rows(AllocationsOf(self.0.id)).await?;
        let earlier = standing
            .into_iter()
            .filter(|plan| latest.iter().all(|latest| latest.id != plan.id));
        let of_lines = |plan: routing_plans::Model| {
            let rests = |line| {
                live.iter()
                    .any(|one| one.plan_id == plan.id && one.order_line_id == line)
            };
            RoutingPlan::from(plan.clone()).of_lines(rests)
        };
        Ok(earlier.map(of_lines).collect())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn purchase_orders(&self, ctx: &Context<'_>) -> Outcome<Vec<PurchaseOrder>> {
        let rows = Loaders::of(ctx).rows(PurchaseOrdersOf(self.0.id)).await?;
        Ok(rows.into_iter().map(PurchaseOrder).collect())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn shipments(&self, ctx: &Context<'_>) -> Outcome<Vec<Shipment>> {
        let rows = Loaders::of(ctx).rows(ShipmentsOf(self.0.id)).await?;
        Ok(rows.into_iter().map(Shipment).collect())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn fulfillments(&self, ctx: &Context<'_>) -> Outcome<Vec<Fulfillment>> {
        let rows = Loaders::of(ctx).rows(FulfillmentsOf(self.0.id)).await?;
        Ok(rows.into_iter().filter_map(Fulfillment::made).collect())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn exceptions(&self, ctx: &Context<'_>) -> Outcome<Vec<Exception>> {
        let rows = Loaders::of(ctx).rows(ExceptionsOf(self.0.id)).await?;
        Ok(rows.into_iter().map(Exception).collect())
    }

    /// What could not be done for it yet, and is tried again by itself.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn delayed_work(&self, ctx: &Context<'_>) -> Outcome<Vec<DelayedWork>> {
        let rows = Loaders::of(ctx).rows(DelayedWorkOf(self.0.shopify_id)).await?;
        Ok(rows.into_iter().map(DelayedWork::from).collect())
    }

    /// What happened, the newest first.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<EventId, Event>> {
        history(ctx, self.0.id, first, after.as_deref()).await
    }
}

/// The order that something of the viewer's shop belongs to.
pub async fn order_by_id(ctx: &Context<'_>, id: OrderId) -> Outcome<Option<Order>> {
    Ok(Loaders::of(ctx).one(id).await?.map(Order))
}

#[derive(Default, InputObject)]
#[graphql(name = "OrderFilter")]
pub struct OrderFilterInput {
    status: Option<Vec<OrderStatus>>,
    /// The beginning of the order's name.
    search: Option<String>,
    created_from: Option<DateTime<Utc>>,
    created_to: Option<DateTime<Utc>>,
    has_exception: Option<bool>,
}

#[derive(Default)]
pub struct OrderQuery;

#[Object]
impl OrderQuery {
    /// The shop's orders, the newest first.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<OrderFilterInput>,
    ) -> Outcome<Page<(DateTime<Utc>, OrderId), Order>> {
        let shop = guard::shop_reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let filter = OrderFilter {
            statuses: filter.status.into_iter().flatten().map(Into::into).collect(),
            search: filter.search,
            placed_from: filter.created_from,
            placed_to: filter.created_to,
            has_exception: filter.has_exception,
        };
        let rows = store::orders::page(Loaders::of(ctx).db(), shop, &filter, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| (row.placed_at, row.id), Order))
    }

    /// What routing would decide about an order now; nothing follows from it.
    #[graphql(complexity = "8 * STATEMENT + child_complexity")]
    async fn route_preview(&self, ctx: &Context<'_>, order_id: ID) -> Outcome<Option<RoutePreview>> {
        let shop = guard::shop_reader(ctx)?;
        let Some(id) = self::id(&order_id) else {
            return Ok(None);
        };
        let found = preview_route::preview_route(guard::app(ctx), shop, id).await?;
        Ok(found.map(|preview| RoutePreview {
            plan: preview.plan.into(),
            whole_order: preview.whole_order,
        }))
    }

    async fn order(&self, ctx: &Context<'_>, id: ID) -> Outcome<Option<Order>> {
        guard::shop_reader(ctx)?;
        match self::id(&id) {
            Some(id) => order_by_id(ctx, id).await,
            None => Ok(None),
        }
    }
}

/// What routing would decide now.
#[derive(SimpleObject)]
pub struct RoutePreview {
    plan: RoutingPlan,
    /// Nothing of the order awaits routing: it was decided as if all of it did.
    whole_order: bool,
}

#[derive(SimpleObject)]
pub struct OrderPayload {
    order: Option<Order>,
    problems: Vec<Problem>,
}

/// Units of a line for one offer.
#[derive(InputObject)]
pub struct OverridePart {
    offer_id: ID,
    /// All units that are left, without a number.
    quantity: Option<i32>,
}

impl OverridePart {
    fn read(&self) -> Result<Part, AppError> {
        let wrong = || AppError::invalid("parts", "an offer's id and at least one unit");
        let units = self.quantity.map(|units| u32::try_from(units).map_err(|_| wrong()));
        Ok(Part {
            offer: self::id(&self.offer_id).ok_or_else(wrong)?,
            units: units.transpose()?,
        })
    }
}

fn changed(done: Result<Model, AppError>) -> Outcome<OrderPayload> {
    let (row, problems) = payload(done)?;
    Ok(OrderPayload {
        order: row.map(Order),
        problems,
    })
}

#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Choose by hand who ships a line. Only units that were not sent go there; the reason stays in
    /// the order's history.
    async fn override_routing(
        &self,
        ctx: &Context<'_>,
        order_id: ID,
        line_id: ID,
        parts: Vec<OverridePart>,
        reason: String,
    ) -> Outcome<OrderPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let parts: Result<Vec<Part>, AppError> = parts.iter().map(OverridePart::read).collect();
        let done = match (self::id(&order_id), self::id(&line_id), parts) {
            (Some(order), Some(line), Ok(parts)) => {
                let wanted = Override {
                    order,
                    line,
                    parts,
                    reason,
                };
                override_routing::override_routing(guard::app(ctx), shop, wanted, &identity.actor()).await
            }
            (_, _, Err(problem)) => Err(problem),
            _ => Err(AppError::NotFound("this line of the order")),
        };
        changed(done)
    }

    /// Let some lines of a purchase order that was not sent leave in one of their own.
    async fn split_purchase_order(
        &self,
        ctx: &Context<'_>,
        id: ID,
        line_ids: Vec<ID>,
        reason: String,
    ) -> Outcome<OrderPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let lines: Option<Vec<PoLineId>> = line_ids.iter().map(self::id).collect();
        let done = match (self::id(&id), lines) {
            (Some(id), Some(lines)) => {
                let (app, actor) = (guard::app(ctx), identity.actor());
                regroup_purchase_orders::split_purchase_order(app, shop, id, &lines, &reason, &actor).await
            }
            _ => Err(AppError::NotFound("this purchase order")),
        };
        changed(done)
    }

    /// Let two purchase orders to one supplier that were not sent leave as one.
    async fn merge_purchase_orders(
        &self,
        ctx: &Context<'_>,
        id: ID,
        from_id: ID,
        reason: String,
    ) -> Outcome<OrderPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let done = match (self::id(&id), self::id(&from_id)) {
            (Some(id), Some(from)) => {
                let (app, actor) = (guard::app(ctx), identity.actor());
                regroup_purchase_orders::merge_purchase_orders(app, shop, id, from, &reason, &actor).await
            }
            _ => Err(AppError::NotFound("this purchase order")),
        };
        changed(done)
    }

    /// Route now, for shops with automation off.
    async fn route_order(&self, ctx: &Context<'_>, id: ID) -> Outcome<OrderPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let done = match self::id(&id) {
            Some(id) => request_routing::request_routing(guard::app(ctx), shop, id).await,
            None => Err(AppError::NotFound("this order")),
        };
        let (row, problems) = payload(done)?;
        Ok(OrderPayload {
            order: row.map(Order),
            problems,
        })
    }
}
