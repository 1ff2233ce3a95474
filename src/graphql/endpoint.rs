//! The HTTP side: `POST /graphql` with a JSON body, and in the demo a page to try queries on.
//!
//! Browsers of other sites are kept out twice: by the CSRF layer, and because
//! a JSON content type is never sent across sites unasked.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

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
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let caller = Arc::new(Caller::new(identity, session, client_address(peer, &headers)));
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

/// Where a call came from. A peer on a private network is a proxy in front of
/// us, which appends the address that it saw to the list.
fn client_address(peer: Option<IpAddr>, headers: &HeaderMap) -> String {
    let is_proxy = peer.is_none_or(|peer| match peer.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    });
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|list| list.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    match (is_proxy, forwarded, peer) {
        (true, Some(client), _) => client.to_string(),
        (_, _, Some(peer)) => peer.to_string(),
        (_, _, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_the_last_proxy_alone() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.7, 203.0.113.9"));
        let address = |peer: &str| client_address(peer.parse().ok(), &headers);
        assert_eq!(address("10.0.0.2"), "203.0.113.9");
        assert_eq!(address("192.0.2.1"), "192.0.2.1");
        assert_eq!(client_address("10.0.0.2".parse().ok(), &HeaderMap::new()), "10.0.0.2");
    }
}
