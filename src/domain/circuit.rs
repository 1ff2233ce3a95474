//! Whom the program calls, as circuit breakers tell them apart.

use std::fmt;

use crate::ids::{ShopId, SupplierId};

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Supplier(SupplierId),
    /// A shop's Admin API.
    Shop(ShopId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supplier(id) => write!(f, "supplier:{id}"),
            Self::Shop(id) => write!(f, "shop:{id}"),
        }
    }
}
