//! OAuth on the wire: the authorize page, its consent, and the token endpoint with every grant
//! type that Shopify has. The rules of codes and tokens are `tokens.rs`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, Path, RawForm, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    faults::AnswerFault,
    log::RequestRecord,
    scopes::Scopes,
    server::Cut,
    shop::Shop,
    shopify::Inner,
    signing,
    tokens::{Installed, Issued, Lives},
};

const CODE: &str = "authorization_code";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const OFFLINE: &str = "urn:shopify:params:oauth:token-type:offline-access-token";

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/{shop}/admin/oauth/authorize", get(authorize).post(approve))
        .route("/{shop}/admin/oauth/install", get(install))
        .route("/{shop}/admin/oauth/access_token", post(access_token))
        .with_state(inner)
}

/// What an app asks for on the authorize page, once checked.
struct Asked {
    scopes: Scopes,
    redirect: Url,
    state: Option<String>,
}

async fn authorize(State(inner): State<Arc<Inner>>, Path(shop): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let Some(shop) = inner.clone().shop(&shop) else {
        return no_shop();
    };
    let asked = match check(&inner, &query) {
        Ok(asked) => asked,
        Err(message) => return refusal_page(&message),
    };
    let granted = shop
        .cell
        .grant()
        .installed
        .as_ref()
        .map(|installed| installed.scopes.clone());
    if inner.config.auto_approve || granted.as_ref() == Some(&asked.scopes) {
        return grant(&shop, asked);
    }
    Html(consent_page(&shop, &asked, &query)).into_response()
}

/// The consent page's button.
async fn approve(State(inner): State<Arc<Inner>>, Path(shop): Path<String>, RawForm(form): RawForm) -> Response {
    let Some(shop) = inner.clone().shop(&shop) else {
        return no_shop();
    };
    match check(&inner, &String::from_utf8_lossy(&form)) {
        Ok(asked) => grant(&shop, asked),
        Err(message) => refusal_page(&message),
    }
}

/// An install link: sends the merchant to the app with a signed query.
async fn install(State(inner): State<Arc<Inner>>, Path(shop): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(shop) = inner.clone().shop(&shop) else {
        return no_shop();
    };
    let query: HashMap<String, String> = parse(&query.unwrap_or_default());
    if query.get("client_id") != Some(&inner.config.client_id) {
        return refusal_page("invalid_request: the client_id is not known");
    }
    match shop.install_url() {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None => refusal_page("the app has no URL yet"),
    }
}

fn check(inner: &Inner, query: &str) -> Result<Asked, String> {
    let query = parse(query);
    let client_id = query.get("client_id").map(String::as_str).unwrap_or_default();
    if client_id != inner.config.client_id {
        return Err("invalid_request: the client_id is not known".to_owned());
    }
    let redirect = query.get("redirect_uri").cloned().unwrap_or_default();
    if !inner.redirect_allowed(&redirect) {
        return Err("invalid_request: The redirect_uri is not whitelisted".to_owned());
    }
    let redirect = Url::parse(&redirect).map_err(|_| "invalid_request: The redirect_uri is not a URL".to_owned())?;
    let wanted = query.get("scope").map(String::as_str).unwrap_or_default();
    let scopes =
        Scopes::parse(wanted).map_err(|scope| format!("invalid_scope: {scope} is not a valid access scope"))?;
    if query.get("grant_options[]").is_some_and(|option| option == "per-user") {
        return Err("the sandbox does not play online tokens".to_owned());
    }
    Ok(Asked {
        scopes: scopes.without(&inner.config.withheld_scopes),
        redirect,
        state: query.get("state").cloned(),
    })
}

