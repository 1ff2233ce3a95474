//! The strategy [`super::Strategy::LeastCost`]: the whole order at once, at the
//! least landed cost. Also what a change to the plan would cost, for the
//! explanation: single alternatives with all else as it is, and each line's
//! second-best plan.

use std::collections::BTreeMap;

use super::{
    candidates::{Assignment, Candidate, Stock},
    cost::{Order, Priced},
    plan::{Aimed, CostParts, Landed, PriceCut, RejectedBecause, RunnerUp, SupplierBill},
    request::OfferFacts,
    rules::Circumstances,
    sentences::{self, Toward},
    solver::{self, Score, Solution},
    tariff::{Parcels, Tariff},
    terms::{Detail, Preferences},
};
use crate::{
    domain::{costs::WHOLE_BP, money::Money},
    ids::{OfferId, SupplierId},
};

/// The cheapest plan of an order, and the means to compare it with others.
pub struct LeastCost<'a> {
    order: Order<'a>,
    priced: Priced,
    solution: Solution,
    /// The best other plan of each line, where it was looked for when the order was decided.
    seconds: Option<Vec<Option<Solution>>>,
    bill: Bill,
}

/// How often a second-best plan that is cheaper after all may take the place of the plan.
const MOST_ADOPTED: u32 = 3;

impl<'a> LeastCost<'a> {
    /// Of an order and how it is put to the solver.
    pub fn find(order: Order<'a>, priced: Priced) -> Self {
        let mut solution = solver::solve(&priced.problem, &priced.problem.most(), priced.nodes(order));
        let mut seconds = None;
        for _ in 0..MOST_ADOPTED {
            if solution.is_proven() || order.tariff.model.effort.detail < Detail::Settled {
                break;
            }
            let found: Vec<Option<Solution>> = (0..order.lines.len())
                .map(|line| second(order, &priced, &solution, line))
                .collect();
            let best = found.iter().flatten().min_by_key(|second| second.cost);
            let Some(better) = best.filter(|second| second.cost < solution.cost) else {
                seconds = Some(found);
                break;
            };
            solution = Solution {
                bound: solution.bound.min(better.cost),
                ..better.clone()
            };
        }
        let bill = Bill::of_units(order, &priced, &solution.units);
        Self {
            order,
            priced,
            solution,
            seconds,
            bill,
        }
    }

    pub const fn tariff(&self) -> &'a Tariff<'a> {
        self.order.tariff
    }

    /// Each line's candidates with their units; takes them from the stock.
    pub fn assign(&self, stock: &mut Stock) -> Vec<Assignment> {
        let assignments = self.priced.assignments(self.order, &self.solution);
        for (candidates, assignment) in self.order.judged.iter().zip(&assignments) {
            for (candidate, units) in &assignment.parts {
                stock.take(&candidates[*candidate], *units);
            }
        }
        assignments
    }

    /// Whether no plan is cheaper.
    pub fn is_proven(&self) -> bool {
        self.solution.is_proven()
    }

    pub fn landed(&self) -> Landed {
        let exchange = &self.order.tariff.exchange;
        let bill = |(supplier, part): (&SupplierId, &Part)| SupplierBill {
            supplier: *supplier,
            supplier_name: self.supplier_name(*supplier),
            goods: exchange.money(part.goods),
            duties: (part.duties != 0).then(|| exchange.money(part.duties)),
            fees: exchange.money(part.parcels.fees),
            shipping: exchange.money(part.parcels.shipping),
            parcels: part.parcels.count,
            weight_g: part.weight_g,
        };
        let used = self
            .order
            .judged
            .iter()
            .flatten()
            .filter(|candidate| candidate.is_eligible());
        let components = used.flat_map(|candidate| &candidate.alternative.components);
        let bought = components.filter(|component| self.bill.pieces.contains_key(&component.offer.id));
        let charged = self
            .bill
            .parts
            .keys()
            .flat_map(|supplier| self.order.tariff.charged_in(*supplier));
        let currencies: Vec<_> = bought
            .map(|component| component.offer.cost.currency)
            .chain(charged)
            .collect();
        let all = self.dislike(&self.solution);
        let aimed = self.aimed(&self.solution.units, &self.bill);
        let at_aim = self.aim_parts(aimed);
        // Where more units might be served, no amount says by how much that is better.
        let gap = self.priced.parts(self.solution.cost - self.solution.bound).min(all);
        Landed {
            total: exchange.money(self.bill.total()),
            preferences: exchange.money(all - at_aim - self.bill.total()),
            aim: aimed,
            gap: exchange.money(gap.min(all - at_aim)),
            aim_gap: aimed.and_then(|aimed| self.aim_gap(aimed, gap)),
            suppliers: self.bill.parts.iter().map(bill).collect(),
            rates: exchange.rates_for(&currencies),
        }
    }

