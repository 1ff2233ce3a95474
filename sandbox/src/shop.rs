//! One shop as its merchant and its customers use it: products, orders, and every change that
//! happens in the Shopify admin. Each call changes the state under the shop's lock, then lets the
//! webhooks out. What the app may do is `admin`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde::Serialize;
use serde_json::json;
use url::Url;

use crate::{
    admin::Bucket,
    callbacks::CallbackGate,
    config::ShopifyConfig,
    ids::{Ids, gid},
    payload,
    scopes::Scopes,
    shopify::{Inner, lock},
    signing,
    spec::{AddressSpec, OrderSpec, ProductSpec, ShopSpec},
    state::{
        CancelRequest, EditRequest, Fulfillment, FulfillmentOrder, FulfillmentRequest, HoldRequest, Order,
        RefundRequest, Refused, ShopState, Tracking, UserError,
    },
    tokens::{Grant, Installed},
    webhooks,
};

/// A handle on one shop; clones are the same shop.
#[derive(Clone)]
pub struct Shop {
    pub(crate) inner: Arc<Inner>,
    pub(crate) cell: Arc<ShopCell>,
}

/// One shop's state behind its locks.
pub(crate) struct ShopCell {
    pub domain: String,
    state: Mutex<ShopState>,
    grant: Mutex<Grant>,
    pub bucket: Mutex<Bucket>,
    /// Callback addresses with a notification on its way.
    pub callbacks: Mutex<HashMap<String, CallbackGate>>,
}

/// A product's id and those of its variants, in the order given.
#[derive(Debug, Clone, Serialize)]
pub struct ProductIds {
    pub id: i64,
    pub variants: Vec<i64>,
    pub inventory_items: Vec<i64>,
}

/// An order with everything that hangs on it, as it is at one instant.
#[derive(Debug, Clone, Serialize)]
pub struct OrderSnapshot {
    pub order: Order,
    /// `displayFulfillmentStatus`.
    pub fulfillment_status: &'static str,
    /// Every fulfillment order ever made for it, the closed ones included.
    pub fulfillment_orders: Vec<FulfillmentOrder>,
    pub fulfillments: Vec<Fulfillment>,
}

impl OrderSnapshot {
    /// Units that are still to leave, over all fulfillment orders that stand.
    pub fn remaining(&self) -> i64 {
        self.fulfillment_orders
            .iter()
            .filter(|fo| fo.is_live())
            .map(FulfillmentOrder::remaining)
            .sum()
    }

    /// The fulfillment orders that stand for work.
    pub fn live(&self) -> impl Iterator<Item = &FulfillmentOrder> {
        self.fulfillment_orders.iter().filter(|fo| fo.is_live())
    }
}

impl ShopCell {
    pub fn new(domain: &str, spec: ShopSpec, ids: Arc<Ids>, config: &ShopifyConfig) -> Self {
        let bucket = Bucket::new(spec.bucket_size(), spec.restore_rate());
        Self {
            domain: domain.to_owned(),
            state: Mutex::new(ShopState::new(domain, spec, ids, config.clock.clone())),
            grant: Mutex::new(Grant::default()),
            bucket: Mutex::new(bucket),
            callbacks: Mutex::new(HashMap::new()),
        }
    }

    pub fn grant(&self) -> MutexGuard<'_, Grant> {
        lock(&self.grant)
    }
}

impl Shop {
    pub fn domain(&self) -> &str {
        &self.cell.domain
    }

    /// Shopify's numeric shop id.
    pub fn id(&self) -> i64 {
        self.read(|state| state.id)
    }

    /// The base of this shop's Admin and OAuth endpoints.
    pub fn base_url(&self) -> String {
        format!("{}/{}", self.inner.url(), self.cell.domain)
    }

    /// The shop's locations by name, those of fulfillment services included.
    pub fn locations(&self) -> Vec<(i64, String)> {
        self.read(|state| state.locations.values().map(|l| (l.id, l.name.clone())).collect())
    }

    pub fn add_location(&self, name: impl Into<String>) -> i64 {
        self.change(|state| state.add_location(name.into(), None))
    }

    pub fn create_product(&self, spec: ProductSpec) -> Result<ProductIds, Refused> {
        self.change(|state| {
            let id = state.create_product(spec)?;
            let variants = state.products.get(&id).map(|p| p.variants.clone()).unwrap_or_default();
            let inventory_items = variants
                .iter()
                .filter_map(|v| state.variants.get(v))
                .map(|v| v.inventory_item_id)
                .collect();
            Ok(ProductIds {
                id,
                variants,
                inventory_items,
            })
        })
    }

