//! `PUT purchase-orders/{id}/shipments/{reference}/tracking`.

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
    shipments::{Shipment, named_carrier},
};
use crate::{
    actions::{correct_tracking::correct_tracking, supplier_report::ReportError},
    app::App,
    domain::parcel::Tracking,
};

/// All that is known about a parcel's way; it replaces what was known before.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TrackingRequest {
    #[schema(max_length = 100, example = "UPS")]
    carrier: String,
    #[schema(max_length = 100)]
    tracking_number: String,
    #[schema(max_length = 1000)]
    tracking_url: Option<String>,
}

/// Add or correct a parcel's tracking
#[utoipa::path(
    put, path = "/supplier/v1/purchase-orders/{id}/shipments/{reference}/tracking", tag = "Reports",
    params(
        ("id" = String, Path, description = "The purchase order's id or number"),
        ("reference" = String, Path, description = "Your name for the parcel, percent-encoded"),
    ),
    request_body = TrackingRequest,
    responses((status = 200, body = Shipment), (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"))
)]
pub async fn correct(
    State(app): State<App>,
    caller: Caller,
    Path((named, reference)): Path<(String, String)>,
    JsonBody(request): JsonBody<TrackingRequest>,
) -> Result<Json<Shipment>, Failure> {
    let found = caller.purchase_order(&app, &named).await?;
    if reference.contains('\0') {
        return Err(ReportError::UnknownShipment.into());
    }
    let tracking = Tracking {
        carrier: named_carrier(request.carrier)?,
        number: Some(request.tracking_number),
        url: request.tracking_url,
    };
    let scope = caller.scope();
    let corrected = correct_tracking(&app, scope, found.id, &reference, tracking, &caller.actor()).await?;
    Ok(Json(Shipment::of(corrected.shipment, corrected.lines)))
}
