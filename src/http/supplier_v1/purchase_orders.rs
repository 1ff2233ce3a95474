//! `GET purchase-orders` and `GET purchase-orders/{id}`.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{caller::Caller, problem::Failure, shipments::Shipment};
use crate::{
    app::App,
    domain::{
        address::Address,
        money::{Currency, Money},
        purchase_order::PurchaseOrderStatus,
        supplier::RejectReason,
    },
    error::AppError,
    ids::PurchaseOrderId,
    store::{
        self, po_lines, purchase_orders,
        supplier_orders::{self, SupplierOrder, SupplierOrderFilter},
    },
};

const USUAL_PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 100;

/// How far a purchase order is, as its supplier sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseOrderState {
    /// Not answered yet.
    Placed,
    Accepted,
    PartlyShipped,
    Shipped,
    Rejected,
    /// The shop asks you not to ship (the rest of) it: answer.
    CancelRequested,
    Cancelled,
}

/// What the shop asks you to ship for one of its orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseOrder {
    id: Uuid,
    /// Unique, short, and fit for a label.
    #[schema(example = "DEMO-1001-1")]
    number: String,
    /// The shop's name for its own order.
    #[schema(example = "#1001")]
    order_name: String,
    status: PurchaseOrderState,
    shop: Shop,
    #[schema(example = "EUR")]
    currency: &'static str,
    total: Amount,
    /// Your own number, if you told it.
    reference: Option<String>,
    ship_by: Option<DateTime<Utc>>,
    /// Absent once the shop had the customer's data removed.
    ship_to: Option<ShipTo>,
    lines: Vec<PurchaseOrderLine>,
    shipments: Vec<Shipment>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    cancel_requested_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Shop {
    name: String,
    #[schema(example = "demo.myshopify.com")]
    domain: String,
}

/// Any part may be missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShipTo {
    name: Option<String>,
    company: Option<String>,
    address_line1: Option<String>,
    address_line2: Option<String>,
    city: Option<String>,
    state_or_region: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country_code: Option<String>,
    phone: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseOrderLine {
    line_id: Uuid,
    /// Your SKU.
    sku: String,
    title: String,
    /// As ordered.
    quantity: u32,
    unit_cost: Amount,
    accepted: u32,
    rejected: u32,
    #[schema(schema_with = super::openapi::reject_reason)]
    reason: Option<RejectReason>,
    shipped: u32,
    cancelled: u32,
    /// What the shop asks you not to ship, beside what is cancelled.
    cancel_requested: u32,
    /// Neither shipped, rejected nor cancelled.
    open: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Amount {
    /// A decimal, as text: exact.
    #[schema(example = "4.20")]
    amount: String,
    #[schema(example = "EUR")]
    currency: &'static str,
}

/// One page, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseOrderPage {
    items: Vec<PurchaseOrder>,
    /// Give it back as `cursor` for the next page; null on the last one.
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// One status or several, separated by commas.
    #[param(example = "placed,accepted")]
    status: Option<String>,
    /// Only what changed at or after this time (RFC 3339).
    updated_since: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 if not given.
    limit: Option<String>,
}

