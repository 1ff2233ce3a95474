//! What the forms of `entries` mean, or everything that keeps them from meaning
//! anything; and back.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    ConnectionCosts, Postcodes, PriceBreak, Rate, RoutingSettings, StrategyWord, TargetShare, WHOLE_BP, WeightBracket,
    Weights, Zone,
    entries::{
        BracketEntry, CostsEntry, PostcodesEntry, PriceBreakEntry, RateEntry, RoutingEntry, ShareEntry, StrategyEntry,
        WeightsEntry, ZoneEntry,
    },
    postcode,
};
use crate::domain::{
    money::{Currency, Money},
    setup::{Path, file::Percent},
};

/// Something that is wrong with an entry: where, from its root, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub path: Path,
    pub message: String,
}

/// Far above any price, and far below what sums of many would overflow.
const MOST_MINOR: i64 = 1_000_000_000_000;

/// Collects what is wrong while the rest is read.
#[derive(Default)]
struct Reading {
    flaws: Vec<Flaw>,
}

impl Reading {
    fn say(&mut self, path: Path, message: impl Into<String>) {
        self.flaws.push(Flaw {
            path,
            message: message.into(),
        });
    }

    fn done<T>(self, read: Option<T>) -> Result<T, Vec<Flaw>> {
        match read {
            Some(read) if self.flaws.is_empty() => Ok(read),
            _ => Err(self.flaws),
        }
    }

    fn currency(&mut self, code: &str, path: Path) -> Option<Currency> {
        Currency::parse(code)
            .map_err(|error| self.say(path, error.to_string()))
            .ok()
    }

    fn amount(&mut self, text: &str, currency: Currency, path: Path) -> Option<Money> {
        match Money::parse(text, currency) {
            Ok(money) if (0..=MOST_MINOR).contains(&money.amount_minor) => return Some(money),
            Ok(_) => self.say(path, "this is not negative, nor beyond all measure"),
            Err(error) => self.say(path, error.to_string()),
        }
        None
    }

    fn weight(&mut self, text: Option<&String>, currency: Currency, path: Path) -> u32 {
        let Some(money) = text.and_then(|text| self.amount(text, currency, path.clone())) else {
            return 0;
        };
        u32::try_from(money.amount_minor).unwrap_or_else(|_| {
            self.say(path, "this is beyond all measure");
            0
        })
    }

    fn percent(&mut self, percent: Option<Percent>, most_bp: u32, path: Path) -> u32 {
        let bp = percent.map_or(0, |percent| percent.basis_points);
        if bp > most_bp {
            self.say(path, format!("this is at most {} percent", most_bp / 100));
        }
        bp
    }

