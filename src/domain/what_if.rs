//! What a shop's routing could have been: a draft, how far its comparison with the live
//! routing has come, and what became of the orders. Deciding is for `routing`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{costs::ConnectionCosts, goods::Service, money::Money, shop::ShopSettings, text_enum::text_enum};
use crate::ids::{OrderId, SupplierId};

text_enum! {
    /// Where a comparison stands.
    pub enum WhatIfState {
        Queued = "queued",
        Running = "running",
        Done = "done",
        Cancelled = "cancelled",
        Failed = "failed",
    }
}

impl WhatIfState {
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// What would be different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The shop's settings as a whole; those of routing count.
    pub settings: Option<ShopSettings>,
    pub connections: BTreeMap<SupplierId, DraftConnection>,
}

/// An agreement as it would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftConnection {
    pub priority: i32,
    pub price_tolerance_bp: u32,
    pub handling_days: u32,
    /// Cutoff hour, dangerous goods and checks of age.
    #[serde(default)]
    pub service: Service,
    pub active: bool,
    pub costs: Option<ConnectionCosts>,
}

/// Both sides of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// How the shop routed when it was asked for.
    pub live: Draft,
    pub draft: Draft,
}

/// How far a comparison has come, and all that it needs to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The order that was decided last.
    pub seen: Option<(DateTime<Utc>, OrderId)>,
    /// What each supplier got of late, live and as the draft would have it.
    #[serde(default)]
    pub of_late: (OfLate, OfLate),
    pub so_far: Comparison,
}

/// Pieces that each supplier got in the days by which shares go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfLate {
    by_day: BTreeMap<NaiveDate, BTreeMap<SupplierId, u32>>,
    /// Over all of these days.
    had: BTreeMap<SupplierId, u32>,
}

impl OfLate {
    /// What each had on the days up to `today` that are no older than so many.
    pub fn had(&mut self, today: NaiveDate, days: u32) -> &BTreeMap<SupplierId, u32> {
        while let Some(oldest) = self.by_day.first_entry()
            && (today - *oldest.key()).num_days() > i64::from(days)
        {
            for (supplier, pieces) in oldest.remove() {
                let had = self.had.entry(supplier).or_default();
                *had = had.saturating_sub(pieces);
            }
        }
        &self.had
    }

    /// Counts what suppliers get for an order of a day.
    pub fn add<'a>(&mut self, day: NaiveDate, pieces: impl IntoIterator<Item = (&'a SupplierId, &'a u32)>) {
        let of_day = self.by_day.entry(day).or_default();
        for (supplier, pieces) in pieces {
            for had in [
                of_day.entry(*supplier).or_default(),
                self.had.entry(*supplier).or_default(),
            ] {
                *had = had.saturating_add(*pieces);
            }
        }
    }
}

/// The sums over both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
    /// Orders that were looked at.
    pub seen: u64,
    /// The period has more orders than a comparison takes in: those placed last were not looked at.
    pub cut_off: bool,
    /// Those with something to ship.
    pub orders: u64,
    pub changed: u64,
    /// Orders of which both sides' cost is known: those that costs are added up of.
    pub compared: u64,
    pub live: Tally,
    pub draft: Tally,
}

/// What many orders cost one way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Orders of which everything could be shipped and priced.
    pub priced: u64,
    /// Orders of which nothing or not everything could be shipped.
    pub short: u64,
    /// Orders that could be shipped at a cost that is not known.
    pub unpriced: u64,
    /// Of priced orders, in minor units of the shop's currency.
    pub cost_minor: i64,
    pub parcels: u64,
    /// Until the last parcel, added up over priced orders.
    pub days: u64,
    pub suppliers: BTreeMap<SupplierId, SupplierTally>,
}

/// A supplier's part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierTally {
    pub orders: u64,
    pub pieces: u64,
    pub cost_minor: i64,
}

/// How an order would be shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Names, in order.
    pub suppliers: Vec<String>,
    /// Units that nobody ships.
    pub unserved: u32,
    pub cost: Option<Money>,
    pub parcels: Option<u32>,
    pub days: Option<u32>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn shares_go_by_the_last_days_only() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
        let [north, south] = [1, 2].map(|n| SupplierId(Uuid::from_u128(n)));
        let mut of_late = OfLate::default();
        of_late.add(day(1), [(&north, &3)]);
        of_late.add(day(3), [(&north, &1), (&south, &2)]);
        let had = |of_late: &mut OfLate, today, days| {
            let had = of_late.had(day(today), days);
            [north, south].map(|supplier| had.get(&supplier).copied().unwrap_or(0))
        };
        assert_eq!(had(&mut of_late, 3, 30), [4, 2]);
        assert_eq!(had(&mut of_late, 3, 2), [4, 2], "as many days old");
        assert_eq!(had(&mut of_late, 3, 1), [1, 2]);
        assert_eq!(had(&mut of_late, 20, 7), [0, 0]);
    }

    /// One that was under way when the program was replaced goes on.
    #[test]
    fn a_mark_from_before_is_read() {
        let mark = serde_json::from_str::<Mark>(r#"{ "seen": null, "had": [{}, {}], "so_far": { "seen": 3 } }"#);
        assert_eq!(mark.map(|mark| mark.so_far.seen).ok(), Some(3));
    }
}
