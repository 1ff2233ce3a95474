//! A request's numbers as a stranger to routing reads them: what each supplier, offer and
//! alternative costs and how it stands to what the strategy aims at. Also what a plan has of all
//! this, worked out from what the plan says alone.

use std::collections::BTreeMap;

use orderyard::{
    domain::money::Money,
    ids::{OfferId, SupplierId},
    routing::{
        Alternative, OfferFacts, Outcome, RoutePlan, RouteRequest, Strategy, SupplierTerms,
        terms::{Aim, CostModel, Preferences, Shipping, SupplierCosts},
    },
};

use crate::instances::float;

/// The request's numbers in cents, as floating point.
pub struct Reading<'a> {
    pub request: &'a RouteRequest,
    pub model: &'a CostModel,
    /// The owner's own weights: what the strategy aims at comes before any cost and is none.
    wishes: Preferences,
}

impl<'a> Reading<'a> {
    #[must_use]
    pub fn of(request: &'a RouteRequest) -> Self {
        let Strategy::LeastCost(model) = &request.strategy else {
            panic!("no cost model");
        };
        let mut wishes = model.preferences.clone();
        match wishes.aim {
            None => {}
            Some(Aim::UnitDays) => wishes.per_unit_day = 0,
            Some(Aim::Parcels) => wishes.per_parcel = 0,
            Some(Aim::StepsDown) => wishes.per_unit_priority = 0,
            Some(Aim::AboveShare) => wishes.per_piece_off_balance = 0,
            Some(Aim::UnitsNotOwn) => wishes.per_unit_not_own = 0,
        }
        Self { request, model, wishes }
    }

    #[must_use]
    pub const fn aim(&self) -> Option<Aim> {
        self.wishes.aim
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

    #[must_use]
    pub fn prices(&self, offer: &OfferFacts) -> Vec<(u32, f64)> {
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

    fn days_of(&self, alternative: &Alternative) -> f64 {
        suppliers(alternative).map(|id| self.days(id)).fold(0.0, f64::max)
    }

    fn is_own(&self, alternative: &Alternative) -> bool {
        suppliers(alternative).all(|id| self.costs(id).own)
    }

    fn steps_down(&self, alternative: &Alternative) -> f64 {
        let first = self.request.suppliers.iter().map(|terms| terms.priority).min();
        let worst = suppliers(alternative).map(|id| self.terms(id).priority).max();
        f64::from(worst.expect("a component") - first.expect("a supplier"))
    }

    /// Basis points that a supplier has above its share; whoever has no share has all of them.
    fn above_share(&self, id: SupplierId) -> u32 {
        let balance = &self.wishes.balance;
        let pieces: u32 = balance.iter().map(|share| share.pieces).sum();
        let known = balance.iter().find(|share| share.supplier == id);
        known.map_or(if balance.is_empty() { 0 } else { 10_000 }, |share| {
            (share.pieces * 10_000 / pieces.max(1)).saturating_sub(share.target_bp)
        })
    }

    /// What each unit of an alternative has of what the strategy aims at; of parcels, no unit has any by itself.
    #[must_use]
    pub fn aim_per_unit(&self, alternative: &Alternative) -> f64 {
        match self.aim() {
            None | Some(Aim::Parcels) => 0.0,
            Some(Aim::UnitDays) => self.days_of(alternative),
            Some(Aim::StepsDown) => self.steps_down(alternative),
            Some(Aim::UnitsNotOwn) => f64::from(u8::from(!self.is_own(alternative))),
            Some(Aim::AboveShare) => {
                let parts = alternative.components.iter();
                let above = parts.map(|part| part.per_unit * self.above_share(part.offer.supplier));
                f64::from(above.sum::<u32>())
            }
        }
    }

    /// What preferences add for each unit of an alternative.
    #[must_use]
    pub fn per_unit(&self, alternative: &Alternative) -> f64 {
        let wishes = &self.wishes;
        let each = alternative.components.iter().map(|component| {
            let id = component.offer.supplier;
            let unfilled = 10_000 - self.costs(id).fill_rate_bp.unwrap_or(10_000);
            let late = 10_000 - self.costs(id).on_time_bp.unwrap_or(10_000);
            let weighed = f64::from(wishes.per_unfilled_piece) * f64::from(unfilled)
                + f64::from(wishes.per_late_piece) * f64::from(late)
                + f64::from(wishes.per_piece_off_balance) * f64::from(self.above_share(id));
            f64::from(component.per_unit) * weighed / 10_000.0
        });
        let not_own = f64::from(u8::from(!self.is_own(alternative)));
        f64::from(wishes.per_unit_day) * self.days_of(alternative)
            + f64::from(wishes.per_unit_not_own) * not_own
            + f64::from(wishes.per_unit_priority) * self.steps_down(alternative)
            + each.sum::<f64>()
    }

    /// What using a supplier at all costs, and what each of its parcels does.
    #[must_use]
    pub fn charges(&self, id: SupplierId) -> (f64, f64) {
        let wishes = &self.wishes;
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

    #[must_use]
    pub fn brackets(&self, id: SupplierId) -> Vec<(f64, f64)> {
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

fn suppliers(alternative: &Alternative) -> impl Iterator<Item = SupplierId> + '_ {
    alternative.components.iter().map(|component| component.offer.supplier)
}

/// What a plan has of everything that plans are compared by, in the order in which they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    /// Units that nobody serves.
    pub left: f64,
    /// Of what the strategy aims at.
    pub aim: f64,
    /// Cents, the owner's weights included.
    pub cost: f64,
}

/// What our plan has of everything, worked out from what it says alone.
#[must_use]
pub fn measured(reading: &Reading<'_>, plan: &RoutePlan) -> Measures {
    let Measures {
        mut left,
        mut aim,
        mut cost,
    } = Measures::default();
    let mut weights: BTreeMap<SupplierId, u32> = BTreeMap::new();
    let mut pieces: BTreeMap<OfferId, (u32, &OfferFacts)> = BTreeMap::new();
    for entry in &plan.lines {
        let Outcome::Allocated { alternative, .. } = &entry.outcome else {
            left += f64::from(entry.units);
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
        aim += reading.aim_per_unit(way) * f64::from(entry.units);
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
    if reading.aim() == Some(Aim::Parcels) {
        aim = f64::from(parcels);
    }
    Measures { left, aim, cost }
}
