//! What the payload of a mutation says: done, turned down, or nothing that can
//! be relied on.

use super::{
    answer::{lost, shorten},
    error::{ApiError, Trouble, UserError},
    scalars::Unusable,
};

/// The payload of a mutation, unless `userErrors` say that nothing changed.
pub(super) fn accepted<P>(payload: Option<P>, errors: impl FnOnce(&P) -> Vec<UserError>) -> Result<P, ApiError> {
    let payload = payload.ok_or_else(|| no_result("payload"))?;
    let errors = errors(&payload);
    if errors.is_empty() {
        Ok(payload)
    } else {
        Err(ApiError::UserErrors(errors))
    }
}

/// The object that an accepted mutation made or changed.
pub(super) fn made<W, T: TryFrom<W, Error = Unusable>>(object: Option<W>, what: &str) -> Result<T, ApiError> {
    let object = object.ok_or_else(|| no_result(what))?;
    // It was executed: an answer that cannot be used must not read as a failure.
    T::try_from(object).map_err(|Unusable(why)| lost(Trouble::Unreadable(why), None, true))
}

pub(super) fn no_result(what: &str) -> ApiError {
    lost(
        Trouble::Unreadable(format!("neither a {what} nor an error in it")),
        None,
        true,
    )
}

pub(super) fn user_error(code: Option<String>, field: Option<Vec<String>>, message: &str) -> UserError {
    UserError {
        code,
        field: field.unwrap_or_default(),
        message: shorten(message),
    }
}

/// The `userErrors` of any generated payload type; `coded` where they have codes.
macro_rules! user_errors {
    ($payload:expr) => {
        $payload
            .user_errors
            .iter()
            .map(|error| $crate::shopify::effect::user_error(None, error.field.clone(), &error.message))
            .collect()
    };
    (coded $payload:expr) => {
        $payload
            .user_errors
            .iter()
            .map(|error| $crate::shopify::effect::user_error(error.code.clone(), error.field.clone(), &error.message))
            .collect()
    };
}
pub(super) use user_errors;
