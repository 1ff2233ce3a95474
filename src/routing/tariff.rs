//! What things cost by the owner's cost model, each in exact parts of the shop's
//! minor unit: pieces by quantity, a supplier's parcels by weight, preferences.
//! And what may not be priced at all, because a number is missing or wrong.

use std::collections::BTreeMap;

use super::{
    plan::{Field, RejectedBecause},
    rates::Exchange,
    request::{Alternative, Component, OfferFacts},
    rules::Circumstances,
    solver::Score,
    sound::{brackets, brackets_are_sound, breaks_are_sound, weight_refusal},
    terms::{ABOVE_ALL, Aim, CostModel, Preferences, PriceBreak, PriceBreaks, Shipping, SupplierCosts},
};
use crate::{
    domain::{
        costs::{self, WHOLE_BP},
        money::{Currency, Money},
    },
    ids::{OfferId, SupplierId},
};

/// Parcels of one supplier for one order; more is taken for a mistake.
pub const MOST_PARCELS: u32 = 200;

/// Parts of an order's cost beyond which nothing is made to outweigh them: far from overflow.
const MOST_OUTWEIGHED: Score = 1 << 90;

/// The cost model, ready to be asked.
#[derive(Debug)]
pub struct Tariff<'a> {
    pub model: &'a CostModel,
    pub exchange: Exchange<'a>,
    suppliers: BTreeMap<SupplierId, Charges<'a>>,
    breaks: BTreeMap<OfferId, &'a [PriceBreak]>,
    /// Whether the owner has any preference.
    has_wishes: bool,
    /// Whether the owner's order of the candidates decides between plans of the same cost.
    pub breaks_ties: bool,
    /// How many times [`ABOVE_ALL`] outweighs whatever the order may cost.
    aim_times: Score,
}

/// What a supplier charges, converted and checked once for all of its offers.
#[derive(Debug)]
struct Charges<'a> {
    costs: &'a SupplierCosts,
    per_order: Score,
    per_parcel: Score,
    /// Each bracket's limit and the least that it or a heavier one costs; amounts without a rate are zero.
    brackets: Vec<(u64, Score)>,
    fees_are_wrong: bool,
    brackets_are_wrong: bool,
    /// Currencies without a rate, of fees and of brackets.
    unknown: [Option<Currency>; 2],
}

impl<'a> Charges<'a> {
    fn new(costs: &'a SupplierCosts, exchange: &Exchange<'_>) -> Self {
        let parts = |money| exchange.parts(money).unwrap_or(0);
        let table = brackets(&costs.shipping);
        let mut least = Score::MAX;
        let mut known: Vec<(u64, Score)> = Vec::with_capacity(table.len());
        for bracket in table.iter().rev() {
            least = least.min(parts(bracket.cost));
            known.push((bracket.up_to_g.into(), least));
        }
        known.reverse();
        Self {
            costs,
            per_order: parts(costs.per_order),
            per_parcel: parts(costs.per_parcel),
            brackets: known,
            fees_are_wrong: costs.per_order.amount_minor < 0 || costs.per_parcel.amount_minor < 0,
            brackets_are_wrong: !brackets_are_sound(&costs.shipping),
            unknown: [
                without_rate([costs.per_order, costs.per_parcel].into_iter(), exchange),
                without_rate(table.iter().map(|bracket| bracket.cost), exchange),
            ],
        }
    }
}

/// What a supplier's parcels cost, in parts of the shop's minor unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parcels {
    pub count: u32,
    pub fees: Score,
    pub shipping: Score,
}

impl<'a> Tariff<'a> {
    pub fn new(model: &'a CostModel, price_breaks: &'a [PriceBreaks]) -> Self {
        let wishes = &model.preferences;
        let duties = model.suppliers.iter().any(|costs| costs.duties_bp > 0);
        let weighed = [
            wishes.per_unfilled_piece,
            wishes.per_late_piece,
            wishes.per_piece_off_balance,
        ];
        let in_bp = duties || weighed.iter().any(|wish| *wish > 0);
        let exchange = Exchange::new(model, if in_bp { WHOLE_BP.into() } else { 1 });
        let breaks = price_breaks.iter().map(|list| (list.offer, list.breaks.as_slice()));
        Self::by(model, exchange, breaks.collect())
    }

