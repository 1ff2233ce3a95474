//! Sweeps over a shop: what stands still in our own books, webhook
//! subscriptions that are gone, and what changed at Shopify without a word
//! that reached us. Differences are fed in at the top, as ordinary jobs.
//!
//! One page is one run: what it found, and how far it came, commit together,
//! so that a sweep goes on where a crash left it. The command line runs the
//! same pages in the foreground.

use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{ask_suppliers, compare_with_shopify, repair::Difference, resume_work};
use crate::{
    app::App,
    domain::{
        shop::ShopStatus,
        sweep::{SweepOrigin, SweepPhase},
    },
    failpoint,
    ids::{PurchaseOrderId, ShopId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{
        self, Tx, jobs, purchase_orders, shops,
        sweeps::{self, Model as Sweep},
    },
};

/// Reads the next page of the sweep over one shop, or begins one.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReconcileShop {
    pub shop_id: ShopId,
}

/// Looked at again each time: Shopify's search may lag behind, and clocks differ.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// Looked at again where a clock was ahead, and nobody knows since when.
const DOUBT: TimeDelta = TimeDelta::days(1);
/// Older orders cannot be read without a scope of their own.
const OLDEST: TimeDelta = TimeDelta::days(60);
/// Pages of one question. Shopify shows 25,000 objects of a list, and pages have a hundred.
const MOST_PAGES: i32 = 200;
/// A sweep waits while more than this is due for its shop: it only adds to it.
const MOST_DUE: u64 = 200;
const WAIT_FOR_QUEUE: Duration = Duration::from_secs(5);

/// What one page held.
#[derive(Debug)]
pub struct Look {
    /// Things that Shopify named.
    pub seen: u32,
    pub differences: Vec<Difference>,
    /// What suppliers were asked about.
    pub asked: Vec<PurchaseOrderId>,
    /// What could not be compared, and why: for people.
    pub notes: Vec<String>,
    /// When Shopify named its orders, by its own clock.
    pub at: Option<DateTime<Utc>>,
    pub next: Next,
}

impl Look {
    #[must_use]
    pub const fn of(seen: u32, differences: Vec<Difference>, next: Next) -> Self {
        Self {
            seen,
            differences,
            asked: Vec::new(),
            notes: Vec::new(),
            at: None,
            next,
        }
    }
}

/// Where the sweep goes on.
#[derive(Debug)]
pub enum Next {
    /// In the same phase, after this cursor. `reached` is when the last of the
    /// page changed, where the page is in that order.
    Page {
        after: String,
        reached: Option<DateTime<Utc>>,
    },
    /// With the first page of the same question.
    Anew,
    Phase,
}

impl Job for ReconcileShop {
    const NAME: &'static str = "reconcile_shop";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(format!("reconcile:{}", self.shop_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        self.serial_key()
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        match self.page(app, attempt).await {
            // The timer brings it back: nothing that a person must look at.
            Err(error) if attempt.is_last || matches!(error, JobError::GiveUp(_)) => {
                tracing::warn!(shop = %self.shop_id, %error, "a sweep stops here until the timer's next turn");
                Ok(())
            }
            done => done,
        }
    }
}

