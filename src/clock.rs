//! The time, as an input: UTC, in whole milliseconds, and settable by a test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// Where the program takes the time from.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The time now. Milliseconds, because that is what both databases keep alike.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock that everything else is told to use"
        )]
        let now = Utc::now();
        let ahead_ms = self.ahead_ms.load(Ordering::Relaxed).saturating_add(jump_ms());
        (now + TimeDelta::milliseconds(ahead_ms)).trunc_subsecs(3)
    }

    /// The time now in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }

    /// This moment, to see later how long ago it is.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment {
            passed: Instant::now(),
            shown: self.now(),
        }
    }

    /// How far tests have set the clock ahead. It does not count by how much the clock is wrong.
    #[must_use]
    pub fn set_ahead(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// Sets the clock ahead, for tests.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

/// A moment that has been.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Does not go on while the machine is suspended.
    passed: Instant,
    /// May be set.
    shown: DateTime<Utc>,
}

impl Moment {
    /// Whether it is longer ago, by what has passed or by what the clock shows.
    #[must_use]
    pub fn is_longer_ago_than(self, most: Duration, clock: &Clock) -> bool {
        let shown = (clock.now() - self.shown).to_std().unwrap_or_default();
        self.passed.elapsed().max(shown) > most
    }
}

/// How far a test has the clock of this process jump, which may be back: what the
/// file of `ORDERYARD_CLOCK_FILE` says, in milliseconds.
#[cfg(feature = "failpoints")]
fn jump_ms() -> i64 {
    use std::{
        path::PathBuf,
        sync::{Mutex, OnceLock, PoisonError},
    };
    const READ_EVERY: Duration = Duration::from_millis(50);
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    static LAST: Mutex<Option<(Instant, i64)>> = Mutex::new(None);
    #[expect(
        clippy::disallowed_methods,
        reason = "only in test builds, and no setting of the product"
    )]
    let file = FILE.get_or_init(|| std::env::var_os("ORDERYARD_CLOCK_FILE").map(PathBuf::from));
    let Some(file) = file else {
        return 0;
    };
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((read_at, ms)) = *last
        && read_at.elapsed() < READ_EVERY
    {
        return ms;
    }
    let text = std::fs::read_to_string(file).unwrap_or_default();
    // A file that is just being written says what it said before.
    let before = last.map_or(0, |(_, ms)| ms);
    let ms = text.trim().parse().unwrap_or(before);
    *last = Some((Instant::now(), ms));
    ms
}

#[cfg(not(feature = "failpoints"))]
#[inline]
const fn jump_ms() -> i64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_mins(1);

    #[test]
    fn the_time_of_a_suspended_machine_counts() {
        let clock = Clock::default();
        let before = clock.moment();
        assert!(!before.is_longer_ago_than(MOST, &clock));
        // What passes stood still with the machine, and its clock has gone on.
        clock.advance(MOST * 2);
        assert!(before.is_longer_ago_than(MOST, &clock));
        assert!(!clock.moment().is_longer_ago_than(MOST, &clock));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_younger() {
        let clock = Clock::default();
        let passed = Instant::now()
            .checked_sub(MOST * 2)
            .expect("the machine runs for longer");
        let shown = clock.now() + TimeDelta::hours(1);
        assert!(Moment { passed, shown }.is_longer_ago_than(MOST, &clock));
    }
}
