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
    /// One supplier ships the whole order.
    NeverSplit,
    /// One supplier ships all lines for which it holds.
    ShipTogether,
    MaxParcels(u32),
}

impl RuleText {
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
        let off = RuleText { enabled: false, ..rule };
        assert!(!off.is_in_force(day(2)));
    }
}
