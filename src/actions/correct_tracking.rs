//! A parcel's carrier, number or link is added or put right after it was reported.

use super::{
    next_steps,
    record_shipment::RecordedShipment,
    supplier_report::{OpenReport, ReportError, ReportScope},
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        parcel::Tracking,
    },
    ids::PurchaseOrderId,
    store::{self, shipment_lines, shipments},
};

/// Replaces a parcel's tracking; the same tracking again changes nothing.
pub async fn correct_tracking(
    app: &App,
    scope: ReportScope,
    id: PurchaseOrderId,
    reference: &str,
    tracking: Tracking,
    actor: &Actor,
) -> Result<RecordedShipment, ReportError> {
    let tracking = tracking.checked()?;
    let now = app.clock.now();
    let (tx, report) = OpenReport::begin(app, scope, id).await?;
    let shop = report.po.shop_id;
    let found = shipments::by_reference(tx.conn(), shop, id, reference).await?;
    let mut shipment = found.ok_or(ReportError::UnknownShipment)?;
    let lines = shipment_lines::of_shipments(tx.conn(), shop, vec![shipment.id]).await?;
    let standing = Tracking {
        carrier: shipment.carrier.clone(),
        number: shipment.tracking_number.clone(),
        url: shipment.tracking_url.clone(),
    };
    if standing != tracking {
        shipment.carrier = tracking.carrier;
        shipment.tracking_number = tracking.number;
        shipment.tracking_url = tracking.url;
        shipment.tracking_version += 1;
        store::save(&tx, shipment.clone())?;
        let message = format!("{}: parcel {} has new tracking", report.po.number, shipment.reference);
        report.event(&tx, now, actor, EventKind::TrackingCorrected, message);
        next_steps::tracking_changed(&tx, &report.order, now)?;
        tx.commit().await?;
    }
    Ok(RecordedShipment {
        shipment,
        lines,
        is_new: false,
    })
}
