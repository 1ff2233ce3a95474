//! One order with everything that belongs to it, read together, and the ledger of its units.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{
    Tx, allocations, exceptions, fulfillment_orders, fulfillments, order_lines, orders, po_lines, purchase_orders,
    shipment_lines, shipments, shops, suppliers, together, units,
};
use crate::{
    domain::{
        exception::ExceptionKind,
        fulfilment::{ShippedComponent, completed},
        order::{FulfillmentOrder, Gate, Ledger, OrderStatus, Remaining, gate, status},
        purchase_order::PurchaseOrderStatus,
        shop::ShopSettings,
    },
    ids::{OrderId, OrderLineId, PoLineId, PurchaseOrderId, ShipmentId, ShopId, SupplierId},
};

/// An order and its rows.
#[derive(Clone, Debug)]
pub struct OrderState {
    pub order: orders::Model,
    pub lines: Vec<order_lines::Model>,
    pub fulfillment_orders: Vec<FulfillmentOrder>,
    /// Live ones only.
    pub allocations: Vec<allocations::Model>,
    pub purchase_orders: Vec<purchase_orders::Model>,
    pub po_lines: Vec<po_lines::Model>,
    pub shipments: Vec<shipments::Model>,
    pub shipment_lines: Vec<shipment_lines::Model>,
    pub fulfillments: Vec<fulfillments::Model>,
    pub open_exceptions: Vec<exceptions::Model>,
}

/// An order that is being changed: under its lock, with its shop and with whom it was bought from.
#[derive(Clone, Debug)]
pub struct OpenOrder {
    pub state: OrderState,
    pub shop: shops::Model,
    pub suppliers: Vec<suppliers::Model>,
}

impl OpenOrder {
    /// Takes the order's lock until the transaction ends, and reads it; see [`orders::lock`].
    pub async fn lock(tx: &Tx, shop: ShopId, id: OrderId) -> Result<Option<Self>, DbErr> {
        let backend = tx.conn().get_database_backend();
        // A statement of its own, because the rows are to be read as they stand when the lock is had.
        if backend == DbBackend::Postgres && orders::lock(tx, shop, id).await?.is_none() {
            return Ok(None);
        }
        if let Some(state) = tx.known_order(shop, id) {
            return Self::around(tx, state).await;
        }
        let statement = Self::statement(backend, shop, id);
        let Some(row) = tx.conn().query_one_raw(statement).await? else {
            return Ok(None);
        };
        let (state, shop) = (read(&row)?, together::read::<shops::Entity>(&row, COLUMNS)?.pop());
        let Some((state, shop)) = state.zip(shop) else {
            return Ok(None);
        };
        tx.hold(&state);
        Ok(Some(Self {
            state,
            shop,
            suppliers: together::read::<suppliers::Entity>(&row, COLUMNS + 1)?,
        }))
    }

    /// An order that is known as it stands, with the rows around it.
    async fn around(tx: &Tx, state: OrderState) -> Result<Option<Self>, DbErr> {
        let Some(shop) = shops::known(tx, state.order.shop_id).await? else {
            return Ok(None);
        };
        let bought: BTreeSet<SupplierId> = state.purchase_orders.iter().map(|po| po.supplier_id).collect();
        let suppliers = suppliers::by_ids(tx, bought.into_iter().collect()).await?;
        tx.hold(&state);
        Ok(Some(Self { state, shop, suppliers }))
    }

    /// What is asked of the database: a test looks at how it goes about it.
    #[must_use]
    pub fn statement(backend: DbBackend, shop: ShopId, id: OrderId) -> Statement {
        static SQL: [OnceLock<String>; 2] = [OnceLock::new(), OnceLock::new()];
        let columns = || {
            let mut columns = columns(backend);
            columns.push(together::rows::<shops::Entity>(backend, "id = $1"));
            let bought = "id in (select supplier_id from purchase_orders where shop_id = $1 and order_id = $2)";
            columns.push(together::rows::<suppliers::Entity>(backend, bought));
            format!("select {}", columns.join(", "))
        };
        let sql = SQL[usize::from(backend == DbBackend::Postgres)].get_or_init(columns);
        Statement::from_sql_and_values(backend, sql.as_str(), [shop.into(), id.into()])
    }

    /// A supplier that has a purchase order of this order.
    #[must_use]
    pub fn supplier(&self, id: SupplierId) -> Option<&suppliers::Model> {
        self.suppliers.iter().find(|supplier| supplier.id == id)
    }
}

