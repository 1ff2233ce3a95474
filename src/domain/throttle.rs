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
    /// Below zero nobody may call until that is restored: so long Shopify asked to be left alone.
    pub available: i64,
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

/// The longest that nobody calls, whatever was asked for or stands in the row: then one call asks again.
const LONGEST_REST: Duration = Duration::from_hours(1);

/// In this time Shopify fills any bucket.
const FAR_AHEAD: TimeDelta = TimeDelta::minutes(2);

impl Budget {
    /// For a shop that was never called.
    pub fn unknown(now: DateTime<Utc>) -> Budget {
        Budget::from_status(SMALLEST, now)
    }

    pub fn from_status(status: ThrottleStatus, now: DateTime<Utc>) -> Budget {
        Budget {
            available: status.available.min(status.maximum).into(),
            maximum: status.maximum,
            restore_per_second: status.restore_per_second.max(1),
            as_of: now,
        }
    }

    /// The points that are there at `now`. A clock that stepped back a little restores nothing; one that was far
    /// ahead says nothing, and the bucket has long been full by what Shopify restores.
    pub fn available_at(&self, now: DateTime<Utc>) -> u32 {
        u32::try_from(self.level(now)).unwrap_or(0)
    }

    /// The same, with what is to be restored before there are any.
    fn level(&self, now: DateTime<Utc>) -> i64 {
        if self.is_ahead(now) {
            return self.maximum.into();
        }
        let elapsed_ms = (now - self.as_of).num_milliseconds().max(0);
        let restored = elapsed_ms.saturating_mul(self.restore_per_second.into()) / 1000;
        let available = self.available.max(-points_in(LONGEST_REST, self.restore_per_second));
        available.saturating_add(restored).min(self.maximum.into())
    }

    /// How long to wait before a call of `cost` points. A call dearer than the whole bucket waits
    /// until the bucket is full; Shopify decides then.
    pub fn wait_for(&self, cost: u32, now: DateTime<Utc>) -> Duration {
        let missing = i64::from(cost.min(self.maximum)).saturating_sub(self.level(now));
        restore_time_of(missing.max(0).unsigned_abs(), self.restore_per_second)
    }

