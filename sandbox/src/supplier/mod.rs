//! A pretend supplier: its own listener that takes signed purchase orders (or a poller that fetches
//! them), an order book, and the habits its configuration gives it. It talks to Orderyard over the
//! supplier API alone.

mod book;
mod client;
mod config;
mod desk;
mod intake;
mod reading;

use std::sync::{Arc, Mutex, RwLock};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    log::Journal,
    server::Server,
    shopify::{StartError, lock},
    signing,
};

use self::{book::Book, client::Client};
pub use self::{
    book::{Parcel, SupplierLine, SupplierOrder},
    client::ApiError,
    config::{
        Acknowledge, Behaviour, Cancellation, Intake, Reading, RejectReason, Repetition, Shipping, SupplierConfig,
        SupplierFault,
    },
};

/// A running pretend supplier. Dropping it ends everything it does.
#[derive(Debug)]
pub struct Supplier {
    desk: Arc<Desk>,
    server: Server,
    url: String,
}

/// One call that the supplier received, verified or not.
#[derive(Debug, Clone, Serialize)]
pub struct CallRecord {
    pub at: DateTime<Utc>,
    pub webhook_id: String,
    /// `purchase_order.created` and the like; empty when the body was not readable.
    pub kind: String,
    pub number: String,
    pub verified: bool,
    /// The status answered, before any fault swallowed it.
    pub status: u16,
    /// What went wrong with it on purpose.
    pub fault: Option<SupplierFault>,
    pub body: Value,
}

/// One question about a purchase order that the supplier received.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionRecord {
    pub at: DateTime<Utc>,
    pub number: String,
    pub verified: bool,
    pub status: u16,
}

/// What requests, timers and library calls share.
pub(crate) struct Desk {
    config: SupplierConfig,
    behaviour: RwLock<Behaviour>,
    orderyard: RwLock<(Option<String>, Option<String>)>,
    book: Mutex<Book>,
    calls: Journal<CallRecord>,
    questions: Journal<QuestionRecord>,
    failures: Journal<String>,
    http: reqwest::Client,
    stop: CancellationToken,
    tasks: TaskTracker,
    runtime: tokio::runtime::Handle,
}

