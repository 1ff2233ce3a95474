//! An order and its cost model as a mixed-integer programme, written down from the
//! request alone and without a look at how routing does it.

use std::collections::{BTreeMap, BTreeSet};

use orderyard::{
    ids::{AlternativeId, OfferId, OrderLineId, SupplierId},
    routing::{Alternative, LineDemand, OfferFacts, terms::Aim},
};

use crate::{
    milp::{Milp, Sum},
    reading::{Measures, Reading},
};

/// Cents for each unit that nothing serves, where units and cost are weighed at once: more than any plan costs.
const UNSERVED: f64 = 300_000.0;

/// What the plans of an order are compared by: each counts only between plans that are equal in those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Left,
    Aim,
    Cost,
    /// Units that are left and cost, weighed so that the former come first.
    LeftAndCost,
}

impl Stage {
    #[must_use]
    pub fn of(self, measures: Measures) -> f64 {
        match self {
            Self::Left => measures.left,
            Self::Aim => measures.aim,
            Self::Cost => measures.cost,
            Self::LeftAndCost => UNSERVED * measures.left + measures.cost,
        }
    }
}

/// An order as a programme, and the sums to make as small as can be.
#[derive(Debug)]
pub struct Programme {
    pub milp: Milp,
    /// By what plans are compared, the most important first.
    pub stages: Vec<(Stage, Sum)>,
}

/// The order as a mixed-integer programme.
#[must_use]
pub fn programme(reading: &Reading<'_>) -> Programme {
    let mut draft = Draft {
        reading,
        milp: Milp::default(),
        left: Sum::new(),
        aim: Sum::new(),
        units: BTreeMap::new(),
    };
    draft.lines();
    draft.goods();
    draft.parcels();
    draft.groups();
    let Draft { milp, left, aim, .. } = draft;
    let mut cost = milp.costs();
    let stages = if reading.aim().is_some() {
        vec![(Stage::Left, left), (Stage::Aim, aim), (Stage::Cost, cost)]
    } else {
        for (variable, _) in left {
            cost[variable].1 += UNSERVED;
        }
        vec![(Stage::LeftAndCost, cost)]
    };
    Programme { milp, stages }
}

/// The programme under construction.
struct Draft<'a> {
    reading: &'a Reading<'a>,
    milp: Milp,
    /// Units that nothing serves.
    left: Sum,
    /// What the strategy aims at.
    aim: Sum,
    /// Units by line and alternative.
    units: BTreeMap<(OrderLineId, AlternativeId), usize>,
}

impl<'a> Draft<'a> {
    /// Each unit is served in one way or in none.
    fn lines(&mut self) {
        for line in &self.reading.request.lines {
            let left = self.milp.count(0.0, line.units);
            self.left.push((left, 1.0));
            let mut sum = vec![(left, 1.0)];
            for way in &line.alternatives {
                let var = self.milp.count(self.reading.per_unit(way), line.units);
                self.aim.push((var, self.reading.aim_per_unit(way)));
                self.units.insert((line.line, way.id), var);
                sum.push((var, 1.0));
            }
            self.milp.exactly(sum, line.units.into());
        }
    }

    /// For each component: its offer, its units and the pieces for each.
    fn pieces(&self) -> Vec<(&'a OfferFacts, usize, f64)> {
        let lines = self.reading.request.lines.iter();
        let ways = lines.flat_map(|line| line.alternatives.iter().map(|way| (line.line, way)));
        let pieces = ways.flat_map(|(line, way)| {
            let var = self.units[&(line, way.id)];
            let of = way.components.iter();
            of.map(move |component| (&component.offer, var, f64::from(component.per_unit)))
        });
        pieces.collect()
    }

    /// Each offer's pieces are all bought at one step of its price list.
    fn goods(&mut self) {
        let pieces = self.pieces();
        let offers: BTreeMap<OfferId, &OfferFacts> = pieces.iter().map(|(offer, ..)| (offer.id, *offer)).collect();
        for offer in offers.values() {
            let most: u32 = self.reading.request.lines.iter().map(|line| line.units * 4).sum();
            let most = offer.stock.unwrap_or(most).min(most);
            let (mut bought, mut one_step) = (Sum::new(), Sum::new());
            let prices = self.reading.prices(offer);
            for (from, price) in &prices {
                let count = self.milp.count(*price, most);
                bought.push((count, 1.0));
                if prices.len() > 1 {
                    let step = self.milp.count(0.0, 1);
                    self.milp.at_least([(count, 1.0), (step, -f64::from(*from))], 0.0);
                    self.milp.at_most([(count, 1.0), (step, -f64::from(most))], 0.0);
                    one_step.push((step, 1.0));
                }
            }
            if prices.len() > 1 {
                self.milp.at_most(one_step, 1.0);
            }
            let used = pieces.iter().filter(|piece| piece.0.id == offer.id);
            let used = merged(used.map(|(_, var, per_unit)| (*var, *per_unit)));
            bought.extend(used.into_iter().map(|(var, per_unit)| (var, -per_unit)));
            self.milp.exactly(bought, 0.0);
        }
    }

