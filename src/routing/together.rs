//! Decides orders together that want the same scarce offers. Each by itself, the earlier one keeps
//! the last piece, although it may cost another one more to go without.
//!
//! A local search: it begins with what stands, and with one order after the other, and lets
//! one order leave pieces to another wherever that costs less in sum, until nothing is gained any
//! more. Nobody is served less than before. It is cut off after so many decisions, never by the
//! clock: the same orders in the same order always get the same answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Strategy,
    request::RouteRequest,
    route,
    solver::Score,
    terms::Detail,
    worth::{Served, cost_of, pieces, served, units},
};
use crate::ids::{OfferId, OrderLineId};

/// Orders that are decided together; what is beyond that is decided after them.
pub const MOST_TOGETHER: usize = 8;
/// Decisions in search of a better whole.
const MOST_DECISIONS: u32 = 200;

/// An order that can still be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// What it asks for, with the stock that is there if all of these orders give theirs back.
    pub request: RouteRequest,
    /// Who serves it as it stands; none where that cannot be told any more.
    pub now: Option<Served>,
    /// Units of each line that are served as it stands.
    pub units: BTreeMap<OrderLineId, u32>,
    /// Pieces of counted offers that it has as it stands.
    pub holds: BTreeMap<OfferId, u32>,
}

/// How an order is to be decided anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anew {
    /// With the stock that is left to it: routing answers with the plan that was found.
    pub request: RouteRequest,
    /// It would cost less by itself, and leaves pieces to others.
    pub gives_way: bool,
}

/// How an order is decided for the time being.
#[derive(Clone, Debug)]
struct Choice {
    served: Served,
    pieces: BTreeMap<OfferId, u32>,
    /// None where it stays as it stands although that is not allowed any more.
    cost: Option<Score>,
    /// None where it stays as it stands.
    request: Option<RouteRequest>,
}

/// Pieces that nobody has; below zero where a supplier told of fewer than were ordered.
type Left = BTreeMap<OfferId, i64>;

/// How each is to be decided; none where it stays as it is.
#[must_use]
pub fn decide(orders: &[Undecided]) -> Vec<Option<Anew>> {
    let mut search = Search {
        orders,
        left: MOST_DECISIONS,
    };
    let standing = search.what_stands();
    let mut best = search.improved(standing);
    search.left = MOST_DECISIONS;
    if let Some(other) = search.one_after_the_other() {
        let other = search.improved(other);
        if worth(&other) < worth(&best) {
            best = other;
        }
    }
    let anew = |(order, choice): (&Undecided, Choice)| {
        let is_same = order.now.as_ref() == Some(&choice.served);
        let request = choice.request.filter(|_| !is_same)?;
        let before = order.now.as_ref().and_then(|now| cost_of(&order.request, now));
        Some(Anew {
            request,
            gives_way: before.zip(choice.cost).is_some_and(|(before, after)| before < after),
        })
    };
    orders.iter().zip(best).map(anew).collect()
}

/// Offers of which there is not enough for all that want them: each wants so many pieces at most, of so many
/// that there are.
#[must_use]
pub fn scarce(wanted: &[BTreeMap<OfferId, u32>], stock: &BTreeMap<OfferId, u32>) -> BTreeSet<OfferId> {
    let mut all: BTreeMap<OfferId, u64> = BTreeMap::new();
    for (offer, pieces) in wanted.iter().flatten() {
        *all.entry(*offer).or_default() += u64::from(*pieces);
    }
    let is_scarce =
        |(offer, wanted): &(OfferId, u64)| stock.get(offer).is_some_and(|stock| *wanted > u64::from(*stock));
    all.into_iter().filter(is_scarce).map(|(offer, _)| offer).collect()
}

/// Orders that want offers of which there is not enough for all of them, by their places.
#[must_use]
pub fn groups(wanted: &[BTreeMap<OfferId, u32>], stock: &BTreeMap<OfferId, u32>) -> Vec<Vec<usize>> {
    let scarce = scarce(wanted, stock);
    let mut groups: Vec<(BTreeSet<OfferId>, Vec<usize>)> = Vec::new();
    for (at, wanted) in wanted.iter().enumerate() {
        let mut offers: BTreeSet<OfferId> = wanted.keys().copied().filter(|offer| scarce.contains(offer)).collect();
        let mut members = vec![at];
        // Whatever this order ties together becomes one group, as far as there is room.
        let (near, far): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(other, _)| !other.is_disjoint(&offers));
        groups = far;
        for (other, mut found) in near {
            if members.len() + found.len() <= MOST_TOGETHER {
                offers.extend(other);
                members.append(&mut found);
            } else {
                groups.push((other, found));
            }
        }
        groups.push((offers, members));
    }
    let mut groups: Vec<Vec<usize>> = groups.into_iter().map(|(_, members)| members).collect();
    for members in &mut groups {
        members.sort_unstable();
    }
    groups.sort_unstable();
    groups
}