    pub fn rename_sku(&self, variant_id: i64, sku: impl Into<String>) -> Result<(), Refused> {
        self.change(|state| state.rename_sku(variant_id, sku.into()))
    }

    /// How much of an item is available at a location.
    pub fn available(&self, inventory_item_id: i64, location_id: i64) -> Option<i64> {
        self.read(|state| {
            state
                .levels
                .get(&(inventory_item_id, location_id))
                .map(|level| level.available)
        })
    }

    /// Sends the order as it is now once more, as any later change of it would.
    pub fn tell_again(&self, order_id: i64) {
        self.change(|state| state.touch_order(order_id));
    }

    /// Places an order; its fulfillment orders follow after the routing delay.
    pub fn create_order(&self, spec: OrderSpec) -> Result<i64, Refused> {
        let delay = spec
            .routing_delay_ms
            .map_or(self.inner.config.routing_delay, Duration::from_millis);
        let id = self.change(|state| state.create_order(spec))?;
        if delay.is_zero() {
            self.route_order(id);
        } else {
            let shop = self.clone();
            self.inner.spawn(async move {
                tokio::time::sleep(delay).await;
                shop.route_order(id);
            });
        }
        Ok(id)
    }

    /// Runs Shopify's order routing now, if it has not run yet.
    pub fn route_order(&self, order_id: i64) {
        self.change(|state| state.route_order(order_id));
    }

    pub fn order(&self, order_id: i64) -> Option<OrderSnapshot> {
        self.read(|state| {
            let order = state.orders.get(&order_id)?.clone();
            Some(OrderSnapshot {
                fulfillment_status: state.fulfillment_status(order_id),
                fulfillment_orders: order
                    .fulfillment_orders
                    .iter()
                    .filter_map(|id| state.fulfillment_orders.get(id))
                    .cloned()
                    .collect(),
                fulfillments: state.order_fulfillments(order_id).cloned().collect(),
                order,
            })
        })
    }

    pub fn order_ids(&self) -> Vec<i64> {
        self.read(|state| state.orders.keys().copied().collect())
    }

    pub fn mark_paid(&self, order_id: i64) -> Result<(), Refused> {
        self.change(|state| state.mark_paid(order_id))
    }

    pub fn cancel_order(&self, order_id: i64, request: &CancelRequest) -> Result<(), Refused> {
        self.change(|state| state.cancel_order(order_id, request))
    }

    pub fn delete_order(&self, order_id: i64) -> Result<(), Refused> {
        self.change(|state| state.delete_order(order_id))
    }

    pub fn refund(&self, order_id: i64, request: &RefundRequest) -> Result<i64, Refused> {
        self.change(|state| state.refund(order_id, request))
    }

    pub fn edit_order(&self, order_id: i64, edit: &EditRequest) -> Result<(), Refused> {
        self.change(|state| state.edit_order(order_id, edit))
    }

    pub fn change_address(&self, order_id: i64, address: AddressSpec) -> Result<(), Refused> {
        self.change(|state| state.change_address(order_id, address))
    }

    pub fn retag(&self, order_id: i64, tags: &[&str]) -> Result<(), Refused> {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self.change(|state| state.retag(order_id, tags))
    }

    /// Shopify advises something else about the order, such as `CANCEL`.
    pub fn assess(&self, order_id: i64, recommendation: &str) -> Result<(), Refused> {
        self.change(|state| state.assess(order_id, recommendation))
    }

    /// Holds a fulfillment order; returns the hold and the fulfillment order of what is not held.
    pub fn hold(&self, fulfillment_order_id: i64, request: HoldRequest) -> Result<(i64, Option<i64>), Refused> {
        self.change(|state| state.hold(fulfillment_order_id, request))
    }

    pub fn release(&self, fulfillment_order_id: i64) -> Result<(), Refused> {
        self.change(|state| state.release_hold(fulfillment_order_id, &[], false))
    }

    /// Opens a scheduled fulfillment order.
    pub fn open_scheduled(&self, fulfillment_order_id: i64) -> Result<(), Refused> {
        self.change(|state| state.open_scheduled(fulfillment_order_id))
    }

    pub fn report_progress(&self, fulfillment_order_id: i64) -> Result<(), Refused> {
        self.change(|state| state.report_progress(fulfillment_order_id))
    }

