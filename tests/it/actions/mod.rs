//! Actions against real databases.

mod apply_setup;
mod prune_history;
mod shop_access;
