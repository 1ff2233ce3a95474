//! What the rulebook says about one order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Consequence, Rule, facts::Place};
use crate::{
    ids::{OfferId, OrderLineId},
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
    /// The rules that the limits are from.
    pub limiting: Vec<&'a str>,
    /// Pieces that stay in stock, and the rule that says so.
    pub kept: BTreeMap<OfferId, (u32, &'a str)>,
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
        };
        for rule in &request.rules {
            ruling.limit(rule);
            if let Consequence::KeepInStock(pieces) = rule.then {
                ruling.keep(rule, pieces);
            }
        }
        ruling
    }

    fn limit(&mut self, rule: &'a Rule) {
        let limits = match rule.then {
            Consequence::NeverSplit if self.holds(rule, None, None).is_some() => self.together(|_| true),
            Consequence::ShipTogether => {
                let (request, around) = (self.request, self.around);
                let holds = |line: &LineDemand| holds(request, around, rule, Some(line), None).is_some();
                self.together(holds)
            }
            Consequence::MaxParcels(most) if self.holds(rule, None, None).is_some() => {
                let limit = self.limits.max_parcels.get_or_insert(most);
                *limit = most.min(*limit);
                true
            }
            _ => false,
        };
        if limits {
            self.limiting.push(&rule.name);
        }
    }

    /// Says whether there is anything to keep together.
    fn together(&mut self, belongs: impl Fn(&LineDemand) -> bool) -> bool {
        let lines = self.request.lines.iter().filter(|line| belongs(line));
        let group: BTreeSet<OrderLineId> = lines.map(|line| line.line).collect();
        let some = !group.is_empty();
        if some && !self.limits.together.contains(&group) {
            self.limits.together.push(group);
        }
        some
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
        self.request.rules.iter().filter_map(refusal).collect()
    }

    fn key(&self, component: &Component) -> &str {
        let terms = self.around.suppliers.get(&component.offer.supplier);
        terms.map_or("", |terms| terms.key.as_str())
    }

    fn holds(&self, rule: &Rule, line: Option<&LineDemand>, component: Option<&Component>) -> Option<Holds> {
        holds(self.request, self.around, rule, line, component)
    }
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
