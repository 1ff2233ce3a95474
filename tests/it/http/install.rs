//! Installing, from the shop's admin to the dashboard, and what must not install.

use reqwest::StatusCode;
use rstest::rstest;
use sandbox::{Browser, query_signature};
use url::Url;

use crate::harness::{Database, World, WorldSpec};

/// The callback of an installation, stopped before the app sees it.
async fn callback_of(world: &World, browser: &mut Browser) -> Url {
    let mut url = world.shop.install_url().expect("an address");
    while url.path() != "/auth/shopify/callback" {
        let answer = browser.get(&url).await.expect("an answer");
        let location = answer.headers()["location"].to_str().expect("text").to_owned();
        url = url.join(&location).expect("a URL");
    }
    url
}

fn signed(world: &World, parameters: &[(&str, &str)]) -> Url {
    let pairs: Vec<(String, String)> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let hmac = query_signature("sandbox-client-secret", &pairs);
    let mut url = world.url("/auth/shopify/callback");
    url.query_pairs_mut().extend_pairs(&pairs).append_pair("hmac", &hmac);
    url
}

#[rstest]
#[tokio::test]
async fn a_callback_works_once_and_only_in_its_own_browser(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let mut browser = Browser::new().expect("a browser");
    let callback = callback_of(&world, &mut browser).await;
    let mut stranger = Browser::new().expect("a browser");
    let status = stranger.get(&callback).await.expect("an answer").status();
    assert_eq!(status, StatusCode::FORBIDDEN, "another browser");
    assert!(
        browser
            .get(&callback)
            .await
            .expect("an answer")
            .status()
            .is_redirection(),
        "its own"
    );
    let status = browser.get(&callback).await.expect("an answer").status();
    assert_eq!(status, StatusCode::FORBIDDEN, "a replay");
}

#[rstest]
#[tokio::test]
async fn a_foreign_or_unsigned_callback_is_refused(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let world = WorldSpec::on(database).build().await;
    let now = chrono::DateTime::<chrono::Utc>::from(
        std::time::SystemTime::UNIX_EPOCH + std::time::UNIX_EPOCH.elapsed().expect("after 1970"),
    )
    .timestamp()
    .to_string();
    let mut browser = Browser::new().expect("a browser");
    let mut check = async |url: Url, expect: StatusCode, what: &str| {
        assert_eq!(browser.get(&url).await.expect("an answer").status(), expect, "{what}");
    };
    let foreign = [
        ("code", "c"),
        ("shop", "evil.example.com"),
        ("state", "s"),
        ("timestamp", now.as_str()),
    ];
    check(
        signed(&world, &foreign),
        StatusCode::BAD_REQUEST,
        "a domain that is not Shopify's",
    )
    .await;
    let stale = [
        ("code", "c"),
        ("shop", "demo.myshopify.com"),
        ("state", "s"),
        ("timestamp", "1337178173"),
    ];
    check(signed(&world, &stale), StatusCode::FORBIDDEN, "an old signature").await;
    let mut forged = signed(
        &world,
        &[
            ("code", "c"),
            ("shop", "demo.myshopify.com"),
            ("timestamp", now.as_str()),
        ],
    );
    forged.query_pairs_mut().append_pair("state", "s");
    check(forged, StatusCode::FORBIDDEN, "a parameter that was not signed").await;
    let typed = world.url("/auth/shopify?shop=demo.myshopify.com.evil.example");
    check(typed, StatusCode::BAD_REQUEST, "a shop domain with a tail").await;
    let recorded = "select count(*) from security_events where kind = 'bad_install_callback'";
    assert_eq!(world.count(recorded).await, 3);
}

#[rstest]
#[tokio::test]
async fn a_code_that_shopify_does_not_know_is_refused_and_recorded(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let mut browser = Browser::new().expect("a browser");
    let callback = callback_of(&world, &mut browser).await;
    let of = |name: &str| {
        let pair = callback.query_pairs().find(|(have, _)| have == name);
        pair.expect("a parameter").1.into_owned()
    };
    let (state, timestamp) = (of("state"), of("timestamp"));
    let made_up = [
        ("code", "made-up"),
        ("shop", "demo.myshopify.com"),
        ("state", state.as_str()),
        ("timestamp", timestamp.as_str()),
    ];
    let answer = browser.get(&signed(&world, &made_up)).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let recorded = "select count(*) from security_events where kind = 'bad_install_callback'";
    assert_eq!(world.count(recorded).await, 1);
}

#[tokio::test]
async fn a_flood_of_beginnings_is_told_to_wait() {
    let world = WorldSpec::on(Database::Sqlite).build().await;
    let url = world.url("/auth/shopify?shop=demo.myshopify.com");
    let quiet = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let quiet = quiet.build().expect("a client");
    let flood = (0..100).map(|_| quiet.get(url.clone()).send());
    let answers = futures::future::join_all(flood).await;
    let refused = answers
        .iter()
        .flatten()
        .find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS)
        .expect("a refusal");
    assert!(refused.headers().contains_key("retry-after"));
    let elsewhere = quiet.get(url).header("x-forwarded-for", "203.0.113.9").send().await;
    assert!(elsewhere.expect("an answer").status().is_redirection(), "others go on");
    assert!(world.count("select count(*) from oauth_states").await < 90);
}

#[rstest]
#[tokio::test]
async fn opening_the_app_in_the_admin_lets_its_owner_in(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).build().await;
    let mut browser = Browser::new().expect("a browser");
    // Shopify opens the app at its address, with a signed query.
    let page = browser
        .visit(world.shop.install_url().expect("an address"))
        .await
        .expect("a page");
    assert_eq!(
        (page.status, page.url.path(), page.url.query()),
        (StatusCode::OK, "/", None),
        "{}",
        page.text
    );
    assert_eq!(world.count("select count(*) from shops").await, 1);
    assert_eq!(world.count("select count(*) from users").await, 1, "the same owner");
    let answer = browser
        .get(&world.url("/?shop=demo.myshopify.com&timestamp=1&hmac=00"))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "a forged link");
}

#[rstest]
#[tokio::test]
async fn client_credentials_install_by_a_signed_link_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let world = WorldSpec::on(database).granted_by_organization().build().await;
    assert_eq!(world.count("select count(*) from shops").await, 1);
    let mut stranger = Browser::new().expect("a browser");
    let answer = stranger
        .get(&world.url("/auth/shopify?shop=demo.myshopify.com"))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN, "typed by hand");
}
