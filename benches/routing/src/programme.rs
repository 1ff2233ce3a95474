//! An order and its cost model as a mixed-integer programme, written down from the
//! request alone and without a look at how routing does it. Also what a plan costs,
//! worked out from what the plan says alone.

use std::collections::{BTreeMap, BTreeSet};

use orderyard::{
    domain::money::Money,
    ids::{AlternativeId, OfferId, OrderLineId, SupplierId},
    routing::{
        Alternative, LineDemand, OfferFacts, Outcome, RoutePlan, RouteRequest, Strategy, SupplierTerms,
        terms::{CostModel, Shipping, SupplierCosts},
    },
};

use crate::{
    instances::float,
    milp::{Milp, Sum},
};

/// Cents for each unit that nothing serves: more than any plan costs.
pub const UNSERVED: f64 = 300_000.0;
/// The request's numbers in cents, as floating point.
pub struct Reading<'a> {
    request: &'a RouteRequest,
    model: &'a CostModel,
}

impl<'a> Reading<'a> {
    #[must_use]
    pub fn of(request: &'a RouteRequest) -> Self {
        let Strategy::LeastCost(model) = &request.strategy else {
            panic!("no cost model");
        };
        Self { request, model }
    }

    fn cents(money: Money) -> f64 {
        let factor = match money.currency.code() {
            "EUR" => 1.0,
            "USD" => 0.92,
            "JPY" => 100.0 / 161.7,
            other => panic!("no rate for {other}"),
        };
        float(money.amount_minor) * factor
    }

    fn costs(&self, id: SupplierId) -> &SupplierCosts {
        self.model
            .suppliers
            .iter()
            .find(|costs| costs.supplier == id)
            .expect("costs")
    }

    fn terms(&self, id: SupplierId) -> &SupplierTerms {
        self.request
            .suppliers
            .iter()
            .find(|terms| terms.id == id)
            .expect("terms")
    }

    fn days(&self, id: SupplierId) -> f64 {
        let (terms, hour) = (self.terms(id), self.request.facts.hour);
        let too_late = terms
            .service
            .cutoff_hour
            .zip(hour)
            .is_some_and(|(cutoff, hour)| hour >= cutoff);
        f64::from(terms.handling_days + u32::from(too_late) + self.costs(id).transit_days)
    }

    fn prices(&self, offer: &OfferFacts) -> Vec<(u32, f64)> {
        let duties = 1.0 + f64::from(self.costs(offer.supplier).duties_bp) / 10_000.0;
        let lists = self.request.price_breaks.iter().filter(|list| list.offer == offer.id);
        let breaks = lists
            .flat_map(|list| &list.breaks)
            .map(|step| (step.from, Self::cents(step.unit_cost) * duties));
        [(1, Self::cents(offer.cost) * duties)]
            .into_iter()
            .chain(breaks)
            .collect()
    }

    /// What preferences add for each unit of an alternative.
    fn per_unit(&self, alternative: &Alternative) -> f64 {
        let wishes = &self.model.preferences;
        let suppliers = || alternative.components.iter().map(|component| component.offer.supplier);
        let days = suppliers().map(|id| self.days(id)).fold(0.0, f64::max);
        let not_own = suppliers().any(|id| !self.costs(id).own);
        let worst = suppliers().map(|id| self.terms(id).priority).max().unwrap_or(1);
        let pieces: u32 = wishes.balance.iter().map(|share| share.pieces).sum();
        let each = alternative.components.iter().map(|component| {
            let id = component.offer.supplier;
            let unfilled = 10_000 - self.costs(id).fill_rate_bp.unwrap_or(10_000);
            let late = 10_000 - self.costs(id).on_time_bp.unwrap_or(10_000);
            let over = wishes
                .balance
                .iter()
                .find(|share| share.supplier == id)
                .map_or(if wishes.balance.is_empty() { 0 } else { 10_000 }, |share| {
                    (share.pieces * 10_000 / pieces.max(1)).saturating_sub(share.target_bp)
                });
            let weighed = f64::from(wishes.per_unfilled_piece) * f64::from(unfilled)
                + f64::from(wishes.per_late_piece) * f64::from(late)
                + f64::from(wishes.per_piece_off_balance) * f64::from(over);
            f64::from(component.per_unit) * weighed / 10_000.0
        });
        f64::from(wishes.per_unit_day) * days
            + if not_own {
                f64::from(wishes.per_unit_not_own)
            } else {
                0.0
            }
            + f64::from(wishes.per_unit_priority) * f64::from(worst - 1)
            + each.sum::<f64>()
    }

