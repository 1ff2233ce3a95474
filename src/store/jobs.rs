//! Durable work. The queue owns the rules; this file owns the rows.

pub mod claims;
pub mod given_up;
pub mod parked;
pub mod waiting;

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{
    Condition, DbBackend, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement,
    entity::prelude::*,
    sea_query::{Expr, LockBehavior, LockType, OnConflict},
};

use super::{Db, Tx, pending::Write};
use crate::{
    domain::text_enum::text_enum,
    ids::{JobId, ShopId},
};

text_enum! {
    pub enum JobState {
        Ready = "ready",
        Running = "running",
        /// Given up; a person may requeue it.
        Dead = "dead",
    }
}

text_enum! {
    /// What a job that is ready waits for.
    pub enum WaitsFor {
        /// A worker: it may be taken.
        Turn = "turn",
        /// The time at which it is to run.
        Time = "time",
        /// The end of what runs on its key.
        Key = "key",
    }
}

/// What goes first where work waits. Each has a share: none waits for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits for it, or it ends what was begun.
    Soon,
    Usual,
    /// It may take its time: sweeps and other large work.
    Background,
}

impl Priority {
    pub const ALL: [Self; 3] = [Self::Soon, Self::Usual, Self::Background];

    /// As it is stored.
    #[must_use]
    pub const fn rank(self) -> i32 {
        self as i32
    }
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub name: String,
    pub payload: String,
    pub shop_id: Option<ShopId>,
    pub serial_key: Option<String>,
    pub dedupe_key: Option<String>,
    pub state: JobState,
    pub waits_for: WaitsFor,
    /// A [`Priority`]'s rank.
    pub priority: i32,
    /// Whose turns it takes: the shop's, or 0 for work of the installation.
    pub lane: i64,
    pub run_at_ms: i64,
    pub triggered_at_ms: i64,
    pub attempts: i32,
    pub lease_id: Option<Uuid>,
    pub leased_until_ms: Option<i64>,
    pub last_error: Option<String>,
    /// The [`Subject`](crate::domain::circuit::Subject) that is left alone, in text, for which it waits.
    pub parked_for: Option<String>,
    /// Since when such a subject keeps it from being done, tries of its own in between included; or since
    /// people were told of that.
    pub parked_since_ms: Option<i64>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a job with the transaction's commit, or brings the waiting one with the
/// same dedupe key forward.
pub fn add(tx: &Tx, job: Model) {
    tx.add_job(job);
    tx.mark_jobs_added();
}

/// Adds jobs, or brings the waiting ones with the same dedupe keys forward. One
/// that waits for its next try keeps its time: its cause does not come back
/// sooner because it is asked for again, and its tries are counted.
pub(super) fn add_all(tx: &Tx, jobs: Vec<Model>) {
    let mut jobs = once_each(jobs).into_iter().peekable();
    while jobs.peek().is_some() {
        add_some(tx, jobs.by_ref().take(MOST_ADDED).collect());
    }
}

/// Jobs of one statement: databases bound its parameters.
const MOST_ADDED: usize = 200;

fn add_some(tx: &Tx, jobs: Vec<Model>) {
    let rows = jobs.into_iter().map(|job| job.into_active_model().reset_all());
    let mut insert = Entity::insert_many(rows);
    insert.query().on_conflict(
        OnConflict::column(Column::DedupeKey)
            .target_and_where(Expr::cust("state = 'ready'"))
            .values([
                (
                    Column::RunAtMs,
                    Expr::cust(format!(
                        "case when jobs.attempts > 0 then jobs.run_at_ms else {} end",
                        earlier(tx, "run_at_ms")
                    )),
                ),
                (Column::TriggeredAtMs, Expr::cust(earlier(tx, "triggered_at_ms"))),
                (
                    Column::WaitsFor,
                    Expr::cust(
                        "case when jobs.attempts = 0 and jobs.waits_for = 'time'
                         then excluded.waits_for else jobs.waits_for end",
                    ),
                ),
            ])
            .to_owned(),
    );
    tx.write(Write::any::<Entity>(insert.build(tx.get_database_backend())));
}

/// One job for each dedupe key, in the order of the keys: two transactions that
/// bring the same jobs forward wait for each other, and never both.
fn once_each(mut jobs: Vec<Model>) -> Vec<Model> {
    jobs.sort_by(|one, other| (&one.dedupe_key, one.id).cmp(&(&other.dedupe_key, other.id)));
    jobs.dedup_by(|later, first| {
        let is_same = first.dedupe_key.is_some() && later.dedupe_key == first.dedupe_key;
        if is_same {
            first.run_at_ms = first.run_at_ms.min(later.run_at_ms);
            first.triggered_at_ms = first.triggered_at_ms.min(later.triggered_at_ms);
            if later.waits_for == WaitsFor::Turn {
                first.waits_for = WaitsFor::Turn;
            }
        }
        is_same
    });
    jobs
}

fn earlier(tx: &Tx, column: &str) -> String {
    let least = if tx.conn().get_database_backend() == DbBackend::Postgres {
        "least"
    } else {
        "min"
    };
    format!("{least}(jobs.{column}, excluded.{column})")
}

/// Whether a worker stopped answering for some of its jobs.
pub async fn any_expired(db: &Db) -> Result<bool, DbErr> {
    let one = expired(db.lease_now().await?).limit(1).one(db.read()).await?;
    Ok(one.is_some())
}

/// Reads and locks some jobs of workers that stopped answering. What another
/// worker prolongs, ends or gives back at this moment is left to it.
pub async fn lock_expired(tx: &Tx) -> Result<Vec<Model>, DbErr> {
    expired(tx.lease_now())
        .limit(100)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx.conn())
        .await
}

