//! Chance: every decision of a run comes from its seed. Each purpose has a stream of its own, so
//! that what one of them draws does not depend on how quick another was.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// One stream of decisions.
#[derive(Debug, Clone)]
pub struct Dice(StdRng);

impl Dice {
    /// The stream of a purpose, such as the `index`-th order.
    pub fn of(seed: u64, purpose: &str, index: u64) -> Self {
        // FNV-1a: any spread will do, and it stays the same for ever.
        let bytes = seed
            .to_le_bytes()
            .into_iter()
            .chain(purpose.bytes())
            .chain(index.to_le_bytes());
        let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(StdRng::seed_from_u64(mixed))
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..=high)
    }

    /// From `low` to `high`, both included.
    pub fn units(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() {
            return None;
        }
        from.get(self.0.random_range(0..from.len()))
    }
}
