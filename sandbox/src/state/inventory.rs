//! Stock levels and the mutations that change them, with the idempotency keys that those mutations
//! demand.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{clock::iso, ids::Kind};

use super::{
    Refused, ShopState,
    error::{UserError, refuse},
};

const MAX_KEYS: usize = 10_000;
const MAX_ADJUSTMENTS: usize = 10_000;
const MAX_QUANTITY: i64 = 1_000_000_000;
const REASONS: &[&str] = &[
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_created",
    "movement_updated",
    "movement_received",
    "movement_canceled",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
];

/// How much of an item is at a location.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub available: i64,
    pub updated_at: DateTime<Utc>,
}

/// What one inventory mutation changed.
#[derive(Debug, Clone)]
pub(crate) struct AdjustmentGroup {
    pub id: i64,
    pub created_at: DateTime<Utc>,
    pub reason: String,
    /// Item, location, delta, quantity after.
    pub changes: Vec<(i64, i64, i64, i64)>,
}

/// One wish of `inventorySetQuantities`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetQuantity {
    pub item_id: Option<i64>,
    pub location_id: Option<i64>,
    pub quantity: i64,
    /// `Err` when the field was left out, which Shopify refuses; `null` skips the check.
    pub change_from: Result<Option<i64>, ()>,
}

/// What a request under an idempotency key was, and what it got.
#[derive(Debug, Clone)]
pub(crate) struct IdempotentAnswer {
    pub field: String,
    pub arguments: Value,
    pub outcome: Result<i64, Refused>,
}

impl ShopState {
    pub fn set_quantities(&mut self, name: &str, reason: &str, wishes: &[SetQuantity]) -> Result<i64, Refused> {
        self.check_set(name, reason, wishes)?;
        let now = self.now();
        let mut changes = Vec::new();
        for wish in wishes {
            let (Some(item), Some(location)) = (wish.item_id, wish.location_id) else {
                continue;
            };
            let Some(level) = self.levels.get_mut(&(item, location)) else {
                continue;
            };
            let delta = wish.quantity - level.available;
            *level = Level {
                available: wish.quantity,
                updated_at: now,
            };
            changes.push((item, location, delta, wish.quantity));
        }
        for (item, location, ..) in changes.clone() {
            self.emit_level(item, location);
        }
        let id = self.next_id(Kind::AdjustmentGroup);
        let group = AdjustmentGroup {
            id,
            created_at: now,
            reason: reason.to_owned(),
            changes,
        };
        if self.adjustments.len() >= MAX_ADJUSTMENTS {
            self.adjustments.pop_first();
        }
        self.adjustments.insert(id, group);
        Ok(id)
    }

    fn check_set(&self, name: &str, reason: &str, wishes: &[SetQuantity]) -> Result<(), Refused> {
        let mut errors = Vec::new();
        if !matches!(name, "available" | "on_hand") {
            errors.push(UserError::coded(
                &["input", "name"],
                "INVALID_NAME",
                "The quantity name must be either 'available' or 'on_hand'.",
            ));
        }
        if !REASONS.contains(&reason) {
            errors.push(UserError::coded(
                &["input", "reason"],
                "INVALID_REASON",
                "The specified reason is invalid.",
            ));
        }
        for (index, wish) in wishes.iter().enumerate() {
            if let Some((field, code, message)) = self.fault_of(wish) {
                errors.push(UserError::coded(
                    &["input", "quantities", &index.to_string(), field],
                    code,
                    message,
                ));
            }
            let again = wishes[..index]
                .iter()
                .any(|other| other.item_id == wish.item_id && other.location_id == wish.location_id);
            if again {
                errors.push(UserError::coded(
                    &["input", "quantities", &index.to_string()],
                    "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
                    "The combination of inventoryItemId and locationId must be unique.",
                ));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused(errors))
        }
    }

