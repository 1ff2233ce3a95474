//! Suppliers, and the words they answer with.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;

text_enum! {
    /// How purchase orders reach a supplier and shipments come back.
    pub enum ConnectorKind {
        /// The supplier works in the browser.
        Portal = "portal",
        /// Signed HTTP calls by the Standard Webhooks specification.
        Http = "http",
    }
}

text_enum! {
    /// Why a supplier does not ship a line.
    pub enum RejectReason {
        OutOfStock = "OUT_OF_STOCK",
        Discontinued = "DISCONTINUED",
        InvalidSku = "INVALID_SKU",
        InvalidAddress = "INVALID_ADDRESS",
        CannotShipToDestination = "CANNOT_SHIP_TO_DESTINATION",
        PriceChanged = "PRICE_CHANGED",
        Other = "OTHER",
    }
}

/// A supplier's stable name in files and commands: 1 to 40 of `[a-z0-9-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SupplierKey(String);

/// A text that cannot be a supplier's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a supplier key is 1 to 40 of a–z, 0–9 and “-”, and starts with a letter or digit")]
pub struct BadSupplierKey;

impl SupplierKey {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SupplierKey {
    type Err = BadSupplierKey;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let good = (1..=40).contains(&bytes.len()) && plain(bytes[0]) && bytes.iter().all(|b| plain(*b) || *b == b'-');
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadSupplierKey)
        }
    }
}

impl TryFrom<String> for SupplierKey {
    type Error = BadSupplierKey;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SupplierKey> for String {
    fn from(key: SupplierKey) -> Self {
        key.0
    }
}

impl fmt::Display for SupplierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