    fn zone(&mut self, entry: &ZoneEntry, currency: Currency, path: &Path) -> Zone {
        for (index, country) in entry.countries.iter().enumerate() {
            if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                let message = format!("“{country}” is not a country's two capital letters, such as DE");
                self.say(path.key("countries").index(index), message);
            }
        }
        if entry.countries.is_empty() && !(entry.provinces.is_empty() && entry.postcodes.is_empty()) {
            self.say(
                path.key("countries"),
                "name the countries of these provinces or postcodes",
            );
        }
        if entry.name.trim().is_empty() {
            self.say(path.key("name"), "a zone needs a name");
        }
        if entry.transit_days > 365 {
            self.say(path.key("transit_days"), "this is at most 365 days");
        }
        let postcodes = path.key("postcodes");
        Zone {
            name: entry.name.clone(),
            countries: entry.countries.clone(),
            provinces: entry.provinces.clone(),
            postcodes: (entry.postcodes.iter().enumerate())
                .filter_map(|(index, entry)| self.postcodes(entry, &postcodes.index(index)))
                .collect(),
            transit_days: entry.transit_days,
            duty_bp: self.percent(entry.duty_pct, 10 * WHOLE_BP, path.key("duty_pct")),
            tax_bp: self.percent(entry.tax_pct, 10 * WHOLE_BP, path.key("tax_pct")),
            brackets: self.brackets(entry, currency, &path.key("brackets")),
        }
    }

    fn postcodes(&mut self, entry: &PostcodesEntry, path: &Path) -> Option<Postcodes> {
        let told = |text: &Option<String>| text.clone().filter(|text| !postcode(text).is_empty());
        match (told(&entry.prefix), told(&entry.from), told(&entry.to)) {
            (Some(prefix), None, None) => return Some(Postcodes::Prefix(prefix)),
            (None, Some(from), Some(to)) if postcode(&from) <= postcode(&to) => {
                return Some(Postcodes::Range { from, to });
            }
            (None, Some(_), Some(_)) => self.say(path.key("to"), "the range is upside down"),
            _ => self.say(path.clone(), "give a prefix, or both from and to"),
        }
        None
    }

    fn brackets(&mut self, entry: &ZoneEntry, currency: Currency, path: &Path) -> Vec<WeightBracket> {
        match (entry.included, entry.brackets.is_empty()) {
            (true, false) => self.say(path.clone(), "there are no brackets where shipping is included"),
            (false, true) => self.say(path.clone(), "give brackets, or say that shipping is included"),
            _ => {}
        }
        let mut brackets: Vec<WeightBracket> = Vec::new();
        for (index, entry) in entry.brackets.iter().enumerate() {
            let path = path.index(index);
            let Some(cost) = self.amount(&entry.cost, currency, path.key("cost")) else {
                continue;
            };
            let before = brackets.last();
            if entry.up_to_g == 0 || before.is_some_and(|before| before.up_to_g >= entry.up_to_g) {
                self.say(path.key("up_to_g"), "each bracket goes further than the one before it");
            }
            if brackets
                .last()
                .is_some_and(|before| before.cost.amount_minor > cost.amount_minor)
            {
                self.say(path.key("cost"), "a heavier parcel does not cost less");
            }
            brackets.push(WeightBracket {
                up_to_g: entry.up_to_g,
                cost,
            });
        }
        brackets
    }

    fn rate(&mut self, entry: &RateEntry, path: &Path) -> Option<Rate> {
        let from = self.currency(&entry.from, path.key("from"));
        let to = self.currency(&entry.to, path.key("to"));
        let factor = Decimal::from_str_exact(entry.rate.trim()).ok();
        let factor = factor.filter(|factor| *factor > Decimal::ZERO && factor.scale() <= 9);
        if factor.is_none() {
            self.say(
                path.key("rate"),
                "this is a number above zero with at most nine decimals",
            );
        }
        let on = NaiveDate::parse_from_str(&entry.on, "%Y-%m-%d").ok();
        if on.is_none() {
            self.say(
                path.key("on"),
                format!(
                    "“{}” is not a day of the calendar",
                    entry.on.chars().take(20).collect::<String>()
                ),
            );
        }
        if from.is_some() && from == to {
            self.say(path.key("to"), "a rate is between two currencies");
        }
        Some(Rate {
            from: from?,
            to: to?,
            factor: factor?,
            on: on?,
        })
    }

    fn shares(&mut self, entry: &RoutingEntry) -> Vec<TargetShare> {
        let path = Path::default().key("shares");
        let all: u32 = entry
            .shares
            .iter()
            .fold(0, |sum, share| sum.saturating_add(share.percent.basis_points));
        let wanted = entry.strategy == StrategyEntry::BalancedShare;
        if (wanted || !entry.shares.is_empty()) && all != WHOLE_BP {
            self.say(path.clone(), "the shares are 100 percent in all");
        }
        for (index, share) in entry.shares.iter().enumerate() {
            if entry.shares[..index]
                .iter()
                .any(|before| before.supplier == share.supplier)
            {
                let message = format!("“{}” stands in this list already", share.supplier);
                self.say(path.index(index).key("supplier"), message);
            }
        }
        let share = |entry: &ShareEntry| TargetShare {
            supplier: entry.supplier.clone(),
            target_bp: entry.percent.basis_points,
        };
        entry.shares.iter().map(share).collect()
    }
}

