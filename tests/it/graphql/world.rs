//! A program with two shops and their suppliers, and ways to ask it.
//!
//! Each world has a database of its own: SQLite in a temporary folder, and
//! PostgreSQL where `scripts/with-postgres` names a server.

use std::path::PathBuf;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
};
use orderyard::{
    app::App,
    clock::Clock,
    config::Config,
    http,
    ids::ShopId,
    seal::Keyring,
    store::{Db, Tx},
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::seed::{Seed, Tenant};

pub struct World {
    pub app: App,
    router: Router,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    /// Dropped with the throw-away server.
    Postgres,
}

/// Who asks.
pub enum As<'a> {
    Nobody,
    /// By a session cookie.
    Session(&'a str),
    Token(&'a str),
}

impl World {
    /// One world for each database that is at hand.
    pub async fn each(demo: bool) -> Vec<Self> {
        let folder = std::env::temp_dir().join(format!("orderyard-graphql-{}", Uuid::now_v7()));
        let mut places = vec![(
            format!("sqlite://{}", folder.join("test.db").display()),
            Place::Folder(folder),
        )];
        #[expect(clippy::disallowed_methods, reason = "the script that starts the server names it so")]
        if let Ok(server) = std::env::var("ORDERYARD_TEST_POSTGRES") {
            places.push((database_on(&server).await, Place::Postgres));
        }
        let mut worlds = Vec::new();
        for (url, place) in places {
            worlds.push(Self::at(&url, place, demo).await);
        }
        worlds
    }

    async fn at(url: &str, place: Place, demo: bool) -> Self {
        let mut config = Config::from_lookup(|name| match name {
            "SHOPIFY_API_KEY" => Some("key".to_owned()),
            "SHOPIFY_API_SECRET" => Some("secret".to_owned()),
            "SHOPIFY_APP_URL" => Some("https://orderyard.example".to_owned()),
            "DATABASE_URL" => Some(url.to_owned()),
            "ENCRYPTION_KEY" => Some(Keyring::generate_key().expose_secret().to_owned()),
            _ => None,
        })
        .expect("good settings");
        config.demo = demo;
        let keyring = config.keyring.clone().expect("given");
        let db = Db::open(&config.database).await.expect("opens");
        db.migrate().await.expect("migrates");
        let app = App::new(config, db, keyring, Clock::default()).expect("fits together");
        Self {
            router: http::router(app.clone()),
            app,
            place,
        }
    }

    /// Calls an address as it is.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("infallible")
    }

    /// Asks, and gives back the whole answer.
    pub async fn ask(&self, who: &As<'_>, query: &str, variables: Value) -> Value {
        let response = self.call(post(who, query, &variables)).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        read(response).await
    }

    /// Asks what must work.
    pub async fn data(&self, who: &As<'_>, query: &str, variables: Value) -> Value {
        let answer = self.ask(who, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    pub async fn tx(&self) -> Tx {
        self.app.db.begin().await.expect("begins")
    }

    /// A shop with one of everything, named by a number.
    pub async fn tenant(&self, number: i64) -> Tenant {
        Seed {
            world: self,
            number,
            shop: ShopId(number),
        }
        .plant()
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Place::Folder(folder) = &self.place {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

async fn database_on(server: &str) -> String {
    let name = format!("graphql_{}", Uuid::now_v7().simple());
    #[expect(
        clippy::disallowed_methods,
        reason = "an empty database is made before there is anything to open"
    )]
    let connection: DatabaseConnection = sea_orm::Database::connect(server).await.expect("the server answers");
    connection
        .execute_unprepared(&format!("create database {name}"))
        .await
        .expect("a database");
    let mut url = url::Url::parse(server).expect("a URL");
    url.set_path(&name);
    url.into()
}

pub fn post(who: &As<'_>, query: &str, variables: &Value) -> Request<Body> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/graphql")
        .header(header::CONTENT_TYPE, "application/json");
    let request = match who {
        As::Nobody => request,
        As::Session(cookie) => request.header(header::COOKIE, *cookie),
        As::Token(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
    };
    request.body(Body::from(body)).expect("a request")
}

pub async fn read(response: Response<Body>) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), 4 << 20)
        .await
        .expect("a body");
    serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)))
}

/// The `name=value` of a `Set-Cookie` header.
pub fn cookie_pair(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap_or_default().to_owned()
}
