//! Lets everything come to rest: the deliveries arrive, the suppliers finish, and a person does
//! what the exceptions ask a person to do.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use futures::stream::{self, StreamExt as _};
use sandbox::{DeliveryState, RequestRecord, Supplier, SupplierOrder};
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

/// How often somebody who waits says what for.
const WORD_EVERY: Duration = Duration::from_secs(20);

/// What moved in this long is named where nothing comes to rest.
const LATELY: TimeDelta = TimeDelta::seconds(5);

/// Calls that suppliers make at once when they finish their work: below what a key may make in a second.
const SUPPLIERS_AT_ONCE: usize = 16;

/// Units per purchase order that were open when everything had come to rest.
pub type OpenAtRest = BTreeMap<String, i64>;

/// How it ended.
pub struct Settled {
    pub open_at_rest: OpenAtRest,
    /// What still moved when the patience was used up; none when nothing did.
    pub restless: Option<String>,
}

/// A wait that ends, and says from time to time what it is for.
struct Wait {
    database: &'static str,
    what: &'static str,
    began: Instant,
    deadline: Instant,
    next_word: Instant,
}

impl Wait {
    fn of(stage: &Stage, what: &'static str, deadline: Instant) -> Self {
        let began = Instant::now();
        Self {
            database: stage.database.name(),
            what,
            began,
            deadline,
            next_word: began + WORD_EVERY,
        }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn say(&mut self, seen: impl FnOnce() -> String) {
        if Instant::now() >= self.next_word {
            self.next_word += WORD_EVERY;
            println!(
                "  {}: {} s of waiting for {}: {}",
                self.database,
                self.began.elapsed().as_secs(),
                self.what,
                seen()
            );
        }
    }
}

/// How much was asked of everybody so far, and how much is on its way.
#[derive(PartialEq, Eq)]
struct Activity {
    requests: usize,
    calls: usize,
    deliveries: usize,
    pending: usize,
}

fn is_work(request: &RequestRecord) -> bool {
    let operation = request.operation.as_deref().unwrap_or_default();
    !OF_SWEEPS.contains(&operation)
}

fn activity(stage: &Stage) -> Activity {
    Activity {
        requests: stage.shopify.count_requests(is_work),
        calls: stage.suppliers.values().map(Supplier::call_count).sum(),
        pending: stage
            .shopify
            .count_deliveries(|delivery| delivery.state == DeliveryState::Pending),
        deliveries: stage.shopify.count_deliveries(|_| true),
    }
}

/// What keeps everybody busy: webhooks on their way, and what was asked lately, by its kind.
fn moving(stage: &Stage) -> String {
    let since = stage.chronicle.clock.now() - LATELY;
    let kinds: RefCell<BTreeMap<String, usize>> = RefCell::default();
    let add = |kind: String| *kinds.borrow_mut().entry(kind).or_default() += 1;
    stage.shopify.count_deliveries(|delivery| {
        let is_pending = delivery.state == DeliveryState::Pending;
        if is_pending {
            add(format!("{} on its way", delivery.topic));
        }
        is_pending
    });
    stage.shopify.count_requests(|request| {
        let is_recent = request.at >= since && is_work(request);
        if is_recent {
            add(request.operation.clone().unwrap_or_default());
        }
        is_recent
    });
    for supplier in stage.suppliers.values() {
        let calls = supplier.calls();
        for call in calls.iter().rev().take_while(|call| call.at >= since) {
            add(format!("{} to {}", call.kind, supplier.name()));
        }
    }
    format!("{:?}", kinds.into_inner())
}

/// Waits until nothing moves and every delivery has arrived; gives back what moves if that never is.
async fn rest(stage: &Stage, what: &'static str, deadline: Instant) -> Result<(), String> {
    let mut wait = Wait::of(stage, what, deadline);
    let (mut last, mut since) = (activity(stage), Instant::now());
    while !wait.is_over() {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = activity(stage);
        if now != last || now.pending > 0 {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > REST {
            return Ok(());
        }
        wait.say(|| moving(stage));
    }
    Err(format!(
        "after {} s, {what}: {}",
        wait.began.elapsed().as_secs(),
        moving(stage)
    ))
}

/// Whatever a fault holds back goes out with the next delivery: one more, of the last order.
fn let_out(stage: &Stage) {
    if let Some(last) = stage.shop.order_ids().last() {
        stage.shop.tell_again(*last);
    }
}

/// Waits until Orderyard has asked Shopify itself what it missed; false if it never does.
async fn swept(stage: &Stage, deadline: Instant) -> bool {
    let mut wait = Wait::of(stage, "a sweep of Orderyard's own", deadline);
    let since = stage.chronicle.clock.now();
    while !wait.is_over() {
        let last = witness::last_sweep(stage).await;
        if last.is_some_and(|began| began >= since) {
            return true;
        }
        wait.say(|| format!("the last that ended began at {last:?}, wanted is one after {since}"));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    false
}

/// What each supplier still has to do, before it does it.
fn open_units(stage: &Stage) -> OpenAtRest {
    let orders = stage.suppliers.values().flat_map(Supplier::orders);
    let open = orders.filter(|order| !order.cancelled).map(|order| {
        let units = order.open_units().iter().map(|(_, units)| i64::from(*units)).sum();
        (order.number, units)
    });
    open.collect()
}

/// The suppliers answer what they were asked and ship what they took; gives back how much they did.
async fn finish_suppliers(stage: &Stage, deadline: Instant) -> usize {
    let mut wait = Wait::of(stage, "the suppliers to finish", deadline);
    let open: Vec<_> = stage
        .suppliers
        .values()
        .flat_map(|supplier| supplier.orders().into_iter().map(move |order| (supplier, order)))
        .collect();
    let (all, mut seen, mut done) = (open.len(), 0, 0);
    let finishing = open.into_iter().map(|(supplier, order)| finish(stage, supplier, order));
    let mut finishing = stream::iter(finishing).buffer_unordered(SUPPLIERS_AT_ONCE);
    while let Some(said) = finishing.next().await {
        seen += 1;
        done += said;
        wait.say(|| format!("{seen} of {all} purchase orders, {done} calls"));
    }
    done
}

/// What one supplier has left to do for one purchase order, and how much that was.
async fn finish(stage: &Stage, supplier: &Supplier, order: SupplierOrder) -> usize {
    let number = &order.number;
    let mut said = Vec::new();
    if !order.cancel_requested.is_empty() {
        said.push(supplier.answer_cancellation(number, true, None).await.err());
    }
    if !order.acknowledged && !order.cancelled {
        said.push(supplier.acknowledge(number).await.err());
    }
    let after = supplier.order(number).filter(|order| !order.cancelled);
    if after.is_some_and(|order| !order.open_units().is_empty()) {
        let tracking = format!("LATE-{number}");
        said.push(supplier.ship(number, &[], "DHL Express", &tracking).await.err());
    }
    let done = said.len();
    for problem in said.into_iter().flatten() {
        stage
            .chronicle
            .note(format!("{} could not tell of {number}: {problem}", supplier.name()));
    }
    done
}

/// A person works on the exceptions that more of the same can help; gives back how many.
async fn decide(stage: &Stage, shown: &BTreeMap<i64, Shown>) -> usize {
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
                "JOB_FAILED" | "FULFILLMENT_REFUSED" | "FULFILLMENT_UNCLEAR" | "PLACEMENT_REFUSED" => {
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
pub async fn settle(stage: &Stage, patience: Duration) -> Settled {
    let deadline = Instant::now() + patience;
    let_out(stage);
    // What is not at rest here is asked again at the end.
    drop(rest(stage, "the storm's work to end", deadline).await);
    let swept = swept(stage, deadline).await;
    stage.chronicle.note(format!("Orderyard swept the shop: {swept}"));
    drop(rest(stage, "what the sweep found to be done", deadline).await);
    let mut open = open_units(stage);
    for _ in 0..4 {
        let shown = witness::all(stage).await;
        if decide(stage, &shown).await == 0 {
            break;
        }
        drop(rest(stage, "what a person decided to be done", deadline).await);
        open = open_units(stage);
    }
    let mut restless = Some("the patience was used up before the suppliers could finish".to_owned());
    while Instant::now() < deadline {
        let did = finish_suppliers(stage, deadline).await;
        restless = rest(stage, "what the suppliers did to be taken in", deadline)
            .await
            .err();
        let shown = witness::all(stage).await;
        if did + decide(stage, &shown).await == 0 && restless.is_none() {
            break;
        }
    }
    if !swept {
        restless = restless.or(Some("no sweep of Orderyard's own came to its end".to_owned()));
    }
    Settled {
        open_at_rest: open,
        restless,
    }
}
