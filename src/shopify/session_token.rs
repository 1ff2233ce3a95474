//! The session token ("ID token") that Shopify's admin hands to an embedded
//! page: who is signed in, in which shop, for one minute.
//!
//! Stricter than Shopify's own library, which accepts a token without an expiry,
//! with an issuer that is not its destination, or for a host that is no shop.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use webhooks::ShopDomain;

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionToken {
    pub shop: ShopDomain,
    /// Shopify's id of the staff member.
    pub user: String,
    pub session: Option<String>,
    /// Unique per token, for whoever wants to accept each one once.
    pub token_id: String,
    pub expires_at: DateTime<Utc>,
}

/// Why a token is not to be believed. App Bridge fetches a new one when the
/// answer is 401 with `X-Shopify-Retry-Invalid-Session-Request: 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionTokenError {
    #[error("the session token is not one that this app's secret signed")]
    BadSignature,
    #[error("the session token lacks a claim or has one of the wrong form")]
    Malformed,
    #[error("the session token is for another app")]
    WrongAudience,
    #[error("the session token's issuer and shop do not belong together")]
    WrongIssuer,
    #[error("the session token has expired")]
    Expired,
    #[error("the session token is not valid yet: is this machine's clock right?")]
    NotYetValid,
}

/// How far Shopify's clock and ours may differ.
const LEEWAY_SECONDS: i64 = 10;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    dest: String,
    aud: String,
    sub: String,
    exp: i64,
    nbf: i64,
    jti: String,
    sid: Option<String>,
}

/// Checks a token against each of the app's secrets.
pub fn verify(
    token: &str,
    secrets: &[SecretString],
    client_id: &str,
    now: DateTime<Utc>,
) -> Result<SessionToken, SessionTokenError> {
    let claims = secrets
        .iter()
        .map(|secret| signed_claims(token, secret))
        .find(|result| !matches!(result, Err(SessionTokenError::BadSignature)))
        .unwrap_or(Err(SessionTokenError::BadSignature))?;
    check(claims, client_id, now)
}

fn signed_claims(token: &str, secret: &SecretString) -> Result<Claims, SessionTokenError> {
    let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
    // The times are checked below, against the clock that is given.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map(|data| data.claims)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::Json(_) => SessionTokenError::Malformed,
            _ => SessionTokenError::BadSignature,
        })
}

fn check(claims: Claims, client_id: &str, now: DateTime<Utc>) -> Result<SessionToken, SessionTokenError> {
    if claims.aud != client_id {
        return Err(SessionTokenError::WrongAudience);
    }
    if claims.iss != format!("{}/admin", claims.dest) {
        return Err(SessionTokenError::WrongIssuer);
    }
    let host = claims
        .dest
        .strip_prefix("https://")
        .ok_or(SessionTokenError::WrongIssuer)?;
    let shop = ShopDomain::parse(host).map_err(|_| SessionTokenError::WrongIssuer)?;
    let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(SessionTokenError::Malformed)?;
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now.timestamp() {
        return Err(SessionTokenError::Expired);
    }
    if claims.nbf.saturating_sub(LEEWAY_SECONDS) > now.timestamp() {
        return Err(SessionTokenError::NotYetValid);
    }
    Ok(SessionToken {
        shop,
        user: claims.sub,
        session: claims.sid,
        token_id: claims.jti,
        expires_at,
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims() -> Value {
        json!({
            "iss": "https://demo.myshopify.com/admin", "dest": "https://demo.myshopify.com",
            "aud": "client", "sub": "42", "exp": NOW + 60, "nbf": NOW, "iat": NOW,
            "jti": "f8912129", "sid": "aaea182f",
        })
    }

    fn sign(claims: &Value, algorithm: Algorithm, secret: &str) -> String {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
    }

    fn verify_at(token: &str, seconds: i64) -> Result<SessionToken, SessionTokenError> {
        let secrets = ["new", "old"].map(SecretString::from);
        verify(
            token,
            &secrets,
            "client",
            DateTime::from_timestamp(NOW + seconds, 0).unwrap(),
        )
    }

    fn with(name: &str, value: Value) -> String {
        let mut claims = claims();
        claims[name] = value;
        sign(&claims, Algorithm::HS256, "new")
    }

    #[test]
    fn accepts_a_token_signed_with_any_of_the_secrets() {
        for secret in ["new", "old"] {
            let token = sign(&claims(), Algorithm::HS256, secret);
            let session = verify_at(&token, 0).unwrap();
            assert_eq!(session.shop.as_str(), "demo.myshopify.com");
            assert_eq!(session.user, "42");
        }
    }

    #[test]
    fn refuses_foreign_signatures_and_algorithms() {
        let bad = Err(SessionTokenError::BadSignature);
        assert_eq!(verify_at(&sign(&claims(), Algorithm::HS256, "other"), 0), bad);
        assert_eq!(verify_at(&sign(&claims(), Algorithm::HS512, "new"), 0), bad);
        assert_eq!(verify_at("", 0), bad);
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.";
        assert!(verify_at(unsigned, 0).is_err());
    }

    #[test]
    fn refuses_claims_that_do_not_belong_together() {
        let check = |name: &str, value: Value, expect: SessionTokenError| {
            assert_eq!(verify_at(&with(name, value), 0), Err(expect), "{name}");
        };
        check("aud", json!("other"), SessionTokenError::WrongAudience);
        check("aud", json!(["client"]), SessionTokenError::Malformed);
        check(
            "iss",
            json!("https://other.myshopify.com/admin"),
            SessionTokenError::WrongIssuer,
        );
        check(
            "iss",
            json!("https://demo.myshopify.com"),
            SessionTokenError::WrongIssuer,
        );
        check(
            "dest",
            json!("https://other.myshopify.com"),
            SessionTokenError::WrongIssuer,
        );
        for name in ["exp", "nbf", "dest", "iss", "sub"] {
            check(name, Value::Null, SessionTokenError::Malformed);
        }
    }

    #[test]
    fn refuses_hosts_that_are_no_shop() {
        for host in [
            "https://example.com",
            "http://demo.myshopify.com",
            "https://demo.myshopify.com.example.com",
            "https://demo.myshopify.com/",
            "https://demo.myshopify.com:8080",
            "https://me@demo.myshopify.com",
        ] {
            let mut claims = claims();
            claims["dest"] = json!(host);
            claims["iss"] = json!(format!("{host}/admin"));
            let token = sign(&claims, Algorithm::HS256, "new");
            assert_eq!(verify_at(&token, 0), Err(SessionTokenError::WrongIssuer), "{host}");
        }
    }

    proptest! {
        /// One changed character anywhere spoils a token.
        #[test]
        fn a_token_cannot_be_changed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let token = sign(&claims(), Algorithm::HS256, "new");
            let at = at.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(at..=at, &to);
            // The last character of a part may hold bits that mean nothing.
            let is_last = at + 1 == token.len() || token[at + 1..].starts_with('.');
            prop_assume!(changed != token && !is_last);
            prop_assert!(verify_at(&changed, 0).is_err());
        }
    }

    #[test]
    fn holds_to_its_minute_give_or_take_ten_seconds() {
        let token = sign(&claims(), Algorithm::HS256, "new");
        for (seconds, expect) in [
            (-11, Some(SessionTokenError::NotYetValid)),
            (-10, None),
            (69, None),
            (70, Some(SessionTokenError::Expired)),
        ] {
            assert_eq!(verify_at(&token, seconds).err(), expect, "{seconds}");
        }
    }
}
