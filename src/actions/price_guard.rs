//! The last check of a purchase order's prices before it is sent (invariant 6).

use sea_orm::DbErr;

use crate::store::{self, Tx, po_lines, purchase_orders};

/// The SKU of the first line whose offer now costs more than the line says by
/// more than the connection's tolerance; none when all prices hold.
///
/// The line's price passed the guard when it was routed; what is checked here
/// is that nothing rose since, at the quantity of the whole purchase order.
pub async fn line_above_accepted_price(
    tx: &Tx,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
) -> Result<Option<String>, DbErr> {
    let lines = || lines.iter().filter(|line| line.purchase_order_id == po.id);
    let offers = store::offers::known(tx.conn(), lines().map(|line| line.offer_id).collect()).await?;
    for line in lines() {
        let Some(offer) = offers.iter().find(|offer| offer.id == line.offer_id) else {
            return Ok(Some(line.sku.clone()));
        };
        let pieces = lines().filter(|other| other.offer_id == line.offer_id);
        let pieces = pieces.map(|line| store::units(line.quantity)).sum();
        if offer.currency != po.currency || offer.unit_cost(pieces).amount_minor > line.unit_cost_minor {
            return Ok(Some(line.sku.clone()));
        }
    }
    Ok(None)
}
