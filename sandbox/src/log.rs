//! Bounded journals that tests and the demo read back: requests received, deliveries sent.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// A request that the pretend Shopify answered (or pretended not to).
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    pub at: DateTime<Utc>,
    pub shop: String,
    pub method: String,
    pub path: String,
    /// The GraphQL operation, or the grant type of a token request.
    pub operation: Option<String>,
    /// The root fields of the operation, `fulfillmentCreate` for one.
    pub fields: Vec<String>,
    pub variables: Value,
    /// The status answered, before any fault swallowed it.
    pub status: u16,
    /// Whether the answer was kept from the caller.
    pub lost: bool,
}

/// The newest entries, up to a limit.
#[derive(Debug)]
pub(crate) struct Journal<T> {
    entries: Mutex<VecDeque<T>>,
    limit: usize,
}

impl<T: Clone> Journal<T> {
    pub fn new(limit: usize) -> Self {
        Self {
            entries: Mutex::new(VecDeque::new()),
            limit,
        }
    }

    pub fn push(&self, entry: T) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.limit {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub fn all(&self) -> Vec<T> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// How many entries fit, without a copy of all.
    pub fn count(&self, fits: impl Fn(&T) -> bool) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().filter(|entry| fits(entry)).count()
    }

    /// Changes the newest entry that fits.
    pub fn update(&self, fits: impl Fn(&T) -> bool, change: impl FnOnce(&mut T)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.iter_mut().rev().find(|entry| fits(entry)) {
            change(entry);
        }
    }

    pub fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
