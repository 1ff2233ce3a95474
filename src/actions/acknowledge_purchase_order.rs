//! A supplier says what it ships of a purchase order and what it does not.
//!
//! Quantities are totals per line, so repeating an answer changes nothing.
//! What is rejected is free again: units of which nothing remains with any
//! supplier are routed anew, for the others a person decides.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{
    chase_rest, next_steps,
    open_exception::{NewException, open_exception},
    purchase_order_status::release_units,
    route_order::follow_status,
    supplier_report::{OpenReport, ReportError, ReportScope},
    take_care::take_care,
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::{ExceptionKind, ExceptionStatus},
        purchase_order::{LineAnswer, LineError, LineProgress},
        rejection::{RejectedComponent, broken},
    },
    ids::{AllocationGroupId, OrderLineId, PoLineId, PurchaseOrderId},
    store::{self, Tx, allocations, exceptions, order_lines, po_lines, purchase_orders},
};

const MAX_REFERENCE: usize = 100;
const MAX_MESSAGE: usize = 200;

/// What a supplier says to a purchase order.
#[derive(Clone, Debug, Default)]
pub struct Acknowledgement {
    /// The supplier's own number for the order.
    pub reference: Option<String>,
    /// For some lines or all; the others stay unanswered.
    pub lines: Vec<LineAnswer>,
}

