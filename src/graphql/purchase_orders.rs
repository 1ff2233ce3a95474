//! Purchase orders, as the shop and the supplier see them, and the portal's answers.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    loaders::{Loaders, ParcelsOf, PoLinesOf, ShopName},
    money::Money,
    orders::{Order, order_by_id},
    pagination::{Asked, NESTED, Page, weight},
    scalars::id,
    shipments::Shipment,
    shops::number,
    suppliers::{Supplier, supplier_by_id},
};
use crate::{
    actions::request_cancellation,
    domain::{self, address, carriers::CarrierName, money, purchase_order, purchase_order::Bucket, supplier},
    error::AppError,
    ids::PurchaseOrderId,
    store::{
        self, Party, po_lines,
        purchase_orders::{Model, PurchaseOrderFilter},
    },
};

/// Counts stop here: nobody needs the exact number above it.
const MOST_COUNTED: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "purchase_order::PurchaseOrderStatus")]
pub enum PurchaseOrderStatus {
    Draft,
    Placing,
    OutcomeUnknown,
    Placed,
    Accepted,
    PartlyShipped,
    Shipped,
    Rejected,
    CancelRequested,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "supplier::RejectReason")]
pub enum RejectReason {
    OutOfStock,
    Discontinued,
    InvalidSku,
    InvalidAddress,
    CannotShipToDestination,
    PriceChanged,
    Other,
}

/// The portal's buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::purchase_order::Bucket")]
pub enum PortalBucket {
    New,
    ToShip,
    PastShipBy,
    CancelRequested,
    Done,
}

#[derive(SimpleObject)]
pub struct Address {
    name: Option<String>,
    company: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    province: Option<String>,
    zip: Option<String>,
    country_code: Option<String>,
    phone: Option<String>,
}

impl From<address::Address> for Address {
    fn from(address: address::Address) -> Self {
        Self {
            name: address.name,
            company: address.company,
            address1: address.address1,
            address2: address.address2,
            city: address.city,
            province: address.province,
            zip: address.zip,
            country_code: address.country_code,
            phone: address.phone,
        }
    }
}

pub struct PurchaseOrder(pub Model);

#[Object]
impl PurchaseOrder {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn number(&self) -> &str {
        &self.0.number
    }

    async fn status(&self) -> PurchaseOrderStatus {
        self.0.status.into()
    }

    async fn supplier(&self, ctx: &Context<'_>) -> Outcome<Supplier> {
        let supplier = supplier_by_id(ctx, self.0.supplier_id).await?;
        Ok(supplier.ok_or(AppError::NotFound("the purchase order's supplier"))?)
    }

    async fn order_name(&self) -> &str {
        &self.0.order_name
    }

    /// The shop's order; null for the supplier.
    async fn order(&self, ctx: &Context<'_>) -> Outcome<Option<Order>> {
        match guard::reader(ctx)? {
            Party::Shop(_) => order_by_id(ctx, self.0.order_id).await,
            Party::Supplier(_) => Ok(None),
        }
    }

    async fn shop_name(&self, ctx: &Context<'_>) -> Outcome<String> {
        let name = Loaders::of(ctx).one(ShopName(self.0.shop_id)).await?;
        Ok(name.ok_or(AppError::NotFound("the purchase order's shop"))?)
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Until then it can be undone, and is not sent; null once that time is over.
    async fn send_after(&self) -> Option<DateTime<Utc>> {
        self.0.send_after
    }

    async fn placed_at(&self) -> Option<DateTime<Utc>> {
        self.0.placed_at
    }

    async fn ship_by(&self) -> Option<DateTime<Utc>> {
        self.0.ship_by
    }

    async fn currency(&self) -> &'static str {
        self.0.currency.code()
    }

    async fn total(&self) -> Money {
        money::Money::new(self.0.total_minor, self.0.currency).into()
    }

    async fn supplier_reference(&self) -> Option<&str> {
        self.0.supplier_reference.as_deref()
    }

    async fn ship_to(&self) -> Option<Address> {
        self.0.ship_to.as_ref().map(|address| address.0.clone().into())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self, ctx: &Context<'_>) -> Outcome<Vec<PurchaseOrderLine>> {
        let rows = Loaders::of(ctx).rows(PoLinesOf(self.0.id)).await?;
        let currency = self.0.currency;
        Ok(rows
            .into_iter()
            .map(|row| PurchaseOrderLine { row, currency })
            .collect())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn shipments(&self, ctx: &Context<'_>) -> Outcome<Vec<Shipment>> {
        let rows = Loaders::of(ctx).rows(ParcelsOf(self.0.id)).await?;
        Ok(rows.into_iter().map(Shipment).collect())
    }

    async fn cancel_requested_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancel_requested_at
    }

    /// Why the shop wants it back.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }
}

pub struct PurchaseOrderLine {
    pub row: po_lines::Model,
    pub currency: money::Currency,
}

#[Object]
impl PurchaseOrderLine {
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    async fn sku(&self) -> &str {
        &self.row.sku
    }

    async fn title(&self) -> &str {
        &self.row.title
    }

    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    async fn accepted(&self) -> i32 {
        self.row.accepted
    }

    async fn rejected(&self) -> i32 {
        self.row.rejected
    }

    async fn shipped(&self) -> i32 {
        self.row.shipped
    }

    async fn cancelled(&self) -> i32 {
        self.row.cancelled
    }

