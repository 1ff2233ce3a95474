//! What suppliers report in the portal: answers, parcels, tracking.
//!
//! Staff of the shop may report in a supplier's stead, about their own shop's
//! purchase orders.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use super::{
    errors::Outcome,
    guard,
    purchase_orders::{PurchaseOrderPayload, RejectReason},
    scalars::id,
};
use crate::{
    actions::{
        acknowledge_purchase_order::{self, Acknowledgement},
        answer_cancellation, correct_tracking, record_shipment,
        sign_in::random_secret,
        supplier_report::{ReportError, ReportScope},
    },
    domain::{
        event::Actor,
        parcel::{Parcel, ParcelLine, Tracking},
        purchase_order::LineAnswer,
    },
    error::AppError,
    ids::{PoLineId, PurchaseOrderId, ShipmentId},
    store::{self, Party},
};

#[derive(InputObject)]
pub struct AcknowledgeLineInput {
    line_id: ID,
    accepted: i32,
    rejected: i32,
    reason: Option<RejectReason>,
}

#[derive(InputObject)]
pub struct ShipInput {
    /// The supplier's own name for the parcel: sent twice, it is one parcel.
    reference: Option<String>,
    carrier: String,
    tracking_number: Option<String>,
    tracking_url: Option<String>,
    shipped_at: Option<DateTime<Utc>>,
    lines: Vec<ShipLineInput>,
}

#[derive(InputObject)]
pub struct ShipLineInput {
    line_id: ID,
    quantity: i32,
}

#[derive(Default)]
pub struct PortalMutation;

#[Object]
impl PortalMutation {
    /// Accept and reject lines, or parts of them.
    async fn acknowledge_purchase_order(
        &self,
        ctx: &Context<'_>,
        id: ID,
        lines: Vec<AcknowledgeLineInput>,
        reference: Option<String>,
    ) -> Outcome<PurchaseOrderPayload> {
        let (scope, actor) = reporter(ctx)?;
        let report = async {
            let id = purchase_order(&id)?;
            let lines = lines.into_iter().enumerate().map(answer).collect::<Result<_, _>>()?;
            let said = Acknowledgement { reference, lines };
            acknowledge_purchase_order::acknowledge_purchase_order(guard::app(ctx), scope, id, &said, &actor)
                .await
                .map_err(refusal)?;
            Ok(id)
        };
        PurchaseOrderPayload::after(ctx, report.await).await
    }

    /// Report a parcel.
    async fn ship_purchase_order(&self, ctx: &Context<'_>, id: ID, input: ShipInput) -> Outcome<PurchaseOrderPayload> {
        let (scope, actor) = reporter(ctx)?;
        let report = async {
            let id = purchase_order(&id)?;
            record_shipment::record_shipment(guard::app(ctx), scope, id, parcel(input)?, &actor)
                .await
                .map_err(refusal)?;
            Ok(id)
        };
        PurchaseOrderPayload::after(ctx, report.await).await
    }

    /// Put a parcel's carrier, number and link right.
    async fn correct_tracking(
        &self,
        ctx: &Context<'_>,
        shipment_id: ID,
        carrier: String,
        tracking_number: String,
        tracking_url: Option<String>,
    ) -> Outcome<PurchaseOrderPayload> {
        let (scope, actor) = reporter(ctx)?;
        let (party, _) = guard::writer(ctx)?;
        let app = guard::app(ctx);
        let tracking = Tracking {
            carrier: Some(carrier),
            number: Some(tracking_number),
            url: tracking_url,
        };
        let report = async {
            let unknown = AppError::NotFound("this parcel");
            let Some(shipment) = id::<ShipmentId>(&shipment_id) else {
                return Err(unknown);
            };
            let found = store::shipments::seen_by_id(app.db.read(), party, shipment).await?;
            let parcel = found.ok_or(unknown)?;
            let (id, reference) = (parcel.purchase_order_id, parcel.reference);
            correct_tracking::correct_tracking(app, scope, id, &reference, tracking, &actor)
                .await
                .map_err(refusal)?;
            Ok(id)
        };
        PurchaseOrderPayload::after(ctx, report.await).await
    }

