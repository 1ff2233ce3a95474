//! Reads what many rows of a list need in one statement.
//!
//! One [`Loaders`] lives as long as its request and reads for the one who
//! asks: a row of another tenant is not found. Nothing is cached, so that a
//! mutation's answer shows what the mutation wrote.

use std::{collections::HashMap, future::Future, hash::Hash, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use sea_orm::DbErr;

use super::{
    errors::{Failure, Outcome},
    viewer::Caller,
};
use crate::{
    actions::{authenticate::Identity, delayed_work},
    app::App,
    domain::{circuit::Subject, order::UnitState, purchase_order::PurchaseOrderStatus},
    error::AppError,
    ids::{
        EventId, MappingId, OfferId, OrderId, OrderLineId, PoLineId, PurchaseOrderId, ShipmentId, ShopId,
        ShopifyOrderId, ShopifyVariantId, SupplierId,
    },
    store::{
        Db, Party, Reader, allocations, circuits, connections, events, exceptions, fulfillments, jobs,
        mapping_components, mappings, offers, order_lines, order_states, orders, po_lines, purchase_orders,
        routing_plans, shipment_lines, shipments, shops, supplier_reads, suppliers, variants,
    },
};

/// The loaders of one request.
pub struct Loaders {
    batches: DataLoader<Batch>,
}

/// Reads one batch of rows for the one who asks.
pub struct Batch {
    db: Db,
    caller: Arc<Caller>,
}

impl Loaders {
    pub fn new(app: &App, caller: Arc<Caller>) -> Self {
        let batch = Batch {
            db: app.db.clone(),
            caller,
        };
        let tasks = app.tasks.clone();
        let batches = DataLoader::new(batch, move |batch| tasks.spawn(batch)).max_batch_size(MOST_KEYS);
        Self { batches }
    }

    pub fn of<'c>(ctx: &Context<'c>) -> &'c Self {
        ctx.data_unchecked::<Self>()
    }

    /// For reads of their own.
    pub fn db(&self) -> &Reader {
        self.batches.loader().db.read()
    }

    /// What belongs to one key, if there is such a thing.
    pub async fn one<K>(&self, key: K) -> Outcome<Option<<Batch as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Failure>,
    {
        self.batches.load_one(key).await
    }

    /// What belongs to each of some keys.
    pub async fn many<K>(&self, keys: Vec<K>) -> Outcome<HashMap<K, <Batch as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Failure>,
    {
        self.batches.load_many(keys).await
    }

    /// The rows that belong to one key; none where there are none.
    pub async fn rows<K, V>(&self, key: K) -> Outcome<Vec<V>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Failure, Value = Vec<V>>,
    {
        Ok(self.batches.load_one(key).await?.unwrap_or_default())
    }
}

/// Keys that one statement may name.
const MOST_KEYS: usize = 500;

impl Batch {
    fn party(&self) -> Outcome<Party> {
        let identity = self.caller.identity().ok_or(AppError::Unauthenticated)?;
        Ok(match &*identity {
            Identity::Staff { shop, .. } | Identity::Token { shop, .. } => Party::Shop(*shop),
            Identity::SupplierUser { supplier, .. } => Party::Supplier(*supplier),
        })
    }

    fn shop(&self) -> Outcome<ShopId> {
        match self.party()? {
            Party::Shop(shop) => Ok(shop),
            Party::Supplier(_) => Err(AppError::Forbidden("this is for a shop's staff".to_owned()).into()),
        }
    }
}

/// A loader of single rows by their own id.
macro_rules! rows_by_id {
    ($($id:ty: $scope:ident => $table:ident::$read:ident;)+) => {$(
        impl Loader<$id> for Batch {
            type Value = $table::Model;
            type Error = Failure;

            async fn load(&self, ids: &[$id]) -> Outcome<HashMap<$id, Self::Value>> {
                let rows = $table::$read(self.db.read(), self.$scope()?, ids).await?;
                Ok(rows.into_iter().map(|row| (row.id, row)).collect())
            }
        }
    )+};
}

