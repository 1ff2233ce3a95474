//! The client and the pretend Shopify, which were written apart from one
//! another, agree on every operation: installing, reading, fulfilling, and what
//! is left after a lost answer.

mod orders;
mod services;
mod shop;

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use orderyard::{
    domain::carriers::CarrierName,
    ids::ShopifyOrderId,
    shopify::{
        API_VERSION, Access, AdminApi, Http, Origin,
        fulfillment_orders::FulfillmentOrderSnapshot,
        fulfillments::{LineToFulfill, NewFulfillment, OrderFulfillmentState, Tracking},
        oauth::{OAuth, TokenPair},
        scopes::{DEFAULT_SCOPES, Scopes},
        subscriptions,
    },
};
use sandbox::{OrderSpec, Plan, ProductSpec, Shop, ShopSpec, Shopify, ShopifyConfig, VariantSpec};
use secrecy::SecretString;
use url::Url;
use webhooks::{Secrets, ShopDomain, Topic};

const CALLBACK: &str = "https://yard.example/auth/shopify/callback";
const START: i64 = 1_800_000_000;

/// A shop of the pretend Shopify, installed through its own OAuth pages.
struct World {
    shopify: Shopify,
    shop: Shop,
    domain: ShopDomain,
    oauth: OAuth,
    api: AdminApi,
    tokens: TokenPair,
    seconds: Arc<AtomicI64>,
}

impl World {
    async fn new(plan: Plan) -> Self {
        let seconds = Arc::new(AtomicI64::new(START));
        let clock = {
            let seconds = Arc::clone(&seconds);
            sandbox::Clock::new(move || at(seconds.load(Ordering::Relaxed)))
        };
        let config = ShopifyConfig {
            redirect_urls: Some(vec![CALLBACK.to_owned()]),
            clock,
            ..ShopifyConfig::default()
        };
        let (client_id, secret) = (config.client_id.clone(), config.client_secret.clone());
        let shopify = Shopify::start(config).await.expect("the pretend Shopify");
        let spec = ShopSpec {
            plan,
            ..ShopSpec::default()
        };
        let shop = shopify.create_shop("demo.myshopify.com", spec);
        let domain = ShopDomain::parse(shop.domain()).expect("a domain");
        let http = Http::new().expect("client");
        let origin = Origin::parse(&shopify.origin()).expect("an origin");
        let oauth = OAuth::new(
            http.clone(),
            origin.clone(),
            client_id,
            SecretString::from(secret.clone()),
        );
        let tokens = install(&oauth, &domain, &secret).await;
        Self {
            shopify,
            shop,
            domain,
            oauth,
            api: AdminApi::new(http, origin, API_VERSION),
            tokens,
            seconds,
        }
    }

    fn access(&self) -> Access<'_> {
        Access {
            shop: &self.domain,
            token: &self.tokens.access_token,
        }
    }

    /// An order of so many lines of one product each, three pieces of each.
    fn order(&self, lines: u32) -> ShopifyOrderId {
        let variants = (0..lines).map(|n| {
            let product = ProductSpec {
                title: format!("Mug {n}"),
                variants: vec![VariantSpec::new(format!("MUG-{n:04}"), "12.50")],
                ..ProductSpec::default()
            };
            self.shop.create_product(product).expect("a product").variants[0]
        });
        let mut spec = OrderSpec::of(variants.map(|variant| (variant, 3)));
        spec.routing_delay_ms = Some(0);
        ShopifyOrderId(self.shop.create_order(spec).expect("an order"))
    }

    async fn state(&self, order: ShopifyOrderId) -> OrderFulfillmentState {
        let answer = self
            .api
            .order_fulfillments(&self.access(), order)
            .await
            .expect("a state");
        answer.data.expect("an order")
    }

    async fn plan_of(&self, uri: &Url, topics: &[Topic]) -> subscriptions::Plan {
        let found = self
            .api
            .subscriptions(&self.access())
            .await
            .expect("subscriptions")
            .data;
        subscriptions::plan(&found, topics, uri.as_str())
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time")
}

/// The owner's browser: approves, and follows the redirect with the code.
async fn install(oauth: &OAuth, domain: &ShopDomain, secret: &str) -> TokenPair {
    let callback = Url::parse(CALLBACK).expect("url");
    let asked: Scopes = DEFAULT_SCOPES.iter().copied().collect();
    let approve = oauth.authorize_url(domain, &asked, &callback, "nonce").expect("url");
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("client");
    let answer = browser.get(approve).send().await.expect("a page");
    let location = answer
        .headers()
        .get("location")
        .expect("a redirect")
        .to_str()
        .expect("text");
    let back = Url::parse(location).expect("url");
    let secrets = Secrets::new([secret]).expect("a secret");
    let query = secrets
        .verify_query(back.query().unwrap_or_default(), at(START))
        .expect("signed");
    assert_eq!(query.get("state"), Some("nonce"));
    let code = query.get("code").expect("a code");
    let tokens = oauth.exchange_code(domain, code, at(START)).await.expect("tokens");
    assert!(tokens.scopes.missing(&asked).is_empty());
    tokens
}

/// One piece of the first line, with this number.
fn one_piece(order: &FulfillmentOrderSnapshot, number: &str) -> NewFulfillment {
    let line = LineToFulfill {
        fulfillment_order: order.id,
        line: order.lines[0].id,
        quantity: NonZeroU32::MIN,
    };
    let carrier = CarrierName::recognize("dhl express");
    let tracking = Tracking::new(Some(&carrier), vec![number.to_owned()], vec![]);
    NewFulfillment::new(vec![line], Some(tracking), true).expect("a line")
}
