//! Lines of orders, and where each of their units is.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::{
    errors::Outcome,
    loaders::{Loaders, UnitsOf},
    pagination::NESTED,
    scalars::ShopifyId,
    variants::Variant,
};
use crate::{domain::order, ids::OrderLineId, store::order_lines::Model};

/// Where a unit of an order line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "order::UnitState")]
pub enum UnitState {
    NotOurs,
    AwaitingRouting,
    InException,
    Held,
    Allocated,
    Shipped,
    Cancelled,
    FulfilledOutside,
}

pub struct OrderLine(pub Model);

#[Object]
impl OrderLine {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn shopify_id(&self) -> ShopifyId {
        ShopifyId(self.0.shopify_id.0)
    }

    async fn sku(&self) -> Option<&str> {
        self.0.sku.as_deref()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn variant_title(&self) -> Option<&str> {
        self.0.variant_title.as_deref()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Outcome<Option<Variant>> {
        let Some(id) = self.0.variant_id else {
            return Ok(None);
        };
        Ok(Loaders::of(ctx).one(id).await?.map(Variant))
    }

    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// Where each unit is; sums to quantity.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn units(&self, ctx: &Context<'_>) -> Outcome<Vec<LineUnits>> {
        let places = Loaders::of(ctx).one(UnitsOf(self.0.order_id)).await?;
        let of_line = places.as_ref().and_then(|places| places.get(&self.0.id));
        let units = of_line.into_iter().flatten().map(|(state, units)| LineUnits {
            state: (*state).into(),
            quantity: i32::try_from(*units).unwrap_or(i32::MAX),
            reason: reason(*state).map(str::to_owned),
        });
        Ok(units.collect())
    }
}

#[derive(SimpleObject)]
pub struct LineUnits {
    state: UnitState,
    quantity: i32,
    reason: Option<String>,
}

/// What a state means, where its name does not say enough.
const fn reason(state: order::UnitState) -> Option<&'static str> {
    match state {
        order::UnitState::NotOurs => {
            Some("Unpaid, removed, refunded, or at a location that Orderyard does not ship from")
        }
        order::UnitState::Held => Some("On hold in Shopify"),
        order::UnitState::InException => Some("Waits for a decision"),
        order::UnitState::FulfilledOutside => Some("Fulfilled by somebody else"),
        order::UnitState::AwaitingRouting
        | order::UnitState::Allocated
        | order::UnitState::Shipped
        | order::UnitState::Cancelled => None,
    }
}

/// A line of one of the shop's orders.
pub async fn order_line_by_id(ctx: &Context<'_>, id: OrderLineId) -> Outcome<Option<OrderLine>> {
    Ok(Loaders::of(ctx).one(id).await?.map(OrderLine))
}