impl ReconcileShop {
    async fn page(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(shop) = shops::by_id(app.db.read(), self.shop_id).await? else {
            return Ok(());
        };
        if shop.status == ShopStatus::Uninstalled {
            return Ok(());
        }
        let now = app.clock.now();
        let due_ms = app.db.lease_now().await?.timestamp_millis();
        let due = jobs::waiting::count_due(app.db.read(), shop.id, due_ms, MOST_DUE).await?;
        if due >= MOST_DUE {
            let reason = "the shop has enough work that is due".to_owned();
            let after = WAIT_FOR_QUEUE;
            return Err(JobError::NotNow { reason, after });
        }
        let sweep = match sweeps::under_way(app.db.read(), shop.id).await? {
            Some(sweep) => sweep,
            None => begin(app, &shop, SweepOrigin::Timer, since_last(&shop, now)).await?,
        };
        let found = match look(app, &shop, &sweep).await {
            Err(JobError::GiveUp(why)) => go_around(&sweep).ok_or(JobError::GiveUp(why))?,
            Err(error) if attempt.is_last && is_over_our_books(sweep.phase) => {
                let phase = sweep.phase.as_str();
                tracing::error!(shop = %self.shop_id, phase, %error, "a part of the books cannot be read: a sweep leaves it out");
                Look::of(0, Vec::new(), Next::Phase)
            }
            found => found?,
        };
        let now = app.clock.now();
        let tx = app.db.begin().await?;
        let stands = shops::lock(&tx, shop.id).await?;
        if stands.is_none_or(|stands| stands.installed_at != shop.installed_at) {
            // Installed anew meanwhile: what this page found may be of the time in which the app was gone.
            return Ok(());
        }
        let sweep = write(&tx, sweep, found, now).await?;
        if sweep.ended_at.is_none() {
            enqueue(&tx, self, When::now(now.timestamp_millis()))?;
        } else {
            shops::swept(&tx, shop.id, sweep.began_at).await?;
        }
        failpoint::hit("reconcile.before_commit");
        tx.commit().await?;
        Ok(())
    }
}

/// Phases that the next sweep begins anew, whatever this one has seen of them.
const fn is_over_our_books(phase: SweepPhase) -> bool {
    use SweepPhase as P;
    matches!(
        phase,
        P::Calls | P::PurchaseOrders | P::Parcels | P::Orders | P::Suppliers
    )
}

/// How a sweep goes on where Shopify will not answer a question. Without the
/// orders there is no going on: what was not compared must not count as swept.
fn go_around(sweep: &Sweep) -> Option<Look> {
    let next = match sweep.phase {
        // A cursor that is no longer taken: from the beginning.
        SweepPhase::ShopifyOrders if sweep.after.is_some() => Next::Anew,
        SweepPhase::ShopifyOrders => return None,
        _ => Next::Phase,
    };
    Some(Look::of(0, Vec::new(), next))
}

/// Where the last sweep began. Those since the install ask for nothing from before
/// it: what was ordered then is not for us to buy unasked.
#[must_use]
pub fn since_last(shop: &shops::Model, now: DateTime<Utc>) -> DateTime<Utc> {
    let since = match shop.swept_until {
        Some(until) if until > now => (now - DOUBT).max(shop.installed_at),
        // Shopify's clock shows whole seconds.
        Some(until) if until >= shop.installed_at.trunc_subsecs(0) => (until - OVERLAP).max(shop.installed_at),
        // Installed again without having been gone.
        Some(until) => until - OVERLAP,
        None => shop.installed_at,
    };
    since.max(now - OLDEST)
}

/// Writes that a sweep begins.
pub async fn begin(app: &App, shop: &shops::Model, origin: SweepOrigin, since: DateTime<Utc>) -> Result<Sweep, DbErr> {
    let sweep = Sweep::new(shop.id, origin, since, app.clock.now());
    let tx = app.db.begin().await?;
    store::insert(&tx, sweep.clone())?;
    tx.commit().await?;
    Ok(sweep)
}

/// Reads the sweep's next page and compares it. Changes nothing.
pub async fn look(app: &App, shop: &shops::Model, sweep: &Sweep) -> Result<Look, JobError> {
    match sweep.phase {
        SweepPhase::Calls | SweepPhase::PurchaseOrders | SweepPhase::Parcels | SweepPhase::Orders => {
            Ok(resume_work::look(app, shop, sweep).await?)
        }
        SweepPhase::Suppliers => Ok(ask_suppliers::look(app, shop, sweep).await?),
        SweepPhase::Subscriptions => compare_with_shopify::subscriptions(app, shop).await,
        SweepPhase::ShopifyOrders => compare_with_shopify::orders(app, shop, sweep).await,
        SweepPhase::ShopifyFulfillmentOrders => compare_with_shopify::fulfillment_orders(app, shop, sweep).await,
    }
}

