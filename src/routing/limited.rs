//! Which rules' limits keep units of a line from a candidate: those that tie the line to others, or those on
//! parcels. A rule that ties other lines has nothing to do with it and is not named.

use std::collections::BTreeSet;

use super::{
    candidates::Candidate,
    explanation::Explained,
    parcels::Loads,
    plan::{Lack, RejectedBecause},
    request::LineDemand,
    rulebook::{Limit, Limiting},
    sentences,
};
use crate::ids::{OrderLineId, SupplierId};

impl Explained<'_> {
    /// Why no units of a line come from a candidate that limits leave no room for, where units come from `chosen`
    /// or from nobody.
    pub(super) fn limited(&self, line: usize, index: usize, chosen: Option<(usize, u32)>) -> RejectedBecause {
        let tied = self.tied(line);
        let swap = self.swapped(line, index, chosen);
        let ties_break = self.breaks_ties(&tied, &swap);
        let candidate = &self.judged[line][index];
        let whole = only_supplier(candidate).filter(|_| !self.ruling.limits.in_part);
        let whole = whole.map(|supplier| self.whole_from(&tied, supplier));
        let lacks = whole
            .as_ref()
            .map_or_else(Vec::new, |whole| self.lacks(&tied, candidate, whole));
        // Where somebody has all that is tied, it may be the parcels that forbid to have it all from there.
        let parcels = match whole.filter(|_| ties_break && lacks.is_empty()) {
            Some(whole) => self.parcels(&self.instead_of(&tied, whole)),
            None if ties_break => 0,
            None => self.parcels(&swap),
        };
        let is_over = self.ruling.limits.max_parcels.is_some_and(|most| parcels > most);
        // Where it cannot be told what stands against it, all that might is named.
        let is_told = ties_break || is_over;
        let is_named = |limit: &Limiting<'_>| match &limit.limit {
            Limit::Together(lines) => lines.is_subset(&tied) && (ties_break || !is_told),
            Limit::Parcels(most) => parcels > *most || !is_told,
        };
        let named: Vec<&Limiting<'_>> = self.ruling.limiting.iter().filter(|limit| is_named(limit)).collect();
        if named.is_empty() {
            return RejectedBecause::Limits;
        }
        let by_ties = named.iter().any(|limit| matches!(limit.limit, Limit::Together(_)));
        let by_parcels = named.iter().any(|limit| matches!(limit.limit, Limit::Parcels(_)));
        let mut rules: Vec<String> = Vec::new();
        for limit in named {
            if !rules.iter().any(|rule| rule == limit.rule) {
                rules.push(limit.rule.to_owned());
            }
        }
        RejectedBecause::LimitedBy {
            rules,
            beside: self.rules_on_others(line, (!by_parcels).then_some(&tied)),
            lacks: if by_ties { lacks } else { Vec::new() },
        }
    }

    /// The lines that rules tie to a line, straight or by way of others.
    fn tied(&self, line: usize) -> BTreeSet<OrderLineId> {
        let mut tied = BTreeSet::new();
        if self.lines[line].forced_offer.is_some() {
            // What a person chose goes its own way.
            return tied;
        }
        let groups = || {
            self.ruling.limiting.iter().filter_map(|limit| match &limit.limit {
                Limit::Together(lines) => Some(lines),
                Limit::Parcels(_) => None,
            })
        };
        let mut reached = BTreeSet::from([self.lines[line].line]);
        while let Some(more) = groups().find(|lines| !lines.is_disjoint(&reached) && !lines.is_subset(&tied)) {
            tied.extend(more.iter().copied());
            reached.extend(more.iter().copied());
        }
        tied
    }

    /// The plan with as many units as can be from the candidate instead.
    fn swapped(&self, line: usize, index: usize, chosen: Option<(usize, u32)>) -> Vec<(usize, usize, u32)> {
        let wanted = chosen.map_or(self.assignments[line].left, |(_, units)| units);
        let moved = wanted.min(self.stock.units(&self.judged[line][index])).max(1);
        let all = self.assignments.iter().enumerate();
        let parts = all.flat_map(|(at, assignment)| assignment.parts.iter().map(move |part| (at, part.0, part.1)));
        let less = |(at, candidate, units): (usize, usize, u32)| {
            let gives = at == line && chosen.is_some_and(|(chosen, _)| chosen == candidate);
            (at, candidate, if gives { units.saturating_sub(moved) } else { units })
        };
        let mut swap: Vec<_> = parts.map(less).filter(|(.., units)| *units > 0).collect();
        swap.push((line, index, moved));
        swap
    }

    /// Whether what is tied together would come from several suppliers, or only in part.
    fn breaks_ties(&self, tied: &BTreeSet<OrderLineId>, plan: &[(usize, usize, u32)]) -> bool {
        let is_tied = |at: usize| self.lines[at].forced_offer.is_none() && tied.contains(&self.lines[at].line);
        let of_tied = || plan.iter().filter(|(at, ..)| is_tied(*at));
        let suppliers = of_tied().flat_map(|(at, candidate, _)| {
            let parts = self.judged[*at][*candidate].alternative.components.iter();
            parts.map(|part| part.offer.supplier)
        });
        let is_short = |at: usize| {
            let served = of_tied().filter(|(other, ..)| *other == at).map(|(.., units)| units);
            served.sum::<u32>() < self.lines[at].units
        };
        let in_part = self.ruling.limits.in_part;
        suppliers.collect::<BTreeSet<_>>().len() > 1
            || (!in_part && (0..self.lines.len()).any(|at| is_tied(at) && is_short(at)))
    }

    fn parcels(&self, plan: &[(usize, usize, u32)]) -> u32 {
        let mut loads = Loads::default();
        for (at, candidate, units) in plan {
            loads.add(self.judged[*at][*candidate].alternative, *units);
        }
        let by_cost = self.least_cost.map(super::least_cost::LeastCost::tariff);
        loads.parcels(by_cost.or(self.tariff))
    }

    /// What of tied lines one supplier can ship.
    fn whole_from(&self, tied: &BTreeSet<OrderLineId>, supplier: SupplierId) -> Vec<(usize, usize, u32)> {
        let mut stock = self.offered.clone();
        let mut parts = Vec::new();
        for (at, demand) in self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, demand)| tied.contains(&demand.line))
        {
            let mut left = demand.units;
            for (index, way) in self.judged[at].iter().enumerate().filter(|(_, way)| way.is_eligible()) {
                let taken = left.min(stock.units(way));
                if taken > 0 && only_supplier(way) == Some(supplier) {
                    stock.take(way, taken);
                    parts.push((at, index, taken));
                    left -= taken;
                }
            }
        }
        parts
    }

    /// The plan with these parts of tied lines, and no others of them.
    fn instead_of(
        &self,
        tied: &BTreeSet<OrderLineId>,
        mut parts: Vec<(usize, usize, u32)>,
    ) -> Vec<(usize, usize, u32)> {
        let all = self.assignments.iter().enumerate();
        let rest = all.filter(|(at, _)| !tied.contains(&self.lines[*at].line));
        parts.extend(rest.flat_map(|(at, assignment)| assignment.parts.iter().map(move |part| (at, part.0, part.1))));
        parts
    }

    /// What the candidate's supplier cannot ship of the lines that belong together.
    fn lacks(
        &self,
        tied: &BTreeSet<OrderLineId>,
        candidate: &Candidate<'_>,
        whole: &[(usize, usize, u32)],
    ) -> Vec<Lack> {
        let demands = self.lines.iter().enumerate();
        let demands = demands.filter(|(_, demand)| tied.contains(&demand.line));
        let lack = |(at, demand): (usize, &&LineDemand)| {
            let of_line = whole.iter().filter(|(other, ..)| *other == at);
            let has = of_line.map(|(.., units)| units).sum();
            let component = candidate.alternative.components.first()?;
            (has < demand.units).then(|| Lack {
                supplier_name: sentences::supplier_name(self.around, component).to_owned(),
                title: demand.title.clone(),
                wanted: demand.units,
                has,
            })
        };
        demands.filter_map(lack).collect()
    }

    /// The rules that keep candidates from the other lines, or from those among them.
    fn rules_on_others(&self, line: usize, among: Option<&BTreeSet<OrderLineId>>) -> Vec<String> {
        let others = self.judged.iter().enumerate().filter(|(other, _)| {
            let bears = |lines: &BTreeSet<OrderLineId>| lines.contains(&self.lines[*other].line);
            *other != line && among.is_none_or(bears)
        });
        let refusals = others.flat_map(|(_, candidates)| candidates).flat_map(|c| &c.refusals);
        let mut named: Vec<String> = Vec::new();
        for refusal in refusals {
            if let RejectedBecause::Rule { rule, .. } = refusal
                && !named.contains(rule)
            {
                named.push(rule.clone());
            }
        }
        named
    }
}

/// Who ships all of it, where that is one.
fn only_supplier(candidate: &Candidate<'_>) -> Option<SupplierId> {
    let mut parts = candidate.alternative.components.iter().map(|part| part.offer.supplier);
    let first = parts.next()?;
    parts.all(|other| other == first).then_some(first)
}
