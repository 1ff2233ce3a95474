//! Which fulfillments a parcel makes: pure, from what suppliers shipped, what
//! is claimed already, and what Shopify says remains.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        fulfilment::{Completed, FulfillmentStatus, newly_complete},
        order::{DeliveryMethod, FulfillmentOrder},
        shop::{KitFulfillment, ShopSettings},
    },
    ids::{FulfillmentId, OrderLineId, ShipmentId, ShopifyLineItemId, ShopifyLocationId},
    shopify::{
        carriers::CarrierName,
        fulfillments::{LineToFulfill, NewFulfillment, OrderFulfillmentState, Tracking},
    },
    store::{
        columns::Json,
        fulfillments::{self, FulfilledLine},
        order_state::OrderState,
        shipments,
    },
};

/// What is to be written for a parcel.
#[derive(Debug, Default)]
pub struct Claim {
    /// New fulfillments, to be made.
    pub rows: Vec<fulfillments::Model>,
    /// Fulfillments that the parcel joins: their tracking is to be updated.
    pub joined: Vec<fulfillments::Model>,
    /// Units that shipped and that no open fulfillment order has room for.
    pub without_place: BTreeMap<OrderLineId, u32>,
}

type Place = (Option<ShopifyLocationId>, DeliveryMethod);

/// Decides what a parcel adds.
#[must_use]
pub fn claim(
    settings: &ShopSettings,
    state: &OrderState,
    read: &OrderFulfillmentState,
    shipment: ShipmentId,
    now: DateTime<Utc>,
) -> Claim {
    let (claimed, claimed_shipments) = claimed_already(&state.fulfillments);
    let fresh = newly_complete(
        &state.shipped_components(),
        settings.kit_fulfillment,
        &claimed,
        &claimed_shipments,
    );
    let mut room = Room::new(settings, state, read);
    let mut places: BTreeMap<Place, (Vec<FulfilledLine>, BTreeSet<ShipmentId>)> = BTreeMap::new();
    let mut claim = Claim::default();
    for (line, Completed { units, shipments }) in fresh {
        let mut left = units;
        for (place, taken) in room.take(line, units) {
            left -= taken;
            let entry = places.entry(place).or_default();
            entry.0.push(FulfilledLine {
                order_line_id: line,
                units: taken,
            });
            entry.1.extend(&shipments);
        }
        if left > 0 {
            claim.without_place.insert(line, left);
        }
    }
    claim.rows = places
        .into_iter()
        .map(|((location, method), (lines, parcels))| {
            row(
                state,
                shipment,
                location,
                method,
                lines,
                parcels.into_iter().collect(),
                now,
            )
        })
        .collect();
    if settings.kit_fulfillment == KitFulfillment::FirstComponent && claim.rows.is_empty() {
        claim.joined = joined(state, shipment);
    }
    claim
}

/// Units of each line that are claimed, and the parcels they came in.
fn claimed_already(
    rows: &[fulfillments::Model],
) -> (BTreeMap<OrderLineId, u32>, BTreeMap<OrderLineId, BTreeSet<ShipmentId>>) {
    let mut units: BTreeMap<OrderLineId, u32> = BTreeMap::new();
    let mut parcels: BTreeMap<OrderLineId, BTreeSet<ShipmentId>> = BTreeMap::new();
    for row in rows
        .iter()
        .filter(|row| !row.by_hand && row.status != FulfillmentStatus::Refused)
    {
        for line in &row.lines.0 {
            *units.entry(line.order_line_id).or_default() += line.units;
            parcels.entry(line.order_line_id).or_default().extend(&row.shipments.0);
        }
    }
    (units, parcels)
}

/// What the open fulfillment orders can take, less what is claimed and not made yet.
struct Room<'a> {
    state: &'a OrderState,
    orders: Vec<FulfillmentOrder>,
}

impl<'a> Room<'a> {
    fn new(settings: &ShopSettings, state: &'a OrderState, read: &OrderFulfillmentState) -> Self {
        let mut room = Self {
            state,
            orders: open_orders(settings, read),
        };
        for row in state
            .fulfillments
            .iter()
            .filter(|row| row.status == FulfillmentStatus::Pending)
        {
            for line in &row.lines.0 {
                let place = (row.location_id, row.delivery_method.unwrap_or(DeliveryMethod::Shipping));
                room.take_at(line.order_line_id, line.units, Some(place));
            }
        }
        room
    }

    fn take(&mut self, line: OrderLineId, units: u32) -> Vec<(Place, u32)> {
        self.take_at(line, units, None)
    }

    fn take_at(&mut self, line: OrderLineId, units: u32, only: Option<Place>) -> Vec<(Place, u32)> {
        let mut taken: BTreeMap<Place, u32> = BTreeMap::new();
        let Some(item) = shopify_line(self.state, line) else {
            return Vec::new();
        };
        let mut left = units;
        for order in &mut self.orders {
            let place = (order.location, order.delivery_method);
            if only.is_some_and(|only| only != place) {
                continue;
            }
            for line in order.lines.iter_mut().filter(|line| line.line_item == item) {
                let part = left.min(line.remaining);
                line.remaining -= part;
                left -= part;
                if part > 0 {
                    *taken.entry(place).or_default() += part;
                }
            }
        }
        taken.into_iter().collect()
    }
}

