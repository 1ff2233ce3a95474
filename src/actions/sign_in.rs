//! Lets a person in: with a password, after an installation, or in the demo
//! with one click. Out again, too.
//!
//! A session belongs to one membership, so it opens one shop or one supplier
//! and nothing else that the same person may belong to.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rand::RngCore as _;
use sea_orm::DbErr;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    authenticate::{self, Identity},
    passwords,
};
use crate::{
    app::App,
    error::AppError,
    ids::{RowId, ShopId, UserId},
    store::{self, Party, Tx, memberships, memberships::Role, sessions, users},
};

pub const COOKIE: &str = "orderyard_session";

const SESSION_DAYS: i64 = 14;

const WINDOW: Duration = Duration::from_mins(15);
const MOST_BY_EMAIL: i32 = 10;
const MOST_BY_ADDRESS: i32 = 60;

/// What a browser shows to be known again. Stored only as its hash.
#[derive(Clone, Debug)]
pub struct SessionToken(SecretString);

impl SessionToken {
    fn generate() -> Self {
        Self(random_secret().into())
    }

    /// The `Set-Cookie` header that hands it to the browser.
    #[must_use]
    pub fn cookie(&self, app: &App) -> String {
        let seconds = TimeDelta::days(SESSION_DAYS).num_seconds();
        set_cookie(app, self.0.expose_secret(), seconds)
    }
}

/// The `Set-Cookie` header that takes the session away.
#[must_use]
pub fn cleared_cookie(app: &App) -> String {
    set_cookie(app, "", 0)
}

fn set_cookie(app: &App, value: &str, max_age_seconds: i64) -> String {
    let secure = if app.config.shopify.app_url.scheme() == "https" {
        "; Secure"
    } else {
        ""
    };
    format!("{COOKIE}={value}; Max-Age={max_age_seconds}; Path=/; HttpOnly; SameSite=Lax{secure}")
}

/// 256 random bits as text.
#[must_use]
pub fn random_secret() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Someone who has just been let in.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub token: SessionToken,
    pub identity: Identity,
}

/// Lets a person in who knows the password. `address` is where the call came from.
pub async fn with_password(
    app: &App,
    email: &str,
    password: SecretString,
    address: &str,
) -> Result<NewSession, AppError> {
    let email = normal_email(email);
    let attempts = count_attempt(app, &email, address).await?;
    let user = users::by_email(app.db.read(), &email).await?;
    let stored = user.as_ref().and_then(|user| user.password_hash.clone());
    let knows = passwords::verify(password, stored).await?;
    let Some(user) = user.filter(|_| knows) else {
        return Err(AppError::WrongCredentials);
    };
    let Some(membership) = memberships::first_of_user(app.db.read(), user.id).await? else {
        return Err(AppError::WrongCredentials);
    };
    let tx = app.db.begin().await?;
    attempts.forgive(&tx).await?;
    let token = begin_session(app, &tx, user.id, membership.id).await?;
    tx.commit().await?;
    admitted(app, token).await
}

/// The attempts that were counted for an e-mail address.
pub(super) struct Attempts(Vec<u8>);

impl Attempts {
    /// Whoever knows the password has not been guessing.
    pub(super) async fn forgive(&self, tx: &Tx) -> Result<(), DbErr> {
        store::sign_in_attempts::forgive(tx, &self.0).await
    }
}

/// Counts before the password is looked at, so that parallel guesses count too.
pub(super) async fn count_attempt(app: &App, email: &str, address: &str) -> Result<Attempts, AppError> {
    let (now_ms, window_ms) = (app.clock.now_ms(), window_ms());
    let by_email = authenticate::hash(&format!("email:{email}"));
    let by_address = authenticate::hash(&format!("address:{address}"));
    let tx = app.db.begin().await?;
    let of_email = store::sign_in_attempts::count(&tx, &by_email, now_ms, window_ms).await?;
    let of_address = store::sign_in_attempts::count(&tx, &by_address, now_ms, window_ms).await?;
    store::sign_in_attempts::forget_old(&tx, now_ms - window_ms).await?;
    tx.commit().await?;
    if of_email > MOST_BY_EMAIL || of_address > MOST_BY_ADDRESS {
        return Err(AppError::TooMany(WINDOW.as_secs()));
    }
    Ok(Attempts(by_email))
}

fn window_ms() -> i64 {
    i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX)
}

/// Lets the person in who has just completed an installation. The first time
/// makes them the shop's owner.
///
/// An address in the shop's details was never proven, so nobody signs in by it
/// and it is kept from nobody: the owner gets one that no letter reaches. A
/// `known` address is ours to give, and is used where nobody has it.
pub async fn owner_of_install(
    app: &App,
    tx: &Tx,
    shop: ShopId,
    known: Option<&str>,
    name: &str,
) -> Result<SessionToken, DbErr> {
    if let Some(owner) = memberships::owner_of(tx.conn(), shop).await? {
        return begin_session(app, tx, owner.user_id, owner.id).await;
    }
    let id = UserId::generate();
    let known = known.map(normal_email);
    let email = match known {
        Some(email) if users::by_email(tx.conn(), &email).await?.is_none() => email,
        // By the person, not the shop: a shop that comes back after its redaction has another owner.
        _ => format!("owner-{id}@shop.invalid"),
    };
    let user = users::Model {
        id,
        email,
        name: name.chars().take(100).collect(),
        password_hash: None,
        created_at: app.clock.now(),
    };
    store::insert(tx, user.clone())?;
    let membership = join(app, tx, user.id, Party::Shop(shop), Role::Owner).await?;
    begin_session(app, tx, user.id, membership).await
}

