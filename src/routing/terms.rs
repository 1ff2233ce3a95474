//! What shipping from each supplier costs besides the goods, and what the owner
//! prefers at which price: the terms by which `least_cost` compares plans.
//! A cost that is not known is never taken for zero; it refuses the alternative.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use crate::domain::costs::{PriceBreak, Rate, WeightBracket};
use crate::{
    domain::{
        costs::WHOLE_BP,
        money::{Currency, Money},
        text_enum::text_enum,
    },
    ids::{OfferId, OrderLineId, SupplierId},
};

/// Everything that decides which allowed plan is the cheapest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostModel {
    /// The shop's, in which plans are compared.
    pub currency: Currency,
    pub rates: Vec<Rate>,
    /// An offer of a supplier that is missing here is refused.
    pub suppliers: Vec<SupplierCosts>,
    pub preferences: Preferences,
    pub limits: Limits,
    /// Days until the customer was promised the order.
    pub promised_days: Option<u32>,
    pub effort: Effort,
}

/// What a supplier charges for an order, in whatever currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierCosts {
    pub supplier: SupplierId,
    pub per_order: Money,
    /// Packaging included.
    pub per_parcel: Money,
    pub shipping: Shipping,
    /// Duties and taxes on the goods' price, in basis points.
    pub duties_bp: u32,
    /// Days on the road, after the supplier's handling days.
    pub transit_days: u32,
    /// The shop's own stock.
    pub own: bool,
    /// Pieces delivered of those ordered, in basis points, where it is known.
    pub fill_rate_bp: Option<u32>,
    /// Pieces that left in time of those that were due, in basis points, where it is known.
    #[serde(default)]
    pub on_time_bp: Option<u32>,
}

/// What the parcels to this order's destination cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shipping {
    /// In the price of the goods, in one parcel however heavy.
    Included,
    /// By rising `up_to_g`. What exceeds the last bracket goes into further
    /// parcels; a lighter parcel never costs more than a heavier one.
    ByWeight(Vec<WeightBracket>),
    /// The supplier names no price for the destination, or it cannot be told which,
    /// because the order does not say this of its address.
    NotKnown { unknown: Option<String> },
}

/// The price list of an offer above its cost for one piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceBreaks {
    pub offer: OfferId,
    /// By rising `from` and falling cost.
    pub breaks: Vec<PriceBreak>,
}

/// What the owner would pay to have it otherwise, in minor units of the shop's
/// currency. It steers the choice and is no part of the landed cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The strategy, where one of the weights is its own and stands above everything else.
    pub aim: Option<Aim>,
    /// For each day after the promised one, once per supplier that is late.
    pub late_per_day: u32,
    /// For each unit and each day until it arrives.
    pub per_unit_day: u32,
    pub per_parcel: u32,
    /// For each unit that does not come from the shop's own stock.
    pub per_unit_not_own: u32,
    /// For each unit and each step down in the suppliers' priority.
    pub per_unit_priority: u32,
    /// What a piece costs that is ordered and not delivered; weighed by fill rate.
    pub per_unfilled_piece: u32,
    /// What a piece costs that leaves late; weighed by how often the supplier's do.
    pub per_late_piece: u32,
    /// What a piece costs at a supplier that already has all of the business,
    /// weighed by how far it stands above its share. Whoever has no share costs it all.
    pub per_piece_off_balance: u32,
    pub balance: Vec<Share>,
}

/// The part of the business that a supplier should have, and what it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub supplier: SupplierId,
    pub target_bp: u32,
    /// Pieces ordered in the window that is to be balanced.
    pub pieces: u32,
}

/// What a plan must keep to, whatever it costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    pub max_parcels: Option<u32>,
    /// Lines that one supplier must ship together, and as a whole or not at all.
    pub together: Vec<BTreeSet<OrderLineId>>,
    /// A part of such lines may be shipped alone: a person decides about them one by one.
    pub in_part: bool,
}

