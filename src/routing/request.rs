//! What routing is asked: the order's lines, what may serve them, and the terms
//! of each supplier. Facts only, as they were read; judging them is `rules`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    rulebook::{OrderFacts, Rule},
    terms::{CostModel, PriceBreaks},
};
use crate::{
    domain::{
        goods::{Goods, Service},
        money::Money,
    },
    ids::{AlternativeId, OfferId, OrderLineId, SupplierId},
};

/// Everything that [`super::route`] looks at for one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRequest {
    pub lines: Vec<LineDemand>,
    /// The shop's connections; an offer of any other supplier is refused.
    pub suppliers: Vec<SupplierTerms>,
    /// ISO 3166 country of the ship-to address, if the order has one.
    pub destination: Option<String>,
    pub strategy: Strategy,
    /// Under the priority list: what is known of costs. It stands in the explanation, and decides nothing but how
    /// many parcels a limit counts.
    pub known_costs: Option<Box<CostModel>>,
    /// Of the offers that have a price list.
    pub price_breaks: Vec<PriceBreaks>,
    /// What else the shop's rules may ask about.
    pub facts: OrderFacts,
    /// The shop's own rules that are in force, in their order.
    pub rules: Vec<Rule>,
}

/// What makes one allowed plan better than another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The owner's order decides: the mapping's rank, then the supplier's priority.
    #[default]
    Priority,
    /// The order's landed cost decides, with the owner's preferences at their price.
    LeastCost(Box<CostModel>),
}

/// Units of one order line that await routing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDemand {
    pub line: OrderLineId,
    pub units: u32,
    /// Ways to make one unit; none means that the variant is not mapped.
    pub alternatives: Vec<Alternative>,
    /// Suppliers that rejected this line before.
    pub excluded: BTreeSet<SupplierId>,
    /// A person chose this offer: only alternatives with it count, even if its
    /// supplier is excluded. Price, stock and destination still bind.
    pub forced_offer: Option<OfferId>,
    /// As the shop calls it.
    pub sku: Option<String>,
    pub title: String,
}

/// One way to make a unit of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    pub id: AlternativeId,
    /// 1 is tried first.
    pub rank: u32,
    /// More than one for a kit.
    pub components: Vec<Component>,
}

/// An offer and how many pieces of it go into one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    pub offer: OfferFacts,
    pub per_unit: u32,
    /// What the shop agreed to pay for one piece.
    pub accepted_cost: Money,
}

/// What a supplier says about an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferFacts {
    pub id: OfferId,
    pub supplier: SupplierId,
    pub sku: String,
    pub title: String,
    /// For one piece, in the supplier's currency.
    pub cost: Money,
    /// Pieces that are free; `None` when the supplier does not count.
    pub stock: Option<u32>,
    /// Pieces on the shelf beside those, which are reserved for other orders.
    pub reserved: u32,
    /// ISO 3166 countries; empty means everywhere.
    pub ships_to: Vec<String>,
    pub active: bool,
    pub weight_g: Option<u32>,
    pub goods: Goods,
}

/// A shop's agreement with a supplier, as far as routing needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplierTerms {
    pub id: SupplierId,
    /// The stable name by which rules call it.
    pub key: String,
    pub name: String,
    /// 1 comes first.
    pub priority: u32,
    pub active: bool,
    /// How far a cost may exceed the accepted one, in basis points: 200 is 2 %.
    pub price_tolerance_bp: u32,
    pub handling_days: u32,
    pub service: Service,
}
