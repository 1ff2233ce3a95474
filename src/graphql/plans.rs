//! Routing decisions, as they were stored with their reasons.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::{
    errors::Outcome,
    money::Money,
    order_lines::{OrderLine, order_line_by_id},
    pagination::NESTED,
    shops::number,
    suppliers::{Supplier, supplier_by_id},
};
use crate::{
    domain::money,
    error::AppError,
    routing::{self, ChosenComponent, Outcome as Decided, RoutePlan},
    store::routing_plans::Model,
};

pub struct RoutingPlan {
    row: Model,
    plan: Option<RoutePlan>,
}

impl From<Model> for RoutingPlan {
    fn from(row: Model) -> Self {
        // A plan of a release that told its reasons otherwise is shown without them.
        let plan = serde_json::from_value(row.explanation.0.clone())
            .inspect_err(|error| tracing::warn!(plan = %row.id, %error, "a stored plan cannot be read"))
            .ok();
        Self { row, plan }
    }
}

#[Object]
impl RoutingPlan {
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    async fn decided_at(&self) -> DateTime<Utc> {
        self.row.decided_at
    }

    /// What the goods cost, where it is one currency.
    async fn cost(&self) -> Option<Money> {
        let (amount, currency) = self.row.cost_minor.zip(self.row.currency)?;
        Some(money::Money::new(amount, currency).into())
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self) -> Vec<PlanLine> {
        let lines = self.plan.iter().flat_map(|plan| plan.lines.iter().cloned());
        lines.map(PlanLine).collect()
    }
}

/// The lines of a plan that is not stored.
pub fn lines_of(plan: RoutePlan) -> Vec<PlanLine> {
    plan.lines.into_iter().map(PlanLine).collect()
}

pub struct PlanLine(routing::PlanLine);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PlanOutcome {
    Allocated,
    Unmapped,
    NoEligibleSupplier,
    PriceRose,
}

#[Object]
impl PlanLine {
    async fn order_line(&self, ctx: &Context<'_>) -> Outcome<OrderLine> {
        let line = order_line_by_id(ctx, self.0.line).await?;
        Ok(line.ok_or(AppError::NotFound("the plan's order line"))?)
    }

    async fn quantity(&self) -> i32 {
        number(self.0.units.into())
    }

    async fn outcome(&self) -> PlanOutcome {
        match &self.0.outcome {
            Decided::Allocated { .. } => PlanOutcome::Allocated,
            Decided::Unmapped => PlanOutcome::Unmapped,
            Decided::NoEligibleSupplier => PlanOutcome::NoEligibleSupplier,
            Decided::PriceRose { .. } => PlanOutcome::PriceRose,
        }
    }

    async fn reason(&self) -> &str {
        &self.0.reason
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn components(&self) -> Vec<PlanComponent> {
        match &self.0.outcome {
            Decided::Allocated { components, .. } => components.iter().cloned().map(PlanComponent).collect(),
            Decided::Unmapped | Decided::NoEligibleSupplier | Decided::PriceRose { .. } => Vec::new(),
        }
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn rejected(&self) -> Vec<RejectedAlternative> {
        self.0.rejected.iter().cloned().map(RejectedAlternative).collect()
    }
}

pub struct PlanComponent(ChosenComponent);

#[Object]
impl PlanComponent {
    async fn supplier_name(&self) -> &str {
        &self.0.supplier_name
    }

    async fn sku(&self) -> &str {
        &self.0.sku
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn quantity(&self) -> i32 {
        number(self.0.quantity.into())
    }

    async fn unit_cost(&self) -> Money {
        self.0.unit_cost.into()
    }

    async fn supplier(&self, ctx: &Context<'_>) -> Outcome<Option<Supplier>> {
        supplier_by_id(ctx, self.0.supplier).await
    }
}

pub struct RejectedAlternative(routing::RejectedAlternative);

#[Object]
impl RejectedAlternative {
    async fn rank(&self) -> i32 {
        number(self.0.rank.into())
    }

    async fn summary(&self) -> &str {
        &self.0.summary
    }

    async fn reason(&self) -> String {
        self.0.why.to_string()
    }
}
