//! The stage of one round: a pretend Shopify and pretend suppliers that survive everything, and an
//! installation behind one door that does not.

use std::{collections::BTreeMap, time::Duration};

use sandbox::{
    Behaviour, Browser, Plan, ProductSpec, Shop, ShopSpec, Shopify, ShopifyConfig, Supplier, SupplierConfig,
    VariantSpec,
};
use serde_json::Value;

use super::{
    catalogue::{self, RECIPES, SUPPLIERS},
    chronicle::Chronicle,
    door::Door,
    ground::{Cluster, Disk},
    nodes::{Node, Start},
};
use crate::harness::{Database, Port, SUPPLIER_SECRET};

pub const DOMAIN: &str = "demo.myshopify.com";

/// Entries that each journal keeps: more than a round makes.
const JOURNAL: usize = 2_000_000;

/// Far above what any plan gives back: Shopify throttles only where the weather says so. An import alone
/// asks for some 460 points, so that a shop's real budget would be the pace of every storm.
const POINTS_PER_SECOND: u32 = 100_000;

/// The pause after a webhook's first failure; the eighth is then 25 s, the longest that a round's end waits.
const WEBHOOK_PAUSE: Duration = Duration::from_millis(100);

/// How long a start may take, a migration and a busy machine included.
pub const START: Duration = Duration::from_mins(1);

pub struct Stage {
    pub database: Database,
    pub seed: u64,
    pub chronicle: Chronicle,
    pub shopify: Shopify,
    pub shop: Shop,
    pub suppliers: BTreeMap<&'static str, Supplier>,
    pub variants: BTreeMap<&'static str, i64>,
    pub nodes: Vec<Node>,
    pub door: Door,
    pub http: reqwest::Client,
    token: String,
    /// Where its database is, for the auditor.
    pub database_url: String,
    pub cluster: Option<Cluster>,
    /// Last, so that it goes after everything that writes there.
    pub disk: Disk,
}

