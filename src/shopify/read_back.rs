//! After a lost answer: was the fulfillment made? Pure; it decides from the
//! order as read back, and says *unclear* rather than guess.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    fulfillments::{FulfillmentSnapshot, OrderFulfillmentState},
    scalars::FulfillmentStatus,
};
use crate::ids::{ShopifyFulfillmentId, ShopifyFulfillmentOrderId, ShopifyLineItemId, ShopifyLocationId};

/// What the lost call was to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub units: BTreeMap<ShopifyLineItemId, u32>,
    pub numbers: BTreeSet<String>,
    /// None where nobody wrote it down: then nothing proves that the call was not executed.
    pub before: Option<Before>,
}

/// The order as Shopify showed it just before the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Where the call drew from.
    pub location: Option<ShopifyLocationId>,
    /// What it could draw from.
    pub remained: Vec<Remained>,
    /// Every fulfillment that was there.
    pub fulfillments: BTreeSet<ShopifyFulfillmentId>,
}

/// Units of one line that remained in one fulfillment order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remained {
    pub fulfillment_order: ShopifyFulfillmentOrderId,
    pub line_item: ShopifyLineItemId,
    pub units: u32,
}

/// What the order tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadBack {
    Made(ShopifyFulfillmentId),
    /// As much remains as before the call, and nothing like it is there. Read
    /// this only after the call's own timeout has passed twice, or a slow call
    /// may still be under way.
    NotMade,
    /// For a person to decide, with the fulfillments that come into question.
    Unclear(Vec<ShopifyFulfillmentId>),
}

/// Looks for the expected fulfillment. `known` are those that are already tied
/// to other parcels.
pub fn find(state: &OrderFulfillmentState, expected: &Expected, known: &BTreeSet<ShopifyFulfillmentId>) -> ReadBack {
    let unknown: Vec<&FulfillmentSnapshot> = state
        .fulfillments
        .iter()
        .filter(|one| !known.contains(&one.id) && stands(&one.status))
        .collect();
    let exact: Vec<ShopifyFulfillmentId> = unknown
        .iter()
        .filter(|one| units(one) == expected.units && numbers(one) == expected.numbers)
        .map(|one| one.id)
        .collect();
    if let [one] = exact[..] {
        return ReadBack::Made(one);
    }
    let alike: Vec<ShopifyFulfillmentId> = unknown
        .iter()
        .filter(|one| touches(one, expected))
        .map(|one| one.id)
        .collect();
    if alike.is_empty() && nothing_taken(state, expected) {
        return ReadBack::NotMade;
    }
    ReadBack::Unclear(alike)
}

/// A status that is newer than this program may well stand.
pub fn stands(status: &FulfillmentStatus) -> bool {
    !matches!(
        status,
        FulfillmentStatus::Cancelled | FulfillmentStatus::Error | FulfillmentStatus::Failure
    )
}

fn units(one: &FulfillmentSnapshot) -> BTreeMap<ShopifyLineItemId, u32> {
    let mut units = BTreeMap::new();
    for line in &one.lines {
        *units.entry(line.line_item).or_default() += line.quantity;
    }
    units
}

fn numbers(one: &FulfillmentSnapshot) -> BTreeSet<String> {
    one.tracking.iter().filter_map(|info| info.number.clone()).collect()
}

/// Shares a line or a number with what was to be made.
fn touches(one: &FulfillmentSnapshot, expected: &Expected) -> bool {
    one.lines
        .iter()
        .any(|line| expected.units.contains_key(&line.line_item))
        || !numbers(one).is_disjoint(&expected.numbers)
}

