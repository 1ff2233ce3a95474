//! How often one key may call this process: a smooth rate with a burst.
//!
//! It protects the process, so it is kept per process; with several nodes a
//! key has the rate on each.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use crate::ids::RowId;

/// Calls per second in the long run.
pub const PER_SECOND: i64 = 50;
/// Calls that may come at once after a pause.
pub const BURST: i64 = 200;

const INTERVAL_MS: i64 = 1000 / PER_SECOND;
/// Above this many keys, those that are at rest are forgotten.
const MOST_KEYS: usize = 10_000;

/// The limiter of this process.
pub static LIMITER: LazyLock<Limiter> = LazyLock::new(Limiter::default);

/// For each key, when its calls so far would be used up at the smooth rate (GCRA).
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<RowId, i64>>);

impl Limiter {
    /// Counts a call, or says how many seconds to wait.
    pub fn take(&self, key: RowId, now_ms: i64) -> Result<(), u64> {
        let mut used_until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used_until.len() >= MOST_KEYS {
            used_until.retain(|_, until_ms| *until_ms > now_ms);
        }
        let until_ms = used_until.entry(key).or_insert(now_ms);
        let next_ms = (*until_ms).max(now_ms) + INTERVAL_MS;
        let over_ms = next_ms - now_ms - BURST * INTERVAL_MS;
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

    #[test]
    fn a_burst_passes_and_then_the_smooth_rate() {
        let (limiter, key) = (Limiter::default(), RowId::generate());
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
    fn a_clock_that_goes_back_does_not_open_it() {
        let (limiter, key) = (Limiter::default(), RowId::generate());
        for _ in 0..BURST {
            assert_eq!(limiter.take(key, 10_000), Ok(()));
        }
        assert!(limiter.take(key, 0).is_err());
    }
}
