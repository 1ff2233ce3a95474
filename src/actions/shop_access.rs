//! The way to a shop's Admin API: a token that is fresh, and a cost budget
//! that every node shares through the database.
//!
//! One refresher per shop: who refreshes holds a lease in the shop's row, and
//! the pair is stored in one write before it is used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use secrecy::SecretString;
use webhooks::ShopDomain;

use crate::{
    app::App,
    domain::{
        circuit::Subject,
        shop::ShopStatus,
        throttle::{Budget, Cost, ThrottleStatus},
    },
    ids::ShopId,
    queue::{
        JobError,
        circuits::{self, Entry, Shut},
    },
    seal::SealError,
    shopify::{
        Access, Answer, ApiError, Outcome,
        error::Trouble,
        oauth::{TokenError, TokenPair},
    },
    store::{
        self, Tx, shop_budgets,
        shops::{self, Way, way_to},
    },
};

/// A token is renewed when less than this remains of it.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
/// How many times as long as one call may take a refresh has before another node may try.
const CALLS_PER_REFRESH: i32 = 3;
/// How long a job waits while another renews the token: about what a renewal takes.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// How long work waits for a shop that must connect (again).
const PARKED: Duration = Duration::from_mins(10);
/// How long the work of a shop that left is kept for its return.
const MAY_RETURN: TimeDelta = TimeDelta::days(30);

/// A shop, and the token to call it with.
#[derive(Clone, Debug)]
pub struct ShopAccess {
    pub shop: shops::Model,
    pub domain: ShopDomain,
    token: SecretString,
    entry: Entry,
    /// As it was known before the call.
    budget: Option<Budget>,
    /// Points that were taken out of the shop's budget and not settled yet.
    reserved: Arc<AtomicU32>,
}

impl ShopAccess {
    #[must_use]
    pub const fn access(&self) -> Access<'_> {
        Access {
            shop: &self.domain,
            token: &self.token,
        }
    }
}

/// Why a shop cannot be called now.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("the app is not installed in the shop")]
    NotInstalled,
    #[error("the shop is gone")]
    Gone,
    #[error("the shop's owner must open the app again: its access has ended")]
    NeedsReconnect,
    #[error("another worker renews the shop's token")]
    BeingRenewed,
    #[error("the shop's token cannot be renewed now: {0}")]
    Refresh(String),
    #[error("Shopify's token endpoint asks to be left alone: {why}")]
    RefreshLater { why: String, after: Duration },
    #[error("the shop's API budget is used up")]
    Budget(Duration),
    #[error("Shopify's API of the shop is {0}")]
    Shut(Shut),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

impl From<AccessError> for JobError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Gone => Self::GiveUp(error.to_string()),
            // Nobody's tries are spent on it: an install makes the work due at once.
            AccessError::NotInstalled | AccessError::NeedsReconnect => Self::Parked {
                reason: error.to_string(),
                after: PARKED,
                behind: None,
            },
            AccessError::Budget(after) | AccessError::RefreshLater { after, .. } => Self::NotNow {
                reason: error.to_string(),
                after,
            },
            // As long as the lease of one that died: no job's tries are to run out meanwhile.
            AccessError::BeingRenewed => Self::NotNow {
                reason: error.to_string(),
                after: ASK_AGAIN,
            },
            AccessError::Shut(shut) => shut.of("Shopify's API of the shop"),
            AccessError::Database(error) => Self::Database(error),
            other => Self::retry(other.to_string()),
        }
    }
}

/// What a failed read or idempotent call means for its job.
impl From<ApiError> for JobError {
    fn from(error: ApiError) -> Self {
        if let ApiError::Throttled { retry_after, .. } = &error {
            return Self::NotNow {
                reason: error.to_string(),
                after: *retry_after,
            };
        }
        match error.outcome() {
            Outcome::After(wait) => Self::Retry {
                reason: error.to_string(),
                after: Some(wait),
            },
            Outcome::Later | Outcome::Unknown => Self::retry(error.to_string()),
            Outcome::Never => Self::GiveUp(error.to_string()),
        }
    }
}

