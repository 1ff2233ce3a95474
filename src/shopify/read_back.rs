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
    /// As much remains as before the call, and nothing like it is there; or too
    /// little remains for it to be made now. Read this only after the call's own
    /// timeout has passed twice, or a slow call may still be under way.
    NotMade,
    /// Nothing like it is there, but units are gone: refunded, edited away,
    /// moved. Shopify may be late to show the fulfillment, but not by minutes.
    Gone,
    /// For a person to decide, with the fulfillments that come into question.
    Unclear(Vec<ShopifyFulfillmentId>),
}

/// Fulfillments that an import has seen.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Tied to other parcels.
    pub ours: BTreeSet<ShopifyFulfillmentId>,
    /// Tied to none: made by hand, so far as could be told when they were read.
    pub by_hand: BTreeSet<ShopifyFulfillmentId>,
}

/// Looks for the expected fulfillment.
pub fn find(state: &OrderFulfillmentState, expected: &Expected, known: &Known) -> ReadBack {
    let was_there = |one: &FulfillmentSnapshot| {
        let before = expected.before.as_ref();
        before.is_some_and(|before| before.fulfillments.contains(&one.id))
    };
    let unknown: Vec<&FulfillmentSnapshot> = state
        .fulfillments
        .iter()
        .filter(|one| !known.ours.contains(&one.id) && !was_there(one) && stands(&one.status))
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
        .filter(|one| {
            // A number may have been corrected since, but lines never change (Shopify has no way to).
            let is_alike = units(one) == expected.units || shares_number(one, expected);
            is_alike || (!known.by_hand.contains(&one.id) && shares_line(one, expected))
        })
        .map(|one| one.id)
        .collect();
    if !has_room(state, expected) || (alike.is_empty() && nothing_taken(state, expected)) {
        return ReadBack::NotMade;
    }
    if alike.is_empty() {
        return ReadBack::Gone;
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

fn shares_line(one: &FulfillmentSnapshot, expected: &Expected) -> bool {
    one.lines
        .iter()
        .any(|line| expected.units.contains_key(&line.line_item))
}

fn shares_number(one: &FulfillmentSnapshot, expected: &Expected) -> bool {
    !numbers(one).is_disjoint(&expected.numbers)
}

/// Whether another one like it could be made at all, here or elsewhere.
fn has_room(state: &OrderFulfillmentState, expected: &Expected) -> bool {
    expected.units.iter().all(|(item, units)| {
        let lines = state.fulfillment_orders.iter().flat_map(|one| &one.lines);
        let of_item = lines.filter(|line| line.line_item == *item);
        of_item.map(|line| line.remaining).sum::<u32>() >= *units
    })
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

    fn check(state: &OrderFulfillmentState, ours: &[i64], expect: &ReadBack) {
        let known = Known {
            ours: ours.iter().copied().map(ShopifyFulfillmentId).collect(),
            ..Known::default()
        };
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
    fn says_not_made_when_everything_is_still_there() {
        check(&state(3, vec![]), &[], &ReadBack::NotMade);
        // It was there before the call, with whatever number.
        let before = fulfillment(1, &[(MUG, 1)], &["T0"]);
        check(&state(3, vec![before]), &[], &ReadBack::NotMade);
        let mut cancelled = fulfillment(2, &[(MUG, 1)], &["T1"]);
        cancelled.status = FulfillmentStatus::Cancelled;
        check(&state(3, vec![cancelled]), &[], &ReadBack::NotMade);
        let of_another_line = fulfillment(2, &[(SHIRT, 1)], &["T0"]);
        check(&state(3, vec![of_another_line]), &[], &ReadBack::NotMade);
    }

    #[test]
    fn says_not_made_where_nothing_can_be_doubled() {
        // Refunded, or fulfilled by hand: whatever it was, there is no unit for another one.
        check(&state(0, vec![]), &[], &ReadBack::NotMade);
        let by_hand = fulfillment(2, &[(MUG, 3)], &[]);
        check(&state(0, vec![by_hand]), &[], &ReadBack::NotMade);
        let mut closed = state(3, vec![]);
        closed.fulfillment_orders.clear();
        check(&closed, &[], &ReadBack::NotMade);
    }

    #[test]
    fn what_other_parcels_took_meanwhile_is_not_missed() {
        let other = fulfillment(2, &[(MUG, 1)], &["T2"]);
        check(&state(2, vec![other.clone()]), &[2], &ReadBack::NotMade);
        check(&state(1, vec![other.clone()]), &[2], &ReadBack::Gone);
        // What was there before the call has taken nothing since.
        let earlier = fulfillment(1, &[(MUG, 1)], &["T0"]);
        check(&state(2, vec![earlier]), &[], &ReadBack::Gone);
        // What another location shipped was not taken from here.
        let mut elsewhere = other;
        elsewhere.location = Some(ShopifyLocationId(6));
        check(&state(2, vec![elsewhere]), &[2], &ReadBack::Gone);
    }

    #[test]
    fn a_number_may_have_been_corrected_by_hand_since() {
        let by_hand = |lines: &[(ShopifyLineItemId, u32)], remaining| {
            let known = Known {
                by_hand: BTreeSet::from([ShopifyFulfillmentId(2)]),
                ..Known::default()
            };
            let one = fulfillment(2, lines, &["T9"]);
            find(&state(remaining, vec![one]), &expected(), &known)
        };
        assert_eq!(
            by_hand(&[(MUG, 1)], 2),
            ReadBack::Unclear(vec![ShopifyFulfillmentId(2)])
        );
        // Other units are another parcel's.
        assert_eq!(by_hand(&[(MUG, 2)], 1), ReadBack::NotMade);
    }

    #[test]
    fn without_a_note_of_what_was_there_nothing_is_proved() {
        let expected = Expected {
            before: None,
            ..expected()
        };
        let none = Known::default();
        assert_eq!(find(&state(3, vec![]), &expected, &none), ReadBack::Gone);
        let made = fulfillment(2, &[(MUG, 1)], &["T1"]);
        let made = find(&state(2, vec![made]), &expected, &none);
        assert_eq!(made, ReadBack::Made(ShopifyFulfillmentId(2)));
    }

    #[test]
    fn never_guesses() {
        let two = ShopifyFulfillmentId(2);
        let three = ShopifyFulfillmentId(3);
        // The same units under another number, the same number on other units.
        check(
            &state(2, vec![fulfillment(2, &[(MUG, 1)], &["T9"])]),
            &[],
            &ReadBack::Unclear(vec![two]),
        );
        check(
            &state(3, vec![fulfillment(2, &[(SHIRT, 1)], &["T1"])]),
            &[],
            &ReadBack::Unclear(vec![two]),
        );
        // Twice the same.
        let twins = vec![
            fulfillment(2, &[(MUG, 1)], &["T1"]),
            fulfillment(3, &[(MUG, 1)], &["T1"]),
        ];
        check(&state(1, twins), &[], &ReadBack::Unclear(vec![two, three]));
        // Units are gone and nothing shows where to.
        check(&state(2, vec![]), &[], &ReadBack::Gone);
        // The fulfillment order was split or moved away.
        let mut moved = state(3, vec![]);
        moved.fulfillment_orders[0].id = ShopifyFulfillmentOrderId(9);
        check(&moved, &[], &ReadBack::Gone);
    }
}
