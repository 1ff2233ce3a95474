//! One shop's grant to the app: authorization codes, access tokens and refresh tokens, and the
//! rules by which each of them stops working. The HTTP side is `oauth.rs`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng as _;

use crate::{scopes::Scopes, signing};

const MAX_CODES: usize = 100;
const MAX_ACCESS_TOKENS: usize = 1000;
const CODE_LIFE: TimeDelta = TimeDelta::minutes(1);
/// How long a used refresh token may be presented again, unless its successor is used first.
const REUSE_WINDOW: TimeDelta = TimeDelta::days(30);
const CLIENT_CREDENTIALS_LIFE: TimeDelta = TimeDelta::seconds(86_399);

/// The app's grant in one shop.
#[derive(Debug, Default)]
pub(crate) struct Grant {
    pub installed: Option<Installed>,
    codes: Vec<Code>,
    access: Vec<Access>,
    refresh: Vec<Refresh>,
}

/// What the merchant agreed to.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    pub scopes: Scopes,
}

/// What the token endpoint gives out.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub access_token: String,
    pub scope: String,
    pub expires_in: Option<i64>,
    pub refresh: Option<(String, i64)>,
}

/// Why an access token does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    Unknown,
    NonExpiring,
}

/// How long what is issued lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lives {
    pub access: Duration,
    pub refresh: Duration,
}

#[derive(Debug)]
struct Code {
    value: String,
    scopes: Scopes,
    expires: DateTime<Utc>,
}

#[derive(Debug)]
struct Access {
    value: String,
    expires: Option<DateTime<Utc>>,
    secret: String,
}

#[derive(Debug)]
struct Refresh {
    value: String,
    expires: DateTime<Utc>,
    first_used: Option<DateTime<Utc>>,
    /// The refresh token in exchange for which this one was issued.
    parent: Option<String>,
    secret: String,
}

impl Grant {
    pub fn new_code(&mut self, scopes: Scopes, now: DateTime<Utc>) -> String {
        let value = random("");
        self.codes.retain(|code| code.expires > now);
        self.codes.truncate(MAX_CODES);
        self.codes.push(Code {
            value: value.clone(),
            scopes,
            expires: now + CODE_LIFE,
        });
        value
    }

    /// Spends a code; `None` when it is unknown, spent or too old.
    pub fn redeem(&mut self, code: &str, now: DateTime<Utc>) -> Option<Scopes> {
        let index = self.codes.iter().position(|known| signing::same(&known.value, code))?;
        let code = self.codes.remove(index);
        (code.expires > now).then_some(code.scopes)
    }

    /// A first pair, or a single non-expiring token. Retires every refresh token before it.
    pub fn acquire(&mut self, expiring: bool, secret: &str, lives: Lives, now: DateTime<Utc>) -> Option<Issued> {
        let scope = self.installed.as_ref()?.scopes.joined();
        self.refresh.clear();
        if expiring {
            return Some(self.issue_pair(scope, None, secret, lives, now));
        }
        let access_token = random("shpat_");
        self.keep_access(Access {
            value: access_token.clone(),
            expires: None,
            secret: secret.to_owned(),
        });
        Some(Issued {
            access_token,
            scope,
            expires_in: None,
            refresh: None,
        })
    }

    pub fn client_credentials(&mut self, secret: &str, now: DateTime<Utc>) -> Option<Issued> {
        let scope = self.installed.as_ref()?.scopes.joined();
        let access_token = random("shpat_");
        let expires = Some(now + CLIENT_CREDENTIALS_LIFE);
        self.keep_access(Access {
            value: access_token.clone(),
            expires,
            secret: secret.to_owned(),
        });
        Some(Issued {
            access_token,
            scope,
            expires_in: Some(CLIENT_CREDENTIALS_LIFE.num_seconds()),
            refresh: None,
        })
    }

    /// A new pair for a refresh token that still works. The token may be presented again, for an
    /// answer that got lost, until one of its successors is used.
    pub fn refresh(&mut self, token: &str, secret: &str, lives: Lives, now: DateTime<Utc>) -> Option<Issued> {
        let scope = self.installed.as_ref()?.scopes.joined();
        self.refresh
            .retain(|known| known.expires > now && known.first_used.is_none_or(|used| used + REUSE_WINDOW > now));
        let presented = self
            .refresh
            .iter_mut()
            .find(|known| signing::same(&known.value, token))?;
        presented.first_used.get_or_insert(now);
        let (value, parent) = (presented.value.clone(), presented.parent.clone());
        // Using a successor retires its parent; using the parent again retires the lost successor.
        self.refresh
            .retain(|known| Some(&known.value) != parent.as_ref() && known.parent.as_ref() != Some(&value));
        Some(self.issue_pair(scope, Some(value), secret, lives, now))
    }

    fn issue_pair(
        &mut self,
        scope: String,
        parent: Option<String>,
        secret: &str,
        lives: Lives,
        now: DateTime<Utc>,
    ) -> Issued {
        let (access_life, refresh_life) = (delta(lives.access), delta(lives.refresh));
        let (access_token, refresh_token) = (random("shpat_"), random("shprt_"));
        self.access
            .retain(|access| access.expires.is_none_or(|expires| expires > now));
        self.keep_access(Access {
            value: access_token.clone(),
            expires: Some(now + access_life),
            secret: secret.to_owned(),
        });
        self.refresh.push(Refresh {
            value: refresh_token.clone(),
            expires: now + refresh_life,
            first_used: None,
            parent,
            secret: secret.to_owned(),
        });
        Issued {
            access_token,
            scope,
            expires_in: Some(access_life.num_seconds()),
            refresh: Some((refresh_token, refresh_life.num_seconds())),
        }
    }

    fn keep_access(&mut self, access: Access) {
        if self.access.len() >= MAX_ACCESS_TOKENS {
            self.access.remove(0);
        }
        self.access.push(access);
    }

    /// The scopes that an access token carries now.
    pub fn check(&self, token: &str, require_expiring: bool, now: DateTime<Utc>) -> Result<Scopes, Rejection> {
        let installed = self.installed.as_ref().ok_or(Rejection::Unknown)?;
        let access = self
            .access
            .iter()
            .find(|access| signing::same(&access.value, token))
            .filter(|access| access.expires.is_none_or(|expires| expires > now))
            .ok_or(Rejection::Unknown)?;
        if access.expires.is_none() && require_expiring {
            return Err(Rejection::NonExpiring);
        }
        Ok(installed.scopes.clone())
    }

    /// Is this a non-expiring access token that may be migrated?
    pub fn is_permanent(&self, token: &str) -> bool {
        self.access
            .iter()
            .any(|access| access.expires.is_none() && signing::same(&access.value, token))
    }

    /// Ends the grant: uninstalled.
    pub fn revoke(&mut self) {
        *self = Self::default();
    }

    /// Makes every access token unknown while the grant and its refresh tokens stand.
    pub fn expire_access(&mut self) {
        self.access.clear();
    }

    /// Makes every refresh token unknown.
    pub fn expire_refresh(&mut self) {
        self.refresh.clear();
    }

    /// Drops what was issued under a secret that no longer exists.
    pub fn forget_secret(&mut self, secret: &str) {
        self.access.retain(|access| access.secret != secret);
        self.refresh.retain(|refresh| refresh.secret != secret);
    }
}

fn random(prefix: &str) -> String {
    let bytes: [u8; 24] = rand::rng().random();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
