//! How purchase orders reach suppliers: one folder per way, and the trait they share.
//!
//! A connector translates and calls; it owns no state and knows no database.
//! When to call, under which key, and what an answer means for the order is
//! decided in `actions`.

pub mod error;
pub mod guard;
pub mod http;
pub mod outgoing;
pub mod portal;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

pub use error::{ConnectorError, ErrorClass};
pub use outgoing::{OutgoingCancellation, OutgoingLine, OutgoingPurchaseOrder, OutgoingShop};

use crate::domain::{purchase_order::LineAnswer, supplier::ConnectorKind, supplier_state::SupplierState};

/// One way to reach a supplier.
#[async_trait]
pub trait SupplierConnector: Send + Sync {
    fn kind(&self) -> ConnectorKind;

    fn capabilities(&self) -> Capabilities;

    /// Who asks the supplier's system how a purchase order stands; none where there is nobody to ask.
    fn reader(&self) -> Option<&dyn OrderReader>;

    /// Says whether what the shop entered can work at all, before it is stored.
    fn check(&self, target: &Target) -> Result<(), ConnectorError>;

    /// Hands a purchase order to the supplier.
    ///
    /// An error of the class `never` says that *this* call was not taken. Where
    /// an earlier call under the same key ended as `unknown`, the order may
    /// still stand with the supplier.
    async fn place(
        &self,
        target: &Target,
        order: &OutgoingPurchaseOrder,
        key: &CallKey,
    ) -> Result<PlaceAnswer, ConnectorError>;

    /// Tells the supplier what a placed purchase order has become.
    async fn update(
        &self,
        target: &Target,
        order: &OutgoingPurchaseOrder,
        key: &CallKey,
    ) -> Result<PlaceAnswer, ConnectorError>;

    /// Asks the supplier not to ship (the rest of) a purchase order.
    async fn request_cancel(
        &self,
        target: &Target,
        cancellation: &OutgoingCancellation,
        key: &CallKey,
    ) -> Result<CancelAnswer, ConnectorError>;
}

/// The half of a connector that reads what the supplier has. Has no effect there, and needs no Intent.
#[async_trait]
pub trait OrderReader: Send + Sync {
    /// Asks how a purchase order stands, by its number. An error is never of the class `unknown`.
    async fn read(&self, target: &Target, number: &str, key: &CallKey) -> Result<ReadAnswer, ConnectorError>;
}

/// What a connector can do, so that callers never ask which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Calls leave the machine: they need an intent, an endpoint and a secret.
    pub calls_out: bool,
    /// The supplier takes changes of a placed order.
    pub can_update: bool,
    pub can_cancel: bool,
    /// How a call whose answer was lost is settled.
    pub settles_unknown: ReadBack,
}

/// How to find out what became of a call whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// Nothing left the machine.
    NotNeeded,
    /// Call again with the same key: the other side is bound to deduplicate.
    RepeatSameKey,
    /// Only a person can find out.
    CannotTell,
}

/// Where a supplier is reached. Says in `Debug` whether, never where or how.
#[derive(Clone, Default)]
pub struct Target {
    pub endpoint: Option<Url>,
    /// In the connector's own form; may hold several while one replaces another.
    pub secret: Option<SecretString>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("endpoint", &self.endpoint.is_some())
            .field("secret", &self.secret.is_some())
            .finish()
    }
}

/// What names a call for both sides.
#[derive(Clone, Debug)]
pub struct CallKey {
    /// The intent's id: stable over all repetitions of one call.
    pub webhook_id: String,
    /// When what the call tells of happened: stable too.
    pub occurred_at: DateTime<Utc>,
    /// When this attempt is made.
    pub attempted_at: DateTime<Utc>,
}

/// What a supplier says to a purchase order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceAnswer {
    /// It has the order and will acknowledge later.
    Received {
        /// Worth a line in the history: an answer that could not be read.
        remark: Option<String>,
    },
    /// It has the order and answers at once, for some lines or all.
    Acknowledged {
        /// The supplier's own number for the order.
        reference: Option<String>,
        lines: Vec<LineAnswer>,
    },
}

/// What a supplier says to a request to cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It knows of the request and answers later.
    Received {
        remark: Option<String>,
    },
    Answered {
        accepted: bool,
        reason: Option<String>,
    },
}

/// What a supplier's system says when it is asked about a purchase order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadAnswer {
    Known(SupplierState),
    /// It can be asked, and has no such order.
    NotThere,
    /// It cannot be asked.
    NotOffered {
        /// The HTTP status that said so.
        status: u16,
    },
}

/// The registry: every connector there is.
pub struct Connectors {
    portal: portal::PortalConnector,
    http: http::HttpConnector,
}

impl Connectors {
    /// Builds them all. `supplier_networks` are the private networks that
    /// suppliers' URLs may point into; `timeout` is for one whole call.
    pub fn new(supplier_networks: &[IpNet], timeout: Duration) -> Result<Self, reqwest::Error> {
        Ok(Self {
            portal: portal::PortalConnector,
            http: http::HttpConnector::new(supplier_networks, timeout)?,
        })
    }

    #[must_use]
    pub fn of(&self, kind: ConnectorKind) -> &dyn SupplierConnector {
        match kind {
            ConnectorKind::Portal => &self.portal,
            ConnectorKind::Http => &self.http,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_connector() {
        let connectors = Connectors::new(&[], Duration::from_secs(10)).expect("builds");
        for kind in ConnectorKind::ALL {
            assert_eq!(connectors.of(*kind).kind(), *kind);
        }
    }

    #[test]
    fn a_target_does_not_show_itself() {
        let target = Target {
            endpoint: Some("https://north.example/orders?token=abc".parse().expect("a URL")),
            secret: Some(SecretString::from("whsec_abc")),
        };
        assert_eq!(format!("{target:?}"), "Target { endpoint: true, secret: true }");
    }
}
