//! What the supplier does with the orders in its book: acknowledge, ship in its own time, answer
//! cancellations. Timers only start work; every step is a call that can be made by hand too.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{
    ApiError, Behaviour, Desk, Parcel, Shipping,
    book::acknowledgement,
    client::Client,
    config::{Cancellation, SupplierFault},
    time,
};
use crate::shopify::lock;

impl Desk {
    pub(super) fn behaviour(&self) -> Behaviour {
        self.behaviour.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_behaviour(&self, behaviour: Behaviour) {
        self.change_behaviour(|current| *current = behaviour);
    }

    pub(super) fn change_behaviour<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.behaviour.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn next_fault(&self) -> Option<SupplierFault> {
        self.change_behaviour(|behaviour| (!behaviour.faults.is_empty()).then(|| behaviour.faults.remove(0)))
    }

    pub(super) fn set_orderyard(&self, url: Option<String>, key: Option<String>) {
        let mut orderyard = self.orderyard.write().unwrap_or_else(PoisonError::into_inner);
        orderyard.0 = url.or(orderyard.0.take());
        orderyard.1 = key.or(orderyard.1.take());
    }

    pub(super) fn client(&self) -> Result<Client, ApiError> {
        let orderyard = self.orderyard.read().unwrap_or_else(PoisonError::into_inner);
        match &*orderyard {
            (Some(url), Some(key)) => Ok(Client::new(self.http.clone(), url, key, self.config.tries)),
            _ => Err(ApiError::NoOrderyard),
        }
    }

    /// Runs work that ends when the supplier does; a failure is kept for reading.
    pub(super) fn start(self: &Arc<Self>, work: impl Future<Output = Result<(), ApiError>> + Send + 'static) {
        let desk = self.clone();
        let until_stopped = async move {
            tokio::select! {
                () = desk.stop.cancelled() => {}
                outcome = work => if let Err(error) = outcome {
                    tracing::warn!(supplier = desk.config.name, %error, "a pretend supplier could not tell Orderyard");
                    desk.failures.push(error.to_string());
                }
            }
        };
        self.tasks.spawn_on(until_stopped, &self.runtime);
    }

    pub(super) fn order_id(&self, number: &str) -> Result<String, ApiError> {
        let id = lock(&self.book).get(number).map(|order| order.id.clone());
        id.ok_or_else(|| unknown(number))
    }

    pub(super) async fn acknowledge(&self, number: &str) -> Result<(), ApiError> {
        let rejects = self.behaviour().rejects;
        lock(&self.book).decide(number, &rejects);
        self.report_acknowledgement(number).await
    }

    pub(super) async fn report_acknowledgement(&self, number: &str) -> Result<(), ApiError> {
        let order = lock(&self.book).get(number).cloned().ok_or_else(|| unknown(number))?;
        self.client()?
            .acknowledge(&order.id, &acknowledgement(&order))
            .await
            .map(drop)
    }

    pub(super) async fn ship_skus(
        &self,
        number: &str,
        units: &[(&str, u32)],
        carrier: &str,
        tracking_number: &str,
    ) -> Result<Parcel, ApiError> {
        let order = lock(&self.book).get(number).cloned().ok_or_else(|| unknown(number))?;
        let wanted: BTreeMap<&str, u32> = units.iter().copied().collect();
        let lines = order
            .lines
            .iter()
            .filter_map(|line| match wanted.get(line.sku.as_str()) {
                Some(quantity) => Some((line.line_id.clone(), *quantity)),
                None => wanted.is_empty().then(|| (line.line_id.clone(), line.quantity)),
            });
        self.ship(number, &lines.collect::<Vec<_>>(), carrier, tracking_number)
            .await
    }

    async fn ship(
        &self,
        number: &str,
        units: &[(String, u32)],
        carrier: &str,
        tracking_number: &str,
    ) -> Result<Parcel, ApiError> {
        let parcel = self.pack(number, units, carrier, tracking_number)?;
        self.report(number, parcel).await
    }

    /// Packs a parcel, of which Orderyard hears nothing.
    pub(super) fn pack(
        &self,
        number: &str,
        units: &[(String, u32)],
        carrier: &str,
        tracking_number: &str,
    ) -> Result<Parcel, ApiError> {
        self.order_id(number)?;
        let shipped_at = time(self.config.clock.now());
        let parcel = lock(&self.book).pack(number, units, (carrier, tracking_number), shipped_at);
        parcel.ok_or_else(|| ApiError::Refused {
            status: 0,
            body: format!("{number} has nothing left to ship"),
        })
    }

    /// Tells Orderyard of a parcel.
    pub(super) async fn report(&self, number: &str, mut parcel: Parcel) -> Result<Parcel, ApiError> {
        let id = self.order_id(number)?;
        self.client()?.ship(&id, &parcel).await?;
        parcel.reported = true;
        if let Some(order) = lock(&self.book).get_mut(number) {
            for known in order
                .parcels
                .iter_mut()
                .filter(|known| known.reference == parcel.reference)
            {
                known.reported = true;
            }
        }
        Ok(parcel)
    }

    /// Ships by habit, after the habit's delays.
    pub(super) async fn ship_in_own_time(&self, number: &str) -> Result<(), ApiError> {
        let behaviour = self.behaviour();
        let (delay, in_parts) = match behaviour.shipping {
            Shipping::Manual => return Ok(()),
            Shipping::Whole { delay_ms } => (Duration::from_millis(delay_ms), false),
            Shipping::InParts { delay_ms } => (Duration::from_millis(delay_ms), true),
        };
        tokio::time::sleep(delay).await;
        if in_parts {
            let one_each: Vec<_> = self.open_units(number).into_iter().map(|(line, _)| (line, 1)).collect();
            self.ship_by_habit(number, &one_each, &behaviour).await?;
            tokio::time::sleep(delay).await;
        }
        let rest = self.open_units(number);
        self.ship_by_habit(number, &rest, &behaviour).await
    }

    async fn ship_by_habit(
        &self,
        number: &str,
        units: &[(String, u32)],
        behaviour: &Behaviour,
    ) -> Result<(), ApiError> {
        if units.is_empty() {
            return Ok(());
        }
        let tracking_number = format!("{}{:06}", behaviour.tracking_prefix, lock(&self.book).next_parcel());
        self.ship(number, units, &behaviour.carrier, &tracking_number)
            .await
            .map(drop)
    }

    fn open_units(&self, number: &str) -> Vec<(String, u32)> {
        let book = lock(&self.book);
        book.get(number)
            .filter(|order| !order.cancelled)
            .map(super::SupplierOrder::open_units)
            .unwrap_or_default()
    }

    pub(super) async fn answer_cancellation(
        &self,
        number: &str,
        accepted: bool,
        reason: Option<&str>,
    ) -> Result<(), ApiError> {
        let id = self.order_id(number)?;
        if accepted {
            lock(&self.book).cancel(number);
        } else {
            lock(&self.book).refuse_to_cancel(number);
        }
        self.client()?
            .answer_cancellation(&id, accepted, reason)
            .await
            .map(drop)
    }

    /// What to say to a request to cancel, and whether to say it at once.
    pub(super) fn judge_cancellation(self: &Arc<Self>, number: &str) -> serde_json::Value {
        if lock(&self.book).get(number).is_none() {
            // It never heard of the order, and so has nothing to think about.
            return serde_json::json!({ "accepted": true });
        }
        match self.behaviour().cancellation {
            Cancellation::AcceptAtOnce => {
                if lock(&self.book).cancel(number) {
                    serde_json::json!({ "accepted": true })
                } else {
                    serde_json::json!({ "accepted": false, "reason": "already shipped" })
                }
            }
            Cancellation::RejectAtOnce { reason } => {
                lock(&self.book).refuse_to_cancel(number);
                serde_json::json!({ "accepted": false, "reason": reason })
            }
            Cancellation::AcceptLater { delay_ms } => {
                let (desk, number) = (self.clone(), number.to_owned());
                self.start(async move {
                    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                    let accepted = lock(&desk.book).cancel(&number);
                    desk.answer_cancellation(&number, accepted, (!accepted).then_some("already shipped"))
                        .await
                });
                serde_json::Value::Null
            }
            Cancellation::Never => serde_json::Value::Null,
        }
    }
}

fn unknown(number: &str) -> ApiError {
    ApiError::Refused {
        status: 0,
        body: format!("the supplier has no order {number}"),
    }
}
