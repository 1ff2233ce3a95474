//! A supplier answers our request to cancel (the rest of) a purchase order.

use super::{
    ask_back::{Unanswered, unanswered_questions},
    cancel_purchase_order::apply_cancellation_answer,
    next_steps,
    route_order::follow_status,
    supplier_report::{OpenReport, ReportError, ReportScope},
};
use crate::{
    app::App,
    domain::{event::Actor, purchase_order::PurchaseOrderStatus},
    ids::PurchaseOrderId,
};

const MAX_REASON: usize = 200;

/// Takes the answer; false when it had been given before.
pub async fn answer_cancellation(
    app: &App,
    scope: ReportScope,
    id: PurchaseOrderId,
    accepted: bool,
    reason: Option<&str>,
    actor: &Actor,
) -> Result<bool, ReportError> {
    let now = app.clock.now();
    let (tx, mut report) = OpenReport::begin(app, scope, id).await?;
    if !is_waiting(&report) {
        return if was_answered(&report, accepted) {
            Ok(false)
        } else {
            Err(ReportError::NothingToAnswer)
        };
    }
    let asked = match unanswered_questions(&tx, &report.po, &report.lines).await? {
        Unanswered::Asked(question) => Some(question),
        // Said again: what is asked back since it has not been asked.
        Unanswered::Answered if was_answered(&report, accepted) => return Ok(false),
        Unanswered::Answered | Unanswered::Nothing => None,
    };
    report.prove_placed(&tx, now).await?;
    let reason: Option<String> = reason
        .map(|text| {
            text.trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_REASON)
                .collect()
        })
        .filter(|text: &String| !text.is_empty());
    let (po, reason) = (&mut report.po, reason.as_deref());
    apply_cancellation_answer(&tx, po, asked.as_ref(), accepted, reason, actor, now).await?;
    next_steps::units_freed(&tx, &report.shop, &report.order, now)?;
    follow_status(&tx, &report.shop, report.order.id).await?;
    tx.commit().await?;
    Ok(true)
}

fn is_waiting(report: &OpenReport) -> bool {
    report.po.status == PurchaseOrderStatus::CancelRequested
        || report.lines.iter().any(|line| line.cancel_requested > 0)
}

/// Whether what stands is what this answer would have led to.
fn was_answered(report: &OpenReport, accepted: bool) -> bool {
    let cancelled = report.lines.iter().any(|line| line.cancelled > 0);
    report.po.cancel_requested_at.is_some() && cancelled == accepted
}
