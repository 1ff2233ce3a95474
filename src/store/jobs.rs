//! Durable work. The queue owns the rules; this file owns the rows.

use sea_orm::{
    Condition, DbBackend, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement,
    entity::prelude::*,
    sea_query::{Expr, LockBehavior, LockType, OnConflict},
};

use super::Tx;
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
    pub run_at_ms: i64,
    pub triggered_at_ms: i64,
    pub attempts: i32,
    pub lease_id: Option<Uuid>,
    pub leased_until_ms: Option<i64>,
    pub last_error: Option<String>,
    pub created_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What may be claimed: the oldest waiting job of its key, while none of that key runs.
const DUE: &str = "j.state = 'ready' and j.run_at_ms <= $1
    and (j.serial_key is null or (
      not exists (select 1 from jobs r where r.state = 'running' and r.serial_key = j.serial_key)
      and not exists (select 1 from jobs o where o.state = 'ready' and o.serial_key = j.serial_key and o.run_at_ms <= $1
        and (o.triggered_at_ms < j.triggered_at_ms or (o.triggered_at_ms = j.triggered_at_ms and o.id < j.id)))))";

/// Adds a job, or brings the waiting one with the same dedupe key forward. One
/// that waits for its next try keeps its time: its cause does not come back
/// sooner because it is asked for again, and its tries are counted.
pub async fn add(tx: &Tx, job: Model) -> Result<(), DbErr> {
    let row = job.into_active_model().reset_all();
    let mut insert = Entity::insert(row);
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
            ])
            .to_owned(),
    );
    insert.exec_without_returning(tx.conn()).await.map(drop)
}

fn earlier(tx: &Tx, column: &str) -> String {
    let least = if tx.conn().get_database_backend() == DbBackend::Postgres {
        "least"
    } else {
        "min"
    };
    format!("{least}(jobs.{column}, excluded.{column})")
}

/// When the next waiting job is due; none when nothing waits.
pub async fn next_due_ms(db: &impl ConnectionTrait) -> Result<Option<i64>, DbErr> {
    let sql = "select min(run_at_ms) from jobs where state = 'ready'";
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    row.map_or(Ok(None), |row| row.try_get_by_index(0))
}

/// Whether anything could be claimed now. A read, so that an idle worker never takes the writer.
pub async fn any_due(db: &impl ConnectionTrait, now_ms: i64) -> Result<bool, DbErr> {
    let sql = format!(
        "select 1 from jobs j where {DUE} union all
         select 1 from jobs where state = 'running' and leased_until_ms < $1 limit 1"
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now_ms.into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}

/// Leases up to `limit` due jobs. On PostgreSQL two claims may pick jobs of
/// one key at once: the unique index `jobs_serial` then fails the later one,
/// which is to be tried again.
pub async fn claim(tx: &Tx, lease_id: Uuid, now_ms: i64, until_ms: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
    let backend = tx.conn().get_database_backend();
    let skip_locked = if backend == DbBackend::Postgres {
        "for update skip locked"
    } else {
        ""
    };
    let sql = format!(
        "update jobs set state = 'running', lease_id = $2, leased_until_ms = $3, attempts = attempts + 1
         where id in (select j.id from jobs j where {DUE} order by j.run_at_ms, j.triggered_at_ms limit $4 {skip_locked})
         returning *"
    );
    let values = [
        now_ms.into(),
        lease_id.into(),
        until_ms.into(),
        limit.cast_signed().into(),
    ];
    Entity::find()
        .from_raw_sql(Statement::from_sql_and_values(backend, sql, values))
        .all(tx.conn())
        .await
}

/// Gives jobs of workers that stopped answering back to everyone. What another
/// worker prolongs, ends or gives back at this moment is left to it.
pub async fn release_expired(tx: &Tx, now_ms: i64) -> Result<u64, DbErr> {
    let expired = Condition::all()
        .add(Column::State.eq(JobState::Running))
        .add(Column::LeasedUntilMs.lt(now_ms));
    let jobs = Entity::find()
        .filter(expired)
        .limit(100)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(tx.conn())
        .await?;
    let count = jobs.len() as u64;
    for job in jobs {
        make_ready(tx, job).await?;
    }
    Ok(count)
}

/// Puts a job back. When a newer one with its dedupe key waits already, that one does its work.
pub async fn make_ready(tx: &Tx, mut job: Model) -> Result<(), DbErr> {
    if let Some(key) = &job.dedupe_key {
        let waiting = Entity::find()
            .filter(Column::DedupeKey.eq(key.as_str()))
            .filter(Column::State.eq(JobState::Ready))
            .filter(Column::Id.ne(job.id))
            .one(tx.conn())
            .await?;
        if waiting.is_some() {
            return Entity::delete_by_id(job.id).exec(tx.conn()).await.map(drop);
        }
    }
    job.state = JobState::Ready;
    job.lease_id = None;
    job.leased_until_ms = None;
    super::save(tx, job).await
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

/// Removes a finished job, unless its lease was lost.
pub async fn finish(tx: &Tx, id: JobId, lease_id: Uuid) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::LeaseId.eq(lease_id))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Prolongs every lease a worker holds.
pub async fn prolong(tx: &Tx, lease_id: Uuid, until_ms: i64) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LeasedUntilMs, Expr::val(until_ms))
        .filter(Column::LeaseId.eq(lease_id))
        .filter(Column::State.eq(JobState::Running))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Has the jobs of one serial key that were given up tried again from the start.
pub async fn revive_of_key(tx: &Tx, serial_key: &str, now_ms: i64) -> Result<(), DbErr> {
    let dead = Entity::find()
        .filter(Column::SerialKey.eq(serial_key))
        .filter(Column::State.eq(JobState::Dead));
    revive(tx, dead, now_ms).await
}

/// Has all work of a shop done now: what waits is due, and what was given up is tried again.
pub async fn revive_of_shop(tx: &Tx, shop: ShopId, now_ms: i64) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RunAtMs, Expr::val(now_ms))
        .filter(Column::ShopId.eq(shop))
        .filter(Column::State.eq(JobState::Ready))
        .filter(Column::RunAtMs.gt(now_ms))
        .exec(tx.conn())
        .await?;
    let dead = Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::State.eq(JobState::Dead));
    revive(tx, dead, now_ms).await
}

/// The most jobs that are revived at once, the newest first.
const MOST_REVIVED: u64 = 1000;

async fn revive(tx: &Tx, dead: Select<Entity>, now_ms: i64) -> Result<(), DbErr> {
    let dead = dead
        .order_by_desc(Column::Id)
        .limit(MOST_REVIVED)
        .lock_exclusive()
        .all(tx.conn())
        .await?;
    for mut job in dead {
        job.attempts = 0;
        job.run_at_ms = now_ms;
        make_ready(tx, job).await?;
    }
    tx.mark_jobs_added();
    Ok(())
}

/// Jobs that were given up, the newest first.
pub async fn dead(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::State.eq(JobState::Dead))
        .order_by_desc(Column::Id)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
}

/// How many jobs are in each state, for `/metrics`.
pub async fn counts(db: &impl ConnectionTrait) -> Result<Vec<(JobState, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "count")
        .group_by(Column::State)
        .into_tuple()
        .all(db)
        .await
}
