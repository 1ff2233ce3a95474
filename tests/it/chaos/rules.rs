//! The invariants, as far as they can be judged from outside, each a function over one order's
//! facts. Pure: what is collected where is `evidence`, how it is told is `telling`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    catalogue::{COST, RECIPES, Recipe, recipe},
    facts::{Call, Delivery, Facts, Load, Order, PurchaseOrder},
    invariant::Invariant,
    sums::{by_sku, fulfilled, of_sku, pieces, shown_units, units},
};

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    /// By id; none where it is about the whole installation.
    pub order: Option<i64>,
    pub what: String,
}

type Rule = fn(&Order) -> Vec<String>;

const RULES: &[(Invariant, Rule)] = &[
    (Invariant::Acknowledged, kept),
    (Invariant::Acknowledged, acknowledged),
    (Invariant::Somewhere, somewhere),
    (Invariant::Once, once_at_suppliers),
    (Invariant::Once, once_in_shopify),
    (Invariant::ForwardOnly, parcels_stay),
    (Invariant::CancelMeansCancel, cancelled_is_taken_back),
    (Invariant::CancelMeansCancel, nothing_placed_after_the_cancel),
    (Invariant::NeverAsk, unpaid_is_not_bought),
    (Invariant::NeverAsk, nothing_dearer_than_accepted),
    (Invariant::Bounded, calls_are_bounded),
    (Invariant::Explained, explained),
    (Invariant::Explained, parcels_are_in_shopify),
    (Invariant::Explained, tracking_is_the_last),
    (Invariant::Explained, what_explains_is_so),
];

/// One purchase order is not told of more often than this: retries, kills and people together.
const MOST_CALLS: usize = 60;
/// One order is not read more often than this: each change and each webhook may be a reason.
const MOST_READS: usize = 400;
/// Resident memory of one process in a debug build, far above what it needs.
const MOST_MEMORY: u64 = 600 * 1024 * 1024;

/// Everything that must not be.
pub fn violations(facts: &Facts) -> Vec<Violation> {
    let mut found: Vec<Violation> = installation(&facts.load)
        .into_iter()
        .map(|what| Violation {
            invariant: Invariant::Bounded,
            order: None,
            what,
        })
        .collect();
    found.extend(lost(&facts.load.deliveries).map(|what| Violation {
        invariant: Invariant::Acknowledged,
        order: None,
        what,
    }));
    for order in &facts.orders {
        for (invariant, rule) in RULES {
            found.extend(rule(order).into_iter().map(|what| Violation {
                invariant: *invariant,
                order: Some(order.id),
                what,
            }));
        }
    }
    found
}

fn installation(load: &Load) -> Vec<String> {
    let mut found: Vec<String> = load
        .ended_by_themselves
        .iter()
        .map(|how| format!("a process ended by itself: {how}"))
        .collect();
    if load.peak_memory_bytes > MOST_MEMORY {
        found.push(format!("a process took {} MB", load.peak_memory_bytes / 1024 / 1024));
    }
    if let Some(moving) = &load.restless {
        found.push(format!("nothing comes to rest though nothing happens: {moving}"));
    }
    found
}

/// What was acknowledged was kept, and has been read.
fn lost(deliveries: &[Delivery]) -> impl Iterator<Item = String> {
    let acknowledged = deliveries.iter().filter_map(|one| Some((one, one.acknowledged_at()?)));
    acknowledged.filter_map(|(delivery, at)| {
        let told = format!("{} of {}, acknowledged at {at}", delivery.topic, delivery.triggered_at);
        match delivery.kept.as_deref() {
            None => Some(format!("{told}, is not in the inbox")),
            Some(unread @ ("received" | "handed_on")) => Some(format!("{told}, is still {unread}")),
            Some(_) => None,
        }
    })
}

fn kept(order: &Order) -> Vec<String> {
    lost(&order.deliveries).collect()
}

/// What was acknowledged has its effect: the order is known, as Shopify has it.
fn acknowledged(order: &Order) -> Vec<String> {
    let Some(at) = order
        .deliveries
        .iter()
        .filter_map(super::facts::Delivery::acknowledged_at)
        .max()
    else {
        return Vec::new();
    };
    let Some(shown) = &order.shown else {
        return vec![format!(
            "webhooks were acknowledged until {at}, and the order is not known"
        )];
    };
    let mut found = Vec::new();
    if shown.is_cancelled != order.cancelled_at.is_some() {
        found.push(format!(
            "cancelled in Shopify: {:?}, shown: {}",
            order.cancelled_at, shown.is_cancelled
        ));
    }
    if !shown.financial_status.eq_ignore_ascii_case(&order.financial_status) {
        found.push(format!(
            "{} in Shopify, shown as {}",
            order.financial_status, shown.financial_status
        ));
    }
    let (ordered, known) = (by_sku(order, |line| line.quantity), shown_units(shown));
    if ordered != known {
        found.push(format!("ordered are {ordered:?}, shown are {known:?}"));
    }
    if order.is_routed && shown.status == "WAITING" {
        found.push("it waits for fulfillment orders that Shopify has made".to_owned());
    }
    found
}