/// A loader of the rows that belong to a parent.
macro_rules! rows_by_parent {
    ($($(#[$doc:meta])* $key:ident($id:ty): $scope:ident => $table:ident::$read:ident, $parent:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $key(pub $id);

        impl Loader<$key> for Batch {
            type Value = Vec<$table::Model>;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Outcome<HashMap<$key, Self::Value>> {
                let scope = self.$scope()?;
                by_parent(keys, |key| key.0, |ids| async move {
                    $table::$read(self.db.read(), scope, &ids).await
                }, |row| Option::from(row.$parent).map($key)).await
            }
        }
    )+};
}

rows_by_id! {
    OrderId: shop => orders::by_ids;
    OrderLineId: shop => order_lines::by_ids;
    PurchaseOrderId: party => purchase_orders::seen_by_ids;
    PoLineId: party => po_lines::by_ids;
    SupplierId: party => suppliers::seen_by_ids;
    OfferId: party => offers::seen_by_ids;
    ShopifyVariantId: shop => variants::by_ids;
}

rows_by_parent! {
    LinesOf(OrderId): shop => order_lines::of_orders, order_id;
    /// The newest one alone.
    PlanOf(OrderId): shop => routing_plans::latest_of_orders, order_id;
    StandingPlansOf(OrderId): shop => routing_plans::standing_of_orders, order_id;
    AllocationsOf(OrderId): shop => allocations::live_of_orders, order_id;
    PurchaseOrdersOf(OrderId): shop => purchase_orders::of_orders, order_id;
    ShipmentsOf(OrderId): shop => shipments::of_orders, order_id;
    FulfillmentsOf(OrderId): shop => fulfillments::of_orders, order_id;
    ExceptionsOf(OrderId): shop => exceptions::of_orders, order_id;
    PoLinesOf(PurchaseOrderId): party => po_lines::seen_of_purchase_orders, purchase_order_id;
    ParcelsOf(PurchaseOrderId): party => shipments::seen_of_purchase_orders, purchase_order_id;
    ContentsOf(ShipmentId): party => shipment_lines::seen_of_shipments, shipment_id;
}

async fn by_parent<K, I, R, F>(
    keys: &[K],
    id: impl Fn(&K) -> I,
    read: impl FnOnce(Vec<I>) -> F,
    key: impl Fn(&R) -> Option<K>,
) -> Outcome<HashMap<K, Vec<R>>>
where
    K: Hash + Eq,
    F: Future<Output = Result<Vec<R>, DbErr>>,
{
    let mut found: HashMap<K, Vec<R>> = HashMap::new();
    for row in read(keys.iter().map(id).collect()).await? {
        if let Some(key) = key(&row) {
            found.entry(key).or_default().push(row);
        }
    }
    Ok(found)
}

/// One page of an order's history.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventsOf {
    pub order: OrderId,
    pub seen: Option<EventId>,
    pub limit: u64,
}

impl Loader<EventsOf> for Batch {
    type Value = Vec<events::Model>;
    type Error = Failure;

