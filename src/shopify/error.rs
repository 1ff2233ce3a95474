//! What can go wrong in a call to the Admin API, and what to do about it.
//!
//! The one question that matters after a failed call is whether Shopify may have executed it.
//! [`ApiError::outcome`] answers it; an effect with an `Unknown` outcome must be looked up before
//! anything is sent again. No variant holds a token, a variable or an answer's data.

use std::fmt;
use std::time::Duration;

use super::scalars::Unusable;
use crate::domain::throttle::ThrottleStatus;

/// Why a call gave no usable answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// Shopify refused for want of points or for too many calls; nothing was executed.
    #[error("Shopify asks to slow down; wait {} ms", retry_after.as_millis())]
    Throttled {
        retry_after: Duration,
        status: Option<ThrottleStatus>,
    },
    /// The access token is not valid (any more).
    #[error("Shopify refused the access token: refresh it, or have the shop open the app again")]
    Unauthorized,
    /// 402, 423 or `SHOP_INACTIVE`: the shop is frozen, locked or closed.
    #[error("the shop is frozen or locked ({code}): its owner has to settle that with Shopify")]
    ShopLocked { code: String },
    /// A scope, a staff permission or the protected-data approval is missing.
    #[error("Shopify denied access: {hint}")]
    AccessDenied { hint: String },
    /// The mutation was understood and turned down; nothing changed.
    #[error("Shopify turned the change down: {}", UserError::list(.0))]
    UserErrors(Vec<UserError>),
    /// The document or its variables were refused; nothing was executed.
    #[error("Shopify refused the request: {}", GraphqlError::list(.0))]
    Graphql(Vec<GraphqlError>),
    /// Any other HTTP refusal, such as 404 for a shop that no longer exists.
    #[error("Shopify answered HTTP {status}")]
    Refused { status: u16 },
    /// A read got no answer, or Shopify had trouble.
    #[error("Shopify is not available: {why}")]
    Unavailable {
        why: Trouble,
        retry_after: Option<Duration>,
    },
    /// A mutation was sent and its answer was lost or says nothing: it may have been executed.
    #[error("the call may or may not have been executed: {why}")]
    OutcomeUnknown { why: Trouble },
    /// No connection could be made; nothing was sent.
    #[error("could not connect to Shopify: {0}")]
    NotSent(String),
    /// A read was answered with something that cannot be used.
    #[error(transparent)]
    BadAnswer(#[from] Unusable),
}

/// What became of the effect, and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not executed; the same call will fail the same way.
    Never,
    /// Not executed; worth another try on the usual schedule.
    Later,
    /// Not executed; worth another try after this long.
    After(Duration),
    /// Perhaps executed: look it up before anything else.
    Unknown,
}

/// Why a sent call has no clear answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    TimedOut,
    ConnectionLost,
    ServerError(u16),
    /// GraphQL execution ended in an error on Shopify's side.
    InternalError,
    TooLarge,
    Unreadable(String),
}

/// One entry of a mutation's `userErrors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// Only some mutations have codes.
    pub code: Option<String>,
    pub field: Vec<String>,
    pub message: String,
}

/// One entry of a GraphQL answer's `errors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlError {
    pub code: Option<String>,
    pub message: String,
}

impl ApiError {
    pub fn outcome(&self) -> Outcome {
        match self {
            ApiError::Throttled { retry_after, .. } => Outcome::After(*retry_after),
            ApiError::Unavailable {
                retry_after: Some(wait),
                ..
            } => Outcome::After(*wait),
            // A refreshed token or a shop that paid its bill changes the answer.
            ApiError::Unauthorized
            | ApiError::ShopLocked { .. }
            | ApiError::Unavailable { .. }
            | ApiError::NotSent(_)
            | ApiError::BadAnswer(_) => Outcome::Later,
            ApiError::AccessDenied { .. }
            | ApiError::UserErrors(_)
            | ApiError::Graphql(_)
            | ApiError::Refused { .. } => Outcome::Never,
            ApiError::OutcomeUnknown { .. } => Outcome::Unknown,
        }
    }

    /// May the same call simply be made again?
    pub fn is_retryable(&self) -> bool {
        matches!(self.outcome(), Outcome::Later | Outcome::After(_))
    }

    /// A word for metrics and logs.
    pub fn label(&self) -> &'static str {
        match self {
            ApiError::Throttled { .. } => "throttled",
            ApiError::Unauthorized => "unauthorized",
            ApiError::ShopLocked { .. } => "shop_locked",
            ApiError::AccessDenied { .. } => "access_denied",
            ApiError::UserErrors(_) => "user_errors",
            ApiError::Graphql(_) => "graphql",
            ApiError::Refused { .. } => "refused",
            ApiError::Unavailable { .. } => "unavailable",
            ApiError::OutcomeUnknown { .. } => "outcome_unknown",
            ApiError::NotSent(_) => "not_sent",
            ApiError::BadAnswer(_) => "bad_answer",
        }
    }

    /// Does one of the user errors carry this code?
    pub fn has_user_error(&self, code: &str) -> bool {
        matches!(self, ApiError::UserErrors(errors)
            if errors.iter().any(|error| error.code.as_deref() == Some(code)))
    }
}

impl UserError {
    fn list(errors: &[UserError]) -> String {
        let lines = errors.iter().map(|error| {
            let code = error.code.as_deref().map(|code| format!(" [{code}]"));
            let place = if error.field.is_empty() {
                String::new()
            } else {
                format!("{}: ", error.field.join("."))
            };
            format!("{place}{}{}", error.message, code.unwrap_or_default())
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

impl GraphqlError {
    fn list(errors: &[GraphqlError]) -> String {
        let lines = errors.iter().map(|error| match &error.code {
            Some(code) => format!("{} [{code}]", error.message),
            None => error.message.clone(),
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::TimedOut => out.write_str("no answer in time"),
            Trouble::ConnectionLost => out.write_str("the connection broke"),
            Trouble::ServerError(status) => write!(out, "HTTP {status}"),
            Trouble::InternalError => out.write_str("an internal error at Shopify"),
            Trouble::TooLarge => out.write_str("the answer is larger than allowed"),
            Trouble::Unreadable(why) => write!(out, "the answer cannot be read: {why}"),
        }
    }
}
