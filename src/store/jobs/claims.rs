//! What a worker reads and writes to take jobs: each statement looks at as many
//! rows as jobs are wanted, however many wait.
//!
//! Of what waits, one partial index holds what may be taken at once. What is
//! not due yet, or was found behind other work of its key, is in others.

use std::time::Duration;

use sea_orm::{
    DbBackend, FromQueryResult, QueryFilter as _, Statement, Value,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Query, SelectStatement},
};
use uuid::Uuid;

use super::{Column, Entity, JobState, Model, Priority, WaitsFor};
use crate::{
    ids::JobId,
    store::{Tx, pending::Write},
};

/// What may be taken, in the words of the index `jobs_turn`.
const IN_TURN: &str = "state = 'ready' and waits_for = 'turn'";

/// The most jobs that fall due in one transaction.
const MOST_DUE: u64 = 500;

/// What there is to do.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// Priorities of which something may be taken.
    pub priorities: Vec<Priority>,
    /// When the next of what waits for its time is due.
    pub next_due_ms: Option<i64>,
}

/// Looks at what there is to do.
pub async fn waiting(db: &impl ConnectionTrait) -> Result<Waiting, DbErr> {
    let any = |priority: &Priority| {
        let priority = priority.rank();
        format!(
            "(select count(*) from (select 1 from jobs where {IN_TURN} and priority = {priority} limit 1) p{priority})"
        )
    };
    let sql = format!(
        "select {}, (select run_at_ms from jobs where state = 'ready' and waits_for = 'time' order by run_at_ms limit 1)",
        Priority::ALL.iter().map(any).collect::<Vec<_>>().join(", ")
    );
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let Some(row) = db.query_one_raw(statement).await? else {
        return Ok(Waiting::default());
    };
    let mut waiting = Waiting::default();
    for (index, priority) in Priority::ALL.iter().enumerate() {
        if row.try_get_by_index::<i64>(index)? > 0 {
            waiting.priorities.push(*priority);
        }
    }
    waiting.next_due_ms = row.try_get_by_index(Priority::ALL.len())?;
    Ok(waiting)
}

/// Puts what has waited for its time among what may be taken.
pub async fn fall_due(tx: &Tx, now_ms: i64) -> Result<u64, DbErr> {
    let due = jobs_where(Expr::cust("state = 'ready' and waits_for = 'time'"))
        .and_where(Column::RunAtMs.lte(now_ms))
        .order_by(Column::RunAtMs, sea_orm::Order::Asc)
        .limit(MOST_DUE)
        .to_owned();
    let moved = Entity::update_many()
        .col_expr(Column::WaitsFor, Expr::val(WaitsFor::Turn))
        .filter(Column::Id.in_subquery(due))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected)
}

/// Goes round the lanes that have something to take, from the one behind
/// `after`; a lane that is passed again has another turn.
pub async fn walk(tx: &Tx, priority: Priority, after: i64, steps: u64) -> Result<Vec<i64>, DbErr> {
    // Not `min(lane)`: where statistics lag behind, PostgreSQL would read all of them for that.
    let lane = |beyond: &str| {
        format!("(select j.lane from jobs j where {IN_TURN} and j.priority = $1 {beyond} order by j.lane limit 1)")
    };
    let (first, behind_after, next) = (lane(""), lane("and j.lane > $2"), lane("and j.lane > walk.lane"));
    let sql = format!(
        "with recursive walk(lane, step) as (
           select coalesce({behind_after}, {first}), 1
           union all
           select coalesce({next}, {first}), walk.step + 1 from walk where walk.step < $3 and walk.lane is not null)
         select lane from walk where lane is not null order by step"
    );
    let values = [priority.rank().into(), after.into(), steps.cast_signed().into()];
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values);
    let rows = tx.conn().query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// A job whose turn may have come.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Candidate {
    pub id: JobId,
    pub lane: i64,
    pub serial_key: Option<String>,
    /// What runs on its key.
    pub running_id: Option<JobId>,
    /// The oldest of what is due on its key.
    pub first_id: Option<JobId>,
}

