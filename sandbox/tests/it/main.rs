//! Holds the pretend Shopify and the pretend suppliers to what is documented of the real ones,
//! over the wire wherever the wire shows it.

#![expect(clippy::unwrap_used, reason = "a test ends where it finds the unexpected")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "the helpers take json! values as they are written"
)]

mod access;
mod admin;
mod control;
mod faults;
mod fulfillment_orders;
mod fulfillment_requests;
mod fulfillments;
mod harness;
mod inventory;
mod oauth;
mod orders;
mod payloads;
mod signatures;
mod suppliers;
mod webhooks;