impl Stage {
    /// Starts everything, installs the app and sets the shop up. Nothing goes wrong yet.
    pub async fn set(database: Database, seed: u64, orders: u64) -> Self {
        let chronicle = Chronicle::default();
        let disk = Disk::make(database == Database::Sqlite, orders).await;
        let cluster = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(Cluster::start().await),
        };
        let url = cluster.as_ref().map_or_else(
            || format!("sqlite://{}", disk.data().join("orderyard.db").display()),
            |cluster| cluster.url.clone(),
        );
        let shopify = Shopify::start(ShopifyConfig {
            first_webhook_retry: WEBHOOK_PAUSE,
            clock: chronicle.clock.for_sandbox(),
            journal_limit: JOURNAL,
            seed,
            ..ShopifyConfig::default()
        })
        .await
        .expect("the pretend Shopify starts");
        let shop = shopify.create_shop(
            DOMAIN,
            ShopSpec {
                plan: Plan::Enterprise,
                points_per_second: Some(POINTS_PER_SECOND),
                ..ShopSpec::default()
            },
        );
        let mut suppliers = BTreeMap::new();
        for (key, _) in SUPPLIERS {
            suppliers.insert(*key, supplier(key, &chronicle).await);
        }
        let (nodes, door) = installation(database, &disk, &url, &shopify.origin(), &chronicle).await;
        let address = format!("http://127.0.0.1:{}", door.port);
        shopify.set_app_url(address.parse().expect("a URL"));
        shopify.set_compliance_uri(format!("{address}/webhooks/shopify"));
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .build()
            .expect("a client");
        let mut stage = Self {
            database,
            seed,
            chronicle,
            shopify,
            shop,
            suppliers,
            variants: BTreeMap::new(),
            nodes,
            door,
            http,
            token: String::new(),
            database_url: url,
            cluster,
            disk,
        };
        stage.furnish().await;
        stage
    }

    async fn furnish(&mut self) {
        for node in &self.nodes {
            node.start(None).await;
            let Start::Ready = node.wait_until_ready(&self.http, START).await else {
                panic!("{} is never ready: see {}", node.name, node.log().display());
            };
        }
        let mut browser = Browser::new().expect("a browser");
        let install = self.shop.install_url().expect("the app has an address");
        browser.visit(install).await.expect("the app installs");
        self.until("the webhooks are subscribed", || {
            self.shop.subscriptions().len() == webhooks::Topic::SUBSCRIBED.len()
        })
        .await;
        for recipe in RECIPES {
            let product = ProductSpec {
                title: recipe.sku.to_owned(),
                variants: vec![VariantSpec::new(recipe.sku, "20.00")],
                ..ProductSpec::default()
            };
            let ids = self.shop.create_product(product).expect("a product");
            self.variants.insert(recipe.sku, ids.variants[0]);
        }
        self.apply().await;
        for (key, supplier) in &self.suppliers {
            let arguments = ["admin", "supplier-key", "create", "--supplier", key];
            let api_key = self.command(&arguments).await.expect("a key");
            supplier.set_orderyard(self.url("/"), api_key.trim());
        }
        let arguments = ["admin", "token", "create", "--shop", DOMAIN, "--scope", "read,write"];
        let token = self.command(&arguments).await.expect("a token");
        token.trim().clone_into(&mut self.token);
    }

    /// The setup names variants, which may still be on their way from Shopify.
    async fn apply(&self) {
        let mut setup = catalogue::setup(DOMAIN).replace("{secret}", SUPPLIER_SECRET);
        for (key, supplier) in &self.suppliers {
            setup = setup.replace(&format!("{{endpoint:{key}}}"), &supplier.endpoint());
        }
        let file = self.disk.path().join("setup.yaml");
        std::fs::write(&file, setup).expect("a file");
        let arguments = ["apply", file.to_str().expect("a path")];
        let deadline = tokio::time::Instant::now() + START;
        while let Err(problem) = self.command(&arguments).await {
            assert!(tokio::time::Instant::now() < deadline, "never applied: {problem}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.nodes[0]
            .command_line(arguments)
            .output()
            .await
            .expect("the binary runs");
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).expect("text"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    async fn until(&self, what: &str, check: impl Fn() -> bool) {
        let deadline = tokio::time::Instant::now() + START;
        while !check() {
            assert!(tokio::time::Instant::now() < deadline, "never: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.door.port)
    }

    /// Asks the API as the shop's staff would; none when no answer comes.
    pub async fn ask(&self, query: &str, variables: &Value) -> Option<Value> {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let request = self
            .http
            .post(self.url("/graphql"))
            .bearer_auth(&self.token)
            .json(&body);
        let mut answer: Value = request.send().await.ok()?.json().await.ok()?;
        assert!(
            answer.get("errors").is_none() || answer["data"].is_null(),
            "{query}: {answer}"
        );
        Some(answer["data"].take()).filter(Value::is_object)
    }
}

async fn supplier(key: &str, chronicle: &Chronicle) -> Supplier {
    let config = SupplierConfig {
        behaviour: Behaviour::default(),
        clock: chronicle.clock.for_sandbox(),
        journal_limit: JOURNAL,
        // Suppliers do not give up on us.
        tries: 200,
        ..SupplierConfig::new(key, SUPPLIER_SECRET)
    };
    Supplier::start(config).await.expect("a supplier starts")
}

/// Two nodes on PostgreSQL, one on `SQLite`, and the door in front of them.
async fn installation(
    database: Database,
    disk: &Disk,
    url: &str,
    origin: &str,
    chronicle: &Chronicle,
) -> (Vec<Node>, Door) {
    let names: &[&str] = match database {
        Database::Sqlite => &["a"],
        Database::Postgres => &["a", "b"],
    };
    let env = |app_url: &str| -> Vec<(String, String)> {
        [
            ("SHOPIFY_API_KEY", "sandbox-client-id"),
            ("SHOPIFY_API_SECRET", "sandbox-client-secret"),
            ("SHOPIFY_APP_URL", app_url),
            ("SHOPIFY_ORIGIN", origin),
            ("DATABASE_URL", url),
            ("ENCRYPTION_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("HOST", "127.0.0.1"),
            ("SUPPLIER_NETWORKS", "127.0.0.0/8"),
            (
                "JOB_RETRY_SECONDS",
                "0.05,0.1,0.2,0.4,0.8,1,1,1,1.5,1.5,1.5,1.5,1.5,1.5,1.5",
            ),
            ("OUTSIDE_CALL_SECONDS", "2"),
            ("WORKER_LEASE_SECONDS", "2"),
            // Whoever is left alone is tried again before the storm counts as over.
            ("CIRCUIT_PAUSE_SECONDS", "0.1"),
            // What a dropped webhook did not tell is found by the program itself.
            ("RECONCILE_SECONDS", "10"),
            ("LOG", "info,orderyard=debug,sqlx=warn"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    };
    // The nodes are told the door's address, and the door theirs.
    let ports: Vec<Port> = names.iter().map(|_| Port::claim()).collect();
    let door = Door::open(ports.iter().map(|port| port.number).collect(), chronicle.clone()).await;
    let env = env(&format!("http://127.0.0.1:{}", door.port));
    let nodes = names.iter().zip(ports);
    let nodes = nodes.map(|(name, port)| Node::at(name, port, &env, disk.path().to_owned()));
    (nodes.collect(), door)
}
