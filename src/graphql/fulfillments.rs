//! Shopify's fulfillments: made from parcels, or by hand.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{
    errors::Outcome,
    order_lines::{OrderLine, order_line_by_id},
    pagination::NESTED,
    scalars::ShopifyId,
    shops::number,
};
use crate::{
    error::AppError,
    ids::ShopifyFulfillmentId,
    store::fulfillments::{FulfilledLine, Model},
};

/// One that stands in Shopify.
pub struct Fulfillment {
    row: Model,
    shopify_id: ShopifyFulfillmentId,
}

impl Fulfillment {
    /// None for one that is still to be made, or was refused.
    pub fn made(row: Model) -> Option<Self> {
        row.shopify_id.map(|shopify_id| Self { row, shopify_id })
    }
}

#[Object]
impl Fulfillment {
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    async fn shopify_id(&self) -> ShopifyId {
        ShopifyId(self.shopify_id.0)
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    async fn by_hand(&self) -> bool {
        self.row.by_hand
    }

    async fn tracking_company(&self) -> Option<&str> {
        self.row.company.as_deref()
    }

    async fn tracking_numbers(&self) -> &[String] {
        &self.row.numbers.0
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self) -> Vec<FulfillmentLine> {
        self.row.lines.0.iter().cloned().map(FulfillmentLine).collect()
    }
}

pub struct FulfillmentLine(pub FulfilledLine);

#[Object]
impl FulfillmentLine {
    async fn order_line(&self, ctx: &Context<'_>) -> Outcome<OrderLine> {
        let line = order_line_by_id(ctx, self.0.order_line_id).await?;
        Ok(line.ok_or(AppError::NotFound("the fulfillment's order line"))?)
    }

    async fn quantity(&self) -> i32 {
        number(self.0.units.into())
    }
}
