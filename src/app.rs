//! What the program is made of, built once and handed down.

use std::{ops::Deref, sync::Arc};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::Clock,
    config::Config,
    connectors::Connectors,
    queue::inbox::Inbox,
    seal::Keyring,
    shopify::{AdminApi, Http, Limits, Origin, oauth::OAuth, origin::OriginError},
    store::Db,
};

/// Why the parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("no HTTP client can be made: {0}")]
    Http(#[from] reqwest::Error),
    #[error("SHOPIFY_ORIGIN {0}")]
    Origin(#[from] OriginError),
}

/// Everything that doors and actions need. Cheap to clone: each request of a door does it several times.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] consists of.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub inbox: Inbox,
    pub config: Arc<Config>,
    pub clock: Clock,
    pub keyring: Keyring,
    pub connectors: Arc<Connectors>,
    pub shopify: Arc<AdminApi>,
    pub oauth: Arc<OAuth>,
    pub metrics: PrometheusHandle,
    /// Cancelled when the program shall stop.
    pub stopping: CancellationToken,
    /// Tasks that the stop waits for.
    pub tasks: TaskTracker,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl App {
    /// Puts the parts together. Opening the database is the caller's.
    pub fn new(config: Config, db: Db, keyring: Keyring, clock: Clock) -> Result<Self, BuildError> {
        let http = Http::new()?;
        let origin = Origin::parse(&config.shopify.origin)?;
        let (client_id, secret) = (
            config.shopify.client_id.clone(),
            config.shopify.signing_secret().clone(),
        );
        let limits = Limits {
            timeout: config.shopify.timeout,
            ..Limits::default()
        };
        let shopify = AdminApi::new(http.clone(), origin.clone(), &config.shopify.api_version).with_limits(limits);
        let oauth = OAuth::new(http, origin, client_id, secret).with_timeout(config.shopify.timeout);
        let recorder = PrometheusBuilder::new().build_recorder();
        let metrics = recorder.handle();
        // A second App in one process (tests) keeps the first recorder; both handles stay valid.
        drop(metrics::set_global_recorder(recorder));
        Ok(Self::from(Parts {
            db: db.with_clock(clock.clone()),
            inbox: Inbox::default(),
            connectors: Arc::new(Connectors::new(&config.suppliers.networks, config.suppliers.timeout)?),
            shopify: Arc::new(shopify),
            oauth: Arc::new(oauth),
            config: Arc::new(config),
            clock,
            keyring,
            metrics,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }
}
