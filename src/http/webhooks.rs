//! `POST /webhooks/shopify`: judge, commit to the inbox, answer.
//!
//! 2xx is sent only after the commit (invariant 1). What a delivery means is
//! found out afterwards, by a job.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use webhooks::{Delivery, Refusal};

use crate::{
    actions::{
        receive_delivery,
        record_security_event::{self, SecurityEventKind},
    },
    app::App,
    body,
    error::AppError,
};

/// Shopify waits five seconds for an answer; what cannot be kept sooner is better sent again.
const LONGEST_KEEP: Duration = Duration::from_secs(3);

/// Shopify has left by then. Who sends more slowly must not keep the room of others.
const LONGEST_BODY: Duration = Duration::from_secs(5);

/// What any call weighs, with its connection, headers and place in the queue.
const LEAST_KIB: usize = 16;

/// What hardly a call of Shopify's is larger than.
const ORDINARY_KIB: usize = 256;

/// The memory that calls may hold together, in KiB.
#[derive(Clone)]
pub struct Intake {
    /// Until they are answered and dealt with.
    all: Arc<Semaphore>,
    /// Of that, what is more than ordinary in a call, until its signature has proved who sends it. Anybody can name a
    /// signature and send a large body up to its last byte: a few such calls must not keep all others out.
    unproven: Arc<Semaphore>,
}

impl Intake {
    /// Room for four calls of the largest size, or for two thousand ordinary ones.
    pub fn new(app: &App) -> Self {
        let bytes = (32 * 1024 * 1024).max(app.config.server.webhook_max_bytes.saturating_mul(4));
        let kib = (bytes / 1024).min(Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(kib)),
            unproven: Arc::new(Semaphore::new(kib / 2)),
        }
    }

    fn place(&self) -> Result<Place, AppError> {
        Ok(Place {
            all: more(&self.all, LEAST_KIB)?,
            unproven: more(&self.unproven, 0)?,
        })
    }

    /// Has room for as much of a call as came by now.
    fn grow(&self, place: &mut Place, size: usize) -> Result<(), AppError> {
        let kib = size.div_ceil(1024);
        let missing = |held: &OwnedSemaphorePermit, kib: usize| kib.saturating_sub(held.num_permits());
        let large = kib.saturating_sub(ORDINARY_KIB);
        place
            .unproven
            .merge(more(&self.unproven, missing(&place.unproven, large))?);
        place.all.merge(more(&self.all, missing(&place.all, kib))?);
        Ok(())
    }
}

/// What one call holds.
struct Place {
    all: OwnedSemaphorePermit,
    unproven: OwnedSemaphorePermit,
}

fn more(of: &Arc<Semaphore>, kib: usize) -> Result<OwnedSemaphorePermit, AppError> {
    let taken = Arc::clone(of).try_acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX));
    taken.map_err(|_| AppError::Unavailable("too many webhook calls at once".to_owned()))
}

pub async fn receive(
    State(app): State<App>,
    Extension(intake): Extension<Intake>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, AppError> {
    let answer = if webhooks::headers::hmac(&headers).is_some() {
        judge(&app, &intake, &headers, body).await
    } else {
        // Not worth a byte of memory.
        body::drain(body);
        Err(refuse(&app, &headers, Refusal::Unsigned).await)
    };
    let counted = match &answer {
        Ok(()) => "kept",
        Err(AppError::TooLarge(_)) => "too_large",
        Err(AppError::TooSlow(_)) => "too_slow",
        Err(error) if error.status().is_server_error() => "unavailable",
        Err(_) => "refused",
    };
    metrics::counter!("orderyard_webhooks_total", "answer" => counted).increment(1);
    answer.map(|()| StatusCode::OK)
}

async fn judge(app: &App, intake: &Intake, headers: &HeaderMap, body: Body) -> Result<(), AppError> {
    let mut place = intake.place()?;
    let grow = |size: usize| intake.grow(&mut place, size);
    let read = body::read_while(body, app.config.server.webhook_max_bytes, grow);
    let read = tokio::time::timeout(LONGEST_BODY, read).await;
    let body = match read.unwrap_or(Err(AppError::TooSlow(LONGEST_BODY.as_secs()))) {
        Ok(body) => body,
        Err(error) => {
            if matches!(error, AppError::TooLarge(_)) {
                let kind = SecurityEventKind::OversizedWebhook;
                record_security_event::record(app, kind, claimed_shop(headers), &error.to_string()).await;
            }
            return Err(error);
        }
    };
    keep(app, headers, body, place).await
}

async fn keep(app: &App, headers: &HeaderMap, body: Bytes, place: Place) -> Result<(), AppError> {
    let delivery = match Delivery::receive(&app.config.shopify.signatures, headers, body) {
        Ok(delivery) => delivery,
        Err(refusal) => return Err(refuse(app, headers, refusal).await),
    };
    drop(place.unproven);
    // What was committed and not answered is recognised when it comes again.
    tokio::time::timeout(
        LONGEST_KEEP,
        receive_delivery::receive_delivery(app, delivery, place.all),
    )
    .await
    .map_err(|_| AppError::Unavailable("the call could not be kept in time".to_owned()))?
    .map_err(|_| AppError::Unavailable("the call could not be kept".to_owned()))?;
    Ok(())
}

/// Whom the call says it is for, signed or not.
fn claimed_shop(headers: &HeaderMap) -> &str {
    let shop = headers.get("x-shopify-shop-domain");
    shop.and_then(|shop| shop.to_str().ok()).unwrap_or("?")
}

async fn refuse(app: &App, headers: &HeaderMap, refusal: Refusal) -> AppError {
    match refusal {
        Refusal::EmptyBody | Refusal::Headers(_) => {
            let kind = SecurityEventKind::IncompleteWebhook;
            record_security_event::record(app, kind, claimed_shop(headers), &refusal.to_string()).await;
            AppError::Invalid {
                field: None,
                message: refusal.to_string(),
            }
        }
        Refusal::Unsigned | Refusal::Forged => {
            let kind = SecurityEventKind::ForgedWebhook;
            record_security_event::record(app, kind, claimed_shop(headers), &refusal.to_string()).await;
            AppError::NotAuthentic(refusal.to_string())
        }
    }
}
