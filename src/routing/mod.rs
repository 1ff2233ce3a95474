//! Which supplier ships which units of an order, and why. Pure code: the facts
//! come in with a [`RouteRequest`], the decision goes out as a [`RoutePlan`], and
//! the same request always gives the same plan, however its parts are ordered.
//!
//! The way through: `rules` says what is allowed, `candidates` puts it in order,
//! a strategy shares out the units, `explanation` says why in the words of
//! `sentences`. There are two strategies: `priority` goes line by line;
//! `least_cost` lets `solver` find the cheapest plan for the whole order, by the
//! owner's `terms`, which `tariff` prices and `cost` puts as a problem.
//! Reading the facts, storing the plan and acting on it is left to `actions`.

mod candidates;
mod cost;
mod explanation;
mod least_cost;
mod plan;
mod priority;
mod rates;
mod request;
mod rules;
mod sentences;
mod solver;
mod tariff;
pub mod terms;
#[cfg(test)]
mod tests;

pub use plan::{
    ChosenComponent, Field, Landed, Outcome, PlanLine, PriceCut, RejectedAlternative, RejectedBecause, RoutePlan,
    RunnerUp, SupplierBill,
};
pub use request::{Alternative, Component, LineDemand, OfferFacts, RouteRequest, Strategy, SupplierTerms};

use candidates::{Candidate, Stock};
use cost::Order;
use explanation::Explained;
use least_cost::LeastCost;
use rules::Circumstances;
use tariff::Tariff;
use terms::CostModel;

/// Decides an order. Never fails: what cannot be served is in the plan, with the
/// reason, and holds back nothing else.
#[must_use]
pub fn route(request: &RouteRequest) -> RoutePlan {
    let around = Circumstances {
        suppliers: request.suppliers.iter().map(|terms| (terms.id, terms)).collect(),
        destination: request.destination.as_deref(),
    };
    let mut lines: Vec<&LineDemand> = request.lines.iter().collect();
    // Stock that two lines want goes to the older one, whatever the order of the request.
    lines.sort_by_key(|line| line.line);
    let judged = lines.iter().map(|line| candidates::of_line(line, &around)).collect();
    let stock = Stock::of(&request.lines);
    match &request.strategy {
        Strategy::Priority => by_priority(&lines, &judged, stock, &around),
        Strategy::LeastCost(model) => by_least_cost(&lines, judged, stock, &around, model),
    }
}

fn by_priority(
    lines: &[&LineDemand],
    judged: &Vec<Vec<Candidate<'_>>>,
    mut stock: Stock,
    around: &Circumstances<'_>,
) -> RoutePlan {
    let each = lines.iter().zip(judged);
    let assign =
        |(line, candidates): (&&LineDemand, &Vec<Candidate<'_>>)| priority::assign(line.units, candidates, &mut stock);
    let assignments: Vec<_> = each.map(assign).collect();
    let explained = Explained {
        lines,
        judged,
        assignments: &assignments,
        around,
        stock: &stock,
        least_cost: None,
    };
    explained.plan()
}

fn by_least_cost(
    lines: &[&LineDemand],
    mut judged: Vec<Vec<Candidate<'_>>>,
    stock: Stock,
    around: &Circumstances<'_>,
    model: &CostModel,
) -> RoutePlan {
    let tariff = Tariff::new(model);
    for candidate in judged.iter_mut().flatten() {
        candidate.refuse(tariff.refusals(candidate.alternative, around));
    }
    let order = Order {
        lines,
        judged: &judged,
        stock: &stock,
        around,
        tariff: &tariff,
    };
    let Some(least_cost) = LeastCost::find(order) else {
        for candidate in judged.iter_mut().flatten() {
            candidate.refuse(vec![RejectedBecause::BadData { field: Field::Cost }]);
        }
        return by_priority(lines, &judged, stock, around);
    };
    let mut left = stock.clone();
    let assignments = least_cost.assign(&mut left);
    let explained = Explained {
        lines,
        judged: &judged,
        assignments: &assignments,
        around,
        stock: &left,
        least_cost: Some(&least_cost),
    };
    explained.plan()
}
