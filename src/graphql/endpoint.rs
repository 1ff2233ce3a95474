//! The HTTP side: `POST /graphql` with a JSON body, and in the demo a page to try queries on.
//!
//! Browsers of other sites are kept out twice: by the CSRF layer, and because
//! a JSON content type is never sent across sites unasked.

use std::{net::SocketAddr, sync::Arc};

use async_graphql::{Request, http::GraphiQLSource};
use async_graphql_axum::GraphQLResponse;
use axum::{
    Extension, Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderValue, header},
    response::{Html, IntoResponse, Response},
    routing::post,
};
use axum_extra::extract::CookieJar;
use tower_http::csrf::CsrfLayer;

use super::{
    loaders::Loaders,
    schema::{self, Schema},
    viewer::Caller,
};
use crate::{
    actions::{
        authenticate,
        record_security_event::{self, SecurityEventKind},
        sign_in,
    },
    app::App,
    error::AppError,
    peer,
};

/// The largest query with its variables, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// The routes of this door.
pub fn routes(app: &App) -> Router<App> {
    let origin = app.config.shopify.app_url.origin().ascii_serialization();
    let csrf = CsrfLayer::new();
    // An origin that cannot be trusted by name leaves only same-origin calls.
    let csrf = csrf.clone().add_trusted_origin(origin).unwrap_or(csrf);
    let mut graphql = post(execute);
    if app.config.demo {
        graphql = graphql.get(playground);
    }
    Router::new()
        .route("/graphql", graphql)
        .layer(Extension(schema::build(app)))
        .layer(csrf)
}

async fn execute(
    State(app): State<App>,
    Extension(schema): Extension<Schema>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    cookies: CookieJar,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, AppError> {
    if !is_json(&headers) {
        return Err(AppError::Invalid {
            field: None,
            message: "send the query as JSON, with the content type application/json".to_owned(),
        });
    }
    let body = crate::body::read(body, MOST_BYTES).await?;
    let request = read(&body)?;
    let session = cookies.get(sign_in::COOKIE).map(|cookie| cookie.value().to_owned());
    let identity = identify(&app, &headers, session.as_deref()).await?;
    let address = peer::client_address(peer.map(|Extension(ConnectInfo(peer))| peer.ip()), &headers);
    let caller = Arc::new(Caller::new(identity, session, address));
    let request = request.data(Loaders::new(&app, Arc::clone(&caller))).data(caller);
    let mut response = GraphQLResponse::from(schema.execute(request).await).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One request: a list of them would go around the limits on one.
fn read(body: &[u8]) -> Result<Request, AppError> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let request: Option<Request> = serde_json::from_slice(body).ok().filter(|_| is_object);
    let invalid = |message: &str| AppError::Invalid {
        field: None,
        message: message.to_owned(),
    };
    let request = request.ok_or_else(|| invalid("the body must be one GraphQL request as a JSON object"))?;
    // In a variable it is a character, in the query's own texts its spelling.
    if crate::body::holds_nul(body) || request.query.contains("\\u0000") {
        return Err(invalid("no text may hold the character U+0000"));
    }
    Ok(request)
}

async fn playground() -> Html<String> {
    Html(GraphiQLSource::build().endpoint("/graphql").finish())
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// A token, where one is shown, else the session of the cookie. A wrong token
/// is an error; a session that is over is nobody.
async fn identify(
    app: &App,
    headers: &HeaderMap,
    session: Option<&str>,
) -> Result<Option<authenticate::Identity>, AppError> {
    if let Some(shown) = headers.get(header::AUTHORIZATION) {
        let token = shown
            .to_str()
            .ok()
            .and_then(|shown| shown.strip_prefix("Bearer "))
            .map(str::trim);
        let found = match token {
            Some(token) => authenticate::by_token(app, token).await?,
            None => None,
        };
        if found.is_none() {
            let detail = "a token that is unknown, revoked or not for this door";
            record_security_event::record(app, SecurityEventKind::BadApiKey, "/graphql", detail).await;
            return Err(AppError::Unauthenticated);
        }
        return Ok(found);
    }
    match session {
        Some(token) => authenticate::by_session(app, token).await,
        None => Ok(None),
    }
}
