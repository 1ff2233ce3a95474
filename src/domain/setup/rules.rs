//! Routing rules in a setup file: their meaning, and back.
//!
//! Conditions are taken as they are: whether they can be read is for `routing`, and who
//! applies the file asks it.

use chrono::NaiveDate;

use super::file::RuleEntry;
use crate::domain::rules::{Consequence, RuleText};

/// What is wrong with an entry: the key, and why.
pub type Wrong = (&'static str, String);

/// The rule that an entry means.
pub fn meaning(entry: &RuleEntry) -> Result<RuleText, Wrong> {
    let (from, until) = (day("from", entry.from.as_ref())?, day("until", entry.until.as_ref())?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err(("until", "it ends before it begins".to_owned()));
    }
    Ok(RuleText {
        name: entry.name.clone(),
        when: entry.when.clone(),
        then: consequence(entry)?,
        enabled: entry.enabled,
        from,
        until,
    })
}

pub(super) fn day(key: &'static str, text: Option<&String>) -> Result<Option<NaiveDate>, Wrong> {
    let read = |text: &String| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        day.map_err(|_| (key, format!("“{text}” is not a day of the calendar")))
    };
    text.map(read).transpose()
}

fn consequence(entry: &RuleEntry) -> Result<Consequence, Wrong> {
    let on = |switch: Option<bool>| switch == Some(true);
    let keys = |list: &Vec<String>| list.iter().cloned().collect();
    let said = [
        on(entry.exclude).then_some(Consequence::Exclude),
        entry.only.as_ref().map(|list| Consequence::Only(keys(list))),
        entry.never.as_ref().map(|list| Consequence::Never(keys(list))),
        entry.keep_in_stock.map(Consequence::KeepInStock),
        on(entry.never_split).then_some(Consequence::NeverSplit),
        on(entry.ship_together).then_some(Consequence::ShipTogether),
        entry.max_parcels.map(Consequence::MaxParcels),
    ];
    let mut said = said.into_iter().flatten();
    let one = said.next();
    if let (Some(one), None) = (one, said.next()) {
        return Ok(one);
    }
    let message = "a rule says exactly one of exclude, only, never, keep_in_stock, never_split, \
                   ship_together and max_parcels";
    Err(("name", message.to_owned()))
}

/// The entry for a rule.
pub fn entry(rule: &RuleText) -> RuleEntry {
    let mut entry = RuleEntry {
        name: rule.name.clone(),
        when: rule.when.clone(),
        enabled: rule.enabled,
        from: rule.from.map(|day| day.to_string()),
        until: rule.until.map(|day| day.to_string()),
        ..RuleEntry::default()
    };
    match &rule.then {
        Consequence::Exclude => entry.exclude = Some(true),
        Consequence::Only(keys) => entry.only = Some(keys.iter().cloned().collect()),
        Consequence::Never(keys) => entry.never = Some(keys.iter().cloned().collect()),
        Consequence::KeepInStock(pieces) => entry.keep_in_stock = Some(*pieces),
        Consequence::NeverSplit => entry.never_split = Some(true),
        Consequence::ShipTogether => entry.ship_together = Some(true),
        Consequence::MaxParcels(most) => entry.max_parcels = Some(*most),
    }
    entry
}
