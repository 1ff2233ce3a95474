//! What the rulebook says about one order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Consequence, Rule, facts::Place};
use crate::{
    ids::{OfferId, OrderLineId, SupplierId},
    routing::{
        expressions::Truth,
        plan::RejectedBecause,
        request::{Alternative, Component, LineDemand, RouteRequest},
        rules::Circumstances,
        terms::Limits,
    },
};

/// The rules that bear on one order.
pub struct Ruling<'a> {
    request: &'a RouteRequest,
    around: &'a Circumstances<'a>,
    /// For the whole order.
    pub limits: Limits,
    /// The rules that the limits are from, with what each of them limits.
    pub limiting: Vec<Limiting<'a>>,
    /// Pieces that stay in stock, and the rule that says so.
    pub kept: BTreeMap<OfferId, (u32, &'a str)>,
    /// Lines that belong to what suppliers have already, and the rule that says so.
    begun: Vec<(BTreeSet<OrderLineId>, BTreeSet<SupplierId>, &'a str)>,
    /// Lines that belong to what waits for a person, and the rule that says so.
    waiting: Vec<(BTreeSet<OrderLineId>, Vec<&'a str>, &'a str)>,
    /// The rule that allows no parcel besides those that there are.
    full: Option<&'a str>,
}

/// A rule that limits how an order may be shipped.
pub struct Limiting<'a> {
    pub rule: &'a str,
    pub limit: Limit,
}

pub enum Limit {
    /// One supplier ships these lines.
    Together(BTreeSet<OrderLineId>),
    /// At most so many parcels besides those that there are.
    Parcels(u32),
}

/// A rule holds: for want of this fact, if it could not be decided.
struct Holds(Option<&'static str>);

impl<'a> Ruling<'a> {
    pub fn of(request: &'a RouteRequest, around: &'a Circumstances<'a>) -> Self {
        let mut ruling = Self {
            request,
            around,
            limits: Limits::default(),
            limiting: Vec::new(),
            kept: BTreeMap::new(),
            begun: Vec::new(),
            waiting: Vec::new(),
            full: None,
        };
        ruling.limits.in_part = request.lines.iter().any(|line| line.forced_offer.is_some());
        for rule in &request.rules {
            ruling.limit(rule);
            if let Consequence::KeepInStock(pieces) = rule.then {
                ruling.keep(rule, pieces);
            }
        }
        ruling
    }

    /// Has what a person chose, which takes so many parcels, count in no limit on parcels.
    pub fn leave_room(&mut self, parcels: u32) {
        let of_rules = self
            .limiting
            .iter_mut()
            .filter_map(|limiting| match &mut limiting.limit {
                Limit::Parcels(most) => Some(most),
                Limit::Together(_) => None,
            });
        for most in of_rules.chain(&mut self.limits.max_parcels) {
            *most = most.saturating_add(parcels);
        }
    }

    fn limit(&mut self, rule: &'a Rule) {
        let limit = match rule.then {
            Consequence::NeverSplit | Consequence::ShipTogether => {
                let ties = tying(self.request, self.around, rule);
                ties.and_then(|ties| self.together(rule, ties)).map(Limit::Together)
            }
            Consequence::MaxParcels(most) if self.holds(rule, None, None).is_some() => {
                let most = most.saturating_sub(self.request.facts.parcels);
                if most == 0 {
                    self.full.get_or_insert(&rule.name);
                }
                let limit = self.limits.max_parcels.get_or_insert(most);
                *limit = most.min(*limit);
                Some(Limit::Parcels(most))
            }
            _ => None,
        };
        self.limiting.extend(limit.map(|limit| Limiting {
            rule: &rule.name,
            limit,
        }));
    }

    /// The lines that are to be kept together, if any.
    fn together(&mut self, rule: &'a Rule, belongs: impl Fn(&LineDemand) -> bool) -> Option<BTreeSet<OrderLineId>> {
        let lines = self.request.lines.iter().filter(|line| belongs(line));
        let group: BTreeSet<OrderLineId> = lines.map(|line| line.line).collect();
        let some = !group.is_empty();
        let standing = self.request.facts.standing.iter().filter(|one| belongs(&one.line));
        let with: BTreeSet<SupplierId> = standing.flat_map(|one| one.suppliers.iter().copied()).collect();
        let waiting = self.request.facts.waiting.iter().filter(|line| belongs(line));
        let waiting: Vec<&str> = waiting.map(|line| line.title.as_str()).collect();
        if some && !with.is_empty() {
            self.begun.push((group.clone(), with, &rule.name));
        } else if some && !waiting.is_empty() {
            self.waiting.push((group.clone(), waiting, &rule.name));
        }
        if some && !self.limits.together.contains(&group) {
            self.limits.together.push(group.clone());
        }
        some.then_some(group)
    }

    fn keep(&mut self, rule: &'a Rule, pieces: u32) {
        for line in &self.request.lines {
            let components = line.alternatives.iter().flat_map(|way| &way.components);
            for component in components {
                if self.holds(rule, Some(line), Some(component)).is_some() {
                    let kept = self.kept.entry(component.offer.id).or_insert((0, &rule.name));
                    if kept.0 < pieces {
                        *kept = (pieces, &rule.name);
                    }
                }
            }
        }
    }

    /// The rules that exclude an alternative of a line, in the rulebook's order.
    pub fn refusals(&self, line: &LineDemand, alternative: &Alternative) -> Vec<RejectedBecause> {
        let refusal = |rule: &Rule| {
            let mut parts = alternative.components.iter();
            let Holds(unknown) = match &rule.then {
                Consequence::Exclude => parts.find_map(|part| self.holds(rule, Some(line), Some(part)))?,
                Consequence::Only(keys) if parts.any(|part| !keys.contains(self.key(part))) => {
                    self.holds(rule, Some(line), None)?
                }
                Consequence::Never(keys) if parts.any(|part| keys.contains(self.key(part))) => {
                    self.holds(rule, Some(line), None)?
                }
                _ => return None,
            };
            Some(RejectedBecause::Rule {
                rule: rule.name.clone(),
                unknown: unknown.map(str::to_owned),
            })
        };
        let mut found: Vec<RejectedBecause> = self.request.rules.iter().filter_map(refusal).collect();
        // A person who chooses a supplier may well split what is begun, and have one parcel more.
        if line.forced_offer.is_none() {
            found.extend(self.begun(line, alternative));
        }
        if !self.limits.in_part {
            found.extend(self.waits(line));
        }
        found
    }

    /// What of the same group cannot be shipped with it, because a person is to decide about it.
    fn waits(&self, line: &LineDemand) -> impl Iterator<Item = RejectedBecause> {
        let waiting = self
            .waiting
            .iter()
            .filter(move |(lines, ..)| lines.contains(&line.line));
        waiting.map(|(_, titles, rule)| RejectedBecause::RestWaits {
            rule: (*rule).to_owned(),
            titles: titles.iter().map(|title| (*title).to_owned()).collect(),
        })
    }

    /// Why an alternative does not fit to what suppliers have already.
    fn begun(&self, line: &LineDemand, alternative: &Alternative) -> impl Iterator<Item = RejectedBecause> {
        let elsewhere = |with: &BTreeSet<SupplierId>| {
            let mut parts = alternative.components.iter();
            parts.any(|part| !with.contains(&part.offer.supplier))
        };
        let begun = self.begun.iter();
        let begun = begun.filter(move |(lines, with, _)| lines.contains(&line.line) && elsewhere(with));
        let kept = begun.map(|(_, with, rule)| {
            let names = with.iter().filter_map(|id| self.around.suppliers.get(id));
            RejectedBecause::KeptWith {
                rule: (*rule).to_owned(),
                suppliers: names.map(|terms| terms.name.clone()).collect(),
            }
        });
        let full = self.full.map(|rule| RejectedBecause::LimitedBy {
            rules: vec![rule.to_owned()],
            beside: Vec::new(),
            lacks: Vec::new(),
        });
        kept.chain(full)
    }

    fn key(&self, component: &Component) -> &str {
        let terms = self.around.suppliers.get(&component.offer.supplier);
        terms.map_or("", |terms| terms.key.as_str())
    }

    fn holds(&self, rule: &Rule, line: Option<&LineDemand>, component: Option<&Component>) -> Option<Holds> {
        holds(self.request, self.around, rule, line, component)
    }
}

/// Says of a line whether a rule has it shipped together with all others of which it says so; none where
/// the rule keeps nothing of the order together.
fn tying<'a>(
    request: &'a RouteRequest,
    around: &'a Circumstances<'a>,
    rule: &'a Rule,
) -> Option<impl Fn(&LineDemand) -> bool + use<'a>> {
    let is_whole = match rule.then {
        Consequence::NeverSplit if holds(request, around, rule, None, None).is_some() => true,
        Consequence::ShipTogether => false,
        _ => return None,
    };
    Some(move |line: &LineDemand| is_whole || holds(request, around, rule, Some(line), None).is_some())
}