    async fn load(&self, keys: &[EventsOf]) -> Outcome<HashMap<EventsOf, Self::Value>> {
        let shop = self.shop()?;
        let mut pages: HashMap<(Option<EventId>, u64), Vec<OrderId>> = HashMap::new();
        for key in keys {
            pages.entry((key.seen, key.limit)).or_default().push(key.order);
        }
        let mut found: HashMap<EventsOf, Self::Value> = HashMap::new();
        for ((seen, limit), orders) in pages {
            for row in events::of_orders(self.db.read(), shop, &orders, seen, limit).await? {
                let order = row.order_id;
                found.entry(EventsOf { order, seen, limit }).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// Work on an order that was tried, and is still to be done.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DelayedWorkOf(pub ShopifyOrderId);

impl Loader<DelayedWorkOf> for Batch {
    type Value = Vec<jobs::Model>;
    type Error = Failure;

    async fn load(&self, keys: &[DelayedWorkOf]) -> Outcome<HashMap<DelayedWorkOf, Self::Value>> {
        let orders: Vec<ShopifyOrderId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<DelayedWorkOf, Self::Value> = HashMap::new();
        for (order, job) in delayed_work::of_orders(self.db.read(), self.shop()?, &orders).await? {
            found.entry(DelayedWorkOf(order)).or_default().push(job);
        }
        Ok(found)
    }
}

/// Where the units of an order's lines are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitsOf(pub OrderId);

/// The places of each line's units.
pub type Places = Arc<HashMap<OrderLineId, Vec<(UnitState, u32)>>>;

impl Loader<UnitsOf> for Batch {
    type Value = Places;
    type Error = Failure;

    async fn load(&self, keys: &[UnitsOf]) -> Outcome<HashMap<UnitsOf, Places>> {
        let shop = self.shop()?;
        let Some(row) = shops::by_id(self.db.read(), shop).await? else {
            return Ok(HashMap::new());
        };
        let settings = row.settings.0;
        let ids: Vec<OrderId> = keys.iter().map(|key| key.0).collect();
        let states = order_states::load_many(self.db.read(), shop, &ids).await?;
        let places = states.into_iter().map(|state| {
            let gate = state.gate(&settings);
            let ledgers = state.ledgers(&settings).into_iter();
            let lines = ledgers.map(|(line, ledger)| (line, ledger.units(gate))).collect();
            (UnitsOf(state.order.id), Arc::new(lines))
        });
        Ok(places.collect())
    }
}

/// A shop's agreement with a supplier.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionWith(pub SupplierId);

impl Loader<ConnectionWith> for Batch {
    type Value = connections::Model;
    type Error = Failure;

    async fn load(&self, keys: &[ConnectionWith]) -> Outcome<HashMap<ConnectionWith, Self::Value>> {
        let ids = keys.iter().map(|key| key.0).collect();
        let rows = connections::with_suppliers(self.db.read(), self.shop()?, ids).await?;
        Ok(rows
            .into_iter()
            .map(|row| (ConnectionWith(row.supplier_id), row))
            .collect())
    }
}

/// Since when a supplier is left alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutageOf(pub SupplierId);

impl Loader<OutageOf> for Batch {
    type Value = circuits::Model;
    type Error = Failure;

    /// Whoever sees a supplier may see this.
    async fn load(&self, keys: &[OutageOf]) -> Outcome<HashMap<OutageOf, Self::Value>> {
        let subjects: Vec<Subject> = keys.iter().map(|key| Subject::Supplier(key.0)).collect();
        let rows = circuits::open_of(self.db.read(), &subjects).await?;
        let of = |key: &OutageOf| {
            let subject = Subject::Supplier(key.0).to_string();
            rows.iter()
                .find(|row| row.subject == subject)
                .map(|row| (*key, row.clone()))
        };
        Ok(keys.iter().filter_map(of).collect())
    }
}

/// Whether a supplier's system can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AskingOf(pub SupplierId);

impl Loader<AskingOf> for Batch {
    type Value = supplier_reads::Model;
    type Error = Failure;

    /// Whoever sees a supplier may see this.
    async fn load(&self, keys: &[AskingOf]) -> Outcome<HashMap<AskingOf, Self::Value>> {
        let ids: Vec<SupplierId> = keys.iter().map(|key| key.0).collect();
        let rows = supplier_reads::by_suppliers(self.db.read(), &ids).await?;
        Ok(rows.into_iter().map(|row| (AskingOf(row.supplier_id), row)).collect())
    }
}

/// How many offers a supplier has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OfferCount(pub SupplierId);

impl Loader<OfferCount> for Batch {
    type Value = i64;
    type Error = Failure;

    async fn load(&self, keys: &[OfferCount]) -> Outcome<HashMap<OfferCount, i64>> {
        let ids: Vec<SupplierId> = keys.iter().map(|key| key.0).collect();
        let counts = offers::count_by_supplier(self.db.read(), self.party()?, &ids).await?;
        Ok(counts.into_iter().map(|(id, count)| (OfferCount(id), count)).collect())
    }
}

/// How many purchase orders a supplier has under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenPurchaseOrders(pub SupplierId);

impl Loader<OpenPurchaseOrders> for Batch {
    type Value = i64;
    type Error = Failure;

    async fn load(&self, keys: &[OpenPurchaseOrders]) -> Outcome<HashMap<OpenPurchaseOrders, i64>> {
        let ids: Vec<SupplierId> = keys.iter().map(|key| key.0).collect();
        let live: Vec<_> = PurchaseOrderStatus::ALL
            .iter()
            .copied()
            .filter(|status| status.is_live())
            .collect();
        let counts = purchase_orders::count_by_supplier(self.db.read(), self.party()?, &ids, &live).await?;
        Ok(counts
            .into_iter()
            .map(|(id, count)| (OpenPurchaseOrders(id), count))
            .collect())
    }
}

/// A variant's mapping with its components.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MappingOf(pub ShopifyVariantId);

impl Loader<MappingOf> for Batch {
    type Value = (mappings::Model, Vec<mapping_components::Model>);
    type Error = Failure;

    async fn load(&self, keys: &[MappingOf]) -> Outcome<HashMap<MappingOf, Self::Value>> {
        let shop = self.shop()?;
        let variants = keys.iter().map(|key| key.0).collect();
        let rows = mappings::of_variants(self.db.read(), shop, variants).await?;
        let ids = rows.iter().map(|row| row.id).collect();
        let mut components: HashMap<MappingId, Vec<mapping_components::Model>> = HashMap::new();
        for row in mapping_components::of_mappings(self.db.read(), shop, ids).await? {
            components.entry(row.mapping_id).or_default().push(row);
        }
        let found = rows.into_iter().map(|row| {
            let components = components.remove(&row.id).unwrap_or_default();
            (MappingOf(row.variant_id), (row, components))
        });
        Ok(found.collect())
    }
}

/// The name of a shop, for a supplier who works for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShopName(pub ShopId);

impl Loader<ShopName> for Batch {
    type Value = String;
    type Error = Failure;

    async fn load(&self, keys: &[ShopName]) -> Outcome<HashMap<ShopName, String>> {
        let ids: Vec<ShopId> = keys.iter().map(|key| key.0).collect();
        let names = shops::names(self.db.read(), &ids).await?;
        Ok(names.into_iter().map(|(id, name)| (ShopName(id), name)).collect())
    }
}

/// The one shop that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnShop;

impl Loader<OwnShop> for Batch {
    type Value = shops::Model;
    type Error = Failure;

    async fn load(&self, _: &[OwnShop]) -> Outcome<HashMap<OwnShop, Self::Value>> {
        let row = shops::by_id(self.db.read(), self.shop()?).await?;
        Ok(row.into_iter().map(|row| (OwnShop, row)).collect())
    }
}