/// List purchase orders
///
/// The oldest first. To follow changes, ask again with `updated_since` set a
/// little before your last call.
#[utoipa::path(
    get, path = "/supplier/v1/purchase-orders", tag = "Purchase orders", params(ListQuery),
    responses((status = 200, body = PurchaseOrderPage), (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<PurchaseOrderPage>, Failure> {
    let Query(query) = query.map_err(|error| AppError::Invalid {
        field: None,
        message: error.body_text(),
    })?;
    let limit = query.limit()?;
    let (db, supplier) = (app.db.read(), caller.supplier.id);
    let mut rows = supplier_orders::page(db, supplier, &query.filter()?, limit + 1).await?;
    let has_more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = rows.last().filter(|_| has_more).map(|last| cursor_after(last.id));
    let items = supplier_orders::with_details(db, supplier, rows).await?;
    let items = items.into_iter().map(PurchaseOrder::from).collect();
    Ok(Json(PurchaseOrderPage { items, next_cursor }))
}

/// Read one purchase order
#[utoipa::path(
    get, path = "/supplier/v1/purchase-orders/{id}", tag = "Purchase orders",
    params(("id" = String, Path, description = "The purchase order's id or number")),
    responses((status = 200, body = PurchaseOrder), (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"))
)]
pub async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(named): Path<String>,
) -> Result<Json<PurchaseOrder>, Failure> {
    let found = caller.purchase_order(&app, &named).await?;
    Ok(Json(shown(&app, &caller, found.id).await?))
}

/// A purchase order as it stands now.
pub async fn shown(app: &App, caller: &Caller, id: PurchaseOrderId) -> Result<PurchaseOrder, AppError> {
    let (db, supplier) = (app.db.read(), caller.supplier.id);
    let row = supplier_orders::by_id(db, supplier, id).await?;
    let detailed = supplier_orders::with_details(db, supplier, row.into_iter().collect()).await?;
    let one = detailed.into_iter().next();
    one.map(PurchaseOrder::from)
        .ok_or(AppError::NotFound("this purchase order"))
}

impl ListQuery {
    fn limit(&self) -> Result<u64, AppError> {
        let Some(text) = &self.limit else {
            return Ok(USUAL_PAGE);
        };
        let limit = text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
        limit.ok_or_else(|| AppError::invalid("limit", format!("limit must be between 1 and {LARGEST_PAGE}")))
    }

    fn filter(&self) -> Result<SupplierOrderFilter, AppError> {
        let mut statuses = Vec::new();
        for word in self.status.iter().flat_map(|list| list.split(',')).map(str::trim) {
            let state = PurchaseOrderState::ALL.iter().find(|(name, _)| *name == word);
            let (_, of_state) = state.ok_or_else(|| {
                let known: Vec<&str> = PurchaseOrderState::ALL.iter().map(|(name, _)| *name).collect();
                AppError::invalid("status", format!("status must be one or more of {}", known.join(", ")))
            })?;
            statuses.extend_from_slice(of_state);
        }
        let updated_since = self.updated_since.as_deref().map(read_time).transpose()?;
        let after = self.cursor.as_deref().map(read_cursor).transpose()?;
        Ok(SupplierOrderFilter {
            statuses,
            updated_since,
            after,
        })
    }
}

fn read_time(text: &str) -> Result<DateTime<Utc>, AppError> {
    // A `+` that was not escaped reads as a space.
    let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    time.map(Into::into).map_err(|_| {
        AppError::invalid(
            "updated_since",
            "updated_since must be a time such as 2026-11-21T10:00:00Z",
        )
    })
}

fn cursor_after(id: PurchaseOrderId) -> String {
    URL_SAFE_NO_PAD.encode(id.0.as_bytes())
}

fn read_cursor(text: &str) -> Result<PurchaseOrderId, AppError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let id = bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok());
    id.map(PurchaseOrderId)
        .ok_or_else(|| AppError::invalid("cursor", "cursor must be the next_cursor of the page before"))
}

impl PurchaseOrderState {
    /// Every state with its word and what it is inside. Whether our call got
    /// through is our business: to the supplier the order is placed.
    const ALL: [(&str, &[PurchaseOrderStatus]); 7] = {
        use PurchaseOrderStatus as S;
        [
            ("placed", &[S::Placing, S::OutcomeUnknown, S::Placed]),
            ("accepted", &[S::Accepted]),
            ("partly_shipped", &[S::PartlyShipped]),
            ("shipped", &[S::Shipped]),
            ("rejected", &[S::Rejected]),
            ("cancel_requested", &[S::CancelRequested]),
            ("cancelled", &[S::Cancelled]),
        ]
    };
}

impl From<PurchaseOrderStatus> for PurchaseOrderState {
    fn from(status: PurchaseOrderStatus) -> Self {
        use PurchaseOrderStatus as S;
        match status {
            S::Draft | S::Placing | S::OutcomeUnknown | S::Placed => Self::Placed,
            S::Accepted => Self::Accepted,
            S::PartlyShipped => Self::PartlyShipped,
            S::Shipped => Self::Shipped,
            S::Rejected => Self::Rejected,
            S::CancelRequested => Self::CancelRequested,
            S::Cancelled => Self::Cancelled,
        }
    }
}

