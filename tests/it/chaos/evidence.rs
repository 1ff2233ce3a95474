//! Collects the facts of a round from everybody around Orderyard. Of its database only the inbox is
//! looked at: whether each call that was acknowledged was kept is seen nowhere else.

use std::collections::{BTreeMap, HashMap};

use sandbox::{CallRecord, OrderSnapshot, SupplierOrder};
use serde_json::Value;

use super::{
    customers::PAID,
    facts::{
        Call, Delivery, Facts, Fulfillment, Line, Load, Order, Parcel, PoLine, PurchaseOrder, Request, Shown, Time,
    },
    reaper::BY_ITSELF,
    settle::{OpenAtRest, Settled},
    stage::Stage,
    witness,
};

/// What was seen on the way.
pub struct Seen {
    pub cancelled: BTreeMap<String, Time>,
    pub settled: Settled,
}

pub async fn collect(stage: &Stage, seen: &Seen) -> Facts {
    let mut shown = witness::all(stage).await;
    let (mut deliveries, of_no_order) = deliveries(stage, &witness::inbox(stage).await);
    let mut requests = requests(stage);
    let mut purchase_orders = purchase_orders(stage, &seen.settled.open_at_rest);
    let mut orders = Vec::new();
    for id in stage.shop.order_ids() {
        let Some(snapshot) = stage.shop.order(id) else { continue };
        let name = snapshot.order.name.clone();
        let mine: Vec<Request> = ids(&snapshot)
            .iter()
            .filter_map(|id| requests.remove(id))
            .flatten()
            .collect();
        orders.push(Order {
            deliveries: deliveries.remove(&id).unwrap_or_default(),
            requests: mine,
            purchase_orders: purchase_orders.remove(&name).unwrap_or_default(),
            shown_cancelled_at: seen.cancelled.get(&name).copied(),
            ..order(stage, &snapshot, shown.remove(&id))
        });
    }
    let happenings = stage.chronicle.happenings();
    let by_itself = happenings.iter().filter(|(_, what)| what.starts_with(BY_ITSELF));
    Facts {
        orders,
        load: Load {
            peak_memory_bytes: stage
                .nodes
                .iter()
                .map(super::nodes::Node::peak_memory_bytes)
                .max()
                .unwrap_or(0),
            ended_by_themselves: by_itself.map(|(at, what)| format!("{at} {what}")).collect(),
            restless: seen.settled.restless.clone(),
            deliveries: of_no_order,
        },
    }
}

fn order(stage: &Stage, snapshot: &OrderSnapshot, shown: Option<Shown>) -> Order {
    let order = &snapshot.order;
    let deeds = stage.chronicle.deeds(order.id);
    let status = serde_json::to_value(order.financial_status).unwrap_or_default();
    let remaining = |line: i64| -> i64 {
        let lines = snapshot.live().flat_map(|fo| &fo.lines);
        lines
            .filter(|one| one.line_item_id == line)
            .map(|one| one.remaining_quantity)
            .sum()
    };
    Order {
        id: order.id,
        name: order.name.clone(),
        financial_status: status.as_str().unwrap_or_default().to_owned(),
        paid_at: deeds.iter().find(|(_, what)| what == PAID).map(|(at, _)| *at),
        cancelled_at: order.cancelled_at,
        is_routed: !snapshot.fulfillment_orders.is_empty(),
        is_held: snapshot.live().any(|fo| !fo.holds.is_empty()),
        lines: order
            .lines
            .iter()
            .map(|line| Line {
                sku: line.sku.clone(),
                quantity: line.quantity,
                current: line.current_quantity,
                remaining: remaining(line.id),
            })
            .collect(),
        fulfillments: snapshot.fulfillments.iter().map(fulfillment).collect(),
        shown,
        deeds,
        ..Order::default()
    }
}

fn fulfillment(made: &sandbox::Fulfillment) -> Fulfillment {
    Fulfillment {
        at: made.created_at,
        location: made.location_id,
        by_app: made.by_app,
        numbers: made
            .tracking
            .iter()
            .filter_map(|tracking| tracking.number.clone())
            .collect(),
        lines: made
            .lines
            .iter()
            .map(|line| (line.sku.clone(), line.quantity))
            .collect(),
    }
}