    /// Each supplier's weight fits into full parcels and one more; what weighs nothing needs a parcel too.
    fn parcels(&mut self) {
        let pieces = self.pieces();
        let mut all = Sum::new();
        for terms in &self.reading.request.suppliers {
            let (per_order, per_parcel) = self.reading.charges(terms.id);
            let used = self.milp.count(per_order, 1);
            let (mut room, mut not_full) = (Sum::new(), Sum::new());
            let table = self.reading.brackets(terms.id);
            for (place, (up_to, price)) in table.iter().enumerate() {
                let heaviest = place + 1 == table.len();
                let most = if heaviest { 60 } else { 1 };
                let parcels = self.milp.count(price + per_parcel, most);
                if !heaviest {
                    not_full.push((parcels, 1.0));
                }
                room.push((parcels, up_to / 1_000.0));
                all.push((parcels, 1.0));
                self.milp.at_most([(parcels, 1.0), (used, -f64::from(most))], 0.0);
            }
            if !not_full.is_empty() {
                self.milp.at_most(not_full, 1.0);
            }
            let here = || pieces.iter().filter(|piece| piece.0.supplier == terms.id);
            let weightless = here().filter(|piece| piece.0.weight_g == Some(0));
            let mut carried: Sum = merged(weightless.map(|(_, var, _)| (*var, -1.0)))
                .into_iter()
                .map(|(var, _)| (var, -1.0))
                .collect();
            if !carried.is_empty() {
                let most: u32 = self.reading.request.lines.iter().map(|line| line.units).sum();
                carried.extend(room.iter().map(|(parcels, _)| (*parcels, f64::from(most))));
                self.milp.at_least(carried, 0.0);
            }
            let grams = |(offer, var, per_unit): &(&'a OfferFacts, usize, f64)| {
                (*var, per_unit * f64::from(offer.weight_g.expect("weight")) / 1_000.0)
            };
            room.extend(
                merged(here().map(grams))
                    .into_iter()
                    .map(|(var, weight)| (var, -weight)),
            );
            self.milp.at_least(room, 0.0);
        }
        if self.reading.aim() == Some(Aim::Parcels) {
            self.aim.clone_from(&all);
        }
        if let Some(most) = self.reading.model.limits.max_parcels {
            self.milp.at_most(all, most.into());
        }
    }

    /// The units of lines that belong together come from one supplier, all of them or none.
    fn groups(&mut self) {
        for group in &self.reading.model.limits.together {
            let suppliers = self.reading.request.suppliers.iter();
            let places: BTreeMap<SupplierId, usize> =
                suppliers.map(|terms| (terms.id, self.milp.count(0.0, 1))).collect();
            let one: Sum = places.values().map(|place| (*place, 1.0)).collect();
            self.milp.at_most(one.clone(), 1.0);
            for line in self
                .reading
                .request
                .lines
                .iter()
                .filter(|line| group.contains(&line.line))
            {
                for way in &line.alternatives {
                    self.within(line, way, &places);
                }
                let served = line
                    .alternatives
                    .iter()
                    .map(|way| (self.units[&(line.line, way.id)], 1.0));
                let all = one.iter().map(|(place, _)| (*place, -f64::from(line.units)));
                let whole: Sum = served.chain(all).collect();
                self.milp.exactly(whole, 0.0);
            }
        }
    }

    /// A way serves units only if all of it comes from the group's place.
    fn within(&mut self, line: &LineDemand, way: &Alternative, places: &BTreeMap<SupplierId, usize>) {
        let suppliers: BTreeSet<SupplierId> = way.components.iter().map(|part| part.offer.supplier).collect();
        let mut within = vec![(self.units[&(line.line, way.id)], 1.0)];
        if let (Some(first), 1) = (suppliers.first(), suppliers.len()) {
            within.push((places[first], -f64::from(line.units)));
        }
        self.milp.at_most(within, 0.0);
    }
}

/// One entry for each variable, with the sum of its factors.
fn merged(pieces: impl Iterator<Item = (usize, f64)>) -> Sum {
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (variable, factor) in pieces {
        *sums.entry(variable).or_insert(0.0) += factor;
    }
    sums.into_iter().collect()
}