    fn by(model: &'a CostModel, exchange: Exchange<'a>, breaks: BTreeMap<OfferId, &'a [PriceBreak]>) -> Self {
        let charges = |costs: &'a SupplierCosts| (costs.supplier, Charges::new(costs, &exchange));
        Self {
            suppliers: model.suppliers.iter().map(charges).collect(),
            exchange,
            has_wishes: model.preferences != Preferences::default(),
            breaks_ties: true,
            aim_times: 1,
            breaks,
            model,
        }
    }

    /// What `put` makes of the order, by this tariff or, where the order is too large for it, by the finest that
    /// leaves room. None where none does. Where the order may cost `most` without what the strategy aims at, and that
    /// is much, the latter weighs more than usual, as long as there is room for that.
    pub fn fitting<T>(
        self,
        most: impl Fn(&Self) -> Option<Score>,
        put: impl Fn(&Self) -> Option<T>,
    ) -> Option<(Self, T)> {
        let mut tariff = self;
        loop {
            let times = tariff.times_above(&most);
            for times in [times, 1].into_iter().skip(usize::from(times == 1)) {
                tariff.aim_times = times;
                if let Some(done) = put(&tariff) {
                    return Some((tariff, done));
                }
            }
            tariff = tariff.coarser()?;
        }
    }

    /// How many times [`ABOVE_ALL`] it takes for the least amount of what the strategy aims at to outweigh any cost, and
    /// so clearly that a bound tells one from the other.
    fn times_above(&mut self, most: impl Fn(&Self) -> Option<Score>) -> Score {
        self.aim_times = 1;
        let Some(aim) = self.model.preferences.aim else {
            return 1;
        };
        let least = self.aim_parts(aim, 1).max(1);
        self.aim_times = 0;
        most(self).map_or(1, |most| most.min(MOST_OUTWEIGHED) / least * 2 + 1)
    }

    /// A weight of the owner's in parts, or the strategy's own where it aims at this.
    fn weight(&self, aim: Aim, minor: u32) -> Score {
        let parts = self.exchange.own(minor);
        if self.model.preferences.aim == Some(aim) {
            parts * self.aim_times
        } else {
            parts
        }
    }

    /// The same in coarser numbers; in the coarsest, nothing is left to break ties by.
    fn coarser(self) -> Option<Self> {
        match self.exchange.coarser() {
            Some(exchange) => Some(Self::by(self.model, exchange, self.breaks)),
            None => self.breaks_ties.then_some(Self {
                breaks_ties: false,
                ..self
            }),
        }
    }

    /// Why the alternative cannot be priced; empty when it can.
    pub fn refusals(&self, alternative: &Alternative, around: &Circumstances<'_>) -> Vec<RejectedBecause> {
        let mut found = Vec::new();
        for Component { offer, .. } in &alternative.components {
            let name = || {
                let terms = around.suppliers.get(&offer.supplier);
                terms.map_or(&offer.sku, |terms| &terms.name).clone()
            };
            let Some(charges) = self.suppliers.get(&offer.supplier) else {
                found.push(RejectedBecause::CostsUnknown { supplier_name: name() });
                continue;
            };
            let costs = charges.costs;
            let breaks = self.breaks(offer.id);
            let wrong = [
                (Field::Fees, charges.fees_are_wrong),
                (Field::ShippingBrackets, charges.brackets_are_wrong),
                (Field::PriceBreaks, !breaks_are_sound(offer, breaks)),
                (Field::FillRate, costs.fill_rate_bp.is_some_and(|bp| bp > WHOLE_BP)),
            ];
            if let Shipping::NotKnown { unknown } = &costs.shipping {
                found.push(RejectedBecause::NoZone {
                    supplier_name: name(),
                    destination: around.destination.map(str::to_owned),
                    unknown: unknown.clone(),
                });
            }
            let wrong = wrong.into_iter().filter(|(_, wrong)| *wrong);
            found.extend(wrong.map(|(field, _)| RejectedBecause::BadData { field }));
            found.extend(weight_refusal(offer, &costs.shipping));
            let unknown = |amount: Money| self.exchange.parts(amount).is_none().then_some(amount.currency);
            let unknown = unknown(offer.cost)
                .or(charges.unknown[0])
                .or_else(|| breaks.iter().find_map(|step| unknown(step.unit_cost)))
                .or(charges.unknown[1]);
            found.extend(unknown.map(|currency| RejectedBecause::NoRate { currency }));
        }
        found
    }

