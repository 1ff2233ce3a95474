//! Stories from an order to its tracking, told from outside.

mod before_sending;
mod by_hand;
mod changes;
mod costs;
mod decisions;
mod gates;
mod given_up;
mod holds;
mod later;
mod lifecycle;
mod mapping;
mod mapping_file;
mod market;
mod nodes;
mod once;
mod orders;
mod outages;
mod parcels;
mod privacy;
mod reconciling;
mod reservations;
mod rules;
pub mod shop;
mod skew;
mod suppliers_fail;
mod taking_back;
mod what_if;
