//! Everything that is said to Shopify and understood of its answers: the Admin
//! API, OAuth and session tokens.
//!
//! Owns the wire and its types. Leaves to `actions`: storing and refreshing
//! tokens, storing the cost budget, intents and retries. Nothing here knows the
//! database. Webhooks, and the signatures of queries, are crate `webhooks`.
//!
//! | file | what it is |
//! |---|---|
//! | `client`, `answer`, `error` | one call to the Admin API, its answer, its failures |
//! | `operations`, `queries/`, `schema/` | the GraphQL documents, and their types made from the schema |
//! | `orders`, `fulfillment_orders`, `fulfillments`, `catalog`, `inventory`, `shop`, `services`, `subscriptions` | what can be asked and told, in plain types |
//! | `reading`, `effect` | what all readings of several pages, and all mutations, have in common |
//! | `read_back` | was it made? after a lost answer |
//! | `oauth`, `scopes`, `session_token` | installing, tokens, who is signed in |
//! | `origin`, `gid`, `scalars` | where shops are; ids; scalars and enums |

mod answer;
pub mod catalog;
pub mod client;
mod effect;
pub mod error;
pub mod fulfillment_orders;
pub mod fulfillments;
pub mod gid;
pub mod inventory;
pub mod oauth;
mod operations;
pub mod orders;
pub mod origin;
pub mod read_back;
mod reading;
pub mod scalars;
pub mod scopes;
pub mod services;
pub mod session_token;
pub mod shop;
pub mod subscriptions;

pub use answer::Answer;
pub use client::{API_VERSION, Access, AdminApi, Limits};
pub use error::{ApiError, Outcome, UserError};
pub use operations::cost;
pub use origin::{Http, Origin};
pub use reading::Page;
