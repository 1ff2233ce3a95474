//! The alternatives of each line, judged and put in order, and the stock that
//! they share. Which of them serve how many units is the strategy's choice.

use std::collections::BTreeMap;

use super::{
    plan::{FirstIf, RejectedBecause},
    request::{Alternative, LineDemand},
    rules::{self, Circumstances},
    sentences,
};
use crate::ids::OfferId;

/// An alternative with what stands against it.
pub struct Candidate<'a> {
    pub alternative: &'a Alternative,
    /// Rules that it breaks; empty when it is eligible.
    pub refusals: Vec<RejectedBecause>,
    /// Pieces of each offer for one unit; two components may share an offer.
    pub needs: BTreeMap<OfferId, u32>,
}

impl Candidate<'_> {
    pub const fn is_eligible(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Adds what stands against it, before the prices.
    pub fn refuse(&mut self, more: Vec<RejectedBecause>) {
        if more.is_empty() {
            return;
        }
        let prices = self.refusals.iter().position(RejectedBecause::is_price);
        let at = prices.unwrap_or(self.refusals.len());
        self.refusals.splice(at..at, more);
    }

    /// What would set it before another of the same line that stands before it.
    pub fn first_if(&self, other: &Self, around: &Circumstances<'_>) -> FirstIf {
        let name = sentences::summary(around, other);
        if self.alternative.rank > other.alternative.rank {
            FirstIf::Rank { above: name }
        } else {
            FirstIf::Priority { before: name }
        }
    }

    /// Whether the price is all that stands against it.
    pub fn only_price_refused(&self) -> bool {
        !self.refusals.is_empty() && self.refusals.iter().all(RejectedBecause::is_price)
    }
}

/// The line's alternatives in the order in which they are to be tried: by rank,
/// then by the priority of the last of its suppliers, then by age.
pub fn of_line<'a>(line: &'a LineDemand, around: &Circumstances<'_>) -> Vec<Candidate<'a>> {
    let mut alternatives: Vec<&Alternative> = line.alternatives.iter().collect();
    alternatives.sort_by_key(|a| (a.rank, worst_priority(a, around), a.id));
    let judge = |alternative| Candidate {
        alternative,
        refusals: rules::refusals(line, alternative, around),
        needs: needs(alternative),
    };
    alternatives.into_iter().map(judge).collect()
}

fn worst_priority(alternative: &Alternative, around: &Circumstances<'_>) -> u32 {
    let of = |supplier| around.suppliers.get(supplier).map_or(u32::MAX, |terms| terms.priority);
    let all = alternative.components.iter().map(|c| of(&c.offer.supplier));
    all.max().unwrap_or(u32::MAX)
}

fn needs(alternative: &Alternative) -> BTreeMap<OfferId, u32> {
    let mut needs = BTreeMap::new();
    for component in &alternative.components {
        let need: &mut u32 = needs.entry(component.offer.id).or_default();
        // Beyond what fits, no stock suffices either.
        *need = need.saturating_add(component.per_unit);
    }
    needs
}

/// How many units of a line each of its candidates serves.
#[derive(Debug)]
pub struct Assignment {
    /// Index of the candidate and its units, never zero; in candidate order.
    pub parts: Vec<(usize, u32)>,
    /// Units that nothing serves.
    pub left: u32,
}

impl Assignment {
    /// Nothing serves any unit.
    pub const fn none(units: u32) -> Self {
        Self {
            parts: Vec::new(),
            left: units,
        }
    }
}

/// What is left of each counted offer while an order is being routed.
#[derive(Clone)]
pub struct Stock {
    left: BTreeMap<OfferId, u32>,
}

impl Stock {
    /// The stock as the lines state it, less what is to be `kept`; where two readings
    /// differ, the lower holds.
    pub fn of(lines: &[LineDemand], kept: &BTreeMap<OfferId, (u32, &str)>) -> Self {
        let mut left = BTreeMap::new();
        let alternatives = lines.iter().flat_map(|line| &line.alternatives);
        for offer in alternatives.flat_map(|a| &a.components).map(|c| &c.offer) {
            if let Some(stock) = offer.stock {
                left.entry(offer.id)
                    .and_modify(|known: &mut u32| *known = stock.min(*known))
                    .or_insert(stock);
            }
        }
        for (offer, left) in &mut left {
            *left = left.saturating_sub(kept.get(offer).map_or(0, |(pieces, _)| *pieces));
        }
        Self { left }
    }

    /// Pieces left of an offer; `None` when they are not counted.
    pub fn left(&self, offer: OfferId) -> Option<u32> {
        self.left.get(&offer).copied()
    }

    /// How many units the candidate could still make.
    pub fn units(&self, candidate: &Candidate<'_>) -> u32 {
        let possible =
            |(offer, need): (&OfferId, &u32)| self.left(*offer).map(|left| left.checked_div(*need).unwrap_or(0));
        candidate.needs.iter().filter_map(possible).min().unwrap_or(u32::MAX)
    }

    /// Takes what `units` of the candidate need, which must be at most [`Self::units`].
    pub fn take(&mut self, candidate: &Candidate<'_>, units: u32) {
        for (offer, need) in &candidate.needs {
            if let Some(left) = self.left.get_mut(offer) {
                *left = left.saturating_sub(need.saturating_mul(units));
            }
        }
    }
}
