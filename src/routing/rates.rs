//! Currency conversion in whole numbers: every rate is a fraction, and all amounts of an order are
//! counted in one unit so small that each of them is a whole number of it. That is exact as long as
//! such a unit is coarse enough to count with; where it is not, as with several rates read backwards,
//! all rates of the order are rounded to eight decimals. An order too large for these is counted in
//! coarser ones.

use super::{
    solver::Score,
    terms::{CostModel, Rate},
};
use crate::domain::money::{Currency, Money};

/// Fractions beyond this many parts are refused, so that sums cannot overflow.
const MOST_PARTS: i128 = 1 << 48;

/// The most parts of a minor unit that amounts are counted in exactly, and those of rounded rates: so
/// few that strategies, which weigh far more than amounts, still fit into the solver's numbers.
const MOST_EXACT: i128 = 100_000_000;

/// By how much fewer parts an order is counted in that is too large, and what the least rate must still be in
/// these: so it is wrong by less than a twentieth of a per cent.
const COARSER: i128 = 100;
const LEAST_FACTOR: i128 = 1_000;

/// Amounts beyond this many parts have no place in an order.
const MOST_AMOUNT: Score = 1 << 90;

/// Counts amounts of any known currency in parts of the shop's minor unit.
#[derive(Debug)]
pub struct Exchange<'a> {
    currency: Currency,
    /// Minor units of the shop's currency for one minor unit, times `parts`.
    factors: Vec<(Currency, i128)>,
    /// The rates in use, for the explanation.
    used: Vec<&'a Rate>,
    parts: i128,
    /// What every amount can be divided by.
    finer: i128,
}

impl<'a> Exchange<'a> {
    /// Takes the newest usable rate of each currency. Every amount can be divided by `finer`.
    pub fn new(model: &'a CostModel, finer: i128) -> Self {
        let mut fractions: Vec<(Currency, Fraction, Option<&Rate>)> = vec![(model.currency, Fraction::ONE, None)];
        let mut rates: Vec<&Rate> = model.rates.iter().collect();
        rates.sort_by_key(|rate| {
            (
                std::cmp::Reverse(rate.on),
                rate.from.code(),
                rate.to.code(),
                rate.factor,
            )
        });
        for rate in rates {
            let read = if rate.to == model.currency {
                Fraction::of(rate).map(|fraction| (rate.from, fraction))
            } else if rate.from == model.currency {
                Fraction::of(rate).map(|fraction| (rate.to, fraction.inverse()))
            } else {
                None
            };
            if let Some((currency, fraction)) = read.filter(|read| fractions.iter().all(|known| known.0 != read.0)) {
                fractions.push((currency, fraction, Some(rate)));
            }
        }
        let exact = common(fractions.iter().map(|(_, fraction, _)| fraction.below));
        let parts = exact.unwrap_or(MOST_EXACT);
        if exact.is_none() {
            for (_, fraction, _) in &mut fractions {
                *fraction = fraction.rounded();
            }
            // What is worth less than can be told is not free.
            fractions.retain(|(_, fraction, _)| fraction.above > 0);
        }
        Self {
            currency: model.currency,
            factors: fractions
                .iter()
                .map(|(c, f, _)| (*c, f.above * (parts / f.below) * finer))
                .collect(),
            used: fractions.iter().filter_map(|(_, _, rate)| *rate).collect(),
            parts: parts * finer,
            finer,
        }
    }

    /// The same in fewer parts, if every rate can be told in them well enough.
    pub fn coarser(&self) -> Option<Self> {
        let parts = self.parts / self.finer;
        let fewer = (parts / COARSER).max(1);
        let rounded = |factor: i128| (factor / self.finer * fewer + parts / 2) / parts;
        let factors = self
            .factors
            .iter()
            .map(|(currency, factor)| (*currency, rounded(*factor)));
        let factors: Vec<(Currency, i128)> = factors.collect();
        let is_told = |(currency, factor): &(Currency, i128)| *currency == self.currency || *factor >= LEAST_FACTOR;
        (fewer < parts && factors.iter().all(is_told)).then(|| Self {
            currency: self.currency,
            factors: factors
                .into_iter()
                .map(|(currency, factor)| (currency, factor * self.finer))
                .collect(),
            used: self.used.clone(),
            parts: fewer * self.finer,
            finer: self.finer,
        })
    }

