//! Rows and the queries on them, on each database.

mod circuits;
mod durable;
mod full_disk;
mod inbox;
mod jobs;
mod known;
mod narrow;
mod order_state;
mod orders;
mod periodic;
mod plans;
mod reservations;
mod silence;
mod turns;
mod unanswered;
mod unread;
mod wakeups;
mod writer;