/// Each unit is in exactly one state, and what the states say of parcels is what Shopify has.
fn somewhere(order: &Order) -> Vec<String> {
    let Some(shown) = &order.shown else { return Vec::new() };
    let mut found = Vec::new();
    for line in &shown.lines {
        let sum: i64 = line.units.values().sum();
        if sum != line.quantity {
            found.push(format!(
                "{} of {} × {} are somewhere: {:?}",
                sum, line.quantity, line.sku, line.units
            ));
        }
    }
    let outside: i64 = order.fulfillments.iter().filter(|made| !made.by_app).map(units).sum();
    // What was fulfilled by hand and shipped by a supplier too is shown as shipped, and a person knows.
    let told = !shown.exceptions.is_empty();
    if shown.units("FULFILLED_OUTSIDE") > outside || (shown.units("FULFILLED_OUTSIDE") < outside && !told) {
        found.push(format!(
            "{outside} units were fulfilled by hand, shown: {:?}",
            shown.lines
        ));
    }
    let by_app: i64 = order.fulfillments.iter().filter(|made| made.by_app).map(units).sum();
    if shown.units("SHIPPED") < by_app {
        found.push(format!("{by_app} units are fulfilled, shown: {:?}", shown.lines));
    }
    found
}

const TOO_MANY_REQUESTS: u16 = 429;

/// No supplier is asked twice for one thing.
fn once_at_suppliers(order: &Order) -> Vec<String> {
    let mut found = Vec::new();
    for po in &order.purchase_orders {
        let created = || po.calls.iter().filter(|call| call.kind == "purchase_order.created");
        // A supplier that had no time has taken nothing: what is asked next may be less.
        let taken = || created().filter(|call| call.status != TOO_MANY_REQUESTS);
        let under_another_key = |first: &Call| created().find(|call| call.webhook_id != first.webhook_id);
        let of_another_content = |first: &Call| taken().find(|call| call.lines != first.lines);
        let two_keys = || {
            created()
                .next()
                .and_then(|first| Some((first, under_another_key(first)?)))
        };
        let two_contents = || {
            taken()
                .next()
                .and_then(|first| Some((first, of_another_content(first)?)))
        };
        if let Some((first, other)) = two_keys().or_else(two_contents) {
            found.push(format!(
                "{} was placed under two keys or contents: {} {:?}, then {} {:?}",
                po.number, first.webhook_id, first.lines, other.webhook_id, other.lines
            ));
        }
        let elsewhere = |other: &&PurchaseOrder| other.number == po.number && other.supplier != po.supplier;
        if order.purchase_orders.iter().any(|other| elsewhere(&other)) {
            found.push(format!("{} stands with two suppliers", po.number));
        }
    }
    for recipe in RECIPES {
        let bought = recipe.units(|sku| pieces(order, sku, super::facts::PoLine::live));
        let ordered: i64 = of_sku(order, recipe.sku).map(|line| line.quantity).sum();
        if bought > ordered {
            found.push(format!("{bought} × {} are bought for {ordered} ordered", recipe.sku));
        }
    }
    found
}

/// No parcel makes two fulfillments at one location, and no fulfillment comes without its parcel.
fn once_in_shopify(order: &Order) -> Vec<String> {
    let mut found = Vec::new();
    for recipe in RECIPES {
        let shipped = recipe.units(|sku| pieces(order, sku, |line| line.shipped));
        let fulfilled = fulfilled(order, recipe.sku);
        if fulfilled > shipped {
            found.push(format!(
                "{fulfilled} × {} are fulfilled, {shipped} were shipped",
                recipe.sku
            ));
        }
    }
    let mut carrying: BTreeMap<(&str, i64, &str), usize> = BTreeMap::new();
    for made in order.fulfillments.iter().filter(|made| made.by_app) {
        let skus: BTreeSet<&str> = made.lines.iter().map(|(sku, _)| sku.as_str()).collect();
        for sku in skus.into_iter().filter(|sku| !recipe(sku).is_some_and(Recipe::is_kit)) {
            for number in &made.numbers {
                *carrying.entry((number.as_str(), made.location, sku)).or_default() += 1;
            }
        }
    }
    for ((number, _, sku), times) in carrying.into_iter().filter(|(_, times)| *times > 1) {
        // A fulfillment with kits also names the parcels that came before.
        let in_parcel = |po: &PurchaseOrder| {
            let mut parcels = po.parcels.iter().filter(|parcel| parcel.number == number);
            parcels.any(|parcel| {
                parcel
                    .lines
                    .iter()
                    .any(|(piece, _)| recipe(sku).is_some_and(|r| r.uses(piece)))
            })
        };
        let with_kits = order.fulfillments.iter().any(|made| {
            made.numbers.iter().any(|known| known == number)
                && made
                    .lines
                    .iter()
                    .any(|(sku, _)| recipe(sku).is_some_and(Recipe::is_kit))
        });
        if order.purchase_orders.iter().any(in_parcel) && !with_kits {
            found.push(format!(
                "parcel {number} with {sku} made {times} fulfillments at one location"
            ));
        }
    }
    found
}

