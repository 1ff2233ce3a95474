//! Orderyard: a self-hosted order router for Shopify shops.
//!
//! The map, from the doors inwards: [`http`], [`graphql`] and [`worker`] are
//! the doors; they call [`actions`], one per verb, which read and write through
//! [`store`], decide with [`domain`] and [`routing`], queue the next step in
//! [`queue`], and speak to the outside through [`shopify`] and [`connectors`].

pub mod actions;
pub mod app;
pub mod body;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod domain;
pub mod error;
pub mod failpoint;
pub mod graphql;
pub mod http;
pub mod ids;
pub mod logging;
pub mod peer;
pub mod queue;
pub mod routing;
pub mod seal;
pub mod shopify;
pub mod store;
pub mod worker;