    pub fn mark_open(&self, fulfillment_order_id: i64) -> Result<(), Refused> {
        self.change(|state| state.mark_open(fulfillment_order_id))
    }

    /// Moves units (all, when none is named) to a location; returns original and moved ids.
    pub fn move_to(
        &self,
        fulfillment_order_id: i64,
        location_id: i64,
        units: &[(i64, i64)],
    ) -> Result<(i64, i64), Refused> {
        self.change(|state| state.move_to(fulfillment_order_id, location_id, units))
    }

    pub fn split(&self, fulfillment_order_id: i64, units: &[(i64, i64)]) -> Result<(i64, i64), Refused> {
        self.change(|state| state.split(fulfillment_order_id, units))
    }

    /// Asks the fulfillment service at the order's location to fulfill.
    pub fn request_fulfillment(&self, fulfillment_order_id: i64, message: Option<&str>) -> Result<(), Refused> {
        let message = message.map(str::to_owned);
        self.change(|state| state.submit_request(fulfillment_order_id, &[], message))
            .map(drop)
    }

    pub fn request_cancellation(&self, fulfillment_order_id: i64, message: Option<&str>) -> Result<(), Refused> {
        let message = message.map(str::to_owned);
        self.change(|state| state.submit_cancellation(fulfillment_order_id, message))
    }

    /// Fulfills everything left in a fulfillment order by the merchant's hand.
    pub fn fulfil_by_hand(&self, fulfillment_order_id: i64, tracking: Option<Tracking>) -> Result<i64, Refused> {
        let request = FulfillmentRequest {
            parts: vec![(fulfillment_order_id, Vec::new())],
            tracking: tracking.into_iter().collect(),
            notify_customer: true,
            by_app: false,
        };
        self.fulfil(request)
    }

    pub fn fulfil(&self, request: FulfillmentRequest) -> Result<i64, Refused> {
        self.change(|state| state.create_fulfillment(request))
    }

    /// Corrects a parcel's number by the merchant's hand.
    pub fn retrack(&self, fulfillment_id: i64, number: &str) -> Result<(), Refused> {
        let tracking = Tracking {
            company: None,
            number: Some(number.to_owned()),
            url: None,
        };
        self.change(|state| state.update_tracking(fulfillment_id, vec![tracking], false))
    }

    pub fn cancel_fulfillment(&self, fulfillment_id: i64) -> Result<(), Refused> {
        self.change(|state| state.cancel_fulfillment(fulfillment_id))
    }

    /// Where a merchant starts an install: the app's URL with a signed query.
    pub fn install_url(&self) -> Option<Url> {
        let mut url = self.inner.app_url()?;
        let pairs = vec![
            ("host".to_owned(), self.host()),
            ("shop".to_owned(), self.cell.domain.clone()),
            (
                "timestamp".to_owned(),
                self.inner.config.clock.now().timestamp().to_string(),
            ),
        ];
        let hmac = signing::query_signature(&self.inner.signing_secret(), &pairs);
        url.query_pairs_mut().extend_pairs(pairs).append_pair("hmac", &hmac);
        Some(url)
    }

    /// An ID token (session token) for a staff member of this shop, as App Bridge would fetch it.
    pub fn session_token(&self, user_id: u64) -> String {
        let now = self.inner.config.clock.now().timestamp();
        let claims = json!({
            "iss": format!("https://{}/admin", self.cell.domain),
            "dest": format!("https://{}", self.cell.domain),
            "aud": self.inner.config.client_id,
            "sub": user_id.to_string(),
            "exp": now + 60,
            "nbf": now,
            "iat": now,
            "jti": uuid::Uuid::new_v4().to_string(),
            "sid": uuid::Uuid::new_v4().to_string(),
        });
        signing::jwt(&self.inner.signing_secret(), &claims)
    }

    /// Installs the app without redirects, as Shopify-managed installation does: what token exchange
    /// and client credentials need.
    pub fn install_managed(&self, scopes: &str) -> Result<(), Refused> {
        let scopes =
            Scopes::parse(scopes).map_err(|scope| UserError::new(&["scopes"], format!("{scope} is not a scope")))?;
        let scopes = scopes.without(&self.inner.config.withheld_scopes);
        self.cell.grant().installed = Some(Installed { scopes });
        Ok(())
    }

    /// Leaves this many points in the app's rate budget.
    pub fn drain_bucket(&self, points: u32) {
        lock(&self.cell.bucket).drain_to(points);
    }

