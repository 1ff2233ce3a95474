//! `/supplier/v1`: what suppliers' own systems call.
//!
//! One file per noun: its wire shapes and its handlers. A handler knows the
//! caller, calls one action or one query, and answers; failures leave as
//! problem documents (RFC 9457). Unknown fields are ignored, so that callers
//! can send what a later version understands; wrong types are refused with the
//! field's name. `openapi` gathers the description that is committed as
//! `docs/supplier-v1.openapi.json`.

mod acknowledgements;
mod body;
mod caller;
mod cancellation;
mod inventory;
mod openapi;
mod problem;
mod purchase_orders;
mod queue;
mod shipments;
mod tracking;

pub use acknowledgements::acknowledge;
pub use cancellation::answer;
pub use inventory::put_inventory;
pub use openapi::{document, serve};
pub use purchase_orders::{list, read};
pub use queue::{Reports, bounded};
pub use shipments::ship;
pub use tracking::correct;
