//! `GET /auth/shopify` and its callback: the browser's side of an installation.
//!
//! Shopify opens the app at `/`, with a signed query: whoever comes that way is
//! led through the installation, which lets them in where the app is installed already.

use std::{net::SocketAddr, sync::LazyLock};

use axum::{
    Extension,
    extract::{ConnectInfo, RawQuery, Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use webhooks::ShopDomain;

use crate::{
    actions::{
        install_shop::{self, InstallError, Installed, TokenError},
        record_security_event::{self, SecurityEventKind},
    },
    app::App,
    config::Grant,
    error::AppError,
    peer::client_address,
};

use super::{assets, rate::Limiter};

/// Holds the state of the installation that this browser began.
const STATE_COOKIE: &str = "orderyard_install";
const COOKIE_PATH: &str = "/auth/shopify";

/// Anybody may begin an installation, which is remembered for a while: once a
/// second in the long run from one address, 60 times at once.
static LIMITER: LazyLock<Limiter<String>> = LazyLock::new(|| Limiter::new(1000, 60));

/// `GET /`: the dashboard, or the way into it from the shop's admin.
pub async fn open(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    jar: CookieJar,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    request: Request,
) -> Result<Response, AppError> {
    match query {
        Some(query) if is_signed(&query) => {
            let headers = request.headers().clone();
            begin(State(app), RawQuery(Some(query)), jar, peer, headers).await
        }
        _ => Ok(assets::serve(request).await),
    }
}

fn is_signed(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("hmac="))
}

/// Sends the browser to the shop's consent page.
pub async fn begin(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    jar: CookieJar,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let address = client_address(peer, &headers);
    LIMITER.take(address, app.clock.now_ms()).map_err(AppError::TooMany)?;
    let query = query.unwrap_or_default();
    // A link from the shop's admin is signed; one typed by hand has no signature to check.
    let signed = is_signed(&query);
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
    match app.config.shopify.grant {
        Grant::AuthorizationCode => {}
        // There is no consent page: only Shopify's signature tells that this is somebody of the shop.
        Grant::ClientCredentials if signed => {
            let installed = install_shop::install_by_client_credentials(&app, &shop).await;
            return signed_in(&app, jar, &installed.map_err(|error| error_of(&error))?);
        }
        Grant::ClientCredentials => {
            let how = "open the app from the shop's admin: with SHOPIFY_GRANT=client_credentials only Shopify's link installs";
            return Err(AppError::Forbidden(how.to_owned()));
        }
    }
    let begun = install_shop::begin(&app, &shop)
        .await
        .map_err(|error| error_of(&error))?;
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
    signed_in(&app, jar, &installed)
}

/// To the dashboard, with a session.
fn signed_in(app: &App, jar: CookieJar, installed: &Installed) -> Result<Response, AppError> {
    let mut response = (jar, Redirect::to("/")).into_response();
    let cookie = installed
        .session
        .cookie(app)
        .parse()
        .map_err(|_| AppError::Internal("a cookie is no text".to_owned()))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn refuse(app: &App, error: &InstallError) -> AppError {
    if matches!(
        error,
        InstallError::Signature(_)
            | InstallError::State
            | InstallError::Shop
            | InstallError::OtherShop
            | InstallError::Token(TokenError::Terminal { .. })
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

fn error_of(error: &InstallError) -> AppError {
    match error {
        InstallError::Shop => AppError::invalid("shop", error.to_string()),
        InstallError::Missing(name) => AppError::invalid(*name, error.to_string()),
        InstallError::Signature(_) | InstallError::State | InstallError::Scopes(_) | InstallError::OtherShop => {
            AppError::Forbidden(error.to_string())
        }
        // The code was made up, used up, or another app's: asking again changes nothing.
        InstallError::Token(TokenError::Terminal { .. }) => AppError::Forbidden(error.to_string()),
        InstallError::Token(TokenError::Retry { .. }) | InstallError::Api(_) => {
            AppError::Unavailable(error.to_string())
        }
        InstallError::Origin(_) | InstallError::Seal(_) | InstallError::Database(_) => {
            AppError::Internal(error.to_string())
        }
    }
}