/// A parcel that was confirmed to its supplier stays.
fn parcels_stay(order: &Order) -> Vec<String> {
    let known = |number: &str| {
        order
            .shown
            .as_ref()
            .is_some_and(|shown| shown.shipments.iter().any(|(shown, _)| shown == number))
    };
    let parcels = order.purchase_orders.iter().flat_map(|po| &po.parcels);
    parcels
        .filter(|parcel| parcel.is_confirmed && !known(&parcel.number))
        .map(|parcel| {
            format!(
                "parcel {} {} was confirmed and is not shown",
                parcel.reference, parcel.number
            )
        })
        .collect()
}

/// A supplier who still has units of a cancelled order was asked not to ship them.
fn cancelled_is_taken_back(order: &Order) -> Vec<String> {
    let asked = |po: &PurchaseOrder| {
        po.calls
            .iter()
            .any(|call| call.kind == "purchase_order.cancel_requested")
    };
    let explained = order
        .shown
        .as_ref()
        .is_some_and(|shown| shown.open_exceptions().next().is_some());
    let mut found = Vec::new();
    if order.cancelled_at.is_some() {
        let left = order
            .purchase_orders
            .iter()
            .filter(|po| po.open_at_rest > 0 && !asked(po));
        found.extend(left.filter(|_| !explained).map(|po| {
            format!(
                "{} has {} open units of a cancelled order and was not asked to cancel",
                po.number, po.open_at_rest
            )
        }));
        return found;
    }
    for recipe in RECIPES {
        let bought = recipe.units(|sku| pieces(order, sku, super::facts::PoLine::live));
        let wanted: i64 = of_sku(order, recipe.sku).map(|line| line.current).sum();
        let with_it = || {
            order
                .purchase_orders
                .iter()
                .filter(|po| po.lines.iter().any(|line| recipe.uses(&line.sku)))
        };
        let open = with_it().any(|po| po.open_at_rest > 0);
        if bought > wanted && open && !with_it().any(asked) && !explained {
            found.push(format!(
                "{bought} × {} stand with suppliers for {wanted} wanted, and none was asked to cancel",
                recipe.sku
            ));
        }
    }
    found
}

/// Once Orderyard shows the order as cancelled, no purchase order of it is placed.
fn nothing_placed_after_the_cancel(order: &Order) -> Vec<String> {
    let Some(since) = order.shown_cancelled_at else {
        return Vec::new();
    };
    let first = |po: &PurchaseOrder| {
        let mut created = po.calls.iter().filter(|call| call.kind == "purchase_order.created");
        created.next().map(|call| call.at)
    };
    let late = order.purchase_orders.iter().filter_map(|po| Some((po, first(po)?)));
    late.filter(|(_, at)| *at > since)
        .map(|(po, at)| {
            format!(
                "{} was placed at {at}, after the cancel was shown at {since}",
                po.number
            )
        })
        .collect()
}

fn unpaid_is_not_bought(order: &Order) -> Vec<String> {
    let too_early = |po: &&PurchaseOrder| {
        let mut created = po.calls.iter().filter(|call| call.kind == "purchase_order.created");
        created.any(|call| order.paid_at.is_none_or(|paid| call.at < paid))
    };
    let early = order.purchase_orders.iter().filter(too_early);
    early
        .map(|po| format!("{} was placed, and the order was paid: {:?}", po.number, order.paid_at))
        .collect()
}

fn nothing_dearer_than_accepted(order: &Order) -> Vec<String> {
    let calls = order.purchase_orders.iter().flat_map(|po| &po.calls);
    let lines = calls
        .filter(|call| call.kind == "purchase_order.created")
        .flat_map(|call| &call.lines);
    lines
        .filter(|(_, _, cost)| cost != COST)
        .map(|(sku, _, cost)| format!("{sku} is bought at {cost}, accepted was {COST}"))
        .collect()
}

