//! What `shopify` puts on the wire and makes of the answers, against a server
//! that answers as it is told.

mod admin_api;
mod documents;
mod mutations;
mod oauth;
mod readings;
mod sandbox;
pub mod stub;
mod wire;

use orderyard::shopify::{API_VERSION, Access, AdminApi, Http, Limits};
use secrecy::SecretString;
use stub::Stub;
use webhooks::ShopDomain;

/// A shop with a token, and the API to reach it at the stub.
struct Client {
    api: AdminApi,
    shop: ShopDomain,
    token: SecretString,
}

impl Client {
    fn new(stub: &Stub) -> Self {
        Self::with_limits(stub, Limits::default())
    }

    fn with_limits(stub: &Stub, limits: Limits) -> Self {
        let http = Http::new().expect("client");
        Self {
            api: AdminApi::new(http, stub.origin(), API_VERSION).with_limits(limits),
            shop: ShopDomain::parse("demo.myshopify.com").expect("domain"),
            token: SecretString::from("shpat_secret"),
        }
    }

    fn access(&self) -> Access<'_> {
        Access {
            shop: &self.shop,
            token: &self.token,
        }
    }
}
