//! Fulfillment orders as rows: statuses, lines, holds, and what may be done with one now. The
//! steps from one status to the next are in `routing`, `holds`, `requests` and `fulfillments`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::DeliveryMethod;

/// One order × one location × one delivery method.
#[derive(Debug, Clone, Serialize)]
pub struct FulfillmentOrder {
    pub id: i64,
    pub order_id: i64,
    pub location_id: i64,
    pub status: Status,
    pub request_status: RequestStatus,
    pub delivery_method: DeliveryMethod,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub fulfill_at: Option<DateTime<Utc>>,
    pub lines: Vec<FulfillmentOrderLine>,
    pub holds: Vec<Hold>,
    pub merchant_requests: Vec<MerchantRequest>,
    pub progress_reported: bool,
}

impl FulfillmentOrder {
    /// Units that are still to leave.
    pub fn remaining(&self) -> i64 {
        self.lines.iter().map(|line| line.remaining_quantity).sum()
    }

    pub(crate) fn line(&self, id: i64) -> Option<&FulfillmentOrderLine> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// Open work: neither finished nor replaced by another fulfillment order.
    pub fn is_live(&self) -> bool {
        !matches!(self.status, Status::Closed | Status::Cancelled)
    }

    /// What Shopify would offer to do with it. `at_service` says whether its location belongs to
    /// a fulfillment service.
    pub(crate) fn supported_actions(&self, at_service: bool) -> Vec<&'static str> {
        use RequestStatus as Request;
        let splittable = self.remaining() > 1;
        let mut actions = Vec::new();
        match self.status {
            Status::Open => {
                actions.push("CREATE_FULFILLMENT");
                if at_service && matches!(self.request_status, Request::Unsubmitted | Request::Rejected) {
                    actions.push("REQUEST_FULFILLMENT");
                }
                if self.request_status == Request::Submitted {
                    actions.push("CANCEL_FULFILLMENT_ORDER");
                } else {
                    actions.extend(["REPORT_PROGRESS", "MOVE", "HOLD"]);
                    if splittable {
                        actions.push("SPLIT");
                    }
                }
            }
            Status::InProgress => {
                actions.push("CREATE_FULFILLMENT");
                if self.request_status == Request::Accepted {
                    actions.push("REQUEST_CANCELLATION");
                }
                if self.request_status == Request::CancellationRequested {
                    actions.push("CANCEL_FULFILLMENT_ORDER");
                }
                if self.progress_reported {
                    actions.push("MARK_AS_OPEN");
                }
            }
            Status::OnHold => actions.extend(["RELEASE_HOLD", "HOLD", "MOVE"]),
            Status::Scheduled => actions.push("MARK_AS_OPEN"),
            Status::Incomplete => actions.push("MOVE"),
            Status::Closed | Status::Cancelled => {}
        }
        actions
    }
}

/// A line of a fulfillment order. The SKU is repeated from the order line for reading.
#[derive(Debug, Clone, Serialize)]
pub struct FulfillmentOrderLine {
    pub id: i64,
    pub line_item_id: i64,
    pub sku: String,
    pub total_quantity: i64,
    pub remaining_quantity: i64,
}

/// A reason not to ship yet.
#[derive(Debug, Clone, Serialize)]
pub struct Hold {
    pub id: i64,
    pub reason: String,
    pub reason_notes: Option<String>,
    pub handle: Option<String>,
    pub external_id: Option<String>,
    /// Placed by the app, not by the merchant.
    pub by_app: bool,
}

/// What the merchant asked of a fulfillment service.
#[derive(Debug, Clone, Serialize)]
pub struct MerchantRequest {
    pub id: i64,
    /// `FULFILLMENT_REQUEST` or `CANCELLATION_REQUEST`.
    pub kind: &'static str,
    pub message: Option<String>,
    pub sent_at: DateTime<Utc>,
}

/// Where a fulfillment order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Open,
    InProgress,
    OnHold,
    Scheduled,
    Incomplete,
    Closed,
    Cancelled,
}

impl Status {
    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::InProgress => "IN_PROGRESS",
            Self::OnHold => "ON_HOLD",
            Self::Scheduled => "SCHEDULED",
            Self::Incomplete => "INCOMPLETE",
            Self::Closed => "CLOSED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The lower-case form of webhook payloads.
    pub(crate) fn rest(self) -> String {
        self.graphql().to_ascii_lowercase()
    }
}

/// Where the conversation with the fulfillment service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestStatus {
    Unsubmitted,
    Submitted,
    Accepted,
    Rejected,
    CancellationRequested,
    CancellationAccepted,
    CancellationRejected,
    Closed,
}

impl RequestStatus {
    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Unsubmitted => "UNSUBMITTED",
            Self::Submitted => "SUBMITTED",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::CancellationRequested => "CANCELLATION_REQUESTED",
            Self::CancellationAccepted => "CANCELLATION_ACCEPTED",
            Self::CancellationRejected => "CANCELLATION_REJECTED",
            Self::Closed => "CLOSED",
        }
    }

    pub(crate) fn rest(self) -> String {
        self.graphql().to_ascii_lowercase()
    }
}
