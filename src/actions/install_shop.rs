//! A shop owner installs the app: the way to Shopify's consent page and back.
//!
//! The state is single-use and bound to the browser that began: the cookie
//! holds it, the database its hash.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngCore as _;
use sea_orm::DbErr;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;
use webhooks::{QueryError, ShopDomain, SignedQuery};

use super::{
    revisit_orders::{RevisitOrders, Why},
    revive_shop::ReviveShop,
    shop_access::seal_tokens,
    sign_in::{SessionToken, owner_of_install},
    sync_shop::SyncShop,
    sync_variants::SyncVariants,
};
use crate::{
    app::App,
    config::Grant,
    domain::{
        purchase_order::shop_prefix,
        shop::{ShopSettings, ShopStatus},
    },
    ids::ShopId,
    queue::{When, enqueue},
    seal::SealError,
    shopify::{Access, ApiError, oauth::TokenPair, origin::OriginError, scopes::Scopes, shop::Shop},
    store::{self, Tx, columns::Json, oauth_states, shops},
};

pub use crate::shopify::oauth::TokenError;

/// How long an owner may look at the consent page.
const STATE_LIVES: TimeDelta = TimeDelta::minutes(10);

/// Why an installation does not go on.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("the link is not signed as Shopify signs: {0}. Open the app from the shop's admin again")]
    Signature(#[from] QueryError),
    #[error("the shop is not a *.myshopify.com domain")]
    Shop,
    #[error("this installation was not begun in this browser, or it was completed already. Begin again")]
    State,
    #[error("the parameter “{0}” is missing")]
    Missing(&'static str),
    #[error("the shop did not grant these scopes: {0}. Install again and accept them")]
    Scopes(Scopes),
    #[error("Shopify answers for another shop than the one that was asked")]
    OtherShop,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Origin(#[from] OriginError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

/// A begun installation: where to send the browser, and what its cookie holds.
#[derive(Debug)]
pub struct Begun {
    pub authorize_url: Url,
    pub state: String,
}

/// A completed installation.
#[derive(Debug)]
pub struct Installed {
    pub shop: shops::Model,
    /// Lets the person who installed in as the shop's owner.
    pub session: SessionToken,
}

/// Where Shopify sends the browser back to.
pub fn redirect_uri(app: &App) -> Result<Url, InstallError> {
    app.config
        .shopify
        .app_url
        .join("/auth/shopify/callback")
        .map_err(|_| InstallError::Missing("SHOPIFY_APP_URL"))
}

/// Begins an installation for a shop.
pub async fn begin(app: &App, shop: &ShopDomain) -> Result<Begun, InstallError> {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let state = hex::encode(bytes);
    let scopes: Scopes = app.config.shopify.scopes.iter().map(String::as_str).collect();
    let authorize_url = app.oauth.authorize_url(shop, &scopes, &redirect_uri(app)?, &state)?;
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    oauth_states::forget_expired(&tx, now).await?;
    let row = oauth_states::Model {
        state_hash: hash(&state),
        shop_domain: shop.as_str().to_owned(),
        expires_at: now + STATE_LIVES,
    };
    store::insert(&tx, row)?;
    tx.commit().await?;
    Ok(Begun { authorize_url, state })
}

fn hash(state: &str) -> Vec<u8> {
    Sha256::digest(state.as_bytes()).to_vec()
}

/// Completes an installation from Shopify's callback.
pub async fn complete(app: &App, query: &str, cookie_state: Option<&str>) -> Result<Installed, InstallError> {
    let now = app.clock.now();
    let signed = app.config.shopify.signatures.verify_query(query, now)?;
    let shop = signed.shop().map_err(|_| InstallError::Shop)?;
    redeem_state(app, &signed, &shop, cookie_state, now).await?;
    let code = signed.get("code").ok_or(InstallError::Missing("code"))?;
    let pair = app.oauth.exchange_code(&shop, code, now).await?;
    install(app, &shop, pair, now).await
}

/// Installs without a browser, for an app and a shop of one organization.
pub async fn install_by_client_credentials(app: &App, shop: &ShopDomain) -> Result<Installed, InstallError> {
    debug_assert_eq!(app.config.shopify.grant, Grant::ClientCredentials);
    let now = app.clock.now();
    let pair = app.oauth.client_credentials(shop, now).await?;
    install(app, shop, pair, now).await
}

/// Uses the state up. Anything wrong with it is one error: a guesser learns nothing.
async fn redeem_state(
    app: &App,
    signed: &SignedQuery,
    shop: &ShopDomain,
    cookie_state: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), InstallError> {
    let state = signed.get("state").ok_or(InstallError::Missing("state"))?;
    let bound = cookie_state.is_some_and(|cookie| bool::from(cookie.as_bytes().ct_eq(state.as_bytes())));
    if !bound {
        return Err(InstallError::State);
    }
    let tx = app.db.begin().await?;
    let row = oauth_states::take(&tx, hash(state)).await?;
    tx.commit().await?;
    match row {
        Some(row) if row.shop_domain == shop.as_str() && row.expires_at > now => Ok(()),
        _ => Err(InstallError::State),
    }
}

async fn install(
    app: &App,
    domain: &ShopDomain,
    pair: TokenPair,
    now: DateTime<Utc>,
) -> Result<Installed, InstallError> {
    let asked: Scopes = app.config.shopify.scopes.iter().map(String::as_str).collect();
    let missing = pair.scopes.missing(&asked);
    if !missing.is_empty() {
        return Err(InstallError::Scopes(missing));
    }
    let access = Access {
        shop: domain,
        token: &pair.access_token,
    };
    let details = app.shopify.shop(&access).await?.data;
    if details.domain != *domain {
        return Err(InstallError::OtherShop);
    }
    let tx = app.db.begin().await?;
    let (shop, came) = write_shop(app, &tx, &details, &pair, now).await?;
    let when = When::now(now.timestamp_millis());
    enqueue(&tx, &SyncShop { shop_id: shop.id }, when)?;
    enqueue(&tx, &SyncVariants::all(shop.id), when)?;
    // Work of the time in which the shop could not be called.
    store::jobs::call_running(&tx, shop.id, tx.lease_now().timestamp_millis()).await?;
    enqueue(&tx, &ReviveShop { shop_id: shop.id }, when)?;
    if came == Came::Back {
        // Nobody told of what became of them meanwhile.
        enqueue(&tx, &RevisitOrders::new(shop.id, Why::OnceMoreInstalled), when)?;
    }
    let session = owner_of_install(app, &tx, shop.id, None, &details.name).await?;
    tx.commit().await?;
    tracing::info!(shop = %domain, is_first = came == Came::First, "the app is installed");
    Ok(Installed { shop, session })
}

/// What an installation is to a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    First,
    /// After it was uninstalled.
    Back,
    /// It was there all the time.
    Again,
}

async fn write_shop(
    app: &App,
    tx: &Tx,
    details: &Shop,
    pair: &TokenPair,
    now: DateTime<Utc>,
) -> Result<(shops::Model, Came), InstallError> {
    let before = shops::lock(tx, details.id).await?;
    let came = match &before {
        None => Came::First,
        Some(row) if row.status == ShopStatus::Uninstalled => Came::Back,
        Some(_) => Came::Again,
    };
    let mut row = match before {
        Some(row) => row,
        None => new_shop(tx, details, now).await?,
    };
    if came == Came::Back {
        // What was ordered while the app was gone is not bought unasked.
        row.swept_until = None;
        store::sweeps::end_under_way(tx, row.id, now).await?;
    }
    row.domain = details.domain.as_str().to_owned();
    row.name.clone_from(&details.name);
    row.currency = details.currency;
    row.time_zone.clone_from(&details.time_zone);
    row.status = ShopStatus::Installed;
    if came != Came::Again {
        row.installed_at = now;
    }
    row.uninstalled_at = None;
    row.refresh_leased_until = None;
    seal_tokens(app, &mut row, pair)?;
    if came == Came::First {
        store::insert(tx, row.clone())?;
    } else {
        store::save(tx, row.clone())?;
    }
    Ok((row, came))
}

async fn new_shop(tx: &Tx, details: &Shop, now: DateTime<Utc>) -> Result<shops::Model, DbErr> {
    Ok(shops::Model {
        id: details.id,
        domain: details.domain.as_str().to_owned(),
        name: details.name.clone(),
        currency: details.currency,
        time_zone: details.time_zone.clone(),
        po_prefix: free_prefix(tx, details.id, details.domain.as_str()).await?,
        status: ShopStatus::Installed,
        scopes: String::new(),
        access_token: None,
        access_token_expires_at: None,
        refresh_token: None,
        refresh_token_expires_at: None,
        settings: Json(ShopSettings::default()),
        swept_until: None,
        dates_followed_until: None,
        refresh_leased_until: None,
        installed_at: now,
        uninstalled_at: None,
        created_at: now,
    })
}

/// Purchase order numbers are unique in the installation, so prefixes are too.
async fn free_prefix(tx: &Tx, shop: ShopId, domain: &str) -> Result<String, DbErr> {
    let wanted = shop_prefix(domain);
    for number in 1..100 {
        let prefix = if number == 1 {
            wanted.clone()
        } else {
            format!("{wanted}{number}")
        };
        if shops::prefix_is_free(tx.conn(), &prefix).await? {
            return Ok(prefix);
        }
    }
    Ok(format!("S{shop}"))
}
