//! Puts an order and its tariff as a problem to the solver, and reads the answer
//! back. Suppliers' parcels become meters of grams; offers whose price or stock
//! depends on what other lines take become meters of pieces.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    candidates::{Assignment, Candidate, Stock},
    request::{LineDemand, OfferFacts},
    rules::Circumstances,
    solver::{Group, Problem, Score, Solution, Step},
    tariff::Tariff,
    terms::{Limits, PriceBreak},
};
use crate::ids::{OfferId, OrderLineId, SupplierId};

/// An order's total in the solver's units stays below this, far from overflow.
const MOST_TOTAL: Score = 1 << 98;
/// The same where the search counts in narrow numbers.
const MOST_NARROW: Score = 1 << 57;
/// How much finer than a cost the solver's own prices may be.
const FINEST_GRAIN: Score = 1 << 16;
const FINE_GRAIN: Score = 1 << 12;

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

/// An offer as a part of one candidate, and the pieces of it for all units of the line.
struct Use<'a> {
    offer: &'a OfferFacts,
    pieces: u64,
}

/// A way before costs are scaled.
struct Draft {
    line: usize,
    candidate: usize,
    each: Score,
    most: u32,
    /// Its part of [`Drafts::draws`].
    draws: Range<usize>,
}

/// All ways, and what they draw on.
#[derive(Default)]
struct Drafts {
    ways: Vec<Draft>,
    /// A meter's place among `meters`, and what one unit draws from it.
    draws: Vec<(usize, u64)>,
    /// As they are met with.
    meters: Vec<Reach>,
}

/// How much the order can draw from a meter at most.
struct Reach {
    key: Key,
    most: u64,
    /// The line that was met with last, and the most for all its units; that is part of `most`.
    line: usize,
    of_line: u64,
    /// Units that may come without drawing anything.
    weightless: u64,
    /// Draws for one piece of `most`.
    finer: u64,
}

impl Priced {
    /// `None` when the amounts are too large to be compared exactly.
    pub fn new(order: Order<'_>) -> Option<Self> {
        let metered = order.metered_offers();
        let drafts = order.drafts(&metered)?;
        let mut places: Vec<usize> = (0..drafts.meters.len()).collect();
        places.sort_unstable_by_key(|place| drafts.meters[*place].key);
        let steps = |place: &usize| order.steps(&metered, &drafts.meters[*place]);
        let meters: Vec<Vec<Step>> = places.iter().map(steps).collect();
        let scale = Scale::of(order, &drafts.ways, &meters)?;
        let mut priced = Self {
            problem: Problem::new(scale.grain, scale.unserved),
            ways: drafts.ways.iter().map(|draft| (draft.line, draft.candidate)).collect(),
            unit: scale.unit,
        };
        let mut index = vec![0; places.len()];
        for (mut steps, place) in meters.into_iter().zip(places) {
            for step in &mut steps {
                step.fixed *= scale.unit;
                step.each *= scale.unit;
            }
            index[place] = priced.problem.push_meter(steps);
        }
        let mut ways = drafts.ways.iter().peekable();
        let mut draws = Vec::new();
        for (at, line) in order.lines.iter().enumerate() {
            priced.problem.push_demand(line.units);
            let mut place = 0;
            while let Some(draft) = ways.next_if(|draft| draft.line == at) {
                draws.clear();
                let of_draft = &drafts.draws[draft.draws.clone()];
                draws.extend(of_draft.iter().map(|(meter, each)| (index[*meter], *each)));
                draws.sort_unstable();
                // At equal cost the candidate that the owner put first is better.
                let each = draft.each * scale.unit + scale.tie * place;
                priced.problem.push_way(each, draft.most, &draws);
                place += 1;
            }
        }
        let limits = order.limits;
        priced.problem.max_parcels = limits.max_parcels;
        let groups = limits.together.iter().map(|lines| priced.group(order, lines));
        priced.problem.groups = groups.filter(|group| !group.demands.is_empty()).collect();
        Some(priced)
    }

    /// What no plan of the order costs more than, if it can be counted.
    pub fn most(order: Order<'_>) -> Option<Score> {
        let metered = order.metered_offers();
        let drafts = order.drafts(&metered)?;
        let steps = |meter: &Reach| order.steps(&metered, meter);
        let meters: Vec<Vec<Step>> = drafts.meters.iter().map(steps).collect();
        most_of(order.lines, &drafts.ways, &meters)
    }

