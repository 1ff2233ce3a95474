//! Turns units shared out into plan lines: the chosen components with their
//! cost, what was passed over and why. The wording is left to `sentences`, what
//! other plans would cost to `least_cost`.

use super::{
    candidates::{Assignment, Candidate, Stock},
    least_cost::{self, LeastCost},
    plan::{ChosenComponent, CostParts, FirstIf, Outcome, PlanLine, RejectedAlternative, RejectedBecause, RoutePlan},
    request::{Component, LineDemand, OfferFacts},
    rulebook::Ruling,
    rules::Circumstances,
    sentences::{self, Choice},
    tariff::Tariff,
    terms::{Detail, PriceBreaks},
};
use crate::{
    domain::{costs, money::Money},
    ids::OfferId,
};

/// An order with what was decided, ready to be told.
pub struct Explained<'a> {
    pub lines: &'a [&'a LineDemand],
    pub judged: &'a [Vec<Candidate<'a>>],
    pub assignments: &'a [Assignment],
    pub around: &'a Circumstances<'a>,
    pub ruling: &'a Ruling<'a>,
    /// Before anything was taken.
    pub offered: &'a Stock,
    /// What the whole order leaves.
    pub stock: &'a Stock,
    pub price_breaks: &'a [PriceBreaks],
    /// How plans compare, where cost decided.
    pub least_cost: Option<&'a LeastCost<'a>>,
    /// What is known of costs, where something else decided.
    pub tariff: Option<&'a Tariff<'a>>,
    pub detail: Detail,
}

