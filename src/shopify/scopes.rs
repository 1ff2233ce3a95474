//! Access scopes: the set asked for, the set granted, and what is missing
//! between them.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// What the app asks for unless `SCOPES` says otherwise: enough to read orders
/// and products, act as a fulfillment service and route fulfillment orders.
pub const DEFAULT_SCOPES: &[&str] = &[
    "read_orders",
    "write_fulfillments",
    "read_products",
    "write_inventory",
    "read_locations",
    "write_assigned_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "write_third_party_fulfillment_orders",
];

/// A set of scopes, written with commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a list separated by commas, spaces or both; Shopify uses commas.
    pub fn parse(text: &str) -> Self {
        text.split([',', ' ']).collect()
    }

    /// Does the set hold the scope, itself or within a wider one? To write
    /// includes to read.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
            || scope
                .strip_prefix("read_")
                .is_some_and(|what| self.0.contains(&format!("write_{what}")))
    }

    /// What of `asked` this set does not hold.
    #[must_use]
    pub fn missing(&self, asked: &Self) -> Self {
        asked.iter().filter(|scope| !self.contains(scope)).collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for Scopes {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        let trimmed = scopes.into_iter().map(str::trim).filter(|scope| !scope.is_empty());
        Self(trimmed.map(str::to_owned).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                out.write_str(",")?;
            }
            out.write_str(scope)?;
        }
        Ok(())
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_write_includes_to_read() {
        let asked = Scopes::parse("read_orders,write_orders,read_products, write_inventory");
        let check = |granted: &str, missing: &str| {
            assert_eq!(
                Scopes::parse(granted).missing(&asked),
                Scopes::parse(missing),
                "{granted}"
            );
        };
        check("write_orders,read_products,write_inventory", "");
        check("write_orders,write_inventory,read_products,read_themes", "");
        check(
            "read_orders,write_products,read_inventory",
            "write_orders,write_inventory",
        );
        check("", "read_orders,write_orders,read_products,write_inventory");
    }

    #[test]
    fn is_written_with_commas_in_one_order() {
        let scopes = Scopes::parse(" write_b, read_a  write_b,,");
        assert_eq!(scopes.to_string(), "read_a,write_b");
        assert_eq!(serde_json::to_string(&scopes).unwrap(), "\"read_a,write_b\"");
    }
}
