//! Costs and strategies as people write them, in a setup file or a form. The doc
//! comments become the descriptions in the published JSON Schema; what the forms mean
//! is for `reading`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::setup::file::Percent;

/// What a supplier charges besides the goods. A charge that is not known is not zero: without
/// this, strategies that weigh costs do not use the supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostsEntry {
    /// The currency of these amounts (ISO 4217).
    pub currency: String,
    /// For each purchase order, as a decimal such as "1.50".
    pub per_order: String,
    /// For each parcel, packaging included.
    pub per_parcel: String,
    /// `true` where it is the shop's own stock.
    #[serde(default, skip_serializing_if = "is_no")]
    pub own_stock: bool,
    /// Pieces delivered of those ordered, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0, max = 100))]
    pub fill_rate_pct: Option<Percent>,
    /// Where it ships to at which price. The first zone that has the address counts; where none
    /// has it, the supplier does not ship.
    #[schemars(length(min = 1, max = 100))]
    pub zones: Vec<ZoneEntry>,
}

/// Addresses to which shipping costs the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneEntry {
    /// What explanations call it.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Countries (ISO 3166-1, two letters). Left out, it is everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250), inner(regex(pattern = r"^[A-Z]{2}$")))]
    pub countries: Vec<String>,
    /// Codes of provinces or states, as Shopify has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 250))]
    pub provinces: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub postcodes: Vec<PostcodesEntry>,
    /// Days on the road, after the handling days.
    #[schemars(range(min = 0, max = 365))]
    pub transit_days: u32,
    /// Customs duty on the goods, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0, max = 1000))]
    pub duty_pct: Option<Percent>,
    /// Tax on the goods that the shop does not get back, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0, max = 1000))]
    pub tax_pct: Option<Percent>,
    /// `true` where shipping is in the price of the goods. Otherwise there are brackets.
    #[serde(default, skip_serializing_if = "is_no")]
    pub included: bool,
    /// What a parcel costs up to a weight, by rising weight. What exceeds the last one goes into
    /// further parcels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub brackets: Vec<BracketEntry>,
}

/// A prefix, or a range with both of its ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostcodesEntry {
    /// All that begin with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 20))]
    pub prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 20))]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 20))]
    pub to: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BracketEntry {
    /// In grams.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub up_to_g: u32,
    pub cost: String,
}

/// A price for larger quantities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBreakEntry {
    /// Pieces that an order must take at least.
    #[schemars(range(min = 2, max = 1_000_000_000))]
    pub from: u32,
    /// What each of them then costs.
    pub cost: String,
}

/// How orders are routed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingEntry {
    /// `priority` goes by the mappings' and suppliers' order alone; all others find the plan
    /// that costs the least, with what they prefer above all.
    pub strategy: StrategyEntry,
    /// What the shop would pay to have it otherwise.
    #[serde(default, skip_serializing_if = "WeightsEntry::is_empty")]
    pub weights: WeightsEntry,
    /// Days until a customer is promised an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 365))]
    pub promised_days: Option<u32>,
    /// For `balanced_share`: who is to have which part of the pieces, 100 % in all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub shares: Vec<ShareEntry>,
    /// Days over which shares are counted; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 365))]
    pub share_days: Option<u32>,
    /// What currencies are worth. The newest rate that is not of a later day counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500))]
    pub rates: Vec<RateEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum StrategyEntry {
    Priority,
    Cheapest,
    Fastest,
    FewestParcels,
    PreferredSupplier,
    BalancedShare,
    OwnStockFirst,
}

/// Amounts in the shop's currency, as decimals such as "0.50".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightsEntry {
    /// For each day after the promised one, once per supplier that is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub late_per_day: Option<String>,
    /// For each unit and each day until it arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub per_unit_day: Option<String>,
    /// For each parcel: what splitting an order is worth avoiding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub per_parcel: Option<String>,
    /// For each unit that does not come from the shop's own stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub per_unit_not_own: Option<String>,
    /// For each unit and each step down in the suppliers' priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub per_unit_priority: Option<String>,
    /// For a piece that is ordered and not delivered; weighed by the fill rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub per_unfilled_piece: Option<String>,
    /// For a piece that leaves late; weighed by how often the supplier's do, which is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub per_late_piece: Option<String>,
}

impl WeightsEntry {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareEntry {
    /// The supplier's key.
    pub supplier: String,
    #[schemars(with = "f64", range(min = 0, max = 100))]
    pub percent: Percent,
}

/// What one unit of a currency was worth in another on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateEntry {
    #[schemars(regex(pattern = r"^[A-Z]{3}$"))]
    pub from: String,
    #[schemars(regex(pattern = r"^[A-Z]{3}$"))]
    pub to: String,
    /// As a decimal: 1 of `from` is so many of `to`.
    pub rate: String,
    /// The day, such as 2026-11-20.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub on: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_no(switch: &bool) -> bool {
    !*switch
}
