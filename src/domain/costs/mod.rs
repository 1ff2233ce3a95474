//! What shipping costs and what a shop prefers, as its owner wrote it down: each
//! agreement's fees and zones, price breaks, exchange rates, strategy and weights.
//! How they are written in a file or a form is for `entries` and `reading`, what
//! follows from them for `routing`.

pub mod entries;
pub mod reading;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    money::{Currency, Money},
    text_enum::text_enum,
};

/// Basis points in a whole.
pub const WHOLE_BP: u32 = 10_000;

text_enum! {
    /// What makes one allowed plan better than another.
    pub enum StrategyWord {
        /// The mapping's rank, then the supplier's priority; cost does not count.
        Priority = "priority",
        Cheapest = "cheapest",
        Fastest = "fastest",
        FewestParcels = "fewest_parcels",
        PreferredSupplier = "preferred_supplier",
        BalancedShare = "balanced_share",
        OwnStockFirst = "own_stock_first",
    }
}

/// Purchase orders from which shares are counted at most: the newest ones of their days.
pub const MOST_SHARE_ORDERS: u32 = 500;

/// How a shop's orders are routed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoutingSettings {
    pub strategy: StrategyWord,
    pub weights: Weights,
    /// Days until a customer is promised the order.
    pub promised_days: Option<u32>,
    /// Who is to have which part of the business.
    pub shares: Vec<TargetShare>,
    /// Days over which shares are counted.
    pub share_days: u32,
    pub rates: Vec<Rate>,
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self {
            strategy: StrategyWord::Priority,
            weights: Weights::default(),
            promised_days: None,
            shares: Vec::new(),
            share_days: 30,
            rates: Vec::new(),
        }
    }
}

impl RoutingSettings {
    /// Whether the owner chose nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The keys of the suppliers whose pieces the strategy measures, whether they may ship an order or not.
    #[must_use]
    pub fn keys_with_shares(&self) -> Vec<String> {
        let shares = self.shares.iter();
        let measured = shares.filter(|_| self.strategy == StrategyWord::BalancedShare);
        measured.map(|share| share.supplier.clone()).collect()
    }

    /// From when on pieces count in shares, for an order that is decided now.
    #[must_use]
    pub fn shares_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::days(self.share_days.into())
    }

    /// Whether steps down from the shop's first supplier decide anything.
    #[must_use]
    pub fn counts_steps_down(&self) -> bool {
        match self.strategy {
            StrategyWord::Priority => false,
            StrategyWord::PreferredSupplier => true,
            _ => self.weights.per_unit_priority > 0,
        }
    }
}

/// What the owner would pay to have it otherwise, in minor units of the shop's
/// currency, besides what the strategy prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weights {
    /// For each day after the promised one, once per supplier that is late.
    pub late_per_day: u32,
    /// For each unit and each day until it arrives.
    pub per_unit_day: u32,
    pub per_parcel: u32,
    /// For each unit that does not come from the shop's own stock.
    pub per_unit_not_own: u32,
    /// For each unit and each step down in the suppliers' priority.
    pub per_unit_priority: u32,
    /// For a piece that is ordered and not delivered, weighed by fill rate.
    pub per_unfilled_piece: u32,
    /// For a piece that leaves late, weighed by how often the supplier's do.
    pub per_late_piece: u32,
}

/// The part of the business that a supplier should have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetShare {
    /// The supplier's key.
    pub supplier: String,
    pub target_bp: u32,
}

/// What one unit of a currency was worth in another on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub from: Currency,
    pub to: Currency,
    /// For one euro, dollar, yen: not for one minor unit. Read backwards if need be.
    pub factor: Decimal,
    pub on: NaiveDate,
}

/// Every piece costs this if the order takes at least `from` of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBreak {
    pub from: u32,
    pub unit_cost: Money,
}

/// What each piece costs at a quantity, where one costs `single`: never more than one by itself, whatever
/// a price list says that the supplier has not brought in step.
#[must_use]
pub fn unit_cost(single: Money, breaks: &[PriceBreak], pieces: u32) -> Money {
    let reached = breaks.iter().take_while(|step| step.from <= pieces);
    let is_sound = |step: &&PriceBreak| {
        let cost = step.unit_cost;
        cost.currency == single.currency && (0..=single.amount_minor).contains(&cost.amount_minor)
    };
    reached.filter(is_sound).last().map_or(single, |step| step.unit_cost)
}

/// What a supplier charges a shop besides the goods, and what is known of its service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionCosts {
    pub currency: Currency,
    pub per_order: Money,
    /// Packaging included.
    pub per_parcel: Money,
    /// The shop's own stock.
    pub own_stock: bool,
    /// Pieces delivered of those ordered, in basis points, where it is known.
    pub fill_rate_bp: Option<u32>,
    /// The first that an address is in counts; none means that shipping is not known.
    pub zones: Vec<Zone>,
}

/// Addresses to which shipping costs the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// What explanations call it.
    pub name: String,
    /// ISO 3166 codes; empty means everywhere.
    pub countries: Vec<String>,
    /// Codes of provinces or states; empty means all of the countries.
    pub provinces: Vec<String>,
    /// Empty means all of the countries and provinces.
    pub postcodes: Vec<Postcodes>,
    /// Days on the road, after the handling days.
    pub transit_days: u32,
    /// On the goods' price.
    pub duty_bp: u32,
    pub tax_bp: u32,
    /// By rising weight; empty means that shipping is in the price of the goods.
    pub brackets: Vec<WeightBracket>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Postcodes {
    Prefix(String),
    /// Both ends belong to it, and all that begins with the last.
    Range {
        from: String,
        to: String,
    },
}

