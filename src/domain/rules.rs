//! A shop's own routing rules as they are written and stored: the condition is text.
//! What it means is for `routing` to say.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A rule as its owner wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// What explanations call it.
    pub name: String,
    /// When it holds; always, without one.
    pub when: Option<String>,
    pub then: Consequence,
    pub enabled: bool,
    /// The first and the last day in the shop's time zone.
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
}

/// Whether two texts are the same to people: in any case, and whatever blanks are around them.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// What follows where a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The candidate is not used.
    Exclude,
    /// Nobody but these suppliers ships the line, by their keys.
    Only(BTreeSet<String>),
    /// These suppliers do not ship the line.
    Never(BTreeSet<String>),
    /// So many pieces of the offer stay in stock: a safety buffer.
    KeepInStock(u32),
    /// One supplier ships the whole order, or nobody any of it.
    NeverSplit,
    /// One supplier ships all lines for which it holds, or nobody any of them.
    ShipTogether,
    MaxParcels(u32),
}

/// A rulebook has at most so many rules.
pub const MOST_RULES: usize = 100;
/// Characters in a rule's name.
const LONGEST_NAME: usize = 100;
const MOST_PIECES: u32 = 1_000_000_000;
const MOST_PARCELS: u32 = 200;
/// Suppliers that one rule names.
const MOST_SUPPLIERS: usize = 100;

/// What is wrong with a rule: the field, and why.
pub type Wrong = (&'static str, String);

impl RuleText {
    /// Checks all but the condition, which is for `routing`, and whether the suppliers exist.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), Wrong> {
        if !(1..=LONGEST_NAME).contains(&self.name.chars().count()) {
            return Err(("name", format!("a name has 1 to {LONGEST_NAME} characters")));
        }
        if self.from.zip(self.until).is_some_and(|(from, until)| until < from) {
            return Err(("until", "it ends before it begins".to_owned()));
        }
        match &self.then {
            Consequence::Only(keys) | Consequence::Never(keys) if !(1..=MOST_SUPPLIERS).contains(&keys.len()) => {
                Err(("suppliers", format!("name 1 to {MOST_SUPPLIERS} suppliers")))
            }
            Consequence::KeepInStock(pieces) if !(1..=MOST_PIECES).contains(pieces) => {
                Err(("number", format!("keep 1 to {MOST_PIECES} pieces in stock")))
            }
            Consequence::MaxParcels(most) if !(1..=MOST_PARCELS).contains(most) => {
                Err(("number", format!("allow 1 to {MOST_PARCELS} parcels")))
            }
            _ => Ok(()),
        }
    }

    /// Whether it counts on a day in the shop's time zone.
    #[must_use]
    pub fn is_in_force(&self, today: NaiveDate) -> bool {
        self.enabled && self.from.is_none_or(|from| from <= today) && self.until.is_none_or(|until| today <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_in_force_between_its_days() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).expect("a day");
        let rule = RuleText {
            name: "Christmas".to_owned(),
            when: None,
            then: Consequence::NeverSplit,
            enabled: true,
            from: Some(day(1)),
            until: Some(day(24)),
        };
        let in_force = [1, 24, 25].map(|at| rule.is_in_force(day(at)));
        assert_eq!(in_force, [true, true, false]);
        let off = RuleText {
            enabled: false,
            ..rule.clone()
        };
        assert!(!off.is_in_force(day(2)));
    }

    #[test]
    fn a_wrong_rule_names_its_field() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day);
        let good = RuleText {
            name: "Christmas".to_owned(),
            when: None,
            then: Consequence::NeverSplit,
            enabled: true,
            from: None,
            until: None,
        };
        let wrong = |change: fn(&mut RuleText)| {
            let mut rule = good.clone();
            change(&mut rule);
            rule.check().err().map(|(field, _)| field)
        };
        assert_eq!(wrong(|_| {}), None);
        assert_eq!(wrong(|rule| rule.name.clear()), Some("name"));
        assert_eq!(wrong(|rule| rule.name = "x".repeat(101)), Some("name"));
        assert_eq!(
            wrong(|rule| rule.then = Consequence::Only(BTreeSet::new())),
            Some("suppliers")
        );
        assert_eq!(wrong(|rule| rule.then = Consequence::KeepInStock(0)), Some("number"));
        assert_eq!(wrong(|rule| rule.then = Consequence::MaxParcels(0)), Some("number"));
        let mut backwards = good.clone();
        (backwards.from, backwards.until) = (day(24), day(1));
        assert_eq!(backwards.check().map_err(|(field, _)| field), Err("until"));
    }
}
