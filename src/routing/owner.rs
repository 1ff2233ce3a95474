//! Makes the terms of one order from what the shop's owner wrote down: the zone of
//! each supplier for its address, the rates of the day, the strategy as weights.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{
    request::{LineDemand, OfferFacts, Strategy},
    terms::{CostModel, Effort, Limits, Preferences, Preset, Share, Shipping, SupplierCosts},
};
use crate::{
    domain::{
        costs::{ConnectionCosts, Destination, Rate, RoutingSettings, StrategyWord, Weights, ZoneFound},
        money::Currency,
    },
    ids::{OfferId, SupplierId},
};

/// What the owner wrote down, as far as it bears on one order.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    pub settings: &'a RoutingSettings,
    /// The shop's.
    pub currency: Currency,
    /// Also with those that ship nothing of the order and have a share: it is measured by them.
    pub agreements: &'a [Agreement<'a>],
    pub destination: Destination<'a>,
    /// In the shop's time zone.
    pub today: NaiveDate,
    /// Pieces that each supplier had of late, for shares.
    pub had: &'a BTreeMap<SupplierId, u32>,
    pub effort: Effort,
}

/// What is agreed with a supplier.
#[derive(Clone, Copy, Debug)]
pub struct Agreement<'a> {
    pub supplier: SupplierId,
    pub key: &'a str,
    /// None where the owner did not say what it charges.
    pub costs: Option<&'a ConnectionCosts>,
    /// Pieces that left in time of those that were due, in basis points, where there were enough.
    pub on_time_bp: Option<u32>,
}

impl Terms<'_> {
    /// The strategy for an order of these lines.
    #[must_use]
    pub fn strategy(&self, lines: &[LineDemand]) -> Strategy {
        if self.settings.strategy == StrategyWord::Priority {
            return Strategy::Priority;
        }
        Strategy::LeastCost(Box::new(self.model(lines)))
    }

    /// What an order of these lines costs, whatever the strategy.
    #[must_use]
    pub fn model(&self, lines: &[LineDemand]) -> CostModel {
        let components = lines
            .iter()
            .flat_map(|line| &line.alternatives)
            .flat_map(|way| &way.components);
        let offers: BTreeMap<OfferId, &OfferFacts> = components.map(|part| (part.offer.id, &part.offer)).collect();
        let suppliers: Vec<SupplierCosts> = self.agreements.iter().filter_map(|with| self.supplier(*with)).collect();
        CostModel {
            currency: self.currency,
            rates: self.rates(&offers, &suppliers),
            suppliers,
            preferences: self.preferences(preset(self.settings.strategy)),
            limits: Limits::default(),
            promised_days: self.settings.promised_days,
            effort: self.effort,
        }
    }

    fn supplier(&self, with: Agreement<'_>) -> Option<SupplierCosts> {
        let costs = with.costs?;
        let (zone, shipping) = match costs.zone(self.destination) {
            ZoneFound::In(zone) if zone.brackets.is_empty() => (Some(zone), Shipping::Included),
            ZoneFound::In(zone) => (Some(zone), Shipping::ByWeight(zone.brackets.clone())),
            ZoneFound::Nowhere => (None, Shipping::NotKnown { unknown: None }),
            ZoneFound::Unknown(what) => {
                let unknown = Some(what.to_owned());
                (None, Shipping::NotKnown { unknown })
            }
        };
        Some(SupplierCosts {
            supplier: with.supplier,
            per_order: costs.per_order,
            per_parcel: costs.per_parcel,
            shipping,
            duties_bp: zone.map_or(0, |zone| zone.duty_bp + zone.tax_bp),
            transit_days: zone.map_or(0, |zone| zone.transit_days),
            own: costs.own_stock,
            fill_rate_bp: costs.fill_rate_bp,
            on_time_bp: with.on_time_bp,
        })
    }

    /// The newest rate of each pair of currencies that the order needs: more of them
    /// would only make exact sums longer.
    fn rates(&self, offers: &BTreeMap<OfferId, &OfferFacts>, suppliers: &[SupplierCosts]) -> Vec<Rate> {
        let asked: BTreeSet<SupplierId> = offers.values().map(|offer| offer.supplier).collect();
        let charging = suppliers.iter().filter(|costs| asked.contains(&costs.supplier));
        let fees = charging.flat_map(|costs| {
            let table = match &costs.shipping {
                Shipping::ByWeight(table) => table.as_slice(),
                Shipping::Included | Shipping::NotKnown { .. } => &[],
            };
            let brackets = table.iter().map(|bracket| bracket.cost.currency);
            [costs.per_order.currency, costs.per_parcel.currency]
                .into_iter()
                .chain(brackets)
        });
        let all = offers.values().map(|offer| offer.cost.currency).chain(fees);
        let wanted: BTreeSet<&str> = all.map(Currency::code).collect();
        let mut newest: BTreeMap<(&str, &str), &Rate> = BTreeMap::new();
        for rate in &self.settings.rates {
            let (from, to) = (rate.from.code(), rate.to.code());
            let own = self.currency.code();
            let fits = (to == own && wanted.contains(from)) || (from == own && wanted.contains(to));
            if fits && rate.on <= self.today {
                let known = newest.entry((from, to)).or_insert(rate);
                if known.on < rate.on {
                    *known = rate;
                }
            }
        }
        newest.into_values().cloned().collect()
    }

    fn preferences(&self, preset: Preset) -> Preferences {
        let chosen = Preferences::of(preset);
        let Weights {
            late_per_day,
            per_unit_day,
            per_parcel,
            per_unit_not_own,
            per_unit_priority,
            per_unfilled_piece,
            per_late_piece,
        } = self.settings.weights;
        let shares = self.settings.shares.iter().filter_map(|share| {
            let with = self.agreements.iter().find(|with| with.key == share.supplier)?;
            Some(Share {
                supplier: with.supplier,
                target_bp: share.target_bp,
                pieces: self.had.get(&with.supplier).copied().unwrap_or(0),
            })
        });
        Preferences {
            aim: chosen.aim,
            late_per_day: chosen.late_per_day.max(late_per_day),
            per_unit_day: chosen.per_unit_day.max(per_unit_day),
            per_parcel: chosen.per_parcel.max(per_parcel),
            per_unit_not_own: chosen.per_unit_not_own.max(per_unit_not_own),
            per_unit_priority: chosen.per_unit_priority.max(per_unit_priority),
            per_unfilled_piece: chosen.per_unfilled_piece.max(per_unfilled_piece),
            per_late_piece: chosen.per_late_piece.max(per_late_piece),
            per_piece_off_balance: chosen.per_piece_off_balance,
            balance: match preset {
                Preset::BalancedShare => shares.collect(),
                _ => Vec::new(),
            },
        }
    }
}

/// The priority list prefers nothing that has a price.
const fn preset(word: StrategyWord) -> Preset {
    match word {
        StrategyWord::Priority | StrategyWord::Cheapest => Preset::Cheapest,
        StrategyWord::Fastest => Preset::Fastest,
        StrategyWord::FewestParcels => Preset::FewestParcels,
        StrategyWord::PreferredSupplier => Preset::PreferredSupplier,
        StrategyWord::BalancedShare => Preset::BalancedShare,
        StrategyWord::OwnStockFirst => Preset::OwnStockFirst,
    }
}
