//! When an alternative of a mapping counts, and which price it accepts.

use chrono::{DateTime, NaiveDate, Utc};

use super::money::Money;

/// The first and the last day, both included, in UTC. An end that is not said is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
}

impl Validity {
    #[must_use]
    pub fn holds_at(self, time: DateTime<Utc>) -> bool {
        let today = time.date_naive();
        self.from.is_none_or(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }

    /// Whether it ends before it begins.
    #[must_use]
    pub fn is_upside_down(self) -> bool {
        self.from.zip(self.until).is_some_and(|(from, until)| until < from)
    }

    /// When it begins, where that is still to come.
    #[must_use]
    pub fn begins_after(self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let begins = self.from?.and_hms_opt(0, 0, 0)?.and_utc();
        (begins > time).then_some(begins)
    }
}

/// Whether a piece may be bought at this cost: never above what the shop accepted and its tolerance in basis
/// points, compared in the supplier's currency and without rounding.
#[must_use]
pub fn is_accepted(cost: Money, accepted: Money, tolerance_bp: u32) -> bool {
    let limit = i128::from(accepted.amount_minor) * (10_000 + i128::from(tolerance_bp));
    cost.currency == accepted.currency && i128::from(cost.amount_minor) * 10_000 <= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_days_count_in_utc() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 12, day);
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let advent = Validity {
            from: day(1),
            until: day(24),
        };
        assert!(!advent.holds_at(at("2026-11-30T23:59:59.999Z")));
        assert!(advent.holds_at(at("2026-12-01T00:00:00Z")));
        assert!(advent.holds_at(at("2026-12-24T23:59:59.999Z")));
        assert!(!advent.holds_at(at("2026-12-25T00:00:00Z")));
        // In Auckland it is the 25th already; what counts is UTC.
        assert!(advent.holds_at(at("2026-12-25T10:00:00+13:00")));
        assert!(Validity::default().holds_at(at("2026-11-30T00:00:00Z")));
        assert_eq!(
            advent.begins_after(at("2026-11-21T22:00:00Z")),
            Some(at("2026-12-01T00:00:00Z"))
        );
        assert_eq!(advent.begins_after(at("2026-12-01T00:00:00Z")), None);
    }

    #[test]
    fn one_day_is_a_time_and_less_is_none() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 12, day);
        let upside_down = |from, until| {
            Validity {
                from: day(from),
                until: day(until),
            }
            .is_upside_down()
        };
        assert!(!upside_down(1, 1));
        assert!(upside_down(2, 1));
    }
}
