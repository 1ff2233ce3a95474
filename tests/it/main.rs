//! The one integration binary.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot set up its world fails where it notices"
)]

mod actions;
mod architecture;
mod chaos;
mod connectors;
mod graphql;
mod harness;
mod http;
mod shopify;
mod store;
mod stories;
