//! `GET /auth/shopify` and its callback: the browser's side of an installation.

use axum::{
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use webhooks::ShopDomain;

use crate::{
    actions::{
        install_shop::{self, InstallError},
        record_security_event::{self, SecurityEventKind},
    },
    app::App,
    error::AppError,
};

/// Holds the state of the installation that this browser began.
const STATE_COOKIE: &str = "orderyard_install";
const COOKIE_PATH: &str = "/auth/shopify";

/// Sends the browser to the shop's consent page.
pub async fn begin(State(app): State<App>, RawQuery(query): RawQuery, jar: CookieJar) -> Result<Response, AppError> {
    let query = query.unwrap_or_default();
    // A link from the shop's admin is signed; one typed by hand has no signature to check.
    let signed = query.split('&').any(|pair| pair.starts_with("hmac="));
    let shop = if signed {
        let verified = app.config.shopify.signatures.verify_query(&query, app.clock.now());
        match verified
            .map_err(InstallError::from)
            .and_then(|query| query.shop().map_err(|_| InstallError::Shop))
        {
            Ok(shop) => shop,
            Err(error) => return Err(refuse(&app, &error).await),
        }
    } else {
        let value = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "shop");
        let value = value
            .ok_or_else(|| AppError::invalid("shop", "is missing: /auth/shopify?shop=NAME.myshopify.com"))?
            .1;
        ShopDomain::parse(&value).map_err(|error| AppError::invalid("shop", error.to_string()))?
    };
    let begun = install_shop::begin(&app, &shop).await.map_err(to_app_error)?;
    let cookie = Cookie::build((STATE_COOKIE, begun.state))
        .path(COOKIE_PATH)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.shopify.app_url.scheme() == "https")
        .build();
    Ok((jar.add(cookie), Redirect::to(begun.authorize_url.as_str())).into_response())
}

/// Takes the browser back from the consent page.
pub async fn callback(State(app): State<App>, RawQuery(query): RawQuery, jar: CookieJar) -> Result<Response, AppError> {
    let state = jar.get(STATE_COOKIE).map(|cookie| cookie.value().to_owned());
    let installed = match install_shop::complete(&app, &query.unwrap_or_default(), state.as_deref()).await {
        Ok(installed) => installed,
        Err(error) => return Err(refuse(&app, &error).await),
    };
    let jar = jar.remove(Cookie::build(STATE_COOKIE).path(COOKIE_PATH).build());
    let mut response = (jar, Redirect::to("/")).into_response();
    let cookie = installed
        .session
        .cookie(&app)
        .parse()
        .map_err(|_| AppError::Internal("a cookie is no text".to_owned()))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn refuse(app: &App, error: &InstallError) -> AppError {
    if matches!(
        error,
        InstallError::Signature(_) | InstallError::State | InstallError::Shop | InstallError::OtherShop
    ) {
        record_security_event::record(
            app,
            SecurityEventKind::BadInstallCallback,
            "install",
            &error.to_string(),
        )
        .await;
    }
    error_of(error)
}

fn to_app_error(error: InstallError) -> AppError {
    error_of(&error)
}

fn error_of(error: &InstallError) -> AppError {
    match error {
        InstallError::Signature(_) => AppError::Forbidden(error.to_string()),
        InstallError::State => AppError::Forbidden(error.to_string()),
        InstallError::Shop => AppError::invalid("shop", error.to_string()),
        InstallError::Missing(name) => AppError::invalid(*name, error.to_string()),
        InstallError::Scopes(_) | InstallError::OtherShop => AppError::Forbidden(error.to_string()),
        InstallError::Token(_) | InstallError::Api(_) => AppError::Unavailable(error.to_string()),
        InstallError::Origin(_) | InstallError::Seal(_) | InstallError::Database(_) => {
            AppError::Internal(error.to_string())
        }
    }
}
