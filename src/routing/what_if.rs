//! Past orders decided twice, as the shop routes now and as a draft would: what each
//! costs, and which orders change. The facts come in order by order; sums are all
//! that stays.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    plan::{Outcome, RoutePlan},
    request::{OfferFacts, RouteRequest},
    rules::Circumstances,
    tariff::Tariff,
    terms::CostModel,
};
pub use crate::domain::what_if::{SupplierTally, Tally};
use crate::{
    domain::money::Money,
    ids::{OfferId, OrderLineId, SupplierId},
};

/// An order decided one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Pieces by line and offer.
    pub pieces: BTreeMap<(OrderLineId, OfferId), u32>,
    /// Names of those who ship, for people.
    pub suppliers: BTreeSet<String>,
    pub by_supplier: BTreeMap<SupplierId, u32>,
    /// Units that nothing serves.
    pub unserved: u32,
    /// None where a cost, a zone or a rate is missing.
    pub price: Option<Price>,
}

/// What a plan costs and how long it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Goods, duties, fees and shipping, in the shop's currency.
    pub total: Money,
    pub parcels: u32,
    /// Until the last parcel arrives.
    pub days: u32,
    pub by_supplier: BTreeMap<SupplierId, Money>,
}

impl Tally {
    /// Adds an order, of which `both` says that it is priced on either side: only
    /// such orders' costs can be compared.
    pub fn add(&mut self, decided: &Decided, both: bool) {
        if decided.unserved > 0 {
            self.short += 1;
        } else if decided.price.is_none() {
            self.unpriced += 1;
        }
        for (supplier, pieces) in &decided.by_supplier {
            let tally = self.suppliers.entry(*supplier).or_default();
            tally.orders += 1;
            tally.pieces += u64::from(*pieces);
        }
        let Some(price) = decided.price.as_ref().filter(|_| both) else {
            return;
        };
        self.priced += 1;
        self.cost_minor = self.cost_minor.saturating_add(price.total.amount_minor);
        self.parcels += u64::from(price.parcels);
        self.days += u64::from(price.days);
        for (supplier, cost) in &price.by_supplier {
            let tally = self.suppliers.entry(*supplier).or_default();
            tally.cost_minor = tally.cost_minor.saturating_add(cost.amount_minor);
        }
    }
}

impl Decided {
    /// Nothing is served, and nothing was asked for.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            pieces: BTreeMap::new(),
            suppliers: BTreeSet::new(),
            by_supplier: BTreeMap::new(),
            unserved: 0,
            price: None,
        }
    }

    /// Reads a plan, and prices it by `model`, whatever strategy made it.
    #[must_use]
    pub fn of(request: &RouteRequest, plan: &RoutePlan, model: &CostModel) -> Self {
        let mut decided = Self::nothing();
        for line in &plan.lines {
            let Outcome::Allocated { components, .. } = &line.outcome else {
                decided.unserved += line.units;
                continue;
            };
            for component in components {
                *decided.pieces.entry((line.line, component.offer)).or_default() += component.quantity;
                *decided.by_supplier.entry(component.supplier).or_default() += component.quantity;
                decided.suppliers.insert(component.supplier_name.clone());
            }
        }
        if decided.unserved == 0 {
            decided.price = price(request, plan, model);
        }
        decided
    }

    /// Whether other offers serve the order, or other quantities of them.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        self.pieces != other.pieces
    }

    #[must_use]
    pub fn is_priced(&self) -> bool {
        self.price.is_some()
    }
}

/// What a plan costs; none where a number is missing.
fn price(request: &RouteRequest, plan: &RoutePlan, model: &CostModel) -> Option<Price> {
    let tariff = Tariff::new(model, &request.price_breaks);
    let around = Circumstances {
        suppliers: request.suppliers.iter().map(|terms| (terms.id, terms)).collect(),
        destination: request.destination.as_deref(),
        hour: request.facts.hour,
        promised_in_days: request.facts.promised_in_days,
    };
    let mut bought: BTreeMap<OfferId, (&OfferFacts, u32)> = BTreeMap::new();
    for line in &plan.lines {
        let Outcome::Allocated { alternative, .. } = &line.outcome else {
            continue;
        };
        let demand = request.lines.iter().find(|demand| demand.line == line.line)?;
        let way = demand.alternatives.iter().find(|way| way.id == *alternative)?;
        if !tariff.refusals(way, &around).is_empty() {
            return None;
        }
        for component in &way.components {
            let pieces = component.per_unit.checked_mul(line.units)?;
            bought.entry(component.offer.id).or_insert((&component.offer, 0)).1 += pieces;
        }
    }
    let mut parts: BTreeMap<SupplierId, (i128, u64)> = BTreeMap::new();
    for (offer, pieces) in bought.into_values() {
        let part = parts.entry(offer.supplier).or_default();
        part.0 += tariff.landed(offer.supplier, tariff.unit_cost(offer, pieces)) * i128::from(pieces);
        part.1 += u64::from(offer.weight_g.unwrap_or(0)) * u64::from(pieces);
    }
    let mut all = Price {
        total: Money::new(0, model.currency),
        parcels: 0,
        days: 0,
        by_supplier: BTreeMap::new(),
    };
    let mut total = 0;
    for (supplier, (goods, weight_g)) in parts {
        let parcels = tariff.parcels(supplier, weight_g.max(1));
        let cost = goods + parcels.fees + parcels.shipping;
        total += cost;
        all.parcels += parcels.count;
        all.days = all.days.max(tariff.days(supplier, &around));
        all.by_supplier.insert(supplier, tariff.exchange.money(cost));
    }
    all.total = tariff.exchange.money(total);
    Some(all)
}