/// Opens the way to a shop for a call of about `cost` points.
pub async fn open(app: &App, id: ShopId, cost: u32) -> Result<ShopAccess, AccessError> {
    let now = app.clock.now();
    let Way { shop, budget, circuit } = way_to(app.db.read(), id).await?.ok_or(AccessError::Gone)?;
    match shop.status {
        ShopStatus::Installed => {}
        ShopStatus::NeedsReconnect => return Err(AccessError::NeedsReconnect),
        ShopStatus::Uninstalled if shop.uninstalled_at.is_some_and(|at| at + MAY_RETURN < now) => {
            return Err(AccessError::Gone);
        }
        ShopStatus::Uninstalled => return Err(AccessError::NotInstalled),
    }
    let lease_now = app.db.lease_now().await?;
    let budget = budget.map(|row| row.budget());
    let wait = budget.map_or(Duration::ZERO, |budget| budget.wait_for(cost, lease_now));
    if !wait.is_zero() {
        return Err(AccessError::Budget(wait));
    }
    let entry = enter(app, id, circuit, lease_now).await?;
    let shop = if expires_soon(&shop, now) {
        renew(app, shop).await?
    } else {
        shop
    };
    // Where there is plenty, what all nodes draw at once does not use it up.
    let is_plenty = budget.is_none_or(|budget| is_plenty(&budget, lease_now));
    let reserved = if is_plenty { 0 } else { reserve(app, id, cost).await? };
    let domain = ShopDomain::parse(&shop.domain).map_err(|_| AccessError::NotInstalled)?;
    let sealed = shop.access_token.as_ref().ok_or(AccessError::NotInstalled)?;
    let token = app.keyring.open(sealed, &token_place(id, "access_token"))?;
    Ok(ShopAccess {
        shop,
        domain,
        token,
        entry,
        budget,
        reserved: Arc::new(AtomicU32::new(reserved)),
    })
}

/// Opens the way to a shop for a call that nobody waits for: a quarter of the
/// shop's bucket is left to those that somebody does.
pub async fn open_gently(app: &App, shop: ShopId, cost: u32) -> Result<ShopAccess, AccessError> {
    if let Some(row) = shop_budgets::by_shop(app.db.read(), shop).await? {
        let budget = row.budget();
        let wait = budget.wait_for(cost.saturating_add(budget.maximum / 4), app.db.lease_now().await?);
        if !wait.is_zero() {
            return Err(AccessError::Budget(wait));
        }
    }
    open(app, shop, cost).await
}

fn is_plenty(budget: &Budget, now: DateTime<Utc>) -> bool {
    budget.available_at(now) > budget.maximum / 2
}

/// Takes the points of a call out of the shop's budget, from which every node draws.
async fn reserve(app: &App, id: ShopId, cost: u32) -> Result<u32, AccessError> {
    let tx = app.db.begin().await?;
    let Some(row) = shop_budgets::lock(&tx, id).await? else {
        return Ok(0);
    };
    let left = row
        .budget()
        .reserve(cost, tx.lease_now())
        .map_err(AccessError::Budget)?;
    shop_budgets::put(&tx, id, &left).await?;
    tx.commit().await?;
    Ok(cost)
}

/// Whether the shop's API may be called, or is left alone for now. Almost always a read.
async fn enter(
    app: &App,
    id: ShopId,
    circuit: Option<store::circuits::Model>,
    lease_now: DateTime<Utc>,
) -> Result<Entry, AccessError> {
    let subject = Subject::Shop(id);
    let known = if let Some(known) = circuits::judge(subject, circuit, lease_now) {
        known
    } else {
        let tx = app.db.begin().await?;
        let entry = circuits::enter(&tx, subject, &app.config.worker.circuit).await?;
        tx.commit().await?;
        entry
    };
    known.map_err(AccessError::Shut)
}