/// The word stands as it does in the index, which a bound value would not meet.
fn expired(now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Expr::cust("state = 'running'"))
        .filter(Column::LeasedUntilMs.lt(now.timestamp_millis()))
}

/// Puts a job that ran back, to run at its time, and makes way for what waits
/// on its key. When a newer one with its dedupe key waits already, that one
/// does its work.
pub async fn make_ready(tx: &Tx, job: Model) -> Result<(), DbErr> {
    let key = job.serial_key.clone();
    put_back(tx, job).await?;
    claims::free_keys(tx, key.as_slice())
}

async fn put_back(tx: &Tx, mut job: Model) -> Result<(), DbErr> {
    if let Some(key) = &job.dedupe_key {
        let waiting = Entity::find()
            .filter(Column::DedupeKey.eq(key.as_str()))
            .filter(Expr::cust("state = 'ready'"))
            .filter(Column::Id.ne(job.id))
            .one(tx.conn())
            .await?;
        if waiting.is_some() {
            return Entity::delete_by_id(job.id).exec(tx.conn()).await.map(drop);
        }
    }
    job.state = JobState::Ready;
    job.waits_for = WaitsFor::Time;
    job.lease_id = None;
    job.leased_until_ms = None;
    super::save(tx, job)
}

/// Keeps a job that no further try will help, for a person to look at.
pub fn give_up(tx: &Tx, mut job: Model) -> Result<(), DbErr> {
    let key = job.serial_key.clone();
    job.state = JobState::Dead;
    job.parked_since_ms = None;
    job.lease_id = None;
    job.leased_until_ms = None;
    super::save(tx, job)?;
    claims::free_keys(tx, key.as_slice())
}

/// Reads and locks a job that is still leased by `lease_id`; none when the lease was lost.
pub async fn leased(tx: &Tx, id: JobId, lease_id: Uuid) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(Column::LeaseId.eq(lease_id))
        .filter(Column::State.eq(JobState::Running))
        .lock_exclusive()
        .one(tx.conn())
        .await
}

/// A job that a worker holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: JobId,
    pub lease_id: Uuid,
    pub serial_key: Option<String>,
}

/// Removes finished jobs, but for those whose lease was lost, and makes way for
/// what waits on their keys.
pub fn finish(tx: &Tx, jobs: &[Held]) -> Result<(), DbErr> {
    if jobs.is_empty() {
        return Ok(());
    }
    let done = Entity::delete_many().filter(held(jobs));
    tx.write(Write::any::<Entity>(done.build(tx.get_database_backend())));
    let keys: Vec<String> = jobs.iter().filter_map(|job| job.serial_key.clone()).collect();
    claims::free_keys(tx, &keys)
}

/// When a lease that begins now runs out.
fn lease_end_ms(tx: &Tx, lease: Duration) -> i64 {
    let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    tx.lease_now().timestamp_millis().saturating_add(lease_ms)
}

