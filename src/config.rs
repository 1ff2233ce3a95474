//! Settings: one struct per concern, and the only reader of the environment.
//!
//! Everything that is wrong is reported at once, each error naming its variable.

mod reader;

use std::{fmt, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;
use webhooks::Secrets;

use reader::Reader;

use crate::{domain::text_enum::text_enum, seal::Keyring};

/// The Admin API version that the operations in `shopify/queries` are written for.
pub const SHOPIFY_API_VERSION: &str = "2026-10";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    pub shopify: ShopifyConfig,
    pub database: DatabaseConfig,
    /// None: made on the first run beside the `SQLite` database.
    pub keyring: Option<Keyring>,
    pub server: ServerConfig,
    pub worker: WorkerConfig,
    pub suppliers: SupplierConfig,
    pub retention: RetentionConfig,
    /// Whether visitors may sign in with one click. Only `orderyard demo` sets it.
    pub demo: bool,
}

#[derive(Clone, Debug)]
pub struct ShopifyConfig {
    pub client_id: String,
    /// The first signs; all verify.
    pub client_secrets: Vec<SecretString>,
    pub signatures: Secrets,
    pub scopes: Vec<String>,
    pub app_url: Url,
    /// Where a shop's endpoints are, with `{shop}` for its domain.
    pub origin: String,
    pub api_version: String,
    pub grant: Grant,
    pub timeout: Duration,
}

impl ShopifyConfig {
    /// The secret that signs; reading the settings makes sure that there is one.
    #[must_use]
    pub fn signing_secret(&self) -> &SecretString {
        &self.client_secrets[0]
    }
}

text_enum! {
    /// How a token is got.
    pub enum Grant {
        AuthorizationCode = "authorization_code",
        ClientCredentials = "client_credentials",
    }
}

text_enum! {
    /// What this process does.
    pub enum ProcessRole {
        All = "all",
        Web = "web",
        Worker = "worker",
    }
}

#[derive(Clone)]
pub struct DatabaseConfig {
    pub url: String,
    /// Read connections on `SQLite`.
    pub readers: u32,
    /// Connections on `PostgreSQL`.
    pub connections: u32,
    /// How long `PostgreSQL` may take for a statement.
    pub statement: Duration,
}

/// A URL may hold a password.
impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_sqlite() {
            "DatabaseConfig(SQLite)"
        } else {
            "DatabaseConfig(PostgreSQL)"
        })
    }
}

impl DatabaseConfig {
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// The file behind a `sqlite:` URL; none for a database in memory.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        let rest = self.url.strip_prefix("sqlite:")?;
        let path = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
        (!path.is_empty() && !path.starts_with(":memory:")).then(|| PathBuf::from(path))
    }
}

#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub host: String,
    pub port: u16,
    pub role: ProcessRole,
    /// Largest webhook body, in bytes.
    pub webhook_max_bytes: usize,
    /// How long a stop is told before the port closes.
    pub stop_notice: Duration,
}

#[derive(Clone, Debug)]
pub struct WorkerConfig {
    pub concurrency: usize,
    /// How long a job belongs to a worker that stopped answering.
    pub lease: Duration,
    /// Waits between tries; after the last one the job is given up.
    pub retries: Vec<Duration>,
    pub circuit: CircuitConfig,
    /// How often what we have is compared with Shopify.
    pub reconcile_every: Duration,
}

/// When somebody who does not answer is left alone.
#[derive(Clone, Copy, Debug)]
pub struct CircuitConfig {
    /// After so many failed calls in a row.
    pub failures: u32,
    /// For so long at first; it doubles a few times.
    pub pause: Duration,
}

#[derive(Clone, Debug)]
pub struct SupplierConfig {
    /// Private networks that supplier URLs may point into.
    pub networks: Vec<IpNet>,
    pub timeout: Duration,
    /// After so long without news of a purchase order its supplier's system is asked.
    pub ask_after: Duration,
}

/// How long history is kept.
#[derive(Clone, Debug)]
pub struct RetentionConfig {
    /// The bodies of deliveries that were read.
    pub bodies: TimeDelta,
    /// The most that bodies take together, whatever their age. Bytes.
    pub most_body_bytes: u64,
    /// What is left of deliveries that were read.
    pub deliveries: TimeDelta,
    /// The most deliveries, whatever their age.
    pub most_deliveries: u64,
    /// Refused calls, work that was given up, and what was asked of suppliers and Shopify.
    pub history: TimeDelta,
}

/// How to log; read before everything else, so that errors in the rest can be told.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// As `tracing-subscriber` reads it: `info`, `orderyard=debug,warn`.
    pub filter: String,
    /// One JSON object per line instead of text.
    pub json: bool,
}

impl LogConfig {
    /// What is logged where `LOG` says nothing.
    pub const DEFAULT_FILTER: &str = "info,sqlx=warn,hyper=warn,sea_orm_migration=warn";

