//! Fulfillment services (a supplier as a location of the shop) and the requests
//! that merchants send to them.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    effect::{accepted, made, user_errors},
    error::ApiError,
    fulfillment_orders::FulfillmentOrderState,
    gid,
    operations::{
        AcceptCancellationRequest, AcceptFulfillmentRequest, AssignedFulfillmentOrders, FulfillmentServiceCreate,
        FulfillmentServices, RejectCancellationRequest, RejectFulfillmentRequest, accept_cancellation_request,
        accept_fulfillment_request, assigned_fulfillment_orders, fulfillment_service_create, fulfillment_services,
        reject_cancellation_request, reject_fulfillment_request,
    },
    reading::{Reading, convert, next_page},
    scalars::{
        DateTime, FulfillmentOrderAssignmentStatus, FulfillmentOrderMerchantRequestKind,
        FulfillmentOrderRejectionReason, FulfillmentServiceType, Unusable,
    },
};
use crate::ids::{ShopifyFulfillmentOrderId, ShopifyFulfillmentOrderLineId, ShopifyLocationId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentService {
    /// Shopify's global id, opaque to us: it has a query behind the number.
    pub id: String,
    pub handle: String,
    pub name: String,
    pub callback_url: Option<String>,
    pub inventory_management: bool,
    pub tracking_support: bool,
    pub requires_shipping_method: bool,
    pub kind: FulfillmentServiceType,
    pub location: Option<ShopifyLocationId>,
}

/// A fulfillment service to be made. Tracking and stock are pushed by us, so
/// Shopify is not asked to fetch them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFulfillmentService {
    pub name: String,
    pub callback_url: Option<Url>,
}

/// A fulfillment order that is assigned to one of our services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedFulfillmentOrder {
    pub state: FulfillmentOrderState,
    pub updated_at: DateTime,
    pub location: Option<ShopifyLocationId>,
    /// The newest first, five at most.
    pub requests: Vec<MerchantRequest>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantRequest {
    pub id: String,
    pub kind: FulfillmentOrderMerchantRequestKind,
    pub message: Option<String>,
    pub sent_at: DateTime,
}

/// Why a merchant's request is turned down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub reason: FulfillmentOrderRejectionReason,
    pub message: Option<String>,
    /// The lines that cannot be fulfilled; none named means all.
    pub lines: Vec<(ShopifyFulfillmentOrderLineId, Option<String>)>,
}

impl AdminApi {
    /// The fulfillment services of the shop, those of other apps included.
    pub async fn fulfillment_services(&self, access: &Access<'_>) -> Result<Answer<Vec<FulfillmentService>>, ApiError> {
        self.call::<FulfillmentServices>(access, fulfillment_services::Variables)
            .await?
            .try_map(|data| convert(data.shop.fulfillment_services))
    }

    /// Makes a service and its location. Look for the name first: a service may
    /// outlive the app's installation.
    pub async fn create_fulfillment_service(
        &self,
        access: &Access<'_>,
        new: &NewFulfillmentService,
    ) -> Result<Answer<FulfillmentService>, ApiError> {
        let variables = fulfillment_service_create::Variables {
            name: new.name.clone(),
            callback_url: new.callback_url.as_ref().map(Url::to_string),
            inventory_management: false,
            tracking_support: false,
            requires_shipping_method: true,
        };
        self.call::<FulfillmentServiceCreate>(access, variables)
            .await?
            .try_map(|data| {
                let payload = accepted(data.fulfillment_service_create, |payload| user_errors!(payload))?;
                made(payload.fulfillment_service, "fulfillment service")
            })
    }

