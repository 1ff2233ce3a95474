//! Routing decisions, as they were stored with their reasons.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
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
    domain::{
        costs::{Rate, StrategyWord},
        money,
    },
    error::AppError,
    ids::OrderLineId,
    routing::{
        self, Aimed, ChosenComponent, CostParts, Landed, Outcome as Decided, RoutePlan, RunnerUp, SupplierBill,
        terms::Aim,
    },
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

impl RoutingPlan {
    /// The same about these lines alone.
    pub(super) fn of_lines(mut self, are: impl Fn(OrderLineId) -> bool) -> Self {
        if let Some(plan) = &mut self.plan {
            plan.lines.retain(|line| are(line.line));
        }
        self
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

    /// What the shop had chosen; null in plans from before there was a choice.
    async fn strategy(&self) -> Option<RoutingStrategy> {
        self.plan.as_ref()?.strategy.map(Into::into)
    }

    /// What the order costs with fees and shipping, where the strategy weighs costs.
    async fn landed(&self) -> Option<LandedCost> {
        self.plan.as_ref()?.landed.clone().map(LandedCost)
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self) -> Vec<PlanLine> {
        let lines = self.plan.iter().flat_map(|plan| plan.lines.iter().cloned());
        lines.map(PlanLine).collect()
    }
}

/// What makes one allowed plan better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "StrategyWord")]
pub enum RoutingStrategy {
    Priority,
    Cheapest,
    Fastest,
    FewestParcels,
    PreferredSupplier,
    BalancedShare,
    OwnStockFirst,
}

/// What a plan costs, in the shop's currency.
pub struct LandedCost(Landed);

#[Object]
impl LandedCost {
    /// Goods, duties, fees and shipping.
    async fn total(&self) -> Money {
        self.0.total.into()
    }

    /// What the shop's preferences count against the plan besides, without what the strategy aims at.
    async fn preferences(&self) -> Money {
        self.0.preferences.into()
    }

    /// What the plan has of what the strategy wants as little of as can be.
    async fn aim(&self) -> Option<PlanAim> {
        self.0.aim.map(Into::into)
    }

    /// How much cheaper a plan might at most be; zero when none is.
    async fn gap(&self) -> Money {
        self.0.gap.into()
    }

    /// How much less a plan might at most have of its aim; null when no less. Else the gap in money says nothing.
    async fn aim_gap(&self) -> Option<PlanAim> {
        self.0.aim_gap.map(Into::into)
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn suppliers(&self) -> Vec<SupplierCost> {
        self.0.suppliers.iter().cloned().map(SupplierCost).collect()
    }

    /// By which other currencies were converted.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn rates(&self) -> Vec<ExchangeRate> {
        self.0.rates.iter().map(Into::into).collect()
    }
}

/// What a strategy wants as little of as can be, before it looks at any cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Aim")]
pub enum RoutingAim {
    /// Days until it arrives, added up over the units.
    UnitDays,
    Parcels,
    /// Steps down in the suppliers' priority, added up over the units.
    StepsDown,
    /// How far suppliers stand above their share, in basis points added up over the pieces.
    AboveShare,
    /// Units that do not come from the shop's own stock.
    UnitsNotOwn,
}

/// An amount of what a strategy aims at.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlanAim {
    aim: RoutingAim,
    /// Below zero where another plan has less.
    amount: i32,
}

impl From<Aimed> for PlanAim {
    fn from(aimed: Aimed) -> Self {
        Self {
            aim: aimed.aim.into(),
            amount: i32::try_from(aimed.amount).unwrap_or(i32::MAX),
        }
    }
}

/// One supplier's part of what a plan costs.
pub struct SupplierCost(SupplierBill);

#[Object]
impl SupplierCost {
    async fn supplier_name(&self) -> &str {
        &self.0.supplier_name
    }

    async fn goods(&self) -> Money {
        self.0.goods.into()
    }