    /// What speaks against serving `units` of a line by the candidate `other`
    /// instead of `chosen`.
    pub fn instead(&self, line: usize, chosen: usize, units: u32, other: usize) -> RejectedBecause {
        let (Some(from), Some(to)) = (self.way(line, chosen), self.way(line, other)) else {
            return RejectedBecause::NotNeeded;
        };
        let room = self.priced.problem.ways[to]
            .most
            .saturating_sub(self.solution.units[to]);
        for moved in [units.min(room), 1] {
            let mut plan = self.solution.units.clone();
            plan[from] -= moved.min(units);
            plan[to] += moved;
            let cost = self
                .priced
                .problem
                .cost(&plan)
                .filter(|_| self.priced.problem.keeps_groups(&plan));
            if let Some(cost) = cost.filter(|_| moved > 0 && moved <= room) {
                return self.compared(&plan, cost).costs_more(moved, self.late_days(to));
            }
        }
        self.group_elsewhere(line, to).unwrap_or(RejectedBecause::Limits)
    }

    /// What it would cost to have all that belongs together with a line from where the way `to` is.
    fn group_elsewhere(&self, line: usize, to: usize) -> Option<RejectedBecause> {
        let problem = &self.priced.problem;
        let group = problem.groups.iter().find(|group| group.demands.contains(&line))?;
        let place = group.places.iter().find(|place| place.contains(&to))?;
        if self.order.tariff.model.effort.detail < Detail::RunnerUps {
            return None;
        }
        let mut most = problem.most();
        let of_group = group
            .demands
            .iter()
            .flat_map(|demand| problem.demands[*demand].ways.clone());
        for way in of_group.filter(|way| !place.contains(way)) {
            most[way] = 0;
        }
        for way in problem.demands[line].ways.clone().filter(|way| *way != to) {
            most[way] = 0;
        }
        let nodes = self.priced.nodes_of_each(self.order, self.priced.ways.len());
        let other = solver::solve_once(problem, &most, nodes);
        if other.units[to] == 0 || served(&other) < served(&self.solution) {
            return None;
        }
        let compared = self.compared(&other.units, other.cost);
        Some(compared.costs_more(other.units[to], self.late_days(to)))
    }

    /// The days by which a way is late, where the shop minds.
    fn late_days(&self, way: usize) -> u32 {
        let (line, candidate) = self.priced.ways[way];
        let components = &self.order.judged[line][candidate].alternative.components;
        let suppliers = components.iter().map(|component| component.offer.supplier);
        let late = suppliers.map(|supplier| self.order.tariff.minded_days_late(supplier, self.order.around));
        late.max().unwrap_or(0)
    }

    /// What so many units of a candidate cost by themselves, with parcels of their own.
    pub fn alone(&self, line: usize, candidate: usize, units: u32) -> Option<CostParts> {
        let way = self.way(line, candidate)?;
        let units = units.min(self.priced.problem.ways[way].most);
        let candidate = &self.order.judged[line][candidate];
        Some(alone(self.order.tariff, self.order.around, candidate, units))
    }

    /// What the strategy aims at, and how the candidate stands to it.
    pub fn toward(&self, line: usize, candidate: usize) -> Option<Toward> {
        let tariff = self.order.tariff;
        let aim = tariff.model.preferences.aim?;
        let components = &self.order.judged[line][candidate].alternative.components;
        let suppliers = || components.iter().map(|component| component.offer.supplier);
        let days = suppliers()
            .map(|supplier| tariff.days(supplier, self.order.around))
            .max();
        Some(Toward {
            aim,
            days: days.unwrap_or(0),
            share: suppliers().next().and_then(|supplier| tariff.share(supplier)),
        })
    }

    /// Whether nothing but cost decides.
    pub fn is_by_cost_alone(&self) -> bool {
        self.order.tariff.model.preferences == Preferences::default()
    }

    /// The best plan that serves as many units without the line's candidates.
    pub fn runner_up(&self, line: usize) -> Option<RunnerUp> {
        if self.order.tariff.model.effort.detail < Detail::RunnerUps {
            return None;
        }
        let second = match &self.seconds {
            Some(seconds) => seconds.get(line)?.clone(),
            None => second(self.order, &self.priced, &self.solution, line),
        };
        // One that is cheaper would be the plan, had it not taken the place of others already.
        let second = second.filter(|second| second.cost >= self.solution.cost)?;
        let ways = self.priced.problem.demands[line].ways.clone();
        let Compared { more, preferences, aim } = self.compared(&second.units, second.cost);
        let summaries = ways.filter(|way| second.units[*way] > 0).map(|way| {
            let (_, candidate) = self.priced.ways[way];
            sentences::summary(self.order.around, &self.order.judged[line][candidate])
        });
        Some(RunnerUp {
            summary: summaries.collect::<Vec<_>>().join(", "),
            proven: second.is_proven(),
            more,
            preferences,
            aim,
            to_win: self.price_cut(line, &second),
        })
    }

