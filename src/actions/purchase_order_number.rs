//! The numbers of purchase orders, which no two of an installation share.

use sea_orm::DbErr;

use crate::{
    domain::purchase_order::PurchaseOrderNumber,
    store::{Tx, orders, purchase_orders, shops},
};

/// The number of an order's purchase order, counted from 1: by the order's name, or by its id where another order
/// has that name, too. Names that an app gives need not differ.
pub(super) async fn free(
    tx: &Tx,
    shop: &shops::Model,
    order: &orders::Model,
    counter: u32,
) -> Result<PurchaseOrderNumber, DbErr> {
    let number = PurchaseOrderNumber::new(&shop.po_prefix, &order.name, order.shopify_id, counter);
    if purchase_orders::is_number_given(tx.conn(), &number.0).await? {
        return Ok(PurchaseOrderNumber::by_id(&shop.po_prefix, order.shopify_id, counter));
    }
    Ok(number)
}