    #[must_use]
    pub fn from_environment(quiet: bool) -> Self {
        // A broken .env is reported by the settings proper.
        drop(dotenvy::dotenv());
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let read = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        Self {
            filter: read("LOG").unwrap_or_else(|| if quiet { "warn" } else { Self::DEFAULT_FILTER }.to_owned()),
            json: read("LOG_FORMAT").as_deref() == Some("json"),
        }
    }
}

/// One setting that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct SettingError {
    pub variable: &'static str,
    pub problem: String,
}

/// Every setting that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<SettingError>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the settings cannot be used; mend these in the environment or in .env:"
        )?;
        for error in &self.0 {
            writeln!(f, "  {error}")?;
        }
        Ok(())
    }
}

impl Config {
    /// Reads the environment, after a `.env` file in the working folder.
    pub fn from_environment() -> Result<Self, ConfigErrors> {
        // A missing .env is no mistake: containers set the environment itself.
        if let Err(error) = dotenvy::dotenv()
            && !error.not_found()
        {
            return Err(ConfigErrors(vec![SettingError {
                variable: ".env",
                problem: error.to_string(),
            }]));
        }
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// The port that the demo asks for: it takes nothing else from the environment.
    pub fn demo_port() -> Result<u16, ConfigErrors> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let text = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
        let wrong = |_| {
            ConfigErrors(vec![SettingError {
                variable: "PORT",
                problem: "must be a port number".to_owned(),
            }])
        };
        text.trim().parse().map_err(wrong)
    }

    /// Reads settings from any source, and reports all errors at once.
    pub fn from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut reader = Reader {
            lookup,
            errors: Vec::new(),
        };
        let database = reader.database();
        let config = Self {
            keyring: reader.keyring(&database),
            shopify: reader.shopify(),
            server: reader.server(),
            worker: reader.worker(),
            suppliers: reader.suppliers(),
            retention: reader.retention(),
            database,
            demo: false,
        };
        if reader.errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(reader.errors))
        }
    }
}

/// Every variable that is read; a test compares the list with `.env.sample`.
pub const VARIABLES: &[&str] = &[
    "SHOPIFY_API_KEY",
    "SHOPIFY_API_SECRET",
    "SCOPES",
    "SHOPIFY_APP_URL",
    "SHOPIFY_ORIGIN",
    "SHOPIFY_API_VERSION",
    "SHOPIFY_GRANT",
    "DATABASE_URL",
    "ENCRYPTION_KEY",
    "PORT",
    "HOST",
    "SUPPLIER_NETWORKS",
    "ORDERYARD_ROLE",
    "WEBHOOK_MAX_BYTES",
    "STOP_NOTICE_SECONDS",
    "WORKER_CONCURRENCY",
    "WORKER_LEASE_SECONDS",
    "JOB_RETRY_SECONDS",
    "CIRCUIT_FAILURES",
    "CIRCUIT_PAUSE_SECONDS",
    "RECONCILE_SECONDS",
    "OUTSIDE_CALL_SECONDS",
    "ASK_SUPPLIERS_AFTER_SECONDS",
    "DATABASE_CONNECTIONS",
    "DATABASE_STATEMENT_SECONDS",
    "RETENTION_BODY_DAYS",
    "RETENTION_BODY_BYTES",
    "RETENTION_DELIVERY_DAYS",
    "RETENTION_DELIVERIES",
    "RETENTION_HISTORY_DAYS",
    "LOG",
    "LOG_FORMAT",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Result<Config, ConfigErrors> {
        Config::from_lookup(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn reports_every_mistake_at_once() {
        let errors = read(&[
            ("SHOPIFY_APP_URL", "localhost"),
            ("PORT", "many"),
            ("DATABASE_URL", "postgres://x/y"),
            ("JOB_RETRY_SECONDS", "1,x"),
            ("SUPPLIER_NETWORKS", "10.0.0.0/99"),
        ])
        .expect_err("all of these are wrong");
        let mut named: Vec<_> = errors.0.iter().map(|error| error.variable).collect();
        named.sort_unstable();
        assert_eq!(
            named,
            [
                "ENCRYPTION_KEY",
                "JOB_RETRY_SECONDS",
                "PORT",
                "SHOPIFY_API_KEY",
                "SHOPIFY_API_SECRET",
                "SHOPIFY_APP_URL",
                "SUPPLIER_NETWORKS"
            ]
        );
    }

    #[test]
    fn needs_no_more_than_the_two_keys() {
        let config = read(&[("SHOPIFY_API_KEY", "id"), ("SHOPIFY_API_SECRET", "new,old")]).expect("good");
        assert_eq!(config.shopify.client_secrets.len(), 2);
        assert_eq!(config.server.port, 3000);
        assert!(config.database.is_sqlite() && config.keyring.is_none());
        assert_eq!(config.database.sqlite_path(), Some(PathBuf::from("data/orderyard.db")));
    }

    #[test]
    fn the_sample_file_lists_every_variable() {
        let sample = include_str!("../.env.sample");
        for variable in VARIABLES {
            assert!(
                sample.contains(&format!("{variable}=")),
                "{variable} is missing in .env.sample"
            );
        }
    }
}
