//! How a pretend Shopify behaves. The defaults are Shopify's own where Shopify's are known, and
//! quick enough for tests where they are only a matter of time.

use std::{net::SocketAddr, time::Duration};

use url::Url;

use crate::clock::Clock;

/// Settings of one pretend Shopify and of the one app it knows.
#[derive(Debug, Clone)]
pub struct ShopifyConfig {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    pub client_id: String,
    /// The first client secret; more come by [`crate::Shopify::add_secret`].
    pub client_secret: String,
    /// The app's base URL; may be set later by [`crate::Shopify::set_app_url`].
    pub app_url: Option<Url>,
    /// Allowed redirect URLs; `None` allows `{app_url}/auth/shopify/callback` alone.
    pub redirect_urls: Option<Vec<String>>,
    /// Where compliance webhooks go, as the app's TOML would say; `None` sends them nowhere.
    pub compliance_uri: Option<String>,
    /// Skips the consent page and installs at once.
    pub auto_approve: bool,
    /// The app is subject to expiring tokens: others are made but the Admin API refuses them.
    pub require_expiring_tokens: bool,
    /// App and shops are in one organization, so client credentials are granted.
    pub same_organization: bool,
    /// Scopes that merchants never grant.
    pub withheld_scopes: Vec<String>,
    /// From an order to its fulfillment orders.
    pub routing_delay: Duration,
    /// From `orderCancel` to the cancelled order.
    pub cancel_delay: Duration,
    /// The first pause between webhook attempts; each following one is twice as long. Shopify's
    /// eight retries spread over four hours, which is 56 s here.
    pub first_webhook_retry: Duration,
    pub webhook_timeout: Duration,
    /// Least time between two notifications to one fulfillment service.
    pub callback_interval: Duration,
    pub access_token_life: Duration,
    pub refresh_token_life: Duration,
    pub clock: Clock,
    pub seed: u64,
    /// How many requests and how many deliveries are remembered.
    pub journal_limit: usize,
}

impl Default for ShopifyConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            client_id: "sandbox-client-id".to_owned(),
            client_secret: "sandbox-client-secret".to_owned(),
            app_url: None,
            redirect_urls: None,
            compliance_uri: None,
            auto_approve: true,
            require_expiring_tokens: true,
            same_organization: true,
            withheld_scopes: Vec::new(),
            routing_delay: Duration::from_millis(50),
            cancel_delay: Duration::from_millis(50),
            first_webhook_retry: Duration::from_secs(56),
            webhook_timeout: Duration::from_secs(5),
            callback_interval: Duration::from_mins(1),
            access_token_life: Duration::from_hours(1),
            refresh_token_life: Duration::from_hours(90 * 24),
            clock: Clock::system(),
            seed: 1,
            journal_limit: 10_000,
        }
    }
}
