//! How purchase orders reach the supplier: signed calls to `POST /orders`, or polling. Verifies,
//! recognises repetitions by `webhook-id` and by number, answers as it did the first time, and
//! starts what its habits tell it to. Also the supplier's control routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Acknowledge, Behaviour, CallRecord, Desk, Intake, Repetition, SupplierFault,
    book::{PurchaseOrderData, acknowledgement},
    reading,
};
use crate::{server::Cut, shopify::lock, signing};

const TOLERANCE_S: i64 = 5 * 60;

pub(super) fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/orders", post(receive).get(reading::answer))
        .route("/_sandbox/orders", get(orders))
        .route("/_sandbox/orders/{number}/{action}", post(act))
        .route("/_sandbox/calls", get(calls))
        .route("/_sandbox/failures", get(failures))
        .route("/_sandbox/behaviour", get(behaviour).put(set_behaviour))
        .route("/_sandbox/orderyard", post(set_orderyard))
        .with_state(desk)
}

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    data: Value,
}

async fn receive(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let webhook_id = text(&headers, "webhook-id");
    let verified = verify(&desk, &headers, &body);
    let envelope: Option<Envelope> = serde_json::from_slice(&body).ok();
    let number = envelope
        .as_ref()
        .and_then(|e| e.data["number"].as_str())
        .unwrap_or_default()
        .to_owned();
    let kind = envelope.as_ref().map(|e| e.r#type.clone()).unwrap_or_default();
    let fault = if verified { desk.next_fault() } else { None };
    let (status, answer) = match (verified, envelope, fault) {
        (false, ..) => (401, json!({ "code": "INVALID_SIGNATURE" })),
        (_, None, _) => (400, json!({ "code": "INVALID_BODY" })),
        (_, _, Some(SupplierFault::Error { status })) => (status, json!({ "code": "FAULT" })),
        (_, _, Some(SupplierFault::Busy { .. })) => (429, json!({ "code": "BUSY" })),
        (true, Some(envelope), _) => take(&desk, &webhook_id, &number, envelope),
    };
    desk.calls.push(CallRecord {
        at: desk.config.clock.now(),
        webhook_id,
        kind,
        number,
        verified,
        status,
        fault,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    tokio::time::sleep(fault.map(SupplierFault::pause).unwrap_or_default()).await;
    match fault {
        Some(SupplierFault::LostAnswer) => cut.now(),
        Some(SupplierFault::ErrorAfter { status }) => {
            return StatusCode::from_u16(status)
                .unwrap_or(StatusCode::BAD_GATEWAY)
                .into_response();
        }
        Some(SupplierFault::Busy { retry_after_s }) => {
            return (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, retry_after_s.to_string())],
                Json(answer),
            )
                .into_response();
        }
        _ => {}
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if answer.is_null() {
        status.into_response()
    } else {
        (status, Json(answer)).into_response()
    }
}

pub(super) fn verify(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> bool {
    let Ok(timestamp) = text(headers, "webhook-timestamp").parse::<i64>() else {
        return false;
    };
    let age = desk.config.clock.now().timestamp() - timestamp;
    let (id, signature) = (text(headers, "webhook-id"), text(headers, "webhook-signature"));
    let mut secrets = desk.config.webhook_secret.split_whitespace();
    !id.is_empty()
        && age.abs() <= TOLERANCE_S
        && secrets.any(|secret| signing::verify_standard(secret, &id, timestamp, body, &signature))
}

/// Takes a verified call: the first time it acts, afterwards it repeats its answer.
fn take(desk: &Arc<Desk>, webhook_id: &str, number: &str, envelope: Envelope) -> (u16, Value) {
    // Whatever is said to an order placed twice: a message has its effect once.
    let is_repeatable = envelope.r#type == "purchase_order.created";
    if (!is_repeatable || desk.behaviour().repetition == Repetition::SameAnswer)
        && let Some(before) = lock(&desk.book).answered(webhook_id, number)
    {
        return before;
    }
    let (status, answer) = match envelope.r#type.as_str() {
        "purchase_order.created" => created(desk, envelope.data),
        "purchase_order.updated" => updated(desk, envelope.data),
        "purchase_order.cancel_requested" => cancel_requested(desk, number, &envelope.data),
        // Unknown events are taken and ignored, so that new ones can be introduced.
        _ => (202, Value::Null),
    };
    lock(&desk.book).remember(webhook_id, status, &answer);
    (status, answer)
}

fn created(desk: &Arc<Desk>, data: Value) -> (u16, Value) {
    let Ok(data) = serde_json::from_value::<PurchaseOrderData>(data) else {
        return (422, json!({ "code": "INVALID_ORDER" }));
    };
    let number = data.number.clone();
    let new = {
        let mut book = lock(&desk.book);
        if book.is_full() && book.get(&number).is_none() {
            return (503, json!({ "code": "ORDER_BOOK_FULL" }));
        }
        book.enter(data)
    };
    let behaviour = desk.behaviour();
    if new {
        work_on(desk, &number, &behaviour);
    }
    let book = lock(&desk.book);
    let order = book.get(&number).filter(|order| order.acknowledged);
    match (new, behaviour.repetition, order) {
        (true, _, order) | (false, Repetition::SameAnswer, order) => {
            order.map_or((202, Value::Null), |order| (200, acknowledgement(order)))
        }
        (false, Repetition::AlreadyPlaced, order) => {
            let mut answer = order.map_or_else(|| json!({}), acknowledgement);
            answer["code"] = json!("ALREADY_PLACED");
            (409, answer)
        }
    }
}

fn updated(desk: &Arc<Desk>, data: Value) -> (u16, Value) {
    let Ok(data) = serde_json::from_value::<PurchaseOrderData>(data) else {
        return (422, json!({ "code": "INVALID_ORDER" }));
    };
    let number = data.number.clone();
    lock(&desk.book).update(data);
    let book = lock(&desk.book);
    match book.get(&number) {
        Some(order) if order.acknowledged => (200, acknowledgement(order)),
        _ => (202, Value::Null),
    }
}

fn cancel_requested(desk: &Arc<Desk>, number: &str, data: &Value) -> (u16, Value) {
    let lines = data["lines"].as_array().into_iter().flatten();
    let units = lines.filter_map(|line| {
        let quantity = line["quantity"].as_u64().and_then(|n| u32::try_from(n).ok())?;
        Some((line["line_id"].as_str()?.to_owned(), quantity))
    });
    lock(&desk.book).ask_to_cancel(number, units.collect());
    match desk.judge_cancellation(number) {
        Value::Null => (202, Value::Null),
        answer => (200, answer),
    }
}

/// Starts what the habits say about a new order.
fn work_on(desk: &Arc<Desk>, number: &str, behaviour: &Behaviour) {
    let (worker, number) = (desk.clone(), number.to_owned());
    match behaviour.acknowledge {
        Acknowledge::AtOnce => {
            lock(&desk.book).decide(&number, &behaviour.rejects);
            desk.start(async move { worker.ship_in_own_time(&number).await });
        }
        Acknowledge::Later { delay_ms } => desk.start(async move {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            worker.acknowledge(&number).await?;
            worker.ship_in_own_time(&number).await
        }),
        Acknowledge::Never => {}
    }
}

/// Fetches purchase orders by the API, if that is how this supplier works.
pub(super) fn poll(desk: &Arc<Desk>) {
    let Intake::Poll { every_ms } = desk.behaviour().intake else {
        return;
    };
    let worker = desk.clone();
    desk.start(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(every_ms)).await;
            if let Err(error) = fetch(&worker).await {
                worker.failures.push(error.to_string());
            }
        }
    });
}