/// What a parcel costs up to a weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightBracket {
    pub up_to_g: u32,
    pub cost: Money,
}

/// A postcode as it compares: without spaces and hyphens, in capitals.
#[must_use]
pub fn postcode(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_uppercase).collect()
}

/// Where an order goes, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Destination<'a> {
    pub country: Option<&'a str>,
    pub province: Option<&'a str>,
    pub postcode: Option<&'a str>,
}

/// Which zone an address is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneFound<'a> {
    In(&'a Zone),
    /// No zone has it.
    Nowhere,
    /// It cannot be told, because the order does not say this of the address.
    Unknown(&'static str),
}

impl ConnectionCosts {
    #[must_use]
    pub fn zone(&self, to: Destination<'_>) -> ZoneFound<'_> {
        for zone in &self.zones {
            match zone.has(to) {
                Ok(true) => return ZoneFound::In(zone),
                Ok(false) => {}
                Err(unknown) => return ZoneFound::Unknown(unknown),
            }
        }
        ZoneFound::Nowhere
    }

    /// Every amount in it.
    pub fn amounts(&self) -> impl Iterator<Item = Money> {
        let brackets = self.zones.iter().flat_map(|zone| &zone.brackets);
        [self.per_order, self.per_parcel]
            .into_iter()
            .chain(brackets.map(|bracket| bracket.cost))
    }
}

impl Zone {
    /// Whether an address is in it; what would have to be known, if that cannot be told.
    fn has(&self, to: Destination<'_>) -> Result<bool, &'static str> {
        let among = |codes: &[String], code: Option<&str>, what| match code {
            _ if codes.is_empty() => Ok(true),
            Some(code) => Ok(codes.iter().any(|known| known.eq_ignore_ascii_case(code))),
            None => Err(what),
        };
        if !among(&self.countries, to.country, "country")? || !among(&self.provinces, to.province, "province")? {
            return Ok(false);
        }
        match to.postcode.map(postcode).filter(|code| !code.is_empty()) {
            _ if self.postcodes.is_empty() => Ok(true),
            Some(code) => Ok(self.postcodes.iter().any(|postcodes| postcodes.have(&code))),
            None => Err("postcode"),
        }
    }
}

impl Postcodes {
    /// Whether it has a postcode that was read by [`postcode`].
    fn have(&self, code: &str) -> bool {
        match self {
            Self::Prefix(prefix) => code.starts_with(&postcode(prefix)),
            Self::Range { from, to } => {
                let (from, to) = (postcode(from), postcode(to));
                from.as_str() <= code && (code <= to.as_str() || code.starts_with(&to))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str, countries: &[&str], provinces: &[&str], postcodes: Vec<Postcodes>) -> Zone {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        Zone {
            name: name.to_owned(),
            countries: texts(countries),
            provinces: texts(provinces),
            postcodes,
            transit_days: 1,
            duty_bp: 0,
            tax_bp: 0,
            brackets: Vec::new(),
        }
    }

    fn check(address: (Option<&str>, Option<&str>, Option<&str>), expect: Result<&str, &str>) {
        let range = |from: &str, to: &str| Postcodes::Range {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let zones = vec![
            zone("Islands", &["DE"], &[], vec![Postcodes::Prefix("18 5".to_owned())]),
            zone("South", &["DE"], &[], vec![range("80000", "87")]),
            zone("Ontario", &["CA"], &["on"], Vec::new()),
            zone("Germany", &["de", "AT"], &[], Vec::new()),
        ];
        let nothing = Money::new(0, Currency::parse("EUR").expect("EUR"));
        let costs = ConnectionCosts {
            currency: nothing.currency,
            per_order: nothing,
            per_parcel: nothing,
            own_stock: false,
            fill_rate_bp: None,
            zones,
        };
        let (country, province, postcode) = address;
        let to = Destination {
            country,
            province,
            postcode,
        };
        let found = match costs.zone(to) {
            ZoneFound::In(zone) => Ok(zone.name.as_str()),
            ZoneFound::Nowhere => Err("nowhere"),
            ZoneFound::Unknown(what) => Err(what),
        };
        assert_eq!(found, expect, "{address:?}");
    }

    #[test]
    fn the_first_zone_that_has_the_address_counts() {
        check((Some("DE"), None, Some("18565")), Ok("Islands"));
        check((Some("DE"), None, Some("18 055")), Ok("Germany"));
        check((Some("DE"), None, Some("80331")), Ok("South"));
        check((Some("DE"), None, Some("87999")), Ok("South"));
        check((Some("DE"), None, Some("88000")), Ok("Germany"));
        check((Some("AT"), None, None), Ok("Germany"));
        check((Some("CA"), Some("ON"), Some("K1A 0B1")), Ok("Ontario"));
        check((Some("CA"), Some("QC"), Some("G1A 0A2")), Err("nowhere"));
    }

    #[test]
    fn what_is_not_known_is_not_taken_for_another_zone() {
        check((Some("DE"), None, None), Err("postcode"));
        check((Some("CA"), None, None), Err("province"));
        check((None, None, Some("18565")), Err("country"));
    }

    #[test]
    fn a_price_holds_from_its_quantity_on() {
        let money = |minor| Money::new(minor, Currency::parse("EUR").expect("EUR"));
        let step = |from, minor| PriceBreak {
            from,
            unit_cost: money(minor),
        };
        let breaks = [step(5, 90), step(10, 80)];
        for (pieces, minor) in [(1, 100), (4, 100), (5, 90), (9, 90), (10, 80), (99, 80)] {
            assert_eq!(unit_cost(money(100), &breaks, pieces), money(minor), "{pieces}");
        }
    }
}
