//! Fulfillment orders: one order at one location, as Shopify splits the work.
//!
//! Their ids change on split, move and hold, so work is keyed by order and line
//! and mapped onto them when it is needed.

use serde::{Deserialize, Serialize};

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    error::ApiError,
    gid,
    operations::{
        FulfillmentOrderLines, FulfillmentOrderOwner, FulfillmentOrders, FulfillmentOrdersUpdatedSince,
        fulfillment_order_lines, fulfillment_order_owner, fulfillment_orders, fulfillment_orders_updated_since,
        order_by_id, order_fulfillments,
    },
    orders::updated_since,
    reading::{Page, Reading, convert, next_page},
    scalars::{
        DateTime, DeliveryMethodType, FulfillmentHoldReason, FulfillmentOrderAction, FulfillmentOrderRequestStatus,
        FulfillmentOrderStatus, Unusable, quantity,
    },
};
use crate::{
    domain::order::{self, DeliveryMethod},
    ids::{
        ShopifyFulfillmentOrderId, ShopifyFulfillmentOrderLineId, ShopifyInventoryItemId, ShopifyLineItemId,
        ShopifyLocationId, ShopifyOrderId,
    },
};

/// A fulfillment order with all its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrderSnapshot {
    pub id: ShopifyFulfillmentOrderId,
    pub order: ShopifyOrderId,
    pub status: FulfillmentOrderStatus,
    pub request_status: FulfillmentOrderRequestStatus,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    /// When a scheduled one may be worked on.
    pub fulfill_at: Option<DateTime>,
    pub fulfill_by: Option<DateTime>,
    /// None when the location was deleted or is not for us to see.
    pub location: Option<ShopifyLocationId>,
    pub location_name: String,
    pub delivery: Option<Delivery>,
    pub actions: Vec<FulfillmentOrderAction>,
    pub holds: Vec<Hold>,
    pub lines: Vec<FulfillmentOrderLineSnapshot>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub method: DeliveryMethodType,
    /// The name that the customer chose at checkout.
    pub presented_name: Option<String>,
    pub service_code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: String,
    pub reason: FulfillmentHoldReason,
    pub notes: Option<String>,
    pub handle: Option<String>,
    /// Placed by this app.
    pub ours: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrderLineSnapshot {
    pub id: ShopifyFulfillmentOrderLineId,
    pub line_item: ShopifyLineItemId,
    pub total: u32,
    pub remaining: u32,
    pub requires_shipping: bool,
    pub sku: Option<String>,
    pub inventory_item: Option<ShopifyInventoryItemId>,
}

/// Whose a fulfillment order is, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FulfillmentOrderState {
    pub id: ShopifyFulfillmentOrderId,
    pub order: ShopifyOrderId,
    pub status: FulfillmentOrderStatus,
    pub request_status: FulfillmentOrderRequestStatus,
}

/// A fulfillment order that changed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFulfillmentOrder {
    pub id: ShopifyFulfillmentOrderId,
    pub order: ShopifyOrderId,
    pub order_name: String,
    pub status: order::FulfillmentOrderStatus,
    pub location: Option<ShopifyLocationId>,
    pub updated_at: DateTime,
}

impl FulfillmentOrderSnapshot {
    pub fn allows(&self, action: &FulfillmentOrderAction) -> bool {
        self.actions.contains(action)
    }

    /// In the words of the business.
    pub fn to_domain(&self) -> order::FulfillmentOrder {
        order::FulfillmentOrder {
            id: self.id,
            status: order::FulfillmentOrderStatus::from(&self.status),
            location: self.location,
            location_name: self.location_name.clone(),
            delivery_method: self.delivery_method(),
            lines: self
                .lines
                .iter()
                .map(|line| order::FulfillmentOrderLine {
                    id: line.id,
                    line_item: line.line_item,
                    remaining: line.remaining,
                })
                .collect(),
        }
    }

    /// An order made without a shipping line has no delivery method at all; its
    /// goods go by parcel all the same.
    fn delivery_method(&self) -> DeliveryMethod {
        match &self.delivery {
            Some(delivery) => DeliveryMethod::from(&delivery.method),
            None if self.lines.iter().any(|line| line.requires_shipping) => DeliveryMethod::Shipping,
            None => DeliveryMethod::None,
        }
    }
}

impl AdminApi {
    /// Which order a fulfillment order belongs to: its webhooks do not say.
    pub async fn fulfillment_order_owner(
        &self,
        access: &Access<'_>,
        id: ShopifyFulfillmentOrderId,
    ) -> Result<Answer<Option<FulfillmentOrderState>>, ApiError> {
        let variables = fulfillment_order_owner::Variables { id: gid::format(id) };
        self.call::<FulfillmentOrderOwner>(access, variables)
            .await?
            .try_map(|data| data.fulfillment_order.map(FulfillmentOrderState::try_from).transpose())
    }

    /// One page of the fulfillment orders that changed at or after `since`, closed ones too, the
    /// oldest change first. For reconciliation: pass `next` back until it is none.
    pub async fn fulfillment_orders_updated_since(
        &self,
        access: &Access<'_>,
        since: DateTime,
        after: Option<String>,
    ) -> Result<Answer<Page<ChangedFulfillmentOrder>>, ApiError> {
        let variables = fulfillment_orders_updated_since::Variables {
            query: updated_since(since),
            after,
        };
        self.call::<FulfillmentOrdersUpdatedSince>(access, variables)
            .await?
            .try_map(|mut data| -> Result<_, Unusable> {
                let next = next_page!(data.fulfillment_orders)?;
                let items = data.fulfillment_orders.nodes.into_iter().map(|changed| {
                    let location = changed.assigned_location.location;
                    Ok(ChangedFulfillmentOrder {
                        id: gid::parse(&changed.id)?,
                        order: gid::parse(&changed.order_id)?,
                        order_name: changed.order_name,
                        status: order::FulfillmentOrderStatus::from(&changed.status),
                        location: location.map(|location| gid::parse(&location.id)).transpose()?,
                        updated_at: changed.updated_at,
                    })
                });
                Ok(Page {
                    items: items.collect::<Result<_, Unusable>>()?,
                    next,
                })
            })
    }
}