impl Explained<'_> {
    pub fn plan(&self) -> RoutePlan {
        let lines: Vec<PlanLine> = (0..self.lines.len()).flat_map(|line| self.plan_lines(line)).collect();
        RoutePlan {
            costs: costs(&lines),
            landed: self.least_cost.map(LeastCost::landed),
            strategy: None,
            by_hand: Vec::new(),
            lines,
        }
    }

    /// One entry per serving candidate and one for units that nothing serves.
    fn plan_lines(&self, line: usize) -> Vec<PlanLine> {
        let assignment = &self.assignments[line];
        let runner_up = self.least_cost.filter(|_| !assignment.parts.is_empty());
        let runner_up = runner_up.and_then(|least_cost| least_cost.runner_up(line));
        let mut entries = Vec::new();
        for (candidate, units) in &assignment.parts {
            entries.push(PlanLine {
                runner_up: runner_up.clone(),
                ..self.allocated(line, *candidate, *units)
            });
        }
        if assignment.left > 0 {
            entries.push(self.unserved(line, assignment.left));
        }
        entries
    }

    fn allocated(&self, line: usize, index: usize, units: u32) -> PlanLine {
        let candidate = &self.judged[line][index];
        let components = &candidate.alternative.components;
        let components: Vec<_> = components
            .iter()
            .map(|component| self.chosen(component, units))
            .collect();
        let choice = Choice {
            around: self.around,
            line: self.lines[line],
            candidate,
            place: index,
            of: self.judged[line].len(),
            units,
            components: &components,
            kept: &self.ruling.kept,
            proven: self.least_cost.map(LeastCost::is_proven),
            by_cost_alone: self.least_cost.is_some_and(LeastCost::is_by_cost_alone),
            toward: self.least_cost.and_then(|least_cost| least_cost.toward(line, index)),
        };
        let told = self.detail > Detail::Settled;
        PlanLine {
            line: self.lines[line].line,
            units,
            by_hand: self.lines[line].forced_offer.is_some(),
            reason: if told { choice.reason() } else { String::new() },
            rejected: if told {
                self.rejected(line, Some((index, units)))
            } else {
                Vec::new()
            },
            runner_up: None,
            alone: told.then(|| self.alone(line, index, units)).flatten(),
            outcome: Outcome::Allocated {
                alternative: candidate.alternative.id,
                rank: candidate.alternative.rank,
                components,
            },
        }
    }

    fn chosen(&self, component: &Component, units: u32) -> ChosenComponent {
        let offer = &component.offer;
        ChosenComponent {
            offer: offer.id,
            supplier: offer.supplier,
            supplier_name: sentences::supplier_name(self.around, component).to_owned(),
            sku: offer.sku.clone(),
            title: offer.title.clone(),
            per_unit: component.per_unit,
            quantity: component.per_unit.saturating_mul(units),
            unit_cost: self.unit_cost(offer),
        }
    }

    /// What each piece costs of as many as the whole order takes, whatever decided that it does.
    fn unit_cost(&self, offer: &OfferFacts) -> Money {
        let list = self.price_breaks.iter().find(|list| list.offer == offer.id);
        list.map_or(offer.cost, |list| {
            costs::unit_cost(offer.cost, &list.breaks, self.pieces(offer.id))
        })
    }

    /// Pieces of an offer in the whole order.
    fn pieces(&self, offer: OfferId) -> u32 {
        let parts = self
            .assignments
            .iter()
            .zip(self.judged)
            .flat_map(|(assignment, judged)| {
                let parts = assignment.parts.iter();
                parts
                    .map(move |(candidate, units)| (judged[*candidate].needs.get(&offer).copied().unwrap_or(0), *units))
            });
        parts
            .map(|(needed, units)| needed.saturating_mul(units))
            .fold(0, u32::saturating_add)
    }

    fn unserved(&self, line: usize, units: u32) -> PlanLine {
        let candidates = &self.judged[line];
        let rejected = self.rejected(line, None);
        // Accepting a price helps only where there is stock to buy at that price.
        let price_alone = |c: &&Candidate<'_>| c.only_price_refused() && self.stock.units(c) > 0;
        let refused = candidates.iter().find(price_alone).and_then(|c| c.refusals.first());
        // Somebody could ship it at an accepted price, but for what stands against them.
        let has_other = candidates.iter().any(|c| c.is_eligible() && self.stock.units(c) > 0);
        let (outcome, reason) = match refused {
            Some(
                why @ (RejectedBecause::PriceRose {
                    offer, accepted, now, ..
                }
                | RejectedBecause::CurrencyChanged {
                    offer, accepted, now, ..
                }),
            ) => (
                Outcome::PriceRose {
                    offer: *offer,
                    accepted: *accepted,
                    now: *now,
                },
                if has_other {
                    sentences::none_eligible(&rejected)
                } else {
                    format!("refused: {why}")
                },
            ),
            _ if candidates.is_empty() => (Outcome::Unmapped, sentences::unmapped()),
            _ => (Outcome::NoEligibleSupplier, sentences::none_eligible(&rejected)),
        };
        PlanLine {
            line: self.lines[line].line,
            units,
            outcome,
            by_hand: self.lines[line].forced_offer.is_some(),
            reason,
            rejected,
            runner_up: None,
            alone: None,
        }
    }

    /// All candidates of the line but the one that serves these units.
    fn rejected(&self, line: usize, but: Option<(usize, u32)>) -> Vec<RejectedAlternative> {
        let others = self.judged[line].iter().enumerate();
        let others = others.filter(|(index, _)| but.is_none_or(|(chosen, _)| chosen != *index));
        let rejection = |(index, candidate): (usize, &Candidate<'_>)| {
            let mut why = candidate.refusals.clone();
            let first_price = why.iter().position(RejectedBecause::is_price).unwrap_or(why.len());
            why.splice(first_price..first_price, self.out_of_stock(candidate));
            let wanted = but.map_or(0, |(_, units)| units);
            let is_priced = why.is_empty() && wanted > 0;
            let mut why = why.into_iter();
            let first = why.next().unwrap_or_else(|| self.passed_over(line, index, but));
            RejectedAlternative {
                first_if: but.and_then(|(chosen, _)| self.first_if(line, chosen, index, &first)),
                alone: is_priced.then(|| self.alone(line, index, wanted)).flatten(),
                alternative: candidate.alternative.id,
                rank: candidate.alternative.rank,
                summary: sentences::summary(self.around, candidate),
                why: first,
                also: why.collect(),
            }
        };
        others.map(rejection).collect()
    }

    /// What would have a candidate come before the chosen one, where nothing but their order tells them apart.
    fn first_if(&self, line: usize, chosen: usize, index: usize, why: &RejectedBecause) -> Option<FirstIf> {
        let by_order = self.least_cost.is_none() && self.lines[line].forced_offer.is_none();
        let candidates = &self.judged[line];
        (by_order && *why == RejectedBecause::NotNeeded)
            .then(|| candidates[index].first_if(&candidates[chosen], self.around))
    }

    /// What so many units of a candidate cost by themselves, where that is known.
    fn alone(&self, line: usize, index: usize, units: u32) -> Option<CostParts> {
        if let Some(least_cost) = self.least_cost {
            return least_cost.alone(line, index, units);
        }
        let (tariff, candidate) = (self.tariff?, &self.judged[line][index]);
        let units = units.min(self.offered.units(candidate));
        let is_known = candidate.is_eligible() && tariff.refusals(candidate.alternative, self.around).is_empty();
        (is_known && units > 0).then(|| least_cost::alone(tariff, self.around, candidate, units))
    }

    /// Why a candidate that nothing stands against does not serve the units.
    fn passed_over(&self, line: usize, index: usize, chosen: Option<(usize, u32)>) -> RejectedBecause {
        let why = match (self.least_cost, chosen) {
            // Nothing but a limit takes units from who comes first.
            (None, Some((chosen, _))) if index < chosen => RejectedBecause::Limits,
            (None, Some(_)) => RejectedBecause::NotNeeded,
            (Some(least_cost), Some((chosen, units))) => least_cost.instead(line, chosen, units, index),
            (_, None) => RejectedBecause::Limits,
        };
        match why {
            RejectedBecause::Limits => self.limited(line, index, chosen),
            why => why,
        }
    }

    /// The component, if any, of which less is left than one unit needs.
    fn out_of_stock(&self, candidate: &Candidate<'_>) -> Option<RejectedBecause> {
        candidate.alternative.components.iter().find_map(|component| {
            let offer = &component.offer;
            let left = self.stock.left(offer.id)?;
            let needed_per_unit = candidate.needs.get(&offer.id).copied()?;
            let in_stock = offer.stock.unwrap_or(left);
            let (kept, rule) = self.ruling.kept.get(&offer.id).copied().unwrap_or((0, ""));
            // What lies there, with what the rule keeps of it.
            let there = left.saturating_add(kept.min(in_stock));
            let sku = offer.sku.clone();
            (left < needed_per_unit).then(|| {
                if kept > 0 && there >= needed_per_unit {
                    let offered = self.offered.left(offer.id).unwrap_or(left);
                    RejectedBecause::KeptInStock {
                        sku,
                        in_stock,
                        kept,
                        rule: rule.to_owned(),
                        taken: offered.saturating_sub(left),
                        needed_per_unit,
                    }
                } else {
                    RejectedBecause::OutOfStock {
                        sku,
                        in_stock,
                        reserved: offer.reserved,
                        left: there,
                        needed_per_unit,
                    }
                }
            })
        })
    }
}

/// What the allocated goods cost, one sum per currency, in the order of its code.
fn costs(lines: &[PlanLine]) -> Vec<Money> {
    let mut sums: Vec<Money> = Vec::new();
    for line in lines {
        let Outcome::Allocated { components, .. } = &line.outcome else {
            continue;
        };
        for component in components {
            let unit = component.unit_cost;
            // The rules cap each component's cost, so no sum comes near the limit.
            let minor = unit.amount_minor.saturating_mul(i64::from(component.quantity));
            match sums.iter_mut().find(|sum| sum.currency == unit.currency) {
                Some(sum) => sum.amount_minor = sum.amount_minor.saturating_add(minor),
                None => sums.push(Money::new(minor, unit.currency)),
            }
        }
    }
    sums.sort_by_key(|sum| sum.currency.code());
    sums
}