    pub fn is_installed(&self) -> bool {
        self.cell.grant().installed.is_some()
    }

    /// Topics subscribed through the API, as enum values, with their addresses.
    pub fn subscriptions(&self) -> Vec<(String, String)> {
        self.read(|state| {
            state
                .subscriptions
                .values()
                .map(|s| (s.topic.clone(), s.uri.clone()))
                .collect()
        })
    }

    /// Takes a topic's subscription away without a word, as Shopify does after failed deliveries.
    pub fn drop_subscription(&self, topic: &str) {
        self.change(|state| state.subscriptions.retain(|_, one| one.topic != topic));
    }

    /// Removes the app: tokens and subscriptions end, and the app is told.
    pub fn uninstall_app(&self) {
        self.change(|state| {
            let body = payload::shop(state);
            state.outbox.push(crate::state::Outgoing::Webhook {
                topic: "app/uninstalled",
                payload: body,
            });
        });
        self.change(|state| state.subscriptions.clear());
        self.cell.grant().revoke();
    }

    /// Makes access tokens stop working, as at the end of their hour.
    pub fn expire_access_tokens(&self) {
        self.cell.grant().expire_access();
    }

    /// Makes refresh tokens stop working, as after ninety idle days.
    pub fn expire_refresh_tokens(&self) {
        self.cell.grant().expire_refresh();
    }

    /// Sends `customers/data_request` or `customers/redact` for the buyer of an order.
    pub fn compliance_customer(&self, topic: ComplianceTopic, order_id: i64) {
        let body = self.read(|state| {
            let (customer, orders) = payload::customer_reference(state, order_id)?;
            let mut body = json!({ "shop_id": state.id, "shop_domain": state.domain, "customer": customer });
            match topic {
                ComplianceTopic::DataRequest => {
                    body["orders_requested"] = orders;
                    body["data_request"] = json!({ "id": order_id });
                }
                ComplianceTopic::Redact => body["orders_to_redact"] = orders,
            }
            Some(body)
        });
        if let Some(body) = body {
            webhooks::compliance(self, topic.slug(), &body);
        }
    }

    /// Sends `shop/redact`, which Shopify sends 48 hours after an uninstall.
    pub fn redact_shop(&self) {
        let body = self.read(|state| json!({ "shop_id": state.id, "shop_domain": state.domain }));
        webhooks::compliance(self, "shop/redact", &body);
    }

    /// `host` of signed URLs.
    pub(crate) fn host(&self) -> String {
        use base64::Engine as _;
        let handle = self.cell.domain.split('.').next().unwrap_or_default();
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("admin.shopify.com/store/{handle}"))
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&ShopState) -> T) -> T {
        read(&self.cell.state_guard())
    }

    /// Changes the state and lets out what the change causes.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut ShopState) -> T) -> T {
        let (answer, planned) = {
            let mut state = self.cell.state_guard();
            let answer = change(&mut state);
            let outbox = std::mem::take(&mut state.outbox);
            (answer, webhooks::plan(&self.inner, &state, outbox))
        };
        webhooks::dispatch(self, planned);
        answer
    }

    /// Runs an accepted `orderCancel` to its end.
    pub(crate) fn finish_cancel(&self, job_id: &str) {
        use crate::state::JobState;
        self.change(|state| {
            let Some((order_id, request)) = state.jobs.get(job_id).map(|job| (job.order_id, job.request.clone()))
            else {
                return;
            };
            let outcome = state.cancel_order(order_id, &request);
            if let Some(job) = state.jobs.get_mut(job_id) {
                job.state = if outcome.is_ok() {
                    JobState::Succeeded
                } else {
                    JobState::Failed
                };
            }
        });
    }
}

impl ShopCell {
    fn state_guard(&self) -> MutexGuard<'_, ShopState> {
        lock(&self.state)
    }
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shop")
            .field("domain", &self.cell.domain)
            .finish_non_exhaustive()
    }
}

/// The two compliance webhooks about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComplianceTopic {
    DataRequest,
    Redact,
}

impl ComplianceTopic {
    fn slug(self) -> &'static str {
        match self {
            Self::DataRequest => "customers/data_request",
            Self::Redact => "customers/redact",
        }
    }
}

/// `gid://shopify/<kind>/<id>`, for assertions.
pub fn shopify_gid(kind: &str, id: i64) -> String {
    gid(kind, id)
}
