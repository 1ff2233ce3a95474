//! Signatures of the wire: Shopify's body and query HMAC, Standard Webhooks, and the HS256 of
//! session tokens. Written a second time on purpose, sharing nothing with the program under test,
//! so that a mistake on one side shows as a refused signature on the other.

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Base64 HMAC-SHA256 over raw bytes, as in `X-Shopify-Hmac-Sha256`.
pub fn body_signature(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(mac(secret.as_bytes(), &[body]))
}

/// Hex HMAC-SHA256 over a query, as in the `hmac` parameter of install and callback URLs.
///
/// `hmac` and `signature` are left out, the rest is sorted by key, repeated keys are joined by a
/// comma, and keys and values are form-encoded with `%20` for a space.
pub fn query_signature(secret: &str, pairs: &[(String, String)]) -> String {
    let mut grouped: Vec<(String, String)> = Vec::new();
    for (key, value) in pairs {
        if key == "hmac" || key == "signature" {
            continue;
        }
        match grouped.iter_mut().find(|(known, _)| known == key) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(value);
            }
            None => grouped.push((key.clone(), value.clone())),
        }
    }
    grouped.sort();
    let message = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&grouped)
        .finish()
        .replace('+', "%20");
    hex::encode(mac(secret.as_bytes(), &[message.as_bytes()]))
}

/// `v1,<base64>` over `id.timestamp.body`, as Standard Webhooks asks; the secret is `whsec_` and
/// base64. `None` when the secret is not of that form.
pub fn standard_signature(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let head = format!("{id}.{timestamp}.");
    Some(format!("v1,{}", STANDARD.encode(mac(&key, &[head.as_bytes(), body]))))
}

/// Does one of the space-separated signatures of `header` fit? Unknown versions are skipped.
pub fn verify_standard(secret: &str, id: &str, timestamp: i64, body: &[u8], header: &str) -> bool {
    let Some(expected) = standard_signature(secret, id, timestamp, body) else {
        return false;
    };
    header
        .split_ascii_whitespace()
        .any(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())))
}

/// A compact HS256 JWT of these claims.
pub fn jwt(secret: &str, claims: &serde_json::Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(mac(secret.as_bytes(), &[signed.as_bytes()]));
    format!("{signed}.{signature}")
}

/// The claims of an HS256 JWT whose signature fits; times are left to the caller.
pub fn verify_jwt(secret: &str, token: &str) -> Option<serde_json::Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: serde_json::Value = decode_json(header)?;
    if header.get("alg")? != "HS256" {
        return None;
    }
    let expected = mac(secret.as_bytes(), &[signed.as_bytes()]);
    let given = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if bool::from(given.ct_eq(&expected)) {
        decode_json(claims)
    } else {
        None
    }
}

/// Equality of secrets that takes the same time wherever they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

fn decode_json(part: &str) -> Option<serde_json::Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The raw HMAC-SHA256 over the parts, one after the other.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes a key of any length, so the constructor cannot refuse this one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}
