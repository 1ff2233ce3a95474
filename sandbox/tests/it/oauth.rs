//! Installing, tokens and the many ways in which each ends.

use std::collections::HashMap;

use chrono::TimeDelta;
use sandbox::{Shop, ShopSpec, Shopify, ShopifyConfig, query_signature};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{CLIENT_ID, SCOPES, SECRET, World, client};

const CALLBACK: &str = "http://127.0.0.1:1/auth/shopify/callback";

async fn start(adjust: impl FnOnce(&mut ShopifyConfig)) -> (Shopify, Shop) {
    let mut config = ShopifyConfig {
        client_id: CLIENT_ID.to_owned(),
        client_secret: SECRET.to_owned(),
        app_url: Some("http://127.0.0.1:1".parse().unwrap()),
        ..ShopifyConfig::default()
    };
    adjust(&mut config);
    let shopify = Shopify::start(config).await.unwrap();
    let shop = shopify.create_shop("demo.myshopify.com", ShopSpec::default());
    (shopify, shop)
}

async fn authorize(shop: &Shop, query: &[(&str, &str)]) -> reqwest::Response {
    let url = format!("{}/admin/oauth/authorize", shop.base_url());
    client().get(url).query(query).send().await.unwrap()
}

fn asked<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![
        ("client_id", CLIENT_ID),
        ("scope", "read_orders,write_products,read_products"),
        ("redirect_uri", CALLBACK),
        ("state", "a state"),
    ];
    for (key, value) in changes {
        query.retain(|(known, _)| known != key);
        query.push((key, value));
    }
    query
}

