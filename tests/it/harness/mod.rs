//! A world to tell stories in: the real binary on a real database, a pretend
//! Shopify and pretend suppliers, each behind a port of its own.

mod database;
mod port;
mod process;

use std::{collections::BTreeMap, future::Future, time::Duration};

use sandbox::{
    Behaviour, Browser, Plan, ProductSpec, Shop, ShopSpec, Shopify, ShopifyConfig, Supplier, SupplierConfig,
};
use sea_orm::{ConnectionTrait as _, Statement, TransactionTrait as _};
use url::Url;

pub use database::{Database, TestDatabase, connect};
pub use port::Port;
pub use process::Orderyard;

/// How long a story waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The secret that supplier calls are signed with.
pub const SUPPLIER_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Everything that a story needs; it stops with the story.
pub struct World {
    pub shopify: Shopify,
    pub shop: Shop,
    pub orderyard: Orderyard,
    pub suppliers: BTreeMap<String, Supplier>,
    pub http: reqwest::Client,
}

/// What a world is to hold.
pub struct WorldSpec {
    pub database: Database,
    pub suppliers: Vec<(&'static str, Behaviour)>,
    /// Environment beyond the usual.
    pub env: Vec<(&'static str, String)>,
    /// The app is granted to the shop by their organization, without a consent page.
    pub granted_by_organization: bool,
    pub shop: ShopSpec,
    /// What the shop has before the app comes.
    pub products: Vec<ProductSpec>,
}

impl WorldSpec {
    pub fn on(database: Database) -> Self {
        Self {
            database,
            suppliers: Vec::new(),
            env: Vec::new(),
            granted_by_organization: false,
            shop: ShopSpec {
                plan: Plan::Plus,
                ..ShopSpec::default()
            },
            products: Vec::new(),
        }
    }

    pub fn supplier(mut self, key: &'static str, behaviour: Behaviour) -> Self {
        self.suppliers.push((key, behaviour));
        self
    }

    pub fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub fn granted_by_organization(mut self) -> Self {
        self.granted_by_organization = true;
        self.env("SHOPIFY_GRANT", "client_credentials")
    }

    /// Starts everything, and installs the app through the OAuth redirects.
    pub async fn build(self) -> World {
        let database = TestDatabase::create(self.database).await;
        let shopify = Shopify::start(ShopifyConfig {
            first_webhook_retry: Duration::from_millis(200),
            ..ShopifyConfig::default()
        })
        .await
        .expect("the pretend Shopify starts");
        let mut orderyard = Orderyard::new(database, &shopify.origin(), self.env);
        shopify.set_app_url(orderyard.url());
        shopify.set_compliance_uri(orderyard.url().join("/webhooks/shopify").expect("a path").as_str());
        let shop = shopify.create_shop("demo.myshopify.com", self.shop);
        for product in self.products {
            shop.create_product(product).expect("a product");
        }
        if self.granted_by_organization {
            let scopes = orderyard::shopify::scopes::DEFAULT_SCOPES.join(",");
            shop.install_managed(&scopes).expect("the scopes exist");
        }
        let mut suppliers = BTreeMap::new();
        for (key, behaviour) in self.suppliers {
            let config = SupplierConfig {
                behaviour,
                ..SupplierConfig::new(key, SUPPLIER_SECRET)
            };
            suppliers.insert(
                key.to_owned(),
                Supplier::start(config).await.expect("a supplier starts"),
            );
        }
        orderyard.start().await;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        let world = World {
            shopify,
            shop,
            orderyard,
            suppliers,
            http,
        };
        world.install().await;
        world
    }
}

impl World {
    /// The owner's way: from the shop's admin through the consent page and back.
    pub async fn install(&self) {
        let mut browser = Browser::new().expect("a browser");
        let page = browser
            .visit(self.shop.install_url().expect("the app has an address"))
            .await
            .expect("the app installs");
        assert!(!page.url.path().starts_with("/auth"), "{}: {}", page.status, page.text);
        self.eventually("the webhooks are subscribed", async || {
            self.shop.subscriptions().len() == webhooks::Topic::SUBSCRIBED.len()
        })
        .await;
    }

    /// Waits until something is so, and says what was waited for when it never is.
    pub async fn eventually<F: Future<Output = bool>>(&self, what: &str, mut check: impl FnMut() -> F) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !check().await {
            assert!(
                tokio::time::Instant::now() < deadline,
                "never: {what}\n{:?}\n{}",
                self.suppliers.values().flat_map(Supplier::failures).collect::<Vec<_>>(),
                self.orderyard.log_tail()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn supplier(&self, key: &str) -> &Supplier {
        &self.suppliers[key]
    }

    /// Applies a setup file in which `{endpoint:KEY}` and `{secret}` stand for
    /// the pretend suppliers, and gives each supplier a key of its own.
    pub async fn apply(&self, setup: &str) {
        let text = self.filled(setup);
        // Variants are mapped by SKU: they must have been read first.
        self.orderyard.apply_until_taken(&text).await;
        for (key, supplier) in &self.suppliers {
            let api_key = self
                .orderyard
                .command(&["admin", "supplier-key", "create", "--supplier", key])
                .await;
            supplier.set_orderyard(self.orderyard.url().as_str(), api_key.trim());
        }
    }

    /// A setup file with the suppliers' endpoints and their secret.
    pub fn filled(&self, setup: &str) -> String {
        let mut text = setup.replace("{secret}", SUPPLIER_SECRET);
        for (key, supplier) in &self.suppliers {
            text = text.replace(&format!("{{endpoint:{key}}}"), &supplier.endpoint());
        }
        text
    }

    /// A number from the database, by a look from the side.
    pub async fn count(&self, sql: &str) -> i64 {
        let db = connect(self.orderyard.database_url()).await;
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.expect("a query").expect("a row");
        let count = row.try_get_by_index(0).expect("a number");
        db.close().await.expect("closes");
        count
    }

    /// Changes the database from the side.
    pub async fn execute(&self, sql: &str) {
        let db = connect(self.orderyard.database_url()).await;
        db.execute_unprepared(sql).await.expect(sql);
        db.close().await.expect("closes");
    }

    /// A decision of the shop's staff about the only open exception of a kind;
    /// `{id}` in the call stands for it.
    pub async fn decide(&self, kind: &str, call: &str) {
        let found =
            "query($kind: [ExceptionKind!]) { exceptions(filter: { status: OPEN, kind: $kind }) { nodes { id } } }";
        let answer = self.graphql(found, serde_json::json!({ "kind": [kind] })).await;
        let nodes = answer["exceptions"]["nodes"].as_array().expect("a list");
        assert_eq!(nodes.len(), 1, "one open {kind}: {answer}");
        let call = call.replace("{id}", nodes[0]["id"].as_str().expect("an id"));
        let query = format!("mutation {{ decided: {call} {{ problems {{ code message }} }} }}");
        let answer = self.graphql(&query, serde_json::json!({})).await;
        assert_eq!(answer["decided"]["problems"], serde_json::json!([]), "{call}");
    }

    /// What the shop's staff ask through the API, with a token of the shop's.
    pub async fn graphql(&self, query: &str, variables: serde_json::Value) -> serde_json::Value {
        let arguments = [
            "admin",
            "token",
            "create",
            "--shop",
            "demo.myshopify.com",
            "--scope",
            "read,write",
        ];
        let token = self.orderyard.command(&arguments).await;
        let answer: serde_json::Value = self
            .http
            .post(self.url("/graphql"))
            .bearer_auth(token.trim())
            .json(&serde_json::json!({ "query": query, "variables": variables }))
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// A supplier asks more for an offer than before.
    pub async fn raise_price(&self, sku: &str, cost_minor: i64) {
        let sql = format!("update offers set cost_minor = {cost_minor} where sku = '{sku}'");
        self.execute(&sql).await;
    }

    /// Does something while an open transaction stands in its way, which ends with it.
    pub async fn while_blocked<T>(&self, sql: &str, work: impl Future<Output = T>) -> T {
        let db = connect(self.orderyard.database_url()).await;
        let block = db.begin().await.expect("a transaction");
        block.execute_unprepared(sql).await.expect("it blocks");
        let done = work.await;
        block.rollback().await.expect("ends");
        db.close().await.expect("closes");
        done
    }

    pub fn url(&self, path: &str) -> Url {
        self.orderyard.url().join(path).expect("a path")
    }
}
