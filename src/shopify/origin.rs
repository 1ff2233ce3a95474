//! Where a shop's Admin and OAuth endpoints are, and the one HTTP client that goes there.
//!
//! Owns: the `SHOPIFY_ORIGIN` template, and the limits that hold for every call to Shopify. Leaves
//! what is said on the wire to `client` and `oauth`.

use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;
use webhooks::ShopDomain;

/// The base URL of a shop's endpoints, ending in `{shop}` where its domain goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is no origin template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    #[error("must end in {{shop}} and hold it once, as in https://{{shop}}")]
    NoShop,
    #[error("must be an http or https URL without user, query or fragment, as in https://{{shop}}")]
    NotAnUrl,
    #[error("must be https; plain http is for loopback only")]
    NotSecure,
}

const PLACEHOLDER: &str = "{shop}";

impl Origin {
    /// Reads a template such as `https://{shop}` or, in a test, `http://127.0.0.1:9000/{shop}`.
    /// Tokens and the client secret travel there, hence no plain http off this machine.
    pub fn parse(template: &str) -> Result<Origin, OriginError> {
        let template = template.trim_end_matches('/');
        if !template.ends_with(PLACEHOLDER) || template.matches(PLACEHOLDER).count() != 1 {
            return Err(OriginError::NoShop);
        }
        let origin = Origin(template.to_owned());
        let sample = origin
            .url_for("sample.myshopify.com")
            .map_err(|_| OriginError::NotAnUrl)?;
        let plain = sample.username().is_empty()
            && sample.password().is_none()
            && sample.query().is_none()
            && sample.fragment().is_none();
        match sample.scheme() {
            "https" if plain => Ok(origin),
            "http" if plain && is_loopback(&sample) => Ok(origin),
            "http" if plain => Err(OriginError::NotSecure),
            _ => Err(OriginError::NotAnUrl),
        }
    }

    /// The URL of `path` (which starts with a slash) at `shop`.
    pub fn url(&self, shop: &ShopDomain, path: &str) -> Result<Url, OriginError> {
        self.url_for(&format!("{shop}{path}"))
            .map_err(|_| OriginError::NotAnUrl)
    }

    fn url_for(&self, shop_and_path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&self.0.replace(PLACEHOLDER, shop_and_path))
    }
}

impl Default for Origin {
    fn default() -> Origin {
        Origin("https://{shop}".to_owned())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The HTTP client for Shopify. A type of its own, because one that follows redirects would carry
/// the access token to wherever an answer points.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than what servers and load balancers keep, so that a call seldom meets a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

impl Http {
    pub fn new() -> Result<Http, reqwest::Error> {
        reqwest::Client::builder()
            .user_agent(concat!("Orderyard/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .build()
            .map(Http)
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.0
    }
}

/// Why a body could not be read to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    TooLarge,
    Lost(reqwest::Error),
}

/// Reads a body of at most `limit` bytes, counted after decompression.
pub(super) async fn read_limited(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(ReadError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Lost)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_the_shop_into_the_template() {
        let shop = ShopDomain::parse("demo.myshopify.com").unwrap();
        let check = |template: &str, expect: &str| {
            let url = Origin::parse(template).unwrap().url(&shop, "/admin/x").unwrap();
            assert_eq!(url.as_str(), expect);
        };
        check("https://{shop}", "https://demo.myshopify.com/admin/x");
        check("https://{shop}/", "https://demo.myshopify.com/admin/x");
        check(
            "http://127.0.0.1:9000/{shop}",
            "http://127.0.0.1:9000/demo.myshopify.com/admin/x",
        );
    }

    #[test]
    fn refuses_templates_that_would_leak_or_miss() {
        let check = |template: &str, expect: OriginError| {
            assert_eq!(Origin::parse(template), Err(expect), "{template}");
        };
        check("https://example.com", OriginError::NoShop);
        check("https://{shop}/{shop}", OriginError::NoShop);
        check("http://{shop}", OriginError::NotSecure);
        check("http://example.com/{shop}", OriginError::NotSecure);
        check("ftp://{shop}", OriginError::NotAnUrl);
        check("{shop}", OriginError::NotAnUrl);
        check("https://me:secret@{shop}", OriginError::NotAnUrl);
        check("https://example.com/?to={shop}", OriginError::NotAnUrl);
        check("https://{shop}/prefix", OriginError::NoShop);
    }
}