    /// The amount in parts of the shop's minor unit; `None` without a rate, or
    /// beyond what can be counted.
    pub fn parts(&self, money: Money) -> Option<Score> {
        let (_, factor) = self.factors.iter().find(|(currency, _)| *currency == money.currency)?;
        let parts = i128::from(money.amount_minor).checked_mul(*factor)?;
        (parts.abs() <= MOST_AMOUNT).then_some(parts)
    }

    /// An amount of the shop's own currency in parts.
    pub const fn own(&self, minor: u32) -> Score {
        minor as Score * self.parts
    }

    /// Parts in thousandths of the shop's minor unit, in which orders with other rates compare too.
    pub const fn thousandths(&self, parts: Score) -> Score {
        parts.saturating_mul(1000).div_euclid(self.parts)
    }

    /// Parts as money of the shop, rounded half away from zero.
    pub fn money(&self, parts: Score) -> Money {
        let half = if parts < 0 { -self.parts } else { self.parts };
        let rounded = (parts * 2 + half) / (self.parts * 2);
        let limit = if parts < 0 { i64::MIN } else { i64::MAX };
        Money::new(i64::try_from(rounded).unwrap_or(limit), self.currency)
    }

    /// The least number of minor units of a currency worth more than `parts`.
    pub fn more_than(&self, parts: Score, currency: Currency) -> Option<Money> {
        let (_, factor) = self.factors.iter().find(|known| known.0 == currency)?;
        let minor = i64::try_from(parts.div_euclid(*factor) + 1).ok()?;
        Some(Money::new(minor, currency))
    }

    /// The rates that the currencies of the plan were converted by.
    pub fn rates_for(&self, currencies: &[Currency]) -> Vec<Rate> {
        let wanted = |rate: &&&Rate| {
            currencies
                .iter()
                .any(|c| *c != self.currency && (*c == rate.from || *c == rate.to))
        };
        self.used.iter().filter(wanted).map(|rate| (*rate).clone()).collect()
    }
}

#[derive(Clone, Copy, Debug)]
struct Fraction {
    above: i128,
    below: i128,
}

impl Fraction {
    const ONE: Self = Self { above: 1, below: 1 };

    /// The rate between minor units, in lowest terms; `None` if it is no rate.
    fn of(rate: &Rate) -> Option<Self> {
        let above = 10_i128
            .checked_pow(rate.to.exponent())?
            .checked_mul(rate.factor.mantissa())?;
        let below = 10_i128.checked_pow(rate.factor.scale() + rate.from.exponent())?;
        if above <= 0 {
            return None;
        }
        let common = gcd(above, below);
        let lowest = Self {
            above: above / common,
            below: below / common,
        };
        (lowest.above <= MOST_PARTS && lowest.below <= MOST_PARTS).then_some(lowest)
    }

    /// The same in [`MOST_EXACT`] parts, or nearly.
    const fn rounded(self) -> Self {
        Self {
            above: (self.above * MOST_EXACT + self.below / 2) / self.below,
            below: MOST_EXACT,
        }
    }

    const fn inverse(self) -> Self {
        Self {
            above: self.below,
            below: self.above,
        }
    }
}

/// The least parts in which all of these can be told, if there are not too many.
fn common(mut parts: impl Iterator<Item = i128>) -> Option<i128> {
    parts.try_fold(1_i128, |all, below| {
        let more = (all / gcd(all, below)).checked_mul(below)?;
        (more <= MOST_EXACT).then_some(more)
    })
}

