//! Door 2: GraphQL, what the dashboard, the portal and scripts use.
//!
//! One file per noun holds its type, queries and mutations; `endpoint` is the
//! HTTP side, `viewer` says who asks, `guard` what they may ask for, `loaders`
//! keeps lists from running a statement per row. Reads go to `store`, a
//! mutation calls one action; neither holds a rule of the business.

mod costs;
mod dead_letters;
mod delayed_work;
mod endpoint;
mod errors;
mod events;
mod exceptions;
mod fulfillments;
mod guard;
mod invitations;
mod loaders;
mod matching;
mod money;
mod offers;
mod order_lines;
mod orders;
mod pagination;
mod plans;
mod portal;
mod purchase_orders;
mod rules;
mod scalars;
mod schema;
mod sessions;
mod shipments;
mod shops;
mod suppliers;
mod variants;
mod viewer;
mod what_if;
mod what_if_draft;

pub use endpoint::routes;
pub use schema::sdl;
