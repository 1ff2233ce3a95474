//! What it takes to check and to measure routing from outside: orders drawn by lot
//! (`instances`, `planted`), the same orders as mixed-integer programmes
//! (`reading`, `programme`, `milp`) for another solver (`highs`), and the rules of thumb that
//! others route by (`policies`). The tests and `make bench-routing` share it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a check that cannot go on ends the run and says where"
)]

pub mod check;
pub mod highs;
pub mod instances;
pub mod milp;
pub mod planted;
pub mod policies;
pub mod programme;
pub mod reading;
pub mod shops;
