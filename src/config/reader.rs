//! Reads each setting from its variable, with its default and its limits.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use url::Url;
use webhooks::Secrets;

use super::{
    CircuitConfig, DatabaseConfig, Grant, ProcessRole, RetentionConfig, SHOPIFY_API_VERSION, ServerConfig,
    SettingError, ShopifyConfig, SupplierConfig, VARIABLES, WorkerConfig,
};
use crate::seal::{Keyring, SealError};

const DEFAULT_RETRIES: &str = "1,5,30,120,300,900,1800,3600,7200,14400,28800";

/// Reads variables one by one, and remembers what is wrong with them.
pub struct Reader<F> {
    pub lookup: F,
    pub errors: Vec<SettingError>,
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

    pub fn database(&mut self) -> DatabaseConfig {
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
            statement: self.seconds("DATABASE_STATEMENT_SECONDS", 30),
        }
    }

    pub fn keyring(&mut self, database: &DatabaseConfig) -> Option<Keyring> {
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

    pub fn shopify(&mut self) -> ShopifyConfig {
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
        let scopes = self.scopes();
        let origin = self.shopify_origin();
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
            origin,
            api_version: self
                .text("SHOPIFY_API_VERSION")
                .unwrap_or_else(|| SHOPIFY_API_VERSION.to_owned()),
            grant,
            timeout: self.seconds("OUTSIDE_CALL_SECONDS", 10),
        }
    }

    fn scopes(&self) -> Vec<String> {
        self.text("SCOPES").map_or_else(
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
        )
    }

    fn shopify_origin(&mut self) -> String {
        let origin = self
            .text("SHOPIFY_ORIGIN")
            .unwrap_or_else(|| "https://{shop}".to_owned());
        if !origin.contains("{shop}") || Url::parse(&origin.replace("{shop}", "a.myshopify.com")).is_err() {
            self.wrong(
                "SHOPIFY_ORIGIN",
                "must be a URL with {shop} where the shop's domain goes",
            );
        }
        origin.trim_end_matches('/').to_owned()
    }

    pub fn server(&mut self) -> ServerConfig {
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
            stop_notice: self.seconds("STOP_NOTICE_SECONDS", 3),
        }
    }

    pub fn worker(&mut self) -> WorkerConfig {
        let read_list = |text: &str| {
            text.split(',')
                .map(|part| read_seconds(part.trim()))
                .collect::<Option<Vec<_>>>()
        };
        let default = read_list(DEFAULT_RETRIES).unwrap_or_default();
        WorkerConfig {
            concurrency: self.parsed("WORKER_CONCURRENCY", 32, "a number between 1 and 256", |text| {
                text.parse().ok().filter(|number| (1..=256).contains(number))
            }),
            lease: self.seconds("WORKER_LEASE_SECONDS", 25),
            retries: self.parsed(
                "JOB_RETRY_SECONDS",
                default,
                "seconds between tries, separated by commas",
                read_list,
            ),
            circuit: CircuitConfig {
                failures: self.parsed("CIRCUIT_FAILURES", 5, "a number between 1 and 1000", |text| {
                    text.parse().ok().filter(|number| (1..=1000).contains(number))
                }),
                pause: self.seconds("CIRCUIT_PAUSE_SECONDS", 30),
            },
            reconcile_every: self.seconds("RECONCILE_SECONDS", 900),
        }
    }

    pub fn suppliers(&mut self) -> SupplierConfig {
        let networks = self.parsed(
            "SUPPLIER_NETWORKS",
            Vec::new(),
            "networks such as 10.0.0.0/8, separated by commas",
            |text| text.split(',').map(|network| network.trim().parse().ok()).collect(),
        );
        SupplierConfig {
            networks,
            timeout: self.seconds("OUTSIDE_CALL_SECONDS", 10),
            ask_after: self.seconds("ASK_SUPPLIERS_AFTER_SECONDS", 21_600),
        }
    }
}

impl<F: Fn(&'static str) -> Option<String>> Reader<F> {
    pub fn retention(&mut self) -> RetentionConfig {
        RetentionConfig {
            bodies: self.days("RETENTION_BODY_DAYS", 30),
            most_body_bytes: self.parsed(
                "RETENTION_BODY_BYTES",
                4_294_967_296,
                "a number of bytes between 10485760 and 10995116277760",
                |text| {
                    text.parse()
                        .ok()
                        .filter(|most| (10_485_760..=10_995_116_277_760).contains(most))
                },
            ),
            deliveries: self.days("RETENTION_DELIVERY_DAYS", 60),
            most_deliveries: self.parsed(
                "RETENTION_DELIVERIES",
                1_000_000,
                "a number between 1000 and 100000000",
                |text| text.parse().ok().filter(|most| (1_000..=100_000_000).contains(most)),
            ),
            history: self.days("RETENTION_HISTORY_DAYS", 365),
        }
    }

    /// At least a week: what is being found out about needs its evidence.
    fn days(&mut self, variable: &'static str, default: i64) -> TimeDelta {
        let days = self.parsed(variable, default, "a number of days between 7 and 3650", |text| {
            text.parse().ok().filter(|days| (7..=3650).contains(days))
        });
        TimeDelta::days(days)
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
