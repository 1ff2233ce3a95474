//! The language in which rules say when they apply: typed, without loops, and told
//! where it is wrong when it is saved, not when an order arrives.
//!
//! ```text
//! order.country in ["CH", "NO"] and order.total > 500
//! not (supplier.key == "north") or line.sku starts_with "BAT-"
//! order.postcode between "10115" and "14199"
//! ```
//!
//! Text compares without regard to case. A fact that an order lacks is neither this
//! nor that: the answer is then *unknown*, and names the fact.
//!
//! * `lexer`: words, with their places
//! * `parser`: words as a tree in which every type fits
//! * `fields`: what may be asked about
//! * `evaluate`: the tree's answer for one order

mod evaluate;
mod fields;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

use std::fmt;

pub use evaluate::{Facts, Truth, Value};
pub use fields::{FIELDS, Field, Scope, Type};

/// Longer texts are refused.
pub const MOST_CHARACTERS: usize = 1_000;
/// Looking at one part of an expression, or at one item of a list, is one step.
pub const MOST_STEPS: u32 = 10_000;

/// A condition that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    root: parser::Node,
}

/// What is wrong with a condition, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// The character, counted from 1.
    pub at: usize,
    pub message: String,
}

/// A place in a text of several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Characters before it.
    pub offset: usize,
    /// Counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
}

impl ExpressionError {
    /// Where it is in the text that was read.
    #[must_use]
    pub fn place(&self, text: &str) -> Place {
        let before = || text.chars().take(self.at.saturating_sub(1));
        let column = before()
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .take_while(|c| **c != '\n')
            .count();
        Place {
            offset: self.at.saturating_sub(1),
            line: before().filter(|c| *c == '\n').count() + 1,
            column: column + 1,
        }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.at, self.message)
    }
}

impl std::error::Error for ExpressionError {}

impl Expression {
    /// Reads a condition that may ask about what is in `scope`.
    ///
    /// # Errors
    /// The first place where it is no condition: an unknown word, types that do not
    /// fit, a range upside down, or too long a text.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, ExpressionError> {
        if text.chars().count() > MOST_CHARACTERS {
            return Err(ExpressionError {
                at: MOST_CHARACTERS,
                message: format!("a condition has at most {MOST_CHARACTERS} characters"),
            });
        }
        let root = parser::condition(&lexer::words(text)?, scope)?;
        Ok(Self { root })
    }

    /// Whether it asks about one of these.
    #[must_use]
    pub fn asks(&self, fields: &[Field]) -> bool {
        self.root.asks(fields)
    }

    /// Whether the condition holds for these facts.
    pub fn holds(&self, facts: &impl Facts) -> Truth {
        evaluate::holds(&self.root, facts)
    }
}
