//! Rows as connectors take them. Customer data: handed on, never logged.

use crate::{
    connectors::{
        OutgoingCancellation, OutgoingLine, OutgoingPurchaseOrder, OutgoingShop, Target, outgoing::CancelledLine,
    },
    domain::{money::Money, purchase_order::PurchaseOrderNumber},
    seal::{Keyring, SealError},
    store::{self, po_lines, purchase_orders, shops, suppliers},
};

/// Where a supplier's secret is sealed for.
#[must_use]
pub fn secret_place(supplier: crate::ids::SupplierId) -> String {
    format!("suppliers/{supplier}/secret")
}

/// Where a supplier is reached.
pub fn target(keyring: &Keyring, supplier: &suppliers::Model) -> Result<Target, SealError> {
    let secret = supplier
        .secret
        .as_ref()
        .map(|sealed| keyring.open(sealed, &secret_place(supplier.id)))
        .transpose()?;
    Ok(Target {
        endpoint: supplier.endpoint.as_deref().and_then(|url| url.parse().ok()),
        secret,
    })
}

fn shop(shop: &shops::Model) -> OutgoingShop {
    OutgoingShop {
        name: shop.name.clone(),
        domain: shop.domain.clone(),
    }
}

/// A purchase order with all that the supplier needs.
#[must_use]
pub fn purchase_order(
    of: &shops::Model,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
) -> OutgoingPurchaseOrder {
    // An edit may have taken units back before the order was sent.
    let wanted = lines.iter().filter(|line| line.progress().open() > 0);
    let line = |line: &po_lines::Model| OutgoingLine {
        id: line.id,
        sku: line.sku.clone(),
        title: line.title.clone(),
        quantity: line.progress().open(),
        unit_cost: Money::new(line.unit_cost_minor, po.currency),
    };
    OutgoingPurchaseOrder {
        id: po.id,
        number: PurchaseOrderNumber(po.number.clone()),
        order_name: po.order_name.clone(),
        shop: shop(of),
        currency: po.currency,
        ship_to: po.ship_to.clone().map(|address| address.0).unwrap_or_default(),
        ship_by: po.ship_by,
        lines: wanted.map(line).collect(),
    }
}

/// What the supplier shall no longer ship.
#[must_use]
pub fn cancellation(
    of: &shops::Model,
    po: &purchase_orders::Model,
    lines: &[po_lines::Model],
    reason: Option<String>,
) -> OutgoingCancellation {
    let asked = lines.iter().filter(|line| line.cancel_requested > 0);
    let line = |line: &po_lines::Model| CancelledLine {
        id: line.id,
        sku: line.sku.clone(),
        // A total, so that a question contains those before it, whose answers may be lost.
        quantity: line.told().cancelled + store::units(line.cancel_requested),
    };
    OutgoingCancellation {
        id: po.id,
        number: PurchaseOrderNumber(po.number.clone()),
        order_name: po.order_name.clone(),
        shop: shop(of),
        reason,
        lines: asked.map(line).collect(),
    }
}
