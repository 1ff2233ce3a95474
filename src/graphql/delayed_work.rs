//! Work on an order that could not be done yet, and is tried again by itself.

use async_graphql::{ID, SimpleObject};
use chrono::{DateTime, Utc};

use crate::store::jobs::{JobState, Model};

/// Work that could not be done when it was tried, and is tried again by itself: its supplier or the shop's
/// Shopify does not answer, or the app is to be connected again. What was given up is an exception instead.
#[derive(SimpleObject)]
pub struct DelayedWork {
    id: ID,
    /// What is to be done, such as `push_fulfillment`.
    name: String,
    /// Why it could not be done, in words.
    reason: String,
    /// Since when it is to be done.
    since: DateTime<Utc>,
    /// When it is tried again, at the latest; null while it is being tried.
    next_try_at: Option<DateTime<Utc>>,
}

impl From<Model> for DelayedWork {
    fn from(job: Model) -> Self {
        let at = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default();
        Self {
            id: ID(job.id.to_string()),
            since: at(job.created_at_ms),
            next_try_at: (job.state == JobState::Ready).then(|| at(job.run_at_ms)),
            reason: job.last_error.unwrap_or_default(),
            name: job.name,
        }
    }
}
