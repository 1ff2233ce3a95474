//! Suppliers and the shop's connections with them.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    costs::Costs,
    errors::{Outcome, Problem, payload},
    guard,
    loaders::{AskingOf, ConnectionWith, Loaders, OfferCount, OpenPurchaseOrders, OutageOf},
    pagination::{Asked, Page, weight},
    scalars::id,
};
use crate::{
    actions::{
        connect_supplier::{self, ConnectionChange, CutoffChange},
        create_api_key,
        create_supplier::{self, NewSupplier},
        update_supplier::{self, SupplierChange},
    },
    domain::supplier,
    error::AppError,
    ids::SupplierId,
    store::{
        self, Party, circuits, connections, supplier_reads,
        suppliers::{Model, Place},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Connector", remote = "supplier::ConnectorKind")]
pub enum Connector {
    Portal,
    Http,
}

pub struct Supplier(pub Model);

#[Object]
impl Supplier {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn key(&self) -> &str {
        &self.0.key
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn connector(&self) -> Connector {
        self.0.connector.into()
    }

    /// Whether it is this shop's own, not the marketplace's.
    async fn private(&self) -> bool {
        self.0.shop_id.is_some()
    }

    async fn currency(&self) -> &'static str {
        self.0.currency.code()
    }

    /// Where orders are sent; null to those who do not manage it.
    async fn endpoint(&self, ctx: &Context<'_>) -> Outcome<Option<&str>> {
        let manages = match guard::reader(ctx)? {
            Party::Shop(shop) => self.0.shop_id == Some(shop),
            Party::Supplier(supplier) => self.0.id == supplier,
        };
        Ok(self.0.endpoint.as_deref().filter(|_| manages))
    }

    /// The shop's agreement with it; null without one, and for the supplier.
    async fn connection(&self, ctx: &Context<'_>) -> Outcome<Option<Connection>> {
        match guard::reader(ctx)? {
            Party::Shop(_) => Ok(Loaders::of(ctx).one(ConnectionWith(self.0.id)).await?.map(Connection)),
            Party::Supplier(_) => Ok(None),
        }
    }

    async fn offer_count(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let count = Loaders::of(ctx).one(OfferCount(self.0.id)).await?;
        Ok(i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX))
    }

    /// Calls to it fail or it asked for patience, and it is left alone for now; null while it is called.
    async fn outage(&self, ctx: &Context<'_>) -> Outcome<Option<Outage>> {
        Ok(Loaders::of(ctx).one(OutageOf(self.0.id)).await?.map(Outage::from))
    }

    /// Whether its system can be asked how a purchase order stands, when nothing was heard of it for
    /// long; null while it was not asked.
    async fn asking(&self, ctx: &Context<'_>) -> Outcome<Option<Asking>> {
        let row = Loaders::of(ctx).one(AskingOf(self.0.id)).await?;
        let row = row.filter(|row| row.endpoint == supplier_reads::digest(&self.0));
        Ok(row.map(Asking::from))
    }

    async fn open_purchase_orders(&self, ctx: &Context<'_>) -> Outcome<i32> {
        let count = Loaders::of(ctx).one(OpenPurchaseOrders(self.0.id)).await?;
        Ok(i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX))
    }
}

/// A time in which somebody who does not answer is left alone.
#[derive(SimpleObject)]
pub struct Outage {
    since: DateTime<Utc>,
    /// What the last call gave.
    reason: String,
    /// When one call finds out whether it is over.
    next_try_at: DateTime<Utc>,
}

impl From<circuits::Model> for Outage {
    fn from(row: circuits::Model) -> Self {
        let at = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default();
        Self {
            since: at(row.opened_at_ms.unwrap_or_default()),
            reason: row.reason,
            next_try_at: at(row.next_try_ms),
        }
    }
}

/// How a supplier's system took questions about purchase orders.
#[derive(SimpleObject)]
pub struct Asking {
    /// Whether it answers such questions at all; it is left alone where not.
    offered: bool,
    /// Since when that, or the problem, is so.
    since: DateTime<Utc>,
    /// What was wrong with its last answer.
    problem: Option<String>,
    /// Until then it is not asked again.
    ask_after: Option<DateTime<Utc>>,
}

