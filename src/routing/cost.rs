//! Puts an order and its tariff as a problem to the solver, and reads the answer
//! back. Suppliers' parcels become meters of grams; offers whose price or stock
//! depends on what other lines take become meters of pieces.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    candidates::{Assignment, Candidate, Stock},
    request::{LineDemand, OfferFacts},
    rules::Circumstances,
    solver::{Group, Problem, Score, Solution, Step},
    tariff::Tariff,
    terms::Limits,
};
use crate::ids::{OfferId, OrderLineId, SupplierId};

/// An order's total in the solver's units stays below this, far from overflow.
const MOST_TOTAL: Score = 1 << 98;
/// How much finer than a cost the solver's own prices may be.
const FINEST_GRAIN: Score = 1 << 16;

/// An order as the solver sees it.
pub struct Priced {
    pub problem: Problem,
    /// Line and candidate of each way.
    pub ways: Vec<(usize, usize)>,
    /// The solver's units for one part of the shop's minor unit.
    unit: Score,
}

/// The lines of one order with all that bears on their cost.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    pub lines: &'a [&'a LineDemand],
    pub judged: &'a [Vec<Candidate<'a>>],
    pub stock: &'a Stock,
    pub around: &'a Circumstances<'a>,
    pub tariff: &'a Tariff<'a>,
    pub limits: &'a Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Supplier(SupplierId),
    Offer(OfferId),
}

/// A way before costs are scaled.
struct Draft {
    line: usize,
    candidate: usize,
    each: Score,
    most: u32,
    draws: BTreeMap<Key, u64>,
}

impl Priced {
    /// `None` when the amounts are too large to be compared exactly.
    pub fn new(order: Order<'_>) -> Option<Self> {
        let metered = order.metered_offers();
        let drafts = order.drafts(&metered)?;
        let meters = order.meters(&metered, &drafts);
        let scale = Scale::of(order.lines, &drafts, &meters)?;
        let mut priced = Self {
            problem: Problem::new(scale.grain, scale.unserved),
            ways: drafts.iter().map(|draft| (draft.line, draft.candidate)).collect(),
            unit: scale.unit,
        };
        let mut index = BTreeMap::new();
        for (key, steps) in meters {
            let scaled = steps.into_iter().map(|step| Step {
                fixed: step.fixed * scale.unit,
                each: step.each * scale.unit,
                ..step
            });
            index.insert(key, priced.problem.push_meter(scaled.collect()));
        }
        let mut drafts = drafts.iter().peekable();
        for (at, line) in order.lines.iter().enumerate() {
            priced.problem.push_demand(line.units);
            let mut place = 0;
            while let Some(draft) = drafts.next_if(|draft| draft.line == at) {
                let draws: Vec<_> = draft.draws.iter().map(|(key, each)| (index[key], *each)).collect();
                // At equal cost the candidate that the owner put first is better.
                let each = draft.each * scale.unit + scale.grain * place;
                priced.problem.push_way(each, draft.most, &draws);
                place += 1;
            }
        }
        let limits = order.limits;
        priced.problem.max_parcels = limits.max_parcels;
        priced.problem.groups = limits.together.iter().map(|lines| priced.group(order, lines)).collect();
        Some(priced)
    }

    fn group(&self, order: Order<'_>, lines: &BTreeSet<OrderLineId>) -> Group {
        let demands = (0..order.lines.len()).filter(|line| lines.contains(&order.lines[*line].line));
        let demands: Vec<usize> = demands.collect();
        let mut places: BTreeMap<SupplierId, Vec<usize>> = BTreeMap::new();
        for demand in &demands {
            for way in self.problem.demands[*demand].ways.clone() {
                let (line, candidate) = self.ways[way];
                let components = &order.judged[line][candidate].alternative.components;
                let first = components[0].offer.supplier;
                if components.iter().all(|component| component.offer.supplier == first) {
                    places.entry(first).or_default().push(way);
                }
            }
        }
        Group {
            demands,
            places: places.into_values().collect(),
        }
    }