/// Enqueues what puts the differences right, counts them, and moves the sweep on.
pub async fn write(tx: &Tx, mut sweep: Sweep, look: Look, now: DateTime<Utc>) -> Result<Sweep, DbErr> {
    for difference in &look.differences {
        let when = When {
            triggered_at_ms: difference.since.min(now).timestamp_millis(),
            ..When::now(now.timestamp_millis())
        };
        difference.repair.enqueue(tx, sweep.shop_id, when)?;
        sweep.count(difference.kind);
        metrics::counter!("orderyard_reconciled_total", "kind" => difference.kind.as_str()).increment(1);
    }
    purchase_orders::mark_asked(tx, sweep.shop_id, &look.asked, now).await?;
    sweep.asked = sweep.asked.saturating_add(count(look.asked.len()));
    for note in &look.notes {
        tracing::info!(shop = %sweep.shop_id, note, "could not be compared");
    }
    // What it compares ends where Shopify's clock says: by ours, if that is ahead, the next sweep would
    // leave out what changes until then.
    if let Some(at) = look.at {
        sweep.began_at = sweep.began_at.min(at);
    }
    advance(&mut sweep, look.seen, look.next, now);
    store::save(tx, sweep.clone())?;
    Ok(sweep)
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

/// Moves a sweep on from a page.
pub fn advance(sweep: &mut Sweep, seen: u32, next: Next, now: DateTime<Utc>) {
    sweep.seen = sweep.seen.saturating_add(store::column(seen));
    match next {
        Next::Page { after, reached } => {
            sweep.pages += 1;
            match reached.filter(|reached| sweep.pages >= MOST_PAGES && *reached > sweep.asked_from) {
                // A new question from here on: the old list ends before its end.
                Some(reached) => ask_anew(sweep, reached),
                None => sweep.after = Some(after),
            }
        }
        Next::Anew => ask_anew(sweep, sweep.asked_from),
        Next::Phase => match sweep.phase.next() {
            Some(phase) => {
                sweep.phase = phase;
                ask_anew(sweep, sweep.since);
            }
            None => sweep.ended_at = Some(now),
        },
    }
}

fn ask_anew(sweep: &mut Sweep, from: DateTime<Utc>) {
    sweep.asked_from = from;
    sweep.after = None;
    sweep.pages = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    fn sweep() -> Sweep {
        Sweep::new(ShopId(1), SweepOrigin::Timer, at(100), at(1000))
    }

    fn page(after: &str, reached: i64) -> Next {
        Next::Page {
            after: after.to_owned(),
            reached: Some(at(reached)),
        }
    }

    #[test]
    fn a_sweep_goes_through_every_phase_and_ends() {
        let mut sweep = sweep();
        advance(&mut sweep, 100, page("a", 200), at(1001));
        assert_eq!((sweep.after.as_deref(), sweep.pages, sweep.seen), (Some("a"), 1, 100));
        for _ in SweepPhase::ALL {
            assert_eq!(sweep.ended_at, None);
            advance(&mut sweep, 1, Next::Phase, at(1002));
            assert_eq!(sweep.after, None);
        }
        assert_eq!(sweep.ended_at, Some(at(1002)));
    }

    #[test]
    fn a_list_longer_than_shopify_shows_is_asked_for_in_parts() {
        let mut sweep = sweep();
        for number in 0..MOST_PAGES {
            advance(&mut sweep, 100, page("next", 200 + i64::from(number)), at(1001));
        }
        assert_eq!((sweep.asked_from, sweep.after, sweep.pages), (at(399), None, 0));
        assert_eq!(sweep.since, at(100));
    }

    #[test]
    fn what_shopify_will_not_answer_is_gone_around_but_for_the_orders() {
        let mut sweep = sweep();
        sweep.phase = SweepPhase::Subscriptions;
        assert!(matches!(go_around(&sweep).map(|look| look.next), Some(Next::Phase)));
        sweep.phase = SweepPhase::ShopifyOrders;
        assert!(go_around(&sweep).is_none(), "nothing counts as swept");
        advance(&mut sweep, 100, page("old", 200), at(1001));
        let look = go_around(&sweep).expect("the question is asked anew");
        advance(&mut sweep, look.seen, look.next, at(1002));
        assert_eq!((sweep.phase, sweep.after), (SweepPhase::ShopifyOrders, None));
    }
}
