//! Parcels that suppliers reported.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::{
    errors::Outcome,
    loaders::{ContentsOf, Loaders},
    pagination::NESTED,
    purchase_orders::{PurchaseOrder, PurchaseOrderLine},
};
use crate::{
    domain::fulfilment,
    error::AppError,
    ids::PoLineId,
    store::{self, po_lines, shipments::Model},
};

/// How far a parcel is on its way into Shopify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "fulfilment::ShipmentState")]
pub enum ShipmentState {
    Recorded,
    WaitingForKit,
    Pushing,
    Fulfilled,
    Failed,
}

pub struct Shipment(pub Model);

#[Object]
impl Shipment {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The supplier's own name for the parcel.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    async fn carrier(&self) -> Option<&str> {
        self.0.carrier.as_deref()
    }

    async fn tracking_number(&self) -> Option<&str> {
        self.0.tracking_number.as_deref()
    }

    async fn tracking_url(&self) -> Option<&str> {
        self.0.tracking_url.as_deref()
    }

    async fn shipped_at(&self) -> DateTime<Utc> {
        self.0.shipped_at
    }

    async fn purchase_order(&self, ctx: &Context<'_>) -> Outcome<PurchaseOrder> {
        let row = Loaders::of(ctx).one(self.0.purchase_order_id).await?;
        Ok(row
            .map(PurchaseOrder)
            .ok_or(AppError::NotFound("the parcel's purchase order"))?)
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self, ctx: &Context<'_>) -> Outcome<Vec<ShipmentLine>> {
        let loaders = Loaders::of(ctx);
        let lines = loaders.rows(ContentsOf(self.0.id)).await?;
        let ids: Vec<PoLineId> = lines.iter().map(|row| row.po_line_id).collect();
        let po_lines = loaders.many(ids).await?;
        let line = |row: store::shipment_lines::Model| {
            let po_line = po_lines.get(&row.po_line_id).cloned()?;
            Some(ShipmentLine { row, po_line })
        };
        Ok(lines.into_iter().filter_map(line).collect())
    }

    /// Whether Shopify has it.
    async fn state(&self) -> ShipmentState {
        self.0.state.into()
    }
}

pub struct ShipmentLine {
    row: store::shipment_lines::Model,
    po_line: po_lines::Model,
}

#[Object]
impl ShipmentLine {
    async fn sku(&self) -> &str {
        &self.po_line.sku
    }

    async fn title(&self) -> &str {
        &self.po_line.title
    }

    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    async fn purchase_order_line(&self, ctx: &Context<'_>) -> Outcome<PurchaseOrderLine> {
        let purchase_order = Loaders::of(ctx).one(self.po_line.purchase_order_id).await?;
        let purchase_order = purchase_order.ok_or(AppError::NotFound("the parcel's purchase order"))?;
        Ok(PurchaseOrderLine {
            row: self.po_line.clone(),
            currency: purchase_order.currency,
        })
    }
}
