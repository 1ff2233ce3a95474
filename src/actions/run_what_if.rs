//! Carries out comparisons of drafts with the live routing, some pages of orders per job,
//! so that a long one holds up nothing else. It writes nothing but its own rows.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::what_if::{ChangedOrder, MOST_ORDERS, Period, WhatIf};
use crate::{
    app::App,
    domain::what_if::WhatIfState,
    error::AppError,
    ids::{ShopId, WhatIfRunId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{
        self, Tx,
        columns::Json,
        jobs, orders, shops, what_if_orders,
        what_if_runs::{self, Model},
    },
};

/// Goes on with one comparison.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunWhatIf {
    pub shop_id: ShopId,
    pub run_id: WhatIfRunId,
}

/// How far a job goes.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Pages of orders: what was read of offers serves them all.
    pub pages: u32,
    /// Orders that the whole comparison takes in.
    pub orders: u64,
    /// After that no other page is begun.
    pub time: TimeDelta,
}

/// Short enough for its progress to be seen.
const OF_ONE_JOB: Stretch = Stretch {
    pages: 25,
    orders: MOST_ORDERS,
    time: TimeDelta::seconds(1),
};
/// Changed orders that are kept of one comparison; all are counted.
pub const MOST_LISTED: i32 = 10_000;
/// Comparisons that are kept of a shop's.
const MOST_KEPT: u64 = 50;
/// Those that are removed at once.
const REMOVED_AT_ONCE: u64 = 5;