fn redirect_query(response: &reqwest::Response) -> HashMap<String, String> {
    let location = response.headers()["location"].to_str().unwrap();
    Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

async fn redeem(shop: &Shop, changes: &[(&str, &str)]) -> (u16, Value) {
    let mut body = HashMap::from([("client_id", CLIENT_ID), ("client_secret", SECRET), ("expiring", "1")]);
    body.extend(changes.iter().copied());
    let url = format!("{}/admin/oauth/access_token", shop.base_url());
    let response = client().post(url).form(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn installs_by_signed_redirect_and_single_use_code() {
    let (_shopify, shop) = start(|_| ()).await;
    let response = authorize(&shop, &asked(&[])).await;
    assert_eq!(response.status(), 302);
    let query = redirect_query(&response);
    assert_eq!(query["state"], "a state");
    assert_eq!(query["shop"], "demo.myshopify.com");
    let pairs: Vec<_> = query.clone().into_iter().collect();
    assert_eq!(query["hmac"], query_signature(SECRET, &pairs));

    let (status, token) = redeem(&shop, &[("code", &query["code"])]).await;
    assert_eq!(status, 200);
    assert_eq!(
        token["scope"], "read_orders,write_products",
        "a write scope implies its read scope"
    );
    assert_eq!(token["expires_in"], 3600);
    assert_eq!(token["refresh_token_expires_in"], 7_776_000);
    assert!(token.get("token_type").is_none());
    assert!(shop.is_installed());

    let (status, again) = redeem(&shop, &[("code", &query["code"])]).await;
    assert_eq!((status, again["error"].as_str()), (400, Some("invalid_request")));
}

#[tokio::test]
async fn refuses_what_shopify_refuses_on_the_authorize_page() {
    let (_shopify, shop) = start(|_| ()).await;
    for change in [
        ("client_id", "another"),
        ("redirect_uri", "http://127.0.0.1:1/auth/shopify/callback/"),
        ("redirect_uri", "https://evil.example/auth/shopify/callback"),
        ("scope", "read_orders,read_everything"),
    ] {
        let response = authorize(&shop, &asked(&[change])).await;
        assert_eq!(response.status(), 400, "{change:?}");
        assert!(!response.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn asks_the_merchant_unless_told_otherwise() {
    let (_shopify, shop) = start(|config| config.auto_approve = false).await;
    let response = authorize(&shop, &asked(&[])).await;
    assert_eq!(response.status(), 200);
    let page = response.text().await.unwrap();
    assert!(
        page.contains("Install</button>") && page.contains("<li>write_products</li>"),
        "{page}"
    );
    assert!(!shop.is_installed());

    let url = format!("{}/admin/oauth/authorize", shop.base_url());
    let pressed = client().post(url).form(&asked(&[])).send().await.unwrap();
    assert_eq!(pressed.status(), 302);
    assert!(redirect_query(&pressed).contains_key("code"));
}

#[tokio::test]
async fn grants_fewer_scopes_when_the_merchant_withholds_some() {
    let (_shopify, shop) = start(|config| config.withheld_scopes = vec!["write_products".to_owned()]).await;
    let code = redirect_query(&authorize(&shop, &asked(&[])).await)["code"].clone();
    let (_, token) = redeem(&shop, &[("code", &code)]).await;
    assert_eq!(token["scope"], "read_orders");
}

#[tokio::test]
async fn refuses_foreign_clients_secrets_codes_and_grants() {
    let (shopify, shop) = start(|_| ()).await;
    let other = shopify.create_shop("other.myshopify.com", ShopSpec::default());
    let code = redirect_query(&authorize(&shop, &asked(&[])).await)["code"].clone();
    for (changes, error) in [
        (vec![("client_id", "x"), ("code", &code)], "application_cannot_be_found"),
        (vec![("client_secret", "x"), ("code", &code)], "invalid_client"),
        (vec![("code", "x")], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
    ] {
        let (status, answer) = redeem(&shop, &changes).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{changes:?}");
    }
    let (status, _) = redeem(&other, &[("code", &code)]).await;
    assert_eq!(status, 400, "a code of another shop");
    assert_eq!(
        redeem(&shop, &[("code", &code)]).await.0,
        200,
        "the right one still works"
    );
}

#[tokio::test]
async fn access_tokens_end_after_an_hour_and_non_expiring_ones_are_not_taken() {
    let world = World::new().await;
    assert_eq!(world.raw("{ shop { id } }", Value::Null).await.0, 200);
    world.clock.advance(TimeDelta::seconds(3600));
    let (status, answer) = world.raw("{ shop { id } }", Value::Null).await;
    assert_eq!(status, 401);
    assert!(
        answer["errors"]
            .as_str()
            .unwrap()
            .starts_with("[API] Invalid API key or access token")
    );

    let body = json!({
        "client_id": CLIENT_ID, "client_secret": SECRET,
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": world.shop.session_token(1),
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
    });
    let (_, permanent) = world.token_request(&body).await;
    assert!(permanent.get("expires_in").is_none() && permanent.get("refresh_token").is_none());
    let token = permanent["access_token"].as_str().unwrap();
    let response = world
        .post_graphql("2026-10", token, "{ shop { id } }", Value::Null)
        .await
        .unwrap();
    assert_eq!(response.status(), 403);
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("Non-expiring access tokens are no longer accepted")
    );
}

/// Presents a refresh token; the new pair, or the error.
async fn refresh(world: &World, token: &str) -> Result<(String, String), (u16, String)> {
    let body = json!({
        "client_id": CLIENT_ID, "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": token,
    });
    let (status, answer) = world.token_request(&body).await;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    if status == 200 {
        Ok((text("access_token"), text("refresh_token")))
    } else {
        Err((status, text("error")))
    }
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated() {
    let world = World::new().await;
    let first = world.exchange().await["refresh_token"].as_str().unwrap().to_owned();
    let (lost_access, lost) = refresh(&world, &first).await.unwrap();
    let (access, second) = refresh(&world, &first).await.unwrap();
    assert_ne!(lost, second);
    let spent = Err((401, "invalid_request".to_owned()));
    assert_eq!(refresh(&world, &lost).await, spent, "the lost successor");
    for token in [&access, &lost_access] {
        let response = world
            .post_graphql("2026-10", token, "{ shop { id } }", Value::Null)
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "access tokens live to their own end");
    }
    refresh(&world, &second).await.unwrap();
    assert_eq!(refresh(&world, &first).await, spent, "its successor has been used");
}

#[tokio::test]
async fn refresh_tokens_end_by_time_and_by_a_new_grant() {
    let world = World::new().await;
    let spent = Err((401, "invalid_request".to_owned()));
    let used = world.exchange().await["refresh_token"].as_str().unwrap().to_owned();
    refresh(&world, &used).await.unwrap();
    world.clock.advance(TimeDelta::days(31));
    assert_eq!(refresh(&world, &used).await, spent, "thirty days after its first use");

    let idle = world.exchange().await["refresh_token"].as_str().unwrap().to_owned();
    world.clock.advance(TimeDelta::days(91));
    assert_eq!(refresh(&world, &idle).await, spent, "ninety days idle");

    let replaced = world.exchange().await["refresh_token"].as_str().unwrap().to_owned();
    world.exchange().await;
    assert_eq!(refresh(&world, &replaced).await, spent, "a new grant was made");
}

#[tokio::test]
async fn exchanges_only_fresh_id_tokens_of_this_app_and_shop() {
    let world = World::new().await;
    let good = world.shop.session_token(1);
    let forged = sandbox::jwt("not the secret", &sandbox::verify_jwt(SECRET, &good).unwrap());
    let other = world
        .shopify
        .create_shop("other.myshopify.com", ShopSpec::default())
        .session_token(1);
    world.clock.advance(TimeDelta::seconds(61));
    for token in [&good, &forged, &other] {
        let body = json!({
            "client_id": CLIENT_ID, "client_secret": SECRET,
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
            "expiring": "1",
        });
        let (status, answer) = world.token_request(&body).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_subject_token")));
    }
}

#[tokio::test]
async fn client_credentials_last_a_day_and_have_no_refresh_token() {
    let world = World::new().await;
    let body = json!({ "client_id": CLIENT_ID, "client_secret": SECRET, "grant_type": "client_credentials" });
    let (status, answer) = world.token_request(&body).await;
    assert_eq!((status, answer["expires_in"].as_i64()), (200, Some(86_399)));
    assert!(answer.get("refresh_token").is_none());

    let outside = World::with(SCOPES, |config| config.same_organization = false).await;
    assert_eq!(outside.token_request(&body).await.0, 400);
}

#[tokio::test]
async fn uninstalling_ends_every_token() {
    let world = World::new().await;
    let refresh_token = world.exchange().await["refresh_token"].as_str().unwrap().to_owned();
    world.shop.uninstall_app();
    assert_eq!(world.raw("{ shop { id } }", Value::Null).await.0, 401);
    assert!(refresh(&world, &refresh_token).await.is_err());
    assert!(world.shop.subscriptions().is_empty());
}

#[tokio::test]
async fn revoking_a_secret_ends_what_was_issued_under_it() {
    let world = World::new().await;
    world.shopify.add_secret("newer");
    let body = json!({ "client_id": CLIENT_ID, "client_secret": "newer", "grant_type": "client_credentials" });
    let (_, newer) = world.token_request(&body).await;
    world.shopify.revoke_secret(SECRET);
    assert_eq!(world.raw("{ shop { id } }", Value::Null).await.0, 401);
    let token = newer["access_token"].as_str().unwrap();
    let response = world
        .post_graphql("2026-10", token, "{ shop { id } }", Value::Null)
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn an_install_link_is_signed() {
    let world = World::new().await;
    let url = world.shop.install_url().unwrap();
    assert!(url.as_str().starts_with("http://127.0.0.1:1/?"));
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let hmac = &pairs.iter().find(|(key, _)| key == "hmac").unwrap().1;
    assert_eq!(*hmac, query_signature(SECRET, &pairs));
    let timestamp = &pairs.iter().find(|(key, _)| key == "timestamp").unwrap().1;
    assert_eq!(*timestamp, world.clock.now().timestamp().to_string());
}
