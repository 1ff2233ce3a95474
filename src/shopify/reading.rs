//! A reading that takes more than one call: pages, each waiting for the shop's
//! bucket, within one deadline.
//!
//! The caller reserves the first call's cost from the shop's budget; what the
//! later pages may spend is known from the answer before them.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    error::ApiError,
    operations::Operation,
    scalars::Unusable,
};
use crate::domain::throttle::{Cost, ThrottleStatus, restore_time};

/// One page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor to pass for the next page; none at the end.
    pub next: Option<String>,
}

/// Longer than any order that Shopify lets a shop make; a list that goes on is
/// an answer that cannot be true.
const MAX_CALLS: u32 = 200;
const MAX_DURATION: Duration = Duration::from_mins(1);

pub(super) struct Reading<'a> {
    api: &'a AdminApi,
    access: Access<'a>,
    deadline: Instant,
    calls: u32,
    cost: Option<Cost>,
    withheld: Vec<String>,
}

impl<'a> Reading<'a> {
    pub fn new(api: &'a AdminApi, access: &Access<'a>) -> Self {
        Self {
            api,
            access: *access,
            deadline: Instant::now() + MAX_DURATION,
            calls: 0,
            cost: None,
            withheld: Vec::new(),
        }
    }

    /// Makes the next call. The first one is refused when Shopify throttles;
    /// later ones wait, since starting over would only cost more; but for an HTTP 429,
    /// which asks for a rest of everybody who calls the shop.
    pub async fn call<O>(&mut self, variables: O::Variables) -> Result<O::ResponseData, ApiError>
    where
        O: Operation,
        O::Variables: Clone,
    {
        loop {
            self.wait_for_points(O::COST).await?;
            self.calls += 1;
            if self.calls > MAX_CALLS {
                return Err(Unusable(format!("a list goes on after {MAX_CALLS} pages")).into());
            }
            match self.api.call::<O>(&self.access, variables.clone()).await {
                Ok(answer) => {
                    self.cost = answer.cost;
                    self.withheld.extend(answer.withheld);
                    return Ok(answer.data);
                }
                Err(ApiError::Throttled {
                    retry_after,
                    status: Some(status),
                }) if self.calls > 1 => {
                    self.sleep(retry_after.max(Duration::from_millis(100)), status).await?;
                    self.cost = self.cost.map(|cost| Cost { status, ..cost });
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub fn finish<T>(self, data: T) -> Answer<T> {
        Answer {
            data,
            cost: self.cost,
            withheld: self.withheld,
            at: None,
        }
    }

    async fn wait_for_points(&self, cost: u32) -> Result<(), ApiError> {
        let Some(last) = self.cost else {
            return Ok(());
        };
        let missing = cost.min(last.status.maximum).saturating_sub(last.status.available);
        match restore_time(missing, last.status.restore_per_second) {
            Duration::ZERO => Ok(()),
            wait => self.sleep(wait, last.status).await,
        }
    }

    async fn sleep(&self, wait: Duration, status: ThrottleStatus) -> Result<(), ApiError> {
        if Instant::now() + wait > self.deadline {
            return Err(ApiError::Throttled {
                retry_after: wait,
                status: Some(status),
            });
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// The cursor of the next page, from a connection's `pageInfo`.
pub(super) fn next_cursor(has_next: bool, end: Option<String>) -> Result<Option<String>, Unusable> {
    match (has_next, end) {
        (false, _) => Ok(None),
        (true, Some(cursor)) => Ok(Some(cursor)),
        (true, None) => Err(Unusable("a next page without a cursor".to_owned())),
    }
}

/// The cursor of the next page of any generated connection type.
macro_rules! next_page {
    ($connection:expr) => {
        $crate::shopify::reading::next_cursor(
            $connection.page_info.has_next_page,
            $connection.page_info.end_cursor.take(),
        )
    };
}
pub(super) use next_page;

/// Converts every item of a list, or gives the first failure.
pub(super) fn convert<W, T: TryFrom<W, Error = Unusable>>(items: Vec<W>) -> Result<Vec<T>, Unusable> {
    items.into_iter().map(T::try_from).collect()
}
