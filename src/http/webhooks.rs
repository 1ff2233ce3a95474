//! `POST /webhooks/shopify`: judge, commit to the inbox, answer.
//!
//! 2xx is sent only after the commit (invariant 1). What a delivery means is
//! found out afterwards, by a job.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use webhooks::{Delivery, Refusal};

use crate::{
    actions::{
        receive_delivery,
        record_security_event::{self, SecurityEventKind},
    },
    app::App,
    error::AppError,
};

pub async fn receive(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<StatusCode, AppError> {
    let limit = app.config.server.webhook_max_bytes;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    // Refused by its announced length before a byte of it is read.
    if announced.is_some_and(|bytes| bytes > limit) {
        metrics::counter!("orderyard_webhooks_total", "answer" => "too_large").increment(1);
        return Err(AppError::TooLarge(limit));
    }
    let body = axum::body::to_bytes(body, limit)
        .await
        .map_err(|_| AppError::TooLarge(limit))?;
    let delivery = match Delivery::receive(&app.config.shopify.signatures, &headers, body) {
        Ok(delivery) => delivery,
        Err(refusal) => return Err(refuse(&app, &headers, refusal).await),
    };
    receive_delivery::receive_delivery(&app, &delivery).await?;
    metrics::counter!("orderyard_webhooks_total", "answer" => "kept").increment(1);
    Ok(StatusCode::OK)
}

async fn refuse(app: &App, headers: &HeaderMap, refusal: Refusal) -> AppError {
    metrics::counter!("orderyard_webhooks_total", "answer" => "refused").increment(1);
    match refusal {
        Refusal::EmptyBody | Refusal::Headers(_) => AppError::Invalid {
            field: None,
            message: refusal.to_string(),
        },
        Refusal::Unsigned | Refusal::Forged => {
            let claimed = headers
                .get("x-shopify-shop-domain")
                .and_then(|shop| shop.to_str().ok())
                .unwrap_or("?");
            record_security_event::record(app, SecurityEventKind::ForgedWebhook, claimed, &refusal.to_string()).await;
            AppError::NotAuthentic(refusal.to_string())
        }
    }
}
