//! What every report of a supplier begins with: whose purchase order it is
//! about, the order's lock, and what the report alone already proves.
//!
//! A report comes through the supplier API, the portal, or a connector's
//! immediate answer; the actions behind them are the same.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    ask_back,
    place_purchase_order::{self, PlacePurchaseOrder},
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        intent::IntentOutcome,
        parcel::ParcelError,
        purchase_order::{LineError, LineProgress, PurchaseOrderStatus},
    },
    ids::{PoLineId, PurchaseOrderId, ShopId, SupplierId},
    queue::{When, enqueue, intents},
    store::{self, Tx, order_state::OpenOrder, orders, po_lines, purchase_orders, shops, suppliers},
};

/// For whom a report is made, and so which purchase orders it can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportScope {
    Supplier(SupplierId),
    /// Staff who report in a supplier's stead.
    Shop(ShopId),
}

/// Why a report is not taken. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("there is no such purchase order")]
    NotFound,
    #[error("this purchase order has no parcel with that reference")]
    UnknownShipment,
    /// `field` is named as in the supplier API.
    #[error("{field} {problem}")]
    Invalid { field: String, problem: String },
    #[error("{field} is not a line of this purchase order")]
    UnknownLine { field: String, line: PoLineId },
    #[error("{field}: {error}")]
    Quantity {
        field: String,
        line: PoLineId,
        error: LineError,
    },
    #[error("a parcel with that reference was reported before, with other content")]
    ReferenceTaken,
    #[error("no request to cancel waits for an answer")]
    NothingToAnswer,
    #[error("the purchase order is {}", .0.as_str().replace('_', " "))]
    Closed(PurchaseOrderStatus),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

impl ReportError {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound | Self::UnknownShipment => "NOT_FOUND",
            Self::Invalid { .. } => "INVALID",
            Self::UnknownLine { .. } => "UNKNOWN_LINE",
            Self::Quantity { .. } => "QUANTITY",
            Self::ReferenceTaken => "REFERENCE_TAKEN",
            Self::NothingToAnswer => "NOTHING_TO_ANSWER",
            Self::Closed(_) => "CLOSED",
            Self::Database(_) => "UNAVAILABLE",
        }
    }

    /// The field that is wrong, if it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } | Self::UnknownLine { field, .. } | Self::Quantity { field, .. } => Some(field),
            _ => None,
        }
    }
}

impl From<ParcelError> for ReportError {
    fn from(error: ParcelError) -> Self {
        Self::Invalid {
            field: error.field,
            problem: error.problem,
        }
    }
}

/// A purchase order that is being reported on, under its order's lock.
pub struct OpenReport {
    pub shop: shops::Model,
    pub order: orders::Model,
    pub po: purchase_orders::Model,
    pub lines: Vec<po_lines::Model>,
    pub supplier: suppliers::Model,
}

impl OpenReport {
    /// Finds the purchase order in the scope, takes its order's lock and reads it again.
    pub async fn begin(app: &App, scope: ReportScope, id: PurchaseOrderId) -> Result<(Tx, Self), ReportError> {
        let db = app.db.read();
        let found = match scope {
            ReportScope::Supplier(supplier) => store::supplier_orders::by_id(db, supplier, id).await?,
            ReportScope::Shop(shop) => purchase_orders::by_id(db, shop, id).await?,
        };
        let found = found.ok_or(ReportError::NotFound)?;
        let tx = app.db.begin().await?;
        let open = OpenOrder::lock(&tx, found.shop_id, found.order_id).await?;
        // Read again: what stood before the lock may have changed.
        let report = Self::of(&open.ok_or(ReportError::NotFound)?, id)?;
        Ok((tx, report))
    }

    /// The same for a purchase order of an order that is open already. What was
    /// not sent, no supplier knows.
    pub fn of(open: &OpenOrder, id: PurchaseOrderId) -> Result<Self, ReportError> {
        let state = &open.state;
        let mut sent = state.purchase_orders.iter().filter(|po| po.sent_at.is_some());
        let po = sent.find(|po| po.id == id).ok_or(ReportError::NotFound)?;
        let of_po = |line: &&po_lines::Model| line.purchase_order_id == id;
        Ok(Self {
            shop: open.shop.clone(),
            supplier: open.supplier(po.supplier_id).cloned().ok_or(ReportError::NotFound)?,
            lines: state.po_lines.iter().filter(of_po).cloned().collect(),
            order: state.order.clone(),
            po: po.clone(),
        })
    }

    /// The line's place in `lines`; `field` is how the caller named it.
    pub fn line(&self, line: PoLineId, field: impl FnOnce() -> String) -> Result<usize, ReportError> {
        let found = self.lines.iter().position(|row| row.id == line);
        found.ok_or_else(|| ReportError::UnknownLine { field: field(), line })
    }

    #[must_use]
    pub fn progress(&self) -> Vec<LineProgress> {
        self.lines.iter().map(po_lines::Model::progress).collect()
    }

    /// Takes over decided quantities and what they say about the whole, and saves both.
    pub fn save(&mut self, tx: &Tx, progress: &[LineProgress], now: DateTime<Utc>) -> Result<(), DbErr> {
        for (row, progress) in self.lines.iter_mut().zip(progress) {
            row.set_progress(*progress);
            store::save(tx, row.clone())?;
        }
        self.po.status = self.po.status.after_report(progress);
        self.po.updated_at = now;
        store::save(tx, self.po.clone())
    }

    pub fn event(&self, tx: &Tx, now: DateTime<Utc>, actor: &Actor, kind: EventKind, message: String) {
        store::events::add(tx, self.po.shop_id, self.po.order_id, now, actor, kind, message);
    }

    /// A supplier that reports on a purchase order has it, whatever became of
    /// the call that placed it: settles what was unknown about that.
    pub async fn prove_placed(&mut self, tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
        if !matches!(
            self.po.status,
            PurchaseOrderStatus::Placing | PurchaseOrderStatus::OutcomeUnknown
        ) {
            return Ok(());
        }
        if let Some(intent) = store::intents::by_key(tx.conn(), &place_purchase_order::intent_key(self.po.id)).await? {
            let evidence = json!({ "proof": "the supplier reported on the purchase order" });
            intents::settle(tx, intent.id, IntentOutcome::Done, evidence, now);
        }
        let (shop, id) = (self.po.shop_id, self.po.id);
        let how = "the supplier reported on it, so it has it";
        store::exceptions::settle_of_purchase_order(tx, shop, id, ExceptionKind::OutcomeUnknown, how, now).await?;
        self.po.status = PurchaseOrderStatus::Placed;
        self.po.placed_at.get_or_insert(now);
        let message = format!("{} stands with {}: {how}", self.po.number, self.supplier.name);
        self.event(tx, now, &Actor::Orderyard, EventKind::Placed, message);
        // The answer that was lost may have rejected lines: it is asked for again.
        let ask_again = PlacePurchaseOrder::of(&self.po, self.order.shopify_id);
        enqueue(tx, &ask_again, When::now(now.timestamp_millis()))?;
        ask_back::after_placing(tx, &self.order, &self.po, now).await
    }
}
