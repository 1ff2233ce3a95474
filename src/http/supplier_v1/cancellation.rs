//! `POST purchase-orders/{id}/cancellation`.

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
use crate::{actions::answer_cancellation::answer_cancellation, app::App};

/// Your answer to the shop's request to cancel.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CancellationAnswer {
    /// Whether you will not ship what `cancel_requested` names.
    accepted: bool,
    /// Why not, for people.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// Answer a request to cancel
///
/// Only where the shop asked (`cancel_requested`). What you cannot ship by
/// yourself, you reject by an acknowledgement.
#[utoipa::path(
    post, path = "/supplier/v1/purchase-orders/{id}/cancellation", tag = "Reports",
    params(("id" = String, Path, description = "The purchase order's id or number")),
    request_body = CancellationAnswer,
    responses(
        (status = 200, description = "Taken, or said before", body = PurchaseOrder),
        (status = 409, description = "`NOTHING_TO_ANSWER`: the shop did not ask", body = super::problem::Problem, content_type = "application/problem+json"),
        (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn answer(
    State(app): State<App>,
    caller: Caller,
    Path(named): Path<String>,
    JsonBody(request): JsonBody<CancellationAnswer>,
) -> Result<Json<PurchaseOrder>, Failure> {
    let found = caller.purchase_order(&app, &named).await?;
    let (scope, actor) = (caller.scope(), caller.actor());
    let reason = request.reason.as_deref();
    answer_cancellation(&app, scope, found.id, request.accepted, reason, &actor).await?;
    Ok(Json(shown(&app, &caller, found.id).await?))
}
