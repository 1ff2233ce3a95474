//! A pretend person's browser: follows redirects one by one and keeps cookies
//! by host, which is all that an OAuth installation asks of it.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{
    Client, Response, StatusCode,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use url::Url;

/// The most redirects that one visit may take.
const MOST_HOPS: usize = 10;

/// Cookies and a client that leaves redirects alone.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    /// By host and port, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where a visit ended.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub text: String,
}

/// Why a visit came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    #[error("the server does not answer: {0}")]
    Http(#[from] reqwest::Error),
    #[error("a redirect leads nowhere: {0}")]
    Redirect(String),
    #[error("more than {MOST_HOPS} redirects")]
    TooManyHops,
}

impl Browser {
    /// A browser without cookies.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            client,
            cookies: BTreeMap::new(),
        })
    }

    /// Opens an address and follows every redirect.
    pub async fn visit(&mut self, url: Url) -> Result<Page, VisitError> {
        let mut url = url;
        for _ in 0..MOST_HOPS {
            let response = self.get(&url).await?;
            let status = response.status();
            if !status.is_redirection() {
                return Ok(Page {
                    url,
                    status,
                    text: response.text().await?,
                });
            }
            url = next(&url, &response)?;
        }
        Err(VisitError::TooManyHops)
    }

    /// One request, with the cookies of its host; keeps those of the answer.
    pub async fn get(&mut self, url: &Url) -> Result<Response, VisitError> {
        let mut request = self.client.get(url.clone());
        if let Some(header) = self.cookie_header(url) {
            request = request.header(COOKIE, header);
        }
        let response = request.send().await?;
        let jar = self.cookies.entry(url.authority().to_owned()).or_default();
        for cookie in response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        jar.retain(|_, value| !value.is_empty());
        Ok(response)
    }

    /// The cookies that would go to an address.
    pub fn cookie_header(&self, url: &Url) -> Option<String> {
        let jar = self.cookies.get(url.authority()).filter(|jar| !jar.is_empty())?;
        let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some(pairs.join("; "))
    }

    /// Forgets every cookie.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }
}

fn next(from: &Url, response: &Response) -> Result<Url, VisitError> {
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    from.join(location)
        .map_err(|error| VisitError::Redirect(format!("{location}: {error}")))
}
