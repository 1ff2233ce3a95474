//! Owns: the one accepted spelling of a shop's domain, `handle.myshopify.com` in lower case.
//! Leaves to the application: the shop itself, which is keyed by Shopify's numeric id; the domain
//! is a label.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A shop's permanent domain.
///
/// A value of this type may stand in a URL that receives the client secret or an access token, so
/// nothing gets in but one DNS label of letters, digits and hyphens before `.myshopify.com`. Custom
/// domains, other Shopify domains, ports, paths and user information are refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShopDomain(String);

/// Why a text is no shop domain. The text itself is left out: it came from a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopDomainError {
    #[error("a shop domain is at most {MAX_BYTES} characters long")]
    TooLong,
    #[error("a shop domain ends in {SUFFIX}")]
    NotMyshopify,
    #[error("the part before {SUFFIX} is letters, digits and hyphens, and starts with no hyphen")]
    BadHandle,
}

const SUFFIX: &str = ".myshopify.com";
/// The longest label that DNS allows, before the suffix.
const MAX_HANDLE_BYTES: usize = 63;
const MAX_BYTES: usize = MAX_HANDLE_BYTES + SUFFIX.len();

impl ShopDomain {
    /// Accepts any case of ASCII letters and keeps the lower-case form.
    pub fn parse(text: &str) -> Result<ShopDomain, ShopDomainError> {
        if text.len() > MAX_BYTES {
            return Err(ShopDomainError::TooLong);
        }
        // ASCII only: Unicode lower-casing would turn the Kelvin sign into an innocent `k`.
        let lower = text.to_ascii_lowercase();
        let handle = lower.strip_suffix(SUFFIX).ok_or(ShopDomainError::NotMyshopify)?;
        let all_allowed = handle
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if handle.is_empty() || handle.starts_with('-') || !all_allowed {
            return Err(ShopDomainError::BadHandle);
        }
        Ok(ShopDomain(lower))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before `.myshopify.com`, as in `admin.shopify.com/store/{handle}`.
    pub fn handle(&self) -> &str {
        self.0.strip_suffix(SUFFIX).unwrap_or(&self.0)
    }
}

impl fmt::Display for ShopDomain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl AsRef<str> for ShopDomain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShopDomain {
    type Err = ShopDomainError;

    fn from_str(text: &str) -> Result<ShopDomain, ShopDomainError> {
        ShopDomain::parse(text)
    }
}

impl TryFrom<String> for ShopDomain {
    type Error = ShopDomainError;

    fn try_from(text: String) -> Result<ShopDomain, ShopDomainError> {
        ShopDomain::parse(&text)
    }
}

impl From<ShopDomain> for String {
    fn from(domain: ShopDomain) -> String {
        domain.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, ShopDomainError>) {
        let got = ShopDomain::parse(text);
        assert_eq!(
            got.as_ref().map(ShopDomain::as_str),
            expect.as_ref().copied(),
            "{text:?}"
        );
    }

    #[test]
    fn accepts_one_label_in_any_case() {
        check("demo.myshopify.com", Ok("demo.myshopify.com"));
        check("Demo-1.MyShopify.COM", Ok("demo-1.myshopify.com"));
        check("1-a-.myshopify.com", Ok("1-a-.myshopify.com"));
        let longest = format!("{}.myshopify.com", "a".repeat(63));
        check(&longest, Ok(&longest));
    }

    #[test]
    fn refuses_everything_else() {
        use ShopDomainError::{BadHandle, NotMyshopify, TooLong};
        for (text, error) in [
            ("", NotMyshopify),
            (".myshopify.com", BadHandle),
            ("myshopify.com", NotMyshopify),
            ("-a.myshopify.com", BadHandle),
            ("a_b.myshopify.com", BadHandle),
            ("a.b.myshopify.com", BadHandle),
            ("a.myshopify.com/", NotMyshopify),
            ("a.myshopify.com.", NotMyshopify),
            ("a.myshopify.com\n", NotMyshopify),
            (" a.myshopify.com", BadHandle),
            ("a.myshopify.com.evil.example", NotMyshopify),
            ("amyshopify.com", NotMyshopify),
            ("a.myshopify.io", NotMyshopify),
            ("a.shopify.com", NotMyshopify),
            ("https://a.myshopify.com", BadHandle),
            ("evil.example/.myshopify.com", BadHandle),
            ("evil.example#.myshopify.com", BadHandle),
            ("user@a.myshopify.com", BadHandle),
            ("a\0.myshopify.com", BadHandle),
            ("sto\u{212a}e.myshopify.com", BadHandle),
            ("\u{ff41}.myshopify.com", BadHandle),
        ] {
            check(text, Err(error));
        }
        check(&format!("{}.myshopify.com", "a".repeat(64)), Err(TooLong));
    }

    #[test]
    fn serde_passes_the_same_door() {
        let domain: ShopDomain = serde_json::from_str(r#""DEMO.myshopify.com""#).unwrap();
        assert_eq!(serde_json::to_string(&domain).unwrap(), r#""demo.myshopify.com""#);
        assert_eq!(domain.handle(), "demo");
        assert!(serde_json::from_str::<ShopDomain>(r#""evil.example""#).is_err());
    }
}
