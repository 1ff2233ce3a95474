//! Money: whole minor units with a currency, and exact decimals at the edges.

use std::fmt;

use iso_currency::Currency as Iso;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(Iso);

impl Currency {
    /// Reads a three-letter code, in any case.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] for anything that ISO 4217 does not list.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        Iso::from_code(&code.to_ascii_uppercase())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(8).collect()))
    }

    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point: 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(2, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in a currency's minor units (cents for EUR, yen for JPY).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; may be negative for credits.
    pub amount_minor: i64,
    /// What it is counted in.
    pub currency: Currency,
}

/// Why an amount is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("“{0}” is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    #[error("“{0}” is not a decimal amount such as 12.50")]
    NotDecimal(String),
    #[error("{currency} has {exponent} decimal places, “{text}” has more")]
    TooPrecise {
        text: String,
        currency: Currency,
        exponent: u32,
    },
    #[error("the amount is too large")]
    TooLarge,
    #[error("{0} and {1} cannot be added without a rate")]
    CurrenciesDiffer(Currency, Currency),
}

impl Money {
    #[must_use]
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Reads a decimal string such as Shopify's `"12.50"` exactly: what the
    /// currency cannot hold is an error, never rounded.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let short = || text.chars().take(32).collect::<String>();
        let decimal = Decimal::from_str_exact(text.trim()).map_err(|_| MoneyError::NotDecimal(short()))?;
        let exponent = currency.exponent();
        let scaled = decimal
            .checked_mul(Decimal::from(10_i64.pow(exponent)))
            .ok_or(MoneyError::TooLarge)?
            .normalize();
        if scaled.scale() > 0 {
            return Err(MoneyError::TooPrecise {
                text: short(),
                currency,
                exponent,
            });
        }
        let amount_minor = scaled.to_i64().ok_or(MoneyError::TooLarge)?;
        Ok(Self { amount_minor, currency })
    }

    /// The amount as a decimal string without the currency: `12.50`.
    #[must_use]
    pub fn decimal(self) -> String {
        Decimal::new(self.amount_minor, self.currency.exponent()).to_string()
    }

    /// Adds an amount of the same currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrenciesDiffer(self.currency, other.currency));
        }
        let amount_minor = self
            .amount_minor
            .checked_add(other.amount_minor)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self {
            amount_minor,
            currency: self.currency,
        })
    }

    /// The amount for `quantity` pieces.
    pub fn checked_times(self, quantity: u32) -> Result<Self, MoneyError> {
        let amount_minor = self
            .amount_minor
            .checked_mul(i64::from(quantity))
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self {
            amount_minor,
            currency: self.currency,
        })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str, expect: &Result<i64, MoneyError>) {
        let currency = Currency::parse(code).expect(code);
        assert_eq!(
            &Money::parse(text, currency).map(|m| m.amount_minor),
            expect,
            "{text} {code}"
        );
    }

    #[test]
    fn reads_decimal_strings_exactly() {
        check("12.50", "EUR", &Ok(1250));
        check("12.5", "EUR", &Ok(1250));
        check("0.01", "USD", &Ok(1));
        check("1000", "JPY", &Ok(1000));
        check("1.000", "EUR", &Ok(100));
        check("-3.20", "EUR", &Ok(-320));
        check("92233720368547758.07", "EUR", &Ok(i64::MAX));
        check("92233720368547758.08", "EUR", &Err(MoneyError::TooLarge));
        check("1e3", "EUR", &Err(MoneyError::NotDecimal("1e3".into())));
        check("", "EUR", &Err(MoneyError::NotDecimal(String::new())));
        let jpy = Currency::parse("jpy").expect("jpy");
        check(
            "1.5",
            "JPY",
            &Err(MoneyError::TooPrecise {
                text: "1.5".into(),
                currency: jpy,
                exponent: 0,
            }),
        );
    }

    #[test]
    fn refuses_to_add_across_currencies() {
        let eur = Money::new(1, Currency::parse("EUR").expect("EUR"));
        let usd = Money::new(1, Currency::parse("USD").expect("USD"));
        assert!(eur.checked_add(usd).is_err());
        assert_eq!(eur.checked_times(3).map(Money::decimal), Ok("0.03".to_owned()));
    }
}