    fn fault_of(&self, wish: &SetQuantity) -> Option<(&'static str, &'static str, &'static str)> {
        let Some(item) = wish.item_id.filter(|id| self.variant_of_item(*id).is_some()) else {
            return Some((
                "inventoryItemId",
                "INVALID_INVENTORY_ITEM",
                "The specified inventory item could not be found.",
            ));
        };
        let Some(location) = wish
            .location_id
            .filter(|id| self.locations.get(id).is_some_and(|l| l.active))
        else {
            return Some((
                "locationId",
                "INVALID_LOCATION",
                "The specified location could not be found.",
            ));
        };
        let Some(level) = self.levels.get(&(item, location)) else {
            return Some((
                "locationId",
                "INVALID_LOCATION",
                "The inventory item is not stocked at the location.",
            ));
        };
        if wish.quantity < 0 {
            return Some((
                "quantity",
                "INVALID_QUANTITY_NEGATIVE",
                "The quantity can't be negative.",
            ));
        }
        if wish.quantity > MAX_QUANTITY {
            return Some((
                "quantity",
                "INVALID_QUANTITY_TOO_HIGH",
                "The quantity can't be higher than 1,000,000,000.",
            ));
        }
        match wish.change_from {
            Err(()) => Some((
                "changeFromQuantity",
                "COMPARE_QUANTITY_REQUIRED",
                "The changeFromQuantity argument must be given; null skips the check.",
            )),
            Ok(Some(expected)) if expected != level.available => Some((
                "changeFromQuantity",
                "CHANGE_FROM_QUANTITY_STALE",
                "The changeFromQuantity argument no longer matches the persisted quantity.",
            )),
            Ok(_) => None,
        }
    }

    /// Stocks an item at a location.
    pub fn activate_inventory(
        &mut self,
        item_id: i64,
        location_id: i64,
        available: Option<i64>,
    ) -> Result<(), Refused> {
        if self.variant_of_item(item_id).is_none() {
            return refuse(&["inventoryItemId"], "The inventory item could not be found.");
        }
        self.active_location(location_id, &["locationId"])?;
        let known = self.levels.contains_key(&(item_id, location_id));
        if known && available.is_some() {
            return refuse(
                &["available"],
                "Not allowed to set available quantity when the item is already active at the location.",
            );
        }
        if !known {
            let level = Level {
                available: available.unwrap_or(0),
                updated_at: self.now(),
            };
            self.levels.insert((item_id, location_id), level);
            self.emit_level(item_id, location_id);
        }
        Ok(())
    }

    /// Takes ordered units off what is available where the line ships from, or puts them back.
    pub(super) fn adjust_available(&mut self, order_id: i64, line_id: i64, delta: i64) {
        let place = self.orders.get(&order_id).and_then(|order| {
            let variant = self.variants.get(&order.line(line_id)?.variant_id?)?;
            let location = order.placement.iter().find(|(id, _)| *id == line_id)?.1;
            variant.tracked.then_some((variant.inventory_item_id, location))
        });
        let now = self.now();
        if let Some((item, location)) = place
            && let Some(level) = self.levels.get_mut(&(item, location))
        {
            *level = Level {
                available: level.available + delta,
                updated_at: now,
            };
            self.emit_level(item, location);
        }
    }

    /// Keeps what a key stood for, the newest keys up to a limit.
    pub fn remember_key(&mut self, key: String, answer: IdempotentAnswer) {
        if self.idempotency_order.len() >= MAX_KEYS
            && let Some(oldest) = self.idempotency_order.pop_front()
        {
            self.idempotency.remove(&oldest);
        }
        self.idempotency_order.push_back(key.clone());
        self.idempotency.insert(key, answer);
    }

    fn emit_level(&mut self, item_id: i64, location_id: i64) {
        let Some(level) = self.levels.get(&(item_id, location_id)) else {
            return;
        };
        let payload = json!({
            "inventory_item_id": item_id,
            "location_id": location_id,
            "available": level.available,
            "updated_at": iso(level.updated_at),
            "admin_graphql_api_id": format!("gid://shopify/InventoryLevel/{location_id}?inventory_item_id={item_id}"),
        });
        self.emit("inventory_levels/update", payload);
    }
}
