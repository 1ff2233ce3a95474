//! What can go wrong with a call to a supplier, by what may be done next.

use std::time::Duration;

/// What a failed call allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Refused or impossible: the same call will not do better.
    Never,
    /// Not sent. It may do better later.
    Later,
    /// Not taken; the supplier says when to ask again.
    After(Duration),
    /// It may have been taken. Settle it as the connector's capabilities say.
    Unknown,
}

/// A failed call. The message is for people, and holds neither secrets nor
/// customer data, nor anything the other side wrote freely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectorError {
    pub class: ErrorClass,
    pub message: String,
}

impl ConnectorError {
    pub fn never(message: impl Into<String>) -> Self {
        Self::of(ErrorClass::Never, message)
    }

    pub fn later(message: impl Into<String>) -> Self {
        Self::of(ErrorClass::Later, message)
    }

    pub fn after(delay: Duration, message: impl Into<String>) -> Self {
        Self::of(ErrorClass::After(delay), message)
    }

    pub fn unknown(message: impl Into<String>) -> Self {
        Self::of(ErrorClass::Unknown, message)
    }

    fn of(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
        }
    }
}
