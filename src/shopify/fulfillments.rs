//! Fulfillments: what Shopify records of a parcel, making one and correcting
//! its tracking.
//!
//! Neither mutation is idempotent. The caller writes an Intent, re-reads what
//! remains, calls once, and settles a lost answer with `read_back`.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use serde::{Deserialize, Serialize};

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    effect::{accepted, made, user_errors},
    error::ApiError,
    fulfillment_orders::{self, FulfillmentOrderSnapshot},
    gid,
    operations::{
        FulfillmentCreate, FulfillmentLines, FulfillmentTrackingInfoUpdate, FulfillmentsByIds, OrderFulfillmentIds,
        OrderFulfillments, fulfillment_create, fulfillment_lines, fulfillment_tracking_info_update,
        fulfillments_by_ids, order_by_id, order_fulfillment_ids, order_fulfillments,
    },
    reading::{Reading, convert, next_page},
    scalars::{DateTime, FulfillmentDisplayStatus, FulfillmentStatus, OrderDisplayFinancialStatus, Unusable, quantity},
};
use crate::domain::carriers::CarrierName;
use crate::ids::{
    ShopifyFulfillmentId, ShopifyFulfillmentOrderId, ShopifyFulfillmentOrderLineId, ShopifyLineItemId,
    ShopifyLocationId, ShopifyOrderId,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentSnapshot {
    pub id: ShopifyFulfillmentId,
    /// As people say it: `#1001.1`.
    pub name: String,
    pub status: FulfillmentStatus,
    pub display_status: Option<FulfillmentDisplayStatus>,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    pub location: Option<ShopifyLocationId>,
    pub tracking: Vec<TrackingInfo>,
    pub lines: Vec<FulfilledLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingInfo {
    pub company: Option<String>,
    pub number: Option<String>,
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilledLine {
    pub line_item: ShopifyLineItemId,
    pub quantity: u32,
}

/// What of an order is fulfilled and what remains: the state before a
/// fulfillment is made, and the evidence after an answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFulfillmentState {
    pub order: ShopifyOrderId,
    pub updated_at: DateTime,
    pub cancelled_at: Option<DateTime>,
    pub financial_status: Option<OrderDisplayFinancialStatus>,
    pub fulfillments: Vec<FulfillmentSnapshot>,
    pub fulfillment_orders: Vec<FulfillmentOrderSnapshot>,
}

/// One line of a fulfillment to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineToFulfill {
    pub fulfillment_order: ShopifyFulfillmentOrderId,
    pub line: ShopifyFulfillmentOrderLineId,
    pub quantity: NonZeroU32,
}

/// The tracking of one parcel; Shopify keeps one carrier per fulfillment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracking {
    /// As Shopify spells it; see `domain::carriers`.
    pub company: Option<String>,
    pub numbers: Vec<String>,
    /// Needed where Shopify does not know the carrier, in the order of the
    /// numbers.
    pub urls: Vec<String>,
}

/// A fulfillment to be made. All its lines belong to one order, location and
/// delivery method.
///
/// There is always a line: Shopify takes a fulfillment order without lines as
/// *everything that is left of it*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFulfillment {
    lines: Vec<LineToFulfill>,
    tracking: Option<Tracking>,
    notify_customer: bool,
}

impl Tracking {
    pub fn new(carrier: Option<&CarrierName>, numbers: Vec<String>, urls: Vec<String>) -> Self {
        Self {
            company: carrier.map(|carrier| carrier.as_str().to_owned()),
            numbers,
            urls,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.company.is_none() && self.numbers.is_empty() && self.urls.is_empty()
    }
}

impl NewFulfillment {
    /// None without a line.
    pub fn new(lines: Vec<LineToFulfill>, tracking: Option<Tracking>, notify_customer: bool) -> Option<Self> {
        (!lines.is_empty()).then_some(Self {
            lines,
            tracking: tracking.filter(|tracking| !tracking.is_empty()),
            notify_customer,
        })
    }

    pub fn lines(&self) -> &[LineToFulfill] {
        &self.lines
    }