    /// Answer the shop that wants a purchase order back.
    async fn answer_cancellation(
        &self,
        ctx: &Context<'_>,
        id: ID,
        accepted: bool,
        reason: Option<String>,
    ) -> Outcome<PurchaseOrderPayload> {
        let (scope, actor) = reporter(ctx)?;
        let report = async {
            let id = purchase_order(&id)?;
            answer_cancellation::answer_cancellation(guard::app(ctx), scope, id, accepted, reason.as_deref(), &actor)
                .await
                .map_err(refusal)?;
            Ok(id)
        };
        PurchaseOrderPayload::after(ctx, report.await).await
    }
}

fn reporter(ctx: &Context<'_>) -> Outcome<(ReportScope, Actor)> {
    let (party, identity) = guard::writer(ctx)?;
    let scope = match party {
        Party::Shop(shop) => ReportScope::Shop(shop),
        Party::Supplier(supplier) => ReportScope::Supplier(supplier),
    };
    Ok((scope, identity.actor()))
}

fn purchase_order(text: &ID) -> Result<PurchaseOrderId, AppError> {
    id(text).ok_or(AppError::NotFound("this purchase order"))
}

fn line(index: usize, text: &ID) -> Result<PoLineId, AppError> {
    let field = format!("lines.{index}.lineId");
    id(text).ok_or_else(|| AppError::invalid(field, "this is not a line of the purchase order"))
}

fn pieces(index: usize, name: &str, quantity: i32) -> Result<u32, AppError> {
    let field = format!("lines.{index}.{name}");
    u32::try_from(quantity).map_err(|_| AppError::invalid(field, "a quantity must not be negative"))
}

fn answer((index, input): (usize, AcknowledgeLineInput)) -> Result<LineAnswer, AppError> {
    Ok(LineAnswer {
        line: line(index, &input.line_id)?,
        accepted: pieces(index, "accepted", input.accepted)?,
        rejected: pieces(index, "rejected", input.rejected)?,
        reason: input.reason.map(Into::into),
        message: None,
    })
}

fn parcel(input: ShipInput) -> Result<Parcel, AppError> {
    let shipped = |(index, input): (usize, ShipLineInput)| {
        Ok(ParcelLine {
            line: line(index, &input.line_id)?,
            quantity: pieces(index, "quantity", input.quantity)?,
        })
    };
    Ok(Parcel {
        // Without a name of its own, each report is a parcel of its own.
        reference: input.reference.unwrap_or_else(random_secret),
        tracking: Tracking {
            carrier: Some(input.carrier),
            number: input.tracking_number,
            url: input.tracking_url,
        },
        shipped_at: input.shipped_at,
        lines: input
            .lines
            .into_iter()
            .enumerate()
            .map(shipped)
            .collect::<Result<_, AppError>>()?,
    })
}

/// A report that is not taken, with its field as this API spells it.
fn refusal(error: ReportError) -> AppError {
    let message = error.to_string();
    match error {
        ReportError::NotFound => AppError::NotFound("this purchase order"),
        ReportError::UnknownShipment => AppError::NotFound("this parcel"),
        ReportError::Invalid { field, problem } => AppError::invalid(path(&field), problem),
        ReportError::UnknownLine { field, .. } => {
            AppError::invalid(path(&field), "this is not a line of the purchase order")
        }
        ReportError::Quantity { field, error, .. } => AppError::invalid(path(&field), error.to_string()),
        ReportError::ReferenceTaken | ReportError::NothingToAnswer | ReportError::Closed(_) => {
            AppError::Conflict(message)
        }
        ReportError::Database(error) => error.into(),
    }
}

/// `lines[0].line_id`, as the supplier API names it, is `lines.0.lineId` here.
fn path(field: &str) -> String {
    let mut path = String::with_capacity(field.len());
    let mut letters = field.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '[' => path.push('.'),
            ']' => {}
            '_' => path.extend(letters.next().map(|next| next.to_ascii_uppercase())),
            other => path.push(other),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_fields_as_this_api_does() {
        for (field, expect) in [
            ("reference", "reference"),
            ("tracking_url", "trackingUrl"),
            ("lines[12].line_id", "lines.12.lineId"),
        ] {
            assert_eq!(path(field), expect);
        }
    }
}