impl CostsEntry {
    /// What it means.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn meaning(&self) -> Result<ConnectionCosts, Vec<Flaw>> {
        let mut reading = Reading::default();
        let root = Path::default();
        let read = reading
            .currency(&self.currency, root.key("currency"))
            .and_then(|currency| {
                let per_order = reading.amount(&self.per_order, currency, root.key("per_order"));
                let per_parcel = reading.amount(&self.per_parcel, currency, root.key("per_parcel"));
                let fill = reading.percent(self.fill_rate_pct, WHOLE_BP, root.key("fill_rate_pct"));
                let zones = root.key("zones");
                if self.zones.is_empty() {
                    reading.say(zones.clone(), "without a zone the supplier ships nowhere");
                }
                let numbered = self.zones.iter().enumerate();
                let zones = numbered.map(|(index, zone)| reading.zone(zone, currency, &zones.index(index)));
                let zones = zones.collect();
                Some(ConnectionCosts {
                    currency,
                    per_order: per_order?,
                    per_parcel: per_parcel?,
                    own_stock: self.own_stock,
                    fill_rate_bp: self.fill_rate_pct.map(|_| fill),
                    zones,
                })
            });
        reading.done(read)
    }

    /// How it is written.
    #[must_use]
    pub fn of(costs: &ConnectionCosts) -> Self {
        Self {
            currency: costs.currency.code().to_owned(),
            per_order: costs.per_order.decimal(),
            per_parcel: costs.per_parcel.decimal(),
            own_stock: costs.own_stock,
            fill_rate_pct: costs.fill_rate_bp.map(|basis_points| Percent { basis_points }),
            zones: costs.zones.iter().map(ZoneEntry::of).collect(),
        }
    }
}

impl ZoneEntry {
    fn of(zone: &Zone) -> Self {
        let percent = |bp: u32| (bp > 0).then_some(Percent { basis_points: bp });
        let postcodes = |postcodes: &Postcodes| match postcodes.clone() {
            Postcodes::Prefix(prefix) => PostcodesEntry {
                prefix: Some(prefix),
                ..PostcodesEntry::default()
            },
            Postcodes::Range { from, to } => PostcodesEntry {
                prefix: None,
                from: Some(from),
                to: Some(to),
            },
        };
        let bracket = |bracket: &WeightBracket| BracketEntry {
            up_to_g: bracket.up_to_g,
            cost: bracket.cost.decimal(),
        };
        Self {
            name: zone.name.clone(),
            countries: zone.countries.clone(),
            provinces: zone.provinces.clone(),
            postcodes: zone.postcodes.iter().map(postcodes).collect(),
            transit_days: zone.transit_days,
            duty_pct: percent(zone.duty_bp),
            tax_pct: percent(zone.tax_bp),
            included: zone.brackets.is_empty(),
            brackets: zone.brackets.iter().map(bracket).collect(),
        }
    }
}

impl RoutingEntry {
    /// What it means in a shop of this currency.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn meaning(&self, currency: Currency) -> Result<RoutingSettings, Vec<Flaw>> {
        let mut reading = Reading::default();
        let weights = Path::default().key("weights");
        let mut weight = |text: &Option<String>, key| reading.weight(text.as_ref(), currency, weights.key(key));
        let weights = Weights {
            late_per_day: weight(&self.weights.late_per_day, "late_per_day"),
            per_unit_day: weight(&self.weights.per_unit_day, "per_unit_day"),
            per_parcel: weight(&self.weights.per_parcel, "per_parcel"),
            per_unit_not_own: weight(&self.weights.per_unit_not_own, "per_unit_not_own"),
            per_unit_priority: weight(&self.weights.per_unit_priority, "per_unit_priority"),
            per_unfilled_piece: weight(&self.weights.per_unfilled_piece, "per_unfilled_piece"),
            per_late_piece: weight(&self.weights.per_late_piece, "per_late_piece"),
        };
        if self.promised_days.is_some_and(|days| days > 365) {
            reading.say(Path::default().key("promised_days"), "this is at most 365 days");
        }
        if self.share_days.is_some_and(|days| !(1..=365).contains(&days)) {
            reading.say(Path::default().key("share_days"), "this is from 1 to 365 days");
        }
        let rates = Path::default().key("rates");
        let numbered = self.rates.iter().enumerate();
        let rates = numbered.filter_map(|(index, entry)| reading.rate(entry, &rates.index(index)));
        let rates = rates.collect();
        let settings = RoutingSettings {
            strategy: self.strategy.into(),
            weights,
            promised_days: self.promised_days,
            shares: reading.shares(self),
            share_days: self.share_days.unwrap_or(RoutingSettings::default().share_days),
            rates,
        };
        reading.done(Some(settings))
    }

    /// How it is written in a shop of this currency.
    #[must_use]
    pub fn of(settings: &RoutingSettings, currency: Currency) -> Self {
        let weight = |minor: u32| (minor > 0).then(|| Money::new(minor.into(), currency).decimal());
        let weights = settings.weights;
        let share = |share: &TargetShare| ShareEntry {
            supplier: share.supplier.clone(),
            percent: Percent {
                basis_points: share.target_bp,
            },
        };
        let rate = |rate: &Rate| RateEntry {
            from: rate.from.code().to_owned(),
            to: rate.to.code().to_owned(),
            rate: rate.factor.to_string(),
            on: rate.on.to_string(),
        };
        Self {
            strategy: settings.strategy.into(),
            weights: WeightsEntry {
                late_per_day: weight(weights.late_per_day),
                per_unit_day: weight(weights.per_unit_day),
                per_parcel: weight(weights.per_parcel),
                per_unit_not_own: weight(weights.per_unit_not_own),
                per_unit_priority: weight(weights.per_unit_priority),
                per_unfilled_piece: weight(weights.per_unfilled_piece),
                per_late_piece: weight(weights.per_late_piece),
            },
            promised_days: settings.promised_days,
            shares: settings.shares.iter().map(share).collect(),
            share_days: (settings.share_days != RoutingSettings::default().share_days).then_some(settings.share_days),
            rates: settings.rates.iter().map(rate).collect(),
        }
    }
}

