//! The exact solver: given demands, ways and meters, the cheapest plan and the
//! proof that none is cheaper. It knows nothing of suppliers and currencies;
//! `cost` translates.

mod amount;
mod bound;
mod local;
mod node;
mod packing;
mod problem;
mod search;
mod slope;
mod small;
mod solve;
#[cfg(test)]
mod tests;

pub use problem::{Group, Problem, Score, Step};
pub use search::Solution;
pub use solve::{solve, solve_once};
