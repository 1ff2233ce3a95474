//! What routing answers: for each line the chosen offers or why there are none,
//! and every alternative that was passed over. Stored as JSON with the order, so
//! names and SKUs are copied in: the plan still reads well when they change.

use serde::{Deserialize, Serialize};

use super::terms::{Aim, Rate};
use crate::{
    domain::{
        costs::StrategyWord,
        money::{Currency, Money},
        text_enum::text_enum,
    },
    ids::{AllocationGroupId, AlternativeId, OfferId, OrderLineId, SupplierId},
};

/// The decision for one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutePlan {
    /// In the order of the lines' ids; a line that is split stands here several times.
    pub lines: Vec<PlanLine>,
    /// What the goods cost, one sum per currency.
    pub costs: Vec<Money>,
    /// What the order costs with shipping and fees, where the strategy weighs it.
    #[serde(default)]
    pub landed: Option<Landed>,
    /// What the owner had chosen, told by whoever asked.
    #[serde(default)]
    pub strategy: Option<StrategyWord>,
    /// What is bought of lines that go [by hand](PlanLine::by_hand), told by whoever bought it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<AllocationGroupId>,
}

impl RoutePlan {
    /// What the goods cost, where it is one currency.
    #[must_use]
    pub const fn only_cost(&self) -> Option<Money> {
        match self.costs.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}

/// The landed cost of a plan, in the shop's currency, rounded for display.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// Goods, duties, fees and shipping.
    pub total: Money,
    /// What the owner's preferences count against the plan besides, without what the strategy aims at.
    pub preferences: Money,
    /// What the plan has of what the strategy aims at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aimed>,
    /// How much cheaper a plan might at most be, preferences included; zero when
    /// this one is proven to be the cheapest.
    pub gap: Money,
    /// How much less a plan might at most have of what the strategy aims at; where it is not zero, the gap in
    /// money says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim_gap: Option<Aimed>,
    pub suppliers: Vec<SupplierBill>,
    /// By which other currencies were converted.
    pub rates: Vec<Rate>,
}

/// An amount of what a strategy wants as little of as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aimed {
    pub aim: Aim,
    /// Below zero where two plans are compared, and the other has less.
    pub amount: i64,
}

/// One supplier's part of the landed cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierBill {
    pub supplier: SupplierId,
    pub supplier_name: String,
    pub goods: Money,
    /// Duties and taxes, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duties: Option<Money>,
    /// For the order and its parcels.
    pub fees: Money,
    pub shipping: Money,
    pub parcels: u32,
    pub weight_g: u64,
}

/// What units cost by themselves, with parcels of their own, in the shop's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostParts {
    /// Fewer than are wanted where there are not as many.
    pub units: u32,
    pub goods: Money,
    /// Duties and taxes.
    pub duties: Money,
    pub fees: Money,
    pub shipping: Money,
    /// Until they arrive.
    pub days: u32,
}

/// The best plan in which other alternatives serve a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Who would serve the line.
    pub summary: String,
    /// No other such plan is better; else it is the best that was found, as far as plans from before it was told know.
    #[serde(default)]
    pub proven: bool,
    /// What the whole order would cost more, before preferences; may be below
    /// zero where a preference decided.
    pub more: Money,
    /// What preferences count against it more, without what the strategy aims at.
    pub preferences: Money,
    /// What it has more of what the strategy aims at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aimed>,
    /// What would have to change for it to win, if a lower price could do it.
    pub to_win: Option<PriceCut>,
}

/// A price at which another plan would have won.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceCut {
    pub offer: OfferId,
    pub sku: String,
    pub supplier_name: String,
    /// How much less each piece would have to cost.
    pub by: Money,
}

/// Some units of one order line, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanLine {
    pub line: OrderLineId,
    /// Over all entries of the same line these sum to its demand.
    pub units: u32,
    pub outcome: Outcome,
    /// Whether a person chose who serves them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// A sentence for the shop's owner.
    pub reason: String,
    /// The line's other alternatives, in the order in which they were considered.
    pub rejected: Vec<RejectedAlternative>,
    /// The second-best plan for the line, where the strategy looks for one.
    #[serde(default)]
    pub runner_up: Option<RunnerUp>,
    /// What these units cost by themselves, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<CostParts>,
}

/// What becomes of some units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    Allocated {
        alternative: AlternativeId,
        rank: u32,
        components: Vec<ChosenComponent>,
    },
    /// Nothing is mapped to the line's variant.
    Unmapped,
    /// Alternatives exist and none may or can serve these units.
    NoEligibleSupplier,
    /// An alternative could serve these units if the shop accepted its new price.
    PriceRose {
        offer: OfferId,
        accepted: Money,
        now: Money,
    },
}

/// A component as it is to be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenComponent {
    pub offer: OfferId,
    pub supplier: SupplierId,
    pub supplier_name: String,
    pub sku: String,
    pub title: String,
    pub per_unit: u32,
    /// Pieces for all units of this plan line.
    pub quantity: u32,
    pub unit_cost: Money,
}

/// An alternative that does not serve these units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedAlternative {
    pub alternative: AlternativeId,
    pub rank: u32,
    /// Who and what, for instance “North Textiles (NT-MUG)”.
    pub summary: String,
    /// What weighs most: a price comes last, since it alone can be accepted.
    pub why: RejectedBecause,
    /// What stands in the way besides.
    pub also: Vec<RejectedBecause>,
    /// What these units would cost from it by themselves, where it may serve them and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<CostParts>,
    /// What would set it before the one that serves these units, where the priority list decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_if: Option<FirstIf>,
}

