//! Lets everything come to rest: the deliveries arrive, the suppliers finish, and a person does
//! what the exceptions ask a person to do.

use std::{collections::BTreeMap, time::Duration};

use sandbox::{DeliveryState, RequestRecord};
use serde_json::json;
use tokio::time::Instant;

use super::{facts::Shown, stage::Stage, witness};

/// Nothing has moved for so long: longer than the longest wait between two tries.
const REST: Duration = Duration::from_millis(2500);

/// What each of Orderyard's sweeps asks, whether anything happens or not.
const OF_SWEEPS: &[&str] = &[
    "OrdersUpdatedSince",
    "FulfillmentOrdersUpdatedSince",
    "WebhookSubscriptions",
];

/// How often a person tries the same for one order.
const MOST_DECISIONS: usize = 2;

/// Units per purchase order that were open when everything had come to rest.
pub type OpenAtRest = BTreeMap<String, i64>;

/// How much was asked of everybody so far, and how much is on its way.
#[derive(PartialEq, Eq)]
struct Activity {
    requests: usize,
    calls: usize,
    deliveries: usize,
    pending: usize,
}

fn activity(stage: &Stage) -> Activity {
    let is_work = |request: &RequestRecord| {
        let operation = request.operation.as_deref().unwrap_or_default();
        !OF_SWEEPS.contains(&operation)
    };
    Activity {
        requests: stage.shopify.count_requests(is_work),
        calls: stage.suppliers.values().map(sandbox::Supplier::call_count).sum(),
        pending: stage
            .shopify
            .count_deliveries(|delivery| delivery.state == DeliveryState::Pending),
        deliveries: stage.shopify.count_deliveries(|_| true),
    }
}

/// Waits until nothing moves and every delivery has arrived; false if that never is.
pub async fn rest(stage: &Stage, deadline: Instant) -> bool {
    let (mut last, mut since) = (activity(stage), Instant::now());
    while Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = activity(stage);
        if now != last || now.pending > 0 {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > REST {
            return true;
        }
    }
    false
}

/// Whatever a fault holds back goes out with the next delivery: one more, of the last order.
fn let_out(stage: &Stage) {
    if let Some(last) = stage.shop.order_ids().last() {
        stage.shop.tell_again(*last);
    }
}

/// Waits until Orderyard has asked Shopify itself what it missed; false if it never does.
async fn swept(stage: &Stage, deadline: Instant) -> bool {
    let since = stage.chronicle.clock.now();
    while Instant::now() < deadline {
        if witness::last_sweep(stage).await.is_some_and(|began| began >= since) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    false
}

/// What each supplier still has to do, before it does it.
pub fn open_units(stage: &Stage) -> OpenAtRest {
    let orders = stage.suppliers.values().flat_map(sandbox::Supplier::orders);
    let open = orders.filter(|order| !order.cancelled).map(|order| {
        let units = order.open_units().iter().map(|(_, units)| i64::from(*units)).sum();
        (order.number, units)
    });
    open.collect()
}

/// The suppliers answer what they were asked and ship what they took.
pub async fn finish_suppliers(stage: &Stage) -> usize {
    let mut done = 0;
    for supplier in stage.suppliers.values() {
        for order in supplier.orders() {
            let number = &order.number;
            let mut said = Vec::new();
            if !order.cancel_requested.is_empty() {
                said.push(supplier.answer_cancellation(number, true, None).await.err());
            }
            if !order.acknowledged && !order.cancelled {
                said.push(supplier.acknowledge(number).await.err());
            }
            let after = supplier.order(number).map_or(0, |order| order.open_units().len());
            if after > 0 && !supplier.order(number).is_some_and(|order| order.cancelled) {
                let tracking = format!("LATE-{number}");
                said.push(supplier.ship(number, &[], "DHL Express", &tracking).await.err());
            }
            done += said.len();
            for problem in said.into_iter().flatten() {
                stage
                    .chronicle
                    .note(format!("{} could not tell of {number}: {problem}", supplier.name()));
            }
        }
    }
    done
}

/// A person works on the exceptions that more of the same can help; gives back how many.
pub async fn decide(stage: &Stage, shown: &BTreeMap<i64, Shown>) -> usize {
    let mut done = 0;
    for (order, shown) in shown {
        for exception in shown.open_exceptions() {
            let decided = format!("decided {}", exception.kind);
            let deeds = stage.chronicle.deeds(*order);
            if deeds.iter().filter(|(_, what)| what.starts_with(&decided)).count() >= MOST_DECISIONS {
                continue;
            }
            let id = &exception.id;
            let call = match exception.kind.as_str() {
                "JOB_FAILED" | "FULFILLMENT_REFUSED" | "PLACEMENT_REFUSED" => {
                    format!("retryException(exceptionId: \"{id}\")")
                }
                "OUTCOME_UNKNOWN" => {
                    let number = exception.purchase_order.as_deref().unwrap_or_default();
                    let placed = stage
                        .suppliers
                        .values()
                        .any(|supplier| supplier.order(number).is_some());
                    format!("settleUnknown(exceptionId: \"{id}\", placed: {placed})")
                }
                _ => continue,
            };
            let query = format!("mutation {{ decided: {call} {{ problems {{ code message }} }} }}");
            let answer = stage.ask(&query, &json!({})).await.unwrap_or_default();
            let outcome = &answer["decided"]["problems"];
            stage.chronicle.deed(*order, format!("{decided}: {call}: {outcome}"));
            done += 1;
        }
    }
    done
}

/// Everything of the above in turn, until nothing is left or the time is up.
pub async fn settle(stage: &Stage, patience: Duration) -> (OpenAtRest, bool) {
    let deadline = Instant::now() + patience;
    let_out(stage);
    rest(stage, deadline).await;
    let swept = swept(stage, deadline).await;
    stage.chronicle.note(format!("Orderyard swept the shop: {swept}"));
    rest(stage, deadline).await;
    let mut open = open_units(stage);
    for _ in 0..4 {
        let shown = witness::all(stage).await;
        if decide(stage, &shown).await == 0 {
            break;
        }
        rest(stage, deadline).await;
        open = open_units(stage);
    }
    let mut quiet = false;
    while Instant::now() < deadline {
        let did = finish_suppliers(stage).await;
        quiet = rest(stage, deadline).await;
        let shown = witness::all(stage).await;
        if did + decide(stage, &shown).await == 0 && quiet {
            break;
        }
    }
    (open, quiet)
}
