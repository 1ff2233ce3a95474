//! The dashboard's and the portal's files, built into the program.
//!
//! A debug build reads them from `frontend/dist` as they are; a release has
//! them inside. Pages are the browser's to tell apart, so every address that
//! is no file and no API answers with the one page.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/frontend/dist"]
#[allow_missing = true]
struct Dist;

/// First parts of addresses that are never a page.
const NO_PAGES: &[&str] = &[
    "assets",
    "auth",
    "connectors",
    "fulfillment-service",
    "graphql",
    "healthz",
    "metrics",
    "readyz",
    "supplier",
    "webhooks",
];

/// No script, style or frame but our own; the page stands alone, so nobody frames it.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const SECURITY: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What answers where no route does.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .fallback(any(serve))
        // Files only: they hold no secret that compression could give away.
        .layer(CompressionLayer::new())
}

/// One file, or the page.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let mut response = if matches!(*request.method(), Method::GET | Method::HEAD) {
        answer(&path, request.headers().get(header::IF_NONE_MATCH))
    } else {
        StatusCode::NOT_FOUND.into_response()
    };
    for (name, value) in SECURITY {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn answer(path: &str, seen: Option<&HeaderValue>) -> Response {
    if let Some(found) = Dist::get(path) {
        return file(path, found, seen);
    }
    let first = path.split('/').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    if NO_PAGES.contains(&first) || last.contains('.') {
        return StatusCode::NOT_FOUND.into_response();
    }
    match Dist::get("index.html") {
        Some(page) => file("index.html", page, seen),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The dashboard is not built: run make build.\n",
        )
            .into_response(),
    }
}

fn file(path: &str, file: EmbeddedFile, seen: Option<&HeaderValue>) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    // Names under /assets hold a hash of what is in the file.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, tag.clone()),
    ];
    if seen.is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, file.data.into_owned()).into_response()
}

fn content_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    if guess.type_() == "text" {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_an_api_is_never_a_page() {
        for path in [
            "graphql/x",
            "supplier/v1/nothing",
            "assets/gone-1234.js",
            "favicon.ico",
            "webhooks/other",
        ] {
            assert_eq!(answer(path, None).status(), StatusCode::NOT_FOUND, "{path}");
        }
        // Without a build there is no page either, but it is looked for.
        for path in ["", "portal", "orders/0193", "suppliers"] {
            assert_ne!(answer(path, None).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
