//! Getting and refreshing access tokens.
//!
//! Follows the standard through the `oauth2` crate where Shopify does: the
//! authorization code, refresh and client credentials grants. Owns the forms
//! and what a failure means. Leaves to `actions`: the state nonce, one refresher
//! per shop at a time, and storing the pair before it is used.

use std::{pin::Pin, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RefreshToken, RequestTokenError, Scope,
    StandardRevocableToken, TokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use webhooks::ShopDomain;

use super::{
    client::{retry_after, root_cause},
    origin::{Http, Origin, OriginError, ReadError, read_limited},
    scopes::Scopes,
};

/// An access token and, except with client credentials, what renews it.
#[derive(Clone, Debug)]
pub struct TokenPair {
    pub access_token: SecretString,
    pub expires_at: DateTime<Utc>,
    pub refresh_token: Option<SecretString>,
    pub refresh_expires_at: Option<DateTime<Utc>>,
    pub scopes: Scopes,
}

/// Why there is no new token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The code or token is used up, revoked or not ours; asking again gives the
    /// same. For a refresh: the shop's owner has to open the app again.
    #[error("Shopify refused the grant ({code})")]
    Terminal { code: String },
    /// The same request may be sent again: Shopify keeps a presented refresh
    /// token usable until its successor is used.
    #[error("no answer from Shopify's token endpoint: {why}")]
    Retry { why: String, after: Option<Duration> },
}

/// A failed refresh: `Terminal` means *needs reconnect*, `Retry` means later
/// with the same stored token.
pub type RefreshError = TokenError;

/// The app as Shopify knows it, at every shop's token endpoint.
#[derive(Clone, Debug)]
pub struct OAuth {
    http: Http,
    origin: Origin,
    client_id: String,
    /// The newest of the app's secrets; the others only verify.
    client_secret: SecretString,
    timeout: Duration,
}

const AUTHORIZE_PATH: &str = "/admin/oauth/authorize";
const TOKEN_PATH: &str = "/admin/oauth/access_token";
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);
const TOKEN_ANSWER_BYTES: usize = 64 * 1024;

/// Shopify has left the lifetime out of some answers.
const DEFAULT_LIFETIME_SECONDS: u64 = 3600;
const DEFAULT_REFRESH_LIFETIME_SECONDS: u64 = 90 * 24 * 3600;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const OFFLINE_TOKEN: &str = "urn:shopify:params:oauth:token-type:offline-access-token";

impl OAuth {
    pub fn new(http: Http, origin: Origin, client_id: String, client_secret: SecretString) -> Self {
        Self {
            http,
            origin,
            client_id,
            client_secret,
            timeout: TOKEN_TIMEOUT,
        }
    }

    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Where to send the shop's owner to approve the app. `state` must be
    /// unguessable, used once, and bound to the browser.
    pub fn authorize_url(
        &self,
        shop: &ShopDomain,
        scopes: &Scopes,
        redirect_uri: &Url,
        state: &str,
    ) -> Result<Url, OriginError> {
        let client = self.client(shop)?;
        let (url, _) = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            // The crate would join scopes with spaces; Shopify wants commas.
            .add_extra_param("scope", scopes.to_string())
            .set_redirect_uri(std::borrow::Cow::Owned(oauth2::RedirectUrl::from_url(
                redirect_uri.clone(),
            )))
            .url();
        Ok(url)
    }

