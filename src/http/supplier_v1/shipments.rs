//! `POST purchase-orders/{id}/shipments`, and what a parcel looks like.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::JsonBody, caller::Caller, problem::Failure};
use crate::{
    actions::{record_shipment::record_shipment, supplier_report::ReportError},
    app::App,
    domain::parcel::{Parcel, ParcelLine, Tracking},
    ids::PoLineId,
    store::{self, shipment_lines, shipments},
};

/// A parcel that is on its way.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ShipmentRequest {
    /// Your own name for the parcel, unique in the purchase order. The same
    /// report again is recognised by it.
    #[schema(max_length = 100, example = "P-0001")]
    reference: String,
    #[schema(max_length = 100, example = "UPS")]
    carrier: String,
    /// May be told later.
    #[schema(max_length = 100)]
    tracking_number: Option<String>,
    #[schema(max_length = 1000)]
    tracking_url: Option<String>,
    /// Now, if it is not given.
    shipped_at: Option<DateTime<Utc>>,
    #[schema(min_items = 1)]
    lines: Vec<ShipmentLine>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShipmentLine {
    #[schema(value_type = Uuid)]
    line_id: PoLineId,
    #[schema(minimum = 1)]
    quantity: u32,
}

/// A parcel as it is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shipment {
    reference: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    tracking_url: Option<String>,
    shipped_at: DateTime<Utc>,
    lines: Vec<ShipmentLine>,
    created_at: DateTime<Utc>,
}

/// Report a parcel
///
/// One report per parcel. The first is answered with 201. The same `reference`
/// with the same content is the same parcel: 200, with the parcel as it stands.
/// The same `reference` with other content is refused with 409; what changes
/// about a parcel's tracking has its own call.
#[utoipa::path(
    post, path = "/supplier/v1/purchase-orders/{id}/shipments", tag = "Reports",
    params(("id" = String, Path, description = "The purchase order's id or number")),
    request_body = ShipmentRequest,
    responses(
        (status = 201, description = "Recorded", body = Shipment),
        (status = 200, description = "Recorded before", body = Shipment),
        (status = 409, description = "`REFERENCE_TAKEN`: the reference names a parcel with other content", body = super::problem::Problem, content_type = "application/problem+json"),
        (status = 422, description = "`QUANTITY`: more than was ordered; `UNKNOWN_LINE`; `INVALID`", body = super::problem::Problem, content_type = "application/problem+json"),
        (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ship(
    State(app): State<App>,
    caller: Caller,
    Path(named): Path<String>,
    JsonBody(request): JsonBody<ShipmentRequest>,
) -> Result<(StatusCode, Json<Shipment>), Failure> {
    let found = caller.purchase_order(&app, &named).await?;
    let parcel = request.into_parcel()?;
    let recorded = record_shipment(&app, caller.scope(), found.id, parcel, &caller.actor()).await?;
    let status = if recorded.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(Shipment::of(recorded.shipment, recorded.lines))))
}

/// The API asks for a carrier, since without one no link can be made.
pub fn named_carrier(carrier: String) -> Result<Option<String>, ReportError> {
    if carrier.trim().is_empty() {
        return Err(ReportError::Invalid {
            field: "carrier".to_owned(),
            problem: "must not be empty".to_owned(),
        });
    }
    Ok(Some(carrier))
}

impl ShipmentRequest {
    fn into_parcel(self) -> Result<Parcel, ReportError> {
        let line = |line: ShipmentLine| ParcelLine {
            line: line.line_id,
            quantity: line.quantity,
        };
        Ok(Parcel {
            reference: self.reference,
            tracking: Tracking {
                carrier: named_carrier(self.carrier)?,
                number: self.tracking_number,
                url: self.tracking_url,
            },
            shipped_at: self.shipped_at,
            lines: self.lines.into_iter().map(line).collect(),
        })
    }
}

impl Shipment {
    pub fn of(row: shipments::Model, lines: Vec<shipment_lines::Model>) -> Self {
        let line = |line: shipment_lines::Model| ShipmentLine {
            line_id: line.po_line_id,
            quantity: store::units(line.quantity),
        };
        Self {
            reference: row.reference,
            carrier: row.carrier,
            tracking_number: row.tracking_number,
            tracking_url: row.tracking_url,
            shipped_at: row.shipped_at,
            lines: lines.into_iter().map(line).collect(),
            created_at: row.created_at,
        }
    }
}
