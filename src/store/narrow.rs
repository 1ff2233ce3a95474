//! A condition that rows are not to be found by.

use sea_orm::sea_query::{Expr, ExprTrait as _};

use crate::ids::ShopId;

/// Of the shop, beside a condition that finds few rows by itself. `SQLite` has counted nothing, and takes an
/// index that begins with the shop for the narrower one: it would go through all the rows of the shop. A column
/// with a plus before it is looked up in no index.
pub(super) fn also_of(shop: ShopId) -> Expr {
    Expr::cust("+shop_id").eq(shop)
}