/// Takes an acknowledgement; false when it said nothing new.
pub async fn acknowledge_purchase_order(
    app: &App,
    scope: ReportScope,
    id: PurchaseOrderId,
    acknowledgement: &Acknowledgement,
    actor: &Actor,
) -> Result<bool, ReportError> {
    let (tx, mut report) = OpenReport::begin(app, scope, id).await?;
    let changed = apply(&tx, &mut report, acknowledgement, actor, app.clock.now()).await?;
    if changed {
        follow_status(&tx, &report.shop, report.order.id).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// The same within a transaction that holds the order's lock, but for the
/// order's status. An error means that nothing was written.
pub async fn apply(
    tx: &Tx,
    report: &mut OpenReport,
    acknowledgement: &Acknowledgement,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<bool, ReportError> {
    let before = report.progress();
    let after = decide(report, &before, acknowledgement)?;
    let reference = reference(acknowledgement)?.or_else(|| report.po.supplier_reference.clone());
    if after == before && reference == report.po.supplier_reference {
        return Ok(false);
    }
    report.prove_placed(tx, now).await?;
    report.po.supplier_reference = reference;
    for answer in acknowledgement.lines.iter().filter(|answer| answer.rejected > 0) {
        if let Some(row) = report.lines.iter_mut().find(|row| row.id == answer.line) {
            row.reject_reason = answer.reason.or(row.reject_reason);
        }
    }
    report.save(tx, &after, now)?;
    chase_rest::after_answer(tx, &report.po, &after, now).await?;
    tell(tx, report, &before, &after, acknowledgement, actor, now);
    let freed = Freeing { tx, report, now }.free_rejected(&before, &after).await?;
    if !freed.is_empty() {
        take_care(tx, &report.po, &freed).await?;
        next_steps::units_freed(tx, &report.shop, &report.order, now)?;
    }
    Ok(true)
}

/// The lines' quantities after the answer; writes nothing.
fn decide(
    report: &OpenReport,
    before: &[LineProgress],
    acknowledgement: &Acknowledgement,
) -> Result<Vec<LineProgress>, ReportError> {
    if acknowledgement.lines.is_empty() && acknowledgement.reference.is_none() {
        return Err(ReportError::Invalid {
            field: "lines".to_owned(),
            problem: "must not be empty".to_owned(),
        });
    }
    let says_nothing = acknowledgement.reference.is_none()
        && (acknowledgement.lines.iter()).all(|answer| answer.accepted == 0 && answer.rejected == 0);
    let mut after = before.to_vec();
    let mut answered: Vec<PoLineId> = Vec::new();
    for (index, answer) in acknowledgement.lines.iter().enumerate() {
        let field = || format!("lines[{index}].line_id");
        let place = report.line(answer.line, field)?;
        if answered.contains(&answer.line) {
            return Err(ReportError::Invalid {
                field: field(),
                problem: "is named twice".to_owned(),
            });
        }
        answered.push(answer.line);
        if says_nothing && before[place].open() > 0 {
            return Err(ReportError::Quantity {
                field: format!("lines[{index}].accepted"),
                line: answer.line,
                error: LineError::Zero,
            });
        }
        after[place] = after[place]
            .acknowledge(answer.accepted, answer.rejected)
            .map_err(|error| {
                if report.po.status.is_live() {
                    let field = if answer.rejected > 0 { "rejected" } else { "accepted" };
                    ReportError::Quantity {
                        field: format!("lines[{index}].{field}"),
                        line: answer.line,
                        error,
                    }
                } else {
                    ReportError::Closed(report.po.status)
                }
            })?;
    }
    Ok(after)
}

fn reference(acknowledgement: &Acknowledgement) -> Result<Option<String>, ReportError> {
    let text = acknowledgement
        .reference
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > MAX_REFERENCE || text.chars().any(char::is_control) => {
            Err(ReportError::Invalid {
                field: "reference".to_owned(),
                problem: format!("must have at most {MAX_REFERENCE} printable characters"),
            })
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// Writes the order's history: one line for what is accepted, one per rejection.
fn tell(
    tx: &Tx,
    report: &OpenReport,
    before: &[LineProgress],
    after: &[LineProgress],
    acknowledgement: &Acknowledgement,
    actor: &Actor,
    now: DateTime<Utc>,
) {
    let number = &report.po.number;
    let changes = || report.lines.iter().zip(before.iter().zip(after));
    let accepted: Vec<String> = changes()
        .filter(|(_, (before, after))| after.accepted > before.accepted)
        .map(|(row, (_, after))| format!("{} × {}", after.accepted, row.sku))
        .collect();
    if !accepted.is_empty() {
        let message = format!("{number}: accepted {}", accepted.join(", "));
        report.event(tx, now, actor, EventKind::Acknowledged, message);
    } else if before == after {
        let message = format!("{number} has the supplier's own number now");
        report.event(tx, now, actor, EventKind::Acknowledged, message);
    }
    for (row, (_, after)) in changes().filter(|(_, (before, after))| after.rejected > before.rejected) {
        let answer = acknowledgement.lines.iter().find(|answer| answer.line == row.id);
        let why = why(row, answer.and_then(|answer| answer.message.as_deref()));
        let message = format!("{number}: rejected {} × {}{why}", after.rejected, row.sku);
        report.event(tx, now, actor, EventKind::Rejected, message);
    }
}

fn why(row: &po_lines::Model, message: Option<&str>) -> String {
    let reason = row
        .reject_reason
        .map(|reason| reason.as_str().to_lowercase().replace('_', " "));
    let message = message.map(|text| text.chars().take(MAX_MESSAGE).collect::<String>());
    match (reason, message) {
        (None, None) => String::new(),
        (Some(reason), None) => format!(" ({reason})"),
        (None, Some(message)) => format!(" (“{message}”)"),
        (Some(reason), Some(message)) => format!(" ({reason}: “{message}”)"),
    }
}

/// Gives back the units that a rejection breaks.
struct Freeing<'a> {
    tx: &'a Tx,
    report: &'a OpenReport,
    now: DateTime<Utc>,
}

impl Freeing<'_> {
    /// The units of order lines that are free to be routed anew.
    async fn free_rejected(
        &self,
        before: &[LineProgress],
        after: &[LineProgress],
    ) -> Result<BTreeMap<OrderLineId, u32>, DbErr> {
        let (shop, order) = (self.report.po.shop_id, self.report.order.id);
        let touched: Vec<PoLineId> = (self.report.lines.iter().zip(before.iter().zip(after)))
            .filter(|(_, (before, after))| after.rejected > before.rejected)
            .map(|(row, _)| row.id)
            .collect();
        if touched.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut groups: BTreeMap<AllocationGroupId, Vec<allocations::Model>> = BTreeMap::new();
        for allocation in allocations::live_of_order(self.tx.conn(), shop, order).await? {
            groups.entry(allocation.group_id).or_default().push(allocation);
        }
        groups.retain(|_, members| members.iter().any(|member| touched.contains(&member.po_line_id)));
        // The components of a kit may rest on several purchase orders.
        let conn = self.tx.conn();
        let all = purchase_orders::of_order(conn, shop, order)
            .await?
            .into_iter()
            .map(|po| po.id)
            .collect();
        let rows = po_lines::of_purchase_orders(conn, shop, all).await?;
        let mut free: BTreeMap<OrderLineId, u32> = BTreeMap::new();
        for members in groups.into_values() {
            if let Some((line, units)) = self.free_of_group(members, &rows, before).await? {
                *free.entry(line).or_default() += units;
            }
        }
        Ok(free)
    }

    async fn free_of_group(
        &self,
        members: Vec<allocations::Model>,
        rows: &[po_lines::Model],
        before: &[LineProgress],
    ) -> Result<Option<(OrderLineId, u32)>, DbErr> {
        let mut components = Vec::with_capacity(members.len());
        for member in &members {
            let Some(row) = rows.iter().find(|row| row.id == member.po_line_id) else {
                continue;
            };
            let per_unit = store::units(member.per_unit).max(1);
            let earlier = self.report.lines.iter().position(|line| line.id == row.id);
            let rejected_after = store::units(row.rejected);
            components.push(RejectedComponent {
                per_unit,
                rejected_before: earlier.map_or(rejected_after, |place| before[place].rejected),
                rejected_after,
            });
        }
        let broken = broken(&components);
        let Some(first) = members.first() else {
            return Ok(None);
        };
        let units = broken.units.min(store::units(first.units));
        if units == 0 {
            return Ok(None);
        }
        let line = first.order_line_id;
        for member in members {
            release_units(self.tx, member, units).await?;
        }
        if !broken.in_whole {
            self.ask_a_person(line, units).await?;
        }
        Ok(broken.in_whole.then_some((line, units)))
    }

    async fn ask_a_person(&self, line: OrderLineId, units: u32) -> Result<(), DbErr> {
        let (conn, po) = (self.tx.conn(), &self.report.po);
        let open = exceptions::of_order(conn, po.shop_id, po.order_id, Some(ExceptionStatus::Open)).await?;
        let waiting: u32 = open
            .iter()
            .filter(|exception| exception.kind == ExceptionKind::SupplierRejected)
            .filter(|exception| exception.order_line_id == Some(line) && exception.purchase_order_id == Some(po.id))
            .map(|exception| exception.quantity.map_or(0, store::units))
            .sum();
        let lines = order_lines::of_order(conn, po.shop_id, po.order_id).await?;
        let title = lines
            .iter()
            .find(|row| row.id == line)
            .map_or("?", |row| row.title.as_str());
        let units = units + waiting;
        let new = NewException {
            kind: ExceptionKind::SupplierRejected,
            shop: po.shop_id,
            order: po.order_id,
            order_line: Some(line),
            purchase_order: Some(po.id),
            shipment: None,
            quantity: Some(units),
            message: format!(
                "{units} × {title} cannot be completed: {} rejected a part of it, and the other parts are ordered",
                self.report.supplier.name
            ),
            evidence: None,
        };
        open_exception(self.tx, new, self.now).await
    }
}
