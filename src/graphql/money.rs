//! Money as the API shows it: exact minor units, and a decimal for people.

use async_graphql::SimpleObject;

use super::scalars::Int64;
use crate::domain::money;

#[derive(Clone, Debug, SimpleObject)]
pub struct Money {
    amount_minor: Int64,
    currency: String,
    /// For people: 12.50
    decimal: String,
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self {
            amount_minor: Int64(money.amount_minor),
            currency: money.currency.code().to_owned(),
            decimal: money.decimal(),
        }
    }
}
