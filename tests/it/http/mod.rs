//! The doors, from outside.

mod install;
mod supplier_v1;
mod webhooks;
