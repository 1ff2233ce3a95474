//! Tells a violated invariant with everything that happened to its order, by time.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    facts::{Facts, Order, Time},
    rules::Violation,
};

/// Orders whose histories are told; the others are only named.
const MOST_HISTORIES: usize = 4;

/// The report of a round that broke something.
pub fn tell(facts: &Facts, violations: &[Violation], happenings: &[(Time, String)]) -> String {
    let mut report = String::new();
    let mut by_order: BTreeMap<Option<i64>, Vec<&Violation>> = BTreeMap::new();
    for violation in violations {
        by_order.entry(violation.order).or_default().push(violation);
    }
    for (told, (id, violations)) in by_order.iter().enumerate() {
        let order = facts.orders.iter().find(|order| Some(order.id) == *id);
        let name = order.map_or("the installation", |order| order.name.as_str());
        for violation in violations {
            let _ = writeln!(
                report,
                "VIOLATED for {name}: {}: {}",
                violation.invariant, violation.what
            );
        }
        if let Some(order) = order
            && told < MOST_HISTORIES
        {
            report.push_str(&history(order, happenings));
        }
    }
    report
}

fn history(order: &Order, happenings: &[(Time, String)]) -> String {
    let mut entries = asked_of_us(order);
    entries.extend(done_by_us(order));
    entries.sort();
    let (from, to) = (entries.first().map(|(at, _)| *at), entries.last().map(|(at, _)| *at));
    let meanwhile = |at: Time| from.is_some_and(|from| at >= from) && to.is_some_and(|to| at <= to);
    let around = happenings.iter().filter(|(at, _)| meanwhile(*at));
    entries.extend(around.map(|(at, what)| (*at, format!("!         {what}"))));
    entries.sort();
    let mut text = String::new();
    for (at, what) in entries {
        let _ = writeln!(text, "    {} {what}", at.format("%H:%M:%S%.3f"));
    }
    text + &in_the_end(order)
}

type Entries = Vec<(Time, String)>;

/// What the shop's people did, and the webhooks that told of it.
fn asked_of_us(order: &Order) -> Entries {
    let deeds = order.deeds.iter();
    let mut entries: Entries = deeds.map(|(at, what)| (*at, format!("shop      {what}"))).collect();
    for delivery in &order.deliveries {
        for (at, status) in &delivery.attempts {
            let answer = status.map_or("no answer".to_owned(), |status| status.to_string());
            entries.push((*at, format!("webhook   {} → {answer}", delivery.topic)));
        }
        if delivery.attempts.is_empty() {
            let never = format!("webhook   {} was never sent", delivery.topic);
            entries.push((delivery.triggered_at, never));
        }
    }
    entries
}

/// What Orderyard asked of Shopify and the suppliers, and what it noted itself.
fn done_by_us(order: &Order) -> Entries {
    let mut entries = Entries::new();
    for request in &order.requests {
        let lost = if request.lost { ", the answer was lost" } else { "" };
        let what = format!("Admin API {} → {}{lost}", request.operation, request.status);
        entries.push((request.at, what));
    }
    for made in &order.fulfillments {
        let who = if made.by_app { "app" } else { "hand" };
        let what = format!("Shopify   fulfillment by {who}: {:?} {:?}", made.lines, made.numbers);
        entries.push((made.at, what));
    }
    for po in &order.purchase_orders {
        for call in &po.calls {
            let fault = call.fault.as_ref().map_or(String::new(), |fault| format!(", {fault}"));
            let what = format!(
                "{:<9} {} {} key {} {:?} → {}{fault}",
                po.supplier, call.kind, po.number, call.webhook_id, call.lines, call.status
            );
            entries.push((call.at, what));
        }
    }
    let events = order.shown.iter().flat_map(|shown| &shown.events);
    entries.extend(events.map(|(at, what)| (*at, format!("Orderyard {what} (by its own clock)"))));
    entries
}

/// How everybody has it after all that.
fn in_the_end(order: &Order) -> String {
    let mut text = String::new();
    for po in &order.purchase_orders {
        let _ = writeln!(
            text,
            "    {} at {}: {:?} {:?}, open at rest: {}",
            po.number, po.supplier, po.lines, po.parcels, po.open_at_rest
        );
    }
    let _ = writeln!(
        text,
        "    Shopify: {}, cancelled {:?}, held {}, {:?}",
        order.financial_status, order.cancelled_at, order.is_held, order.lines
    );
    if let Some(shown) = &order.shown {
        let _ = writeln!(
            text,
            "    shown: {} {:?} {} {:?}\n           {:?} {:?}\n           {:?}",
            shown.status,
            shown.reason,
            shown.financial_status,
            shown.lines,
            shown.purchase_orders,
            shown.shipments,
            shown.exceptions
        );
    }
    text
}
