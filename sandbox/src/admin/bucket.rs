//! The leaky bucket of one app in one shop.

use serde_json::{Value, json};
use tokio::time::Instant;

/// Points that requests spend and that come back over time.
#[derive(Debug)]
pub(crate) struct Bucket {
    size: f64,
    restore_rate: f64,
    available: f64,
    at: Instant,
}

impl Bucket {
    pub fn new(size: u32, restore_rate: u32) -> Self {
        Self {
            size: size.into(),
            restore_rate: restore_rate.into(),
            available: size.into(),
            at: Instant::now(),
        }
    }

    /// Takes the requested cost, or nothing when that much is not there.
    pub fn take(&mut self, cost: u32) -> bool {
        self.refill();
        let cost = f64::from(cost);
        if cost > self.available {
            return false;
        }
        self.available -= cost;
        true
    }

    /// Gives back what a request turned out not to cost.
    pub fn give_back(&mut self, cost: u32) {
        self.available = (self.available + f64::from(cost)).min(self.size);
    }

    /// Leaves this many points at most.
    pub fn drain_to(&mut self, points: u32) {
        self.refill();
        self.available = self.available.min(points.into());
    }

    /// `throttleStatus`.
    pub fn status(&mut self) -> Value {
        self.refill();
        json!({
            "maximumAvailable": self.size,
            "currentlyAvailable": self.available.floor(),
            "restoreRate": self.restore_rate,
        })
    }

    fn refill(&mut self) {
        let now = Instant::now();
        self.available =
            (self.available + now.duration_since(self.at).as_secs_f64() * self.restore_rate).min(self.size);
        self.at = now;
    }
}