impl From<supplier_reads::Model> for Asking {
    fn from(row: supplier_reads::Model) -> Self {
        Self {
            offered: row.offered,
            since: row.since,
            problem: row.problem,
            ask_after: row.ask_after,
        }
    }
}

/// A shop's agreement with a supplier.
pub struct Connection(connections::Model);

#[Object]
impl Connection {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// 1 comes first.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// How far a price may rise above the accepted one, in percent: 2.5
    async fn price_tolerance_pct(&self) -> String {
        connect_supplier::percent(self.0.price_tolerance_bp)
    }

    async fn handling_days(&self) -> i32 {
        self.0.handling_days
    }

    /// Hours that a purchase order may stay unanswered before it is asked back; 0 is for ever.
    async fn answer_hours(&self) -> i32 {
        self.0.answer_hours
    }

    /// What is ordered from this hour on, in the shop's time zone, counts as the next day's.
    async fn cutoff_hour(&self) -> Option<i32> {
        self.0.service.0.cutoff_hour.map(store::column)
    }

    /// Whether it may ship dangerous goods.
    async fn dangerous_goods(&self) -> bool {
        self.0.service.0.dangerous_goods
    }

    /// Whether it has the recipient's age checked.
    async fn checks_age(&self) -> bool {
        self.0.service.0.checks_age
    }

    async fn active(&self) -> bool {
        self.0.active
    }

    /// Pieces that left in time of those that were due of late, in percent; null where too few were.
    async fn on_time_pct(&self) -> Option<String> {
        self.0.on_time_bp.map(connect_supplier::percent)
    }

    /// What it charges besides the goods; null where that is not known.
    async fn costs(&self) -> Option<Costs> {
        self.0.costs.as_ref().map(|costs| Costs::of(&costs.0))
    }
}

/// A supplier whom the viewer may see.
pub async fn supplier_by_id(ctx: &Context<'_>, id: SupplierId) -> Outcome<Option<Supplier>> {
    Ok(Loaders::of(ctx).one(id).await?.map(Supplier))
}

#[derive(Default)]
pub struct SupplierQuery;

#[Object]
impl SupplierQuery {
    /// The shop's own suppliers and the marketplace's: those that it has a connection with first, by its
    /// priority and of equals the older ones; then its own by key, and then the marketplace's.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn suppliers(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<Place, Supplier>> {
        let party = guard::reader(ctx)?;
        let asked = Asked::<Place>::read(first, after.as_deref())?;
        let db = Loaders::of(ctx).db();
        let rows = store::suppliers::page(db, party, asked.seen.as_ref(), asked.limit()).await?;
        Ok(asked.page(rows, |(place, _)| place.clone(), |(_, row)| Supplier(row)))
    }

    async fn supplier(&self, ctx: &Context<'_>, id: ID) -> Outcome<Option<Supplier>> {
        guard::reader(ctx)?;
        match self::id(&id) {
            Some(id) => supplier_by_id(ctx, id).await,
            None => Ok(None),
        }
    }
}

#[derive(InputObject)]
pub struct SupplierInput {
    /// A stable name: a–z, 0–9 and “-”.
    key: String,
    name: String,
    connector: Connector,
    currency: String,
    /// Where orders are sent, for the connector HTTP.
    endpoint: Option<String>,
    /// What signs them: whsec_…
    secret: Option<String>,
    connection: Option<ConnectionInput>,
}

#[derive(InputObject)]
pub struct SupplierUpdateInput {
    name: Option<String>,
    endpoint: Option<String>,
    secret: Option<String>,
}

#[derive(InputObject)]
pub struct ConnectionInput {
    priority: Option<i32>,
    price_tolerance_pct: Option<String>,
    handling_days: Option<i32>,
    /// Hours; 0 is no deadline.
    answer_hours: Option<i32>,
    /// 0 to 23; null takes it away, left out it stays.
    cutoff_hour: MaybeUndefined<i32>,
    dangerous_goods: Option<bool>,
    checks_age: Option<bool>,
    active: Option<bool>,
}