/// Fulfillment orders as a page brought them, some with more lines to fetch.
pub(super) struct Partial {
    pub snapshot: FulfillmentOrderSnapshot,
    pub more_lines: Option<String>,
}

/// Reads what a first page left out: more fulfillment orders of the order, and
/// more lines of each. None when the order went away meanwhile.
pub(super) async fn complete(
    reading: &mut Reading<'_>,
    order: ShopifyOrderId,
    mut partial: Vec<Partial>,
    mut more: Option<String>,
) -> Result<Option<Vec<FulfillmentOrderSnapshot>>, ApiError> {
    while let Some(after) = more {
        let variables = fulfillment_orders::Variables {
            order_id: gid::format(order),
            after: Some(after),
        };
        let Some(found) = reading.call::<FulfillmentOrders>(variables).await?.order else {
            return Ok(None);
        };
        let mut page = found.fulfillment_orders;
        more = next_page!(page)?;
        partial.extend(convert::<_, Partial>(page.nodes)?);
    }
    let mut whole = Vec::with_capacity(partial.len());
    for one in partial {
        whole.push(with_all_lines(reading, one).await?);
    }
    Ok(Some(whole))
}

async fn with_all_lines(reading: &mut Reading<'_>, partial: Partial) -> Result<FulfillmentOrderSnapshot, ApiError> {
    let Partial {
        mut snapshot,
        mut more_lines,
    } = partial;
    while let Some(after) = more_lines {
        let variables = fulfillment_order_lines::Variables {
            id: gid::format(snapshot.id),
            after: Some(after),
        };
        let data = reading.call::<FulfillmentOrderLines>(variables).await?;
        let found = data
            .fulfillment_order
            .ok_or_else(|| Unusable("a fulfillment order vanished while it was read".to_owned()))?;
        let mut page = found.line_items;
        more_lines = next_page!(page)?;
        snapshot
            .lines
            .extend(convert::<_, FulfillmentOrderLineSnapshot>(page.nodes)?);
    }
    Ok(snapshot)
}

impl TryFrom<fulfillment_order_owner::FulfillmentOrderOwnerFulfillmentOrder> for FulfillmentOrderState {
    type Error = Unusable;
    fn try_from(wire: fulfillment_order_owner::FulfillmentOrderOwnerFulfillmentOrder) -> Result<Self, Unusable> {
        Ok(Self {
            id: gid::parse(&wire.id)?,
            order: gid::parse(&wire.order_id)?,
            status: wire.status,
            request_status: wire.request_status,
        })
    }
}

// The same fragments stand in several documents and become a type in each.
macro_rules! from_fragments {
    ($($module:ident),+) => {$(
        impl TryFrom<$module::FulfillmentOrderFields> for Partial {
            type Error = Unusable;
            fn try_from(wire: $module::FulfillmentOrderFields) -> Result<Self, Unusable> {
                let location = wire.assigned_location.location;
                let mut lines = wire.line_items;
                let more_lines = next_page!(lines)?;
                let snapshot = FulfillmentOrderSnapshot {
                    id: gid::parse(&wire.id)?,
                    order: gid::parse(&wire.order_id)?,
                    status: wire.status,
                    request_status: wire.request_status,
                    created_at: wire.created_at,
                    updated_at: wire.updated_at,
                    fulfill_at: wire.fulfill_at,
                    fulfill_by: wire.fulfill_by,
                    location: location.map(|location| gid::parse(&location.id)).transpose()?,
                    location_name: wire.assigned_location.name,
                    delivery: wire.delivery_method.map(|delivery| Delivery {
                        method: delivery.method_type,
                        presented_name: delivery.presented_name,
                        service_code: delivery.service_code,
                    }),
                    actions: wire.supported_actions.into_iter().map(|supported| supported.action).collect(),
                    holds: wire
                        .fulfillment_holds
                        .into_iter()
                        .map(|hold| Hold {
                            id: hold.id,
                            reason: hold.reason,
                            notes: hold.reason_notes,
                            handle: hold.handle,
                            ours: hold.held_by_requesting_app,
                        })
                        .collect(),
                    lines: convert(lines.nodes)?,
                };
                Ok(Self { snapshot, more_lines })
            }
        }
    )+};
}
from_fragments!(order_by_id, fulfillment_orders, order_fulfillments);

macro_rules! from_line_fragments {
    ($($module:ident),+) => {$(
        impl TryFrom<$module::FulfillmentOrderLineFields> for FulfillmentOrderLineSnapshot {
            type Error = Unusable;
            fn try_from(wire: $module::FulfillmentOrderLineFields) -> Result<Self, Unusable> {
                Ok(Self {
                    id: gid::parse(&wire.id)?,
                    line_item: gid::parse(&wire.line_item.id)?,
                    total: quantity(wire.total_quantity)?,
                    remaining: quantity(wire.remaining_quantity)?,
                    requires_shipping: wire.requires_shipping,
                    sku: wire.sku,
                    inventory_item: wire.inventory_item_id.map(|id| gid::parse(&id)).transpose()?,
                })
            }
        }
    )+};
}
from_line_fragments!(
    order_by_id,
    fulfillment_orders,
    order_fulfillments,
    fulfillment_order_lines
);