    /// Duties and taxes.
    async fn duties(&self) -> Option<Money> {
        self.0.duties.map(Into::into)
    }

    async fn fees(&self) -> Money {
        self.0.fees.into()
    }

    async fn shipping(&self) -> Money {
        self.0.shipping.into()
    }

    async fn parcels(&self) -> i32 {
        number(self.0.parcels.into())
    }

    async fn weight_g(&self) -> i32 {
        number(self.0.weight_g)
    }
}

/// What one unit of a currency was worth in another on a day.
#[derive(Clone, Debug, SimpleObject)]
pub struct ExchangeRate {
    from: &'static str,
    to: &'static str,
    rate: String,
    on: String,
}

impl From<&Rate> for ExchangeRate {
    fn from(rate: &Rate) -> Self {
        Self {
            from: rate.from.code(),
            to: rate.to.code(),
            rate: rate.factor.to_string(),
            on: rate.on.to_string(),
        }
    }
}

/// What units cost by themselves, with parcels of their own.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlanCostParts {
    /// Fewer than are wanted where there are not as many.
    units: i32,
    goods: Money,
    /// Duties and taxes.
    duties: Money,
    fees: Money,
    shipping: Money,
    /// Until they arrive.
    days: i32,
}

impl From<&CostParts> for PlanCostParts {
    fn from(parts: &CostParts) -> Self {
        Self {
            units: number(parts.units.into()),
            goods: parts.goods.into(),
            duties: parts.duties.into(),
            fees: parts.fees.into(),
            shipping: parts.shipping.into(),
            days: number(parts.days.into()),
        }
    }
}

/// The best plan in which other alternatives serve a line.
#[derive(Clone, Debug, SimpleObject)]
pub struct PlanRunnerUp {
    /// Who would serve the line.
    summary: String,
    /// Whether no other such plan is better: else it is the best that was found.
    proven: bool,
    /// What the whole order would cost more; below zero where a preference decided.
    more: Money,
    /// What the shop's preferences count against it more, without what the strategy aims at.
    preferences: Money,
    /// What it has more of what the strategy aims at.
    aim: Option<PlanAim>,
    /// What would have to change for it to win, where a lower price could do it.
    to_win: Option<PriceCut>,
}

/// A price at which another plan would have won.
#[derive(Clone, Debug, SimpleObject)]
pub struct PriceCut {
    sku: String,
    supplier_name: String,
    /// How much less each piece would have to cost.
    by: Money,
}

impl From<&RunnerUp> for PlanRunnerUp {
    fn from(second: &RunnerUp) -> Self {
        Self {
            summary: second.summary.clone(),
            proven: second.proven,
            more: second.more.into(),
            preferences: second.preferences.into(),
            aim: second.aim.map(Into::into),
            to_win: second.to_win.as_ref().map(|cut| PriceCut {
                sku: cut.sku.clone(),
                supplier_name: cut.supplier_name.clone(),
                by: cut.by.into(),
            }),
        }
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

    /// What these units cost by themselves, where that is known.
    async fn alone(&self) -> Option<PlanCostParts> {
        self.0.alone.as_ref().map(Into::into)
    }

    /// The second-best plan for the line, where the strategy weighs costs.
    async fn runner_up(&self) -> Option<PlanRunnerUp> {
        self.0.runner_up.as_ref().map(Into::into)
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

    /// Why it does not serve them; and under the priority list, where others come first, what would change that.
    async fn reason(&self) -> String {
        match &self.0.first_if {
            Some(first_if) => format!("{}: {first_if}", self.0.why),
            None => self.0.why.to_string(),
        }
    }

    /// What stands in its way besides.
    async fn also(&self) -> Vec<String> {
        self.0.also.iter().map(ToString::to_string).collect()
    }

    /// What the line's units would cost from it by themselves, where it may serve them and that is known.
    async fn alone(&self) -> Option<PlanCostParts> {
        self.0.alone.as_ref().map(Into::into)
    }
}
