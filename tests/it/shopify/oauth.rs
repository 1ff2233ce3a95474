//! Every grant: what is sent to the token endpoint, and what its answers mean.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orderyard::shopify::{
    Http,
    oauth::{OAuth, TokenError, TokenPair},
    scopes::Scopes,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;
use webhooks::ShopDomain;

use super::stub::{Reply, Request, Stub};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

fn shop() -> ShopDomain {
    ShopDomain::parse("demo.myshopify.com").expect("domain")
}

fn oauth(stub: &Stub) -> OAuth {
    let secret = SecretString::from("hush");
    OAuth::new(Http::new().expect("client"), stub.origin(), "client".to_owned(), secret)
        .with_timeout(Duration::from_millis(500))
}

fn tokens() -> Value {
    json!({
        "access_token": "shpat_new", "scope": "write_orders,read_products", "expires_in": 3600,
        "refresh_token": "shprt_new", "refresh_token_expires_in": 7_776_000,
    })
}

async fn refresh(reply: Reply) -> (Result<TokenPair, TokenError>, Request) {
    let stub = Stub::start([reply]).await;
    let old = SecretString::from("shprt_old");
    let result = oauth(&stub).refresh(&shop(), &old, now()).await;
    (result, stub.request())
}

#[tokio::test]
async fn the_owner_is_sent_to_approve_the_scopes() {
    let stub = Stub::start([]).await;
    let redirect = Url::parse("https://yard.example/auth/shopify/callback").expect("url");
    let scopes = Scopes::parse("write_orders,read_products");
    let url = oauth(&stub)
        .authorize_url(&shop(), &scopes, &redirect, "nonce")
        .expect("url");
    assert_eq!(url.path(), "/demo.myshopify.com/admin/oauth/authorize");
    let parameter = |name: &str| {
        let mut found = url.query_pairs().filter(|(have, _)| have == name);
        let value = found.next().map(|(_, value)| value.into_owned());
        assert!(found.next().is_none(), "{name} stands twice");
        value
    };
    assert_eq!(parameter("client_id").as_deref(), Some("client"));
    assert_eq!(parameter("scope").as_deref(), Some("read_products,write_orders"));
    assert_eq!(parameter("redirect_uri").as_deref(), Some(redirect.as_str()));
    assert_eq!(parameter("state").as_deref(), Some("nonce"));
    assert!(!url.as_str().contains("hush"));
}

