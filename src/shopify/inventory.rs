//! Stock levels that are told to Shopify.
//!
//! Both mutations carry an idempotency key: the same call may be repeated under
//! the same key until an answer comes. Other variables need another key.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    effect::{accepted, user_errors},
    error::ApiError,
    gid,
    operations::{InventoryActivate, InventorySetQuantities, inventory_activate, inventory_set_quantities},
};
use crate::ids::{ShopifyInventoryItemId, ShopifyLocationId};

/// What is available of one item at one location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    pub item: ShopifyInventoryItemId,
    pub location: ShopifyLocationId,
    pub available: u32,
    /// What we believe stands there now; Shopify refuses the change when it
    /// does not. None sets the level whatever stands there.
    pub changed_from: Option<i32>,
}

/// As many as one input list may hold.
pub const MAX_LEVELS_PER_CALL: usize = 250;

/// The level was changed by somebody else: read it, and set it with a new key.
pub const STALE: &str = "CHANGE_FROM_QUANTITY_STALE";
/// The same key is being worked on: wait, and repeat with the same key.
pub const CONCURRENT: &str = "IDEMPOTENCY_CONCURRENT_REQUEST";

impl AdminApi {
    /// Sets the available quantities, all of them or none.
    pub async fn set_stock(
        &self,
        access: &Access<'_>,
        levels: &[StockLevel],
        key: Uuid,
    ) -> Result<Answer<()>, ApiError> {
        let quantities = levels
            .iter()
            .map(|level| inventory_set_quantities::InventoryQuantityInput {
                change_from_quantity: level.changed_from.map(i64::from),
                inventory_item_id: gid::format(level.item),
                location_id: gid::format(level.location),
                quantity: i64::from(level.available),
            });
        let variables = inventory_set_quantities::Variables {
            input: inventory_set_quantities::InventorySetQuantitiesInput {
                name: "available".to_owned(),
                quantities: quantities.collect(),
                reason: "correction".to_owned(),
                reference_document_uri: None,
            },
            idempotency_key: key.to_string(),
        };
        self.call::<InventorySetQuantities>(access, variables)
            .await?
            .try_map(|data| accepted(data.inventory_set_quantities, |payload| user_errors!(coded payload)).map(drop))
    }

    /// Makes a location stock an item, which setting its level requires.
    pub async fn activate_stock(
        &self,
        access: &Access<'_>,
        item: ShopifyInventoryItemId,
        location: ShopifyLocationId,
        available: Option<u32>,
        key: Uuid,
    ) -> Result<Answer<()>, ApiError> {
        let variables = inventory_activate::Variables {
            inventory_item_id: gid::format(item),
            location_id: gid::format(location),
            available: available.map(i64::from),
            idempotency_key: key.to_string(),
        };
        self.call::<InventoryActivate>(access, variables)
            .await?
            .try_map(|data| accepted(data.inventory_activate, |payload| user_errors!(payload)).map(drop))
    }
}