    fn to_input(&self) -> fulfillment_create::FulfillmentInput {
        let mut groups: BTreeMap<ShopifyFulfillmentOrderId, Vec<fulfillment_create::FulfillmentOrderLineItemInput>> =
            BTreeMap::new();
        for line in &self.lines {
            groups
                .entry(line.fulfillment_order)
                .or_default()
                .push(fulfillment_create::FulfillmentOrderLineItemInput {
                    id: gid::format(line.line),
                    quantity: i64::from(line.quantity.get()),
                });
        }
        let by_order = groups
            .into_iter()
            .map(|(id, lines)| fulfillment_create::FulfillmentOrderLineItemsInput {
                fulfillment_order_id: gid::format(id),
                fulfillment_order_line_items: Some(lines),
            });
        let tracking = self.tracking.as_ref().map(|tracking| {
            let (number, numbers) = one_or_many(&tracking.numbers);
            let (url, urls) = one_or_many(&tracking.urls);
            fulfillment_create::FulfillmentTrackingInput {
                company: tracking.company.clone(),
                number,
                numbers,
                url,
                urls,
            }
        });
        fulfillment_create::FulfillmentInput {
            line_items_by_fulfillment_order: by_order.collect(),
            notify_customer: Some(self.notify_customer),
            origin_address: None,
            tracking_info: tracking,
        }
    }
}

/// Shopify has a field for one and a field for several; only one may be used.
fn one_or_many(texts: &[String]) -> (Option<String>, Option<Vec<String>>) {
    match texts {
        [] => (None, None),
        [one] => (Some(one.clone()), None),
        many => (None, Some(many.to_vec())),
    }
}

impl AdminApi {
    /// Makes a fulfillment; the answer has its first ten lines. On `OutcomeUnknown` read the order back before
    /// anything else; never call again unread.
    pub async fn create_fulfillment(
        &self,
        access: &Access<'_>,
        new: &NewFulfillment,
    ) -> Result<Answer<FulfillmentSnapshot>, ApiError> {
        let variables = fulfillment_create::Variables {
            fulfillment: new.to_input(),
            message: None,
        };
        self.call::<FulfillmentCreate>(access, variables)
            .await?
            .try_map(|data| {
                let payload = accepted(data.fulfillment_create, |payload| user_errors!(payload))?;
                made::<_, PartialFulfillment>(payload.fulfillment, "fulfillment").map(|partial| partial.snapshot)
            })
    }

    /// Replaces the tracking of a fulfillment: `tracking` is the full list,
    /// numbers that stand there already included.
    pub async fn update_tracking(
        &self,
        access: &Access<'_>,
        id: ShopifyFulfillmentId,
        tracking: &Tracking,
        notify_customer: bool,
    ) -> Result<Answer<FulfillmentSnapshot>, ApiError> {
        let (number, numbers) = one_or_many(&tracking.numbers);
        let (url, urls) = one_or_many(&tracking.urls);
        let variables = fulfillment_tracking_info_update::Variables {
            fulfillment_id: gid::format(id),
            notify_customer,
            tracking_info_input: fulfillment_tracking_info_update::FulfillmentTrackingInput {
                company: tracking.company.clone(),
                number,
                numbers,
                url,
                urls,
            },
        };
        self.call::<FulfillmentTrackingInfoUpdate>(access, variables)
            .await?
            .try_map(|data| {
                let payload = accepted(data.fulfillment_tracking_info_update, |payload| user_errors!(payload))?;
                made::<_, PartialFulfillment>(payload.fulfillment, "fulfillment").map(|partial| partial.snapshot)
            })
    }