    /// Exchanges the code of a callback for an expiring offline token.
    pub async fn exchange_code(
        &self,
        shop: &ShopDomain,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, TokenError> {
        let client = self.client(shop).map_err(misconfigured)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .add_extra_param("expiring", "1");
        let tokens = request.request_async(self).await.map_err(failure)?;
        Ok(tokens.into_pair(now))
    }

    /// Trades a refresh token for a new pair. Store the pair before using it.
    pub async fn refresh(
        &self,
        shop: &ShopDomain,
        refresh_token: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, RefreshError> {
        let client = self.client(shop).map_err(misconfigured)?;
        let old = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let request = client.exchange_refresh_token(&old);
        let tokens = request.request_async(self).await.map_err(failure)?;
        Ok(tokens.into_pair(now))
    }

    /// A token for a shop of the app's own organization. Ask again when it ends.
    pub async fn client_credentials(&self, shop: &ShopDomain, now: DateTime<Utc>) -> Result<TokenPair, TokenError> {
        let client = self.client(shop).map_err(misconfigured)?;
        let request = client.exchange_client_credentials();
        let tokens = request.request_async(self).await.map_err(failure)?;
        Ok(tokens.into_pair(now))
    }

    /// Trades a verified session token for an expiring offline token. This grant
    /// (RFC 8693) is not in the `oauth2` crate.
    pub async fn exchange_session_token(
        &self,
        shop: &ShopDomain,
        session_token: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, TokenError> {
        let url = self.origin.url(shop, TOKEN_PATH).map_err(misconfigured)?;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .append_pair("grant_type", TOKEN_EXCHANGE)
            .append_pair("subject_token", session_token)
            .append_pair("subject_token_type", ID_TOKEN)
            .append_pair("requested_token_type", OFFLINE_TOKEN)
            .append_pair("expiring", "1")
            .finish();
        let request = http::Request::post(url.as_str())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(form.into_bytes())
            .map_err(|error| retry(error.to_string()))?;
        let response = self
            .send(request)
            .await
            .map_err(|Unanswered { why, after }| TokenError::Retry { why, after })?;
        if response.status() == StatusCode::OK {
            return serde_json::from_slice::<Tokens>(response.body())
                .map(|tokens| tokens.into_pair(now))
                .map_err(|_| unreadable());
        }
        let refusal: BasicErrorResponse = serde_json::from_slice(response.body()).map_err(|_| unreadable())?;
        Err(terminal(&refusal))
    }

    fn client(&self, shop: &ShopDomain) -> Result<StandardClient, OriginError> {
        let authorize = self.origin.url(shop, AUTHORIZE_PATH)?;
        let token = self.origin.url(shop, TOKEN_PATH)?;
        Ok(oauth2::Client::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.client_secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(authorize))
            .set_token_uri(TokenUrl::from_url(token)))
    }

    /// Sends one request to the token endpoint. What says nothing about the
    /// grant (overload, trouble at Shopify) becomes an error here, so that
    /// nobody takes it for a refusal.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let (parts, body) = request.into_parts();
        let response = self
            .http
            .client()
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .timeout(self.timeout)
            .body(body)
            .send()
            .await
            .map_err(|error| Unanswered::new(root_cause(&error)))?;
        let status = response.status();
        if !(status.is_success() || status.is_client_error()) || matches!(status.as_u16(), 408 | 423 | 429 | 430) {
            return Err(Unanswered {
                why: format!("HTTP {}", status.as_u16()),
                after: retry_after(response.headers()),
            });
        }
        let body = read_limited(response, TOKEN_ANSWER_BYTES)
            .await
            .map_err(|error| match error {
                ReadError::TooLarge => Unanswered::new("the answer is too large".to_owned()),
                ReadError::Lost(error) => Unanswered::new(root_cause(&error)),
            })?;
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        Ok(answer)
    }
}

/// Boxed, so that whoever awaits a token stays movable between threads.
impl<'c> AsyncHttpClient<'c> for OAuth {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

type StandardClient = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The token endpoint's answer, which is not quite the standard's: no
/// `token_type`, scopes with commas, a lifetime for the refresh token.
#[derive(Debug, Serialize, Deserialize)]
struct Tokens {
    access_token: AccessToken,
    #[serde(default)]
    scope: Scopes,
    expires_in: Option<u64>,
    refresh_token: Option<RefreshToken>,
    refresh_token_expires_in: Option<u64>,
}

impl TokenResponse for Tokens {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl Tokens {
    fn into_pair(self, now: DateTime<Utc>) -> TokenPair {
        let after = |seconds: u64| {
            let lifetime = i64::try_from(seconds).ok().and_then(TimeDelta::try_seconds);
            lifetime
                .and_then(|lifetime| now.checked_add_signed(lifetime))
                .unwrap_or(now)
        };
        let refresh_lifetime = self
            .refresh_token_expires_in
            .unwrap_or(DEFAULT_REFRESH_LIFETIME_SECONDS);
        TokenPair {
            access_token: SecretString::from(self.access_token.secret().as_str()),
            expires_at: after(self.expires_in.unwrap_or(DEFAULT_LIFETIME_SECONDS)),
            refresh_expires_at: self.refresh_token.as_ref().map(|_| after(refresh_lifetime)),
            refresh_token: self
                .refresh_token
                .map(|token| SecretString::from(token.secret().as_str())),
            scopes: self.scope,
        }
    }
}

/// No answer that says anything about the grant.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unanswered {
    why: String,
    after: Option<Duration>,
}

impl Unanswered {
    fn new(why: String) -> Self {
        Self { why, after: None }
    }
}

fn failure(error: RequestTokenError<Unanswered, BasicErrorResponse>) -> TokenError {
    match error {
        RequestTokenError::ServerResponse(refusal) => terminal(&refusal),
        RequestTokenError::Request(Unanswered { why, after }) => TokenError::Retry { why, after },
        // The body may hold a token: it stays out of the error.
        RequestTokenError::Parse(..) => unreadable(),
        RequestTokenError::Other(why) => retry(why),
    }
}

fn terminal(refusal: &BasicErrorResponse) -> TokenError {
    TokenError::Terminal {
        code: refusal.error().to_string(),
    }
}

fn unreadable() -> TokenError {
    retry("the answer cannot be read".to_owned())
}

fn misconfigured(error: OriginError) -> TokenError {
    retry(format!("SHOPIFY_ORIGIN {error}"))
}

fn retry(why: String) -> TokenError {
    TokenError::Retry { why, after: None }
}