/// What puts an alternative further up in the priority list. Its display reads well after why it does not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FirstIf {
    /// It stood above this one in the line's mapping.
    Rank { above: String },
    /// All of its suppliers came before this one in priority.
    Priority { before: String },
}

/// Why an alternative does not serve some units. Its display reads well after
/// the alternative's summary and a colon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RejectedBecause {
    /// A fact that cannot be right; nothing is bought on its ground.
    BadData {
        field: Field,
    },
    /// The shop has no connection with the supplier.
    NotConnected {
        supplier: SupplierId,
        sku: String,
    },
    SupplierPaused {
        supplier_name: String,
    },
    /// The supplier rejected this line before.
    RejectedBefore {
        supplier_name: String,
    },
    OfferInactive {
        sku: String,
    },
    DoesNotShipTo {
        sku: String,
        /// `None` when the order names no country.
        destination: Option<String>,
        ships_to: Vec<String>,
    },
    /// A person chose an offer that is not part of it.
    NotChosen,
    /// Less is left than one unit needs.
    OutOfStock {
        sku: String,
        /// Pieces that are free.
        in_stock: u32,
        /// Pieces beside those, which are reserved for other orders.
        #[serde(default)]
        reserved: u32,
        /// What the rest of this order leaves of it.
        left: u32,
        needed_per_unit: u32,
    },
    CurrencyChanged {
        offer: OfferId,
        sku: String,
        accepted: Money,
        now: Money,
    },
    PriceRose {
        offer: OfferId,
        sku: String,
        accepted: Money,
        now: Money,
        tolerance_bp: u32,
    },
    /// The shop does not have this supplier ship dangerous goods.
    DangerousGoods {
        sku: String,
        supplier_name: String,
    },
    /// The recipient must have an age that the supplier does not have checked.
    AgeNotChecked {
        sku: String,
        supplier_name: String,
        age: u32,
    },
    /// A rule of the shop's forbids it.
    Rule {
        rule: String,
        /// The fact for want of which the rule could not be decided.
        #[serde(default)]
        unknown: Option<String>,
    },
    /// Such a rule keeps it with those who have the rest of the order already.
    KeptWith {
        rule: String,
        /// Names, as far as they are known.
        suppliers: Vec<String>,
    },
    /// What is left beyond what a rule keeps in stock is less than one unit needs.
    KeptInStock {
        sku: String,
        in_stock: u32,
        kept: u32,
        rule: String,
        /// What this order takes of it.
        #[serde(default)]
        taken: u32,
        /// Zero in plans from before it was told.
        #[serde(default)]
        needed_per_unit: u32,
    },
    /// It could serve these units, but others come first.
    NotNeeded,
    /// With these units from it and all else as planned, the order would cost more.
    CostsMore {
        /// Before preferences; may be below zero where a preference decided.
        by: Money,
        preferences: Money,
        /// What it has more of what the strategy aims at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        aim: Option<Aimed>,
        /// Fewer than are planned where it cannot serve them all.
        units: u32,
        /// The days by which it is late, where the shop minds.
        #[serde(default)]
        late_days: u32,
    },
    /// The order's limits on parcels or on shipping together leave no room for it.
    Limits,
    /// The same, where the limits are from rules of the shop's.
    LimitedBy {
        rules: Vec<String>,
        /// Rules that keep the order's other lines with other suppliers.
        beside: Vec<String>,
        /// What its supplier cannot ship of the lines that belong together.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lacks: Vec<Lack>,
    },
    /// A rule has it shipped together with lines that wait for a person.
    RestWaits {
        rule: String,
        titles: Vec<String>,
    },
    CostsUnknown {
        supplier_name: String,
    },
    /// No zone of the supplier's has the destination, or it cannot be told which.
    NoZone {
        supplier_name: String,
        destination: Option<String>,
        /// What the order does not say of its address.
        unknown: Option<String>,
    },
    NoRate {
        currency: Currency,
    },
    /// Shipping goes by weight.
    WeightUnknown {
        sku: String,
    },
    TooHeavy {
        sku: String,
        weight_g: u32,
        limit_g: u32,
    },
}

/// What a supplier cannot ship of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    pub supplier_name: String,
    /// The line's title.
    pub title: String,
    /// Units of the line, and how many of them it can ship.
    pub wanted: u32,
    pub has: u32,
}

text_enum! {
    /// A value of the request that cannot be right.
    pub enum Field {
        /// An alternative without components.
        Components = "components",
        /// A component that takes no piece, or more pieces than can be counted.
        PerUnit = "per_unit",
        /// A cost below zero or beyond what can be summed.
        Cost = "cost",
        /// An accepted cost below zero.
        AcceptedCost = "accepted_cost",
        /// A fee below zero.
        Fees = "fees",
        /// Weight brackets that do not rise, or cost less than nothing.
        ShippingBrackets = "shipping_brackets",
        /// Quantities that do not rise or prices that do.
        PriceBreaks = "price_breaks",
        /// More delivered than ordered.
        FillRate = "fill_rate_bp",
    }
}

impl RejectedBecause {
    /// Whether accepting a new price would remove it.
    #[must_use]
    pub const fn is_price(&self) -> bool {
        matches!(self, Self::PriceRose { .. } | Self::CurrencyChanged { .. })
    }
}