    /// What is fulfilled and what remains of an order. None as for `order`.
    pub async fn order_fulfillments(
        &self,
        access: &Access<'_>,
        id: ShopifyOrderId,
    ) -> Result<Answer<Option<OrderFulfillmentState>>, ApiError> {
        let mut reading = Reading::new(self, access);
        let variables = order_fulfillments::Variables { id: gid::format(id) };
        let Some(mut wire) = reading.call::<OrderFulfillments>(variables).await?.order else {
            return Ok(reading.finish(None));
        };
        let more = next_page!(wire.fulfillment_orders)?;
        let partial = convert(wire.fulfillment_orders.nodes)?;
        let Some(fulfillment_orders) = fulfillment_orders::complete(&mut reading, id, partial, more).await? else {
            return Ok(reading.finish(None));
        };
        let first = convert(wire.fulfillments)?;
        let Some(fulfillments) = complete(&mut reading, id, first, LISTED_BY_READ_BACK).await? else {
            return Ok(reading.finish(None));
        };
        Ok(reading.finish(Some(OrderFulfillmentState {
            order: gid::parse(&wire.id).map_err(Unusable::from)?,
            updated_at: wire.updated_at,
            cancelled_at: wire.cancelled_at,
            financial_status: wire.display_financial_status,
            fulfillments,
            fulfillment_orders,
        })))
    }
}

/// A fulfillment as a page brought it, perhaps with more lines to fetch.
pub(super) struct PartialFulfillment {
    snapshot: FulfillmentSnapshot,
    more_lines: Option<String>,
}

/// As `OrderFulfillments.graphql` asks for.
const LISTED_BY_READ_BACK: usize = 10;
/// As `OrderFulfillmentIds.graphql` asks for, which is as many as Shopify lists:
/// this list has no pages.
const MAX_LISTED: usize = 250;
/// As many as one `nodes` call may ask for within its cost.
const IDS_PER_CALL: usize = 25;

/// Reads what the first answer left out: the fulfillments beyond the first few
/// (`asked_for` of them), and more lines of each. None when the order went away
/// meanwhile.
pub(super) async fn complete(
    reading: &mut Reading<'_>,
    order: ShopifyOrderId,
    mut partial: Vec<PartialFulfillment>,
    asked_for: usize,
) -> Result<Option<Vec<FulfillmentSnapshot>>, ApiError> {
    if partial.len() >= asked_for {
        let variables = order_fulfillment_ids::Variables { id: gid::format(order) };
        let Some(found) = reading.call::<OrderFulfillmentIds>(variables).await?.order else {
            return Ok(None);
        };
        if found.fulfillments.len() >= MAX_LISTED {
            return Err(Unusable(format!("{MAX_LISTED} or more fulfillments on one order")).into());
        }
        let have: BTreeSet<String> = partial.iter().map(|one| gid::format(one.snapshot.id)).collect();
        let missing: Vec<String> = found
            .fulfillments
            .into_iter()
            .map(|one| one.id)
            .filter(|id| !have.contains(id))
            .collect();
        for ids in missing.chunks(IDS_PER_CALL) {
            partial.extend(by_ids(reading, ids).await?);
        }
    }
    let mut whole = Vec::with_capacity(partial.len());
    for one in partial {
        whole.push(with_all_lines(reading, one).await?);
    }
    Ok(Some(whole))
}

async fn by_ids(reading: &mut Reading<'_>, ids: &[String]) -> Result<Vec<PartialFulfillment>, ApiError> {
    use fulfillments_by_ids::FulfillmentsByIdsNodes as Node;
    let variables = fulfillments_by_ids::Variables { ids: ids.to_vec() };
    let nodes = reading.call::<FulfillmentsByIds>(variables).await?.nodes;
    let mut found = Vec::with_capacity(nodes.len());
    for node in nodes.into_iter().flatten() {
        if let Node::Fulfillment(wire) = node {
            found.push(PartialFulfillment::try_from(wire)?);
        }
    }
    Ok(found)
}

async fn with_all_lines(
    reading: &mut Reading<'_>,
    partial: PartialFulfillment,
) -> Result<FulfillmentSnapshot, ApiError> {
    let PartialFulfillment {
        mut snapshot,
        mut more_lines,
    } = partial;
    while let Some(after) = more_lines {
        let variables = fulfillment_lines::Variables {
            id: gid::format(snapshot.id),
            after: Some(after),
        };
        let data = reading.call::<FulfillmentLines>(variables).await?;
        let found = data
            .fulfillment
            .ok_or_else(|| Unusable("a fulfillment vanished while it was read".to_owned()))?;
        let mut page = found.fulfillment_line_items;
        more_lines = next_page!(page)?;
        snapshot.lines.extend(convert::<_, FulfilledLine>(page.nodes)?);
    }
    Ok(snapshot)
}

// The same fragments stand in several documents and become a type in each.
macro_rules! from_fragments {
    ($($module:ident),+) => {$(
        impl TryFrom<$module::FulfillmentFields> for PartialFulfillment {
            type Error = Unusable;
            fn try_from(wire: $module::FulfillmentFields) -> Result<Self, Unusable> {
                let mut lines = wire.fulfillment_line_items;
                let more_lines = next_page!(lines)?;
                let tracking = wire.tracking_info.into_iter().map(|info| TrackingInfo {
                    company: info.company,
                    number: info.number,
                    url: info.url,
                });
                let snapshot = FulfillmentSnapshot {
                    id: gid::parse(&wire.id)?,
                    name: wire.name,
                    status: wire.status,
                    display_status: wire.display_status,
                    created_at: wire.created_at,
                    updated_at: wire.updated_at,
                    location: wire.location.map(|location| gid::parse(&location.id)).transpose()?,
                    tracking: tracking.collect(),
                    lines: convert(lines.nodes)?,
                };
                Ok(Self { snapshot, more_lines })
            }
        }
    )+};
}
from_fragments!(
    order_by_id,
    order_fulfillments,
    fulfillments_by_ids,
    fulfillment_create,
    fulfillment_tracking_info_update
);

macro_rules! from_line_fragments {
    ($($module:ident),+) => {$(
        impl TryFrom<$module::FulfillmentLineFields> for FulfilledLine {
            type Error = Unusable;
            fn try_from(wire: $module::FulfillmentLineFields) -> Result<Self, Unusable> {
                Ok(Self {
                    line_item: gid::parse(&wire.line_item.id)?,
                    quantity: quantity(wire.quantity.unwrap_or(0))?,
                })
            }
        }
    )+};
}
from_line_fragments!(
    order_by_id,
    order_fulfillments,
    fulfillments_by_ids,
    fulfillment_create,
    fulfillment_tracking_info_update,
    fulfillment_lines
);