/// Sends the merchant back to the app with a signed code.
fn grant(shop: &Shop, asked: Asked) -> Response {
    let inner = &shop.inner;
    let now = inner.config.clock.now();
    let code = shop.cell.grant().new_code(asked.scopes, now);
    let mut pairs = vec![
        ("code".to_owned(), code),
        ("host".to_owned(), shop.host()),
        ("shop".to_owned(), shop.cell.domain.clone()),
    ];
    pairs.extend(asked.state.map(|state| ("state".to_owned(), state)));
    pairs.push(("timestamp".to_owned(), now.timestamp().to_string()));
    let hmac = signing::query_signature(&inner.signing_secret(), &pairs);
    let mut redirect = asked.redirect;
    redirect
        .query_pairs_mut()
        .extend_pairs(pairs)
        .append_pair("hmac", &hmac);
    // Shopify answers 302, axum's helper for it is gone.
    (StatusCode::FOUND, [(header::LOCATION, redirect.to_string())]).into_response()
}

async fn access_token(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path(domain): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(shop) = inner.clone().shop(&domain) else {
        return no_shop();
    };
    let fields = token_fields(&headers, &body);
    let name = match fields.get("grant_type").map(String::as_str) {
        // Shopify asks for no grant type here, and takes the standard's.
        None | Some(CODE) => "code",
        Some(TOKEN_EXCHANGE) => "token_exchange",
        Some(other) => other,
    };
    let fault = inner.faults.on_token(name);
    let early = match fault {
        Some(AnswerFault::ErrorBefore { status }) => StatusCode::from_u16(status).ok(),
        Some(AnswerFault::Throttled) => Some(StatusCode::TOO_MANY_REQUESTS),
        Some(AnswerFault::Unauthorized) => Some(StatusCode::UNAUTHORIZED),
        _ => None,
    };
    if let Some(AnswerFault::Delay { ms }) = fault {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let (status, answer) = match early {
        Some(status) => (status, json!({ "error": "invalid_request" })),
        None => match issue(&shop, &fields) {
            Ok(issued) => (StatusCode::OK, issued),
            Err((status, error)) => (status, json!({ "error": error.0, "error_description": error.1 })),
        },
    };
    let lost = fault == Some(AnswerFault::LostAnswer);
    inner.requests.push(RequestRecord {
        at: inner.config.clock.now(),
        shop: domain.clone(),
        method: "POST".to_owned(),
        path: format!("/{domain}/admin/oauth/access_token"),
        operation: Some(name.to_owned()),
        fields: Vec::new(),
        variables: Value::Null,
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
    (status, Json(answer)).into_response()
}

type TokenError = (StatusCode, (&'static str, &'static str));

fn issue(shop: &Shop, fields: &HashMap<String, String>) -> Result<Value, TokenError> {
    let inner = &shop.inner;
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if get("client_id") != inner.config.client_id {
        return Err((
            StatusCode::BAD_REQUEST,
            ("application_cannot_be_found", "The application cannot be found"),
        ));
    }
    let secret = inner
        .secrets()
        .into_iter()
        .find(|known| signing::same(known, get("client_secret")));
    let Some(secret) = secret else {
        return Err((
            StatusCode::BAD_REQUEST,
            ("invalid_client", "The client secret is invalid"),
        ));
    };
    let lives = Lives {
        access: inner.config.access_token_life,
        refresh: inner.config.refresh_token_life,
    };
    let now = inner.config.clock.now();
    let expiring = get("expiring") == "1";
    let issued = match fields.get("grant_type").map(String::as_str) {
        None | Some(CODE) => {
            let mut grant = shop.cell.grant();
            let scopes = grant.redeem(get("code"), now).ok_or((
                StatusCode::BAD_REQUEST,
                (
                    "invalid_request",
                    "The authorization code was not found or was already used",
                ),
            ))?;
            grant.installed = Some(Installed { scopes });
            grant.acquire(expiring, &secret, lives, now)
        }
        Some("refresh_token") => shop.cell.grant().refresh(get("refresh_token"), &secret, lives, now),
        Some("client_credentials") => {
            if !inner.config.same_organization {
                return Err((
                    StatusCode::BAD_REQUEST,
                    (
                        "shop_not_permitted",
                        "Client credentials cannot be performed on this shop",
                    ),
                ));
            }
            shop.cell.grant().client_credentials(&secret, now)
        }
        Some(TOKEN_EXCHANGE) => exchange(shop, fields, &secret, lives)?,
        Some(_) => {
            return Err((
                StatusCode::BAD_REQUEST,
                ("unsupported_grant_type", "The grant type is not supported"),
            ));
        }
    };
    issued.map(|issued| answer(&issued)).ok_or((
        StatusCode::UNAUTHORIZED,
        ("invalid_request", "The request is not valid"),
    ))
}

/// Token exchange: an ID token for an offline token, or a permanent token for an expiring one.
fn exchange(
    shop: &Shop,
    fields: &HashMap<String, String>,
    secret: &str,
    lives: Lives,
) -> Result<Option<Issued>, TokenError> {
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let now = shop.inner.config.clock.now();
    if get("requested_token_type") != OFFLINE {
        return Err((
            StatusCode::BAD_REQUEST,
            ("invalid_request", "The sandbox exchanges for offline tokens alone"),
        ));
    }
    let subject = get("subject_token");
    let fits = match get("subject_token_type") {
        ID_TOKEN => shop
            .inner
            .secrets()
            .iter()
            .any(|secret| id_token_fits(shop, secret, subject)),
        OFFLINE => get("expiring") == "1" && shop.cell.grant().is_permanent(subject),
        _ => false,
    };
    if !fits {
        return Err((
            StatusCode::BAD_REQUEST,
            ("invalid_subject_token", "The subject token is invalid"),
        ));
    }
    Ok(shop.cell.grant().acquire(get("expiring") == "1", secret, lives, now))
}

fn id_token_fits(shop: &Shop, secret: &str, token: &str) -> bool {
    let Some(claims) = signing::verify_jwt(secret, token) else {
        return false;
    };
    let now = shop.inner.config.clock.now().timestamp();
    claims["dest"] == format!("https://{}", shop.cell.domain)
        && claims["aud"] == shop.inner.config.client_id.as_str()
        && claims["exp"].as_i64().is_some_and(|exp| exp > now)
        && claims["nbf"].as_i64().is_some_and(|nbf| nbf <= now)
}

/// Shopify's reply: no `token_type`, scopes joined by commas.
fn answer(issued: &Issued) -> Value {
    let mut answer = json!({ "access_token": issued.access_token, "scope": issued.scope });
    if let Some(expires_in) = issued.expires_in {
        answer["expires_in"] = json!(expires_in);
    }
    if let Some((token, expires_in)) = &issued.refresh {
        answer["refresh_token"] = json!(token);
        answer["refresh_token_expires_in"] = json!(expires_in);
    }
    answer
}

/// JSON or form, as the content type says.
fn token_fields(headers: &HeaderMap, body: &[u8]) -> HashMap<String, String> {
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/json"));
    if !json {
        return parse(&String::from_utf8_lossy(body));
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return HashMap::new();
    };
    fields
        .into_iter()
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((key, text)),
            Value::Number(number) => Some((key, number.to_string())),
            _ => None,
        })
        .collect()
}

fn parse(query: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn no_shop() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "errors": "Not Found" }))).into_response()
}

fn refusal_page(message: &str) -> Response {
    let page = format!(
        "<!doctype html><title>Oauth error</title><h1>Oauth error</h1><p>{}</p>",
        escape(message)
    );
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

fn consent_page(shop: &Shop, asked: &Asked, query: &str) -> String {
    let (mut fields, mut scopes) = (String::new(), String::new());
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        for part in [
            "<input type=hidden name=\"",
            &escape(&key),
            "\" value=\"",
            &escape(&value),
            "\">",
        ] {
            fields.push_str(part);
        }
    }
    for scope in asked.scopes.handles() {
        for part in ["<li>", &escape(&scope), "</li>"] {
            scopes.push_str(part);
        }
    }
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Install app</title>\
         <body style=\"font-family:system-ui;max-width:40rem;margin:4rem auto\">\
         <h1>Install app on {}</h1><p>The app will be able to:</p><ul>{scopes}</ul>\
         <form method=post>{fields}<button type=submit>Install</button></form>",
        escape(&shop.cell.domain)
    )
}

/// Text as it may stand in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
