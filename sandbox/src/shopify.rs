//! The pretend Shopify as a library: start it, open shops, look inside, stop it. Holds what all
//! its shops share; what one shop does is `shop.rs`, the wire is `oauth`, `admin` and `webhooks`.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    admin,
    config::ShopifyConfig,
    control,
    faults::Faults,
    ids::Ids,
    log::{Journal, RequestRecord},
    oauth, page,
    server::Server,
    shop::{Shop, ShopCell},
    spec::ShopSpec,
    webhooks::{self, DeliveryRecord, Webhooks},
};

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: choose another address or port 0")]
    Listen {
        address: std::net::SocketAddr,
        source: io::Error,
    },
    #[error("the committed Admin API schema is not valid: regenerate it: {0}")]
    Schema(String),
    #[error("cannot make an HTTP client for webhooks")]
    Client(#[source] reqwest::Error),
    #[error("the webhook secret of a pretend supplier must be whsec_ and base64")]
    Secret,
}

/// A running pretend Shopify. Dropping it ends everything it does.
#[derive(Debug)]
pub struct Shopify {
    inner: Arc<Inner>,
    server: Server,
}

/// What requests, deliveries and library calls share.
pub(crate) struct Inner {
    pub config: ShopifyConfig,
    pub faults: Faults,
    pub requests: Journal<RequestRecord>,
    pub webhooks: Webhooks,
    pub ids: Arc<Ids>,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
    pub runtime: tokio::runtime::Handle,
    pub http: reqwest::Client,
    shops: RwLock<BTreeMap<String, Arc<ShopCell>>>,
    app: RwLock<AppSettings>,
    base: Url,
}

/// What may change about the app while the sandbox runs.
#[derive(Debug, Clone)]
struct AppSettings {
    url: Option<Url>,
    /// Unrevoked client secrets, the oldest first.
    secrets: Vec<String>,
    compliance_uri: Option<String>,
}

impl Shopify {
    /// Listens and serves until stopped or dropped.
    pub async fn start(config: ShopifyConfig) -> Result<Self, StartError> {
        admin::schema()?;
        let listener = TcpListener::bind(config.listen)
            .await
            .and_then(|listener| Ok((listener.local_addr()?, listener)))
            .map_err(|source| StartError::Listen {
                address: config.listen,
                source,
            });
        let (address, listener) = listener?;
        let base = Url::parse(&format!("http://{address}")).map_err(|_| StartError::Listen {
            address,
            source: io::ErrorKind::InvalidInput.into(),
        })?;
        let http = webhooks::client(config.webhook_timeout).map_err(StartError::Client)?;
        let inner = Arc::new(Inner {
            faults: Faults::new(config.seed),
            requests: Journal::new(config.journal_limit),
            webhooks: Webhooks::new(config.journal_limit),
            ids: Arc::new(Ids::default()),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            runtime: tokio::runtime::Handle::current(),
            http,
            shops: RwLock::new(BTreeMap::new()),
            app: RwLock::new(AppSettings {
                url: config.app_url.clone(),
                secrets: vec![config.client_secret.clone()],
                compliance_uri: config.compliance_uri.clone(),
            }),
            base,
            config,
        });
        let router = control::router(inner.clone())
            .merge(oauth::router(inner.clone()))
            .merge(admin::router(inner.clone()))
            .merge(page::router(inner.clone()));
        let server = Server::start(listener, router);
        Ok(Self { inner, server })
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn url(&self) -> String {
        self.inner.url()
    }

    /// A page for people with what stands in a shop.
    pub fn admin_url(&self, domain: &str) -> String {
        format!("{}/{domain}/admin", self.url())
    }

    /// What `SHOPIFY_ORIGIN` should say: the base of every shop, with `{shop}` for its domain.
    pub fn origin(&self) -> String {
        format!("{}/{{shop}}", self.url())
    }

    /// Opens a shop under this `myshopify.com` domain, or returns the one already there.
    pub fn create_shop(&self, domain: &str, spec: ShopSpec) -> Shop {
        self.inner.clone().create_shop(domain, spec)
    }

    pub fn shop(&self, domain: &str) -> Option<Shop> {
        self.inner.clone().shop(domain)
    }

    pub fn shops(&self) -> Vec<Shop> {
        self.inner.clone().all_shops()
    }

    /// Says where the app is, for install links and redirects.
    pub fn set_app_url(&self, url: Url) {
        self.inner.app_mut(|app| app.url = Some(url));
    }

    /// Says where compliance webhooks go.
    pub fn set_compliance_uri(&self, uri: impl Into<String>) {
        let uri = uri.into();
        self.inner.app_mut(|app| app.compliance_uri = Some(uri));
    }

    /// Adds a newer client secret; webhooks stay signed with the oldest one.
    pub fn add_secret(&self, secret: impl Into<String>) {
        let secret = secret.into();
        self.inner.app_mut(|app| app.secrets.push(secret));
    }

    /// Revokes a client secret and with it the tokens that were issued under it.
    pub fn revoke_secret(&self, secret: &str) {
        self.inner.app_mut(|app| app.secrets.retain(|known| known != secret));
        for shop in self.shops() {
            shop.cell.grant().forget_secret(secret);
        }
    }

    /// What goes wrong on purpose.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// Requests to the Admin API and the token endpoint so far, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.inner.requests.all()
    }