    async fn unit_cost(&self) -> Money {
        money::Money::new(self.row.unit_cost_minor, self.currency).into()
    }

    async fn reject_reason(&self) -> Option<RejectReason> {
        self.row.reject_reason.map(Into::into)
    }
}

/// What is in the portal's buckets: each is counted where it is asked for, once however
/// often it is named, and up to ten thousand.
#[derive(Clone)]
pub struct PortalCounts {
    party: Party,
    counted: Arc<Mutex<Vec<(Bucket, i32)>>>,
}

#[Object]
impl PortalCounts {
    async fn new(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.count(ctx, Bucket::New).await
    }

    async fn to_ship(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.count(ctx, Bucket::ToShip).await
    }

    async fn past_ship_by(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.count(ctx, Bucket::PastShipBy).await
    }

    async fn cancel_requested(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.count(ctx, Bucket::CancelRequested).await
    }

    async fn done(&self, ctx: &Context<'_>) -> Outcome<i32> {
        self.count(ctx, Bucket::Done).await
    }
}

impl PortalCounts {
    async fn count(&self, ctx: &Context<'_>, bucket: Bucket) -> Outcome<i32> {
        let mut counted = self.counted.lock().await;
        if let Some((_, count)) = counted.iter().find(|(known, _)| *known == bucket) {
            return Ok(*count);
        }
        let (db, now) = (Loaders::of(ctx).db(), guard::app(ctx).clock.now());
        let count = store::purchase_orders::count_in(db, self.party, bucket, now, MOST_COUNTED).await?;
        counted.push((bucket, number(count)));
        Ok(number(count))
    }
}

/// What the list of purchase orders has besides its page.
pub struct WithCounts(PortalCounts);

#[Object]
impl WithCounts {
    async fn counts(&self) -> PortalCounts {
        self.0.clone()
    }
}

#[derive(Default, InputObject)]
#[graphql(name = "PurchaseOrderFilter")]
pub struct PurchaseOrderFilterInput {
    status: Option<Vec<PurchaseOrderStatus>>,
    /// The beginning of the number, the order's name or the supplier's reference.
    search: Option<String>,
    bucket: Option<PortalBucket>,
}

#[derive(Default)]
pub struct PurchaseOrderQuery;

#[Object]
impl PurchaseOrderQuery {
    /// A shop's purchase orders for staff; a supplier's own for its users. The newest first.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn purchase_orders(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<PurchaseOrderFilterInput>,
    ) -> Outcome<Page<(DateTime<Utc>, PurchaseOrderId), PurchaseOrder, WithCounts>> {
        let party = guard::reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let input = filter.unwrap_or_default();
        let now = guard::app(ctx).clock.now();
        let filter = PurchaseOrderFilter {
            statuses: input.status.into_iter().flatten().map(Into::into).collect(),
            search: input.search,
            bucket: input.bucket.map(|bucket| (bucket.into(), now)),
        };
        let db = Loaders::of(ctx).db();
        let rows = store::purchase_orders::page(db, party, &filter, asked.seen, asked.limit()).await?;
        let key = |row: &Model| (row.created_at, row.id);
        let counts = PortalCounts {
            party,
            counted: Arc::default(),
        };
        Ok(asked.page_with(rows, WithCounts(counts), key, PurchaseOrder))
    }

    /// Carriers that Shopify knows: for any other one a parcel needs its tracking URL.
    #[graphql(complexity = 1)]
    async fn carriers(&self) -> Vec<&'static str> {
        CarrierName::known().collect()
    }

    async fn purchase_order(&self, ctx: &Context<'_>, id: ID) -> Outcome<Option<PurchaseOrder>> {
        guard::reader(ctx)?;
        match self::id::<PurchaseOrderId>(&id) {
            Some(id) => Ok(Loaders::of(ctx).one(id).await?.map(PurchaseOrder)),
            None => Ok(None),
        }
    }
}

#[derive(SimpleObject)]
pub struct PurchaseOrderPayload {
    purchase_order: Option<PurchaseOrder>,
    problems: Vec<Problem>,
}

impl PurchaseOrderPayload {
    /// The purchase order as it stands after a report, or why the report was not taken.
    pub async fn after(ctx: &Context<'_>, done: Result<PurchaseOrderId, AppError>) -> Outcome<Self> {
        let (id, problems) = payload(done)?;
        let row = match id {
            Some(id) => Loaders::of(ctx).one(id).await?,
            None => None,
        };
        Ok(Self {
            purchase_order: row.map(PurchaseOrder),
            problems,
        })
    }
}

#[derive(Default)]
pub struct PurchaseOrderMutation;

#[Object]
impl PurchaseOrderMutation {
    /// The shop wants it back: what was not sent ends, otherwise the supplier is asked. Nothing buys what that frees
    /// again until somebody has the order routed.
    async fn cancel_purchase_order(&self, ctx: &Context<'_>, id: ID, reason: String) -> Outcome<PurchaseOrderPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let done = match self::id(&id) {
            Some(id) => {
                let actor = identity.actor();
                request_cancellation::request_cancellation(guard::app(ctx), shop, id, &reason, &actor).await
            }
            None => Err(AppError::NotFound("this purchase order")),
        };
        let (row, problems) = payload(done)?;
        Ok(PurchaseOrderPayload {
            purchase_order: row.map(PurchaseOrder),
            problems,
        })
    }
}