fn open_orders(settings: &ShopSettings, read: &OrderFulfillmentState) -> Vec<FulfillmentOrder> {
    let orders = read.fulfillment_orders.iter().map(|order| order.to_domain());
    orders
        .filter(|order| order.is_open() && order.is_ours(settings))
        .collect()
}

fn shopify_line(state: &OrderState, line: OrderLineId) -> Option<ShopifyLineItemId> {
    state.lines.iter().find(|row| row.id == line).map(|row| row.shopify_id)
}

fn row(
    state: &OrderState,
    shipment: ShipmentId,
    location: Option<ShopifyLocationId>,
    method: DeliveryMethod,
    lines: Vec<FulfilledLine>,
    parcels: Vec<ShipmentId>,
    now: DateTime<Utc>,
) -> fulfillments::Model {
    let tracking = tracking_of(state, shipment, &parcels);
    fulfillments::Model {
        id: FulfillmentId::generate(),
        shop_id: state.order.shop_id,
        order_id: state.order.id,
        shipment_id: Some(shipment),
        location_id: location,
        delivery_method: Some(method),
        shopify_id: None,
        status: FulfillmentStatus::Pending,
        by_hand: false,
        company: tracking.company,
        numbers: Json(tracking.numbers),
        urls: Json(tracking.urls),
        lines: Json(lines),
        shipments: Json(parcels),
        created_at: now,
    }
}

/// The carrier, numbers and links of some parcels, the leading one's carrier
/// first: Shopify keeps one carrier per fulfillment, and makes links itself
/// only for carriers that it knows.
#[must_use]
pub fn tracking_of(state: &OrderState, leading: ShipmentId, parcels: &[ShipmentId]) -> Tracking {
    let rows: Vec<&shipments::Model> = state.shipments.iter().filter(|row| parcels.contains(&row.id)).collect();
    let carrier = |row: &shipments::Model| row.carrier.as_deref().map(CarrierName::recognize);
    let first = rows.iter().find(|row| row.id == leading).or(rows.first());
    let company = first.and_then(|row| carrier(row));
    let numbered: Vec<&&shipments::Model> = rows.iter().filter(|row| row.tracking_number.is_some()).collect();
    let numbers = numbered.iter().filter_map(|row| row.tracking_number.clone()).collect();
    let known_to_shopify = matches!(company, Some(CarrierName::Known(_)))
        && numbered
            .iter()
            .all(|row| carrier(row).as_ref().map(CarrierName::as_str) == company.as_ref().map(CarrierName::as_str));
    let urls: Vec<String> = numbered.iter().filter_map(|row| row.tracking_url.clone()).collect();
    // Links go by position: all of them, or none.
    let urls = if known_to_shopify || urls.len() != numbered.len() {
        Vec::new()
    } else {
        urls
    };
    Tracking::new(company.as_ref(), numbers, urls)
}

/// What to ask of Shopify for a claim, by what remains now; none when there is no room for it.
#[must_use]
pub fn new_fulfillment(
    settings: &ShopSettings,
    state: &OrderState,
    read: &OrderFulfillmentState,
    row: &fulfillments::Model,
) -> Option<NewFulfillment> {
    let place = (row.location_id, row.delivery_method?);
    let mut lines = Vec::new();
    let mut orders = open_orders(settings, read);
    for wanted in &row.lines.0 {
        let item = shopify_line(state, wanted.order_line_id)?;
        let mut left = wanted.units;
        for order in orders
            .iter_mut()
            .filter(|order| (order.location, order.delivery_method) == place)
        {
            let id = order.id;
            for line in order.lines.iter_mut().filter(|line| line.line_item == item) {
                let part = left.min(line.remaining);
                line.remaining -= part;
                left -= part;
                if let Some(quantity) = NonZeroU32::new(part) {
                    lines.push(LineToFulfill {
                        fulfillment_order: id,
                        line: line.id,
                        quantity,
                    });
                }
            }
        }
        if left > 0 {
            return None;
        }
    }
    let tracking = Tracking {
        company: row.company.clone(),
        numbers: row.numbers.0.clone(),
        urls: row.urls.0.clone(),
    };
    NewFulfillment::new(lines, Some(tracking), settings.notify_customer)
}

/// Fulfillments of the lines that the parcel carries and that do not name it yet.
fn joined(state: &OrderState, shipment: ShipmentId) -> Vec<fulfillments::Model> {
    let po_lines: BTreeSet<_> = state
        .shipment_lines
        .iter()
        .filter(|line| line.shipment_id == shipment)
        .map(|line| line.po_line_id)
        .collect();
    let lines: BTreeSet<OrderLineId> = state
        .allocations
        .iter()
        .filter(|allocation| po_lines.contains(&allocation.po_line_id))
        .map(|allocation| allocation.order_line_id)
        .collect();
    let of_lines = state.fulfillments.iter().filter(|row| {
        !row.by_hand
            && row.status == FulfillmentStatus::Done
            && !row.shipments.0.contains(&shipment)
            && row.lines.0.iter().any(|line| lines.contains(&line.order_line_id))
    });
    of_lines
        .cloned()
        .map(|mut row| {
            row.shipments.0.push(shipment);
            row
        })
        .collect()
}
