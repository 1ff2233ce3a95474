//! A routing rule, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{is_yes, yes};

/// A hard rule: what must be so, whatever it costs. It says one thing: `exclude`, `only`,
/// `never`, `keep_in_stock`, `never_split`, `ship_together` or `max_parcels`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    /// What explanations call it.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// When it holds, such as `order.country == "CH" and order.total > 500`. Always, without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1000))]
    pub when: Option<String>,
    /// Do not use the offers for which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub exclude: Option<bool>,
    /// Only these suppliers ship the lines for which it holds, by their keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub only: Option<Vec<String>>,
    /// These suppliers do not ship the lines for which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub never: Option<Vec<String>>,
    /// Pieces to leave in stock of the offers for which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 1_000_000_000))]
    pub keep_in_stock: Option<u32>,
    /// One supplier ships the whole order, or nobody any of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub never_split: Option<bool>,
    /// One supplier ships all lines for which it holds, or nobody any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub ship_together: Option<bool>,
    /// Parcels for the order at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 200))]
    pub max_parcels: Option<u32>,
    /// `false` switches it off.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
    /// The first day that it counts, such as 2026-12-01, in the shop's time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub from: Option<String>,
    /// The last day that it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub until: Option<String>,
}