    /// A cost in the solver's units as parts of the shop's minor unit, without
    /// what only breaks ties.
    pub const fn parts(&self, score: Score) -> Score {
        score.div_euclid(self.unit)
    }

    /// How far to search.
    pub fn nodes(&self, order: Order<'_>) -> u32 {
        order.tariff.model.effort.nodes(self.ways.len())
    }

    /// For each line the candidates with units, and what is left.
    pub fn assignments(&self, order: Order<'_>, solution: &Solution) -> Vec<Assignment> {
        let mut all: Vec<_> = order.lines.iter().map(|line| Assignment::none(line.units)).collect();
        for ((line, candidate), units) in self.ways.iter().zip(&solution.units).filter(|(_, units)| **units > 0) {
            all[*line].parts.push((*candidate, *units));
            all[*line].left -= units;
        }
        all
    }
}

impl Order<'_> {
    fn eligible(&self) -> impl Iterator<Item = (usize, usize, &Candidate<'_>)> {
        let numbered = self.judged.iter().enumerate();
        numbered.flat_map(|(line, candidates)| {
            let numbered = candidates
                .iter()
                .enumerate()
                .filter(|(_, candidate)| candidate.is_eligible());
            numbered.map(move |(at, candidate)| (line, at, candidate))
        })
    }

    /// Offers whose pieces must be counted over the whole order.
    fn metered_offers(&self) -> BTreeMap<OfferId, &OfferFacts> {
        let mut seen: BTreeMap<OfferId, (u32, &OfferFacts)> = BTreeMap::new();
        for (_, _, candidate) in self.eligible() {
            for offer in candidate.needs.keys() {
                let facts = candidate
                    .alternative
                    .components
                    .iter()
                    .map(|component| &component.offer);
                if let Some(facts) = facts.into_iter().find(|facts| facts.id == *offer) {
                    seen.entry(*offer).or_insert((0, facts)).0 += 1;
                }
            }
        }
        let shared = |offer: &OfferId, uses: u32| {
            !self.tariff.breaks(*offer).is_empty() || (uses > 1 && self.stock.left(*offer).is_some())
        };
        let metered = seen.into_iter().filter(|(offer, (uses, _))| shared(offer, *uses));
        metered.map(|(offer, (_, facts))| (offer, facts)).collect()
    }

    fn drafts(&self, metered: &BTreeMap<OfferId, &OfferFacts>) -> Option<Vec<Draft>> {
        let draft = |(line, at, candidate): (usize, usize, &Candidate<'_>)| {
            let mut each = self.tariff.dislike_of_unit(candidate.alternative, self.around);
            let mut draws: BTreeMap<Key, u64> = BTreeMap::new();
            for component in &candidate.alternative.components {
                let (offer, pieces) = (&component.offer, u64::from(component.per_unit));
                if metered.contains_key(&offer.id) {
                    *draws.entry(Key::Offer(offer.id)).or_default() += pieces;
                } else {
                    let cost = self
                        .tariff
                        .landed(offer.supplier, offer.cost)
                        .checked_mul(pieces.into())?;
                    each = each.checked_add(cost)?;
                }
                let weight = u64::from(offer.weight_g.unwrap_or(0)) * pieces;
                *draws.entry(Key::Supplier(offer.supplier)).or_default() += weight;
            }
            // What weighs nothing still needs a parcel.
            for draw in draws.values_mut() {
                *draw = (*draw).max(1);
            }
            Some(Draft {
                line,
                candidate: at,
                each,
                most: self.stock.units(candidate).min(self.lines[line].units),
                draws,
            })
        };
        self.eligible().map(draft).collect()
    }

    fn meters(&self, metered: &BTreeMap<OfferId, &OfferFacts>, drafts: &[Draft]) -> BTreeMap<Key, Vec<Step>> {
        let mut reach: BTreeMap<Key, BTreeMap<usize, u64>> = BTreeMap::new();
        for draft in drafts {
            for (key, each) in &draft.draws {
                let most = reach.entry(*key).or_default().entry(draft.line).or_default();
                *most = (*most).max(each * u64::from(self.lines[draft.line].units));
            }
        }
        let sums = reach.into_iter().map(|(key, lines)| (key, lines.values().sum::<u64>()));
        let steps = |(key, most)| match key {
            Key::Supplier(supplier) => (key, self.parcel_steps(supplier, most)),
            Key::Offer(offer) => (key, self.piece_steps(metered[&offer], most)),
        };
        sums.map(steps).collect()
    }

    fn parcel_steps(&self, supplier: SupplierId, most: u64) -> Vec<Step> {
        let weights = self.tariff.weight_steps(supplier, most);
        let step = |up_to| {
            let parcels = self.tariff.parcels(supplier, up_to);
            let dislike = self.tariff.dislike_of_supplier(supplier, parcels.count, self.around);
            Step {
                up_to,
                fixed: parcels.fees + parcels.shipping + dislike,
                each: 0,
                parcels: parcels.count,
            }
        };
        weights.into_iter().map(step).collect()
    }

    fn piece_steps(&self, offer: &OfferFacts, most: u64) -> Vec<Step> {
        let most = self.stock.left(offer.id).map_or(most, |stock| most.min(stock.into()));
        let breaks = self.tariff.breaks(offer.id);
        let starts = breaks
            .iter()
            .map(|step| u64::from(step.from))
            .take_while(|from| *from <= most);
        let ends: Vec<u64> = starts.map(|from| from - 1).chain([most]).collect();
        let step = |up_to: u64| {
            let unit_cost = self.tariff.unit_cost(offer, u32::try_from(up_to).unwrap_or(u32::MAX));
            Step {
                up_to,
                fixed: 0,
                each: self.tariff.landed(offer.supplier, unit_cost),
                parcels: 0,
            }
        };
        ends.into_iter().map(step).collect()
    }
}