    /// How much less an offer of the line would have to cost at every quantity for
    /// the other plan to beat this one, be it by priority at equal cost.
    fn price_cut(&self, line: usize, second: &Solution) -> Option<PriceCut> {
        let over = self.priced.parts(second.cost - self.solution.cost).max(0);
        let theirs = Bill::of_units(self.order, &self.priced, &second.units).pieces;
        let more = |offer: &OfferFacts| {
            let ours = self.bill.pieces.get(&offer.id).copied().unwrap_or(0);
            theirs.get(&offer.id).copied().unwrap_or(0).saturating_sub(ours)
        };
        let ways = self.priced.problem.demands[line].ways.clone();
        let used = ways.filter(|way| second.units[*way] > 0);
        let components = used.flat_map(|way| {
            let (_, candidate) = self.priced.ways[way];
            &self.order.judged[line][candidate].alternative.components
        });
        let offers = components.map(|component| &component.offer);
        let offer = offers
            .filter(|offer| more(offer) > 0)
            .max_by_key(|offer| (more(offer), offer.id))?;
        // Duties fall with the price.
        let whole = Score::from(WHOLE_BP);
        let with_duties = whole + Score::from(self.order.tariff.duties_bp(offer.supplier));
        let each = (over / Score::from(more(offer)) * whole).div_euclid(with_duties);
        let by = self.order.tariff.exchange.more_than(each, offer.cost.currency)?;
        let lowest = self.order.tariff.unit_cost(offer, u32::MAX);
        (by.amount_minor <= lowest.amount_minor).then(|| PriceCut {
            offer: offer.id,
            sku: offer.sku.clone(),
            supplier_name: self.supplier_name(offer.supplier),
            by,
        })
    }

    /// What another plan costs more than this one, before preferences and by them.
    fn compared(&self, units: &[u32], cost: Score) -> Compared {
        let exchange = &self.order.tariff.exchange;
        let all = self.priced.parts(cost) - self.priced.parts(self.solution.cost);
        if self.is_by_cost_alone() {
            return Compared {
                more: exchange.money(all),
                preferences: exchange.money(0),
                aim: None,
            };
        }
        let bill = Bill::of_units(self.order, &self.priced, units);
        let more = bill.total() - self.bill.total();
        let ours = self.aimed(&self.solution.units, &self.bill);
        let theirs = self.aimed(units, &bill);
        let aim = theirs.zip(ours).map(|(theirs, ours)| Aimed {
            amount: theirs.amount.saturating_sub(ours.amount),
            ..theirs
        });
        Compared {
            more: exchange.money(more),
            preferences: exchange.money(all - more - self.aim_parts(aim)),
            aim,
        }
    }

    /// What a plan of so many units has of what the strategy aims at.
    fn aimed(&self, units: &[u32], bill: &Bill) -> Option<Aimed> {
        let tariff = self.order.tariff;
        let aim = tariff.model.preferences.aim?;
        let used = self.priced.ways.iter().zip(units).filter(|(_, units)| **units > 0);
        let used = used.map(|((line, candidate), units)| (self.order.judged[*line][*candidate].alternative, *units));
        let parcels = bill.parts.values().map(|part| part.parcels.count).sum();
        let amount = tariff.aimed(aim, used, parcels, self.order.around);
        Some(Aimed { aim, amount })
    }

    fn aim_parts(&self, aimed: Option<Aimed>) -> Score {
        aimed.map_or(0, |Aimed { aim, amount }| self.order.tariff.aim_parts(aim, amount))
    }

    /// How much less of it a plan may have at most that costs so much less; none where that is too little.
    fn aim_gap(&self, aimed: Aimed, gap: Score) -> Option<Aimed> {
        let one = self.order.tariff.aim_parts(aimed.aim, 1).max(1);
        // Money may be saved too.
        let most = i64::try_from((gap + one / 2) / one).unwrap_or(i64::MAX);
        (most > 0).then_some(Aimed {
            amount: most.min(aimed.amount),
            ..aimed
        })
    }

    /// The cost of what the solution serves, preferences included.
    fn dislike(&self, solution: &Solution) -> Score {
        let served: u64 = solution.units.iter().map(|units| u64::from(*units)).sum();
        let demanded: u64 = self.order.lines.iter().map(|line| u64::from(line.units)).sum();
        let left = Score::from(demanded - served);
        self.priced.parts(solution.cost - self.priced.problem.unserved * left)
    }