/// Writes down how a call went. What one order alone may bring about says
/// nothing about the shop's others.
async fn note_call<T>(app: &App, access: &ShopAccess, result: &Result<Answer<T>, ApiError>) -> Result<(), DbErr> {
    let failed = match result {
        Err(error @ ApiError::NotSent(_)) => Some(error),
        Err(error @ (ApiError::Unavailable { why, .. } | ApiError::OutcomeUnknown { why })) => {
            let is_theirs = matches!(
                why,
                Trouble::TimedOut | Trouble::ConnectionLost | Trouble::ServerError(_)
            );
            is_theirs.then_some(error)
        }
        _ => None,
    };
    let subject = Subject::Shop(access.shop.id);
    if failed.is_none() && !access.entry.is_troubled {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    match failed {
        Some(error) => {
            let (reason, config) = (error.to_string(), &app.config.worker.circuit);
            circuits::failed(&tx, subject, &reason, config).await?;
        }
        None => circuits::answered(&tx, subject, access.entry).await?,
    }
    tx.commit().await
}

/// Where a shop's token is sealed for.
fn token_place(shop: ShopId, column: &str) -> String {
    format!("shops/{shop}/{column}")
}

fn expires_soon(shop: &shops::Model, now: DateTime<Utc>) -> bool {
    shop.access_token_expires_at.is_some_and(|at| at - now < RENEW_BEFORE)
}

/// Takes note of an answer: what is left of the budget, and whether the token still opens the shop.
pub async fn observe<T>(app: &App, access: &ShopAccess, result: &Result<Answer<T>, ApiError>) -> Result<(), DbErr> {
    let now = app.clock.now();
    note_call(app, access, result).await?;
    let reserved = access.reserved.swap(0, Ordering::Relaxed);
    if matches!(result, Err(ApiError::Unauthorized)) {
        return token_refused(app, access, now).await;
    }
    // What was reserved for a call without an answer stays spent until it has leaked away.
    let Some(news) = News::of(result) else { return Ok(()) };
    let lease_now = app.db.lease_now().await?;
    let shown = news.status().map(|status| Budget::from_status(status, lease_now));
    // A full bucket is no news: not worth a commit.
    let was_plenty = access.budget.is_none_or(|known| is_plenty(&known, lease_now));
    if reserved == 0 && was_plenty && shown.is_some_and(|shown| is_plenty(&shown, lease_now)) {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    let known = shop_budgets::lock(&tx, access.shop.id).await?.map(|row| row.budget());
    let known = known.or(shown).unwrap_or_else(|| Budget::unknown(lease_now));
    let budget = match news {
        News::Cost(cost) => known.after_answer(reserved, cost, lease_now),
        News::Throttled { status, retry_after } => known.after_throttled(reserved, status, retry_after, lease_now),
    };
    shop_budgets::put(&tx, access.shop.id, &budget).await?;
    tx.commit().await
}

/// What an answer tells of the shop's budget.
enum News<'a> {
    Cost(&'a Cost),
    /// For all that call the shop: an HTTP 429 shows no status.
    Throttled {
        status: Option<ThrottleStatus>,
        retry_after: Duration,
    },
}

impl<'a> News<'a> {
    fn of<T>(result: &'a Result<Answer<T>, ApiError>) -> Option<Self> {
        match result {
            Ok(answer) => answer.cost.as_ref().map(Self::Cost),
            Err(ApiError::Throttled { status, retry_after }) => Some(Self::Throttled {
                status: *status,
                retry_after: *retry_after,
            }),
            Err(_) => None,
        }
    }

    const fn status(&self) -> Option<ThrottleStatus> {
        match self {
            Self::Cost(cost) => Some(cost.status),
            Self::Throttled { status, .. } => *status,
        }
    }
}

/// An access token that Shopify refuses is treated as run out: the next call renews it. One that never ends has
/// nothing to renew it by: then the shop's owner has to open the app again, and is told so.
async fn token_refused(app: &App, access: &ShopAccess, now: DateTime<Utc>) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    if let Some(mut shop) = shops::lock(&tx, access.shop.id).await?
        && shop.access_token == access.shop.access_token
    {
        if shop.refresh_token.is_some() || shop.access_token_expires_at.is_some() {
            shop.access_token_expires_at = Some(now);
        } else if shop.status == ShopStatus::Installed {
            tracing::warn!(shop = %shop.domain, "the shop must reconnect: its token is refused and cannot be renewed");
            shop.status = ShopStatus::NeedsReconnect;
        }
        store::save(&tx, shop)?;
    }
    tx.commit().await
}

/// Renews a shop's token. Whoever finds it being renewed goes on with the old
/// one while that lasts.
pub async fn renew(app: &App, shop: shops::Model) -> Result<shops::Model, AccessError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let Some(mut row) = shops::lock(&tx, shop.id).await? else {
        return Err(AccessError::NotInstalled);
    };
    // Somebody else has renewed it since the caller looked.
    if row.access_token != shop.access_token {
        return Ok(row);
    }
    let (lease_now, longest) = (tx.lease_now(), longest_lease(app));
    if (row.refresh_leased_until).is_some_and(|until| is_leased(until, lease_now, longest)) {
        return if still_lives(&row, now) {
            Ok(row)
        } else {
            Err(AccessError::BeingRenewed)
        };
    }
    row.refresh_leased_until = Some(lease_now + longest);
    store::save(&tx, row.clone())?;
    let since = app.clock.moment();
    tx.commit().await?;
    if since.is_longer_ago_than(app.config.shopify.timeout, &app.clock) {
        // Whoever took the lease over has a pair by now, which Shopify would retire for ours.
        return Err(AccessError::Refresh(
            "this process stood still before it could ask".to_owned(),
        ));
    }
    let domain = ShopDomain::parse(&row.domain).map_err(|_| AccessError::NotInstalled)?;
    let result = match &row.refresh_token {
        Some(sealed) => {
            let refresh_token = app.keyring.open(sealed, &token_place(row.id, "refresh_token"))?;
            app.oauth.refresh(&domain, &refresh_token, now).await
        }
        None => app.oauth.client_credentials(&domain, now).await,
    };
    store_renewed(app, row, result).await
}