    /// How many of the requests so far fit.
    pub fn count_requests(&self, fits: impl Fn(&RequestRecord) -> bool) -> usize {
        self.inner.requests.count(fits)
    }

    /// How many of the deliveries so far fit.
    pub fn count_deliveries(&self, fits: impl Fn(&DeliveryRecord) -> bool) -> usize {
        self.inner.webhooks.journal.count(fits)
    }

    /// Webhook deliveries so far, oldest first, each with its attempts.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.inner.webhooks.journal.all()
    }

    /// Stops delivering, finishes open answers and frees the port.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.server.stop().await;
        self.inner.tasks.wait().await;
    }
}

impl Drop for Shopify {
    fn drop(&mut self) {
        self.inner.stop.cancel();
    }
}

impl Inner {
    pub fn url(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    pub fn app_url(&self) -> Option<Url> {
        self.app(|app| app.url.clone())
    }

    pub fn set_app_url(&self, url: Url) {
        self.app_mut(|app| app.url = Some(url));
    }

    pub fn compliance_uri(&self) -> Option<String> {
        self.app(|app| app.compliance_uri.clone())
    }

    /// The secret that signs webhooks and redirects: the oldest that stands.
    pub fn signing_secret(&self) -> String {
        self.app(|app| app.secrets.first().cloned().unwrap_or_default())
    }

    pub fn secrets(&self) -> Vec<String> {
        self.app(|app| app.secrets.clone())
    }

    pub fn redirect_allowed(&self, uri: &str) -> bool {
        if let Some(allowed) = &self.config.redirect_urls {
            return allowed.iter().any(|known| known == uri);
        }
        let callback = self
            .app_url()
            .map(|url| format!("{}/auth/shopify/callback", url.as_str().trim_end_matches('/')));
        callback.as_deref() == Some(uri)
    }

    pub fn create_shop(self: Arc<Self>, domain: &str, spec: ShopSpec) -> Shop {
        let domain = domain.to_ascii_lowercase();
        let mut shops = self.shops.write().unwrap_or_else(PoisonError::into_inner);
        let cell = shops
            .entry(domain.clone())
            .or_insert_with(|| Arc::new(ShopCell::new(&domain, spec, self.ids.clone(), &self.config)))
            .clone();
        drop(shops);
        Shop { inner: self, cell }
    }

    pub fn shop(self: Arc<Self>, domain: &str) -> Option<Shop> {
        let cell = self
            .shops
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&domain.to_ascii_lowercase())
            .cloned()?;
        Some(Shop { inner: self, cell })
    }

    pub fn all_shops(self: Arc<Self>) -> Vec<Shop> {
        let cells: Vec<_> = self
            .shops
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect();
        cells
            .into_iter()
            .map(|cell| Shop {
                inner: self.clone(),
                cell,
            })
            .collect()
    }

    /// Runs work that ends when the sandbox does.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let until_stopped = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        };
        self.tasks.spawn_on(until_stopped, &self.runtime);
    }

    fn app<T>(&self, read: impl FnOnce(&AppSettings) -> T) -> T {
        read(&self.app.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn app_mut(&self, change: impl FnOnce(&mut AppSettings)) {
        change(&mut self.app.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// A lock whose holder cannot have left the data half-changed in a way that matters to a test.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