/// Whom a visitor of the demo wants to be.
#[derive(Clone, Debug)]
pub enum DemoRole {
    Staff,
    /// With the supplier's key; the first supplier where it is missing.
    Supplier(Option<String>),
}

/// Lets a visitor of the demo in without a password. Nowhere else.
pub async fn in_demo(app: &App, role: DemoRole) -> Result<NewSession, AppError> {
    if !app.config.demo {
        return Err(AppError::Forbidden(
            "one-click sign-in exists in the demo alone".to_owned(),
        ));
    }
    let token = match role {
        DemoRole::Staff => demo_staff(app).await?,
        DemoRole::Supplier(key) => demo_supplier(app, key).await?,
    };
    admitted(app, token).await
}

async fn demo_staff(app: &App) -> Result<SessionToken, AppError> {
    let shops = store::shops::installed(app.db.read(), 1).await?;
    let shop = shops.first().ok_or(AppError::NotFound("an installed shop"))?;
    let tx = app.db.begin().await?;
    let token = owner_of_install(app, &tx, shop.id, Some("owner@demo.example"), "Demo owner").await?;
    tx.commit().await?;
    Ok(token)
}

async fn demo_supplier(app: &App, key: Option<String>) -> Result<SessionToken, AppError> {
    let supplier = match key {
        Some(key) => store::suppliers::by_key(app.db.read(), &key).await?,
        None => store::suppliers::of_installation(app.db.read(), 1).await?.pop(),
    };
    let supplier = supplier.ok_or(AppError::NotFound("this supplier"))?;
    let email = format!("{}@suppliers.demo.example", supplier.key);
    let tx = app.db.begin().await?;
    let user = match users::by_email(tx.conn(), &email).await? {
        Some(user) => user.id,
        None => add_user(app, &tx, email, format!("{} (demo)", supplier.name), None).await?,
    };
    let membership = join(app, &tx, user, Party::Supplier(supplier.id), Role::Supplier).await?;
    let token = begin_session(app, &tx, user, membership).await?;
    tx.commit().await?;
    Ok(token)
}

/// Ends a session. An unknown one has ended already.
pub async fn out(app: &App, token: &str) -> Result<(), AppError> {
    let tx = app.db.begin().await?;
    sessions::end(&tx, &authenticate::hash(token)).await?;
    Ok(tx.commit().await?)
}

/// E-mail addresses are compared in lower case.
#[must_use]
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(super) async fn add_user(
    app: &App,
    tx: &Tx,
    email: String,
    name: String,
    password_hash: Option<String>,
) -> Result<UserId, DbErr> {
    let id = UserId::generate();
    let user = users::Model {
        id,
        email,
        name,
        password_hash,
        created_at: app.clock.now(),
    };
    store::insert(tx, user)?;
    Ok(id)
}

/// Makes a person a member, or finds that they are one.
pub(super) async fn join(app: &App, tx: &Tx, user: UserId, party: Party, role: Role) -> Result<RowId, DbErr> {
    if let Some(membership) = memberships::of_user_in(tx.conn(), user, party).await? {
        return Ok(membership.id);
    }
    let (shop_id, supplier_id) = match party {
        Party::Shop(shop) => (Some(shop), None),
        Party::Supplier(supplier) => (None, Some(supplier)),
    };
    let membership = memberships::Model {
        id: RowId::generate(),
        user_id: user,
        shop_id,
        supplier_id,
        role,
        created_at: app.clock.now(),
    };
    let id = membership.id;
    store::insert(tx, membership)?;
    Ok(id)
}

pub(super) async fn begin_session(app: &App, tx: &Tx, user: UserId, membership: RowId) -> Result<SessionToken, DbErr> {
    let token = SessionToken::generate();
    let now = app.clock.now();
    let session = sessions::Model {
        token_hash: authenticate::hash(token.0.expose_secret()),
        user_id: user,
        membership_id: membership,
        created_at: now,
        expires_at: now + TimeDelta::days(SESSION_DAYS),
    };
    sessions::forget_expired(tx, now).await?;
    store::insert(tx, session)?;
    Ok(token)
}

pub(super) async fn admitted(app: &App, token: SessionToken) -> Result<NewSession, AppError> {
    let identity = authenticate::by_session(app, token.0.expose_secret()).await?;
    identity
        .map(|identity| NewSession { token, identity })
        .ok_or(AppError::Unauthenticated)
}
