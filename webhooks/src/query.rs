//! Owns: reading a query string and writing it the way Shopify signs it.
//! Leaves to `verify`: keys, comparison and time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::verify::QueryError;

/// Longer than any query that Shopify sends: an ID token is its longest part, below 2 KiB.
pub(crate) const MAX_QUERY_BYTES: usize = 16 * 1024;
pub(crate) const MAX_PARAMETERS: usize = 128;

/// Never part of what is signed.
const UNSIGNED: [&str; 2] = ["hmac", "signature"];

/// The decoded parameters, in the order received, repetitions included.
///
/// Broken percent-encoding is refused where a browser would guess: two readers that guess
/// differently would see two queries under one signature.
pub(crate) fn decode(query: &str) -> Result<Vec<(String, String)>, QueryError> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(QueryError::TooLong);
    }
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MAX_PARAMETERS {
            return Err(QueryError::TooLong);
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decode_part(key)?, decode_part(value)?));
    }
    Ok(pairs)
}

/// Sorted by key, values of a repeated key joined by a comma.
///
/// Byte order, as Shopify's servers sort; its JavaScript library sorts by locale, which differs for
/// capitals and for `_` beside a digit, neither of which Shopify sends.
pub(crate) fn join_repeated(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in pairs {
        joined
            .entry(key)
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert(value);
    }
    joined
}

/// The text that Shopify signs: every parameter but the signatures, form-encoded, space as `%20`.
pub(crate) fn canonical(parameters: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (key, value) in parameters {
        if UNSIGNED.contains(&key.as_str()) {
            continue;
        }
        if !text.is_empty() {
            text.push('&');
        }
        encode_part(key, &mut text);
        text.push('=');
        encode_part(value, &mut text);
    }
    text
}

/// `key=value` joined by `&` with no encoding, sorted by key, repetitions in the order received.
///
/// `None` if a part holds a delimiter: then the text could be cut into other parameters than those
/// that were signed.
pub(crate) fn sorted_plain(mut pairs: Vec<(String, String)>) -> Option<String> {
    if pairs
        .iter()
        .any(|(key, value)| key.contains(['&', '=']) || value.contains('&'))
    {
        return None;
    }
    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
    let parts: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(parts.join("&"))
}

fn decode_part(part: &str) -> Result<String, QueryError> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = hex_digit(rest.next())?;
                let low = hex_digit(rest.next())?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| QueryError::Malformed)
}

fn hex_digit(byte: Option<u8>) -> Result<u8, QueryError> {
    match byte {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        _ => Err(QueryError::Malformed),
    }
}

fn encode_part(part: &str, text: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}