/// The most pieces of each counted offer that a request could use.
#[must_use]
pub fn wanted(request: &RouteRequest) -> BTreeMap<OfferId, u32> {
    let mut wanted: BTreeMap<OfferId, u32> = BTreeMap::new();
    for line in &request.lines {
        let mut of_line: BTreeMap<OfferId, u32> = BTreeMap::new();
        for part in line.alternatives.iter().flat_map(|way| &way.components) {
            if part.offer.stock.is_some() {
                let pieces = part.per_unit.saturating_mul(line.units);
                let most = of_line.entry(part.offer.id).or_default();
                *most = pieces.max(*most);
            }
        }
        for (offer, pieces) in of_line {
            let sum = wanted.entry(offer).or_default();
            *sum = sum.saturating_add(pieces);
        }
    }
    wanted
}

/// The less the better: orders that stay though they may not, units served, the cost of it.
fn worth(choices: &[Choice]) -> (usize, std::cmp::Reverse<u64>, Score) {
    let stale = choices.iter().filter(|choice| choice.cost.is_none()).count();
    let served = choices.iter().flat_map(|choice| choice.served.values());
    let cost = choices.iter().filter_map(|choice| choice.cost).sum();
    (
        stale,
        std::cmp::Reverse(served.map(|units| u64::from(*units)).sum()),
        cost,
    )
}

fn take(left: &mut Left, pieces: &BTreeMap<OfferId, u32>) {
    for (offer, pieces) in pieces {
        *left.entry(*offer).or_default() -= i64::from(*pieces);
    }
}

fn give_back(left: &mut Left, pieces: &BTreeMap<OfferId, u32>) {
    for (offer, pieces) in pieces {
        *left.entry(*offer).or_default() += i64::from(*pieces);
    }
}

/// The request with no more stock than is left.
fn limited(request: &RouteRequest, left: &Left) -> RouteRequest {
    let mut request = request.clone();
    let ways = request.lines.iter_mut().flat_map(|line| &mut line.alternatives);
    for part in ways.flat_map(|way| &mut way.components) {
        if let Some(stock) = &mut part.offer.stock {
            let left = left.get(&part.offer.id).copied().unwrap_or(0).max(0);
            *stock = u32::try_from(left).unwrap_or(u32::MAX);
        }
    }
    request
}

struct Search<'a> {
    orders: &'a [Undecided],
    /// Decisions that may still be made.
    left: u32,
}

