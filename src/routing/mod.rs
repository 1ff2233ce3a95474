//! Which supplier ships which units of an order, and why. Pure code: the facts
//! come in with a [`RouteRequest`], the decision goes out as a [`RoutePlan`], and
//! the same request always gives the same plan, however its parts are ordered.
//!
//! The way through: `rules` says what is allowed at all and `rulebook` what the shop
//! allows, in conditions of the language `expressions`; `candidates` puts it in order,
//! a strategy shares out the units, `explanation` says why in the words of
//! `sentences`, and `limited` which limits keep units from whom. There are two strategies: `priority` goes line by line;
//! `least_cost` lets `solver` find the cheapest plan for the whole order, by the
//! `terms`, which `owner` makes of what the owner wrote down, `tariff` prices and
//! `cost` puts as a problem. `worth` says what a plan costs, whoever made it, `forbidden`
//! whether it may stand, and `together` decides several orders that want the same pieces.
//! Reading the facts, storing the plan and acting on it is left to `actions`.

mod candidates;
mod cost;
mod explanation;
pub mod expressions;
mod forbidden;
mod least_cost;
mod limited;
pub mod owner;
mod parcels;
mod plan;
mod priority;
mod rates;
mod request;
pub mod rulebook;
mod rules;
mod sentences;
mod solver;
mod sound;
mod tariff;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod together;
pub mod what_if;
pub mod worth;

pub use forbidden::forbidden;
pub use parcels::parcels_needed;
pub use plan::{
    Aimed, ChosenComponent, CostParts, Field, FirstIf, Lack, Landed, Outcome, PlanLine, PriceCut, RejectedAlternative,
    RejectedBecause, RoutePlan, RunnerUp, SupplierBill,
};
pub use request::{Alternative, Component, LineDemand, OfferFacts, RouteRequest, Strategy, SupplierTerms};

use candidates::{Candidate, Stock};
use cost::{Order, Priced};
use explanation::Explained;
use least_cost::LeastCost;
use rulebook::Ruling;
use rules::Circumstances;
use tariff::Tariff;
use terms::{CostModel, Detail, Limits, PriceBreaks};

/// Decides an order. Never fails: what cannot be served is in the plan, with the
/// reason, and holds back nothing else.
#[must_use]
pub fn route(request: &RouteRequest) -> RoutePlan {
    with_judged(request, |known, judged, stock| match &request.strategy {
        Strategy::Priority => {
            let costs = request.known_costs.as_deref();
            let tariff = costs.map(|model| Tariff::new(model, known.price_breaks));
            by_priority(known, &judged, stock, &known.ruling.limits, tariff.as_ref())
        }
        Strategy::LeastCost(model) => by_least_cost(known, judged, stock, model),
    })
}

/// Does something with an order whose candidates are judged by the rules.
fn with_judged<R>(
    request: &RouteRequest,
    decide: impl for<'a> FnOnce(Known<'a>, Vec<Vec<Candidate<'a>>>, Stock) -> R,
) -> R {
    let around = Circumstances::of(request);
    let mut lines: Vec<&LineDemand> = request.lines.iter().collect();
    // Stock that two lines want goes to the older one, whatever the order of the request.
    lines.sort_by_key(|line| line.line);
    let mut judged: Vec<Vec<Candidate<'_>>> = lines.iter().map(|line| candidates::of_line(line, &around)).collect();
    let mut ruling = Ruling::of(request, &around);
    for (line, candidates) in lines.iter().zip(&mut judged) {
        for candidate in candidates {
            candidate.refuse(ruling.refusals(line, candidate.alternative));
        }
    }
    let stock = Stock::of(&request.lines, &ruling.kept);
    if ruling.limits.max_parcels.is_some() && lines.iter().any(|line| line.forced_offer.is_some()) {
        let tariff = known_costs(request).map(|model| Tariff::new(model, &request.price_breaks));
        ruling.leave_room(parcels::of_chosen(&lines, &judged, &stock, tariff.as_ref()));
    }
    let known = Known {
        lines: &lines,
        around: &around,
        ruling: &ruling,
        price_breaks: &request.price_breaks,
    };
    decide(known, judged, stock)
}

/// What is known of costs, whatever decides.
fn known_costs(request: &RouteRequest) -> Option<&CostModel> {
    match &request.strategy {
        Strategy::Priority => request.known_costs.as_deref(),
        Strategy::LeastCost(model) => Some(model.as_ref()),
    }
}

/// What all strategies start from.
#[derive(Clone, Copy)]
struct Known<'a> {
    lines: &'a [&'a LineDemand],
    around: &'a Circumstances<'a>,
    ruling: &'a Ruling<'a>,
    price_breaks: &'a [PriceBreaks],
}

impl<'a> Known<'a> {
    /// The order as it is priced.
    const fn order(
        self,
        judged: &'a [Vec<Candidate<'a>>],
        stock: &'a Stock,
        tariff: &'a Tariff<'a>,
        limits: &'a Limits,
    ) -> Order<'a> {
        Order {
            lines: self.lines,
            judged,
            stock,
            around: self.around,
            tariff,
            limits,
        }
    }
}

fn by_priority(
    known: Known<'_>,
    judged: &[Vec<Candidate<'_>>],
    mut stock: Stock,
    limits: &Limits,
    tariff: Option<&Tariff<'_>>,
) -> RoutePlan {
    let offered = stock.clone();
    let assignments = priority::assign(known.lines, judged, &mut stock, limits, known.around, tariff);
    let explained = Explained {
        lines: known.lines,
        judged,
        assignments: &assignments,
        around: known.around,
        ruling: known.ruling,
        offered: &offered,
        stock: &stock,
        price_breaks: known.price_breaks,
        least_cost: None,
        tariff,
        detail: tariff.map_or(Detail::RunnerUps, |tariff| tariff.model.effort.detail),
    };
    explained.plan()
}

fn by_least_cost(known: Known<'_>, mut judged: Vec<Vec<Candidate<'_>>>, stock: Stock, model: &CostModel) -> RoutePlan {
    let tariff = Tariff::new(model, known.price_breaks);
    for candidate in judged.iter_mut().flatten() {
        candidate.refuse(tariff.refusals(candidate.alternative, known.around));
    }
    let limits = model.limits.clone().and(&known.ruling.limits);
    let most = |tariff: &Tariff<'_>| Priced::most(known.order(&judged, &stock, tariff, &limits));
    let put = |tariff: &Tariff<'_>| Priced::new(known.order(&judged, &stock, tariff, &limits));
    let Some((tariff, priced)) = tariff.fitting(most, put) else {
        for candidate in judged.iter_mut().flatten() {
            candidate.refuse(vec![RejectedBecause::BadData { field: Field::Cost }]);
        }
        return by_priority(known, &judged, stock, &limits, None);
    };
    let least_cost = LeastCost::find(known.order(&judged, &stock, &tariff, &limits), priced);
    let mut left = stock.clone();
    let assignments = least_cost.assign(&mut left);
    let explained = Explained {
        lines: known.lines,
        judged: &judged,
        assignments: &assignments,
        around: known.around,
        ruling: known.ruling,
        offered: &stock,
        stock: &left,
        price_breaks: known.price_breaks,
        least_cost: Some(&least_cost),
        tariff: None,
        detail: model.effort.detail,
    };
    explained.plan()
}