/// The price list of an offer that costs `single` for one piece.
///
/// # Errors
/// Everything that is wrong with it, from the list's place.
pub fn price_breaks(entries: &[PriceBreakEntry], single: Money) -> Result<Vec<PriceBreak>, Vec<Flaw>> {
    let mut reading = Reading::default();
    let mut breaks: Vec<PriceBreak> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = Path::default().index(index);
        let Some(unit_cost) = reading.amount(&entry.cost, single.currency, path.key("cost")) else {
            continue;
        };
        let (from, cost) = breaks
            .last()
            .map_or((1, single), |before| (before.from, before.unit_cost));
        if entry.from <= from {
            reading.say(
                path.key("from"),
                "each quantity is above the one before it, and above 1",
            );
        }
        if unit_cost.amount_minor > cost.amount_minor {
            reading.say(path.key("cost"), "more pieces do not cost more each");
        }
        breaks.push(PriceBreak {
            from: entry.from,
            unit_cost,
        });
    }
    reading.done(Some(breaks))
}

/// How a price list is written.
#[must_use]
pub fn price_break_entries(breaks: &[PriceBreak]) -> Vec<PriceBreakEntry> {
    let entry = |step: &PriceBreak| PriceBreakEntry {
        from: step.from,
        cost: step.unit_cost.decimal(),
    };
    breaks.iter().map(entry).collect()
}

impl From<StrategyEntry> for StrategyWord {
    fn from(entry: StrategyEntry) -> Self {
        match entry {
            StrategyEntry::Priority => Self::Priority,
            StrategyEntry::Cheapest => Self::Cheapest,
            StrategyEntry::Fastest => Self::Fastest,
            StrategyEntry::FewestParcels => Self::FewestParcels,
            StrategyEntry::PreferredSupplier => Self::PreferredSupplier,
            StrategyEntry::BalancedShare => Self::BalancedShare,
            StrategyEntry::OwnStockFirst => Self::OwnStockFirst,
        }
    }
}

impl From<StrategyWord> for StrategyEntry {
    fn from(word: StrategyWord) -> Self {
        match word {
            StrategyWord::Priority => Self::Priority,
            StrategyWord::Cheapest => Self::Cheapest,
            StrategyWord::Fastest => Self::Fastest,
            StrategyWord::FewestParcels => Self::FewestParcels,
            StrategyWord::PreferredSupplier => Self::PreferredSupplier,
            StrategyWord::BalancedShare => Self::BalancedShare,
            StrategyWord::OwnStockFirst => Self::OwnStockFirst,
        }
    }
}