fn calls_are_bounded(order: &Order) -> Vec<String> {
    let mut found = Vec::new();
    for po in order.purchase_orders.iter().filter(|po| po.calls.len() > MOST_CALLS) {
        found.push(format!("{} calls about {}", po.calls.len(), po.number));
    }
    if order.requests.len() > MOST_READS {
        found.push(format!("{} calls of the Admin API for one order", order.requests.len()));
    }
    found
}

/// The order is done, or waits for something that is so, or for a person who was told.
fn explained(order: &Order) -> Vec<String> {
    let Some(shown) = &order.shown else { return Vec::new() };
    let mut found: Vec<String> = shown
        .open_exceptions()
        .filter(|exception| {
            matches!(
                exception.kind.as_str(),
                "JOB_FAILED" | "OUTCOME_UNKNOWN" | "FULFILLMENT_UNCLEAR"
            )
        })
        .map(|exception| {
            format!(
                "{} stands though a person tried again: {}",
                exception.kind, exception.message
            )
        })
        .collect();
    let unpaid = !matches!(order.financial_status.as_str(), "PAID" | "PARTIALLY_REFUNDED");
    let nothing_left = order.lines.iter().all(|line| line.remaining == 0);
    let good = match shown.status.as_str() {
        "NEEDS_ATTENTION" => shown.open_exceptions().next().is_some(),
        "NOT_ROUTABLE" => shown.reason.is_some() && (unpaid || nothing_left),
        "HELD" => order.is_held,
        "SHIPPED" => nothing_left || order.cancelled_at.is_some(),
        "CANCELLED" => order.cancelled_at.is_some(),
        "FULFILLED_OUTSIDE" => nothing_left,
        _ => false,
    };
    if !good {
        let left = by_sku(order, |line| line.remaining);
        found.push(format!(
            "{} ({:?}) explains nothing; still to leave: {left:?}",
            shown.status, shown.reason
        ));
    }
    let unsent = shown.purchase_orders.iter().filter(|(_, status)| {
        matches!(
            status.as_str(),
            "DRAFT" | "PLACING" | "OUTCOME_UNKNOWN" | "PLACED" | "CANCEL_REQUESTED"
        )
    });
    let waits = shown.status == "HELD" || shown.open_exceptions().next().is_some();
    found.extend(
        unsent
            .filter(|_| !waits)
            .map(|(number, status)| format!("{number} is still {status}")),
    );
    found
}

/// What suppliers shipped is fulfilled in Shopify, or somebody was told why not.
fn parcels_are_in_shopify(order: &Order) -> Vec<String> {
    let Some(shown) = &order.shown else { return Vec::new() };
    if shown.open_exceptions().next().is_some() {
        return Vec::new();
    }
    let by_hand: i64 = order.fulfillments.iter().filter(|made| !made.by_app).map(units).sum();
    let mut found = Vec::new();
    for recipe in RECIPES.iter().filter(|_| by_hand == 0 && order.cancelled_at.is_none()) {
        let shipped = recipe.units(|sku| pieces(order, sku, |line| line.shipped));
        let fulfilled = fulfilled(order, recipe.sku);
        let resolved = !shown.exceptions.is_empty();
        if fulfilled < shipped && !resolved {
            found.push(format!(
                "{shipped} × {} were shipped, {fulfilled} are fulfilled",
                recipe.sku
            ));
        }
    }
    found
}

/// What a supplier corrected is what the customer sees, or somebody was told why not.
fn tracking_is_the_last(order: &Order) -> Vec<String> {
    let explained = order
        .shown
        .as_ref()
        .is_some_and(|shown| shown.open_exceptions().next().is_some());
    let is_known = |number: &&String| {
        let mut parcels = order.purchase_orders.iter().flat_map(|po| &po.parcels);
        parcels.any(|parcel| parcel.number == **number)
    };
    let made = order.fulfillments.iter().filter(|made| made.by_app && !explained);
    made.flat_map(|made| &made.numbers)
        .filter(|number| !is_known(number))
        .map(|number| format!("Shopify shows {number}, which no parcel has, or none has any more"))
        .collect()
}

/// Nobody is asked to map what is mapped.
fn what_explains_is_so(order: &Order) -> Vec<String> {
    let mapped = |sku: &str| recipe(sku).is_some_and(|recipe| !recipe.alternatives.is_empty());
    let exceptions = order.shown.iter().flat_map(|shown| &shown.exceptions);
    let unmapped = exceptions.filter(|exception| exception.kind == "UNMAPPED_LINE");
    unmapped
        .filter(|exception| exception.sku.as_deref().is_some_and(mapped))
        .map(|exception| format!("not so: {}", exception.message))
        .collect()
}
