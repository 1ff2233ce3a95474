//! Access scopes: parsing them, what a grant of one implies, and which ones exist.

use std::collections::BTreeSet;

/// The scopes that the sandbox knows; asking for another is an error, as at Shopify.
const KNOWN: &[&str] = &[
    "read_all_orders",
    "read_assigned_fulfillment_orders",
    "read_customers",
    "read_draft_orders",
    "read_fulfillments",
    "read_inventory",
    "read_locations",
    "read_marketplace_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_metaobjects",
    "read_order_edits",
    "read_orders",
    "read_products",
    "read_reports",
    "read_returns",
    "read_shipping",
    "read_third_party_fulfillment_orders",
    "write_assigned_fulfillment_orders",
    "write_customers",
    "write_draft_orders",
    "write_fulfillments",
    "write_inventory",
    "write_locations",
    "write_merchant_managed_fulfillment_orders",
    "write_metaobjects",
    "write_order_edits",
    "write_orders",
    "write_products",
    "write_returns",
    "write_shipping",
    "write_third_party_fulfillment_orders",
];

/// A set of scopes as granted, without the implied ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a comma-separated list; the error is the first unknown scope.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut scopes = BTreeSet::new();
        for scope in text.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty()) {
            if !KNOWN.contains(&scope) {
                return Err(scope.to_owned());
            }
            scopes.insert(scope.to_owned());
        }
        // Shopify drops a read scope beside its write scope.
        let implied: Vec<_> = scopes
            .iter()
            .filter_map(|s| s.strip_prefix("write_"))
            .map(|s| format!("read_{s}"))
            .collect();
        for scope in implied {
            scopes.remove(&scope);
        }
        Ok(Self(scopes))
    }

    #[must_use]
    pub fn without(mut self, withheld: &[String]) -> Self {
        self.0.retain(|scope| !withheld.contains(scope));
        self
    }

    /// `a,b,c`, as the token endpoint writes it.
    pub fn joined(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }

    /// Every handle that `accessScopes` lists: the granted ones and the reads they imply.
    pub fn handles(&self) -> BTreeSet<String> {
        let mut handles = self.0.clone();
        handles.extend(
            self.0
                .iter()
                .filter_map(|s| s.strip_prefix("write_"))
                .map(|s| format!("read_{s}")),
        );
        handles
    }

    pub fn allows(&self, scope: &str) -> bool {
        let write = scope.strip_prefix("read_").map(|rest| format!("write_{rest}"));
        self.0.contains(scope) || write.is_some_and(|write| self.0.contains(&write))
    }

    pub fn allows_any(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| self.allows(scope))
    }
}