    /// What using a supplier at all costs, and what each of its parcels does.
    fn charges(&self, id: SupplierId) -> (f64, f64) {
        let wishes = &self.model.preferences;
        let late = self
            .model
            .promised_days
            .map_or(0.0, |promised| (self.days(id) - f64::from(promised)).max(0.0));
        let order = Self::cents(self.costs(id).per_order) + f64::from(wishes.late_per_day) * late;
        (
            order,
            Self::cents(self.costs(id).per_parcel) + f64::from(wishes.per_parcel),
        )
    }

    fn brackets(&self, id: SupplierId) -> Vec<(f64, f64)> {
        match &self.costs(id).shipping {
            Shipping::Included => vec![(1e6, 0.0)],
            Shipping::NotKnown { .. } => panic!("no zone"),
            Shipping::ByWeight(table) => table
                .iter()
                .map(|bracket| (f64::from(bracket.up_to_g), Self::cents(bracket.cost)))
                .collect(),
        }
    }
}

/// The cost of our plan, worked out from what it says alone.
#[must_use]
pub fn cost_of(reading: &Reading<'_>, plan: &RoutePlan) -> f64 {
    let mut cost = 0.0;
    let mut weights: BTreeMap<SupplierId, u32> = BTreeMap::new();
    let mut pieces: BTreeMap<OfferId, (u32, &OfferFacts)> = BTreeMap::new();
    for entry in &plan.lines {
        let Outcome::Allocated { alternative, .. } = &entry.outcome else {
            cost += UNSERVED * f64::from(entry.units);
            continue;
        };
        let line = reading
            .request
            .lines
            .iter()
            .find(|line| line.line == entry.line)
            .expect("line");
        let way = line
            .alternatives
            .iter()
            .find(|way| way.id == *alternative)
            .expect("alternative");
        cost += reading.per_unit(way) * f64::from(entry.units);
        for component in &way.components {
            let count = component.per_unit * entry.units;
            pieces.entry(component.offer.id).or_insert((0, &component.offer)).0 += count;
            *weights.entry(component.offer.supplier).or_default() += count * component.offer.weight_g.expect("weight");
        }
    }
    for (count, offer) in pieces.values() {
        let mut reached = reading.prices(offer).into_iter().filter(|(from, _)| from <= count);
        cost += reached.next_back().expect("price").1 * f64::from(*count);
    }
    let mut parcels = 0;
    for (id, weight) in weights {
        let (per_order, per_parcel) = reading.charges(id);
        let table = reading.brackets(id);
        let (heaviest, full_price) = *table.last().expect("bracket");
        let mut weight = f64::from(weight);
        cost += per_order + per_parcel;
        parcels += 1;
        while weight > heaviest {
            weight -= heaviest;
            cost += full_price + per_parcel;
            parcels += 1;
        }
        let fitting = table.iter().filter(|(up_to, _)| *up_to >= weight);
        cost += fitting.map(|(_, price)| *price).fold(f64::INFINITY, f64::min);
    }
    assert!(parcels <= reading.model.limits.max_parcels.unwrap_or(u32::MAX));
    cost
}

/// The order as a mixed-integer programme.
#[must_use]
pub fn programme(reading: &Reading<'_>) -> Milp {
    let mut programme = Programme {
        reading,
        milp: Milp::default(),
        units: BTreeMap::new(),
    };
    programme.lines();
    programme.goods();
    programme.parcels();
    programme.groups();
    programme.milp
}

/// The programme under construction.
struct Programme<'a> {
    reading: &'a Reading<'a>,
    milp: Milp,
    /// Units by line and alternative.
    units: BTreeMap<(OrderLineId, AlternativeId), usize>,
}

impl<'a> Programme<'a> {
    /// Each unit is served in one way or in none.
    fn lines(&mut self) {
        for line in &self.reading.request.lines {
            let mut sum = vec![(self.milp.count(UNSERVED, line.units), 1.0)];
            for way in &line.alternatives {
                let var = self.milp.count(self.reading.per_unit(way), line.units);
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
