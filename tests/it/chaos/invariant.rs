//! What must always hold, by name.

use std::fmt;

/// As DESIGN and ARCHITECTURE number them; the last is the target of the kill test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    Acknowledged,
    Somewhere,
    Once,
    ForwardOnly,
    CancelMeansCancel,
    NeverAsk,
    Bounded,
    Explained,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acknowledged => "1 acknowledged is durable",
            Self::Somewhere => "2 every unit is somewhere",
            Self::Once => "3 once",
            Self::ForwardOnly => "4 forward only",
            Self::CancelMeansCancel => "5 cancel means cancel",
            Self::NeverAsk => "6 never ask to ship",
            Self::Bounded => "9 bounded",
            Self::Explained => "every order ends in a final or explained state",
        })
    }
}
