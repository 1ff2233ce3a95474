//! The cost budget of one shop: Shopify's leaky bucket, mirrored.
//!
//! Pure arithmetic. Who stores the budget (one row per shop, since every node draws from the same
//! bucket) and who waits is the application's matter. The order of use: [`Budget::reserve`] before
//! a call, then [`Budget::after_answer`], [`Budget::after_throttled`] or, when no answer came,
//! nothing: what was reserved stays spent until it has leaked away.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The bucket as Shopify reports it with every answer, in whole points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleStatus {
    pub maximum: u32,
    pub available: u32,
    pub restore_per_second: u32,
}

/// What one call cost, and what was left after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub requested: u32,
    /// Missing when Shopify refused the call before executing it.
    pub actual: Option<u32>,
    pub status: ThrottleStatus,
}

/// How many points one shop's bucket held at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    pub available: u32,
    pub maximum: u32,
    pub restore_per_second: u32,
    pub as_of: DateTime<Utc>,
}

/// The bucket of Shopify's smallest plan, assumed until an answer says more.
const SMALLEST: ThrottleStatus = ThrottleStatus {
    maximum: 2000,
    available: 2000,
    restore_per_second: 100,
};

/// In this time Shopify fills any bucket.
const FAR_AHEAD: TimeDelta = TimeDelta::minutes(2);

impl Budget {
    /// For a shop that was never called.
    pub fn unknown(now: DateTime<Utc>) -> Budget {
        Budget::from_status(SMALLEST, now)
    }

    pub fn from_status(status: ThrottleStatus, now: DateTime<Utc>) -> Budget {
        Budget {
            available: status.available.min(status.maximum),
            maximum: status.maximum,
            restore_per_second: status.restore_per_second.max(1),
            as_of: now,
        }
    }

    /// The points that are there at `now`. A clock that stepped back a little restores nothing; one that was far
    /// ahead says nothing, and the bucket has long been full by what Shopify restores.
    pub fn available_at(&self, now: DateTime<Utc>) -> u32 {
        if self.is_ahead(now) {
            return self.maximum;
        }
        let elapsed_ms = (now - self.as_of).num_milliseconds().max(0).unsigned_abs();
        let restored = elapsed_ms.saturating_mul(u64::from(self.restore_per_second)) / 1000;
        let total = u64::from(self.available).saturating_add(restored);
        u32::try_from(total).unwrap_or(u32::MAX).min(self.maximum)
    }

    /// How long to wait before a call of `cost` points. A call dearer than the whole bucket waits
    /// until the bucket is full; Shopify decides then.
    pub fn wait_for(&self, cost: u32, now: DateTime<Utc>) -> Duration {
        let missing = cost.min(self.maximum).saturating_sub(self.available_at(now));
        restore_time(missing, self.restore_per_second)
    }

    /// The budget with `cost` points taken out, or how long to wait for them.
    pub fn reserve(&self, cost: u32, now: DateTime<Utc>) -> Result<Budget, Duration> {
        let wait = self.wait_for(cost, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        Ok(Budget {
            available: self.available_at(now).saturating_sub(cost),
            as_of: self.as_of(now),
            ..*self
        })
    }

    /// Settles a call for which `reserved` points were taken out. What the call did not use comes
    /// back. Where Shopify has fewer points than we believe, Shopify is right; where it has more,
    /// the difference is what other calls in flight have reserved.
    #[must_use]
    pub fn after_answer(&self, reserved: u32, cost: &Cost, now: DateTime<Utc>) -> Budget {
        let spent = cost.actual.unwrap_or(0).min(reserved);
        self.settle(reserved - spent, cost.status, now)
    }

    /// Settles a call that Shopify refused for want of points: nothing was executed or spent.
    /// Without a status (HTTP 429) the bucket is taken as empty.
    #[must_use]
    pub fn after_throttled(&self, reserved: u32, status: Option<ThrottleStatus>, now: DateTime<Utc>) -> Budget {
        let empty = ThrottleStatus {
            maximum: self.maximum,
            available: 0,
            restore_per_second: self.restore_per_second,
        };
        self.settle(reserved, status.unwrap_or(empty), now)
    }

    /// Written by a clock that was wrong, by more than clocks of nodes differ.
    fn is_ahead(&self, now: DateTime<Utc>) -> bool {
        self.as_of > now + FAR_AHEAD
    }

    fn as_of(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_ahead(now) { now } else { now.max(self.as_of) }
    }

    fn settle(&self, given_back: u32, status: ThrottleStatus, now: DateTime<Utc>) -> Budget {
        let ours = self.available_at(now).saturating_add(given_back);
        // A bucket that grew with the shop's plan is full of points we have not counted.
        let grown = status.maximum.saturating_sub(self.maximum);
        Budget {
            available: ours.saturating_add(grown).min(status.available).min(status.maximum),
            as_of: self.as_of(now),
            ..Budget::from_status(status, now)
        }
    }
}

/// How long the bucket needs for `missing` points, rounded up to the millisecond.
pub fn restore_time(missing: u32, restore_per_second: u32) -> Duration {
    let rate = u64::from(restore_per_second.max(1));
    Duration::from_millis((u64::from(missing) * 1000).div_ceil(rate))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
    }

