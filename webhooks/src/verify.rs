//! Owns: the app's client secrets, and every signature made or checked with them.
//! Leaves to `query`: how a query string is written before it is signed.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

use crate::query;
use crate::{ShopDomain, ShopDomainError};

/// The client secrets of the app: one, or several while they are rotated.
///
/// Any of them verifies, the first one signs. Shopify signs with the *oldest* secret that is not
/// revoked, so the old one stays in the list until it is revoked. Only keyed hash states are kept:
/// no method and no `Debug` can give a secret back.
#[derive(Clone)]
pub struct Secrets {
    first: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    #[error("no client secret is given; copy it from the app's settings in the Dev Dashboard")]
    None,
    #[error("one of the client secrets is empty; look for a stray comma")]
    Empty,
}

/// Why a signed query is not to be believed. No variant carries what the query held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error(
        "the query is longer than {} bytes or has too many parameters",
        query::MAX_QUERY_BYTES
    )]
    TooLong,
    #[error("the query is not valid percent-encoded UTF-8")]
    Malformed,
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    #[error("the parameter `{0}` is given more than once")]
    Repeated(&'static str),
    #[error("the signature does not fit the query")]
    BadSignature,
    #[error("the parameter `timestamp` is not a whole number of seconds")]
    BadTimestamp,
    #[error("the query was signed more than {TOLERANCE_SECONDS} seconds from now; start again")]
    Stale,
}

/// How far the signing time of a query may lie from ours, both ways, inclusive.
pub const TOLERANCE_SECONDS: u64 = 90;

/// Parameters whose meaning would be open to choice if they stood twice.
const SINGLE: [&str; 4] = ["hmac", "signature", "shop", "timestamp"];

const DIGEST_BYTES: usize = 32;
type Digest = [u8; DIGEST_BYTES];

