//! What goes wrong at the doors, and the only place with status codes.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sea_orm::DbErr;
use serde_json::json;

use crate::actions::supplier_report::ReportError;

/// A failure on its way out. Internals are logged here once and never sent.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The input cannot be used; the message names the field and what to do.
    #[error("{message}")]
    Invalid { field: Option<String>, message: String },
    #[error("sign in first")]
    Unauthenticated,
    /// A signature or key that does not hold.
    #[error("{0}")]
    NotAuthentic(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("{0} was not found")]
    NotFound(&'static str),
    #[error("{0}")]
    Conflict(String),
    /// What was asked for has happened before, by this call or another.
    #[error("{0}")]
    AlreadyDone(String),
    /// One sentence for every way in which a sign-in fails, so that it tells nothing.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    #[error("{0} has expired or was used; ask for a new one")]
    Expired(&'static str),
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the body did not come within {0} s")]
    TooSlow(u64),
    #[error("too many calls; try again in {0} s")]
    TooMany(u64),
    /// Worth trying again soon.
    #[error("not able to serve now: {0}")]
    Unavailable(String),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    #[error("{0}")]
    Internal(String),
    /// What a supplier reported is not taken.
    #[error("{0}")]
    Report(ReportError),
}

impl From<ReportError> for AppError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Database(error) => Self::Database(error),
            ReportError::NotFound => Self::NotFound("this purchase order"),
            error => Self::Report(error),
        }
    }
}

impl AppError {
    /// Bad input in one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            field: Some(field.into()),
            message: message.into(),
        }
    }

    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "INVALID",
            Self::Unauthenticated | Self::NotAuthentic(_) => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Conflict(_) => "CONFLICT",
            Self::AlreadyDone(_) => "ALREADY_DONE",
            Self::WrongCredentials => "WRONG_CREDENTIALS",
            Self::Expired(_) => "EXPIRED",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::TooSlow(_) => "TOO_SLOW",
            Self::TooMany(_) => "RATE_LIMITED",
            Self::Unavailable(_) | Self::Database(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
            Self::Report(error) => error.code(),
        }
    }

    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::NotAuthentic(_) | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) | Self::AlreadyDone(_) => StatusCode::CONFLICT,
            Self::Expired(_) => StatusCode::GONE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Report(error) => match error {
                ReportError::NotFound | ReportError::UnknownShipment => StatusCode::NOT_FOUND,
                ReportError::Invalid { .. } | ReportError::UnknownLine { .. } | ReportError::Quantity { .. } => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
                ReportError::ReferenceTaken | ReportError::NothingToAnswer | ReportError::Closed(_) => {
                    StatusCode::CONFLICT
                }
                ReportError::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            },
        }
    }

    /// The field that is wrong, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } => field.as_deref(),
            Self::Report(error) => error.field(),
            _ => None,
        }
    }

    /// When to try again, in seconds.
    #[must_use]
    pub const fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooMany(seconds) => Some(*seconds),
            Self::Unavailable(_) | Self::Database(_) => Some(2),
            _ => None,
        }
    }

    /// What may be told outside: internals stay inside.
    #[must_use]
    pub fn public_message(&self) -> String {
        match self {
            Self::Database(_) => "the database does not answer; try again soon".to_owned(),
            Self::Internal(_) => "something went wrong on our side; it is in the log".to_owned(),
            other => other.to_string(),
        }
    }

    /// Logs what stays inside.
    pub fn log(&self) {
        if matches!(self, Self::Database(_) | Self::Internal(_)) {
            tracing::error!(code = self.code(), error = %self, "request failed");
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        self.log();
        let field = self.field();
        let body = json!({ "error": { "code": self.code(), "field": field, "message": self.public_message() } });
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
