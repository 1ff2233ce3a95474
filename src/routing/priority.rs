//! The strategy [`super::Strategy::Priority`]: line by line, the first candidate
//! that is eligible takes all the units that its stock allows, then the next. Where
//! the order has limits, the first suppliers in priority with which most is served.
//! Parcels are counted by weight where it is known what suppliers charge for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    candidates::{Assignment, Candidate, Stock},
    parcels::Loads,
    request::LineDemand,
    rules::Circumstances,
    tariff::Tariff,
    terms::Limits,
};
use crate::ids::{OfferId, SupplierId};

/// Suppliers that are tried together under a limit: every set of more would take long.
const MOST_TRIED: usize = 14;

/// Serves all lines, in their order, and takes what they need from the stock.
pub fn assign(
    lines: &[&LineDemand],
    judged: &[Vec<Candidate<'_>>],
    stock: &mut Stock,
    limits: &Limits,
    around: &Circumstances<'_>,
    tariff: Option<&Tariff<'_>>,
) -> Vec<Assignment> {
    let order = Whole {
        lines,
        judged,
        limits,
        groups: groups(lines, judged, stock, limits),
        suppliers: suppliers(judged, around),
        tariff,
    };
    let free = Left {
        stock: stock.clone(),
        loads: Loads::default(),
        most: None,
    };
    let mut left = free.clone();
    let assignments = order.within(None, &mut left);
    if order.is_allowed(&left.loads) {
        *stock = left.stock;
        return assignments;
    }
    let most = limits.max_parcels;
    let alike = order.alike(stock);
    let fewest = |set: Option<&BTreeSet<SupplierId>>| alike.iter().map(|lines| lines.fewest_left(set)).sum::<u64>();
    let nobody_can = fewest(None);
    let mut best: Option<(u64, Vec<Assignment>, Left)> = None;
    for set in order.sets(stock) {
        if best.as_ref().is_some_and(|(least, ..)| fewest(Some(&set)) >= *least) {
            continue;
        }
        let mut left = Left { most, ..free.clone() };
        let assignments = order.within(Some(&set), &mut left);
        let unserved = assignments.iter().map(|assignment| u64::from(assignment.left)).sum();
        // Of equals the first: sets come in the order of priority.
        if best.as_ref().is_none_or(|(least, ..)| unserved < *least) {
            best = Some((unserved, assignments, left));
        }
        // It is not enough to leave no more than all suppliers do without limits: where a kit takes what a later line
        // needs, some of them may serve more than all.
        if unserved <= nobody_can {
            break;
        }
    }
    let Some((_, assignments, left)) = best else {
        return lines.iter().map(|line| Assignment::none(line.units)).collect();
    };
    *stock = left.stock;
    assignments
}

/// What may still be taken.
#[derive(Clone)]
struct Left {
    stock: Stock,
    /// What is taken already, which has so many parcels at most.
    loads: Loads,
    most: Option<u32>,
}

/// Pieces of each offer that one unit needs, by each way to make it.
type Needs<'a> = BTreeSet<&'a BTreeMap<OfferId, u32>>;

/// Lines that the same offers may serve in the same quantities: one stock is for all of them.
struct Alike {
    units: u64,
    /// A person chose for them, whatever suppliers are tried.
    by_hand: bool,
    /// Each way's suppliers, and the most units that it makes.
    ways: Vec<(BTreeSet<SupplierId>, u64)>,
}

impl Alike {
    /// Units that are left at least where only these suppliers ship, however little other lines take.
    fn fewest_left(&self, set: Option<&BTreeSet<SupplierId>>) -> u64 {
        let may = |suppliers: &BTreeSet<SupplierId>| self.by_hand || set.is_none_or(|set| suppliers.is_subset(set));
        let able = self.ways.iter().filter(|(suppliers, _)| may(suppliers));
        let most = able.map(|(_, units)| *units).fold(0, u64::saturating_add);
        self.units.saturating_sub(most)
    }
}

/// An order as the strategy sees it.
struct Whole<'a> {
    lines: &'a [&'a LineDemand],
    judged: &'a [Vec<Candidate<'a>>],
    limits: &'a Limits,
    /// Lines that one supplier ships together; no line that can be shipped is in two groups.
    groups: Vec<BTreeSet<usize>>,
    /// Those of eligible candidates, by priority.
    suppliers: Vec<SupplierId>,
    /// By which parcels are counted, where it is known.
    tariff: Option<&'a Tariff<'a>>,
}