impl Secrets {
    pub fn new(secrets: impl IntoIterator<Item = impl Into<String>>) -> Result<Secrets, SecretsError> {
        let mut keys = Vec::new();
        for secret in secrets {
            let secret: String = secret.into();
            if secret.is_empty() {
                return Err(SecretsError::Empty);
            }
            // HMAC takes a key of any length; the error arm exists only in the type.
            let key = Hmac::new_from_slice(secret.as_bytes()).map_err(|_| SecretsError::Empty)?;
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(SecretsError::None)?;
        Ok(Secrets {
            first,
            others: keys.collect(),
        })
    }

    /// Whether the header `X-Shopify-Hmac-Sha256` fits the raw bytes of the body.
    ///
    /// Every secret is tried whichever one fits, and digests are compared in constant time. The
    /// header must be the one canonical base64 spelling of the digest.
    pub fn verify_body(&self, body: &[u8], header_b64: &str) -> bool {
        decode_base64(header_b64).is_some_and(|digest| self.any_signs(body, &digest))
    }

    /// The value of `X-Shopify-Hmac-Sha256` for this body.
    pub fn sign_body(&self, body: &[u8]) -> String {
        BASE64.encode(digest(&self.first, body))
    }

    /// Checks the query of the App URL or of the OAuth callback, as Shopify signs it.
    ///
    /// `query` is the raw query string without `?`. The parameters that come back are those under
    /// the signature and no others.
    pub fn verify_query(&self, query: &str, now: DateTime<Utc>) -> Result<SignedQuery, QueryError> {
        let pairs = query::decode(query)?;
        for name in SINGLE {
            if pairs.iter().filter(|(key, _)| key == name).count() > 1 {
                return Err(QueryError::Repeated(name));
            }
        }
        let mut parameters = query::join_repeated(pairs);
        parameters.remove("signature");
        let hmac = parameters.remove("hmac").ok_or(QueryError::Missing("hmac"))?;
        let claimed = decode_lower_hex(&hmac).ok_or(QueryError::BadSignature)?;
        if !self.any_signs(query::canonical(&parameters).as_bytes(), &claimed) {
            return Err(QueryError::BadSignature);
        }
        let signed_at = parameters.get("timestamp").ok_or(QueryError::Missing("timestamp"))?;
        check_time(signed_at, now)?;
        Ok(SignedQuery { parameters })
    }

    /// The value of the parameter `hmac` for these parameters: 64 lower-case hex digits.
    ///
    /// A parameter `hmac` or `signature` among them is left out, as it is when verifying.
    pub fn sign_query(&self, parameters: &[(String, String)]) -> String {
        let joined = query::join_repeated(parameters.to_vec());
        encode_lower_hex(&digest(&self.first, query::canonical(&joined).as_bytes()))
    }

    /// The whole query string, encoded and with its `hmac`, ready to stand after a `?`.
    pub fn signed_query(&self, parameters: &[(String, String)]) -> String {
        let joined = query::join_repeated(parameters.to_vec());
        let hmac = self.sign_query(parameters);
        let text = query::canonical(&joined);
        let separator = if text.is_empty() { "" } else { "&" };
        format!("{text}{separator}hmac={hmac}")
    }

    /// Whether `X-Shopify-Hmac-Sha256` fits a fulfillment-service callback that has no body
    /// (`fetch_stock`, `fetch_tracking_numbers`).
    ///
    /// Shopify says only that the sorted query parameters are signed, so both readings of that are
    /// accepted: the parameters sorted and decoded, and the query string as it was sent. The first
    /// is also what an App URL signs when nothing in it needs encoding, so a member of the shop's
    /// staff could build such a call: answer with nothing that they may not see.
    pub fn verify_callback(&self, query: &str, header_b64: &str) -> bool {
        let Some(claimed) = decode_base64(header_b64) else {
            return false;
        };
        let Ok(pairs) = query::decode(query) else {
            return false;
        };
        if pairs.is_empty() {
            return false;
        }
        let as_sent = self.signs(query.as_bytes(), &claimed);
        let sorted = query::sorted_plain(pairs).map_or(Choice::from(0), |text| self.signs(text.as_bytes(), &claimed));
        (as_sent | sorted).into()
    }

    /// The header for a callback without a body: the sandbox's side of [`Secrets::verify_callback`].
    pub fn sign_callback(&self, query: &str) -> Result<String, QueryError> {
        let text = query::sorted_plain(query::decode(query)?).ok_or(QueryError::Malformed)?;
        Ok(BASE64.encode(digest(&self.first, text.as_bytes())))
    }

    fn any_signs(&self, message: &[u8], claimed: &Digest) -> bool {
        self.signs(message, claimed).into()
    }

    /// Tries every key and looks at the results together, so that time does not tell which fitted.
    fn signs(&self, message: &[u8], claimed: &Digest) -> Choice {
        std::iter::once(&self.first)
            .chain(&self.others)
            .fold(Choice::from(0), |fits, key| fits | digest(key, message).ct_eq(claimed))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secrets({} hidden)", 1 + self.others.len())
    }
}

/// The parameters of a query whose signature and time were right.
///
/// `Debug` shows names alone: an authorization code and an ID token may be among the values.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedQuery {
    parameters: BTreeMap<String, String>,
}

impl SignedQuery {
    /// The value, with repeated ones joined by a comma, as they were signed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The shop that the query speaks of; Shopify always names one.
    pub fn shop(&self) -> Result<ShopDomain, ShopDomainError> {
        ShopDomain::parse(self.get("shop").unwrap_or_default())
    }
}

impl fmt::Debug for SignedQuery {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SignedQuery")?;
        out.debug_set().entries(self.parameters.keys()).finish()
    }
}

