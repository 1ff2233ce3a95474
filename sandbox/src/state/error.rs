//! Refusals in the words of the Admin API's `userErrors`.

use std::fmt;

use serde::Serialize;

/// One entry of `userErrors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserError {
    pub field: Vec<String>,
    pub message: String,
    pub code: Option<&'static str>,
}

impl UserError {
    pub(crate) fn new(field: &[&str], message: impl Into<String>) -> Self {
        Self {
            field: field.iter().map(|part| (*part).to_owned()).collect(),
            message: message.into(),
            code: None,
        }
    }

    pub(crate) fn coded(field: &[&str], code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            ..Self::new(field, message)
        }
    }
}

/// What the shop would not do, and why. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Refused(pub Vec<UserError>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox shop refused: ")?;
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}", error.message)?;
        }
        Ok(())
    }
}

impl From<UserError> for Refused {
    fn from(error: UserError) -> Self {
        Self(vec![error])
    }
}

/// Refuses with one message on one field.
pub(crate) fn refuse<T>(field: &[&str], message: impl Into<String>) -> Result<T, Refused> {
    Err(UserError::new(field, message).into())
}