    /// What is assigned to the app's services: all that is not closed, or what
    /// waits for one kind of answer.
    pub async fn assigned_fulfillment_orders(
        &self,
        access: &Access<'_>,
        status: Option<FulfillmentOrderAssignmentStatus>,
        locations: Option<&[ShopifyLocationId]>,
    ) -> Result<Answer<Vec<AssignedFulfillmentOrder>>, ApiError> {
        let mut reading = Reading::new(self, access);
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let variables = assigned_fulfillment_orders::Variables {
                assignment_status: status.clone(),
                location_ids: locations.map(|ids| ids.iter().copied().map(gid::format).collect()),
                after,
            };
            let data = reading.call::<AssignedFulfillmentOrders>(variables).await?;
            let mut page = data.assigned_fulfillment_orders;
            after = next_page!(page)?;
            found.extend(convert::<_, AssignedFulfillmentOrder>(page.nodes)?);
            if after.is_none() {
                return Ok(reading.finish(found));
            }
        }
    }

    pub async fn accept_fulfillment_request(
        &self,
        access: &Access<'_>,
        id: ShopifyFulfillmentOrderId,
        message: Option<String>,
        ships_at: Option<DateTime>,
    ) -> Result<Answer<FulfillmentOrderState>, ApiError> {
        let variables = accept_fulfillment_request::Variables {
            id: gid::format(id),
            message,
            estimated_shipped_at: ships_at,
        };
        self.call::<AcceptFulfillmentRequest>(access, variables)
            .await?
            .try_map(|data| {
                let answer = data.fulfillment_order_accept_fulfillment_request;
                let payload = accepted(answer, |payload| user_errors!(payload))?;
                made(payload.fulfillment_order, "fulfillment order")
            })
    }

    pub async fn reject_fulfillment_request(
        &self,
        access: &Access<'_>,
        id: ShopifyFulfillmentOrderId,
        rejection: &Rejection,
    ) -> Result<Answer<FulfillmentOrderState>, ApiError> {
        let lines =
            rejection.lines.iter().map(
                |(line, message)| reject_fulfillment_request::IncomingRequestLineItemInput {
                    fulfillment_order_line_item_id: gid::format(*line),
                    message: message.clone(),
                },
            );
        let variables = reject_fulfillment_request::Variables {
            id: gid::format(id),
            message: rejection.message.clone(),
            reason: Some(rejection.reason.clone()),
            line_items: (!rejection.lines.is_empty()).then(|| lines.collect()),
        };
        self.call::<RejectFulfillmentRequest>(access, variables)
            .await?
            .try_map(|data| {
                let answer = data.fulfillment_order_reject_fulfillment_request;
                let payload = accepted(answer, |payload| user_errors!(payload))?;
                made(payload.fulfillment_order, "fulfillment order")
            })
    }

    pub async fn accept_cancellation_request(
        &self,
        access: &Access<'_>,
        id: ShopifyFulfillmentOrderId,
        message: Option<String>,
    ) -> Result<Answer<FulfillmentOrderState>, ApiError> {
        let variables = accept_cancellation_request::Variables {
            id: gid::format(id),
            message,
        };
        self.call::<AcceptCancellationRequest>(access, variables)
            .await?
            .try_map(|data| {
                let answer = data.fulfillment_order_accept_cancellation_request;
                let payload = accepted(answer, |payload| user_errors!(payload))?;
                made(payload.fulfillment_order, "fulfillment order")
            })
    }

    pub async fn reject_cancellation_request(
        &self,
        access: &Access<'_>,
        id: ShopifyFulfillmentOrderId,
        message: Option<String>,
    ) -> Result<Answer<FulfillmentOrderState>, ApiError> {
        let variables = reject_cancellation_request::Variables {
            id: gid::format(id),
            message,
        };
        self.call::<RejectCancellationRequest>(access, variables)
            .await?
            .try_map(|data| {
                let answer = data.fulfillment_order_reject_cancellation_request;
                let payload = accepted(answer, |payload| user_errors!(payload))?;
                made(payload.fulfillment_order, "fulfillment order")
            })
    }
}

macro_rules! service_from {
    ($($wire:path),+) => {$(
        impl TryFrom<$wire> for FulfillmentService {
            type Error = Unusable;
            fn try_from(wire: $wire) -> Result<Self, Unusable> {
                Ok(Self {
                    id: wire.id,
                    handle: wire.handle,
                    name: wire.service_name,
                    callback_url: wire.callback_url,
                    inventory_management: wire.inventory_management,
                    tracking_support: wire.tracking_support,
                    requires_shipping_method: wire.requires_shipping_method,
                    kind: wire.type_,
                    location: wire.location.map(|location| gid::parse(&location.id)).transpose()?,
                })
            }
        }
    )+};
}
service_from!(
    fulfillment_services::FulfillmentServicesShopFulfillmentServices,
    fulfillment_service_create::FulfillmentServiceCreateFulfillmentServiceCreateFulfillmentService
);

macro_rules! state_from {
    ($($wire:path),+) => {$(
        impl TryFrom<$wire> for FulfillmentOrderState {
            type Error = Unusable;
            fn try_from(wire: $wire) -> Result<Self, Unusable> {
                Ok(Self {
                    id: gid::parse(&wire.id)?,
                    order: gid::parse(&wire.order_id)?,
                    status: wire.status,
                    request_status: wire.request_status,
                })
            }
        }
    )+};
}
state_from!(
    accept_fulfillment_request::AcceptFulfillmentRequestFulfillmentOrderAcceptFulfillmentRequestFulfillmentOrder,
    reject_fulfillment_request::RejectFulfillmentRequestFulfillmentOrderRejectFulfillmentRequestFulfillmentOrder,
    accept_cancellation_request::AcceptCancellationRequestFulfillmentOrderAcceptCancellationRequestFulfillmentOrder,
    reject_cancellation_request::RejectCancellationRequestFulfillmentOrderRejectCancellationRequestFulfillmentOrder
);

type AssignedNode = assigned_fulfillment_orders::AssignedFulfillmentOrdersAssignedFulfillmentOrdersNodes;

impl TryFrom<AssignedNode> for AssignedFulfillmentOrder {
    type Error = Unusable;
    fn try_from(wire: AssignedNode) -> Result<Self, Unusable> {
        let location = wire.assigned_location.location;
        let requests = wire.merchant_requests.nodes.into_iter().map(|request| MerchantRequest {
            id: request.id,
            kind: request.kind,
            message: request.message,
            sent_at: request.sent_at,
        });
        Ok(Self {
            state: FulfillmentOrderState {
                id: gid::parse(&wire.id)?,
                order: gid::parse(&wire.order_id)?,
                status: wire.status,
                request_status: wire.request_status,
            },
            updated_at: wire.updated_at,
            location: location.map(|location| gid::parse(&location.id)).transpose()?,
            requests: requests.collect(),
        })
    }
}
