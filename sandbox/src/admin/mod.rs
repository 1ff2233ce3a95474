//! The Admin GraphQL API: one endpoint per shop that authenticates, meters, validates against
//! Shopify's own schema, executes, and answers in Shopify's words, success or not. What fields mean
//! is in `objects` and `mutations`; what changes mean is in `state`.

mod access;
mod bucket;
mod connection;
mod cost;
mod document;
mod execute;
mod mutations;
mod node;
mod objects;
mod schema;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

pub(crate) use self::{bucket::Bucket, schema::schema};
use self::{
    document::{Checked, Outline},
    schema::ApiSchema,
};
use crate::{
    faults::AnswerFault,
    log::RequestRecord,
    scopes::Scopes,
    server::Cut,
    shop::Shop,
    shopify::{Inner, lock},
    tokens::Rejection,
};

const VERSION_HEADER: HeaderName = HeaderName::from_static("x-shopify-api-version");
const MAX_BODY: usize = 1024 * 1024;
/// Versions that answer as themselves; anything older falls forward to the first of them.
const VERSIONS: &[&str] = &["2026-01", "2026-04", "2026-07", "2026-10", "2027-01", "unstable"];

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/{shop}/admin/api/{version}/graphql.json", post(graphql))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(inner)
}

/// A request that is ready to be executed.
pub(crate) struct Request {
    pub checked: Arc<Checked>,
    pub operation: Option<String>,
    pub variables: serde_json::Map<String, Value>,
}

async fn graphql(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((domain, asked_version)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(shop) = inner.clone().shop(&domain) else {
        return error(StatusCode::NOT_FOUND, "Not Found");
    };
    let Some(version) = version_for(&asked_version) else {
        return error(StatusCode::NOT_FOUND, "Not Found");
    };
    let api = match schema() {
        Ok(api) => api,
        Err(broken) => return error(StatusCode::INTERNAL_SERVER_ERROR, &broken.to_string()),
    };
    let request = parse(api, &body);
    let outline = request.as_ref().map(Request::outline).unwrap_or_default();
    let fault = inner.faults.on_graphql(outline.operation.as_deref(), &outline.fields);
    if let Some(AnswerFault::Delay { ms }) = fault {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let variables = request
        .as_ref()
        .map_or(Value::Null, |r| Value::Object(r.variables.clone()));
    let token = headers
        .get("x-shopify-access-token")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (status, answer) = match early_answer(&shop, fault) {
        Some(answer) => answer,
        None => match (authenticate(&shop, token), request) {
            (Err(refusal), _) => refusal,
            (Ok(_), None) => (
                StatusCode::BAD_REQUEST,
                json!({ "errors": { "query": "Required parameter missing or invalid" } }),
            ),
            (Ok(scopes), Some(request)) => (StatusCode::OK, execute::execute(&shop, &scopes, version, api, &request)),
        },
    };
    let lost = fault == Some(AnswerFault::LostAnswer);
    let at = inner.config.clock.now();
    inner.requests.push(RequestRecord {
        at,
        shop: domain.clone(),
        method: "POST".to_owned(),
        path: format!("/{domain}/admin/api/{asked_version}/graphql.json"),
        operation: outline.operation,
        fields: outline.fields,
        variables,
        status: status.as_u16(),
        lost,
    });
    if lost {
        cut.now();
    }
    if let Some(AnswerFault::ErrorAfter { status }) = fault {
        return StatusCode::from_u16(status)
            .unwrap_or(StatusCode::BAD_GATEWAY)
            .into_response();
    }
    let mut response = (status, Json(answer)).into_response();
    if let Ok(value) = HeaderValue::from_str(version) {
        response.headers_mut().insert(VERSION_HEADER, value);
    }
    // By the shop's clock, as all times in the answer are (RFC 9110, 5.6.7).
    if let Ok(value) = HeaderValue::from_str(&at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

/// Faults that answer instead of the API.
fn early_answer(shop: &Shop, fault: Option<AnswerFault>) -> Option<(StatusCode, Value)> {
    match fault? {
        AnswerFault::ErrorBefore { status } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            Some((status, json!({ "errors": "Internal Server Error" })))
        }
        AnswerFault::Throttled => {
            let budget = lock(&shop.cell.bucket).status();
            Some((StatusCode::OK, execute::throttled(0, &budget)))
        }
        AnswerFault::Unauthorized => Some(unauthorized()),
        _ => None,
    }
}

fn authenticate(shop: &Shop, token: &str) -> Result<Scopes, (StatusCode, Value)> {
    let config = &shop.inner.config;
    let checked = shop
        .cell
        .grant()
        .check(token, config.require_expiring_tokens, config.clock.now());
    checked.map_err(|rejection| match rejection {
        Rejection::Unknown => unauthorized(),
        Rejection::NonExpiring => {
            let message = "Non-expiring access tokens are no longer accepted for the Admin API. Start using expiring offline tokens.";
            (StatusCode::FORBIDDEN, json!({ "errors": message }))
        }
    })
}

fn unauthorized() -> (StatusCode, Value) {
    let message = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    (StatusCode::UNAUTHORIZED, json!({ "errors": message }))
}

/// The version that answers; `None` for what is not a version at all.
fn version_for(asked: &str) -> Option<&'static str> {
    if let Some(known) = VERSIONS.iter().find(|known| **known == asked) {
        return Some(known);
    }
    let (year, month) = asked.split_once('-')?;
    let looks_like_one = year.len() == 4 && year.parse::<u16>().is_ok() && matches!(month, "01" | "04" | "07" | "10");
    let newest_release = VERSIONS.iter().rev().find(|version| **version != "unstable")?;
    (looks_like_one && asked < *newest_release).then(|| VERSIONS[0])
}

impl Request {
    fn outline(&self) -> Outline {
        self.checked.outline(self.operation.as_deref())
    }
}

fn parse(api: &ApiSchema, body: &[u8]) -> Option<Request> {
    let Value::Object(mut body) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let checked = Checked::of(api, body.get("query")?.as_str()?);
    let operation = body.get("operationName").and_then(Value::as_str).map(str::to_owned);
    let variables = match body.remove("variables") {
        Some(Value::Object(variables)) => variables,
        Some(Value::Null) | None => serde_json::Map::new(),
        Some(_) => return None,
    };
    Some(Request {
        checked,
        operation,
        variables,
    })
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "errors": message }))).into_response()
}
