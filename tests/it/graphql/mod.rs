//! Door 2 from outside: HTTP calls to the program's own router.

mod decisions;
mod given_up;
mod limits;
mod lists;
mod rules;
pub mod seed;
mod settings;
mod sign_in;
mod walls;
mod what_if;
mod what_if_cut_off;
pub mod world;