impl OrderState {
    /// Reads an order's rows. Within a transaction that holds its lock they belong together.
    pub async fn load(db: &impl ConnectionTrait, shop: ShopId, id: OrderId) -> Result<Option<Self>, DbErr> {
        static SQL: [OnceLock<String>; 2] = [OnceLock::new(), OnceLock::new()];
        let backend = db.get_database_backend();
        let sql = SQL[usize::from(backend == DbBackend::Postgres)]
            .get_or_init(|| format!("select {}", columns(backend).join(", ")));
        let statement = Statement::from_sql_and_values(backend, sql.as_str(), [shop.into(), id.into()]);
        match db.query_one_raw(statement).await? {
            Some(row) => read(&row),
            None => Ok(None),
        }
    }

    /// An order within the transaction that has its lock, with everything that it has written so far.
    pub async fn of(tx: &Tx, shop: ShopId, id: OrderId) -> Result<Option<Self>, DbErr> {
        if let Some(mut held) = tx.held(shop, id) {
            held.sort();
            return Ok(Some(held));
        }
        let state = match tx.known_order(shop, id) {
            Some(known) => Some(known),
            None => Self::load(tx.conn(), shop, id).await?,
        };
        if let Some(state) = &state {
            tx.hold(state);
        }
        Ok(state)
    }

    /// An order that this transaction was the first to write, before anything belongs to it.
    #[must_use]
    pub fn begin(tx: &Tx, order: orders::Model) -> Self {
        let state = Self {
            order,
            lines: Vec::new(),
            fulfillment_orders: Vec::new(),
            allocations: Vec::new(),
            purchase_orders: Vec::new(),
            po_lines: Vec::new(),
            shipments: Vec::new(),
            shipment_lines: Vec::new(),
            fulfillments: Vec::new(),
            open_exceptions: Vec::new(),
        };
        tx.hold(&state);
        state
    }

    /// How many rows it is made of.
    pub(super) fn rows(&self) -> usize {
        self.lines.len()
            + self.fulfillment_orders.len()
            + self.allocations.len()
            + self.purchase_orders.len()
            + self.po_lines.len()
            + self.shipments.len()
            + self.shipment_lines.len()
            + self.fulfillments.len()
            + self.open_exceptions.len()
    }

    /// As Shopify lists lines, and everything else in the order in which it was made.
    pub(super) fn sort(&mut self) {
        self.lines.sort_by_key(|row| (row.position, row.id));
        self.fulfillment_orders.sort_by_key(|order| order.id);
        self.allocations.sort_by_key(|row| row.id);
        self.purchase_orders.sort_by_key(|row| row.id);
        self.po_lines.sort_by_key(|row| (row.purchase_order_id, row.position));
        self.shipments.sort_by_key(|row| row.id);
        self.shipment_lines.sort_by_key(|row| row.id);
        self.fulfillments.sort_by_key(|row| row.id);
        self.open_exceptions.sort_by_key(|row| row.id);
    }

    /// What stands between the order and routing.
    #[must_use]
    pub fn gate(&self, settings: &ShopSettings) -> Gate {
        gate(
            self.order.financial_status,
            self.order.cancelled_at.is_some(),
            self.order.needs_shipping,
            &self.fulfillment_orders,
            self.awaits_risk(settings),
            settings,
        )
    }

    /// Whether an assessment of its risk is awaited before anything of it is bought.
    fn awaits_risk(&self, settings: &ShopSettings) -> bool {
        let told = &self.order.facts.0;
        let is_awaited = settings.review.risk && told.risk_pending_since.is_some() && !told.risk_is_overdue;
        is_awaited && {
            let is_draft = |po: &purchase_orders::Model| po.status == PurchaseOrderStatus::Draft;
            let to_route = |ledger: &Ledger| ledger.to_route() > 0;
            self.purchase_orders.iter().any(is_draft) || self.ledgers(settings).values().any(to_route)
        }
    }

    /// The components with what suppliers shipped of them.
    #[must_use]
    pub fn shipped_components(&self) -> Vec<ShippedComponent> {
        let mut by_po_line: BTreeMap<PoLineId, Vec<(ShipmentId, u32)>> = BTreeMap::new();
        for line in &self.shipment_lines {
            by_po_line
                .entry(line.po_line_id)
                .or_default()
                .push((line.shipment_id, units(line.quantity)));
        }
        for parcels in by_po_line.values_mut() {
            parcels.sort_unstable();
        }
        self.allocations
            .iter()
            .map(|allocation| ShippedComponent {
                line: allocation.order_line_id,
                group: allocation.group_id,
                units: units(allocation.units),
                per_unit: units(allocation.per_unit),
                shipped: by_po_line.get(&allocation.po_line_id).cloned().unwrap_or_default(),
            })
            .collect()
    }

