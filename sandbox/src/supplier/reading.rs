//! Answers signed questions about purchase orders: `GET /orders?purchase_order=…`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Desk, QuestionRecord, Reading, book, intake::verify};
use crate::shopify::lock;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    purchase_order: String,
}

pub(super) async fn answer(
    State(desk): State<Arc<Desk>>,
    Query(Asked { purchase_order: number }): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let verified = verify(&desk, &headers, number.as_bytes());
    let (status, answer) = say(&desk, &number, verified);
    desk.questions.push(QuestionRecord {
        at: desk.config.clock.now(),
        number,
        verified,
        status,
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match desk.behaviour().reading {
        Reading::Status {
            retry_after_s: Some(seconds),
            ..
        } => (status, [(header::RETRY_AFTER, seconds.to_string())]).into_response(),
        Reading::Status { .. } => status.into_response(),
        Reading::Offered => (status, Json(answer)).into_response(),
    }
}

fn say(desk: &Desk, number: &str, verified: bool) -> (u16, Value) {
    if let Reading::Status { status, .. } = desk.behaviour().reading {
        return (status, Value::Null);
    }
    if !verified {
        return (401, json!({ "code": "INVALID_SIGNATURE" }));
    }
    match lock(&desk.book).get(number) {
        Some(order) => (200, book::state(order)),
        None => (404, json!({ "code": "UNKNOWN_ORDER" })),
    }
}