/// One round of polling: every page of what is open.
async fn fetch(desk: &Arc<Desk>) -> Result<(), super::ApiError> {
    let client = desk.client()?;
    let mut cursor = None;
    loop {
        let page = match &cursor {
            Some(cursor) => {
                client
                    .get(&format!("purchase-orders?status=placed&cursor={cursor}"))
                    .await?
            }
            None => client.get("purchase-orders?status=placed").await?,
        };
        for order in page["items"].as_array().into_iter().flatten() {
            let Ok(data) = serde_json::from_value::<PurchaseOrderData>(order.clone()) else {
                continue;
            };
            let number = data.number.clone();
            if lock(&desk.book).enter(data) {
                let mut behaviour = desk.behaviour();
                if behaviour.acknowledge == Acknowledge::AtOnce {
                    // A poller has no call to answer: at once means by the API.
                    behaviour.acknowledge = Acknowledge::Later { delay_ms: 0 };
                }
                work_on(desk, &number, &behaviour);
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(()),
        }
    }
}

async fn orders(State(desk): State<Arc<Desk>>) -> Response {
    Json(lock(&desk.book).all()).into_response()
}

async fn calls(State(desk): State<Arc<Desk>>) -> Response {
    Json(desk.calls.all()).into_response()
}

async fn failures(State(desk): State<Arc<Desk>>) -> Response {
    Json(desk.failures.all()).into_response()
}

async fn behaviour(State(desk): State<Arc<Desk>>) -> Response {
    Json(desk.behaviour()).into_response()
}

async fn set_behaviour(State(desk): State<Arc<Desk>>, Json(behaviour): Json<Behaviour>) -> StatusCode {
    desk.set_behaviour(behaviour);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Orderyard {
    url: Option<String>,
    api_key: Option<String>,
}

async fn set_orderyard(State(desk): State<Arc<Desk>>, Json(orderyard): Json<Orderyard>) -> StatusCode {
    desk.set_orderyard(orderyard.url, orderyard.api_key);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Act {
    /// SKU and quantity; empty means everything open.
    units: Vec<(String, u32)>,
    carrier: Option<String>,
    tracking_number: Option<String>,
    accepted: Option<bool>,
    reason: Option<String>,
}

/// A step by hand: `acknowledge`, `ship`, `cancellation`.
async fn act(
    State(desk): State<Arc<Desk>>,
    Path((number, action)): Path<(String, String)>,
    body: Option<Json<Act>>,
) -> Response {
    let act = body.map_or_else(Act::default, |Json(act)| act);
    let done = match action.as_str() {
        "acknowledge" => desk.acknowledge(&number).await,
        "ship" => {
            let units: Vec<_> = act
                .units
                .iter()
                .map(|(sku, quantity)| (sku.as_str(), *quantity))
                .collect();
            let carrier = act.carrier.unwrap_or_else(|| desk.behaviour().carrier);
            let tracking = act
                .tracking_number
                .unwrap_or_else(|| format!("HAND{:06}", lock(&desk.book).next_parcel()));
            desk.ship_skus(&number, &units, &carrier, &tracking).await.map(drop)
        }
        "cancellation" => {
            desk.answer_cancellation(&number, act.accepted.unwrap_or(true), act.reason.as_deref())
                .await
        }
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match done {
        Ok(()) => Json(lock(&desk.book).get(&number)).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, Json(json!({ "error": error.to_string() }))).into_response(),
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}
