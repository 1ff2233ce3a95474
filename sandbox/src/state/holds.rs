//! Holds on fulfillment orders.

use serde::{Deserialize, Serialize};

use crate::{ids::Kind, payload};

use super::{
    Hold, Refused, RequestStatus, ShopState, Status,
    error::{UserError, refuse},
    routing::{complement, pick},
};

const MAX_HOLDS_PER_APP: usize = 10;
const MAX_HANDLE: usize = 64;

/// A wish to stop shipping for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoldRequest {
    pub reason: String,
    pub reason_notes: Option<String>,
    pub handle: Option<String>,
    pub external_id: Option<String>,
    /// Units to hold, by fulfillment order line; empty means all.
    pub units: Vec<(i64, i64)>,
    pub by_app: bool,
}

impl Default for HoldRequest {
    fn default() -> Self {
        Self {
            reason: "OTHER".to_owned(),
            reason_notes: None,
            handle: None,
            external_id: None,
            units: Vec::new(),
            by_app: false,
        }
    }
}

impl ShopState {
    /// Returns the hold and, when only some units were held, the fulfillment order of the rest.
    pub fn hold(&mut self, id: i64, request: HoldRequest) -> Result<(i64, Option<i64>), Refused> {
        self.check_hold(id, &request)?;
        let fo = self.fulfillment_order(id, &["id"])?;
        let location = fo.location_id;
        let rest = if request.units.is_empty() {
            Vec::new()
        } else {
            complement(fo, &pick(fo, &request.units)?)
        };
        let remaining = if rest.is_empty() {
            None
        } else {
            Some(self.carve(id, &rest, location)?)
        };
        let hold = Hold {
            id: self.next_id(Kind::Hold),
            reason: request.reason,
            reason_notes: request.reason_notes,
            handle: request.handle.filter(|handle| !handle.is_empty()),
            external_id: request.external_id,
            by_app: request.by_app,
        };
        let hold_id = hold.id;
        let now = self.now();
        if let Some(fo) = self.fulfillment_orders.get_mut(&id) {
            fo.holds.push(hold.clone());
            fo.status = Status::OnHold;
            fo.updated_at = now;
        }
        let rest = remaining.and_then(|rest| self.fulfillment_orders.get(&rest));
        if let Some(fo) = self.fulfillment_orders.get(&id) {
            let order_id = fo.order_id;
            let placed = payload::placed_on_hold(fo, rest, &hold);
            let added = payload::hold(fo.id, &hold);
            self.emit("fulfillment_orders/placed_on_hold", placed);
            self.emit("fulfillment_holds/added", added);
            self.order_changed(order_id);
        }
        Ok((hold_id, remaining))
    }

    fn check_hold(&self, id: i64, request: &HoldRequest) -> Result<(), Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        let open = fo.status == Status::Open && fo.request_status != RequestStatus::Submitted;
        if !open && fo.status != Status::OnHold {
            return refuse(
                &["id"],
                "The fulfillment order is not in a state that can be put on hold.",
            );
        }
        let handle = request.handle.as_deref().unwrap_or_default();
        if handle.len() > MAX_HANDLE {
            return refuse(
                &["fulfillmentHold", "handle"],
                "Handle is too long (maximum is 64 characters)",
            );
        }
        let own: Vec<_> = fo.holds.iter().filter(|hold| hold.by_app == request.by_app).collect();
        if own
            .iter()
            .any(|hold| hold.handle.as_deref().unwrap_or_default() == handle)
        {
            let code = "DUPLICATE_FULFILLMENT_HOLD_HANDLE";
            return Err(UserError::coded(&["fulfillmentHold", "handle"], code, "The handle provided for the fulfillment hold is already in use by this app for another hold on this fulfillment order.").into());
        }
        if own.len() >= MAX_HOLDS_PER_APP {
            let code = "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED";
            return Err(UserError::coded(
                &["id"],
                code,
                "The maximum number of fulfillment holds for this fulfillment order has been reached for this app.",
            )
            .into());
        }
        if fo.status == Status::OnHold && !request.units.is_empty() {
            let code = "FULFILLMENT_ORDER_NOT_SPLITTABLE";
            return Err(UserError::coded(&["id"], code, "The fulfillment order is not in a splittable state.").into());
        }
        Ok(())
    }

    /// Releases these holds, or all when none is named; the app may only release its own by id.
    pub fn release_hold(&mut self, id: i64, hold_ids: &[i64], by_app: bool) -> Result<(), Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        if fo.status != Status::OnHold {
            return refuse(&["id"], "The fulfillment order is not on hold.");
        }
        let foreign = fo
            .holds
            .iter()
            .any(|hold| hold_ids.contains(&hold.id) && hold.by_app != by_app);
        if foreign && by_app {
            return Err(UserError::coded(
                &["holdIds"],
                "INVALID_ACCESS",
                "The app doesn't have access to release the fulfillment hold.",
            )
            .into());
        }
        let order_id = fo.order_id;
        let released: Vec<_> = fo
            .holds
            .iter()
            .filter(|hold| hold_ids.is_empty() || hold_ids.contains(&hold.id))
            .cloned()
            .collect();
        let now = self.now();
        let Some(fo) = self.fulfillment_orders.get_mut(&id) else {
            return Ok(());
        };
        fo.holds.retain(|hold| !released.iter().any(|gone| gone.id == hold.id));
        fo.updated_at = now;
        let free = fo.holds.is_empty();
        if free {
            fo.status = Status::Open;
        }
        let status = payload::fulfillment_order_status(fo);
        for hold in &released {
            self.emit("fulfillment_holds/released", payload::hold(id, hold));
        }
        if free {
            self.emit("fulfillment_orders/hold_released", status);
        }
        self.order_changed(order_id);
        Ok(())
    }
}