    /// The ledger of each line's units.
    #[must_use]
    pub fn ledgers(&self, settings: &ShopSettings) -> BTreeMap<OrderLineId, Ledger> {
        let components = self.shipped_components();
        let mut groups = BTreeMap::new();
        for component in &components {
            groups.insert((component.line, component.group), component.units);
        }
        let mut with_suppliers: BTreeMap<OrderLineId, u32> = BTreeMap::new();
        for ((line, _), units) in groups {
            *with_suppliers.entry(line).or_default() += units;
        }
        let shipped = completed(&components, settings.kit_fulfillment);
        let ledger = |line: &order_lines::Model| {
            let complete = shipped.get(&line.id).map_or(0, |done| done.units);
            let fulfilled_by_us = units(line.fulfilled_by_us);
            Ledger {
                quantity: units(line.quantity),
                current: units(line.current_quantity),
                remaining: Remaining {
                    ours: units(line.ours),
                    held: units(line.held),
                    elsewhere: units(line.elsewhere),
                },
                fulfilled_by_us,
                fulfilled_outside: units(line.fulfilled_outside),
                allocated: with_suppliers
                    .get(&line.id)
                    .copied()
                    .unwrap_or(0)
                    .saturating_sub(complete),
                shipped_unfulfilled: complete.saturating_sub(fulfilled_by_us),
                in_exception: self.in_exception(line.id),
                handled: units(line.handled),
            }
        };
        self.lines.iter().map(|line| (line.id, ledger(line))).collect()
    }

    fn in_exception(&self, line: OrderLineId) -> u32 {
        let of_line = self
            .open_exceptions
            .iter()
            .filter(|exception| exception.order_line_id == Some(line));
        of_line.map(|exception| exception.quantity.map_or(0, units)).sum()
    }

    /// Units of a line that wait for a person for a reason, whoever was to ship them.
    #[must_use]
    pub fn waiting(&self, line: OrderLineId, kind: ExceptionKind) -> u32 {
        let open = self.open_exceptions.iter();
        open.filter(|row| row.kind == kind && row.order_line_id == Some(line))
            .filter(|row| row.purchase_order_id.is_none() && row.shipment_id.is_none())
            .map(|row| row.quantity.map_or(0, units))
            .sum()
    }

    /// Why a purchase order that was not sent may not be sent now (invariant 6): for people.
    #[must_use]
    pub fn held_back(&self, po: PurchaseOrderId, settings: &ShopSettings) -> Option<String> {
        let mut of_order = self.purchase_orders.iter();
        let is_draft = of_order.any(|row| row.id == po && row.status == PurchaseOrderStatus::Draft);
        match self.gate(settings) {
            Gate::Open => {}
            // A supplier was asked for it before.
            Gate::WaitForRisk if !is_draft => {}
            gate => return gate.reason(),
        }
        if let Some(why) = self.kept_back(po) {
            return Some(why);
        }
        let ledgers = self.ledgers(settings);
        let on_it = |line: PoLineId| {
            let mut lines = self.po_lines.iter();
            lines.any(|row| row.id == line && row.purchase_order_id == po)
        };
        let mut of_lines = self
            .allocations
            .iter()
            .filter(|allocation| on_it(allocation.po_line_id))
            .filter_map(|allocation| ledgers.get(&allocation.order_line_id));
        let ledger = of_lines.find(|ledger| ledger.not_free() > 0)?;
        Some(if ledger.remaining.held > 0 {
            "Units of it are on hold in Shopify".to_owned()
        } else {
            "Shopify has no free units for it any more".to_owned()
        })
    }

    /// Whether a person is to look at a purchase order before it is sent.
    #[must_use]
    pub fn is_in_review(&self, po: PurchaseOrderId) -> bool {
        let mut open = self.open_exceptions.iter();
        open.any(|row| row.kind == ExceptionKind::Review && row.purchase_order_id == Some(po))
    }

    /// What the shop itself wants to wait for: a review, or the time to undo.
    fn kept_back(&self, po: PurchaseOrderId) -> Option<String> {
        if self.is_in_review(po) {
            return Some("It is to be reviewed".to_owned());
        }
        let row = self.purchase_orders.iter().find(|row| row.id == po)?;
        let until = row.send_after?;
        Some(format!("It can be undone until {} UTC", until.format("%H:%M")))
    }

