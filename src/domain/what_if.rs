//! What a shop's routing could have been: a draft, how far its comparison with the live
//! routing has come, and what became of the orders. Deciding is for `routing`.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    costs::{ConnectionCosts, MOST_SHARE_ORDERS, RoutingSettings},
    goods::Service,
    money::Money,
    shop::ShopSettings,
    text_enum::text_enum,
};
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
    pub newest: (OfLate, OfLate),
    pub so_far: Comparison,
}

/// Pieces that each supplier got by which shares go: of as many purchase orders and days as live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfLate {
    /// When each was decided, to whom it went and with how many pieces, by time.
    orders: VecDeque<(DateTime<Utc>, SupplierId, u32)>,
    /// By all of these.
    had: BTreeMap<SupplierId, u32>,
}

impl OfLate {
    /// What each had for an order that is decided at this time, which is none before those that were counted.
    pub fn had(&mut self, at: DateTime<Utc>, settings: &RoutingSettings) -> &BTreeMap<SupplierId, u32> {
        let since = settings.shares_since(at);
        while self.orders.front().is_some_and(|(decided, ..)| *decided < since) {
            self.forget_oldest();
        }
        &self.had
    }

    /// Counts a purchase order to each of these suppliers.
    pub fn add<'a>(&mut self, at: DateTime<Utc>, pieces: impl IntoIterator<Item = (&'a SupplierId, &'a u32)>) {
        for (supplier, pieces) in pieces {
            self.orders.push_back((at, *supplier, *pieces));
            let had = self.had.entry(*supplier).or_default();
            *had = had.saturating_add(*pieces);
        }
        while self.orders.len() > MOST_SHARE_ORDERS as usize {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, supplier, pieces)) = self.orders.pop_front() {
            let had = self.had.entry(supplier).or_default();
            *had = had.saturating_sub(pieces);
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
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;

    fn at(day: u32, hour: u32) -> DateTime<Utc> {
        let time = NaiveDate::from_ymd_opt(2026, 11, day).and_then(|day| day.and_hms_opt(hour, 0, 0));
        time.expect("a time").and_utc()
    }

    fn suppliers() -> [SupplierId; 2] {
        [1, 2].map(|n| SupplierId(Uuid::from_u128(n)))
    }

    /// What both had for an order of this time, over so many days.
    fn had(of_late: &mut OfLate, at: DateTime<Utc>, share_days: u32) -> [u32; 2] {
        let settings = RoutingSettings {
            share_days,
            ..RoutingSettings::default()
        };
        let had = of_late.had(at, &settings);
        suppliers().map(|supplier| had.get(&supplier).copied().unwrap_or(0))
    }

    #[test]
    fn shares_go_by_the_last_days_only() {
        let [north, south] = suppliers();
        let mut of_late = OfLate::default();
        of_late.add(at(1, 9), [(&north, &3)]);
        of_late.add(at(3, 9), [(&north, &1), (&south, &2)]);
        assert_eq!(had(&mut of_late, at(3, 12), 30), [4, 2]);
        assert_eq!(had(&mut of_late, at(3, 9), 2), [4, 2], "two times 24 hours ago");
        assert_eq!(
            had(&mut of_late, at(3, 10), 2),
            [1, 2],
            "an hour longer ago, on the same day"
        );
        assert_eq!(had(&mut of_late, at(20, 9), 7), [0, 0]);
    }

    #[test]
    fn shares_go_by_the_newest_purchase_orders_only() {
        let [north, south] = suppliers();
        let mut of_late = OfLate::default();
        of_late.add(at(1, 9), [(&north, &7)]);
        for _ in 1..MOST_SHARE_ORDERS {
            of_late.add(at(1, 10), [(&south, &1)]);
        }
        assert_eq!(had(&mut of_late, at(1, 11), 30), [7, MOST_SHARE_ORDERS - 1]);
        of_late.add(at(1, 11), [(&south, &1)]);
        assert_eq!(had(&mut of_late, at(1, 11), 30), [0, MOST_SHARE_ORDERS]);
    }

    /// One that was under way when the program was replaced goes on.
    #[test]
    fn a_mark_from_before_is_read() {
        for late in [
            r#""had": [{}, {}]"#,
            r#""of_late": [{ "by_day": {}, "had": {} }, { "by_day": {}, "had": {} }]"#,
        ] {
            let mark = format!(r#"{{ "seen": null, {late}, "so_far": {{ "seen": 3 }} }}"#);
            let mark = serde_json::from_str::<Mark>(&mark);
            assert_eq!(mark.map(|mark| mark.so_far.seen).ok(), Some(3));
        }
    }
}