/// Null takes the hour away, left out it stays.
pub const fn cutoff(hour: MaybeUndefined<i32>) -> CutoffChange {
    match hour {
        MaybeUndefined::Undefined => CutoffChange::Stays,
        MaybeUndefined::Null => CutoffChange::None,
        MaybeUndefined::Value(hour) => CutoffChange::At(hour),
    }
}

impl From<ConnectionInput> for ConnectionChange {
    fn from(input: ConnectionInput) -> Self {
        Self {
            priority: input.priority,
            price_tolerance_pct: input.price_tolerance_pct,
            handling_days: input.handling_days,
            answer_hours: input.answer_hours,
            cutoff_hour: cutoff(input.cutoff_hour),
            dangerous_goods: input.dangerous_goods,
            checks_age: input.checks_age,
            active: input.active,
        }
    }
}

#[derive(SimpleObject)]
pub struct SupplierPayload {
    supplier: Option<Supplier>,
    problems: Vec<Problem>,
}

impl SupplierPayload {
    pub const fn refused(problems: Vec<Problem>) -> Self {
        Self {
            supplier: None,
            problems,
        }
    }

    pub fn from(done: Result<Model, AppError>) -> Outcome<Self> {
        let (row, problems) = payload(done)?;
        Ok(Self {
            supplier: row.map(Supplier),
            problems,
        })
    }
}

#[derive(SimpleObject)]
pub struct SupplierKeyPayload {
    /// Shown once.
    key: Option<String>,
    problems: Vec<Problem>,
}

#[derive(Default)]
pub struct SupplierMutation;

#[Object]
impl SupplierMutation {
    async fn create_supplier(&self, ctx: &Context<'_>, input: SupplierInput) -> Outcome<SupplierPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let new = NewSupplier {
            key: input.key,
            name: input.name,
            connector: input.connector.into(),
            currency: input.currency,
            endpoint: input.endpoint,
            secret: input.secret.map(Into::into),
            connection: input.connection.map(Into::into).unwrap_or_default(),
        };
        SupplierPayload::from(create_supplier::create_supplier(guard::app(ctx), shop, new).await)
    }

    async fn update_supplier(&self, ctx: &Context<'_>, id: ID, input: SupplierUpdateInput) -> Outcome<SupplierPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let change = SupplierChange {
            name: input.name,
            endpoint: input.endpoint,
            secret: input.secret.map(Into::into),
        };
        let done = match self::id(&id) {
            Some(id) => update_supplier::update_supplier(guard::app(ctx), shop, id, change).await,
            None => Err(AppError::NotFound("this supplier")),
        };
        SupplierPayload::from(done)
    }

    /// Makes or changes the shop's agreement with a supplier.
    async fn connect_supplier(
        &self,
        ctx: &Context<'_>,
        supplier_id: ID,
        input: ConnectionInput,
    ) -> Outcome<SupplierPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let done = match self::id(&supplier_id) {
            Some(id) => {
                let (app, actor) = (guard::app(ctx), identity.actor());
                connect_supplier::connect_supplier(app, shop, id, input.into(), &actor).await
            }
            None => Err(AppError::NotFound("this supplier")),
        };
        SupplierPayload::from(done)
    }

    /// A key for the supplier's system.
    async fn create_supplier_key(&self, ctx: &Context<'_>, supplier_id: ID) -> Outcome<SupplierKeyPayload> {
        let (_, identity) = guard::writer(ctx)?;
        let done = match self::id(&supplier_id) {
            Some(id) => create_api_key::for_supplier_by(guard::app(ctx), &identity, id).await,
            None => Err(AppError::NotFound("this supplier")),
        };
        let (key, problems) = payload(done)?;
        Ok(SupplierKeyPayload {
            key: key.map(|key| key.0),
            problems,
        })
    }
}