impl Search<'_> {
    /// All pieces that there are; where two readings differ, the lower holds.
    fn stock(&self) -> Left {
        let mut stock = Left::new();
        let lines = self.orders.iter().flat_map(|order| &order.request.lines);
        let parts = lines
            .flat_map(|line| &line.alternatives)
            .flat_map(|way| &way.components);
        for offer in parts.map(|part| &part.offer) {
            if let Some(pieces) = offer.stock {
                let known = stock.entry(offer.id).or_insert(i64::from(pieces));
                *known = i64::from(pieces).min(*known);
            }
        }
        stock
    }

    fn left_by(&self, choices: &[Choice]) -> Left {
        let mut left = self.stock();
        for choice in choices {
            take(&mut left, &choice.pieces);
        }
        left
    }

    /// The best for one order of what is left.
    fn choose(&mut self, at: usize, left: &Left) -> Choice {
        self.left = self.left.saturating_sub(1);
        let request = limited(&self.orders[at].request, left);
        let mut quick = request.clone();
        if let Strategy::LeastCost(model) = &mut quick.strategy {
            model.effort.detail = Detail::Settled;
        }
        let served = served(&route(&quick));
        Choice {
            pieces: pieces(&request, &served),
            cost: cost_of(&request, &served),
            request: Some(request),
            served,
        }
    }

    /// Whether an order is served no less than it is as it stands.
    fn is_kept(&self, at: usize, choice: &Choice) -> bool {
        let now = units(&choice.served);
        let mut before = self.orders[at].units.iter();
        choice.cost.is_some()
            && before.all(|(line, units)| now.get(line).is_some_and(|now| now >= units) || *units == 0)
    }

    /// What stands, where that is allowed still; the others are decided with what is left.
    fn what_stands(&mut self) -> Vec<Choice> {
        let mut left = self.stock();
        let mut choices: Vec<Choice> = Vec::new();
        for order in self.orders {
            let cost = order
                .now
                .as_ref()
                .and_then(|now| cost_of(&limited(&order.request, &left), now));
            take(&mut left, &order.holds);
            choices.push(Choice {
                served: order.now.clone().unwrap_or_default(),
                pieces: order.holds.clone(),
                cost,
                request: None,
            });
        }
        for (at, standing) in choices.iter_mut().enumerate() {
            if standing.cost.is_some() {
                continue;
            }
            give_back(&mut left, &standing.pieces);
            let choice = self.choose(at, &left);
            if self.is_kept(at, &choice) {
                *standing = choice;
            }
            take(&mut left, &standing.pieces);
        }
        choices
    }

    /// Each with what those before it leave; none where somebody is served less so.
    fn one_after_the_other(&mut self) -> Option<Vec<Choice>> {
        let mut left = self.stock();
        let mut choices = Vec::new();
        for at in 0..self.orders.len() {
            let choice = self.choose(at, &left);
            if !self.is_kept(at, &choice) {
                return None;
            }
            take(&mut left, &choice.pieces);
            choices.push(choice);
        }
        Some(choices)
    }

    /// Changes single orders and pairs while that makes the whole better.
    fn improved(&mut self, mut choices: Vec<Choice>) -> Vec<Choice> {
        while self.left > 0 {
            let Some(better) = self.better(&choices) else { break };
            choices = better;
        }
        choices
    }

    fn better(&mut self, choices: &[Choice]) -> Option<Vec<Choice>> {
        let left = self.left_by(choices);
        for at in 0..choices.len() {
            let mut free = left.clone();
            give_back(&mut free, &choices[at].pieces);
            let choice = self.choose(at, &free);
            if let Some(better) = self.accepted(choices, vec![(at, choice)]) {
                return Some(better);
            }
        }
        for giver in 0..choices.len() {
            for taker in (0..choices.len()).filter(|taker| *taker != giver) {
                for (offer, held) in &choices[giver].pieces {
                    let found = self.left_to(choices, &left, (giver, taker), (*offer, *held));
                    if found.is_some() || self.left == 0 {
                        return found;
                    }
                }
            }
        }
        None
    }

    /// One order leaves pieces of an offer to another.
    fn left_to(
        &mut self,
        choices: &[Choice],
        left: &Left,
        (giver, taker): (usize, usize),
        (offer, held): (OfferId, u32),
    ) -> Option<Vec<Choice>> {
        let has = choices[taker].pieces.get(&offer).copied().unwrap_or(0);
        let wants = wanted(&self.orders[taker].request).get(&offer).copied().unwrap_or(0);
        let spare = left.get(&offer).copied().unwrap_or(0).max(0);
        let lacks = i64::from(wants) - i64::from(has) - spare;
        // It could have had them without anybody's leave.
        let lacks = u32::try_from(lacks).ok().filter(|lacks| *lacks > 0)?;
        let amounts = BTreeSet::from([lacks.min(held), held, 1]);
        for amount in amounts.into_iter().rev() {
            let mut free = left.clone();
            give_back(&mut free, &choices[giver].pieces);
            give_back(&mut free, &choices[taker].pieces);
            let mut without = free.clone();
            without.insert(offer, i64::from(held - amount));
            let lesser = self.choose(giver, &without);
            take(&mut free, &lesser.pieces);
            let fuller = self.choose(taker, &free);
            let better = self.accepted(choices, vec![(giver, lesser), (taker, fuller)]);
            if better.is_some() || self.left == 0 {
                return better;
            }
        }
        None
    }

    /// The whole with some orders decided otherwise, if it is better so and nobody is served less.
    fn accepted(&self, choices: &[Choice], changed: Vec<(usize, Choice)>) -> Option<Vec<Choice>> {
        let before = |at: usize| units(&choices[at].served);
        let keeps = |(at, choice): &(usize, Choice)| {
            let now = units(&choice.served);
            let less = |(line, units): (&OrderLineId, &u32)| now.get(line).copied().unwrap_or(0) < *units;
            self.is_kept(*at, choice) && !before(*at).iter().any(less)
        };
        if !changed.iter().all(keeps) {
            return None;
        }
        let mut after = choices.to_vec();
        for (at, choice) in changed {
            after[at] = choice;
        }
        (worth(&after) < worth(choices)).then_some(after)
    }
}
