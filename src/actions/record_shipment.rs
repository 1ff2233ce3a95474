//! A supplier reports a parcel: it is recorded once, whatever we think of it.
//!
//! The supplier's reference names the parcel. The same reference with the same
//! content is the same parcel; with other content it is a conflict. Units that
//! were rejected or cancelled before and turn up in a parcel all the same are
//! taken back into the count, and a person is told.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use sha2::{Digest as _, Sha256};

use super::{
    chase_rest, next_steps,
    open_exception::{NewException, open_exception},
    route_order::follow_status,
    supplier_report::{OpenReport, ReportError, ReportScope},
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        fulfilment::ShipmentState,
        parcel::Parcel,
        purchase_order::LineProgress,
    },
    failpoint,
    ids::{OrderLineId, PurchaseOrderId, RowId, ShipmentId},
    store::{
        self, Tx,
        allocations::{self, AllocationStatus},
        order_lines,
        order_state::OrderState,
        po_lines, shipment_lines, shipments,
    },
};

/// A parcel as it stands now.
#[derive(Clone, Debug)]
pub struct RecordedShipment {
    pub shipment: shipments::Model,
    pub lines: Vec<shipment_lines::Model>,
    /// Whether this report was the first of it.
    pub is_new: bool,
}

/// Records a parcel, or finds it recorded.
pub async fn record_shipment(
    app: &App,
    scope: ReportScope,
    id: PurchaseOrderId,
    parcel: Parcel,
    actor: &Actor,
) -> Result<RecordedShipment, ReportError> {
    let now = app.clock.now();
    let parcel = parcel.checked(now)?;
    let fingerprint = Sha256::digest(parcel.canonical()).to_vec();
    let (tx, mut report) = OpenReport::begin(app, scope, id).await?;
    if let Some(shipment) = reported_before(&tx, &report, &parcel.reference).await? {
        if shipment.fingerprint != fingerprint {
            return Err(ReportError::ReferenceTaken);
        }
        let lines = shipment_lines::of_shipments(tx.conn(), shipment.shop_id, vec![shipment.id]).await?;
        return Ok(RecordedShipment {
            shipment,
            lines,
            is_new: false,
        });
    }
    let (after, unexpected) = decide(&report, &parcel)?;
    report.prove_placed(&tx, now).await?;
    let recorded = write(&tx, &report, &parcel, fingerprint, now)?;
    report.save(&tx, &after, now)?;
    chase_rest::after_answer(&tx, &report.po, &after, now).await?;
    let message = format!(
        "{}: parcel {} with {}",
        report.po.number,
        parcel.reference,
        contents(&report, &parcel)
    );
    report.event(&tx, now, actor, EventKind::Shipped, message);
    if !unexpected.is_empty() {
        take_back(&tx, &report, &unexpected).await?;
        tell_a_person(&tx, &report, recorded.shipment.id, &unexpected, now).await?;
    }
    next_steps::parcel_recorded(&tx, &report.order, recorded.shipment.id, now)?;
    follow_status(&tx, &report.shop, report.order.id).await?;
    failpoint::hit("ship.before_commit");
    tx.commit().await?;
    Ok(recorded)
}

/// The parcel of that reference, if it was reported before.
async fn reported_before(tx: &Tx, report: &OpenReport, reference: &str) -> Result<Option<shipments::Model>, DbErr> {
    let state = OrderState::of(tx, report.po.shop_id, report.order.id).await?;
    let mut shipments = state.into_iter().flat_map(|state| state.shipments);
    Ok(shipments.find(|one| one.purchase_order_id == report.po.id && one.reference == reference))
}

/// Units in a parcel that nobody waited for any more. Offer units.
struct Unexpected {
    row: po_lines::Model,
    quantity: u32,
}

/// The lines' quantities with the parcel, and what of it is unexpected; writes nothing.
fn decide(report: &OpenReport, parcel: &Parcel) -> Result<(Vec<LineProgress>, Vec<Unexpected>), ReportError> {
    let mut after = report.progress();
    let mut unexpected = Vec::new();
    for (index, line) in parcel.lines.iter().enumerate() {
        let place = report.line(line.line, || format!("lines[{index}].line_id"))?;
        let (progress, extra) = after[place]
            .ship(line.quantity)
            .map_err(|error| ReportError::Quantity {
                field: format!("lines[{index}].quantity"),
                line: line.line,
                error,
            })?;
        after[place] = progress;
        if extra > 0 {
            unexpected.push(Unexpected {
                row: report.lines[place].clone(),
                quantity: extra,
            });
        }
    }
    Ok((after, unexpected))
}