    fn group(&self, order: Order<'_>, lines: &BTreeSet<OrderLineId>) -> Group {
        // What a person chose a supplier for goes its own way.
        let is_member = |line: &LineDemand| line.forced_offer.is_none() && lines.contains(&line.line);
        let demands = (0..order.lines.len()).filter(|line| is_member(order.lines[*line]));
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
            is_whole: !order.limits.in_part,
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

    /// How far for each of so many plans to compare with.
    pub fn nodes_of_each(&self, order: Order<'_>, plans: usize) -> u32 {
        order.tariff.model.effort.nodes_of_each(self.ways.len(), plans)
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

    /// Offers whose pieces must be counted over the whole order, by their id.
    fn metered_offers(&self) -> Vec<&OfferFacts> {
        let mut seen: Vec<Use<'_>> = Vec::new();
        for (line, _, candidate) in self.eligible() {
            let units = u64::from(self.lines[line].units);
            let first = seen.len();
            for component in &candidate.alternative.components {
                let (offer, pieces) = (&component.offer, u64::from(component.per_unit) * units);
                // Two components of the same are one use.
                match seen[first..].iter_mut().find(|before| before.offer.id == offer.id) {
                    Some(before) => before.pieces += pieces,
                    None => seen.push(Use { offer, pieces }),
                }
            }
        }
        seen.sort_by_key(|one| one.offer.id);
        let uses = seen.chunk_by(|one, next| one.offer.id == next.offer.id);
        uses.filter(|uses| self.is_metered(uses))
            .map(|uses| uses[0].offer)
            .collect()
    }

    /// Whether the offer's price, or what there is of it, depends on what else is taken. A price list of which the order
    /// cannot reach the next price is one price.
    fn is_metered(&self, uses: &[Use<'_>]) -> bool {
        let offer = uses[0].offer.id;
        let most: u64 = uses.iter().map(|one| one.pieces).sum();
        let most = self.stock.left(offer).map_or(most, |left| most.min(left.into()));
        let is_in_reach = |step: &PriceBreak| u64::from(step.from) <= most;
        self.tariff.breaks(offer).iter().any(is_in_reach) || (uses.len() > 1 && self.stock.left(offer).is_some())
    }

    fn drafts(&self, metered: &[&OfferFacts]) -> Option<Drafts> {
        let mut drafts = Drafts::default();
        for (line, at, candidate) in self.eligible() {
            let mut each = self.tariff.dislike_of_unit(candidate.alternative, self.around);
            let first = drafts.draws.len();
            for component in &candidate.alternative.components {
                let (offer, pieces) = (&component.offer, u64::from(component.per_unit));
                if metered.binary_search_by_key(&offer.id, |offer| offer.id).is_ok() {
                    drafts.draw(first, Key::Offer(offer.id), pieces);
                } else {
                    let cost = self
                        .tariff
                        .landed(offer.supplier, offer.cost)
                        .checked_mul(pieces.into())?;
                    each = each.checked_add(cost)?;
                }
                let weight = u64::from(offer.weight_g.unwrap_or(0)) * pieces;
                drafts.draw(first, Key::Supplier(offer.supplier), weight);
            }
            drafts.reach(first, line, self.lines[line].units.into());
            drafts.ways.push(Draft {
                line,
                candidate: at,
                each,
                most: self.stock.units(candidate).min(self.lines[line].units),
                draws: first..drafts.draws.len(),
            });
        }
        if drafts.meters.iter().any(|meter| meter.weightless > 0) {
            drafts.draw_for_all(|supplier| self.tariff.weighs(supplier));
        }
        Some(drafts)
    }

    fn steps(&self, metered: &[&OfferFacts], meter: &Reach) -> Vec<Step> {
        match meter.key {
            Key::Supplier(supplier) => self.parcel_steps(supplier, meter),
            Key::Offer(offer) => {
                let known = metered.binary_search_by_key(&offer, |offer| offer.id);
                known.map_or_else(|_| Vec::new(), |at| self.piece_steps(metered[at], meter.most))
            }
        }
    }

    fn parcel_steps(&self, supplier: SupplierId, meter: &Reach) -> Vec<Step> {
        let weights = self.tariff.weight_steps(supplier, meter.most);
        let step = |up_to| {
            let parcels = self.tariff.parcels(supplier, up_to);
            let dislike = self.tariff.dislike_of_supplier(supplier, parcels.count, self.around);
            Step {
                // All that weighs nothing goes with the last gram.
                up_to: up_to * meter.finer + meter.finer - 1,
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

impl Drafts {
    /// Has the way whose draws begin at `first` draw more from a meter.
    fn draw(&mut self, first: usize, key: Key, more: u64) {
        let known = self.meters.iter().position(|meter| meter.key == key);
        let meter = known.unwrap_or_else(|| {
            self.meters.push(Reach {
                key,
                most: 0,
                line: usize::MAX,
                of_line: 0,
                weightless: 0,
                finer: 1,
            });
            self.meters.len() - 1
        });
        match self.draws[first..].iter_mut().find(|draw| draw.0 == meter) {
            Some(draw) => draw.1 += more,
            None => self.draws.push((meter, more)),
        }
    }

    /// Counts what the way whose draws begin at `first` can draw for all units of its line.
    fn reach(&mut self, first: usize, line: usize, units: u64) {
        for (meter, each) in &self.draws[first..] {
            let reach = &mut self.meters[*meter];
            if reach.line != line {
                (reach.line, reach.of_line) = (line, 0);
            }
            if *each == 0 {
                reach.weightless += units;
            }
            let more = ((*each).max(1) * units).saturating_sub(reach.of_line);
            reach.of_line += more;
            reach.most += more;
        }
    }

    /// Has what weighs nothing draw too, since it needs a parcel all the same; where its supplier charges by weight,
    /// so little that all of it together is less than a gram.
    fn draw_for_all(&mut self, weighs: impl Fn(SupplierId) -> bool) {
        for meter in &mut self.meters {
            if let Key::Supplier(supplier) = meter.key
                && meter.weightless > 0
                && weighs(supplier)
            {
                meter.finer = meter.weightless + 1;
            }
        }
        for (meter, each) in &mut self.draws {
            *each = (*each * self.meters[*meter].finer).max(1);
        }
    }
}

/// How costs become whole numbers of the solver.
struct Scale {
    unit: Score,
    grain: Score,
    /// What each step down in a line's candidates costs: a grain, or nothing.
    tie: Score,
    unserved: Score,
}

impl Scale {
    /// One part is `unit`, of which a `grain` is left for each step down in a
    /// line's candidates: too little in all to outweigh a part.
    fn of(order: Order<'_>, drafts: &[Draft], meters: &[Vec<Step>]) -> Option<Self> {
        let (lines, breaks_ties) = (order.lines, order.tariff.breaks_ties);
        let total = most_of(lines, drafts, meters)?;
        let mut ties: Score = 1;
        if breaks_ties {
            let units = drafts.iter().map(|draft| Score::from(lines[draft.line].units));
            ties += units.sum::<Score>();
        }
        let total = total.checked_mul(ties)?;
        let units: Score = lines.iter().map(|line| Score::from(line.units)).sum();
        let room = MOST_TOTAL / units.max(1) / total.checked_add(1)?;
        if room == 0 {
            return None;
        }
        // Nearly as fine a grain will do if the search can then count in narrow numbers.
        let narrow = MOST_NARROW / units.max(1) / (total + 1);
        let room = if narrow >= FINE_GRAIN { narrow } else { room };
        let grain = FINEST_GRAIN.min(1 << room.ilog2());
        Some(Self {
            unit: grain * ties,
            grain,
            tie: if breaks_ties { grain } else { 0 },
            unserved: grain * (total + ties),
        })
    }
}

/// More than any plan can cost.
fn most_of(lines: &[&LineDemand], drafts: &[Draft], meters: &[Vec<Step>]) -> Option<Score> {
    let mut dearest = vec![0; lines.len()];
    for draft in drafts {
        dearest[draft.line] = draft.each.max(dearest[draft.line]);
    }
    let mut total: Score = 1;
    for (line, dearest) in lines.iter().zip(dearest) {
        total = total.checked_add(dearest.checked_mul(line.units.into())?)?;
    }
    for steps in meters {
        // The most that it can charge: prices by quantity may fall on the last step.
        let mut most: Score = 0;
        for step in steps {
            let charge = step.each.checked_mul(step.up_to.into())?;
            most = step.fixed.checked_add(charge)?.max(most);
        }
        total = total.checked_add(most)?;
    }
    Some(total)
}