/// The longest waiting jobs of each lane, at most `each` of one. On
/// `PostgreSQL` they are locked, and what another worker looks at is left out.
pub async fn candidates(tx: &Tx, priority: Priority, lanes: &[i64], each: u64) -> Result<Vec<Candidate>, DbErr> {
    let backend = tx.conn().get_database_backend();
    let longest = format!(
        "from jobs i where {IN_TURN} and i.priority = $1 and i.lane = cast(t.value as bigint)
         order by i.run_at_ms, i.triggered_at_ms limit $3"
    );
    let found = if backend == DbBackend::Postgres {
        format!(
            "json_array_elements_text($2::json) t cross join lateral
             (select i.id, i.lane, i.serial_key, i.run_at_ms, i.triggered_at_ms {longest} for update skip locked) j"
        )
    } else {
        format!("json_each($2) t cross join jobs j on j.id in (select i.id {longest})")
    };
    let sql = format!(
        "select j.id, j.lane, j.serial_key,
           (select r.id from jobs r where r.state = 'running' and r.serial_key = j.serial_key) as running_id,
           (select o.id from jobs o where o.state = 'ready' and o.serial_key = j.serial_key and o.waits_for <> 'time'
            order by o.triggered_at_ms, o.id limit 1) as first_id
         from {found} order by j.run_at_ms, j.triggered_at_ms"
    );
    let values = [priority.rank().into(), json(lanes)?, each.cast_signed().into()];
    Candidate::find_by_statement(Statement::from_sql_and_values(backend, sql, values))
        .all(tx.conn())
        .await
}

/// Leases jobs, but for those that another worker has taken meanwhile. Two
/// workers may take jobs of one key at once: the unique index `jobs_serial`
/// then fails the later one, which is to try again.
pub async fn lease(tx: &Tx, ids: &[JobId], lease_id: Uuid, lease: Duration) -> Result<Vec<Model>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let free = jobs_where(Column::Id.is_in(padded(ids)))
        .and_where(Column::State.eq(JobState::Ready))
        .to_owned();
    let mut jobs = Entity::update_many()
        .col_expr(Column::State, Expr::val(JobState::Running))
        .col_expr(Column::WaitsFor, Expr::val(WaitsFor::Turn))
        .col_expr(Column::LeaseId, Expr::val(lease_id))
        .col_expr(Column::LeasedUntilMs, Expr::val(super::lease_end_ms(tx, lease)))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(free))
        .exec_with_returning(tx.conn())
        .await?;
    jobs.sort_by_key(|job| (job.run_at_ms, job.triggered_at_ms));
    Ok(jobs)
}

/// Takes jobs behind running work of their key out of everyone's way, until
/// that ends. Left alone is what cannot be known to be told of that end.
pub async fn set_aside(tx: &Tx, behind: &[(JobId, String)]) -> Result<(), DbErr> {
    if behind.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = behind.iter().map(|(_, key)| key.as_str()).collect();
    // Whoever ends the running job waits for this lock, and then sees the job that was set aside.
    let running = jobs_where(Column::SerialKey.is_in(padded(&keys)))
        .and_where(Expr::cust("state = 'running'"))
        .clear_selects()
        .column(Column::SerialKey)
        .lock_with_behavior(LockType::Share, LockBehavior::SkipLocked)
        .to_owned();
    let rows = tx.conn().query_all(&running).await?;
    let held: Vec<String> = rows
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect::<Result<_, _>>()?;
    let ids: Vec<JobId> = behind
        .iter()
        .filter(|(_, key)| held.contains(key))
        .map(|(id, _)| *id)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::WaitsFor, Expr::val(WaitsFor::Key))
        .filter(Column::Id.is_in(padded(&ids)))
        .filter(Column::State.eq(JobState::Ready))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Has what waits behind the work on some keys looked at: that work has ended.
pub fn free_keys(tx: &Tx, keys: &[String]) -> Result<(), DbErr> {
    if keys.is_empty() {
        return Ok(());
    }
    let backend = tx.conn().get_database_backend();
    let each = if backend == DbBackend::Postgres {
        "json_array_elements_text($1::json)"
    } else {
        "json_each(?)"
    };
    let sql = format!(
        "update jobs set waits_for = 'turn' where state = 'ready' and waits_for = 'key' and id in (
           select (select o.id from jobs o where o.state = 'ready' and o.serial_key = k.value and o.waits_for <> 'time'
                   order by o.triggered_at_ms, o.id limit 1)
           from {each} k)"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [json(keys)?]);
    tx.write(Write::any::<Entity>(statement));
    Ok(())
}

/// Jobs by a condition, for an update of what nobody else is looking at.
pub(super) fn jobs_where(condition: impl Into<sea_orm::sea_query::SimpleExpr>) -> SelectStatement {
    Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(condition.into())
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned()
}

/// A list filled up to a power of two with its last item, so that the database
/// meets few different statements.
pub(super) fn padded<T: Clone>(items: &[T]) -> Vec<T> {
    let mut padded = items.to_vec();
    if let Some(last) = items.last() {
        padded.resize(items.len().next_power_of_two(), last.clone());
    }
    padded
}

fn json<T: serde::Serialize + ?Sized>(list: &T) -> Result<Value, DbErr> {
    serde_json::to_string(list)
        .map(Value::from)
        .map_err(|error| DbErr::Json(error.to_string()))
}
