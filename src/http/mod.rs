//! Door 1: HTTP. This file is the whole route table.

mod assets;
mod auth;
mod connections;
mod health;
mod impatient;
mod mapping_file;
mod rate;
mod supplier_v1;
mod webhooks;

use std::time::Duration;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::Response,
    routing::{get, post, put},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

pub use connections::{Door, serve};
pub use supplier_v1::document as supplier_openapi;

use crate::{app::App, graphql};

/// The longest that any request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every route of the program.
pub fn router(app: App) -> Router {
    let reports = middleware::from_fn_with_state(supplier_v1::Reports::default(), supplier_v1::bounded);
    Router::new()
        .route("/", get(auth::open))
        .route(
            "/webhooks/shopify",
            post(webhooks::receive).layer(Extension(webhooks::Intake::new(&app))),
        )
        .route("/auth/shopify", get(auth::begin))
        .route("/auth/shopify/callback", get(auth::callback))
        .route("/supplier/v1/openapi.json", get(supplier_v1::serve))
        .route("/supplier/v1/purchase-orders", get(supplier_v1::list))
        .route("/supplier/v1/purchase-orders/{id}", get(supplier_v1::read))
        .route(
            "/supplier/v1/purchase-orders/{id}/acknowledgements",
            post(supplier_v1::acknowledge).layer(reports.clone()),
        )
        .route(
            "/supplier/v1/purchase-orders/{id}/shipments",
            post(supplier_v1::ship).layer(reports.clone()),
        )
        .route(
            "/supplier/v1/purchase-orders/{id}/shipments/{reference}/tracking",
            put(supplier_v1::correct).layer(reports.clone()),
        )
        .route(
            "/supplier/v1/purchase-orders/{id}/cancellation",
            post(supplier_v1::answer).layer(reports.clone()),
        )
        .route("/supplier/v1/inventory", put(supplier_v1::put_inventory).layer(reports))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .merge(mapping_file::routes(&app))
        .merge(graphql::routes(&app))
        .merge(assets::routes())
        // Every handler reads its body by its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIMEOUT,
        ))
        .layer(middleware::map_response(say_when_to_retry))
        .layer(CatchPanicLayer::new())
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(app)
}

/// A request that took too long is answered by its layer, which does not say when to come back.
async fn say_when_to_retry(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers
            .entry(header::RETRY_AFTER)
            .or_insert(HeaderValue::from_static("2"));
    }
    response
}

/// Method and path only: queries may carry codes and signatures.
fn span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let path = request.uri().path();
    // The one page whose path is a secret: the link lets its reader in.
    let path = if path.starts_with("/invitation/") {
        "/invitation/…"
    } else {
        path
    };
    tracing::info_span!("http", method = %request.method(), path, id)
}