/// By order, and those about none.
fn deliveries(stage: &Stage, inbox: &HashMap<String, String>) -> (HashMap<i64, Vec<Delivery>>, Vec<Delivery>) {
    let mut found: HashMap<i64, Vec<Delivery>> = HashMap::new();
    let mut others = Vec::new();
    for record in stage.shopify.deliveries() {
        let place = record
            .order_id
            .map_or(&mut others, |order| found.entry(order).or_default());
        place.push(Delivery {
            topic: record.topic,
            kept: inbox.get(&record.webhook_id).cloned(),
            triggered_at: record.triggered_at,
            attempts: record
                .attempts
                .iter()
                .map(|attempt| (attempt.at, attempt.status))
                .collect(),
        });
    }
    (found, others)
}

/// Calls of the Admin API by the order or fulfillment order that their variables name first.
fn requests(stage: &Stage) -> HashMap<String, Vec<Request>> {
    let mut found: HashMap<String, Vec<Request>> = HashMap::new();
    for record in stage.shopify.requests() {
        let Some(about) = first_gid(&record.variables) else {
            continue;
        };
        found.entry(about).or_default().push(Request {
            at: record.at,
            operation: record.operation.unwrap_or_default(),
            status: record.status,
            lost: record.lost,
        });
    }
    found
}

fn first_gid(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.starts_with("gid://shopify/Order/") => Some(text.clone()),
        Value::String(text) if text.starts_with("gid://shopify/FulfillmentOrder/") => Some(text.clone()),
        Value::Array(list) => list.iter().find_map(first_gid),
        Value::Object(fields) => fields.values().find_map(first_gid),
        _ => None,
    }
}

fn ids(snapshot: &OrderSnapshot) -> Vec<String> {
    let mut ids = vec![sandbox::shopify_gid("Order", snapshot.order.id)];
    let fulfillment_orders = snapshot.fulfillment_orders.iter();
    ids.extend(fulfillment_orders.map(|fo| sandbox::shopify_gid("FulfillmentOrder", fo.id)));
    ids
}

/// By the name of the order that they are for.
fn purchase_orders(stage: &Stage, open: &OpenAtRest) -> HashMap<String, Vec<PurchaseOrder>> {
    let mut found: HashMap<String, Vec<PurchaseOrder>> = HashMap::new();
    for supplier in stage.suppliers.values() {
        let mut calls: HashMap<String, Vec<Call>> = HashMap::new();
        for record in supplier.calls().into_iter().filter(|record| record.verified) {
            calls.entry(record.number.clone()).or_default().push(call(&record));
        }
        for order in supplier.orders() {
            let po = PurchaseOrder {
                calls: calls.remove(&order.number).unwrap_or_default(),
                open_at_rest: open.get(&order.number).copied().unwrap_or(0),
                ..purchase_order(supplier.name(), &order)
            };
            found.entry(order.order_name).or_default().push(po);
        }
    }
    found
}

fn purchase_order(supplier: &str, order: &SupplierOrder) -> PurchaseOrder {
    let sku = |line_id: &str| {
        let mut lines = order.lines.iter();
        let line = lines.find(|line| line.line_id == line_id);
        line.map(|line| line.sku.clone()).unwrap_or_default()
    };
    let lines = order.lines.iter().map(|line| PoLine {
        sku: line.sku.clone(),
        quantity: line.quantity.into(),
        rejected: line.rejected.into(),
        cancelled: line.cancelled.into(),
        shipped: line.shipped.into(),
    });
    let parcels = order.parcels.iter().map(|parcel| Parcel {
        reference: parcel.reference.clone(),
        number: parcel.tracking_number.clone(),
        is_confirmed: parcel.reported,
        lines: parcel
            .lines
            .iter()
            .map(|(line, units)| (sku(line), i64::from(*units)))
            .collect(),
    });
    PurchaseOrder {
        supplier: supplier.to_owned(),
        number: order.number.clone(),
        lines: lines.collect(),
        parcels: parcels.collect(),
        ..PurchaseOrder::default()
    }
}

fn call(record: &CallRecord) -> Call {
    let lines = record.body["data"]["lines"].as_array().map_or(&[][..], Vec::as_slice);
    Call {
        at: record.at,
        kind: record.kind.clone(),
        webhook_id: record.webhook_id.clone(),
        status: record.status,
        fault: record.fault.map(|fault| format!("{fault:?}")),
        lines: lines
            .iter()
            .map(|line| {
                let cost = line["unit_cost"]["amount"].as_str().unwrap_or_default();
                let sku = line["sku"].as_str().unwrap_or_default();
                (sku.to_owned(), line["quantity"].as_i64().unwrap_or(0), cost.to_owned())
            })
            .collect(),
    }
}
