//! The control API under `/_sandbox`: everything the library can do, as JSON over HTTP, for the
//! demo, for browser tests and for tests in other processes. Described in the crate's README.
//! Numbers beyond 2^53 travel as strings, since a browser would bend them.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

use crate::{
    faults::Fault,
    shop::{ComplianceTopic, Shop},
    shopify::Inner,
    spec::{AddressSpec, ShopSpec},
    state::{CancelRequest, HoldRequest, Refused},
};

const SAFE_INTEGER: i64 = (1 << 53) - 1;

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/_sandbox", get(overview))
        .route("/_sandbox/app", post(app))
        .route("/_sandbox/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_sandbox/faults/{id}", delete(remove_fault))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/deliveries", get(deliveries).delete(clear_deliveries))
        .route("/_sandbox/shops", post(create_shop))
        .route("/_sandbox/shops/{shop}", get(shop))
        .route("/_sandbox/shops/{shop}/install", get(install))
        .route("/_sandbox/shops/{shop}/{action}", post(shop_action))
        .route("/_sandbox/shops/{shop}/orders/{id}", get(order))
        .route("/_sandbox/shops/{shop}/orders/{id}/{action}", post(order_action))
        .route(
            "/_sandbox/shops/{shop}/fulfillment-orders/{id}/{action}",
            post(fulfillment_order_action),
        )
        .route(
            "/_sandbox/shops/{shop}/fulfillments/{id}/cancel",
            post(cancel_fulfillment),
        )
        .with_state(inner)
}

/// Why the control API did not do it.
enum Failure {
    NotFound,
    Invalid(String),
    Refused(Refused),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, json!({ "error": "there is no such thing here" })),
            Self::Invalid(why) => (StatusCode::BAD_REQUEST, json!({ "error": why })),
            Self::Refused(refused) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({ "error": refused.to_string(), "userErrors": refused.0 }),
            ),
        };
        (status, Json(body)).into_response()
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

type Answer = Result<Response, Failure>;