impl Limits {
    /// Both limits at once.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let both = [self.max_parcels, other.max_parcels];
        self.max_parcels = both.into_iter().flatten().min();
        self.together.extend(other.together.iter().cloned());
        self.in_part |= other.in_part;
        self
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.max_parcels.is_none() && self.together.is_empty()
    }
}

/// How long to look for the optimum, and how much to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    /// Parts of the search space times the ways in each; when they are used up, the
    /// best plan so far stands, with the gap to what might be possible.
    pub work: u32,
    pub detail: Detail,
}

/// How much of the explanation is worked out. The decision is the same from [`Detail::Settled`] on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Who ships what at which cost, as the search left it.
    Decision,
    /// Where the plan is not proven to be the best, also whether a line's second-best plan that is found is better:
    /// that is the plan then.
    Settled,
    /// Also why every other candidate does not.
    Candidates,
    /// Also each line's second-best plan.
    #[default]
    RunnerUps,
}

/// Parts of the search space that are looked into for any plan, however many there are to compare with.
const LEAST_NODES: u32 = 8;

impl Effort {
    /// How many parts of the search space may be looked into, by the ways in each.
    #[must_use]
    pub fn nodes(self, ways: usize) -> u32 {
        self.work / u32::try_from(ways).unwrap_or(u32::MAX).max(1)
    }

    /// The same for each of several plans that are only to be compared with: all of them together take about as long
    /// as the order's own.
    #[must_use]
    pub fn nodes_of_each(self, ways: usize, plans: usize) -> u32 {
        let nodes = self.nodes(ways);
        (nodes / u32::try_from(plans).unwrap_or(u32::MAX).max(1)).max(LEAST_NODES.min(nodes))
    }
}

/// A strategy in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    Cheapest,
    Fastest,
    FewestParcels,
    PreferredSupplier,
    /// What is to be balanced is for [`Preferences::balance`] to say.
    BalancedShare,
    OwnStockFirst,
}

/// A price that outweighs the cost of any usual order, so that cost decides only
/// among plans that are equal in what is preferred. Where an order may cost more,
/// `tariff` takes so many times as much that it is outweighed too.
pub const ABOVE_ALL: u32 = 1_000_000_000;

text_enum! {
    /// What a strategy wants as little of as can be, before it looks at any cost.
    pub enum Aim {
        /// Days until it arrives, added up over the units.
        UnitDays = "unit_days",
        Parcels = "parcels",
        /// Steps down in the suppliers' priority, added up over the units.
        StepsDown = "steps_down",
        /// How far suppliers stand above their share, in basis points added up over the pieces.
        AboveShare = "above_share",
        /// Units that do not come from the shop's own stock.
        UnitsNotOwn = "units_not_own",
    }
}

impl Aim {
    /// What the amounts of it are counted in parts of.
    #[must_use]
    pub const fn whole(self) -> u32 {
        match self {
            Self::AboveShare => WHOLE_BP,
            Self::UnitDays | Self::Parcels | Self::StepsDown | Self::UnitsNotOwn => 1,
        }
    }
}

impl Preferences {
    /// The preferences that make the strategy.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let none = Self::default();
        match preset {
            Preset::Cheapest => none,
            Preset::Fastest => Self {
                aim: Some(Aim::UnitDays),
                per_unit_day: ABOVE_ALL,
                ..none
            },
            Preset::FewestParcels => Self {
                aim: Some(Aim::Parcels),
                per_parcel: ABOVE_ALL,
                ..none
            },
            Preset::PreferredSupplier => Self {
                aim: Some(Aim::StepsDown),
                per_unit_priority: ABOVE_ALL,
                ..none
            },
            Preset::BalancedShare => Self {
                aim: Some(Aim::AboveShare),
                per_piece_off_balance: ABOVE_ALL,
                ..none
            },
            Preset::OwnStockFirst => Self {
                aim: Some(Aim::UnitsNotOwn),
                per_unit_not_own: ABOVE_ALL,
                ..none
            },
        }
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            work: 120_000,
            detail: Detail::RunnerUps,
        }
    }
}