impl Supplier {
    /// Listens and works until stopped or dropped.
    pub async fn start(config: SupplierConfig) -> Result<Self, StartError> {
        for secret in config.webhook_secret.split_whitespace() {
            signing::standard_signature(secret, "probe", 0, b"").ok_or(StartError::Secret)?;
        }
        let listener = TcpListener::bind(config.listen).await;
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|source| StartError::Listen {
            address: config.listen,
            source,
        })?;
        let desk = Arc::new(Desk {
            behaviour: RwLock::new(config.behaviour.clone()),
            orderyard: RwLock::new((config.orderyard_url.clone(), config.api_key.clone())),
            book: Mutex::new(Book::new(config.journal_limit)),
            calls: Journal::new(config.journal_limit),
            questions: Journal::new(config.journal_limit),
            failures: Journal::new(config.journal_limit),
            http: Client::http().map_err(StartError::Client)?,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            runtime: tokio::runtime::Handle::current(),
            config,
        });
        let server = Server::start(listener, intake::router(desk.clone()));
        intake::poll(&desk);
        Ok(Self {
            desk,
            server,
            url: format!("http://{address}"),
        })
    }

    /// The base of this supplier, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where Orderyard sends purchase orders: what the connector's `endpoint` should say.
    pub fn endpoint(&self) -> String {
        format!("{}/orders", self.url)
    }

    pub fn name(&self) -> &str {
        &self.desk.config.name
    }

    /// Says where Orderyard is and with which key to call it.
    pub fn set_orderyard(&self, url: impl Into<String>, api_key: impl Into<String>) {
        self.desk.set_orderyard(Some(url.into()), Some(api_key.into()));
    }

    pub fn behaviour(&self) -> Behaviour {
        self.desk.behaviour()
    }

    /// Changes the supplier's habits from now on.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.desk.set_behaviour(behaviour);
    }

    /// What goes wrong with the next calls it receives, in order.
    pub fn add_fault(&self, fault: SupplierFault) {
        self.desk.change_behaviour(|behaviour| behaviour.faults.push(fault));
    }

    /// The order book.
    pub fn orders(&self) -> Vec<SupplierOrder> {
        lock(&self.desk.book).all()
    }

    /// Those for one order of a shop, by its name.
    pub fn orders_for(&self, order_name: &str) -> Vec<SupplierOrder> {
        lock(&self.desk.book).of_order(order_name)
    }

    pub fn order(&self, number: &str) -> Option<SupplierOrder> {
        lock(&self.desk.book).get(number).cloned()
    }

    /// Calls received so far, oldest first, refused ones included.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.desk.calls.all()
    }

    /// How many calls were received so far.
    pub fn call_count(&self) -> usize {
        self.desk.calls.count(|_| true)
    }

    /// Questions about purchase orders received so far, oldest first.
    pub fn questions(&self) -> Vec<QuestionRecord> {
        self.desk.questions.all()
    }

    /// What went wrong in the supplier's own calls to Orderyard.
    pub fn failures(&self) -> Vec<String> {
        self.desk.failures.all()
    }

    /// Decides on an order by the supplier's habits and tells Orderyard.
    pub async fn acknowledge(&self, number: &str) -> Result<(), ApiError> {
        self.desk.acknowledge(number).await
    }

    /// Rejects a SKU of an order altogether, takes the rest, and tells Orderyard.
    pub async fn reject(&self, number: &str, sku: &str, reason: RejectReason) -> Result<(), ApiError> {
        let rejects = std::iter::once((sku.to_owned(), reason)).collect();
        lock(&self.desk.book).decide(number, &rejects);
        self.desk.report_acknowledgement(number).await
    }

    /// Takes only so many units of a SKU, everything else of the order, and tells Orderyard.
    pub async fn take_only(&self, number: &str, units: u32, sku: &str, reason: RejectReason) -> Result<(), ApiError> {
        lock(&self.desk.book).fall_short(number, sku, units, reason);
        self.desk.report_acknowledgement(number).await
    }

    /// Ships units by SKU (everything open when none is named) and tells Orderyard.
    pub async fn ship(
        &self,
        number: &str,
        units: &[(&str, u32)],
        carrier: &str,
        tracking_number: &str,
    ) -> Result<Parcel, ApiError> {
        self.desk.ship_skus(number, units, carrier, tracking_number).await
    }

    /// Ships everything that is open in one parcel, and does not tell.
    pub fn ship_silently(&self, number: &str, carrier: &str, tracking_number: &str) -> Result<Parcel, ApiError> {
        let units = lock(&self.desk.book).get(number).map(SupplierOrder::open_units);
        self.desk
            .pack(number, &units.unwrap_or_default(), carrier, tracking_number)
    }

    /// Decides on an order by the supplier's habits, and does not tell.
    pub fn decide_silently(&self, number: &str) {
        let rejects = self.behaviour().rejects;
        lock(&self.desk.book).decide(number, &rejects);
    }

    /// Does not ship what it was asked not to ship, and does not tell.
    pub fn cancel_silently(&self, number: &str) -> bool {
        lock(&self.desk.book).cancel(number)
    }

    /// Tells of a parcel, perhaps late.
    pub async fn report(&self, number: &str, parcel: Parcel) -> Result<Parcel, ApiError> {
        self.desk.report(number, parcel).await
    }

    /// Corrects the tracking of a parcel that was reported; it stands in the books once Orderyard has it.
    pub async fn retrack(
        &self,
        number: &str,
        reference: &str,
        carrier: &str,
        tracking_number: &str,
    ) -> Result<(), ApiError> {
        let id = self.desk.order_id(number)?;
        self.desk
            .client()?
            .retrack(&id, reference, carrier, tracking_number)
            .await?;
        lock(&self.desk.book).retrack(number, reference, (carrier, tracking_number));
        Ok(())
    }

    /// Answers a request to cancel by the API.
    pub async fn answer_cancellation(
        &self,
        number: &str,
        accepted: bool,
        reason: Option<&str>,
    ) -> Result<(), ApiError> {
        self.desk.answer_cancellation(number, accepted, reason).await
    }

    pub async fn put_inventory(&self, items: &[(String, u32)]) -> Result<(), ApiError> {
        self.desk.client()?.put_inventory(items, None).await.map(drop)
    }

    /// The same with figures of another time than now, and Orderyard's answer.
    pub async fn put_inventory_as_of(&self, items: &[(String, u32)], as_of: DateTime<Utc>) -> Result<Value, ApiError> {
        self.desk.client()?.put_inventory(items, Some(as_of)).await
    }

    /// Finishes what is being answered and frees the port.
    pub async fn stop(&self) {
        self.desk.stop.cancel();
        self.desk.tasks.close();
        self.server.stop().await;
        self.desk.tasks.wait().await;
    }
}

impl Drop for Supplier {
    fn drop(&mut self) {
        self.desk.stop.cancel();
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("name", &self.config.name)
            .finish_non_exhaustive()
    }
}

/// RFC 3339 with milliseconds.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
