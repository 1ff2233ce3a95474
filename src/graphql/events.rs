//! The history of orders.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{
    errors::Outcome,
    loaders::{EventsOf, Loaders},
    pagination::{Asked, Page},
};
use crate::{
    ids::{EventId, OrderId},
    store::events::Model,
};

pub struct Event(Model);

#[Object]
impl Event {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// Who did it.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    async fn kind(&self) -> &str {
        &self.0.kind
    }

    async fn message(&self) -> &str {
        &self.0.message
    }
}

/// One page of an order's history, the newest first.
pub async fn history(
    ctx: &Context<'_>,
    order: OrderId,
    first: Option<i32>,
    after: Option<&str>,
) -> Outcome<Page<EventId, Event>> {
    let asked = Asked::read(first, after)?;
    let page = EventsOf {
        order,
        seen: asked.seen,
        limit: asked.limit(),
    };
    let rows = Loaders::of(ctx).rows(page).await?;
    Ok(asked.page(rows, |row| row.id, Event))
}
