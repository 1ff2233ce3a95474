//! Passwords: hashed and checked with Argon2id, off the async threads and a
//! few at a time, since each takes 19 MiB of memory.

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::error::AppError;

const SHORTEST: usize = 10;
const LONGEST: usize = 200;

static SLOTS: Semaphore = Semaphore::const_new(4);

/// What the password of an unknown person is checked against, so that the
/// answer takes as long as a known one's.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hashed(&SecretString::from("nobody's password")).ok());

/// Hashes a new password, and refuses one that is too short or too long.
pub async fn hash(password: SecretString) -> Result<String, AppError> {
    let letters = password.expose_secret().chars().count();
    if !(SHORTEST..=LONGEST).contains(&letters) {
        return Err(AppError::invalid(
            "password",
            format!("a password must have {SHORTEST} to {LONGEST} characters"),
        ));
    }
    in_background(move || hashed(&password)).await?
}

/// Whether a password is the one that was hashed. Without a hash it is not,
/// after the same work.
pub async fn verify(password: SecretString, hash: Option<String>) -> Result<bool, AppError> {
    if password.expose_secret().len() > LONGEST * 4 {
        return Ok(false);
    }
    in_background(move || {
        let known = hash.is_some();
        let Some(stored) = hash.or_else(|| NOBODY.clone()) else {
            return false;
        };
        let matches = PasswordHash::new(&stored).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.expose_secret().as_bytes(), &hash)
                .is_ok()
        });
        known && matches
    })
    .await
}

fn hashed(password: &SecretString) -> Result<String, AppError> {
    Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| AppError::Internal(format!("a password cannot be hashed: {error}")))
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    let slot = SLOTS.acquire().await;
    let done = tokio::task::spawn_blocking(work).await;
    drop(slot);
    done.map_err(|error| AppError::Internal(format!("a password cannot be checked: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn knows_only_the_password_that_was_hashed() {
        let stored = hash("correct horse".into()).await.expect("long enough");
        assert!(
            verify("correct horse".into(), Some(stored.clone()))
                .await
                .expect("checks")
        );
        assert!(!verify("correct mule".into(), Some(stored)).await.expect("checks"));
        assert!(!verify("nobody's password".into(), None).await.expect("checks"));
    }

    #[tokio::test]
    async fn refuses_what_is_too_short() {
        assert!(matches!(hash("short".into()).await, Err(AppError::Invalid { .. })));
    }
}
