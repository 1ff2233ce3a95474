//! The tenant of rows that a shop and a supplier share.

use sea_orm::{ColumnTrait, sea_query::Expr};

use super::narrow;
use crate::ids::{ShopId, SupplierId};

/// For whom purchase orders, parcels and what belongs to them are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    Shop(ShopId),
    Supplier(SupplierId),
}

impl Party {
    /// The condition that a row is this party's, given both of its tenant columns.
    pub(super) fn owns<C: ColumnTrait>(self, shop: C, supplier: C) -> Expr {
        match self {
            Self::Shop(id) => shop.eq(id),
            Self::Supplier(id) => supplier.eq(id),
        }
    }

    /// The same of a row with a `shop_id`, beside a condition that finds few rows by itself: see [`narrow`].
    pub(super) fn also_owns(self, supplier: impl ColumnTrait) -> Expr {
        match self {
            Self::Shop(id) => narrow::also_of(id),
            Self::Supplier(id) => supplier.eq(id),
        }
    }
}
