//! Secrets at rest: tokens and credentials are sealed before they reach a row.
//!
//! XChaCha20-Poly1305 with a random nonce; the associated data names the row
//! and column, so that a sealed value moved elsewhere does not open. The first
//! key seals, all open, so keys can be rotated.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

const NONCE_BYTES: usize = 24;
const KEY_ID_BYTES: usize = 4;

/// The keys that seal and open.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<([u8; KEY_ID_BYTES], XChaCha20Poly1305)>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} keys)", self.keys.len())
    }
}

/// Why a value cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error(
        "ENCRYPTION_KEY must be 32 bytes in base64, or several separated by commas; make one with: openssl rand -base64 32"
    )]
    BadKey,
    #[error(
        "a sealed value was made with a key that ENCRYPTION_KEY no longer lists; add the old key after the new one"
    )]
    UnknownKey,
    #[error("a sealed value does not open: it was changed or moved")]
    Broken,
}

impl Keyring {
    /// Reads the comma-separated list of base64 keys.
    pub fn parse(list: &SecretString) -> Result<Self, SealError> {
        let keys = list
            .expose_secret()
            .split(',')
            .map(|text| {
                let bytes = STANDARD.decode(text.trim()).map_err(|_| SealError::BadKey)?;
                let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| SealError::BadKey)?;
                let mut id = [0; KEY_ID_BYTES];
                id.copy_from_slice(&Sha256::digest(&bytes)[..KEY_ID_BYTES]);
                Ok((id, cipher))
            })
            .collect::<Result<Vec<_>, SealError>>()?;
        Ok(Self { keys })
    }

    /// A new random key, as it is written in `ENCRYPTION_KEY`.
    #[must_use]
    pub fn generate_key() -> SecretString {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        STANDARD.encode(bytes).into()
    }

    /// Seals a secret for one place, such as `shops/1/access_token`.
    pub fn seal(&self, secret: &SecretString, place: &str) -> Result<Vec<u8>, SealError> {
        let (id, cipher) = self.keys.first().ok_or(SealError::BadKey)?;
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Broken)?;
        Ok([id.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the same place.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<SecretString, SealError> {
        let (id, rest) = sealed.split_at_checked(KEY_ID_BYTES).ok_or(SealError::Broken)?;
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or(SealError::Broken)?;
        let (_, cipher) = self
            .keys
            .iter()
            .find(|(key_id, _)| key_id == id)
            .ok_or(SealError::UnknownKey)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SealError::Broken)?;
        let payload = Payload {
            msg: body,
            aad: place.as_bytes(),
        };
        let plain = cipher
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::Broken)?;
        String::from_utf8(plain)
            .map(SecretString::from)
            .map_err(|_| SealError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_in_its_place_and_with_a_listed_key() {
        let (old, new) = (Keyring::generate_key(), Keyring::generate_key());
        let before = Keyring::parse(&old).expect("one key");
        let sealed = before
            .seal(&"shpat_x".to_owned().into(), "shops/1/access_token")
            .expect("seals");
        let both = format!("{},{}", new.expose_secret(), old.expose_secret());
        let rotated = Keyring::parse(&both.into()).expect("two keys");
        let opened = rotated.open(&sealed, "shops/1/access_token").expect("opens");
        assert_eq!(opened.expose_secret(), "shpat_x");
        assert_eq!(
            rotated.open(&sealed, "shops/2/access_token").err(),
            Some(SealError::Broken)
        );
        let after = Keyring::parse(&new).expect("one key");
        assert_eq!(
            after.open(&sealed, "shops/1/access_token").err(),
            Some(SealError::UnknownKey)
        );
        assert_eq!(
            Keyring::parse(&"c2hvcnQ=".to_owned().into()).err(),
            Some(SealError::BadKey)
        );
    }
}