    fn status(available: u32) -> ThrottleStatus {
        ThrottleStatus { available, ..SMALLEST }
    }

    #[test]
    fn waits_for_exactly_the_missing_points() {
        let budget = Budget::from_status(status(50), at(0));
        assert_eq!(budget.wait_for(50, at(0)), Duration::ZERO);
        assert_eq!(budget.wait_for(51, at(0)), Duration::from_millis(10));
        assert_eq!(budget.wait_for(450, at(0)), Duration::from_secs(4));
        assert_eq!(budget.wait_for(450, at(3000)), Duration::from_secs(1));
        assert_eq!(budget.wait_for(9999, at(0)), Duration::from_millis(19_500));
    }

    #[test]
    fn an_answer_gives_back_what_was_not_used() {
        let budget = Budget::unknown(at(0)).reserve(452, at(0)).unwrap();
        assert_eq!(budget.available, 1548);
        let cost = Cost {
            requested: 452,
            actual: Some(32),
            status: status(1968),
        };
        assert_eq!(budget.after_answer(452, &cost, at(100)).available, 1968);
    }

    #[test]
    fn an_answer_leaves_the_reservations_of_other_calls_alone() {
        let both = Budget::unknown(at(0))
            .reserve(400, at(0))
            .unwrap()
            .reserve(600, at(0))
            .unwrap();
        let cost = Cost {
            requested: 400,
            actual: Some(400),
            status: status(1600),
        };
        assert_eq!(both.after_answer(400, &cost, at(0)).available, 1000);
    }

    #[test]
    fn a_refusal_costs_nothing_and_corrects_our_belief() {
        let budget = Budget::unknown(at(0)).reserve(400, at(0)).unwrap();
        assert_eq!(budget.after_throttled(400, Some(status(30)), at(0)).available, 30);
        assert_eq!(budget.after_throttled(400, None, at(0)).available, 0);
    }

    #[test]
    fn a_bigger_plan_is_noticed() {
        let plus = ThrottleStatus {
            maximum: 20_000,
            available: 19_900,
            restore_per_second: 1000,
        };
        let cost = Cost {
            requested: 100,
            actual: Some(100),
            status: plus,
        };
        let budget = Budget::unknown(at(0)).reserve(100, at(0)).unwrap();
        let after = budget.after_answer(100, &cost, at(0));
        assert_eq!((after.available, after.maximum), (19_900, 20_000));
    }

    proptest! {
        #[test]
        fn never_holds_more_than_the_bucket(
            available in 0u32..30_000, maximum in 0u32..30_000, rate in 0u32..3000,
            elapsed in -100_000i64..100_000_000,
        ) {
            let budget = Budget::from_status(
                ThrottleStatus { maximum, available, restore_per_second: rate }, at(0));
            prop_assert!(budget.available_at(at(elapsed)) <= maximum);
        }

        /// However far a clock was ahead, no bucket stays shut for it.
        #[test]
        fn a_clock_that_was_far_ahead_empties_nothing(ahead in 121_000i64..1_000_000_000, cost in 1u32..1000) {
            let budget = Budget::from_status(status(0), at(ahead));
            let reserved = budget.reserve(cost, at(0));
            prop_assert!(reserved.is_ok_and(|budget| budget.as_of == at(0)));
        }

        /// After the wait that was asked for, the points are there, and not a millisecond earlier.
        #[test]
        fn the_wait_is_enough_and_no_longer(
            available in 0u32..2000, rate in 1u32..2000, cost in 0u32..3000,
        ) {
            let budget = Budget::from_status(
                ThrottleStatus { maximum: 2000, available, restore_per_second: rate }, at(0));
            let wait = budget.wait_for(cost, at(0));
            let then = at(0) + TimeDelta::from_std(wait).unwrap();
            prop_assert!(budget.reserve(cost, then).is_ok());
            if !wait.is_zero() {
                prop_assert!(budget.reserve(cost, then - TimeDelta::milliseconds(1)).is_err());
            }
        }

        /// Against a simulated Shopify: whoever reserves what it requests is never refused, however
        /// the calls overlap, as long as nobody else draws from the bucket.
        #[test]
        fn reserving_first_is_never_throttled(
            steps in prop::collection::vec((1u32..900, 0u32..900, 0i64..3000), 1..60),
        ) {
            let mut shopify = Budget::unknown(at(0));
            let mut ours = Budget::unknown(at(0));
            let mut now = 0;
            let mut in_flight: Vec<(u32, Cost)> = Vec::new();
            for (index, (requested, actual, pause)) in steps.into_iter().enumerate() {
                now += pause;
                if let Ok(reserved) = ours.reserve(requested, at(now)) {
                    ours = reserved;
                    prop_assert!(shopify.available_at(at(now)) >= requested, "throttled");
                    let spent = actual.min(requested);
                    shopify = shopify.reserve(spent, at(now)).unwrap();
                    let status = status(shopify.available);
                    in_flight.push((requested, Cost { requested, actual: Some(spent), status }));
                }
                if index % 3 == 2 {
                    for (reserved, cost) in in_flight.drain(..) {
                        ours = ours.after_answer(reserved, &cost, at(now));
                    }
                }
            }
        }
    }
}
