//! Puts a decision before people, with its line in the order's history.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::{
    domain::{
        event::{Actor, EventKind},
        exception::{ExceptionKind, ExceptionStatus},
    },
    ids::{ExceptionId, OrderId, OrderLineId, PurchaseOrderId, ShipmentId, ShopId},
    store::{self, Tx, columns::Json, exceptions::Model},
};

/// What a person is to decide.
#[derive(Clone, Debug)]
pub struct NewException {
    pub kind: ExceptionKind,
    pub shop: ShopId,
    pub order: OrderId,
    pub order_line: Option<OrderLineId>,
    pub purchase_order: Option<PurchaseOrderId>,
    pub shipment: Option<ShipmentId>,
    /// Order-line units that wait for the decision.
    pub quantity: Option<u32>,
    /// A sentence without customer data.
    pub message: String,
    pub evidence: Option<serde_json::Value>,
}

/// Opens the exception, or brings the open one about the same thing up to date.
pub async fn open_exception(tx: &Tx, new: NewException, now: DateTime<Utc>) -> Result<(), DbErr> {
    let part = |id: Option<String>| id.unwrap_or_default();
    let dedupe_key = format!(
        "{}:{}:{}:{}:{}",
        new.kind,
        new.order,
        part(new.order_line.map(|id| id.to_string())),
        part(new.purchase_order.map(|id| id.to_string())),
        part(new.shipment.map(|id| id.to_string())),
    );
    let row = Model {
        id: ExceptionId::generate(),
        shop_id: new.shop,
        order_id: Some(new.order),
        order_line_id: new.order_line,
        purchase_order_id: new.purchase_order,
        shipment_id: new.shipment,
        kind: new.kind,
        status: ExceptionStatus::Open,
        dedupe_key,
        quantity: new.quantity.map(store::column),
        message: new.message.clone(),
        evidence: new.evidence.map(Json),
        resolution: None,
        resolved_by: None,
        created_at: now,
        resolved_at: None,
    };
    metrics::counter!("orderyard_exceptions_total", "kind" => new.kind.as_str()).increment(1);
    store::exceptions::open(tx, row).await?;
    store::events::add(
        tx,
        new.shop,
        new.order,
        now,
        &Actor::Orderyard,
        EventKind::ExceptionOpened,
        new.message,
    );
    Ok(())
}