    fn way(&self, line: usize, candidate: usize) -> Option<usize> {
        let mut ways = self.priced.problem.demands[line].ways.clone();
        ways.find(|way| self.priced.ways[*way] == (line, candidate))
    }

    fn supplier_name(&self, supplier: SupplierId) -> String {
        let terms = self.order.around.suppliers.get(&supplier);
        terms.map(|terms| terms.name.clone()).unwrap_or_default()
    }
}

/// What another plan has more.
struct Compared {
    more: Money,
    preferences: Money,
    aim: Option<Aimed>,
}

impl Compared {
    const fn costs_more(self, units: u32, late_days: u32) -> RejectedBecause {
        RejectedBecause::CostsMore {
            by: self.more,
            preferences: self.preferences,
            aim: self.aim,
            units,
            late_days,
        }
    }
}

/// The best plan found that serves as many units without the line's candidates.
fn second(order: Order<'_>, priced: &Priced, solution: &Solution, line: usize) -> Option<Solution> {
    let problem = &priced.problem;
    let ways = problem.demands[line].ways.clone();
    let mut most = problem.most();
    for way in ways.clone().filter(|way| solution.units[*way] > 0) {
        most[way] = 0;
    }
    if most[ways].iter().all(|most| *most == 0) {
        return None;
    }
    let nodes = priced.nodes_of_each(order, order.lines.len());
    let second = solver::solve_once(problem, &most, nodes);
    (served(&second) >= served(solution)).then_some(second)
}

fn served(solution: &Solution) -> u64 {
    solution.units.iter().map(|units| u64::from(*units)).sum()
}

/// What so many units of a candidate that can be priced cost by themselves, with parcels of their own.
pub fn alone(tariff: &Tariff<'_>, around: &Circumstances<'_>, candidate: &Candidate<'_>, units: u32) -> CostParts {
    let bill = Bill::of(tariff, std::iter::once((candidate, units)));
    let sum = |of: fn(&Part) -> Score| tariff.exchange.money(bill.parts.values().map(of).sum());
    let days = |supplier: &SupplierId| tariff.days(*supplier, around);
    CostParts {
        units,
        goods: sum(|part| part.goods),
        duties: sum(|part| part.duties),
        fees: sum(|part| part.parcels.fees),
        shipping: sum(|part| part.parcels.shipping),
        days: bill.parts.keys().map(days).max().unwrap_or(0),
    }
}

/// What a plan costs, worked out from its pieces and parcels: not from the
/// solver's numbers, so that each checks the other.
#[derive(Debug, Default)]
struct Bill {
    pieces: BTreeMap<OfferId, u32>,
    parts: BTreeMap<SupplierId, Part>,
}

#[derive(Debug, Default)]
struct Part {
    goods: Score,
    duties: Score,
    weight_g: u64,
    parcels: Parcels,
}

impl Bill {
    fn of_units(order: Order<'_>, priced: &Priced, units: &[u32]) -> Self {
        let used = priced.ways.iter().zip(units).filter(|(_, units)| **units > 0);
        let used = used.map(|((line, candidate), units)| (&order.judged[*line][*candidate], *units));
        Self::of(order.tariff, used)
    }

    /// Of so many units of each candidate.
    fn of<'a>(tariff: &Tariff<'_>, used: impl Iterator<Item = (&'a Candidate<'a>, u32)>) -> Self {
        let components = used.flat_map(|(candidate, units)| {
            let components = candidate.alternative.components.iter();
            components.map(move |component| (&component.offer, component.per_unit * units))
        });
        let mut bill = Self::default();
        let mut offers: BTreeMap<OfferId, &OfferFacts> = BTreeMap::new();
        for (offer, pieces) in components {
            offers.insert(offer.id, offer);
            *bill.pieces.entry(offer.id).or_default() += pieces;
            let part = bill.parts.entry(offer.supplier).or_default();
            part.weight_g += u64::from(offer.weight_g.unwrap_or(0)) * u64::from(pieces);
        }
        for (id, offer) in offers {
            let pieces = bill.pieces[&id];
            let each = tariff.parts(tariff.unit_cost(offer, pieces));
            let goods = each * Score::from(pieces);
            let part = bill.parts.entry(offer.supplier).or_default();
            part.goods += goods;
            part.duties += tariff.duties(offer.supplier, goods);
        }
        for (supplier, part) in &mut bill.parts {
            part.parcels = tariff.parcels(*supplier, part.weight_g.max(1));
        }
        bill
    }

    fn total(&self) -> Score {
        let each = |part: &Part| part.goods + part.duties + part.parcels.fees + part.parcels.shipping;
        self.parts.values().map(each).sum()
    }
}
