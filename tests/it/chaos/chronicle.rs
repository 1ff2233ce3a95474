//! What the tester did and when, on the clock of the pretend world.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::TimeDelta;

use super::facts::Time;

/// The pretend world's clock: the machine's, set ahead at the end of a round.
#[derive(Clone, Default)]
pub struct WorldClock(Arc<AtomicI64>);

impl WorldClock {
    #[expect(clippy::disallowed_methods, reason = "the pretend world is another machine")]
    pub fn now(&self) -> Time {
        chrono::Utc::now() + TimeDelta::milliseconds(self.0.load(Ordering::Relaxed))
    }

    pub fn set_ahead(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }

    pub fn for_sandbox(&self) -> sandbox::Clock {
        let clock = self.clone();
        sandbox::Clock::new(move || clock.now())
    }
}

type Entries = Vec<(Time, String)>;

/// The tester's diary.
#[derive(Clone, Default)]
pub struct Chronicle {
    pub clock: WorldClock,
    happenings: Arc<Mutex<Entries>>,
    deeds: Arc<Mutex<HashMap<i64, Entries>>>,
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Chronicle {
    /// Something that concerns everything: a kill, a fault.
    pub fn note(&self, what: impl Into<String>) {
        let entry = (self.clock.now(), what.into());
        self.happenings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    /// A fault of this kind happened.
    pub fn count(&self, kind: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(kind.to_owned()).or_default() += 1;
    }

    /// How often each kind of fault happened.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something that was done to one order.
    pub fn deed(&self, order: i64, what: impl Into<String>) {
        let entry = (self.clock.now(), what.into());
        let mut deeds = self.deeds.lock().unwrap_or_else(PoisonError::into_inner);
        deeds.entry(order).or_default().push(entry);
    }

    pub fn happenings(&self) -> Vec<(Time, String)> {
        self.happenings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn deeds(&self, order: i64) -> Vec<(Time, String)> {
        let deeds = self.deeds.lock().unwrap_or_else(PoisonError::into_inner);
        deeds.get(&order).cloned().unwrap_or_default()
    }
}