fn digest(key: &Hmac<Sha256>, message: &[u8]) -> Digest {
    let mut mac = key.clone();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn check_time(signed_at: &str, now: DateTime<Utc>) -> Result<(), QueryError> {
    let digits_only = signed_at.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only {
        return Err(QueryError::BadTimestamp);
    }
    let seconds: i64 = signed_at.parse().map_err(|_| QueryError::BadTimestamp)?;
    if seconds.abs_diff(now.timestamp()) > TOLERANCE_SECONDS {
        return Err(QueryError::Stale);
    }
    Ok(())
}

fn decode_base64(text: &str) -> Option<Digest> {
    // Checked first so that a header of any size costs nothing.
    const ENCODED_BYTES: usize = 44;
    if text.len() != ENCODED_BYTES {
        return None;
    }
    BASE64.decode(text).ok()?.try_into().ok()
}

/// Shopify writes lower-case digits; another spelling of the same digest is refused.
fn decode_lower_hex(text: &str) -> Option<Digest> {
    let digits = text.as_bytes();
    if digits.len() != 2 * DIGEST_BYTES {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; DIGEST_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn encode_lower_hex(digest: &Digest) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of Shopify's older documentation.
    const DOCUMENTED: &str = "code=0907a61c0c8d55e99db179b68161bc00&hmac=4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20&shop=some-shop.myshopify.com&timestamp=1337178173";

    fn secrets(list: &[&str]) -> Secrets {
        Secrets::new(list.iter().copied()).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_documented_query_passes() {
        let query = secrets(&["hush"]).verify_query(DOCUMENTED, at(1_337_178_173)).unwrap();
        assert_eq!(query.get("code"), Some("0907a61c0c8d55e99db179b68161bc00"));
        assert_eq!(query.shop().unwrap().as_str(), "some-shop.myshopify.com");
        assert_eq!(query.get("hmac"), None);
    }

    #[test]
    fn a_query_lives_ninety_seconds_both_ways() {
        let secrets = secrets(&["hush"]);
        for (seconds, expect) in [
            (-91, Err(QueryError::Stale)),
            (-90, Ok(())),
            (90, Ok(())),
            (91, Err(QueryError::Stale)),
        ] {
            let got = secrets.verify_query(DOCUMENTED, at(1_337_178_173 + seconds));
            assert_eq!(got.map(|_| ()), expect, "{seconds}");
        }
    }

    #[test]
    fn a_changed_query_is_refused() {
        let now = at(1_337_178_173);
        let upper = DOCUMENTED.replace("4712bf92ffc2", "4712BF92FFC2");
        for (query, error) in [
            (upper, QueryError::BadSignature),
            (DOCUMENTED.replace("some-shop", "other"), QueryError::BadSignature),
            (format!("{DOCUMENTED}&extra=1"), QueryError::BadSignature),
            (format!("{DOCUMENTED}&code=2"), QueryError::BadSignature),
            (
                format!("{DOCUMENTED}&shop=b.myshopify.com"),
                QueryError::Repeated("shop"),
            ),
            (format!("{DOCUMENTED}&hmac=0"), QueryError::Repeated("hmac")),
            (format!("{DOCUMENTED}&%68mac=0"), QueryError::Repeated("hmac")),
            (format!("{DOCUMENTED}&x=%zz"), QueryError::Malformed),
            (format!("{DOCUMENTED}&x=%ff"), QueryError::Malformed),
            (format!("{DOCUMENTED}&x=%4"), QueryError::Malformed),
            (DOCUMENTED.replace("hmac", "mac"), QueryError::Missing("hmac")),
            (format!("{DOCUMENTED}&x={}", "a".repeat(16_384)), QueryError::TooLong),
            (format!("{DOCUMENTED}{}", "&x=1".repeat(128)), QueryError::TooLong),
            (String::new(), QueryError::Missing("hmac")),
        ] {
            let got = secrets(&["hush"]).verify_query(&query, now);
            assert_eq!(got, Err(error), "{query:.200}");
        }
    }

    #[test]
    fn order_and_spelling_of_the_same_parameters_do_not_matter() {
        let spelled = DOCUMENTED
            .replace("some-shop", "some%2Dshop")
            .split('&')
            .rev()
            .collect::<Vec<_>>()
            .join("&");
        let query = format!("&{spelled}&&signature=ignored");
        let signed = secrets(&["hush"]).verify_query(&query, at(1_337_178_173)).unwrap();
        assert_eq!(signed.get("shop"), Some("some-shop.myshopify.com"));
        // Outside the signature, and so not handed on.
        assert_eq!(signed.get("signature"), None);
    }

    #[test]
    fn the_time_must_be_given_in_digits() {
        let secrets = secrets(&["hush"]);
        for (time, error) in [
            (Some(""), QueryError::BadTimestamp),
            (Some("1e9"), QueryError::BadTimestamp),
            (Some(" 10"), QueryError::BadTimestamp),
            (Some("+10"), QueryError::BadTimestamp),
            (Some("-10"), QueryError::BadTimestamp),
            (Some("10.0"), QueryError::BadTimestamp),
            (Some("99999999999999999999"), QueryError::BadTimestamp),
            (Some("9223372036854775807"), QueryError::Stale),
            (None, QueryError::Missing("timestamp")),
        ] {
            let mut parameters = pairs(&[("shop", "a.myshopify.com")]);
            parameters.extend(time.map(|time| ("timestamp".to_owned(), time.to_owned())));
            let query = secrets.signed_query(&parameters);
            assert_eq!(secrets.verify_query(&query, at(10)), Err(error), "{time:?}");
        }
    }

    #[test]
    fn repeated_values_are_signed_joined_by_commas() {
        let secrets = secrets(&["hush"]);
        let twice = secrets.sign_query(&pairs(&[("ids[]", "1"), ("timestamp", "5"), ("ids[]", "2")]));
        let joined = secrets.sign_query(&pairs(&[("ids[]", "1,2"), ("timestamp", "5")]));
        assert_eq!(twice, joined);
        let query = format!("ids%5B%5D=1&ids%5B%5D=2&timestamp=5&hmac={twice}");
        let signed = secrets.verify_query(&query, at(5)).unwrap();
        assert_eq!(signed.get("ids[]"), Some("1,2"));
    }

    #[test]
    fn every_secret_verifies_and_the_first_signs() {
        let (old, new) = (secrets(&["old"]), secrets(&["new"]));
        let rotating = secrets(&["new", "old"]);
        let body = b"{}";
        assert!(rotating.verify_body(body, &old.sign_body(body)));
        assert!(rotating.verify_body(body, &new.sign_body(body)));
        assert!(!new.verify_body(body, &old.sign_body(body)));
        assert_eq!(rotating.sign_body(body), new.sign_body(body));
    }

    #[test]
    fn only_the_canonical_signature_of_the_body_passes() {
        // Computed with `openssl dgst -sha256 -hmac hush -binary | base64`.
        let secrets = secrets(&["hush"]);
        let signature = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=";
        assert_eq!(secrets.sign_body(b"{\"id\":1}"), signature);
        assert!(secrets.verify_body(b"{\"id\":1}", signature));
        assert!(!secrets.verify_body(b"{\"id\":2}", signature));
        assert!(!secrets.verify_body(b"{\"id\":1}\n", signature));
        for wrong in [
            "",
            "=",
            signature.trim_end_matches('='),
            &format!("{signature} "),
            &format!("{signature}\n"),
            &signature.replace("GSeY=", "GSeZ="),
            &signature.replace('/', "_"),
            &"A".repeat(10_000),
        ] {
            assert!(!secrets.verify_body(b"{\"id\":1}", wrong), "{wrong:.60}");
        }
    }

    #[test]
    fn a_callback_passes_in_both_readings() {
        let secrets = secrets(&["hush"]);
        let query = "timestamp=1&shop=a.myshopify.com&order_names[]=%231001.1&order_names[]=%231002.1";
        let sorted = "order_names[]=#1001.1&order_names[]=#1002.1&shop=a.myshopify.com&timestamp=1";
        assert!(secrets.verify_callback(query, &secrets.sign_body(query.as_bytes())));
        assert!(secrets.verify_callback(query, &secrets.sign_body(sorted.as_bytes())));
        assert_eq!(
            secrets.sign_callback(query).unwrap(),
            secrets.sign_body(sorted.as_bytes())
        );
        assert!(!secrets.verify_callback(query, &secrets.sign_body(b"shop=a.myshopify.com")));
        assert!(!secrets.verify_callback(query, ""));
    }

    #[test]
    fn a_callback_cannot_be_cut_into_other_parameters() {
        let secrets = secrets(&["hush"]);
        let signature = secrets.sign_callback("shop=a.myshopify.com&sku=MUG").unwrap();
        let cut = "shop=a.myshopify.com%26sku%3DMUG";
        assert!(!secrets.verify_callback(cut, &signature));
        assert!(!secrets.verify_callback("", &secrets.sign_body(b"")));
    }

    #[test]
    fn nothing_shows_a_secret() {
        let secrets = secrets(&["hush-hush", "older"]);
        assert_eq!(format!("{secrets:?}"), "Secrets(2 hidden)");
        let query = secrets.signed_query(&pairs(&[("code", "c0de"), ("timestamp", "5")]));
        let signed = secrets.verify_query(&query, at(5)).unwrap();
        assert_eq!(format!("{signed:?}"), r#"SignedQuery{"code", "timestamp"}"#);
    }

    #[test]
    fn a_list_of_secrets_needs_secrets() {
        let none: [&str; 0] = [];
        assert_eq!(Secrets::new(none).unwrap_err(), SecretsError::None);
        assert_eq!(Secrets::new(["a", ""]).unwrap_err(), SecretsError::Empty);
    }
}
