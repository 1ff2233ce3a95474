//! The hard rules: what an alternative must meet before anyone asks what it
//! costs. Stock is not judged here, since other lines of the order draw on it too.

use std::collections::BTreeMap;

use super::{
    plan::{Field, RejectedBecause},
    request::{Alternative, Component, LineDemand, OfferFacts, RouteRequest, SupplierTerms},
};
use crate::{domain::mapping::is_accepted, ids::SupplierId};

/// Costs above this are taken for a mistake: a hundred billion of a currency with
/// cents. Below it no sum over an order can overflow.
const COST_LIMIT_MINOR: i64 = 10_000_000_000_000;

/// What surrounds the lines of one order.
pub struct Circumstances<'a> {
    pub suppliers: BTreeMap<SupplierId, &'a SupplierTerms>,
    pub destination: Option<&'a str>,
    /// Of the shop's day, at which it is decided.
    pub hour: Option<u32>,
    /// Days until the order is to leave, where that was promised; less than 0 when it is late already.
    pub promised_in_days: Option<i64>,
}

impl<'a> Circumstances<'a> {
    pub fn of(request: &'a RouteRequest) -> Self {
        Self {
            suppliers: request.suppliers.iter().map(|terms| (terms.id, terms)).collect(),
            destination: request.destination.as_deref(),
            hour: request.facts.hour,
            promised_in_days: request.facts.promised_in_days,
        }
    }
}

/// Every rule that the alternative breaks, the gravest first and prices last;
/// empty when it is eligible.
pub fn refusals(line: &LineDemand, alternative: &Alternative, around: &Circumstances<'_>) -> Vec<RejectedBecause> {
    let mut found = Vec::new();
    if alternative.components.is_empty() {
        found.push(RejectedBecause::BadData {
            field: Field::Components,
        });
    }
    let chosen = |offer| alternative.components.iter().any(|c| c.offer.id == offer);
    if line.forced_offer.is_some_and(|offer| !chosen(offer)) {
        found.push(RejectedBecause::NotChosen);
    }
    for component in &alternative.components {
        data(line, component, &mut found);
        permissions(line, &component.offer, around, &mut found);
    }
    for component in &alternative.components {
        let terms = around.suppliers.get(&component.offer.supplier);
        found.extend(terms.and_then(|terms| price(component, terms.price_tolerance_bp)));
    }
    found
}

/// Refuses numbers that cannot be right rather than computing with them.
fn data(line: &LineDemand, component: &Component, found: &mut Vec<RejectedBecause>) {
    let mut refuse = |bad: bool, field| {
        if bad {
            found.push(RejectedBecause::BadData { field });
        }
    };
    let pieces = component.per_unit.checked_mul(line.units).filter(|n| *n > 0);
    refuse(pieces.is_none(), Field::PerUnit);
    let cost = component.offer.cost.amount_minor;
    let sum = cost.checked_mul(i64::from(pieces.unwrap_or(1)));
    refuse(cost < 0 || sum.is_none_or(|sum| sum > COST_LIMIT_MINOR), Field::Cost);
    refuse(component.accepted_cost.amount_minor < 0, Field::AcceptedCost);
}

/// Who may ship this offer to this order.
fn permissions(line: &LineDemand, offer: &OfferFacts, around: &Circumstances<'_>, found: &mut Vec<RejectedBecause>) {
    let Some(terms) = around.suppliers.get(&offer.supplier) else {
        found.push(RejectedBecause::NotConnected {
            supplier: offer.supplier,
            sku: offer.sku.clone(),
        });
        return;
    };
    if !terms.active {
        found.push(RejectedBecause::SupplierPaused {
            supplier_name: terms.name.clone(),
        });
    }
    if line.excluded.contains(&offer.supplier) && line.forced_offer != Some(offer.id) {
        found.push(RejectedBecause::RejectedBefore {
            supplier_name: terms.name.clone(),
        });
    }
    if offer.goods.dangerous && !terms.service.dangerous_goods {
        found.push(RejectedBecause::DangerousGoods {
            sku: offer.sku.clone(),
            supplier_name: terms.name.clone(),
        });
    }
    if let Some(age) = offer.goods.minimum_age.filter(|_| !terms.service.checks_age) {
        found.push(RejectedBecause::AgeNotChecked {
            sku: offer.sku.clone(),
            supplier_name: terms.name.clone(),
            age,
        });
    }
    if !offer.active {
        found.push(RejectedBecause::OfferInactive { sku: offer.sku.clone() });
    }
    let reaches = |country: &str| offer.ships_to.iter().any(|to| to.eq_ignore_ascii_case(country));
    if !offer.ships_to.is_empty() && !around.destination.is_some_and(reaches) {
        found.push(RejectedBecause::DoesNotShipTo {
            sku: offer.sku.clone(),
            destination: around.destination.map(str::to_owned),
            ships_to: offer.ships_to.clone(),
        });
    }
}

/// The price guard: never above what the shop accepted plus its tolerance.
fn price(component: &Component, tolerance_bp: u32) -> Option<RejectedBecause> {
    let (offer, accepted) = (&component.offer, component.accepted_cost);
    if offer.cost.currency != accepted.currency {
        return Some(RejectedBecause::CurrencyChanged {
            offer: offer.id,
            sku: offer.sku.clone(),
            accepted,
            now: offer.cost,
        });
    }
    (!is_accepted(offer.cost, accepted, tolerance_bp)).then(|| RejectedBecause::PriceRose {
        offer: offer.id,
        sku: offer.sku.clone(),
        accepted,
        now: offer.cost,
        tolerance_bp,
    })
}
