//! Actions against real databases.

mod apply_setup;
mod prune_history;
mod renew_token;
