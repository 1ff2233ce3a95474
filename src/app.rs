//! What the program is made of, built once and handed down.

use std::sync::Arc;

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

/// Everything that doors and actions need. Cheap to clone.
#[derive(Clone)]
pub struct App {
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
        Ok(Self {
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
        })
    }
}
