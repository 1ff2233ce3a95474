//! The doors, from outside.

mod install;
mod webhooks;
