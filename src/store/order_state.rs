//! One order with everything that belongs to it, read together, and the ledger of its units.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr};

use super::{
    allocations, exceptions, fulfillment_orders, fulfillments, order_lines, orders, po_lines, purchase_orders,
    shipment_lines, shipments, units,
};
use crate::{
    domain::{
        exception::ExceptionStatus,
        fulfilment::{ShippedComponent, completed},
        order::{FulfillmentOrder, Gate, Ledger, OrderStatus, Remaining, gate, status},
        purchase_order::PurchaseOrderStatus,
        shop::ShopSettings,
    },
    ids::{OrderId, OrderLineId, PoLineId, PurchaseOrderId, ShipmentId, ShopId},
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

impl OrderState {
    /// Reads an order's rows. Within a transaction that holds its lock they belong together.
    pub async fn load(db: &impl ConnectionTrait, shop: ShopId, id: OrderId) -> Result<Option<Self>, DbErr> {
        let Some(order) = orders::by_id(db, shop, id).await? else {
            return Ok(None);
        };
        let shipments = shipments::of_order(db, shop, id).await?;
        let shipment_ids = shipments.iter().map(|shipment| shipment.id).collect();
        let purchase_orders = purchase_orders::of_order(db, shop, id).await?;
        let po_ids = purchase_orders.iter().map(|po| po.id).collect();
        Ok(Some(Self {
            lines: order_lines::of_order(db, shop, id).await?,
            fulfillment_orders: fulfillment_orders::of_order(db, shop, id).await?,
            allocations: allocations::live_of_order(db, shop, id).await?,
            po_lines: po_lines::of_purchase_orders(db, shop, po_ids).await?,
            purchase_orders,
            shipment_lines: shipment_lines::of_shipments(db, shop, shipment_ids).await?,
            shipments,
            fulfillments: fulfillments::of_order(db, shop, id).await?,
            open_exceptions: exceptions::of_order(db, shop, id, Some(ExceptionStatus::Open)).await?,
            order,
        }))
    }

    /// What stands between the order and routing.
    #[must_use]
    pub fn gate(&self, settings: &ShopSettings) -> Gate {
        gate(
            self.order.financial_status,
            self.order.cancelled_at.is_some(),
            self.order.needs_shipping,
            &self.fulfillment_orders,
            settings,
        )
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

    /// Why a purchase order that was not sent may not be sent now (invariant 6): for people.
    #[must_use]
    pub fn held_back(&self, po: PurchaseOrderId, settings: &ShopSettings) -> Option<String> {
        let gate = self.gate(settings);
        if gate != Gate::Open {
            return gate.reason();
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