fn longest_lease(app: &App) -> TimeDelta {
    let timeout = TimeDelta::from_std(app.config.shopify.timeout).unwrap_or(TimeDelta::seconds(10));
    timeout * CALLS_PER_REFRESH
}

/// Whether somebody renews the token, for at most so long. A lease that ends much later was written by a clock that
/// was ahead. One that ends a little later is not: a transaction's time is that of its beginning, and whoever wrote
/// the lease may have begun after one that waited for the row.
fn is_leased(until: DateTime<Utc>, lease_now: DateTime<Utc>, longest: TimeDelta) -> bool {
    lease_now < until && until <= lease_now + longest * 2
}

fn still_lives(shop: &shops::Model, now: DateTime<Utc>) -> bool {
    shop.access_token_expires_at.is_some_and(|at| at > now)
}

async fn store_renewed(
    app: &App,
    before: shops::Model,
    result: Result<TokenPair, TokenError>,
) -> Result<shops::Model, AccessError> {
    let tx = app.db.begin().await?;
    let Some(mut row) = shops::lock(&tx, before.id).await? else {
        return Err(AccessError::NotInstalled);
    };
    // An install that came in between has brought a newer pair, and so does whoever took our lease
    // over while we stood still: Shopify retires the earlier of two pairs, ours must not replace it.
    if row.refresh_token != before.refresh_token || row.refresh_leased_until != before.refresh_leased_until {
        tracing::info!(shop = %row.domain, "a renewed token came too late");
        return Ok(row);
    }
    row.refresh_leased_until = None;
    let outcome = match result {
        Ok(pair) => seal_tokens(app, &mut row, &pair).map_err(AccessError::from),
        Err(TokenError::Terminal { code }) => {
            tracing::warn!(shop = %row.domain, code, "the shop must reconnect");
            row.status = ShopStatus::NeedsReconnect;
            Err(AccessError::NeedsReconnect)
        }
        Err(TokenError::Retry { why, after }) => rest(app, &mut row, why, after, tx.lease_now()),
    };
    store::save(&tx, row.clone())?;
    tx.commit().await?;
    outcome.map(|()| row)
}

/// The token endpoint gave no token, and may have said when to come back: until then it is left alone, by keeping
/// the lease. No longer than a lease lasts, or one that was written by a clock that is ahead would count.
fn rest(
    app: &App,
    row: &mut shops::Model,
    why: String,
    after: Option<Duration>,
    lease_now: DateTime<Utc>,
) -> Result<(), AccessError> {
    let longest = longest_lease(app);
    let asked = after.map(|after| TimeDelta::from_std(after).unwrap_or(longest).min(longest));
    let lives = still_lives(row, app.clock.now());
    // With a token that lives there is no hurry.
    let pause = asked.or_else(|| lives.then_some(longest));
    row.refresh_leased_until = pause.map(|pause| lease_now + pause);
    match asked {
        _ if lives => {
            tracing::info!(shop = %row.domain, why, "the token cannot be renewed now; the old one is good still");
            Ok(())
        }
        Some(asked) => Err(AccessError::RefreshLater {
            why,
            after: asked.to_std().unwrap_or_default(),
        }),
        None => Err(AccessError::Refresh(why)),
    }
}

/// Puts a pair into a shop's row, sealed.
pub fn seal_tokens(app: &App, row: &mut shops::Model, pair: &TokenPair) -> Result<(), SealError> {
    row.access_token = Some(
        app.keyring
            .seal(&pair.access_token, &token_place(row.id, "access_token"))?,
    );
    row.access_token_expires_at = Some(pair.expires_at);
    row.refresh_token = match &pair.refresh_token {
        Some(token) => Some(app.keyring.seal(token, &token_place(row.id, "refresh_token"))?),
        None => None,
    };
    row.refresh_token_expires_at = pair.refresh_expires_at;
    if !pair.scopes.is_empty() {
        row.scopes = pair.scopes.to_string();
    }
    Ok(())
}

/// Forgets a shop's tokens.
pub fn forget_tokens(tx: &Tx, row: &mut shops::Model) -> Result<(), DbErr> {
    row.access_token = None;
    row.access_token_expires_at = None;
    row.refresh_token = None;
    row.refresh_token_expires_at = None;
    store::save(tx, row.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two transactions that find a token run out wait for one row: the second one began first.
    #[test]
    fn who_waited_for_a_lease_to_be_written_finds_it() {
        let longest = TimeDelta::seconds(30);
        let [began, later] = [0, 2].map(|second| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(second));
        assert!(is_leased(later + longest, began, longest));
        assert!(is_leased(began + longest, later, longest));
        assert!(!is_leased(began + longest, began + longest, longest), "it has run out");
        let ahead = began + TimeDelta::hours(1);
        assert!(!is_leased(ahead + longest, began, longest), "by a clock that was ahead");
    }
}
