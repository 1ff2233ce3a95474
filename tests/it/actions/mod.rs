//! Actions against real databases.

mod apply_setup;
