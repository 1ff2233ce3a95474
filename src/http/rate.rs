//! How often one caller may call this process: a smooth rate with a burst.
//!
//! It protects the process, so it is kept per process; with several nodes a
//! caller has the rate on each.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// Above this many callers, those that are at rest are forgotten.
const MOST_CALLERS: usize = 10_000;

/// For each caller, when its calls so far would be used up at the smooth rate (GCRA).
#[derive(Debug)]
pub struct Limiter<K> {
    /// Between two calls in the long run.
    interval_ms: i64,
    /// Calls that may come at once after a pause.
    burst: i64,
    used_until: Mutex<HashMap<K, i64>>,
}

impl<K: Eq + Hash> Limiter<K> {
    pub fn new(interval_ms: i64, burst: i64) -> Self {
        Self {
            interval_ms,
            burst,
            used_until: Mutex::default(),
        }
    }

    /// Counts a call, or says how many seconds to wait.
    pub fn take(&self, caller: K, now_ms: i64) -> Result<(), u64> {
        let mut used_until = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        if used_until.len() >= MOST_CALLERS {
            used_until.retain(|_, until_ms| *until_ms > now_ms);
        }
        // So many at once are no callers but a flood under many names.
        if used_until.len() >= MOST_CALLERS && !used_until.contains_key(&caller) {
            return Err(1);
        }
        let until_ms = used_until.entry(caller).or_insert(now_ms);
        // Never later than this, unless the clock was ahead.
        let latest_ms = now_ms + self.burst * self.interval_ms;
        *until_ms = (*until_ms).clamp(now_ms, latest_ms);
        let next_ms = *until_ms + self.interval_ms;
        let over_ms = next_ms - now_ms - self.burst * self.interval_ms;
        if over_ms > 0 {
            return Err(u64::try_from(over_ms).unwrap_or(0).div_ceil(1000));
        }
        *until_ms = next_ms;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId;

    const INTERVAL_MS: i64 = 20;
    const BURST: i64 = 200;

    fn limiter() -> Limiter<RowId> {
        Limiter::new(INTERVAL_MS, BURST)
    }

    #[test]
    fn a_burst_passes_and_then_the_smooth_rate() {
        let (limiter, key) = (limiter(), RowId::generate());
        for _ in 0..BURST {
            assert_eq!(limiter.take(key, 1000), Ok(()));
        }
        assert_eq!(limiter.take(key, 1000), Err(1));
        assert_eq!(limiter.take(RowId::generate(), 1000), Ok(()), "each key has its own");
        assert_eq!(limiter.take(key, 1000 + INTERVAL_MS), Ok(()));
        assert_eq!(limiter.take(key, 1000 + INTERVAL_MS), Err(1));
        for _ in 0..BURST {
            assert_eq!(limiter.take(key, 60_000), Ok(()), "rested");
        }
    }

    #[test]
    fn a_clock_that_was_ahead_shuts_nobody_out() {
        let limiter = limiter();
        limiter.take(RowId::generate(), 0).expect("is another's");
        let caller = RowId::generate();
        limiter.take(caller, 3_600_000).expect("in an hour");
        let wait = limiter.take(caller, 0).expect_err("not more than a burst at once");
        assert!(wait <= 1, "{wait} s");
        limiter.take(caller, 1000).expect("it is served a second later");
    }

    #[test]
    fn a_clock_that_goes_back_does_not_open_it() {
        let (limiter, key) = (limiter(), RowId::generate());
        for _ in 0..BURST {
            assert_eq!(limiter.take(key, 10_000), Ok(()));
        }
        assert!(limiter.take(key, 0).is_err());
    }
}