/// Of two positive numbers.
const fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use rust_decimal::Decimal;

    use super::*;
    use crate::routing::terms::{Effort, Limits, Preferences};

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect(code)
    }

    fn rate(from: &str, to: &str, factor: &str, day: u32) -> Rate {
        Rate {
            from: currency(from),
            to: currency(to),
            factor: Decimal::from_str_exact(factor).expect(factor),
            on: NaiveDate::from_ymd_opt(2026, 11, day).expect("day"),
        }
    }

    fn model(rates: Vec<Rate>) -> CostModel {
        CostModel {
            currency: currency("EUR"),
            rates,
            suppliers: Vec::new(),
            preferences: Preferences::default(),
            limits: Limits::default(),
            promised_days: None,
            effort: Effort::default(),
        }
    }

    fn check(rates: Vec<Rate>, minor: i64, code: &str, expect: Option<i64>) {
        let model = model(rates);
        let exchange = Exchange::new(&model, 1);
        let parts = exchange.parts(Money::new(minor, currency(code)));
        assert_eq!(parts.map(|parts| exchange.money(parts).amount_minor), expect);
    }

    #[test]
    fn converts_forwards_backwards_and_between_exponents() {
        check(vec![rate("USD", "EUR", "0.92", 1)], 1_000, "USD", Some(920));
        check(vec![rate("EUR", "USD", "1.25", 1)], 1_000, "USD", Some(800));
        check(vec![rate("EUR", "JPY", "160", 1)], 1_600, "JPY", Some(1_000));
        check(vec![rate("KWD", "EUR", "3", 1)], 1_000, "KWD", Some(300));
        check(vec![], 77, "EUR", Some(77));
    }

    #[test]
    fn takes_the_newest_rate_and_none_that_cannot_be() {
        let two = vec![rate("USD", "EUR", "0.90", 1), rate("USD", "EUR", "0.95", 2)];
        check(two, 100, "USD", Some(95));
        check(vec![], 100, "USD", None);
        check(vec![rate("USD", "GBP", "0.8", 1)], 100, "USD", None);
        check(vec![rate("USD", "EUR", "0", 1)], 100, "USD", None);
        check(vec![rate("USD", "EUR", "-1", 1)], 100, "USD", None);
    }

    #[test]
    fn no_rate_is_dropped_beside_others() {
        let rates = [
            ("CHF", "0.9345"),
            ("GBP", "0.85713"),
            ("USD", "1.0853"),
            ("JPY", "161.7"),
        ];
        let mut all: Vec<Rate> = rates.iter().map(|(to, factor)| rate("EUR", to, factor, 1)).collect();
        all.push(rate("SEK", "EUR", "0.091234567", 1));
        let model = model(all);
        let exchange = Exchange::new(&model, 10_000);
        for (code, expect) in [
            ("EUR", 10_000_000),
            ("CHF", 10_700_910),
            ("GBP", 11_666_842),
            ("USD", 9_214_042),
            ("JPY", 6_184_292),
            ("SEK", 912_346),
        ] {
            let parts = exchange.parts(Money::new(10_000_000, currency(code)));
            assert_eq!(
                parts.map(|parts| exchange.money(parts).amount_minor),
                Some(expect),
                "{code}"
            );
        }
        // What cannot be told from nothing is not free.
        let tiny = rate("JPY", "EUR", "0.00000000001", 1);
        check(
            vec![tiny, rate("EUR", "USD", "1.0853", 1), rate("EUR", "CHF", "0.93457", 1)],
            1,
            "JPY",
            None,
        );
    }

    #[test]
    fn thirds_add_up_to_a_whole() {
        let model = model(vec![rate("EUR", "USD", "3", 1)]);
        let exchange = Exchange::new(&model, 1);
        let third = exchange.parts(Money::new(1, currency("USD"))).expect("rate");
        assert_eq!(exchange.money(third * 3).amount_minor, 1);
        assert_eq!(exchange.money(third).amount_minor, 0);
        let least = exchange
            .more_than(third * 6, currency("USD"))
            .map(|money| money.amount_minor);
        assert_eq!(least, Some(7));
    }
}