/// Which lines of a request the rules keep with some of its lines, straight or by way of others: what a
/// rule ties comes from one supplier, and so do rules' lines of which one is the same.
#[must_use]
pub fn tied(request: &RouteRequest, to: &BTreeSet<OrderLineId>) -> BTreeSet<OrderLineId> {
    let around = Circumstances::of(request);
    let of_rule = |rule| -> Option<BTreeSet<OrderLineId>> {
        let ties = tying(request, &around, rule)?;
        let lines = request.lines.iter().filter(|line| ties(line));
        Some(lines.map(|line| line.line).collect())
    };
    let mut groups: Vec<BTreeSet<OrderLineId>> = request.rules.iter().filter_map(of_rule).collect();
    let mut found = BTreeSet::new();
    while let Some(next) = groups
        .iter()
        .position(|group| !group.is_disjoint(to) || !group.is_disjoint(&found))
    {
        found.extend(groups.swap_remove(next));
    }
    found
}

fn holds(
    request: &RouteRequest,
    around: &Circumstances<'_>,
    rule: &Rule,
    line: Option<&LineDemand>,
    component: Option<&Component>,
) -> Option<Holds> {
    let Some(when) = &rule.when else {
        return Some(Holds(None));
    };
    let place = Place {
        request,
        line,
        component: component.map(|part| (part, around.suppliers.get(&part.offer.supplier).copied())),
    };
    match when.holds(&place) {
        Truth::Yes => Some(Holds(None)),
        Truth::No => None,
        Truth::Unknown(field) => Some(Holds(Some(field.map_or("its size", |field| field.name())))),
    }
}