    fn costs(&self, supplier: SupplierId) -> Option<&'a SupplierCosts> {
        self.suppliers.get(&supplier).map(|charges| charges.costs)
    }

    pub fn breaks(&self, offer: OfferId) -> &'a [PriceBreak] {
        self.breaks.get(&offer).copied().unwrap_or_default()
    }

    /// What each piece costs when the order takes so many.
    pub fn unit_cost(&self, offer: &OfferFacts, pieces: u32) -> Money {
        costs::unit_cost(offer.cost, self.breaks(offer.id), pieces)
    }

    /// What a piece costs that is bought at this price, with duties and taxes.
    pub fn landed(&self, supplier: SupplierId, unit_cost: Money) -> Score {
        let parts = self.parts(unit_cost);
        parts + self.duties(supplier, parts)
    }

    /// The duties and taxes on goods of this worth, which is a sum of [`Self::parts`].
    pub fn duties(&self, supplier: SupplierId, goods: Score) -> Score {
        match self.duties_bp(supplier) {
            0 => 0,
            bp => goods / Score::from(WHOLE_BP) * Score::from(bp),
        }
    }

    pub fn duties_bp(&self, supplier: SupplierId) -> u32 {
        self.costs(supplier).map_or(0, |costs| costs.duties_bp)
    }

    /// An amount that [`Self::refusals`] found to have a rate.
    pub fn parts(&self, money: Money) -> Score {
        self.exchange.parts(money).unwrap_or(0)
    }

    /// What a supplier charges for an order of this weight besides the goods.
    pub fn parcels(&self, supplier: SupplierId, weight_g: u64) -> Parcels {
        let Some(charges) = self.suppliers.get(&supplier).filter(|_| weight_g > 0) else {
            return Parcels::default();
        };
        let (count, shipping) = match charges.brackets.as_slice() {
            [] => (1, 0),
            table @ [.., (heaviest, each)] => {
                let full = (weight_g - 1) / heaviest;
                let rest = weight_g - full * heaviest;
                let last = table.iter().find(|(up_to_g, _)| *up_to_g >= rest);
                let count = u32::try_from(full).unwrap_or(u32::MAX).saturating_add(1);
                (count, Score::from(full) * each + last.map_or(0, |(_, cost)| *cost))
            }
        };
        Parcels {
            count,
            fees: charges.per_order + Score::from(count) * charges.per_parcel,
            shipping,
        }
    }

    /// The parcels that so many grams from a supplier need: one where its brackets are not known, or cannot be right.
    pub fn parcels_needed(&self, supplier: SupplierId, weight_g: u64) -> u32 {
        let charges = self.suppliers.get(&supplier);
        match charges.filter(|charges| !charges.brackets_are_wrong) {
            Some(_) => self.parcels(supplier, weight_g.max(1)).count,
            None => 1,
        }
    }

    /// The currencies in which a supplier charges for its parcels.
    pub fn charged_in(&self, supplier: SupplierId) -> impl Iterator<Item = Currency> + use<'_, 'a> {
        let costs = self.costs(supplier).into_iter();
        costs.flat_map(|costs| {
            let table = brackets(&costs.shipping).iter().map(|bracket| bracket.cost);
            let charges = [costs.per_order, costs.per_parcel].into_iter().chain(table);
            charges
                .filter(|charge| charge.amount_minor != 0)
                .map(|charge| charge.currency)
        })
    }

    /// Whether a supplier's parcels cost by what they weigh.
    pub fn weighs(&self, supplier: SupplierId) -> bool {
        let charges = self.suppliers.get(&supplier);
        charges.is_some_and(|charges| !charges.brackets.is_empty())
    }

    /// The weights up to `most` above which a supplier's parcels may cost more.
    pub fn weight_steps(&self, supplier: SupplierId, most: u64) -> Vec<u64> {
        let table = self.suppliers.get(&supplier);
        let table = table.map_or(&[][..], |charges| charges.brackets.as_slice());
        let Some((heaviest, _)) = table.last() else {
            return vec![most];
        };
        let mut steps = Vec::new();
        for parcel in 0..u64::from(MOST_PARCELS) {
            for (bracket, _) in table {
                let up_to = parcel * heaviest + bracket;
                steps.push(up_to.min(most));
                if up_to >= most {
                    return steps;
                }
            }
        }
        steps
    }

    /// The days until a supplier's parcel arrives, which leaves a day later after the cutoff hour.
    pub fn days(&self, supplier: SupplierId, around: &Circumstances<'_>) -> u32 {
        let transit = self.costs(supplier).map_or(0, |costs| costs.transit_days);
        days_to_ship(supplier, around).saturating_add(transit)
    }

    /// The days by which a supplier's parcel arrives later than the shop promises, or leaves later than the order
    /// was promised to.
    fn days_late(&self, supplier: SupplierId, around: &Circumstances<'_>) -> u32 {
        let arrival = self.model.promised_days;
        let arrival = arrival.map_or(0, |promised| self.days(supplier, around).saturating_sub(promised));
        let dispatch = around.promised_in_days.map_or(0, |promised| {
            let promised = u32::try_from(promised.max(0)).unwrap_or(u32::MAX);
            days_to_ship(supplier, around).saturating_sub(promised)
        });
        arrival.max(dispatch)
    }

    /// The same where the shop says what a day of it is worth to it, and none where it does not.
    pub fn minded_days_late(&self, supplier: SupplierId, around: &Circumstances<'_>) -> u32 {
        if self.model.preferences.late_per_day == 0 {
            return 0;
        }
        self.days_late(supplier, around)
    }

    /// What is held against using a supplier that sends so many parcels.
    pub fn dislike_of_supplier(&self, supplier: SupplierId, parcels: u32, around: &Circumstances<'_>) -> Score {
        if !self.has_wishes {
            return 0;
        }
        let wishes = &self.model.preferences;
        let late = self.days_late(supplier, around);
        self.exchange.own(wishes.late_per_day) * Score::from(late)
            + self.weight(Aim::Parcels, wishes.per_parcel) * Score::from(parcels)
    }

    /// What a plan has of what the strategy aims at: units of alternatives, and parcels.
    pub fn aimed<'b>(
        &self,
        aim: Aim,
        units: impl Iterator<Item = (&'b Alternative, u32)>,
        parcels: u32,
        around: &Circumstances<'_>,
    ) -> i64 {
        if aim == Aim::Parcels {
            return parcels.into();
        }
        let of = |(alternative, units): (&Alternative, u32)| {
            let suppliers = || alternative.components.iter().map(|component| component.offer.supplier);
            let each: i64 = match aim {
                Aim::Parcels => 0,
                Aim::UnitDays => {
                    let days = suppliers().map(|supplier| self.days(supplier, around)).max();
                    days.unwrap_or(0).into()
                }
                Aim::StepsDown => steps_down(alternative, around).into(),
                Aim::UnitsNotOwn => i64::from(!self.is_own(alternative)),
                Aim::AboveShare => {
                    let parts = alternative.components.iter();
                    let above = parts.map(|part| {
                        let bp = i64::try_from(self.above_share(part.offer.supplier)).unwrap_or(i64::MAX);
                        bp.saturating_mul(part.per_unit.into())
                    });
                    above.fold(0, i64::saturating_add)
                }
            };
            i64::saturating_mul(each, units.into())
        };
        units.map(of).fold(0, i64::saturating_add)
    }

    /// An amount of what the strategy aims at, in parts.
    pub fn aim_parts(&self, aim: Aim, amount: i64) -> Score {
        self.weight(aim, ABOVE_ALL) / Score::from(aim.whole()) * Score::from(amount)
    }

    fn is_own(&self, alternative: &Alternative) -> bool {
        let mut suppliers = alternative.components.iter().map(|component| component.offer.supplier);
        suppliers.all(|supplier| self.costs(supplier).is_some_and(|costs| costs.own))
    }

    /// What a supplier has of all pieces and what it should have, in basis points, where it has a share.
    pub fn share(&self, supplier: SupplierId) -> Option<(u64, u32)> {
        let balance = &self.model.preferences.balance;
        let all: u64 = balance.iter().map(|share| u64::from(share.pieces)).sum();
        let share = balance.iter().find(|share| share.supplier == supplier)?;
        let has = u64::from(share.pieces) * u64::from(WHOLE_BP) / all.max(1);
        Some((has, share.target_bp))
    }

    /// How far a supplier stands above its share, in basis points of all pieces; one without a share has all of them.
    pub fn above_share(&self, supplier: SupplierId) -> u64 {
        if self.model.preferences.balance.is_empty() {
            return 0;
        }
        let share = self.share(supplier);
        share.map_or(u64::from(WHOLE_BP), |(has, target)| has.saturating_sub(target.into()))
    }

    /// What is held against each unit of an alternative.
    pub fn dislike_of_unit(&self, alternative: &Alternative, around: &Circumstances<'_>) -> Score {
        if !self.has_wishes {
            return 0;
        }
        let wishes = &self.model.preferences;
        let suppliers = || alternative.components.iter().map(|component| component.offer.supplier);
        let days = suppliers()
            .map(|supplier| self.days(supplier, around))
            .max()
            .unwrap_or(0);
        let steps_down = if wishes.per_unit_priority > 0 {
            steps_down(alternative, around)
        } else {
            0
        };
        let pieces = alternative
            .components
            .iter()
            .map(|component| Score::from(component.per_unit) * self.dislike_of_piece(component.offer.supplier));
        let not_own = u8::from(!self.is_own(alternative));
        self.weight(Aim::UnitDays, wishes.per_unit_day) * Score::from(days)
            + self.weight(Aim::UnitsNotOwn, wishes.per_unit_not_own) * Score::from(not_own)
            + self.weight(Aim::StepsDown, wishes.per_unit_priority) * Score::from(steps_down)
            + pieces.sum::<Score>()
    }

    fn dislike_of_piece(&self, supplier: SupplierId) -> Score {
        let wishes = &self.model.preferences;
        let costs = self.costs(supplier);
        let missing = |rate: Option<u32>| WHOLE_BP - rate.unwrap_or(WHOLE_BP).min(WHOLE_BP);
        let unfilled = missing(costs.and_then(|costs| costs.fill_rate_bp));
        let late = missing(costs.and_then(|costs| costs.on_time_bp));
        let in_bp = |weight: Score, bp: u64| weight / Score::from(WHOLE_BP) * Score::from(bp);
        let mut dislike = 0;
        if wishes.per_unfilled_piece > 0 {
            dislike += in_bp(self.exchange.own(wishes.per_unfilled_piece), unfilled.into());
        }
        if wishes.per_late_piece > 0 {
            dislike += in_bp(self.exchange.own(wishes.per_late_piece), late.into());
        }
        if wishes.per_piece_off_balance > 0 {
            let weight = self.weight(Aim::AboveShare, wishes.per_piece_off_balance);
            dislike += in_bp(weight, self.above_share(supplier));
        }
        dislike
    }
}

/// The first currency of which no rate is known.
fn without_rate(mut amounts: impl Iterator<Item = Money>, exchange: &Exchange<'_>) -> Option<Currency> {
    let unknown = amounts.find(|amount| exchange.parts(*amount).is_none());
    unknown.map(|amount| amount.currency)
}

/// The days until a supplier's parcel leaves.
fn days_to_ship(supplier: SupplierId, around: &Circumstances<'_>) -> u32 {
    let terms = around.suppliers.get(&supplier);
    terms.map_or(0, |terms| terms.service.days_to_ship(terms.handling_days, around.hour))
}

/// Steps down from the first of the shop's suppliers to the last of the alternative's.
fn steps_down(alternative: &Alternative, around: &Circumstances<'_>) -> u32 {
    let priority = |supplier| around.suppliers.get(&supplier).map_or(0, |terms| terms.priority);
    let suppliers = alternative.components.iter().map(|component| component.offer.supplier);
    let worst = suppliers.map(priority).max().unwrap_or(0);
    let first = around.suppliers.values().map(|terms| terms.priority).min();
    worst.saturating_sub(first.unwrap_or(0))
}