/// Is everything that remained before the call still there, or gone into
/// fulfillments that are tied to other parcels? A fulfillment order that is gone
/// (moved, split) proves nothing.
fn nothing_taken(state: &OrderFulfillmentState, expected: &Expected) -> bool {
    let Some(before) = &expected.before else {
        return false;
    };
    let mut had = BTreeMap::<ShopifyLineItemId, u32>::new();
    let mut has = had.clone();
    for was in &before.remained {
        let Some(now) = remaining(state, was) else {
            return false;
        };
        *had.entry(was.line_item).or_default() += was.units;
        *has.entry(was.line_item).or_default() += now;
    }
    let later = state
        .fulfillments
        .iter()
        .filter(|one| stands(&one.status) && !before.fulfillments.contains(&one.id))
        .filter(|one| one.location.is_some() && one.location == before.location);
    for line in later.flat_map(|one| &one.lines) {
        *has.entry(line.line_item).or_default() += line.quantity;
    }
    had.iter().all(|(line, had)| has.get(line) >= Some(had))
}

fn remaining(state: &OrderFulfillmentState, was: &Remained) -> Option<u32> {
    let mut orders = state.fulfillment_orders.iter();
    let order = orders.find(|one| one.id == was.fulfillment_order)?;
    let line = order.lines.iter().find(|one| one.line_item == was.line_item)?;
    Some(line.remaining)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{
        super::{
            fulfillment_orders::{FulfillmentOrderLineSnapshot, FulfillmentOrderSnapshot},
            fulfillments::{FulfilledLine, TrackingInfo},
            scalars::{FulfillmentOrderRequestStatus, FulfillmentOrderStatus},
        },
        *,
    };
    use crate::ids::{ShopifyFulfillmentOrderLineId, ShopifyOrderId};

    const MUG: ShopifyLineItemId = ShopifyLineItemId(1);
    const SHIRT: ShopifyLineItemId = ShopifyLineItemId(2);
    const HERE: ShopifyLocationId = ShopifyLocationId(5);

    fn fulfillment(id: i64, lines: &[(ShopifyLineItemId, u32)], numbers: &[&str]) -> FulfillmentSnapshot {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        FulfillmentSnapshot {
            id: ShopifyFulfillmentId(id),
            name: format!("#1001.{id}"),
            status: FulfillmentStatus::Success,
            display_status: None,
            created_at: at,
            updated_at: at,
            location: Some(HERE),
            tracking: numbers
                .iter()
                .map(|number| TrackingInfo {
                    company: None,
                    number: Some((*number).to_owned()),
                    url: None,
                })
                .collect(),
            lines: lines
                .iter()
                .map(|(line_item, quantity)| FulfilledLine {
                    line_item: *line_item,
                    quantity: *quantity,
                })
                .collect(),
        }
    }

    fn state(remaining: u32, fulfillments: Vec<FulfillmentSnapshot>) -> OrderFulfillmentState {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        OrderFulfillmentState {
            order: ShopifyOrderId(1),
            updated_at: at,
            cancelled_at: None,
            financial_status: None,
            fulfillments,
            fulfillment_orders: vec![FulfillmentOrderSnapshot {
                id: ShopifyFulfillmentOrderId(7),
                order: ShopifyOrderId(1),
                status: FulfillmentOrderStatus::Open,
                request_status: FulfillmentOrderRequestStatus::Unsubmitted,
                created_at: at,
                updated_at: at,
                fulfill_at: None,
                fulfill_by: None,
                location: None,
                location_name: "Here".to_owned(),
                delivery: None,
                actions: vec![],
                holds: vec![],
                lines: vec![FulfillmentOrderLineSnapshot {
                    id: ShopifyFulfillmentOrderLineId(8),
                    line_item: MUG,
                    total: 3,
                    remaining,
                    requires_shipping: true,
                    sku: None,
                    inventory_item: None,
                }],
            }],
        }
    }

    /// One mug of three, as parcel `T1`, when fulfillment 1 was there.
    fn expected() -> Expected {
        Expected {
            units: BTreeMap::from([(MUG, 1)]),
            numbers: BTreeSet::from(["T1".to_owned()]),
            before: Some(Before {
                location: Some(HERE),
                remained: vec![Remained {
                    fulfillment_order: ShopifyFulfillmentOrderId(7),
                    line_item: MUG,
                    units: 3,
                }],
                fulfillments: BTreeSet::from([ShopifyFulfillmentId(1)]),
            }),
        }
    }

    fn check(state: &OrderFulfillmentState, known: &[i64], expect: &ReadBack) {
        let known = known.iter().copied().map(ShopifyFulfillmentId).collect();
        assert_eq!(&find(state, &expected(), &known), expect);
    }

    #[test]
    fn finds_what_was_made() {
        let made = ReadBack::Made(ShopifyFulfillmentId(2));
        let other = fulfillment(1, &[(MUG, 1)], &["T0"]);
        check(
            &state(1, vec![other, fulfillment(2, &[(MUG, 1)], &["T1"])]),
            &[1],
            &made,
        );
    }

    #[test]
    fn says_not_made_only_when_everything_is_still_there() {
        check(&state(3, vec![]), &[], &ReadBack::NotMade);
        check(
            &state(3, vec![fulfillment(1, &[(MUG, 1)], &["T0"])]),
            &[1],
            &ReadBack::NotMade,
        );
        let mut cancelled = fulfillment(1, &[(MUG, 1)], &["T1"]);
        cancelled.status = FulfillmentStatus::Cancelled;
        check(&state(3, vec![cancelled]), &[], &ReadBack::NotMade);
        check(
            &state(3, vec![fulfillment(1, &[(SHIRT, 1)], &["T0"])]),
            &[],
            &ReadBack::NotMade,
        );
    }

    #[test]
    fn what_other_parcels_took_meanwhile_is_not_missed() {
        let other = fulfillment(2, &[(MUG, 2)], &["T2"]);
        check(&state(1, vec![other.clone()]), &[2], &ReadBack::NotMade);
        check(&state(0, vec![other.clone()]), &[2], &ReadBack::Unclear(vec![]));
        // What was there before the call has taken nothing since.
        let earlier = fulfillment(1, &[(MUG, 1)], &["T0"]);
        check(&state(2, vec![earlier]), &[1], &ReadBack::Unclear(vec![]));
        // What another location shipped was not taken from here.
        let mut elsewhere = other;
        elsewhere.location = Some(ShopifyLocationId(6));
        check(&state(1, vec![elsewhere]), &[2], &ReadBack::Unclear(vec![]));
    }

    #[test]
    fn without_a_note_of_what_was_there_nothing_is_proved() {
        let expected = Expected {
            before: None,
            ..expected()
        };
        let none = BTreeSet::new();
        assert_eq!(find(&state(3, vec![]), &expected, &none), ReadBack::Unclear(vec![]));
        let made = fulfillment(2, &[(MUG, 1)], &["T1"]);
        let made = find(&state(2, vec![made]), &expected, &none);
        assert_eq!(made, ReadBack::Made(ShopifyFulfillmentId(2)));
    }

    #[test]
    fn never_guesses() {
        let one = ShopifyFulfillmentId(1);
        let two = ShopifyFulfillmentId(2);
        // Units are gone and nothing shows where to.
        check(&state(2, vec![]), &[], &ReadBack::Unclear(vec![]));
        // The same units under another number, the same number on other units.
        check(
            &state(2, vec![fulfillment(1, &[(MUG, 1)], &["T9"])]),
            &[],
            &ReadBack::Unclear(vec![one]),
        );
        check(
            &state(3, vec![fulfillment(1, &[(SHIRT, 1)], &["T1"])]),
            &[],
            &ReadBack::Unclear(vec![one]),
        );
        // Twice the same.
        let twins = vec![
            fulfillment(1, &[(MUG, 1)], &["T1"]),
            fulfillment(2, &[(MUG, 1)], &["T1"]),
        ];
        check(&state(1, twins), &[], &ReadBack::Unclear(vec![one, two]));
        // The fulfillment order was split or moved away.
        let mut moved = state(3, vec![]);
        moved.fulfillment_orders.clear();
        check(&moved, &[], &ReadBack::Unclear(vec![]));
    }
}