#[tokio::test]
async fn a_code_becomes_an_expiring_offline_token() {
    let stub = Stub::start([Reply::json(&tokens())]).await;
    let pair = oauth(&stub)
        .exchange_code(&shop(), "c0de", now())
        .await
        .expect("tokens");
    assert_eq!(pair.access_token.expose_secret(), "shpat_new");
    assert_eq!(pair.expires_at, now() + TimeDelta::hours(1));
    assert_eq!(
        pair.refresh_token.expect("a refresh token").expose_secret(),
        "shprt_new"
    );
    assert_eq!(pair.refresh_expires_at, Some(now() + TimeDelta::days(90)));
    assert!(pair.scopes.contains("read_orders"));

    let request = stub.request();
    assert_eq!(request.path, "/demo.myshopify.com/admin/oauth/access_token");
    assert_eq!(request.header("authorization"), None);
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("client_id", "client"),
        ("client_secret", "hush"),
        ("code", "c0de"),
        ("expiring", "1"),
    ] {
        assert_eq!(request.form(name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_refresh_brings_a_new_pair_and_survives_missing_lifetimes() {
    let mut answer = tokens();
    for name in ["expires_in", "refresh_token_expires_in"] {
        answer.as_object_mut().expect("an object").remove(name);
    }
    let (pair, request) = refresh(Reply::json(&answer)).await;
    let pair = pair.expect("tokens");
    assert_eq!(pair.expires_at, now() + TimeDelta::hours(1));
    assert_eq!(pair.refresh_expires_at, Some(now() + TimeDelta::days(90)));
    assert_eq!(request.form("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(request.form("refresh_token").as_deref(), Some("shprt_old"));
    assert_eq!(request.form("client_secret").as_deref(), Some("hush"));
}

#[tokio::test]
async fn only_a_refusal_of_the_grant_is_terminal() {
    for (status, body, code) in [
        (401, r#"{"error":"invalid_request"}"#, "invalid_request"),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"used"}"#,
            "invalid_grant",
        ),
        (
            403,
            r#"{"error":"application_cannot_be_found"}"#,
            "application_cannot_be_found",
        ),
    ] {
        let (result, _) = refresh(Reply::status(status, body)).await;
        let expect = TokenError::Terminal { code: code.to_owned() };
        assert_eq!(result.expect_err("refused"), expect, "{status} {body}");
    }
    for reply in [
        Reply::status(500, r#"{"error":"invalid_request"}"#),
        Reply::status(503, "<html></html>"),
        Reply::status(401, "<html></html>"),
        Reply::status(400, ""),
        Reply::status(302, "").with_header("Location: http://127.0.0.1:1/"),
        Reply::status(200, r#"{"scope":"shpat_new"}"#),
        Reply::status(200, &" ".repeat(70_000)),
        Reply::Lost,
        Reply::Hang,
        Reply::CutOff,
    ] {
        let (result, _) = refresh(reply.clone()).await;
        let error = result.expect_err("no tokens");
        assert!(matches!(error, TokenError::Retry { .. }), "{error:?} after {reply:?}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("shp") && !told.contains("hush"), "{told}");
    }
}

#[tokio::test]
async fn overload_says_when_to_come_back() {
    let busy = Reply::status(429, r#"{"error":"too_many"}"#).with_header("Retry-After: 2.0");
    let (result, _) = refresh(busy).await;
    let Err(TokenError::Retry { after, .. }) = result else {
        panic!("{result:?}")
    };
    assert_eq!(after, Some(Duration::from_secs(2)));
}

#[tokio::test]
async fn client_credentials_bring_a_token_without_a_refresh_token() {
    let answer = json!({"access_token": "shpat_own", "scope": "write_orders", "expires_in": 86399});
    let stub = Stub::start([Reply::json(&answer)]).await;
    let pair = oauth(&stub).client_credentials(&shop(), now()).await.expect("a token");
    assert_eq!(pair.expires_at, now() + TimeDelta::seconds(86399));
    assert!(pair.refresh_token.is_none() && pair.refresh_expires_at.is_none());
    let request = stub.request();
    assert_eq!(request.form("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(request.form("client_id").as_deref(), Some("client"));
    assert_eq!(request.form("client_secret").as_deref(), Some("hush"));
}

#[tokio::test]
async fn a_session_token_becomes_an_offline_token() {
    let stale = Reply::status(400, r#"{"error":"invalid_subject_token"}"#);
    let stub = Stub::start([Reply::json(&tokens()), stale]).await;
    let pair = oauth(&stub)
        .exchange_session_token(&shop(), "a.b.c", now())
        .await
        .expect("tokens");
    assert_eq!(pair.access_token.expose_secret(), "shpat_new");
    let request = stub.request();
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "a.b.c"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        (
            "requested_token_type",
            "urn:shopify:params:oauth:token-type:offline-access-token",
        ),
        ("expiring", "1"),
        ("client_id", "client"),
        ("client_secret", "hush"),
    ] {
        assert_eq!(request.form(name).as_deref(), Some(value), "{name}");
    }
    let again = oauth(&stub).exchange_session_token(&shop(), "a.b.c", now()).await;
    let code = "invalid_subject_token".to_owned();
    assert_eq!(again.expect_err("stale"), TokenError::Terminal { code });
}

#[test]
fn tokens_stay_out_of_what_is_printed() {
    let pair = TokenPair {
        access_token: SecretString::from("shpat_new"),
        expires_at: now(),
        refresh_token: Some(SecretString::from("shprt_new")),
        refresh_expires_at: None,
        scopes: Scopes::default(),
    };
    assert!(!format!("{pair:?}").contains("shp"));
}
