//! How many reports may wait to be written: no more than this process can hold on to, and few enough
//! that the last of them is written before its supplier stops waiting.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::sync::Semaphore;

use super::problem::Failure;
use crate::error::AppError;

/// Reports that are read, wait for the database, or are being written.
const MOST_REPORTS: usize = 256;

/// Places for reports. Cheap to clone; the clones share them.
#[derive(Clone, Debug)]
pub struct Reports(Arc<Semaphore>);

impl Default for Reports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_REPORTS)))
    }
}

/// Lets a report in where there is a place, and else says at once when to come back.
pub async fn bounded(State(reports): State<Reports>, request: Request, next: Next) -> Response {
    let Ok(_place) = reports.0.try_acquire() else {
        metrics::counter!("orderyard_reports_refused_total").increment(1);
        return Failure::from(AppError::Unavailable("too many reports at once".to_owned())).into_response();
    };
    next.run(request).await
}
