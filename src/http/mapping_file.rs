//! `/files/mappings.csv`: the shop's mappings as a table, to take away and to bring back.
//!
//! For staff by their session, and for scripts by a token of the shop's.
//! Browsers of other sites are kept out as at `/graphql`: by the CSRF layer, and
//! by a content type that is never sent across sites unasked.

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_extra::extract::CookieJar;
use futures::stream;
use serde::Deserialize;
use serde_json::json;
use tower_http::csrf::CsrfLayer;

use crate::{
    actions::{
        authenticate::{self, Identity, READ, WRITE},
        export_mappings, import_mappings, sign_in,
    },
    app::App,
    domain::mapping_csv,
    error::AppError,
    ids::ShopId,
};

/// The routes, kept from other sites.
pub fn routes(app: &App) -> Router<App> {
    let origin = app.config.shopify.app_url.origin().ascii_serialization();
    let csrf = CsrfLayer::new();
    let csrf = csrf.clone().add_trusted_origin(origin).unwrap_or(csrf);
    Router::new()
        .route("/files/mappings.csv", get(export).post(import))
        .layer(csrf)
}

async fn export(State(app): State<App>, cookies: CookieJar, headers: HeaderMap) -> Result<Response, AppError> {
    let (shop, _) = shop_of(&app, &cookies, &headers, &[READ, WRITE]).await?;
    // One piece in memory at a time, as fast as it is taken away.
    let pieces = stream::try_unfold((app, Some(None), true), move |(app, after, is_first)| async move {
        let Some(after) = after else { return Ok(None) };
        let piece = export_mappings::piece(app.db.read(), shop, after).await;
        let piece = piece.map_err(AppError::from).inspect_err(AppError::log)?;
        let begin = if is_first {
            mapping_csv::heading()
        } else {
            String::new()
        };
        let (text, next) = piece.map_or((String::new(), None), |(text, last)| (text, Some(Some(last))));
        Ok::<_, AppError>(Some((Bytes::from(begin + &text), (app, next, false))))
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"mappings.csv\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

#[derive(Debug, Deserialize)]
struct How {
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
}

async fn import(
    State(app): State<App>,
    Query(how): Query<How>,
    cookies: CookieJar,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, AppError> {
    let (shop, identity) = shop_of(&app, &cookies, &headers, &[WRITE]).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("text/csv") {
        return Err(AppError::Invalid {
            field: None,
            message: "send the table with the content type text/csv".to_owned(),
        });
    }
    let bytes = crate::body::read(body, mapping_csv::MOST_BYTES).await?;
    let done = import_mappings::import_mappings(&app, shop, &bytes, how.dry_run, &identity.actor()).await?;
    let errors = done.errors.iter();
    let errors: Vec<_> = errors
        .map(|error| json!({ "row": error.line, "field": error.field, "message": error.message }))
        .collect();
    let answer = json!({
        "dryRun": how.dry_run,
        "rows": done.rows,
        "variants": done.variants,
        "errors": errors,
        "moreErrors": done.more_errors,
    });
    Ok((
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(answer),
    )
        .into_response())
}

/// The shop for which somebody asks who may. A token that is shown counts alone.
async fn shop_of(
    app: &App,
    cookies: &CookieJar,
    headers: &HeaderMap,
    any_of: &[&str],
) -> Result<(ShopId, Identity), AppError> {
    let identity = if let Some(shown) = headers.get(header::AUTHORIZATION) {
        let token = shown.to_str().ok().and_then(|shown| shown.strip_prefix("Bearer "));
        authenticate::by_token(app, token.unwrap_or_default().trim()).await?
    } else {
        match cookies.get(sign_in::COOKIE) {
            Some(cookie) => authenticate::by_session(app, cookie.value()).await?,
            None => None,
        }
    };
    let identity = identity.ok_or(AppError::Unauthenticated)?;
    let shop = match &identity {
        Identity::SupplierUser { .. } => return Err(AppError::Forbidden("this is for a shop's staff".to_owned())),
        Identity::Token { scopes, .. } if !scopes.iter().any(|scope| any_of.contains(&scope.as_str())) => {
            let message = format!("this token lacks the scope {}", any_of.join(" or "));
            return Err(AppError::Forbidden(message));
        }
        Identity::Staff { shop, .. } | Identity::Token { shop, .. } => *shop,
    };
    Ok((shop, identity))
}
