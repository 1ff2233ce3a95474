//! What a shop's routing could have been: a draft, how far its comparison with the live
//! routing has come, and what became of the orders. Deciding is for `routing`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
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
    /// Pieces that each supplier got so far, live and as the draft would have it.
    pub had: (BTreeMap<SupplierId, u32>, BTreeMap<SupplierId, u32>),
    pub so_far: Comparison,
}

/// The sums over both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
    /// Orders that were looked at.
    pub seen: u64,
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