impl Job for RunWhatIf {
    const NAME: &'static str = "run_what_if";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    /// One of a shop's after the other.
    fn serial_key(&self) -> Option<String> {
        Some(format!("what_if:{}", self.shop_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("what_if:{}", self.run_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        self.go_on(app, OF_ONE_JOB, async || {}).await
    }
}

impl RunWhatIf {
    /// Goes on so far at most, and not any further once it is cancelled. What is done `between` two
    /// pages is a test's.
    pub async fn go_on(&self, app: &App, most: Stretch, between: impl AsyncFn()) -> Result<(), JobError> {
        let (Some(run), Some(shop)) = (
            self.begin(app, most.orders).await?,
            shops::by_id(app.db.read(), self.shop_id).await?,
        ) else {
            return Ok(());
        };
        let period = Period {
            since: run.since,
            until: run.until,
        };
        let (basis, mark) = (run.basis.0.clone(), run.mark.0.clone());
        let what_if = WhatIf::go_on(&app.db, shop, basis, period, run.asked_at, mark).await?;
        let mut what_if = what_if.at_most(most.orders);
        let mut changed = Vec::new();
        let (began, mut pages, mut is_over) = (app.clock.now(), 0, false);
        while pages < most.pages && app.clock.now() - began < most.time {
            if pages > 0 {
                between().await;
                if !self.is_wanted(app).await? {
                    return Ok(());
                }
            }
            pages += 1;
            let Some(more) = what_if.next(&app.db).await? else {
                is_over = true;
                break;
            };
            changed.extend(more);
        }
        self.write(app, &run, &what_if, changed, is_over).await
    }

    /// Whether nobody has ended it meanwhile.
    async fn is_wanted(&self, app: &App) -> Result<bool, DbErr> {
        let found = what_if_runs::by_id(app.db.read(), self.shop_id, self.run_id).await?;
        Ok(found.is_some_and(|run| !run.state.is_over()))
    }

    /// When the next part is due: comparisons have their turns in the order of their asking.
    pub(super) fn enqueue(&self, tx: &Tx, asked_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), DbErr> {
        let when = When {
            triggered_at_ms: asked_at.timestamp_millis(),
            ..When::now(now.timestamp_millis())
        };
        enqueue(tx, self, when)
    }

    /// The comparison, if it is to go on. What it is to look at is counted when it begins.
    async fn begin(&self, app: &App, most: u64) -> Result<Option<Model>, DbErr> {
        let found = what_if_runs::by_id(app.db.read(), self.shop_id, self.run_id).await?;
        let Some(run) = found.filter(|run| !run.state.is_over()) else {
            return Ok(None);
        };
        if run.state == WhatIfState::Running {
            return Ok(Some(run));
        }
        let period = (run.since, run.until);
        let total = orders::count_placed_between(app.db.read(), self.shop_id, period, most).await?;
        let tx = app.db.begin().await?;
        let Some(mut run) = self.open(&tx).await? else {
            return Ok(None);
        };
        run.state = WhatIfState::Running;
        run.total = Some(i32::try_from(total).unwrap_or(i32::MAX));
        store::save(&tx, run.clone())?;
        what_if_runs::keep_newest(&tx, self.shop_id, MOST_KEPT, REMOVED_AT_ONCE).await?;
        tx.commit().await?;
        Ok(Some(run))
    }

    async fn open(&self, tx: &Tx) -> Result<Option<Model>, DbErr> {
        let found = what_if_runs::lock(tx, self.shop_id, self.run_id).await?;
        Ok(found.filter(|run| !run.state.is_over()))
    }

    /// Keeps what was found, unless it was cancelled or somebody else found it meanwhile.
    async fn write(
        &self,
        app: &App,
        before: &Model,
        what_if: &WhatIf,
        changed: Vec<ChangedOrder>,
        is_over: bool,
    ) -> Result<(), JobError> {
        let now = app.clock.now();
        let tx = app.db.begin().await?;
        let Some(mut run) = self.open(&tx).await?.filter(|run| run.mark == before.mark) else {
            return Ok(());
        };
        let left = usize::try_from(MOST_LISTED - run.listed).unwrap_or(0);
        let mut rows = Vec::new();
        for order in changed.into_iter().take(left) {
            run.listed += 1;
            rows.push(row(&run, order));
        }
        store::insert_all(&tx, rows)?;
        run.mark = Json(what_if.mark());
        if is_over {
            run.state = WhatIfState::Done;
            run.ended_at = Some(now);
        } else {
            self.enqueue(&tx, run.asked_at, now)?;
        }
        store::save(&tx, run)?;
        tx.commit().await?;
        Ok(())
    }
}

fn row(run: &Model, order: ChangedOrder) -> what_if_orders::Model {
    let saving = order.saving_minor();
    what_if_orders::Model {
        run_id: run.id,
        number: run.listed,
        shop_id: run.shop_id,
        order_id: order.order,
        name: order.name,
        placed_at: order.placed_at,
        saving_minor: saving.unwrap_or(what_if_orders::NOT_KNOWN),
        live: Json(order.live),
        draft: Json(order.draft),
    }
}

/// Ends a comparison before its end; what was found stays.
pub async fn cancel(app: &App, shop: ShopId, id: WhatIfRunId) -> Result<Model, AppError> {
    let tx = app.db.begin().await?;
    let run = what_if_runs::lock(&tx, shop, id).await?;
    let mut run = run.ok_or(AppError::NotFound("this comparison"))?;
    match run.state {
        WhatIfState::Cancelled => return Ok(run),
        WhatIfState::Queued | WhatIfState::Running => {}
        WhatIfState::Done | WhatIfState::Failed => {
            return Err(AppError::AlreadyDone("this comparison has ended".to_owned()));
        }
    }
    run.state = WhatIfState::Cancelled;
    run.ended_at = Some(app.clock.now());
    store::save(&tx, run.clone())?;
    tx.commit().await?;
    Ok(run)
}

/// Writes on a comparison that its job was given up.
pub(super) async fn mark_failed(tx: &Tx, job: &jobs::Model, error: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    if job.name != RunWhatIf::NAME {
        return Ok(());
    }
    let Ok(payload) = serde_json::from_str::<RunWhatIf>(&job.payload) else {
        return Ok(());
    };
    if let Some(mut run) = payload.open(tx).await? {
        run.state = WhatIfState::Failed;
        run.ended_at = Some(now);
        run.failure = Some(error.to_owned());
        store::save(tx, run)?;
    }
    Ok(())
}
