//! What it costs to serve an order in a given way, by the measure of the shop's own strategy: so that
//! what stands can be compared with what would be decided now, and one order with another.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Known,
    candidates::{Candidate, Stock},
    cost::Priced,
    parcels::Loads,
    plan::{Outcome, RoutePlan},
    request::{RouteRequest, Strategy},
    solver::Score,
    tariff::Tariff,
    terms::{CostModel, Limits},
    with_judged,
};
use crate::ids::{AlternativeId, OfferId, OrderLineId, SupplierId};

/// Units by line and alternative.
pub type Served = BTreeMap<(OrderLineId, AlternativeId), u32>;

/// Who serves what by a plan.
#[must_use]
pub fn served(plan: &RoutePlan) -> Served {
    let mut served = Served::new();
    for entry in &plan.lines {
        if let Outcome::Allocated { alternative, .. } = entry.outcome {
            *served.entry((entry.line, alternative)).or_default() += entry.units;
        }
    }
    served
}

/// Units of each line, whoever serves them.
#[must_use]
pub fn units(served: &Served) -> BTreeMap<OrderLineId, u32> {
    let mut units = BTreeMap::new();
    for ((line, _), more) in served {
        *units.entry(*line).or_default() += more;
    }
    units
}

/// Pieces of counted offers that are needed for it.
#[must_use]
pub fn pieces(request: &RouteRequest, served: &Served) -> BTreeMap<OfferId, u32> {
    let mut pieces = BTreeMap::new();
    for line in &request.lines {
        for way in &line.alternatives {
            let Some(units) = served.get(&(line.line, way.id)) else {
                continue;
            };
            for part in way.components.iter().filter(|part| part.offer.stock.is_some()) {
                let needed = part.per_unit.saturating_mul(*units);
                let sum: &mut u32 = pieces.entry(part.offer.id).or_default();
                *sum = sum.saturating_add(needed);
            }
        }
    }
    pieces
}

/// What it costs, preferences included, in thousandths of the shop's minor unit; by the priority list
/// in steps down in it. Units that are not served cost nothing. None where it is not allowed, or a
/// number is missing.
#[must_use]
pub fn cost_of(request: &RouteRequest, served: &Served) -> Option<Score> {
    with_judged(request, |known, judged, stock| match &request.strategy {
        Strategy::Priority => {
            let costs = request.known_costs.as_deref();
            let tariff = costs.map(|model| Tariff::new(model, known.price_breaks));
            by_priority(known, &judged, stock, served, tariff.as_ref())
        }
        Strategy::LeastCost(model) => by_least_cost(known, judged, &stock, model, served),
    })
}

/// Line and candidate of each part, with its units. None where one is refused, or not known.
fn parts(known: Known<'_>, judged: &[Vec<Candidate<'_>>], served: &Served) -> Option<Vec<(usize, usize, u32)>> {
    let part = |((line, way), units): (&(OrderLineId, AlternativeId), &u32)| {
        let at = known.lines.iter().position(|demand| demand.line == *line)?;
        let candidate = judged[at].iter().position(|one| one.alternative.id == *way)?;
        judged[at][candidate].is_eligible().then_some((at, candidate, *units))
    };
    served.iter().map(part).collect()
}

fn by_priority(
    known: Known<'_>,
    judged: &[Vec<Candidate<'_>>],
    mut stock: Stock,
    served: &Served,
    tariff: Option<&Tariff<'_>>,
) -> Option<Score> {
    let parts = parts(known, judged, served)?;
    let (mut cost, mut loads) = (0, Loads::default());
    for (line, at, units) in &parts {
        let candidate = &judged[*line][*at];
        if stock.units(candidate) < *units {
            return None;
        }
        stock.take(candidate, *units);
        loads.add(candidate.alternative, *units);
        cost += Score::try_from(*at).ok()? * Score::from(*units);
    }
    let suppliers = |line: usize, at: usize| {
        let parts = judged[line][at].alternative.components.iter();
        parts.map(|part| part.offer.supplier)
    };
    let used = parts
        .iter()
        .flat_map(|(line, at, _)| suppliers(*line, *at).map(|supplier| (known.lines[*line].line, supplier)))
        .collect();
    let limits = &known.ruling.limits;
    let units = units(served);
    let left = known
        .lines
        .iter()
        .filter(|demand| units.get(&demand.line).copied().unwrap_or(0) < demand.units)
        .map(|demand| demand.line)
        .collect();
    let is_over = limits.max_parcels.is_some_and(|most| loads.parcels(tariff) > most);
    (!is_over && keeps(limits, &used) && (limits.in_part || keeps_wholes(limits, &used, &left))).then_some(cost)
}

/// Whether the limits allow that these suppliers ship these lines, however many parcels that takes.
fn keeps(limits: &Limits, used: &BTreeSet<(OrderLineId, SupplierId)>) -> bool {
    let by_one = |group: &BTreeSet<OrderLineId>| {
        let of_group = used.iter().filter(|(line, _)| group.contains(line));
        of_group.map(|(_, supplier)| supplier).collect::<BTreeSet<_>>().len() <= 1
    };
    limits.together.iter().all(by_one)
}

/// Whether nothing is shipped of lines that belong together while units of one of them are left.
fn keeps_wholes(limits: &Limits, used: &BTreeSet<(OrderLineId, SupplierId)>, left: &BTreeSet<OrderLineId>) -> bool {
    limits.together.iter().all(|group| {
        let is_begun = used.iter().any(|(line, _)| group.contains(line));
        !is_begun || group.is_disjoint(left)
    })
}

fn by_least_cost(
    known: Known<'_>,
    mut judged: Vec<Vec<Candidate<'_>>>,
    stock: &Stock,
    model: &CostModel,
    served: &Served,
) -> Option<Score> {
    let tariff = Tariff::new(model, known.price_breaks);
    for candidate in judged.iter_mut().flatten() {
        candidate.refuse(tariff.refusals(candidate.alternative, known.around));
    }
    let limits = model.limits.clone().and(&known.ruling.limits);
    let put = |tariff: &Tariff<'_>| Priced::new(known.order(&judged, stock, tariff, &limits));
    // One measure for all orders that are compared, however much one of them costs.
    let (tariff, priced) = tariff.fitting(|_| None, put)?;
    let problem = &priced.problem;
    let mut units = vec![0; priced.ways.len()];
    for (line, candidate, more) in parts(known, &judged, served)? {
        let way = priced.ways.iter().position(|way| *way == (line, candidate))?;
        units[way] = more;
        if more > problem.ways[way].most {
            return None;
        }
    }
    if !problem.keeps_groups(&units) {
        return None;
    }
    let demanded: Score = known.lines.iter().map(|line| Score::from(line.units)).sum();
    let left = demanded - units.iter().map(|units| Score::from(*units)).sum::<Score>();
    let cost = problem.cost(&units)? - problem.unserved * left;
    Some(tariff.exchange.thousandths(priced.parts(cost)))
}
