//! Signatures of outgoing calls, by the Standard Webhooks specification.
//!
//! A secret is `whsec_` and the base64 of 24 to 64 random bytes. While one
//! replaces another, both are given, separated by spaces or commas, and each
//! makes a signature.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// More than a rotation ever needs; each costs a pass over the body.
const MAX_SECRETS: usize = 4;

/// The secrets of one endpoint, the newest first.
pub struct SigningSecrets(Vec<SecretBox<[u8]>>);

/// Why a text is not a signing secret. Does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the signing secret is missing")]
    Missing,
    #[error("at most {MAX_SECRETS} signing secrets can be in use")]
    TooMany,
    #[error("a signing secret is “whsec_” followed by the base64 of 24 to 64 bytes")]
    Malformed,
}

impl SigningSecrets {
    /// Reads one secret, or several separated by spaces or commas.
    pub fn parse(text: &SecretString) -> Result<Self, SecretError> {
        let parts: Vec<&str> = text
            .expose_secret()
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|part| !part.is_empty())
            .collect();
        match parts.len() {
            0 => Err(SecretError::Missing),
            1..=MAX_SECRETS => parts.into_iter().map(read).collect::<Result<_, _>>().map(Self),
            _ => Err(SecretError::TooMany),
        }
    }

    /// The value of `webhook-signature`: one signature per secret.
    #[must_use]
    pub fn sign(&self, webhook_id: &str, timestamp: i64, body: &[u8]) -> String {
        let signatures: Vec<String> = self
            .0
            .iter()
            .filter_map(|secret| Hmac::<Sha256>::new_from_slice(secret.expose_secret()).ok())
            .map(|mut mac| {
                mac.update(format!("{webhook_id}.{timestamp}.").as_bytes());
                mac.update(body);
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            })
            .collect();
        signatures.join(" ")
    }
}

impl fmt::Debug for SigningSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningSecrets({})", self.0.len())
    }
}

fn read(text: &str) -> Result<SecretBox<[u8]>, SecretError> {
    let encoded = text.strip_prefix(PREFIX).ok_or(SecretError::Malformed)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| SecretError::Malformed)?;
    if (24..=64).contains(&bytes.len()) {
        Ok(SecretBox::new(bytes.into_boxed_slice()))
    } else {
        Err(SecretError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Result<SigningSecrets, SecretError> {
        SigningSecrets::parse(&SecretString::from(text))
    }

    #[test]
    fn signs_as_the_specification_says() {
        // Computed with openssl from the same key, id, timestamp and body.
        let secrets = secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("well formed");
        let signature = secrets.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn signs_once_per_secret_while_rotating() {
        let (a, b) = (
            format!("{PREFIX}{}", STANDARD.encode([1; 24])),
            format!("{PREFIX}{}", STANDARD.encode([2; 64])),
        );
        let both = secrets(&format!("{a}, {b}")).expect("two").sign("id", 1, b"{}");
        let each = [&a, &b].map(|text| secrets(text).expect("one").sign("id", 1, b"{}"));
        assert_eq!(both, each.join(" "));
        assert_ne!(each[0], each[1]);
    }

    #[test]
    fn refuses_what_is_no_secret_without_repeating_it() {
        for (text, expect) in [
            ("", SecretError::Missing),
            (" , ", SecretError::Missing),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SecretError::Malformed),
            ("whsec_!!!", SecretError::Malformed),
            ("whsec_AAAA", SecretError::Malformed),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_", SecretError::Malformed),
        ] {
            let error = secrets(text).expect_err(text);
            assert_eq!(error, expect, "{text}");
            assert!(!error.to_string().contains("MfKQ"));
        }
        let many = [format!("{PREFIX}{}", STANDARD.encode([7; 32])).as_str(); 5].join(" ");
        assert_eq!(secrets(&many).expect_err("five"), SecretError::TooMany);
        let long = format!("{PREFIX}{}", STANDARD.encode([7; 65]));
        assert_eq!(secrets(&long).expect_err("long"), SecretError::Malformed);
    }
}