#[derive(Deserialize)]
struct AppSettings {
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct NewShop {
    domain: String,
    #[serde(default)]
    shop: ShopSpec,
}

#[derive(Deserialize)]
struct Move {
    location_id: i64,
    #[serde(default)]
    units: Vec<(i64, i64)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Units {
    units: Vec<(i64, i64)>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Rename {
    variant_id: i64,
    sku: String,
}

async fn overview(State(inner): State<Arc<Inner>>) -> Response {
    let shops: Vec<_> = inner.clone().all_shops().iter().map(summary).collect();
    done(&json!({ "url": inner.url(), "app_url": app_url(&inner), "shops": shops }))
}

async fn app(State(inner): State<Arc<Inner>>, Json(body): Json<Value>) -> Answer {
    let settings: AppSettings = read(body)?;
    if let Some(url) = settings.url {
        inner.set_app_url(Url::parse(&url).map_err(|error| Failure::Invalid(error.to_string()))?);
    }
    Ok(done(&json!({ "app_url": app_url(&inner) })))
}

async fn faults(State(inner): State<Arc<Inner>>) -> Response {
    let list: Vec<_> = inner
        .faults
        .list()
        .into_iter()
        .map(|(id, fault)| json!({ "id": id, "fault": fault }))
        .collect();
    done(&list)
}

async fn add_fault(State(inner): State<Arc<Inner>>, Json(body): Json<Value>) -> Answer {
    let fault: Fault = read(body)?;
    Ok(done(&json!({ "id": inner.faults.add(fault) })))
}

async fn clear_faults(State(inner): State<Arc<Inner>>) -> StatusCode {
    inner.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(inner): State<Arc<Inner>>, Path(id): Path<u64>) -> StatusCode {
    inner.faults.remove(id);
    StatusCode::NO_CONTENT
}

async fn requests(State(inner): State<Arc<Inner>>) -> Response {
    done(&inner.requests.all())
}

async fn clear_requests(State(inner): State<Arc<Inner>>) -> StatusCode {
    inner.requests.clear();
    StatusCode::NO_CONTENT
}

async fn deliveries(State(inner): State<Arc<Inner>>) -> Response {
    done(&inner.webhooks.journal.all())
}

async fn clear_deliveries(State(inner): State<Arc<Inner>>) -> StatusCode {
    inner.webhooks.journal.clear();
    StatusCode::NO_CONTENT
}

async fn create_shop(State(inner): State<Arc<Inner>>, Json(body): Json<Value>) -> Answer {
    let new: NewShop = read(body)?;
    let shop = inner.create_shop(&new.domain, new.shop);
    Ok(done(&summary(&shop)))
}

async fn shop(State(inner): State<Arc<Inner>>, Path(domain): Path<String>) -> Answer {
    Ok(done(&summary(&find(&inner, &domain)?)))
}

/// Sends a browser to the app as a click in the Shopify admin would.
async fn install(State(inner): State<Arc<Inner>>, Path(domain): Path<String>) -> Answer {
    let url = find(&inner, &domain)?
        .install_url()
        .ok_or_else(|| Failure::Invalid("the app has no URL yet: POST /_sandbox/app".to_owned()))?;
    Ok(Redirect::to(url.as_str()).into_response())
}

async fn shop_action(
    State(inner): State<Arc<Inner>>,
    Path((domain, action)): Path<(String, String)>,
    body: Option<Json<Value>>,
) -> Answer {
    let shop = find(&inner, &domain)?;
    let body = body.map_or(Value::Null, |Json(body)| body);
    match action.as_str() {
        "products" => Ok(done(&shop.create_product(read(body)?)?)),
        "orders" => {
            let id = shop.create_order(read(body)?)?;
            Ok(done(&shop.order(id)))
        }
        "skus" => {
            let rename: Rename = read(body)?;
            Ok(done(&shop.rename_sku(rename.variant_id, rename.sku)?))
        }
        "locations" => {
            let name = body["name"]
                .as_str()
                .ok_or_else(|| Failure::Invalid("name is missing".to_owned()))?;
            Ok(done(&json!({ "id": shop.add_location(name) })))
        }
        "uninstall" => Ok(done(&shop.uninstall_app())),
        "install-managed" => {
            let scopes = body["scopes"]
                .as_str()
                .ok_or_else(|| Failure::Invalid("scopes is missing".to_owned()))?;
            Ok(done(&shop.install_managed(scopes)?))
        }
        "redact" => Ok(done(&shop.redact_shop())),
        "expire-access-tokens" => Ok(done(&shop.expire_access_tokens())),
        "expire-refresh-tokens" => Ok(done(&shop.expire_refresh_tokens())),
        "drain-bucket" => {
            let points = body["points"]
                .as_u64()
                .and_then(|points| u32::try_from(points).ok())
                .unwrap_or(0);
            Ok(done(&shop.drain_bucket(points)))
        }
        _ => Err(Failure::NotFound),
    }
}

async fn order(State(inner): State<Arc<Inner>>, Path((domain, id)): Path<(String, i64)>) -> Answer {
    let order = find(&inner, &domain)?.order(id).ok_or(Failure::NotFound)?;
    Ok(done(&order))
}

async fn order_action(
    State(inner): State<Arc<Inner>>,
    Path((domain, id, action)): Path<(String, i64, String)>,
    body: Option<Json<Value>>,
) -> Answer {
    let shop = find(&inner, &domain)?;
    let body = body.map_or(Value::Null, |Json(body)| body);
    match action.as_str() {
        "pay" => shop.mark_paid(id)?,
        "cancel" => shop.cancel_order(id, &or_default::<CancelRequest>(body)?)?,
        "refund" => drop(shop.refund(id, &read(body)?)?),
        "edit" => shop.edit_order(id, &read(body)?)?,
        "address" => shop.change_address(id, read::<AddressSpec>(body)?)?,
        "route" => shop.route_order(id),
        "delete" => shop.delete_order(id)?,
        "customer-data-request" => shop.compliance_customer(ComplianceTopic::DataRequest, id),
        "customer-redact" => shop.compliance_customer(ComplianceTopic::Redact, id),
        _ => return Err(Failure::NotFound),
    }
    Ok(done(&shop.order(id)))
}

async fn fulfillment_order_action(
    State(inner): State<Arc<Inner>>,
    Path((domain, id, action)): Path<(String, i64, String)>,
    body: Option<Json<Value>>,
) -> Answer {
    let shop = find(&inner, &domain)?;
    let body = body.map_or(Value::Null, |Json(body)| body);
    match action.as_str() {
        "hold" => drop(shop.hold(id, or_default::<HoldRequest>(body)?)?),
        "release" => shop.release(id)?,
        "move" => {
            let wish: Move = read(body)?;
            shop.move_to(id, wish.location_id, &wish.units)?;
        }
        "split" => drop(shop.split(id, &or_default::<Units>(body)?.units)?),
        "request" => shop.request_fulfillment(id, or_default::<Units>(body)?.message.as_deref())?,
        "request-cancellation" => shop.request_cancellation(id, or_default::<Units>(body)?.message.as_deref())?,
        "fulfil" => drop(shop.fulfil_by_hand(id, None)?),
        "open-scheduled" => shop.open_scheduled(id)?,
        "report-progress" => shop.report_progress(id)?,
        "mark-open" => shop.mark_open(id)?,
        _ => return Err(Failure::NotFound),
    }
    Ok(done(&()))
}

async fn cancel_fulfillment(State(inner): State<Arc<Inner>>, Path((domain, id)): Path<(String, i64)>) -> Answer {
    Ok(done(&find(&inner, &domain)?.cancel_fulfillment(id)?))
}

fn summary(shop: &Shop) -> Value {
    shop.read(|state| {
        let variants: Vec<_> = state
            .variants
            .values()
            .map(|v| {
                json!({
                    "id": v.id, "product_id": v.product_id, "inventory_item_id": v.inventory_item_id, "sku": v.sku,
                })
            })
            .collect();
        let locations: Vec<_> = state
            .locations
            .values()
            .map(|l| {
                json!({
                    "id": l.id, "name": l.name, "active": l.active, "service_id": l.service_id,
                })
            })
            .collect();
        let subscriptions: Vec<_> = state
            .subscriptions
            .values()
            .map(|s| json!({ "topic": s.topic, "uri": s.uri }))
            .collect();
        json!({
            "id": state.id,
            "domain": state.domain,
            "installed": shop.is_installed(),
            "locations": locations,
            "variants": variants,
            "subscriptions": subscriptions,
            "orders": state.orders.keys().collect::<Vec<_>>(),
        })
    })
}

fn app_url(inner: &Inner) -> Option<String> {
    inner.app_url().map(String::from)
}

fn find(inner: &Arc<Inner>, domain: &str) -> Result<Shop, Failure> {
    inner.clone().shop(domain).ok_or(Failure::NotFound)
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, Failure> {
    serde_json::from_value(numbers(body)).map_err(|error| Failure::Invalid(error.to_string()))
}

fn or_default<T: DeserializeOwned + Default>(body: Value) -> Result<T, Failure> {
    if body.is_null() { Ok(T::default()) } else { read(body) }
}

fn done<T: Serialize>(body: &T) -> Response {
    Json(strings(serde_json::to_value(body).unwrap_or_default())).into_response()
}

/// Long numbers as strings.
fn strings(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_some_and(|n| n.abs() > SAFE_INTEGER) => {
            Value::String(number.to_string())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(strings).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, strings(value))).collect()),
        other => other,
    }
}

/// The reverse: strings that hold nothing but a long number.
fn numbers(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > 15 && text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse::<i64>().map_or(Value::String(text), Value::from)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(numbers).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, numbers(value))).collect()),
        other => other,
    }
}
