//! Turns a routing plan into rows: the plan itself, purchase orders with their
//! lines, allocations, exceptions, and the jobs that place the orders.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;

use super::{
    open_exception::{NewException, open_exception},
    place_purchase_order::PlacePurchaseOrder,
    purchase_order_number, review_holds, ship_by,
};
use crate::{
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        money::{Currency, Money},
        purchase_order::PurchaseOrderStatus,
    },
    ids::{AllocationGroupId, AllocationId, PoLineId, PurchaseOrderId, RoutingPlanId, SupplierId},
    queue::{When, enqueue},
    routing::{ChosenComponent, Outcome, PlanLine, RoutePlan, RouteRequest},
    store::{self, Tx, allocations, columns::Json, order_state::OrderState, orders, po_lines, purchase_orders, shops},
};

/// Writes one plan of one order, under its lock.
pub struct PlanWriter<'a> {
    pub tx: &'a Tx,
    pub shop: &'a shops::Model,
    pub state: &'a OrderState,
    pub now: DateTime<Utc>,
}

/// A purchase order in the making.
struct Draft {
    header: purchase_orders::Model,
    lines: Vec<po_lines::Model>,
}

impl PlanWriter<'_> {
    pub async fn write(&self, request: &RouteRequest, mut plan: RoutePlan) -> Result<(), DbErr> {
        let plan_id = RoutingPlanId::generate();
        let mut counter = store::units(self.state.order.po_counter);
        let mut drafts: BTreeMap<(SupplierId, &'static str), Draft> = BTreeMap::new();
        let mut rows = Vec::new();
        for line in &plan.lines {
            if let Outcome::Allocated { components, .. } = &line.outcome {
                let group = AllocationGroupId::generate();
                if line.by_hand {
                    plan.by_hand.push(group);
                }
                for component in components {
                    let key = (component.supplier, component.unit_cost.currency.code());
                    let draft = match drafts.entry(key) {
                        Entry::Occupied(draft) => draft.into_mut(),
                        Entry::Vacant(place) => {
                            counter += 1;
                            let number =
                                purchase_order_number::free(self.tx, self.shop, &self.state.order, counter).await?;
                            let currency = component.unit_cost.currency;
                            place.insert(self.draft(request, component.supplier, currency, number.0))
                        }
                    };
                    let po_line = po_line(draft, component)?;
                    rows.push(self.allocation(plan_id, line, group, component, po_line));
                }
            }
        }
        self.write_plan(plan_id, &plan)?;
        let headers: Vec<_> = drafts.values().map(|draft| draft.header.clone()).collect();
        self.write_drafts(drafts.into_values().collect(), counter)?;
        store::insert_all(self.tx, rows)?;
        for po in headers {
            let terms = request.suppliers.iter().find(|terms| terms.id == po.supplier_id);
            let supplier = terms.map_or("the supplier", |terms| terms.name.as_str());
            review_holds::hold(self.tx, self.shop, self.state, &po, supplier, self.now).await?;
        }
        self.write_exceptions(&plan).await
    }

    fn write_plan(&self, id: RoutingPlanId, plan: &RoutePlan) -> Result<(), DbErr> {
        let cost = plan.only_cost();
        let explanation = serde_json::to_value(plan).map_err(|error| DbErr::Json(error.to_string()))?;
        let row = store::routing_plans::Model {
            id,
            shop_id: self.shop.id,
            order_id: self.state.order.id,
            decided_at: self.now,
            cost_minor: cost.map(|cost| cost.amount_minor),
            currency: cost.map(|cost| cost.currency),
            explanation: Json(explanation),
        };
        store::insert(self.tx, row)
    }

    fn draft(&self, request: &RouteRequest, supplier: SupplierId, currency: Currency, number: String) -> Draft {
        let order = &self.state.order;
        let terms = request.suppliers.iter().find(|terms| terms.id == supplier);
        let agreed = terms.map(|terms| (&terms.service, terms.handling_days));
        let send_after = self.send_after();
        let header = purchase_orders::Model {
            id: PurchaseOrderId::generate(),
            number,
            shop_id: self.shop.id,
            supplier_id: supplier,
            order_id: order.id,
            order_name: order.name.clone(),
            status: PurchaseOrderStatus::Draft,
            currency,
            total_minor: 0,
            ship_to: order.ship_to.clone(),
            // As it would be; it is promised when it is sent.
            ship_by: Some(ship_by::by_terms(
                &self.shop.time_zone,
                agreed,
                send_after.unwrap_or(self.now),
            )),
            supplier_reference: None,
            created_at: self.now,
            send_after,
            given_up_at: None,
            sent_at: None,
            asked_at: None,
            placed_at: None,
            cancel_requested_at: None,
            cancel_reason: None,
            asked_back_by_hand: false,
            updated_at: self.now,
        };
        Draft {
            header,
            lines: Vec::new(),
        }
    }

    /// When a purchase order that is decided now leaves, if not at once.
    fn send_after(&self) -> Option<DateTime<Utc>> {
        let minutes = self.shop.settings.0.undo_minutes;
        (minutes > 0).then(|| self.now + TimeDelta::minutes(i64::from(minutes)))
    }

    fn allocation(
        &self,
        plan_id: RoutingPlanId,
        line: &PlanLine,
        group: AllocationGroupId,
        component: &ChosenComponent,
        po_line: PoLineId,
    ) -> allocations::Model {
        allocations::Model {
            id: AllocationId::generate(),
            shop_id: self.shop.id,
            order_id: self.state.order.id,
            plan_id,
            order_line_id: line.line,
            group_id: group,
            units: store::column(line.units),
            per_unit: store::column(component.per_unit),
            offer_id: component.offer,
            supplier_id: component.supplier,
            po_line_id: po_line,
            status: allocations::AllocationStatus::Live,
            created_at: self.now,
        }
    }

    fn write_drafts(&self, drafts: Vec<Draft>, counter: u32) -> Result<(), DbErr> {
        if drafts.is_empty() {
            return Ok(());
        }
        let mut order: orders::Model = self.state.order.clone();
        order.po_counter = store::column(counter);
        store::save(self.tx, order)?;
        for draft in drafts {
            let job = PlacePurchaseOrder::of(&draft.header, self.state.order.shopify_id);
            let mut message = match draft.lines.len() {
                1 => format!("{} holds 1 line", draft.header.number),
                lines => format!("{} holds {lines} lines", draft.header.number),
            };
            if let Some(until) = draft.header.send_after {
                message = format!("{message} and can be undone until {} UTC", until.format("%H:%M"));
            }
            self.event(EventKind::Routed, message);
            store::insert(self.tx, draft.header)?;
            store::insert_all(self.tx, draft.lines)?;
            let wait = Duration::from_secs(u64::from(self.shop.settings.0.undo_minutes) * 60);
            enqueue(self.tx, &job, When::after(self.now.timestamp_millis(), wait))?;
        }
        Ok(())
    }

    async fn write_exceptions(&self, plan: &RoutePlan) -> Result<(), DbErr> {
        for line in &plan.lines {
            let kind = match &line.outcome {
                Outcome::Allocated { .. } => continue,
                Outcome::Unmapped => ExceptionKind::UnmappedLine,
                Outcome::NoEligibleSupplier => ExceptionKind::NoEligibleSupplier,
                Outcome::PriceRose { .. } => ExceptionKind::PriceRose,
            };
            let title = self
                .state
                .lines
                .iter()
                .find(|row| row.id == line.line)
                .map_or("?", |row| row.title.as_str());
            let evidence = serde_json::to_value(line).map_err(|error| DbErr::Json(error.to_string()))?;
            // One exception tells of all that waits for the same reason.
            let units = line.units.saturating_add(self.state.waiting(line.line, kind));
            let new = NewException {
                kind,
                shop: self.shop.id,
                order: self.state.order.id,
                order_line: Some(line.line),
                purchase_order: None,
                shipment: None,
                quantity: Some(units),
                message: format!("{units} × {title}: {}", line.reason),
                evidence: Some(evidence),
            };
            open_exception(self.tx, new, self.now).await?;
        }
        Ok(())
    }

    fn event(&self, kind: EventKind, message: String) {
        let (shop, order) = (self.shop.id, self.state.order.id);
        store::events::add(self.tx, shop, order, self.now, &Actor::Orderyard, kind, message);
    }
}

/// Adds a component to a draft as a line of its own: one allocation, one line.
fn po_line(draft: &mut Draft, component: &ChosenComponent) -> Result<PoLineId, DbErr> {
    let header = &mut draft.header;
    let cost = component.unit_cost.checked_times(component.quantity);
    let total = cost.and_then(|cost| Money::new(header.total_minor, header.currency).checked_add(cost));
    header.total_minor = total
        .map_err(|error| DbErr::Custom(format!("{}: {error}", component.sku)))?
        .amount_minor;
    let line = po_lines::Model {
        id: PoLineId::generate(),
        shop_id: header.shop_id,
        supplier_id: header.supplier_id,
        purchase_order_id: header.id,
        position: i32::try_from(draft.lines.len()).unwrap_or(i32::MAX),
        offer_id: component.offer,
        sku: component.sku.clone(),
        title: component.title.clone(),
        quantity: store::column(component.quantity),
        unit_cost_minor: component.unit_cost.amount_minor,
        accepted: 0,
        rejected: 0,
        shipped: 0,
        cancelled: 0,
        cancel_requested: 0,
        never_sent: 0,
        reject_reason: None,
    };
    let id = line.id;
    draft.lines.push(line);
    Ok(id)
}