/// Prolongs leases, but for those that were lost.
pub async fn prolong(tx: &Tx, jobs: &[Held], lease: Duration) -> Result<(), DbErr> {
    if jobs.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::LeasedUntilMs, Expr::val(lease_end_ms(tx, lease)))
        .filter(held(jobs))
        .filter(Column::State.eq(JobState::Running))
        .exec(tx.conn())
        .await
        .map(drop)
}

fn held(jobs: &[Held]) -> Condition {
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let leases: BTreeSet<Uuid> = jobs.iter().map(|job| job.lease_id).collect();
    let leases: Vec<Uuid> = leases.into_iter().collect();
    Condition::all()
        .add(Column::Id.is_in(claims::padded(&ids)))
        .add(Column::LeaseId.is_in(claims::padded(&leases)))
}

/// Has the jobs of one serial key that were given up tried again from the start.
pub async fn revive_of_key(tx: &Tx, serial_key: &str, now_ms: i64) -> Result<(), DbErr> {
    let dead = Entity::find()
        .filter(Column::SerialKey.eq(serial_key))
        .filter(Expr::cust("state = 'dead'"));
    revive(tx, dead, MOST_REVIVED, now_ms).await.map(drop)
}

/// What runs for a shop and is about to park itself finds that it was called meanwhile. As many rows as
/// workers have jobs, at the most.
pub async fn call_running(tx: &Tx, shop: ShopId, now_ms: i64) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RunAtMs, Expr::val(now_ms))
        .filter(Expr::cust("state = 'running'"))
        .filter(Column::ShopId.eq(shop))
        .exec(tx.conn())
        .await
        .map(drop)
}

fn later(shop: ShopId, now_ms: i64) -> Select<Entity> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Expr::cust("state = 'ready'"))
        .filter(Column::RunAtMs.gt(now_ms))
}

/// How much of a shop's work waits for its time.
pub async fn count_later(db: &impl ConnectionTrait, shop: ShopId, now_ms: i64) -> Result<u64, DbErr> {
    later(shop, now_ms).count(db).await
}

/// Has some of a shop's work that waits for its time done now, what waits least first, and says how much there was.
pub async fn bring_forward(tx: &Tx, shop: ShopId, now_ms: i64, limit: u64) -> Result<u64, DbErr> {
    let later: Vec<JobId> = later(shop, now_ms)
        .select_only()
        .column(Column::Id)
        .order_by_asc(Column::RunAtMs)
        .limit(limit)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let count = later.len() as u64;
    Entity::update_many()
        .col_expr(Column::RunAtMs, Expr::val(now_ms))
        .filter(Column::Id.is_in(later))
        .filter(Expr::cust("state = 'ready'"))
        .exec(tx.conn())
        .await?;
    tx.mark_jobs_added();
    Ok(count)
}

/// Has some of a shop's jobs that were given up tried again from the start, the oldest first, after the
/// one that was the last. Gives that back, until there are no more.
pub async fn revive_some(tx: &Tx, shop: ShopId, after: JobId, now_ms: i64, limit: u64) -> Result<Option<JobId>, DbErr> {
    let dead = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::Id.gt(after))
        .filter(Expr::cust("state = 'dead'"));
    revive(tx, dead, limit, now_ms).await
}

/// The most jobs of one key that are revived at once.
const MOST_REVIVED: u64 = 1000;

async fn revive(tx: &Tx, dead: Select<Entity>, limit: u64, now_ms: i64) -> Result<Option<JobId>, DbErr> {
    let dead = dead
        .order_by_asc(Column::Id)
        .limit(limit)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    let last = dead.last().map(|job| job.id);
    for mut job in dead {
        job.attempts = 0;
        job.run_at_ms = now_ms;
        put_back(tx, job).await?;
    }
    tx.mark_jobs_added();
    Ok(last)
}

/// More jobs of one state than this are not counted.
const MOST_COUNTED: u32 = 100_000;

/// How many jobs are in each state, for `/metrics`.
pub async fn counts(db: &impl ConnectionTrait) -> Result<Vec<(JobState, i64)>, DbErr> {
    let mut counts = Vec::new();
    for state in JobState::ALL {
        let sql = format!(
            "select count(*) from (select 1 from jobs where state = '{}' limit {MOST_COUNTED}) counted",
            state.as_str()
        );
        let statement = Statement::from_string(db.get_database_backend(), sql);
        if let Some(row) = db.query_one_raw(statement).await? {
            counts.push((*state, row.try_get_by_index(0)?));
        }
    }
    Ok(counts)
}