impl From<SupplierOrder> for PurchaseOrder {
    fn from(order: SupplierOrder) -> Self {
        let row: purchase_orders::Model = order.purchase_order;
        let line = |line| PurchaseOrderLine::of(line, row.currency);
        Self {
            id: row.id.0,
            status: row.status.into(),
            shop: Shop {
                name: order.shop_name,
                domain: order.shop_domain,
            },
            currency: row.currency.code(),
            total: Money::new(row.total_minor, row.currency).into(),
            reference: row.supplier_reference,
            ship_by: row.ship_by,
            ship_to: row.ship_to.map(|address| address.0.into()),
            lines: order.lines.into_iter().map(line).collect(),
            shipments: order
                .shipments
                .into_iter()
                .map(|(parcel, lines)| Shipment::of(parcel, lines))
                .collect(),
            number: row.number,
            order_name: row.order_name,
            created_at: row.created_at,
            updated_at: row.updated_at,
            cancel_requested_at: row.cancel_requested_at,
        }
    }
}

impl PurchaseOrderLine {
    fn of(row: po_lines::Model, currency: Currency) -> Self {
        let progress = row.told();
        Self {
            line_id: row.id.0,
            sku: row.sku,
            title: row.title,
            quantity: progress.quantity,
            unit_cost: Money::new(row.unit_cost_minor, currency).into(),
            accepted: progress.accepted,
            rejected: progress.rejected,
            reason: row.reject_reason,
            shipped: progress.shipped,
            cancelled: progress.cancelled,
            cancel_requested: store::units(row.cancel_requested),
            open: progress.open(),
        }
    }
}

/// Names as in the calls of the `http` connector. No e-mail address: a parcel
/// does not need one.
impl From<Address> for ShipTo {
    fn from(address: Address) -> Self {
        Self {
            name: address.name,
            company: address.company,
            address_line1: address.address1,
            address_line2: address.address2,
            city: address.city,
            state_or_region: address.province_code.or(address.province),
            postal_code: address.zip,
            country_code: address.country_code,
            phone: address.phone,
        }
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self {
            amount: money.decimal(),
            currency: money.currency.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(status: Option<&str>) -> ListQuery {
        ListQuery {
            status: status.map(str::to_owned),
            updated_since: None,
            cursor: None,
            limit: None,
        }
    }

    #[test]
    fn every_state_can_be_asked_for_and_covers_what_it_shows() {
        for status in PurchaseOrderStatus::ALL
            .iter()
            .filter(|status| status.may_be_known_to_supplier())
        {
            let state = serde_json::to_value(PurchaseOrderState::from(*status)).expect("a word");
            let filter = query(state.as_str()).filter().expect("known");
            assert!(filter.statuses.contains(status), "{status}");
        }
        let both = query(Some("shipped, rejected")).filter().expect("known");
        assert_eq!(
            both.statuses,
            [PurchaseOrderStatus::Shipped, PurchaseOrderStatus::Rejected]
        );
        assert_eq!(
            query(Some("draft")).filter().expect_err("inside").field(),
            Some("status")
        );
        assert_eq!(query(Some("")).filter().expect_err("empty").field(), Some("status"));
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let id = PurchaseOrderId::generate();
        assert_eq!(read_cursor(&cursor_after(id)).expect("reads"), id);
        for text in ["", "x", "AAAA", "!"] {
            assert_eq!(read_cursor(text).expect_err(text).field(), Some("cursor"));
        }
    }

    #[test]
    fn times_and_limits_are_checked() {
        let expect = DateTime::parse_from_rfc3339("2026-11-21T10:00:00Z").expect("a time");
        assert_eq!(read_time("2026-11-21T11:00:00 01:00").expect("reads"), expect);
        assert!(read_time("yesterday").is_err());
        for (text, good) in [
            ("1", true),
            ("100", true),
            ("0", false),
            ("101", false),
            ("many", false),
        ] {
            let query = ListQuery {
                limit: Some(text.to_owned()),
                ..query(None)
            };
            assert_eq!(query.limit().is_ok(), good, "{text}");
        }
    }
}
