//! The declarative setup file: what it may say, and what applying it would change.
//!
//! Pure. `actions::apply_setup` brings the installation as it stands and carries the plan out.
//!
//! * `tree`: YAML with line numbers
//! * `file`: the keys of the file; the published JSON Schema is made from these types
//! * `shape`: holds a tree against that schema
//! * `check`: gives the keys their meaning, as a [`Setup`]
//! * `rules`: the shop's routing rules
//! * `plan`: compares a [`Setup`] with an [`Installation`]
//! * `export`: writes an [`Installation`] as a file

pub mod check;
pub mod export;
pub mod file;
pub mod model;
pub mod plan;
mod rules;
mod shape;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;

pub use check::read;
pub use model::{Installation, Setup};
pub use plan::{Change, Plan};
pub use tree::{Path, Position};

/// A mistake in the file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub at: Position,
    pub path: Path,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.at.line, self.at.column)?;
        if self.path != Path::default() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