    /// Purchase orders that were not sent, and may be.
    pub fn to_be_sent(&self, settings: &ShopSettings) -> impl Iterator<Item = &purchase_orders::Model> {
        let unsent = |po: &&purchase_orders::Model| {
            matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing)
        };
        let unsent = self.purchase_orders.iter().filter(unsent);
        unsent.filter(|po| self.held_back(po.id, settings).is_none())
    }

    /// The first purchase order that waits to be sent, and why.
    fn waiting_to_be_sent(&self, settings: &ShopSettings) -> Option<String> {
        let unsent = |po: &&purchase_orders::Model| {
            matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing)
                && po.cancel_requested_at.is_none()
                && self.order.cancelled_at.is_none()
        };
        let mut unsent = self.purchase_orders.iter().filter(unsent);
        unsent.find_map(|po| {
            let why = self.held_back(po.id, settings)?;
            Some(format!("{why}: {} waits", po.number))
        })
    }

    /// The order's status and the reason for people.
    #[must_use]
    pub fn judge(&self, settings: &ShopSettings) -> (OrderStatus, Option<String>) {
        let gate = self.gate(settings);
        let ledgers: Vec<Ledger> = self.ledgers(settings).into_values().collect();
        let status = status(gate, !self.open_exceptions.is_empty(), &ledgers);
        let waiting = self.waiting_to_be_sent(settings);
        let status = match status {
            OrderStatus::WithSupplier | OrderStatus::AwaitingRouting if waiting.is_some() => OrderStatus::Held,
            status => status,
        };
        let reason = waiting.or_else(|| gate.reason()).or_else(|| match status {
            OrderStatus::NotRoutable if ledgers.iter().any(|ledger| ledger.handled > 0) => {
                Some("A person has taken care of it".to_owned())
            }
            OrderStatus::NotRoutable => Some("Nothing of it is at a location that Orderyard ships from".to_owned()),
            OrderStatus::Held => Some("The order is on hold in Shopify".to_owned()),
            OrderStatus::AwaitingRouting if !settings.automation => Some("Automation is off".to_owned()),
            _ => None,
        });
        (status, reason)
    }
}

/// Reads what [`columns`] selects.
fn read(row: &QueryResult) -> Result<Option<OrderState>, DbErr> {
    let Some(order) = together::read::<orders::Entity>(row, 0)?.pop() else {
        return Ok(None);
    };
    let mut state = OrderState {
        order,
        lines: together::read::<order_lines::Entity>(row, 1)?,
        fulfillment_orders: together::read::<fulfillment_orders::Entity>(row, 2)?
            .into_iter()
            .map(Into::into)
            .collect(),
        allocations: together::read::<allocations::Entity>(row, 3)?,
        purchase_orders: together::read::<purchase_orders::Entity>(row, 4)?,
        po_lines: together::read::<po_lines::Entity>(row, 5)?,
        shipments: together::read::<shipments::Entity>(row, 6)?,
        shipment_lines: together::read::<shipment_lines::Entity>(row, 7)?,
        fulfillments: together::read::<fulfillments::Entity>(row, 8)?,
        open_exceptions: together::read::<exceptions::Entity>(row, 9)?,
    };
    state.sort();
    Ok(Some(state))
}

const COLUMNS: usize = 10;

/// All rows of the order `$2` of the shop `$1`.
fn columns(backend: DbBackend) -> Vec<String> {
    let of_order = "shop_id = $1 and order_id = $2";
    let through =
        |table: &str, key: &str| format!("shop_id = $1 and {key} in (select id from {table} where {of_order})");
    let columns: [String; COLUMNS] = [
        together::rows::<orders::Entity>(backend, "shop_id = $1 and id = $2"),
        together::rows::<order_lines::Entity>(backend, of_order),
        together::rows::<fulfillment_orders::Entity>(backend, of_order),
        together::rows::<allocations::Entity>(backend, &format!("{of_order} and status = 'live'")),
        together::rows::<purchase_orders::Entity>(backend, of_order),
        together::rows::<po_lines::Entity>(backend, &through("purchase_orders", "purchase_order_id")),
        together::rows::<shipments::Entity>(backend, of_order),
        together::rows::<shipment_lines::Entity>(backend, &through("shipments", "shipment_id")),
        together::rows::<fulfillments::Entity>(backend, of_order),
        together::rows::<exceptions::Entity>(backend, &format!("{of_order} and status = 'open'")),
    ];
    columns.to_vec()
}