/// How costs become whole numbers of the solver.
struct Scale {
    unit: Score,
    grain: Score,
    unserved: Score,
}

impl Scale {
    /// One part is `unit`, of which a `grain` is left for each step down in a
    /// line's candidates: too little in all to outweigh a part.
    fn of(lines: &[&LineDemand], drafts: &[Draft], meters: &BTreeMap<Key, Vec<Step>>) -> Option<Self> {
        let mut dearest = vec![0; lines.len()];
        let mut ways: Vec<Score> = vec![0; lines.len()];
        for draft in drafts {
            dearest[draft.line] = draft.each.max(dearest[draft.line]);
            ways[draft.line] += 1;
        }
        let mut total: Score = 1;
        let mut ties: Score = 1;
        for (line, (dearest, ways)) in lines.iter().zip(dearest.iter().zip(ways)) {
            total = total.checked_add(dearest.checked_mul(line.units.into())?)?;
            ties += ways * Score::from(line.units);
        }
        for steps in meters.values() {
            // The most that it can charge: prices by quantity may fall on the last step.
            let mut most: Score = 0;
            for step in steps {
                let charge = step.each.checked_mul(step.up_to.into())?;
                most = step.fixed.checked_add(charge)?.max(most);
            }
            total = total.checked_add(most)?;
        }
        let total = total.checked_mul(ties)?;
        let units: Score = lines.iter().map(|line| Score::from(line.units)).sum();
        let room = MOST_TOTAL / units.max(1) / total.checked_add(1)?;
        if room == 0 {
            return None;
        }
        let grain = FINEST_GRAIN.min(1 << room.ilog2());
        Some(Self {
            unit: grain * ties,
            grain,
            unserved: grain * (total + ties),
        })
    }
}
