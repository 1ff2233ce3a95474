//! How many parcels a plan needs that no solver made: as many as each supplier's weight does where its brackets are
//! known, else one of each.

use std::collections::BTreeMap;

use super::{
    candidates::{Candidate, Stock},
    request::{Alternative, LineDemand},
    tariff::Tariff,
    terms::CostModel,
};
use crate::ids::SupplierId;

/// What each supplier ships, in grams.
#[derive(Clone, Debug, Default)]
pub struct Loads(BTreeMap<SupplierId, u64>);

impl Loads {
    pub fn add(&mut self, alternative: &Alternative, units: u32) {
        for (supplier, grams) in load(alternative, units) {
            *self.0.entry(supplier).or_default() += grams;
        }
    }

    pub fn parcels(&self, tariff: Option<&Tariff<'_>>) -> u32 {
        let each = self.0.iter().map(|(supplier, grams)| needed(tariff, *supplier, *grams));
        each.fold(0, u32::saturating_add)
    }

    /// The most units up to `units` with which there are at most `most` parcels.
    pub fn room(&self, alternative: &Alternative, units: u32, most: u32, tariff: Option<&Tariff<'_>>) -> u32 {
        let fits = |units: u32| {
            let mut with = self.clone();
            with.add(alternative, units);
            with.parcels(tariff) <= most
        };
        if units == 0 || fits(units) {
            return units;
        }
        let (mut room, mut beyond) = (0, units);
        while beyond - room > 1 {
            let middle = room + (beyond - room) / 2;
            if fits(middle) {
                room = middle;
            } else {
                beyond = middle;
            }
        }
        room
    }
}

/// The most parcels that a person's choices take by themselves.
pub fn of_chosen(
    lines: &[&LineDemand],
    judged: &[Vec<Candidate<'_>>],
    stock: &Stock,
    tariff: Option<&Tariff<'_>>,
) -> u32 {
    let mut loads = Loads::default();
    let chosen = lines.iter().zip(judged).filter(|(line, _)| line.forced_offer.is_some());
    for (line, candidates) in chosen {
        for candidate in candidates.iter().filter(|candidate| candidate.is_eligible()) {
            let units = line.units.min(stock.units(candidate));
            if units > 0 {
                loads.add(candidate.alternative, units);
            }
        }
    }
    loads.parcels(tariff)
}

/// The parcels that so many grams from each supplier need, counted as a plan counts them.
#[must_use]
pub fn parcels_needed(costs: &CostModel, loads: &[(SupplierId, u64)]) -> Vec<u32> {
    let tariff = Tariff::new(costs, &[]);
    loads
        .iter()
        .map(|(supplier, grams)| needed(Some(&tariff), *supplier, *grams))
        .collect()
}

fn load(alternative: &Alternative, units: u32) -> impl Iterator<Item = (SupplierId, u64)> {
    alternative.components.iter().map(move |component| {
        let grams = u64::from(component.offer.weight_g.unwrap_or(0)) * u64::from(component.per_unit);
        (component.offer.supplier, grams.saturating_mul(units.into()))
    })
}

fn needed(tariff: Option<&Tariff<'_>>, supplier: SupplierId, grams: u64) -> u32 {
    tariff.map_or(1, |tariff| tariff.parcels_needed(supplier, grams))
}