fn suppliers(judged: &[Vec<Candidate<'_>>], around: &Circumstances<'_>) -> Vec<SupplierId> {
    let eligible = judged.iter().flatten().filter(|candidate| candidate.is_eligible());
    let components = eligible.flat_map(|candidate| &candidate.alternative.components);
    let found: BTreeSet<SupplierId> = components.map(|component| component.offer.supplier).collect();
    let mut found: Vec<SupplierId> = found.into_iter().collect();
    found.sort_by_key(|id| (around.suppliers.get(id).map_or(u32::MAX, |terms| terms.priority), *id));
    found
}

/// The lines of each group. Groups that share a line are one; unless they may be shipped in part and nobody can
/// ship that line: then nothing ties them together.
fn groups(
    lines: &[&LineDemand],
    judged: &[Vec<Candidate<'_>>],
    stock: &Stock,
    limits: &Limits,
) -> Vec<BTreeSet<usize>> {
    let has_offer = |at: &usize| {
        let mut candidates = judged[*at].iter();
        !limits.in_part || candidates.any(|candidate| candidate.is_eligible() && stock.units(candidate) > 0)
    };
    let mut groups: Vec<BTreeSet<usize>> = Vec::new();
    for together in &limits.together {
        let members: BTreeSet<usize> = (0..lines.len())
            // What a person chose a supplier for goes its own way.
            .filter(|at| lines[*at].forced_offer.is_none() && together.contains(&lines[*at].line))
            .collect();
        let is_tied = |other: &BTreeSet<usize>| other.intersection(&members).any(has_offer);
        let place = groups.iter().position(is_tied).unwrap_or(groups.len());
        let (tied, mut apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_tied);
        apart.insert(place, tied.into_iter().flatten().chain(members.clone()).collect());
        groups = apart;
    }
    groups
}

impl Whole<'_> {
    /// Whether all suppliers together may ship what they would without a limit.
    fn is_allowed(&self, loads: &Loads) -> bool {
        self.limits.max_parcels.is_none_or(|most| {
            let all_may = most as usize >= self.suppliers.len();
            all_may && loads.parcels(self.tariff) <= most
        })
    }

    /// The lines by what may serve them.
    fn alike(&self, stock: &Stock) -> Vec<Alike> {
        let mut found: BTreeMap<(bool, Needs<'_>), Alike> = BTreeMap::new();
        for (line, candidates) in self.lines.iter().zip(self.judged) {
            let able: Vec<&Candidate<'_>> = candidates.iter().filter(|one| one.is_eligible()).collect();
            let by_hand = line.forced_offer.is_some();
            let needs = able.iter().map(|one| &one.needs).collect();
            let alike = found.entry((by_hand, needs)).or_insert_with(|| {
                let mut seen = BTreeSet::new();
                let distinct = able.iter().filter(|one| seen.insert(&one.needs));
                let way = |one: &&Candidate<'_>| {
                    let parts = one.alternative.components.iter();
                    let suppliers: BTreeSet<SupplierId> = parts.map(|part| part.offer.supplier).collect();
                    (suppliers, u64::from(stock.units(one)))
                };
                Alike {
                    units: 0,
                    by_hand,
                    ways: distinct.map(way).collect(),
                }
            });
            alike.units += u64::from(line.units);
        }
        found.into_values().collect()
    }

    /// Sets of suppliers that together may ship the order, in the order of priority.
    fn sets(&self, stock: &Stock) -> impl Iterator<Item = BTreeSet<SupplierId>> + use<> {
        let most = self.limits.max_parcels.map_or(usize::MAX, |most| most as usize);
        let tried = self.tried(stock);
        let mut sets: Vec<Vec<usize>> = (1..1_u32 << tried.len())
            .filter(|bits| bits.count_ones() as usize <= most)
            .map(|bits| (0..tried.len()).filter(|at| bits & (1 << at) != 0).collect())
            .collect();
        sets.sort();
        // Where every supplier may have a parcel, all of them come first.
        let all: BTreeSet<SupplierId> = self.suppliers.iter().copied().collect();
        let all = (most >= all.len()).then_some(all);
        let sets = sets
            .into_iter()
            .map(move |set| set.into_iter().map(|at| tried[at]).collect());
        all.into_iter().chain(sets)
    }

    /// The first suppliers in priority, and of every line those that come first for it: else a line that only a late
    /// one can ship would be shipped by nobody.
    fn tried(&self, stock: &Stock) -> Vec<SupplierId> {
        if self.suppliers.len() <= MOST_TRIED {
            return self.suppliers.clone();
        }
        let place = |id: &SupplierId| self.suppliers.iter().position(|other| other == id);
        let mut needed: BTreeSet<SupplierId> = BTreeSet::new();
        for candidates in self.judged {
            let able = candidates
                .iter()
                .filter(|one| one.is_eligible() && stock.units(one) > 0);
            let suppliers = able.map(|one| one.alternative.components.iter().map(|part| part.offer.supplier));
            let suppliers = suppliers.map(Iterator::collect::<BTreeSet<SupplierId>>);
            let first = suppliers.min_by_key(|all| all.iter().map(place).max());
            needed.extend(first.into_iter().flatten());
        }
        let mut spare = MOST_TRIED.saturating_sub(needed.len());
        let tried = self.suppliers.iter().filter(|id| {
            let is_spare = !needed.contains(*id) && spare > 0;
            spare -= usize::from(is_spare);
            is_spare || needed.contains(*id)
        });
        tried.take(MOST_TRIED).copied().collect()
    }

    /// Serves all lines from some suppliers only.
    fn within(&self, set: Option<&BTreeSet<SupplierId>>, state: &mut Left) -> Vec<Assignment> {
        // What a person chose comes first, from wherever it was chosen: the limits have room for it.
        let mut assignments: Vec<Option<Assignment>> = (self.lines.iter().enumerate())
            .map(|(at, line)| line.forced_offer.is_some().then(|| self.serve(at, None, state)))
            .collect();
        for group in &self.groups {
            // What stands in two groups nobody ships.
            let members: Vec<usize> = group.iter().copied().filter(|at| assignments[*at].is_none()).collect();
            let tried = self
                .suppliers
                .iter()
                .filter(|id| set.is_none_or(|set| set.contains(id)))
                .map(|id| {
                    let mut left = state.clone();
                    let only = BTreeSet::from([*id]);
                    let served: Vec<_> = members
                        .iter()
                        .map(|at| self.serve(*at, Some(&only), &mut left))
                        .collect();
                    let unserved: u64 = served.iter().map(|assignment| u64::from(assignment.left)).sum();
                    (unserved, served, left)
                })
                .filter(|(unserved, ..)| self.limits.in_part || *unserved == 0);
            let best = tried.min_by_key(|(unserved, ..)| *unserved);
            let (served, left) = best.map_or_else(
                || {
                    (
                        members
                            .iter()
                            .map(|at| Assignment::none(self.lines[*at].units))
                            .collect(),
                        state.clone(),
                    )
                },
                |(_, served, left)| (served, left),
            );
            *state = left;
            for (at, assignment) in members.into_iter().zip(served) {
                assignments[at] = Some(assignment);
            }
        }
        let each = assignments.into_iter().enumerate();
        each.map(|(at, done)| done.unwrap_or_else(|| self.serve(at, set, state)))
            .collect()
    }

    /// Serves a line from what the lines before it left in stock.
    fn serve(&self, at: usize, set: Option<&BTreeSet<SupplierId>>, left: &mut Left) -> Assignment {
        let mut assignment = Assignment::none(self.lines[at].units);
        for (index, candidate) in self.judged[at].iter().enumerate().filter(|(_, c)| c.is_eligible()) {
            let mut parts = candidate.alternative.components.iter();
            if parts.any(|part| set.is_some_and(|set| !set.contains(&part.offer.supplier))) {
                continue;
            }
            let mut taken = assignment.left.min(left.stock.units(candidate));
            if let Some(most) = left.most {
                taken = left.loads.room(candidate.alternative, taken, most, self.tariff);
            }
            if taken > 0 {
                left.stock.take(candidate, taken);
                left.loads.add(candidate.alternative, taken);
                assignment.parts.push((index, taken));
                assignment.left -= taken;
            }
        }
        assignment
    }
}
