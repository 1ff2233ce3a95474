//! Actions against real databases.

mod accept_matches;
mod apply_setup;
mod prune_history;
mod revisit_orders;
mod shop_access;