    /// The budget with `cost` points taken out, or how long to wait for them.
    pub fn reserve(&self, cost: u32, now: DateTime<Utc>) -> Result<Budget, Duration> {
        let wait = self.wait_for(cost, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        Ok(Budget {
            available: i64::from(self.available_at(now).saturating_sub(cost)),
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
    /// Without a status (HTTP 429, 430) nobody calls until the time asked for is over, and the bucket
    /// is taken as empty then.
    #[must_use]
    pub fn after_throttled(
        &self,
        reserved: u32,
        status: Option<ThrottleStatus>,
        retry_after: Duration,
        now: DateTime<Utc>,
    ) -> Budget {
        if let Some(status) = status {
            return self.settle(reserved, status, now);
        }
        let rest = points_in(retry_after.min(LONGEST_REST), self.restore_per_second);
        Budget {
            available: self.level(now).min(-rest),
            as_of: self.as_of(now),
            ..*self
        }
    }

    /// Written by a clock that was wrong, by more than clocks of nodes differ.
    fn is_ahead(&self, now: DateTime<Utc>) -> bool {
        self.as_of > now + FAR_AHEAD
    }

    fn as_of(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_ahead(now) { now } else { now.max(self.as_of) }
    }

    fn settle(&self, given_back: u32, status: ThrottleStatus, now: DateTime<Utc>) -> Budget {
        // A bucket that grew with the shop's plan is full of points we have not counted.
        let grown = status.maximum.saturating_sub(self.maximum);
        let ours = match self.level(now) {
            // What was under way when Shopify asked for a rest does not shorten it.
            resting if resting < 0 => self.at_rate(resting, status.restore_per_second),
            level => level.saturating_add(given_back.into()).saturating_add(grown.into()),
        };
        Budget {
            available: ours.min(status.available.into()).min(status.maximum.into()),
            as_of: self.as_of(now),
            ..Budget::from_status(status, now)
        }
    }

    /// What takes as long to restore at another rate, or a little longer.
    fn at_rate(&self, resting: i64, restore_per_second: u32) -> i64 {
        let owed = resting.unsigned_abs().saturating_mul(restore_per_second.max(1).into());
        let owed = owed.div_ceil(self.restore_per_second.max(1).into());
        i64::try_from(owed).map_or(i64::MIN, |owed| -owed)
    }
}

/// How long the bucket needs for `missing` points, rounded up to the millisecond.
pub fn restore_time(missing: u32, restore_per_second: u32) -> Duration {
    restore_time_of(missing.into(), restore_per_second)
}

fn restore_time_of(missing: u64, restore_per_second: u32) -> Duration {
    let rate = u64::from(restore_per_second.max(1));
    Duration::from_millis(missing.saturating_mul(1000).div_ceil(rate))
}

/// The points that are restored in a time, rounded up.
fn points_in(time: Duration, restore_per_second: u32) -> i64 {
    let points = time
        .as_millis()
        .saturating_mul(restore_per_second.max(1).into())
        .div_ceil(1000);
    i64::try_from(points).unwrap_or(i64::MAX)
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
        let wait = Duration::from_secs(1);
        assert_eq!(budget.after_throttled(400, Some(status(30)), wait, at(0)).available, 30);
        let empty = budget.after_throttled(400, None, Duration::ZERO, at(0));
        assert_eq!(empty.available, 0);
        assert_eq!(empty.wait_for(100, at(0)), Duration::from_secs(1));
    }

    #[test]
    fn nobody_calls_before_the_time_that_shopify_asked_for() {
        let rest = Duration::from_secs(30);
        let budget = Budget::unknown(at(0)).after_throttled(0, None, rest, at(0));
        assert!(budget.reserve(1, at(29_999)).is_err());
        assert_eq!(budget.wait_for(10, at(0)), Duration::from_millis(30_100));
        assert!(budget.reserve(10, at(30_100)).is_ok());
        // One that was sent later, and is to come back sooner, shortens nothing.
        let sooner = budget.after_throttled(50, None, Duration::from_secs(1), at(2000));
        assert_eq!(sooner.wait_for(10, at(2000)), Duration::from_millis(28_100));
        // Nor does a shop's first answer, which shows a bigger plan than was assumed.
        let cost = Cost {
            requested: 100,
            actual: Some(10),
            status: ThrottleStatus {
                maximum: 20_000,
                available: 19_990,
                restore_per_second: 1000,
            },
        };
        let shown = budget.after_answer(100, &cost, at(0));
        assert!(shown.reserve(1, at(29_999)).is_err());
        assert!(shown.reserve(1, at(30_001)).is_ok());
    }

    #[test]
    fn no_rest_is_longer_than_the_longest() {
        let asked = Budget::unknown(at(0)).after_throttled(0, None, Duration::MAX, at(0));
        let wrong = Budget {
            available: i64::MIN,
            ..Budget::unknown(at(0))
        };
        for budget in [asked, wrong] {
            assert_eq!(budget.wait_for(100, at(0)), LONGEST_REST + Duration::from_secs(1));
        }
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
        /// Whatever calls that were under way bring back, in whatever order.
        #[test]
        fn a_rest_that_was_asked_for_lasts(
            rest_ms in 1u64..100_000, rate in 1u32..3000,
            answers in prop::collection::vec((0u32..900, 0u32..2000, 1u32..3000, 0u64..100_000, any::<bool>()), 0..9),
        ) {
            let rest = Duration::from_millis(rest_ms);
            let known = Budget { restore_per_second: rate, ..Budget::unknown(at(0)) };
            let mut budget = known.after_throttled(0, None, rest, at(0));
            for (reserved, available, restore_per_second, other_ms, is_refused) in answers {
                let status = ThrottleStatus { maximum: 2000, available, restore_per_second };
                budget = if is_refused {
                    budget.after_throttled(reserved, None, Duration::from_millis(other_ms), at(0))
                } else {
                    budget.after_answer(reserved, &Cost { requested: reserved, actual: Some(0), status }, at(0))
                };
            }
            let wait = budget.wait_for(1, at(0));
            prop_assert!(wait >= rest, "{wait:?}");
        }

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
                    let status = status(shopify.available_at(at(now)));
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
