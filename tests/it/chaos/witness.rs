//! Looks at what Orderyard's API shows: all the time for cancelled orders, and everything at the end.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
    time::Duration,
};

use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use serde_json::{Value, json};

use super::{
    facts::{Exception, Shown, ShownLine, Time},
    reaper::Pace,
    stage::Stage,
};
use crate::harness::connect;

const CANCELLED: &str = "query { orders(first: 100, filter: { status: [CANCELLED] }) { nodes { name } } }";

const ORDERS: &str = "query($after: String) { orders(first: 40, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
        shopifyId status reason financialStatus cancelledAt
        lines { sku quantity units { state quantity } }
        purchaseOrders { number status }
        shipments { trackingNumber state }
        exceptions { id kind status message orderLine { sku } purchaseOrder { number } }
    }
} }";

const HISTORY: &str = "query($search: String!) { orders(first: 1, filter: { search: $search }) { nodes {
    events(first: 100) { nodes { at actor message } }
} } }";

const SWEEP: &str = "query { shop { reconciliation { last { beganAt endedAt } } } }";

/// When each order was first shown as cancelled, by name.
pub type Cancelled = Mutex<BTreeMap<String, Time>>;

/// Notes which orders are shown as cancelled, until the round is over.
pub async fn watch(stage: &Stage, pace: &Pace, seen: &Cancelled) {
    while !pace.is_over() {
        look(stage, seen).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn look(stage: &Stage, seen: &Cancelled) {
    let Some(answer) = stage.ask(CANCELLED, &json!({})).await else {
        return;
    };
    let now = stage.chronicle.clock.now();
    let mut seen = seen.lock().expect("nobody panics with it");
    for order in list(&answer["orders"]["nodes"]) {
        seen.entry(text(&order["name"])).or_insert(now);
    }
}

/// Every order as it is shown, by Shopify's id.
pub async fn all(stage: &Stage) -> BTreeMap<i64, Shown> {
    let mut found = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let Some(answer) = stage.ask(ORDERS, &json!({ "after": after })).await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        for order in list(&answer["orders"]["nodes"]) {
            if let Ok(id) = text(&order["shopifyId"]).parse() {
                found.insert(id, shown(order));
            }
        }
        let page = &answer["orders"]["pageInfo"];
        if page["hasNextPage"] != true {
            return found;
        }
        after = page["endCursor"].clone();
    }
}

/// How each webhook call stands in the inbox, by its id: the one thing that is read from the database.
pub async fn inbox(stage: &Stage) -> HashMap<String, String> {
    let db = connect(&stage.database_url).await;
    let sql = "select webhook_id, status from deliveries";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect("the inbox is there");
    let text = |row: &QueryResult, column: usize| -> String { row.try_get_by_index(column).expect("text") };
    let inbox = rows.iter().map(|row| (text(row, 0), text(row, 1))).collect();
    db.close().await.expect("closes");
    inbox
}

/// When the sweep that Orderyard began last was begun, once it has ended.
pub async fn last_sweep(stage: &Stage) -> Option<Time> {
    let answer = stage.ask(SWEEP, &json!({})).await?;
    let last = &answer["shop"]["reconciliation"]["last"];
    last["endedAt"].as_str()?;
    last["beganAt"].as_str()?.parse().ok()
}

/// The history of one order, the oldest first.
pub async fn history(stage: &Stage, name: &str) -> Vec<(Time, String)> {
    let answer = stage.ask(HISTORY, &json!({ "search": name })).await.unwrap_or_default();
    let events = list(&answer["orders"]["nodes"][0]["events"]["nodes"]);
    let mut events: Vec<(Time, String)> = events
        .map(|event| {
            let at = text(&event["at"]).parse().unwrap_or_default();
            (at, format!("{}: {}", text(&event["actor"]), text(&event["message"])))
        })
        .collect();
    events.reverse();
    events
}

fn shown(order: &Value) -> Shown {
    Shown {
        status: text(&order["status"]),
        reason: order["reason"].as_str().map(str::to_owned),
        financial_status: text(&order["financialStatus"]),
        is_cancelled: !order["cancelledAt"].is_null(),
        lines: list(&order["lines"]).map(line).collect(),
        exceptions: list(&order["exceptions"]).map(exception).collect(),
        purchase_orders: pairs(&order["purchaseOrders"], "number", "status"),
        shipments: pairs(&order["shipments"], "trackingNumber", "state"),
        events: Vec::new(),
    }
}

fn line(line: &Value) -> ShownLine {
    let mut units = BTreeMap::new();
    for place in list(&line["units"]) {
        // A state is named once for each reason.
        *units.entry(text(&place["state"])).or_default() += place["quantity"].as_i64().unwrap_or(0);
    }
    ShownLine {
        sku: text(&line["sku"]),
        quantity: line["quantity"].as_i64().unwrap_or(0),
        units,
    }
}

fn exception(exception: &Value) -> Exception {
    Exception {
        id: text(&exception["id"]),
        kind: text(&exception["kind"]),
        is_open: exception["status"] == "OPEN",
        message: text(&exception["message"]),
        sku: exception["orderLine"]["sku"].as_str().map(str::to_owned),
        purchase_order: exception["purchaseOrder"]["number"].as_str().map(str::to_owned),
    }
}

fn pairs(rows: &Value, first: &str, second: &str) -> Vec<(String, String)> {
    list(rows).map(|row| (text(&row[first]), text(&row[second]))).collect()
}

fn list(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
