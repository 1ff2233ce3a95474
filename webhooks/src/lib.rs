//! What one call from Shopify says, and whether Shopify really said it.
//!
//! Owns: shop domains, signatures (made and checked), the headers of a webhook, its topic, and the
//! few facts that the application needs from a body. Leaves to the application: receiving, storing,
//! answering, and re-reading the object. Nothing here does I/O, asks the clock or keeps state.
//!
//! Shopify signs the body and nothing else. A topic and a shop read from headers are therefore
//! *claims*: whoever holds one signed body can send it again under other headers. Act on the object
//! only after reading it from that shop with that shop's token, and look at
//! [`Delivery::shop_agreement`] where no such reading is possible.

pub mod delivery;
pub mod headers;
pub mod payload;
mod query;
mod shop_domain;
mod topic;
pub mod verify;

pub use delivery::{Delivery, Refusal, ShopAgreement};
pub use headers::{DeliveryHeaders, HeaderError, WebhookId};
pub use payload::{PayloadError, Subject};
pub use shop_domain::{ShopDomain, ShopDomainError};
pub use topic::Topic;
pub use verify::{QueryError, Secrets, SecretsError, SignedQuery};
