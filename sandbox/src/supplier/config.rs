//! How a pretend supplier behaves: how it learns of orders, how it answers, how it ships, and what
//! goes wrong with it.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// A pretend supplier.
#[derive(Debug, Clone)]
pub struct SupplierConfig {
    pub name: String,
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Base URL of the Orderyard whose supplier API it calls; may be set later by
    /// [`crate::Supplier::set_orderyard`].
    pub orderyard_url: Option<String>,
    /// Its bearer key there; may be set later too.
    pub api_key: Option<String>,
    /// `whsec_` and base64, several separated by a space: one of them signs each call it receives.
    pub webhook_secret: String,
    pub behaviour: Behaviour,
    pub clock: Clock,
    /// How many received calls are remembered.
    pub journal_limit: usize,
    /// How often it makes one call to Orderyard before it gives up on it.
    pub tries: u32,
}

impl SupplierConfig {
    /// A well-behaved supplier of this name.
    pub fn new(name: impl Into<String>, webhook_secret: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            orderyard_url: None,
            api_key: None,
            webhook_secret: webhook_secret.into(),
            behaviour: Behaviour::default(),
            clock: Clock::system(),
            journal_limit: 10_000,
            tries: 5,
        }
    }
}

/// What a supplier does by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    pub intake: Intake,
    pub acknowledge: Acknowledge,
    pub shipping: Shipping,
    /// Lines it rejects, by supplier SKU, with the reason it gives.
    pub rejects: BTreeMap<String, RejectReason>,
    pub cancellation: Cancellation,
    pub repetition: Repetition,
    pub reading: Reading,
    /// Carrier of its parcels.
    pub carrier: String,
    /// Tracking numbers are this and a counter.
    pub tracking_prefix: String,
    /// What goes wrong with the next calls it receives, in order; afterwards nothing does.
    pub faults: Vec<SupplierFault>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            intake: Intake::Push,
            acknowledge: Acknowledge::AtOnce,
            shipping: Shipping::default(),
            rejects: BTreeMap::new(),
            cancellation: Cancellation::AcceptAtOnce,
            repetition: Repetition::SameAnswer,
            reading: Reading::Offered,
            carrier: "DHL Express".to_owned(),
            tracking_prefix: "JD0002".to_owned(),
            faults: Vec::new(),
        }
    }
}

impl Behaviour {
    /// Acknowledges, but ships only when told to.
    pub fn manual() -> Self {
        Self {
            shipping: Shipping::Manual,
            ..Self::default()
        }
    }
}

/// How it learns of purchase orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Intake {
    /// Orderyard calls `POST /orders`.
    Push,
    /// It asks the supplier API every so often.
    Poll { every_ms: u64 },
}

/// When it says which lines it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case")]
pub enum Acknowledge {
    /// In the answer to the call.
    AtOnce,
    /// By the API, after the call was answered empty.
    Later { delay_ms: u64 },
    /// Only when told to.
    Never,
}

/// When and how it ships what it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Shipping {
    /// Everything in one parcel.
    Whole { delay_ms: u64 },
    /// One unit of each line first, the rest after another delay.
    InParts { delay_ms: u64 },
    /// Only when told to.
    Manual,
}

impl Default for Shipping {
    fn default() -> Self {
        Self::Whole { delay_ms: 200 }
    }
}

/// What it says to a request to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Cancellation {
    /// Yes in the answer to the call, unless it has shipped already.
    AcceptAtOnce,
    RejectAtOnce {
        reason: String,
    },
    /// An empty answer, then yes by the API.
    AcceptLater {
        delay_ms: u64,
    },
    /// An empty answer and nothing after it, until told.
    Never,
}

/// How it answers a purchase order that it has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repetition {
    /// As it did the first time.
    SameAnswer,
    /// 409 with `ALREADY_PLACED`: all that some systems can say.
    AlreadyPlaced,
}

/// How it answers questions about a purchase order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Reading {
    /// With what stands in its book.
    Offered,
    /// With this status, whatever is asked: 404, 405 or 501 where it has no such thing.
    Status { status: u16, retry_after_s: Option<u32> },
}

/// Why a line is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RejectReason {
    OutOfStock,
    Discontinued,
    InvalidSku,
    InvalidAddress,
    CannotShipToDestination,
    PriceChanged,
    Other,
}

/// What goes wrong with one received call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SupplierFault {
    /// Not taken; this status instead.
    Error { status: u16 },
    /// Taken, then this status instead of the answer.
    ErrorAfter { status: u16 },
    /// Taken, then the connection closes without a byte of answer.
    LostAnswer,
    /// Taken and answered, but only after this long.
    Slow { ms: u64 },
    /// Not taken: 429 with `Retry-After`.
    Busy { retry_after_s: u32 },
}

impl SupplierFault {
    pub(crate) fn pause(self) -> Duration {
        match self {
            Self::Slow { ms } => Duration::from_millis(ms),
            _ => Duration::ZERO,
        }
    }
}
