//! Orders: the list, one order, and “route now”.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    errors::{Outcome, Problem, payload},
    events::{Event, history},
    exceptions::Exception,
    fulfillments::Fulfillment,
    guard,
    loaders::{ExceptionsOf, FulfillmentsOf, LinesOf, Loaders, OwnShop, PlanOf, PurchaseOrdersOf, ShipmentsOf},
    money::Money,
    order_lines::OrderLine,
    pagination::{Asked, NESTED, Page, STATEMENT, weight},
    plans::RoutingPlan,
    purchase_orders::{Address, PurchaseOrder},
    scalars::{ShopifyId, id},
    shipments::Shipment,
};
use crate::{
    actions::{preview_route, request_routing},
    domain::{money, order},
    error::AppError,
    ids::{EventId, OrderId},
    store::{
        self,
        orders::{Model, OrderFilter},
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

#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
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
