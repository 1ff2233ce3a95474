//! A shop and what its owner chose.

use serde::{Deserialize, Serialize};

use super::{costs::RoutingSettings, review::ReviewHolds, rules::RuleText, text_enum::text_enum};
use crate::ids::ShopifyLocationId;

text_enum! {
    /// Whether we may act for the shop.
    pub enum ShopStatus {
        Installed = "installed",
        /// The refresh token is gone: the owner must open the app again.
        NeedsReconnect = "needs_reconnect",
        Uninstalled = "uninstalled",
    }
}

text_enum! {
    /// When a kit unit counts as fulfilled towards Shopify.
    pub enum KitFulfillment {
        LastComponent = "last_component",
        FirstComponent = "first_component",
    }
}

/// The locations whose fulfillment orders are ours to route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectedLocations {
    All,
    Only(Vec<ShopifyLocationId>),
}

impl SelectedLocations {
    #[must_use]
    pub fn contains(&self, location: ShopifyLocationId) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&location),
        }
    }
}

/// The longest time to undo. Minutes.
pub const MOST_UNDO_MINUTES: u32 = 24 * 60;

/// A shop's settings; what is missing in a stored form takes its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopSettings {
    /// Route and place without a click.
    pub automation: bool,
    pub notify_customer: bool,
    pub kit_fulfillment: KitFulfillment,
    pub locations: SelectedLocations,
    /// Route orders with payment terms before they are paid.
    pub ship_on_payment_terms: bool,
    /// How long a decided purchase order can be undone before it is sent. Minutes.
    pub undo_minutes: u32,
    /// What waits for a person before it is sent.
    pub review: ReviewHolds,
    /// The shop's own routing rules, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleText>,
    /// How orders are routed.
    #[serde(skip_serializing_if = "RoutingSettings::is_default")]
    pub routing: RoutingSettings,
}

impl Default for ShopSettings {
    fn default() -> Self {
        Self {
            automation: false,
            notify_customer: true,
            kit_fulfillment: KitFulfillment::LastComponent,
            locations: SelectedLocations::All,
            ship_on_payment_terms: false,
            undo_minutes: 0,
            review: ReviewHolds::default(),
            rules: Vec::new(),
            routing: RoutingSettings::default(),
        }
    }
}
