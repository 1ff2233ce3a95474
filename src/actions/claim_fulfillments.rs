//! Which fulfillments a parcel makes: pure, from what suppliers shipped, what
//! is claimed already, and what Shopify says remains.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        carriers::CarrierName,
        fulfilment::{Completed, FulfillmentStatus, ShippedComponent, completed, completed_by_parcel},
        order::{DeliveryMethod, FulfillmentOrder},
        shop::{KitFulfillment, ShopSettings},
    },
    ids::{FulfillmentId, OrderLineId, ShipmentId, ShopifyLineItemId, ShopifyLocationId},
    shopify::{
        fulfillment_orders::FulfillmentOrderSnapshot,
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
    /// New fulfillments of the parcel, to be made.
    pub rows: Vec<fulfillments::Model>,
    /// Parcels that were left behind and can be pushed now.
    pub others: BTreeSet<ShipmentId>,
    /// The parcel has an unfinished fulfillment: what else it completes comes after that.
    pub again: bool,
    /// Fulfillments that the parcel joins: their tracking is to be updated.
    pub joined: Vec<fulfillments::Model>,
    /// Units that shipped and that no open fulfillment order has room for.
    pub without_place: BTreeMap<OrderLineId, u32>,
}

type Place = (Option<ShopifyLocationId>, DeliveryMethod);

/// Decides what is to be claimed when a parcel is pushed: one fulfillment per
/// place, and which other parcels were left behind. What those can have is
/// reserved for them, the oldest first.
#[must_use]
pub fn claim(
    settings: &ShopSettings,
    state: &OrderState,
    read: &OrderFulfillmentState,
    shipment: ShipmentId,
    now: DateTime<Utc>,
) -> Claim {
    let components = state.shipped_components();
    let mut free = free_units(settings, state, &components);
    let mut room = Room::new(settings, state, read);
    let mut claim = Claim::default();
    for (parcel, lines) in completed_by_parcel(&components, settings.kit_fulfillment) {
        let is_own = parcel == shipment;
        if !is_own && was_refused(&state.fulfillments, parcel) {
            continue;
        }
        let is_unfinished = has_pending(&state.fulfillments, parcel);
        let mut places = Places::new();
        for (line, Completed { units, shipments }) in lines {
            let claimed = claimed_for(&state.fulfillments, parcel, line);
            let free = free.entry(line).or_default();
            let units = units.saturating_sub(claimed).min(*free);
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
            *free -= units - left;
            if left > 0 && is_own {
                claim.without_place.insert(line, left);
            }
        }
        if places.is_empty() {
            continue;
        }
        match (is_own, is_unfinished) {
            (true, true) => claim.again = true,
            (true, false) => claim.rows.extend(rows(state, parcel, places, now)),
            (false, true) => {}
            (false, false) => {
                claim.others.insert(parcel);
            }
        }
    }
    if settings.kit_fulfillment == KitFulfillment::FirstComponent && !names(&claim.rows, shipment) {
        claim.joined = joined(state, shipment);
    }
    claim
}

type Places = BTreeMap<Place, (Vec<FulfilledLine>, BTreeSet<ShipmentId>)>;

fn rows(
    state: &OrderState,
    parcel: ShipmentId,
    places: Places,
    now: DateTime<Utc>,
) -> impl Iterator<Item = fulfillments::Model> {
    places.into_iter().map(move |((location, method), (lines, parcels))| {
        row(
            state,
            parcel,
            location,
            method,
            lines,
            parcels.into_iter().collect(),
            now,
        )
    })
}

fn names(rows: &[fulfillments::Model], parcel: ShipmentId) -> bool {
    rows.iter().any(|row| row.shipment_id == Some(parcel))
}

fn has_pending(rows: &[fulfillments::Model], parcel: ShipmentId) -> bool {
    rows.iter()
        .any(|row| row.shipment_id == Some(parcel) && row.status == FulfillmentStatus::Pending)
}

fn was_refused(rows: &[fulfillments::Model], parcel: ShipmentId) -> bool {
    let mut of_parcel = rows.iter().filter(|row| row.shipment_id == Some(parcel));
    of_parcel.any(|row| row.status == FulfillmentStatus::Refused)
}

fn standing(rows: &[fulfillments::Model]) -> impl Iterator<Item = &fulfillments::Model> {
    rows.iter()
        .filter(|row| !row.by_hand && row.status != FulfillmentStatus::Refused)
}

/// Units of a line that a parcel's fulfillments hold already.
fn claimed_for(rows: &[fulfillments::Model], parcel: ShipmentId, line: OrderLineId) -> u32 {
    standing(rows)
        .filter(|row| row.shipment_id == Some(parcel))
        .flat_map(|row| &row.lines.0)
        .filter(|claimed| claimed.order_line_id == line)
        .map(|claimed| claimed.units)
        .sum()
}

/// Complete units that no fulfillment holds, whichever parcel they came in: what
/// is claimed stays claimed when a cancellation changes which parcel completed it.
fn free_units(
    settings: &ShopSettings,
    state: &OrderState,
    components: &[ShippedComponent],
) -> BTreeMap<OrderLineId, u32> {
    let mut free: BTreeMap<OrderLineId, u32> = completed(components, settings.kit_fulfillment)
        .into_iter()
        .map(|(line, done)| (line, done.units))
        .collect();
    for claimed in standing(&state.fulfillments).flat_map(|row| &row.lines.0) {
        let left = free.entry(claimed.order_line_id).or_default();
        *left = left.saturating_sub(claimed.units);
    }
    free
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

/// The fulfillment orders that fulfillments may be made from now.
#[must_use]
pub fn open_orders(settings: &ShopSettings, read: &OrderFulfillmentState) -> Vec<FulfillmentOrder> {
    let orders = read.fulfillment_orders.iter().map(FulfillmentOrderSnapshot::to_domain);
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

/// What to ask of Shopify for a claim, by what remains now; none when there is
/// no room for it. What is asked for is taken out of `open`, so that the next
/// claim does not draw from the same units.
#[must_use]
pub fn new_fulfillment(
    settings: &ShopSettings,
    state: &OrderState,
    open: &mut Vec<FulfillmentOrder>,
    row: &fulfillments::Model,
) -> Option<NewFulfillment> {
    let place = (row.location_id, row.delivery_method?);
    let mut lines = Vec::new();
    let mut orders = open.clone();
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
    *open = orders;
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
