//! `POST purchase-orders/{id}/acknowledgements`.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    caller::Caller,
    problem::Failure,
    purchase_orders::{PurchaseOrder, shown},
};
use crate::{
    actions::{
        acknowledge_purchase_order::{Acknowledgement, acknowledge_purchase_order},
        supplier_report::ReportError,
    },
    app::App,
    domain::{purchase_order::LineAnswer, supplier::RejectReason},
    ids::PoLineId,
};

/// What you ship of a purchase order and what you do not.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AcknowledgementRequest {
    /// Your own number for the order.
    #[schema(max_length = 100)]
    reference: Option<String>,
    /// Some lines or all; the others stay unanswered.
    lines: Vec<LineAcknowledgement>,
}

/// Quantities are totals for the line: saying the same again changes nothing.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LineAcknowledgement {
    #[schema(value_type = Uuid)]
    line_id: PoLineId,
    #[serde(default)]
    accepted: u32,
    #[serde(default)]
    rejected: u32,
    /// Required where something is rejected.
    #[schema(schema_with = super::openapi::reject_reason)]
    reason: Option<RejectReason>,
    /// For people.
    #[schema(max_length = 200)]
    message: Option<String>,
}

/// Accept or reject lines
///
/// What you reject is taken to another supplier, so it cannot be accepted
/// later.
#[utoipa::path(
    post, path = "/supplier/v1/purchase-orders/{id}/acknowledgements", tag = "Reports",
    params(("id" = String, Path, description = "The purchase order's id or number")),
    request_body = AcknowledgementRequest,
    responses(
        (status = 200, description = "Taken, or said before", body = PurchaseOrder),
        (status = 409, description = "`CLOSED`: nothing of the order is open", body = super::problem::Problem, content_type = "application/problem+json"),
        (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    Path(named): Path<String>,
    JsonBody(request): JsonBody<AcknowledgementRequest>,
) -> Result<Json<PurchaseOrder>, Failure> {
    let found = caller.purchase_order(&app, &named).await?;
    let acknowledgement = request.checked()?;
    acknowledge_purchase_order(&app, caller.scope(), found.id, &acknowledgement, &caller.actor()).await?;
    Ok(Json(shown(&app, &caller, found.id).await?))
}

impl AcknowledgementRequest {
    fn checked(self) -> Result<Acknowledgement, ReportError> {
        let unexplained = |line: &LineAcknowledgement| line.rejected > 0 && line.reason.is_none();
        if let Some(index) = self.lines.iter().position(unexplained) {
            return Err(ReportError::Invalid {
                field: format!("lines[{index}].reason"),
                problem: "is required where something is rejected".to_owned(),
            });
        }
        let answer = |line: LineAcknowledgement| LineAnswer {
            line: line.line_id,
            accepted: line.accepted,
            rejected: line.rejected,
            reason: line.reason,
            message: line.message,
        };
        Ok(Acknowledgement {
            reference: self.reference,
            lines: self.lines.into_iter().map(answer).collect(),
        })
    }
}
