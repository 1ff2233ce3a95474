//! The shop's own hard rules: conditions in the language of `expressions`, each with
//! what follows where it holds. A condition that cannot be decided, for want of a
//! fact, counts as holding: what the owner ruled out is not bought by accident.

mod facts;
mod ruling;

pub use facts::{OrderFacts, Standing};
pub use ruling::tied;
pub(super) use ruling::{Limit, Limiting, Ruling};

use super::expressions::{Expression, ExpressionError, Field, Scope};
pub use crate::domain::rules::Consequence;
use crate::domain::rules::RuleText;

/// A rule as it stands in the rulebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What the explanation calls it.
    pub name: String,
    /// Without one it always holds.
    pub when: Option<Expression>,
    pub then: Consequence,
}

/// What the condition of a rule with this consequence may ask about.
#[must_use]
pub const fn scope(then: &Consequence) -> Scope {
    match then {
        Consequence::Exclude | Consequence::KeepInStock(_) => Scope::Candidate,
        Consequence::Only(_) | Consequence::Never(_) | Consequence::ShipTogether => Scope::Line,
        Consequence::NeverSplit | Consequence::MaxParcels(_) => Scope::Order,
    }
}

/// What changes a condition's answer while nobody changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tick {
    Day,
    Hour,
}

impl Rule {
    /// What of time its condition goes by, the finer where it is both.
    #[must_use]
    pub fn goes_by(&self) -> Option<Tick> {
        let when = self.when.as_ref()?;
        if when.asks(&[Field::Hour, Field::DaysToShip, Field::DaysLate]) {
            return Some(Tick::Hour);
        }
        when.asks(&[Field::Weekday, Field::PromisedIn]).then_some(Tick::Day)
    }

    /// A rule with its condition as text.
    ///
    /// # Errors
    /// Where the condition is wrong, for what the rule decides.
    pub fn new(name: &str, when: Option<&str>, then: Consequence) -> Result<Self, ExpressionError> {
        Ok(Self {
            name: name.to_owned(),
            when: when.map(|text| Expression::parse(text, scope(&then))).transpose()?,
            then,
        })
    }

    /// Reads a rule as it was written.
    ///
    /// # Errors
    /// Where its condition is wrong.
    pub fn read(text: &RuleText) -> Result<Self, ExpressionError> {
        Self::new(&text.name, text.when.as_deref(), text.then.clone())
    }
}