fn write(
    tx: &Tx,
    report: &OpenReport,
    parcel: &Parcel,
    fingerprint: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<RecordedShipment, DbErr> {
    let po = &report.po;
    let shipment = shipments::Model {
        id: ShipmentId::generate(),
        shop_id: po.shop_id,
        supplier_id: po.supplier_id,
        order_id: po.order_id,
        purchase_order_id: po.id,
        reference: parcel.reference.clone(),
        fingerprint,
        carrier: parcel.tracking.carrier.clone(),
        tracking_number: parcel.tracking.number.clone(),
        tracking_url: parcel.tracking.url.clone(),
        shipped_at: parcel.shipped_at.unwrap_or(now),
        state: ShipmentState::Recorded,
        tracking_version: 1,
        created_at: now,
    };
    let line = |line: &crate::domain::parcel::ParcelLine| shipment_lines::Model {
        id: RowId::generate(),
        shop_id: po.shop_id,
        shipment_id: shipment.id,
        po_line_id: line.line,
        quantity: store::column(line.quantity),
    };
    let lines: Vec<_> = parcel.lines.iter().map(line).collect();
    store::insert(tx, shipment.clone())?;
    store::insert_all(tx, lines.clone())?;
    Ok(RecordedShipment {
        shipment,
        lines,
        is_new: true,
    })
}

fn contents(report: &OpenReport, parcel: &Parcel) -> String {
    let sku = |line: &crate::domain::parcel::ParcelLine| {
        let row = report.lines.iter().find(|row| row.id == line.line);
        format!("{} × {}", line.quantity, row.map_or("?", |row| row.sku.as_str()))
    };
    parcel.lines.iter().map(sku).collect::<Vec<_>>().join(", ")
}

/// Counts unexpected units as allocated again, where they make whole units of
/// an order line by themselves: they are on their way, so they are not free.
async fn take_back(tx: &Tx, report: &OpenReport, unexpected: &[Unexpected]) -> Result<(), DbErr> {
    let all = allocations::of_order(tx.conn(), report.po.shop_id, report.po.order_id).await?;
    for Unexpected { row, quantity } in unexpected {
        let is_kit = |one: &allocations::Model| {
            let mut group = all.iter().filter(|other| other.group_id == one.group_id);
            group.any(|other| other.po_line_id != one.po_line_id)
        };
        let of_line: Vec<&allocations::Model> = all.iter().filter(|one| one.po_line_id == row.id).collect();
        let Some(released) = of_line.iter().find(|one| one.status == AllocationStatus::Released) else {
            continue;
        };
        let per_unit = store::units(released.per_unit).max(1);
        if is_kit(released) || quantity % per_unit != 0 {
            continue;
        }
        let units = store::column(quantity / per_unit);
        if report.po.asked_back_by_hand {
            no_more_handled(tx, report, released.order_line_id, units).await?;
        }
        if let Some(live) = of_line.iter().find(|one| one.status == AllocationStatus::Live) {
            let mut live = (*live).clone();
            live.units += units;
            store::save(tx, live)?;
        } else {
            let mut revived = (*released).clone();
            revived.status = AllocationStatus::Live;
            revived.units = units;
            store::save(tx, revived)?;
        }
    }
    Ok(())
}

/// What was taken care of when it was taken back is on its way all the same.
async fn no_more_handled(tx: &Tx, report: &OpenReport, line: OrderLineId, units: i32) -> Result<(), DbErr> {
    for mut row in order_lines::by_ids(tx.conn(), report.po.shop_id, &[line]).await? {
        row.handled = (row.handled - units).max(0);
        store::save(tx, row)?;
    }
    Ok(())
}

async fn tell_a_person(
    tx: &Tx,
    report: &OpenReport,
    shipment: ShipmentId,
    unexpected: &[Unexpected],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let what: Vec<String> = unexpected
        .iter()
        .map(|unexpected| format!("{} × {}", unexpected.quantity, unexpected.row.sku))
        .collect();
    let new = NewException {
        kind: ExceptionKind::Other,
        shop: report.po.shop_id,
        order: report.po.order_id,
        order_line: None,
        purchase_order: Some(report.po.id),
        shipment: Some(shipment),
        quantity: None,
        message: format!(
            "{} shipped {} of {}, which was rejected or cancelled before: look whether it is shipped twice",
            report.supplier.name,
            what.join(", "),
            report.po.number
        ),
        evidence: None,
    };
    open_exception(tx, new, now).await
}
