//! Failures as the supplier API sends them: problem documents, RFC 9457.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AppError;

/// A failure on its way to a supplier's system.
pub struct Failure(AppError);

/// What went wrong, for programs (`code`, `field`) and for people (`detail`).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// The status in words.
    title: String,
    #[schema(example = 422)]
    status: u16,
    /// A stable word for programs.
    #[schema(example = "QUANTITY")]
    code: &'static str,
    /// The field that is wrong, where it is one: `lines[0].quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    detail: String,
}

impl<E: Into<AppError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(error) = self;
        error.log();
        let status = error.status();
        let problem = Problem {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: error.code(),
            field: error.field().map(str::to_owned),
            detail: error.public_message(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = error.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
