//! Settings: one struct per concern, and the only reader of the environment.
//!
//! Everything that is wrong is reported at once, each error naming its variable.

use std::{fmt, path::PathBuf, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;
use webhooks::Secrets;

use crate::{
    domain::text_enum::text_enum,
    seal::{Keyring, SealError},
};

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
}

#[derive(Clone, Debug)]
pub struct WorkerConfig {
    pub concurrency: usize,
    /// How long a job belongs to a worker that stopped answering.
    pub lease: Duration,
    /// Waits between tries; after the last one the job is given up.
    pub retries: Vec<Duration>,
}

#[derive(Clone, Debug)]
pub struct SupplierConfig {
    /// Private networks that supplier URLs may point into.
    pub networks: Vec<IpNet>,
    pub timeout: Duration,
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
    "WORKER_CONCURRENCY",
    "WORKER_LEASE_SECONDS",
    "JOB_RETRY_SECONDS",
    "OUTSIDE_CALL_SECONDS",
    "DATABASE_CONNECTIONS",
    "LOG",
    "LOG_FORMAT",
];

const DEFAULT_RETRIES: &str = "1,5,30,120,300,900,1800,3600,7200,14400,28800";

struct Reader<F> {
    lookup: F,
    errors: Vec<SettingError>,
}

impl<F: Fn(&'static str) -> Option<String>> Reader<F> {
    fn text(&self, variable: &'static str) -> Option<String> {
        debug_assert!(VARIABLES.contains(&variable), "{variable} is not in VARIABLES");
        (self.lookup)(variable)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }

    fn wrong(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.errors.push(SettingError {
            variable,
            problem: problem.into(),
        });
    }

    /// Reads with a default that is known to be good.
    fn parsed<T>(&mut self, variable: &'static str, default: T, must: &str, read: impl Fn(&str) -> Option<T>) -> T {
        match self.text(variable).map(|text| read(&text)) {
            None => default,
            Some(Some(value)) => value,
            Some(None) => {
                self.wrong(variable, format!("must be {must}"));
                default
            }
        }
    }

    fn seconds(&mut self, variable: &'static str, default: u64) -> Duration {
        self.parsed(
            variable,
            Duration::from_secs(default),
            "a number of seconds between 0.01 and 86400",
            read_seconds,
        )
    }

    fn database(&mut self) -> DatabaseConfig {
        let url = self
            .text("DATABASE_URL")
            .unwrap_or_else(|| "sqlite://data/orderyard.db".to_owned());
        if !["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            self.wrong("DATABASE_URL", "must begin with sqlite:// or postgres://");
        }
        let connections = self.parsed("DATABASE_CONNECTIONS", 16, "a number between 2 and 200", |text| {
            text.parse().ok().filter(|number| (2..=200).contains(number))
        });
        DatabaseConfig {
            url,
            readers: 4,
            connections,
        }
    }

    fn keyring(&mut self, database: &DatabaseConfig) -> Option<Keyring> {
        let keys = self.text("ENCRYPTION_KEY").map(|keys| Keyring::parse(&keys.into()));
        match keys {
            Some(Ok(keyring)) => Some(keyring),
            Some(Err(_)) => {
                self.wrong("ENCRYPTION_KEY", SealError::BadKey.to_string());
                None
            }
            None if database.is_sqlite() => None,
            None => {
                self.wrong(
                    "ENCRYPTION_KEY",
                    "is required with PostgreSQL; make one with: openssl rand -base64 32",
                );
                None
            }
        }
    }

    fn shopify(&mut self) -> ShopifyConfig {
        let client_id = self.text("SHOPIFY_API_KEY").unwrap_or_default();
        if client_id.is_empty() {
            self.wrong(
                "SHOPIFY_API_KEY",
                "is missing: copy the client id from the app's settings in the Dev Dashboard",
            );
        }
        let secret_list = self.text("SHOPIFY_API_SECRET").unwrap_or_default();
        let secrets: Vec<String> = secret_list.split(',').map(|s| s.trim().to_owned()).collect();
        let signatures = Secrets::new(secrets.clone()).or_else(|error| {
            let problem = if secret_list.is_empty() {
                "is missing: copy the client secret from the app's settings in the Dev Dashboard".to_owned()
            } else {
                error.to_string()
            };
            self.wrong("SHOPIFY_API_SECRET", problem);
            Secrets::new(["unset"])
        });
        let app_url = self.parsed(
            "SHOPIFY_APP_URL",
            None,
            "an http or https URL without a path",
            read_origin,
        );
        let scopes = self.text("SCOPES").map_or_else(
            || {
                crate::shopify::scopes::DEFAULT_SCOPES
                    .iter()
                    .map(|scope| (*scope).to_owned())
                    .collect()
            },
            |list| {
                list.split(',')
                    .map(|scope| scope.trim().to_owned())
                    .filter(|scope| !scope.is_empty())
                    .collect()
            },
        );
        let origin = self
            .text("SHOPIFY_ORIGIN")
            .unwrap_or_else(|| "https://{shop}".to_owned());
        if !origin.contains("{shop}") || Url::parse(&origin.replace("{shop}", "a.myshopify.com")).is_err() {
            self.wrong(
                "SHOPIFY_ORIGIN",
                "must be a URL with {shop} where the shop's domain goes",
            );
        }
        let grant = self.parsed(
            "SHOPIFY_GRANT",
            Grant::AuthorizationCode,
            "authorization_code or client_credentials; token_exchange needs a dashboard inside Shopify's admin, which this release has not",
            |text| text.parse().ok(),
        );
        let (Some(signatures), Some(app_url)) = (
            signatures.ok(),
            app_url.or_else(|| Url::parse("http://localhost:3000").ok()),
        ) else {
            unreachable!("both have constant fallbacks")
        };
        ShopifyConfig {
            client_id,
            client_secrets: secrets.into_iter().map(SecretString::from).collect(),
            signatures,
            scopes,
            app_url,
            origin: origin.trim_end_matches('/').to_owned(),
            api_version: self
                .text("SHOPIFY_API_VERSION")
                .unwrap_or_else(|| SHOPIFY_API_VERSION.to_owned()),
            grant,
            timeout: self.seconds("OUTSIDE_CALL_SECONDS", 10),
        }
    }

    fn server(&mut self) -> ServerConfig {
        ServerConfig {
            host: self.text("HOST").unwrap_or_else(|| "0.0.0.0".to_owned()),
            port: self.parsed("PORT", 3000, "a port number", |text| text.parse().ok()),
            role: self.parsed("ORDERYARD_ROLE", ProcessRole::All, "all, web or worker", |text| {
                text.parse().ok()
            }),
            webhook_max_bytes: self.parsed(
                "WEBHOOK_MAX_BYTES",
                8 * 1024 * 1024,
                "a number of bytes between 65536 and 67108864",
                |text| text.parse().ok().filter(|bytes| (65_536..=67_108_864).contains(bytes)),
            ),
        }
    }

    fn worker(&mut self) -> WorkerConfig {
        let read_list = |text: &str| {
            text.split(',')
                .map(|part| read_seconds(part.trim()))
                .collect::<Option<Vec<_>>>()
        };
        let default = read_list(DEFAULT_RETRIES).unwrap_or_default();
        WorkerConfig {
            concurrency: self.parsed("WORKER_CONCURRENCY", 8, "a number between 1 and 256", |text| {
                text.parse().ok().filter(|number| (1..=256).contains(number))
            }),
            lease: self.seconds("WORKER_LEASE_SECONDS", 30),
            retries: self.parsed(
                "JOB_RETRY_SECONDS",
                default,
                "seconds between tries, separated by commas",
                read_list,
            ),
        }
    }

    fn suppliers(&mut self) -> SupplierConfig {
        let networks = self.parsed(
            "SUPPLIER_NETWORKS",
            Vec::new(),
            "networks such as 10.0.0.0/8, separated by commas",
            |text| text.split(',').map(|network| network.trim().parse().ok()).collect(),
        );
        SupplierConfig {
            networks,
            timeout: self.seconds("OUTSIDE_CALL_SECONDS", 10),
        }
    }
}

fn read_seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    (0.01..=86_400.0)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

#[expect(
    clippy::option_option,
    reason = "the outer says whether the text is good, the inner is the value's own type"
)]
fn read_origin(text: &str) -> Option<Option<Url>> {
    let url = Url::parse(text).ok()?;
    let plain =
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/" && url.query().is_none();
    plain.then_some(Some(url))
}

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
