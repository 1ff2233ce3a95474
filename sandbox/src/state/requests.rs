//! The conversation between merchant and fulfillment service: request, accept, reject, request
//! cancellation, accept or reject that, close.

use crate::{ids::Kind, payload};

use super::{
    MerchantRequest, Refused, RequestStatus, ShopState, Status,
    error::refuse,
    routing::{complement, pick},
};

impl ShopState {
    /// Submits units, or all when none is named, to the service at the fulfillment order's
    /// location. Returns the fulfillment order of the units that were left out, if any.
    pub fn submit_request(
        &mut self,
        id: i64,
        units: &[(i64, i64)],
        message: Option<String>,
    ) -> Result<Option<i64>, Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        let location = fo.location_id;
        let at_service = self.service_at(location).is_some();
        if !at_service {
            return refuse(
                &["id"],
                "The fulfillment order is not assigned to a fulfillment service.",
            );
        }
        if !fo.supported_actions(at_service).contains(&"REQUEST_FULFILLMENT") {
            return refuse(
                &["id"],
                "Cannot request fulfillment for the fulfillment order in its current state.",
            );
        }
        let rest = if units.is_empty() {
            Vec::new()
        } else {
            complement(fo, &pick(fo, units)?)
        };
        let unsubmitted = if rest.is_empty() {
            None
        } else {
            Some(self.carve(id, &rest, location)?)
        };
        let request = self.record(id, "FULFILLMENT_REQUEST", message);
        self.advance(id, Status::Open, RequestStatus::Submitted);
        if let Some(fo) = self.fulfillment_orders.get(&id) {
            let payload = payload::request_submitted(fo, &request);
            self.emit("fulfillment_orders/fulfillment_request_submitted", payload);
        }
        self.notify_service(location, "FULFILLMENT_REQUEST");
        Ok(unsubmitted)
    }

    pub fn accept_request(&mut self, id: i64, message: Option<&str>) -> Result<(), Refused> {
        self.expect_request(
            id,
            RequestStatus::Submitted,
            "Fulfillment request must be submitted before it can be accepted.",
        )?;
        self.advance(id, Status::InProgress, RequestStatus::Accepted);
        self.emit_answer("fulfillment_orders/fulfillment_request_accepted", id, message);
        Ok(())
    }

    pub fn reject_request(&mut self, id: i64, message: Option<&str>) -> Result<(), Refused> {
        self.expect_request(
            id,
            RequestStatus::Submitted,
            "Fulfillment request must be submitted before it can be rejected.",
        )?;
        self.advance(id, Status::Open, RequestStatus::Rejected);
        self.emit_answer("fulfillment_orders/fulfillment_request_rejected", id, message);
        Ok(())
    }

    pub fn submit_cancellation(&mut self, id: i64, message: Option<String>) -> Result<(), Refused> {
        self.expect_request(
            id,
            RequestStatus::Accepted,
            "Cancellation can only be requested for an accepted fulfillment request.",
        )?;
        let request = self.record(id, "CANCELLATION_REQUEST", message);
        self.advance(id, Status::InProgress, RequestStatus::CancellationRequested);
        let Some(fo) = self.fulfillment_orders.get(&id) else {
            return Ok(());
        };
        let location = fo.location_id;
        let payload = payload::cancellation_submitted(fo, &request);
        self.emit("fulfillment_orders/cancellation_request_submitted", payload);
        self.notify_service(location, "CANCELLATION_REQUEST");
        Ok(())
    }

    /// Ends the work at the service; what is left appears in a new, open fulfillment order.
    pub fn accept_cancellation(&mut self, id: i64, message: Option<&str>) -> Result<(), Refused> {
        self.expect_request(
            id,
            RequestStatus::CancellationRequested,
            "Cancellation request must be submitted before it can be accepted.",
        )?;
        self.replace(id)?;
        self.advance(id, Status::Closed, RequestStatus::CancellationAccepted);
        self.emit_answer("fulfillment_orders/cancellation_request_accepted", id, message);
        Ok(())
    }

    pub fn reject_cancellation(&mut self, id: i64, message: Option<&str>) -> Result<(), Refused> {
        self.expect_request(
            id,
            RequestStatus::CancellationRequested,
            "Cancellation request must be submitted before it can be rejected.",
        )?;
        self.advance(id, Status::InProgress, RequestStatus::CancellationRejected);
        self.emit_answer("fulfillment_orders/cancellation_request_rejected", id, message);
        Ok(())
    }

    /// The service gives up on what is left.
    pub fn close_fulfillment_order(&mut self, id: i64, message: Option<&str>) -> Result<(), Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        let accepted = matches!(
            fo.request_status,
            RequestStatus::Accepted | RequestStatus::CancellationRejected
        );
        if fo.status != Status::InProgress || !accepted {
            return refuse(
                &["id"],
                "The fulfillment order's status and request status prevent it from being closed.",
            );
        }
        self.advance(id, Status::Incomplete, RequestStatus::Closed);
        self.emit_answer("fulfillment_orders/fulfillment_service_failed_to_complete", id, message);
        Ok(())
    }

    /// Withdraws a request that nobody has answered. Returns the replacement.
    pub fn cancel_fulfillment_order(&mut self, id: i64) -> Result<i64, Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        if !matches!(
            fo.request_status,
            RequestStatus::Submitted | RequestStatus::CancellationRequested
        ) {
            return refuse(
                &["id"],
                "Fulfillment order is not in cancelable request state and can't be canceled.",
            );
        }
        let replacement = self.replace(id)?;
        self.advance(id, Status::Cancelled, RequestStatus::CancellationAccepted);
        if let (Some(old), Some(new)) = (
            self.fulfillment_orders.get(&id),
            self.fulfillment_orders.get(&replacement),
        ) {
            let payload = payload::fulfillment_order_cancelled(old, Some(new));
            self.emit("fulfillment_orders/cancelled", payload);
        }
        Ok(replacement)
    }

    /// Carries what is left of a fulfillment order over into a fresh one.
    pub(super) fn replace(&mut self, id: i64) -> Result<i64, Refused> {
        let fo = self.fulfillment_order(id, &["id"])?;
        let location = fo.location_id;
        let left = complement(fo, &[]);
        self.carve(id, &left, location)
    }

    fn expect_request(&self, id: i64, status: RequestStatus, message: &str) -> Result<(), Refused> {
        if self.fulfillment_order(id, &["id"])?.request_status == status {
            Ok(())
        } else {
            refuse(&["id"], message)
        }
    }

    fn advance(&mut self, id: i64, status: Status, request_status: RequestStatus) {
        let now = self.now();
        if let Some(fo) = self.fulfillment_orders.get_mut(&id) {
            fo.status = status;
            fo.request_status = request_status;
            fo.updated_at = now;
        }
    }

    fn record(&mut self, id: i64, kind: &'static str, message: Option<String>) -> MerchantRequest {
        let request = MerchantRequest {
            id: self.next_id(Kind::MerchantRequest),
            kind,
            message,
            sent_at: self.now(),
        };
        if let Some(fo) = self.fulfillment_orders.get_mut(&id) {
            fo.merchant_requests.push(request.clone());
        }
        request
    }

    fn emit_answer(&mut self, topic: &'static str, id: i64, message: Option<&str>) {
        let Some(fo) = self.fulfillment_orders.get(&id) else {
            return;
        };
        let order_id = fo.order_id;
        let payload = payload::fulfillment_order_answer(fo, message);
        self.emit(topic, payload);
        self.order_changed(order_id);
    }
}
