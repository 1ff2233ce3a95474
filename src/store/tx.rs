//! A write transaction. What is written without asking what came of it waits
//! until something is read or the transaction ends, and then goes as one: each
//! statement is a round trip, to `PostgreSQL` or to the thread of `SQLite`'s driver.

use std::{
    any::Any,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult, QueryResult, RuntimeErr,
    Statement, Value, Values,
};
use tokio::sync::Notify;

use super::{
    events,
    held_order::{self, order_of},
    jobs,
    known::{Changes, Known},
    lease_time::LeaseTime,
    order_state::OrderState,
    patience::Patience,
    pending::{Key, Must, Write, together},
    pool::Connections,
    write_connection::{WriteConnection, text},
    writer::Turn,
};
use crate::ids::{OrderId, ShopId};

/// A write transaction. Rolls back when dropped.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    /// Where it is a transaction of its own: what its connection is one of, and for each statement.
    connections: Connections,
    patience: Patience,
    pending: Mutex<Pending>,
    /// The order whose lock it has, with what is still to be written.
    order: Mutex<Option<OrderState>>,
    changes: Mutex<Changes>,
    adds_jobs: AtomicBool,
    /// Who is told after the commit that there are jobs.
    wakes: [Arc<Notify>; 2],
    lease_time: LeaseTime,
}

#[derive(Debug)]
pub(super) enum Inner {
    /// Of `SQLite`'s shared transaction.
    Part(Part),
    Whole(DatabaseTransaction),
}

/// Where statements go.
enum Place<'a> {
    Part(&'a WriteConnection),
    Whole(&'a DatabaseTransaction),
}

#[derive(Debug)]
pub(super) struct Part {
    turn: Option<Turn>,
    /// It has a savepoint, or had one.
    is_begun: AtomicBool,
    /// The savepoint went with the last of what it wrote.
    is_released: AtomicBool,
}

/// What is still to be written.
#[derive(Debug, Default)]
struct Pending {
    writes: Vec<Write>,
    events: Vec<events::Model>,
    jobs: Vec<jobs::Model>,
    /// Something could not be written: nothing is kept.
    has_failed: bool,
}

impl Inner {
    pub(super) const fn part(turn: Turn) -> Self {
        Self::Part(Part {
            turn: Some(turn),
            is_begun: AtomicBool::new(false),
            is_released: AtomicBool::new(false),
        })
    }
}

impl Part {
    fn turn(&self) -> Result<&Turn, DbErr> {
        self.turn.as_ref().ok_or_else(ended)
    }

    fn connection(&self) -> Result<&WriteConnection, DbErr> {
        self.turn().map(Turn::connection)
    }

    /// Begins what can be rolled back by itself, before the first write.
    async fn begin(&self) -> Result<(), DbErr> {
        if self.is_begun.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let begin = self.turn()?.savepoint().begin();
        self.connection()?.execute(text(begin)).await.map(drop)
    }

    /// Writes in one statement, the part's beginning and end with it.
    async fn write(&self, writes: Vec<Write>, is_last: bool) -> Result<(), DbErr> {
        if writes.is_empty() {
            return Ok(());
        }
        let (connection, savepoint) = (self.connection()?, self.turn()?.savepoint());
        let is_begun = self.is_begun.swap(true, Ordering::Relaxed);
        let mut texts: Vec<String> = if is_begun {
            Vec::new()
        } else {
            vec![savepoint.begin().to_owned()]
        };
        let mut values: Vec<Value> = Vec::new();
        for Write { statement, .. } in writes {
            texts.push(statement.sql);
            values.extend(statement.values.into_iter().flat_map(|values| values.0));
        }
        if is_last {
            texts.push(savepoint.end().to_owned());
        }
        let all = Statement {
            sql: texts.join("; "),
            values: Some(Values(values)),
            db_backend: DbBackend::Sqlite,
        };
        connection.execute(all).await?;
        if is_last {
            self.is_released.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gives the turn on, and waits until the part is durable.
    async fn commit(&mut self, changes: &Changes, held: Option<OrderState>) -> Result<(), DbErr> {
        let mut turn = self.turn.take().ok_or_else(ended)?;
        if self.is_begun.load(Ordering::Relaxed) {
            turn.end_savepoint(self.is_released.load(Ordering::Relaxed));
        }
        turn.commit(changes, held).await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let (Some(turn), true) = (&mut self.turn, self.is_begun.load(Ordering::Relaxed)) {
            turn.tear();
        }
    }
}

fn ended() -> DbErr {
    DbErr::Exec(RuntimeErr::Internal("the transaction has ended".to_owned()))
}

impl Tx {
    pub(super) fn new(
        inner: Inner,
        (connections, patience): (Connections, Patience),
        wakes: [Arc<Notify>; 2],
        lease_time: LeaseTime,
    ) -> Self {
        Self {
            inner,
            connections,
            patience,
            pending: Mutex::default(),
            order: Mutex::default(),
            changes: Mutex::default(),
            adds_jobs: AtomicBool::new(false),
            wakes,
            lease_time,
        }
    }

    /// For reads and for writes whose outcome matters, inside of the transaction.
    #[must_use]
    pub const fn conn(&self) -> &Self {
        self
    }

    /// The time that leases and their like go by on all nodes: see [`super::lease_time`].
    #[must_use]
    pub fn lease_now(&self) -> DateTime<Utc> {
        self.lease_time.now()
    }

    /// Remembers to wake the workers after the commit.
    pub fn mark_jobs_added(&self) {
        self.adds_jobs.store(true, Ordering::Relaxed);
    }

    /// Remembers an order whose lock this transaction has, as it stands.
    pub(super) fn hold(&self, state: &OrderState) {
        *self.order() = Some(state.clone());
    }

    /// An order that it holds, with everything that was written since.
    pub(super) fn held(&self, shop: ShopId, id: OrderId) -> Option<OrderState> {
        let held = self.order();
        let state = held.as_ref()?;
        (state.order.shop_id == shop && state.order.id == id).then(|| state.clone())
    }

    /// An order as the last transaction that had its lock left it, where nobody else can have written.
    pub(super) fn known_order(&self, shop: ShopId, id: OrderId) -> Option<OrderState> {
        let state = self.known(|known| known.order(id, &self.changes()))?;
        (state.order.shop_id == shop).then_some(state)
    }

    /// What `SQLite`'s writer knows.
    pub(super) fn known<R>(&self, act: impl FnOnce(&mut Known) -> Option<R>) -> Option<R> {
        match &self.inner {
            Inner::Part(part) => part.turn.as_ref()?.known(act),
            Inner::Whole(_) => None,
        }
    }

    /// Whether what is known of a table holds within this transaction.
    pub(super) fn may_recall(&self, table: &str) -> bool {
        matches!(self.inner, Inner::Part(_)) && !self.changes().has_table(table)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a written row over into the order that it holds.
    pub(super) fn follow(&self, row: &dyn Any) {
        let mut held = self.order();
        if let Some(order) = order_of(row, held.as_ref()) {
            self.changes().of_order(order);
        }
        if held.as_mut().is_some_and(|state| !state.follow(row)) {
            *held = None;
        }
    }

    fn order(&self) -> MutexGuard<'_, Option<OrderState>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the order that it holds, should a statement change that behind its back.
    fn beware_of(&self, sql: &str) {
        self.changes().by_text(sql);
        if held_order::may_change_orders(sql) {
            *self.order() = None;
        }
    }

    /// Writes before whatever comes next.
    pub(super) fn write(&self, write: Write) {
        if write.is_any() {
            self.beware_of(&write.statement.sql);
        } else {
            self.changes().of_table(write.table());
        }
        let writes = &mut self.pending().writes;
        // The last one of whose order with it something depends, or that it makes needless.
        let met = writes.iter_mut().rfind(|before| !write.goes_with(before));
        match met {
            Some(before) if write.replaces(before) => *before = write,
            _ => writes.push(write),
        }
    }

    /// Whether a row is still to be made, by a statement of its own and with nothing after it that it might meet.
    pub(super) fn is_to_make<E: EntityTrait>(&self, key: &Key) -> bool {
        let others_before = |write: &&Write| write.makes_others::<E>(key);
        let pending = self.pending();
        let last = pending.writes.iter().rev().find(|write| !others_before(write));
        last.is_some_and(|write| write.makes::<E>(key))
    }

    /// Adds a line to an order's history.
    pub(super) fn add_event(&self, event: events::Model) {
        self.pending().events.push(event);
    }

    /// Adds a job, or brings the waiting one with its dedupe key forward.
    pub(super) fn add_job(&self, job: jobs::Model) {
        self.pending().jobs.push(job);
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is pending.
    async fn flush(&self, is_last: bool) -> Result<(), DbErr> {
        let writes = {
            let mut pending = self.pending();
            if pending.has_failed {
                return Err(ended());
            }
            std::mem::take(&mut pending.writes)
        };
        let result = match &self.inner {
            Inner::Part(part) => part.write(writes, is_last).await,
            Inner::Whole(tx) => self.each(tx, together(writes)).await,
        };
        if result.is_err() {
            self.pending().has_failed = true;
        }
        result
    }

    async fn each(&self, tx: &DatabaseTransaction, statements: Vec<(Statement, Option<Must>)>) -> Result<(), DbErr> {
        for (statement, must) in statements {
            let changed = self.wait(tx.execute_raw(statement)).await?.rows_affected();
            if let Some(must) = must.filter(|must| must.rows != changed) {
                return Err(DbErr::Custom(must.or.to_owned()));
            }
        }
        Ok(())
    }

    async fn wait<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.connections.wait(self.patience, work).await
    }

    /// Before a statement whose outcome matters.
    async fn ready_to_write(&self, sql: &str) -> Result<Place<'_>, DbErr> {
        self.beware_of(sql);
        if !self.pending().writes.is_empty() {
            self.flush(false).await?;
        }
        match &self.inner {
            Inner::Whole(tx) => Ok(Place::Whole(tx)),
            Inner::Part(part) => {
                part.begin().await?;
                part.connection().map(Place::Part)
            }
        }
    }

    /// Before a statement that gives back rows. What is still to be written waits on where it only
    /// reads, and nothing that it may meet: a table is known by its name in the text.
    async fn ready_for(&self, statement: &Statement) -> Result<Place<'_>, DbErr> {
        if !reads(statement) {
            return self.ready_to_write(&statement.sql).await;
        }
        let is_met = {
            let pending = self.pending();
            pending.has_failed || pending.writes.iter().any(|write| write.is_met_by(&statement.sql))
        };
        if is_met {
            self.flush(false).await?;
        }
        match &self.inner {
            Inner::Whole(tx) => Ok(Place::Whole(tx)),
            Inner::Part(part) => part.connection().map(Place::Part),
        }
    }

    /// Returns when it is durable.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        let (events, jobs) = {
            let mut pending = self.pending();
            (std::mem::take(&mut pending.events), std::mem::take(&mut pending.jobs))
        };
        super::insert_all(&self, events)?;
        jobs::add_all(&self, jobs);
        self.flush(true).await?;
        let held = self.order().take();
        let changes = std::mem::take(&mut *self.changes());
        match &mut self.inner {
            Inner::Part(part) => part.commit(&changes, held).await?,
            Inner::Whole(_) => {}
        }
        let adds_jobs = self.adds_jobs.load(Ordering::Relaxed);
        let wakes = self.wakes.clone();
        if let Inner::Whole(tx) = self.inner {
            self.connections.wait(self.patience, Box::pin(tx.commit())).await?;
        }
        if adds_jobs {
            for wake in wakes {
                wake.notify_one();
            }
        }
        Ok(())
    }
}

/// Whether a statement changes nothing; one that gives back what it changed is not of these.
fn reads(statement: &Statement) -> bool {
    let sql = statement.sql.trim_start();
    ["select", "with", "explain"].iter().any(|word| {
        sql.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    })
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        match &self.inner {
            Inner::Part(_) => DbBackend::Sqlite,
            Inner::Whole(tx) => tx.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self.ready_to_write(&statement.sql).await? {
            Place::Part(connection) => connection.execute(statement).await,
            Place::Whole(tx) => self.wait(tx.execute_raw(statement)).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self.ready_to_write(sql).await? {
            Place::Part(connection) => connection.execute(text(sql)).await,
            Place::Whole(tx) => self.wait(tx.execute_unprepared(sql)).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self.ready_for(&statement).await? {
            Place::Part(connection) => connection.query_one(statement).await,
            Place::Whole(tx) => self.wait(tx.query_one_raw(statement)).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.ready_for(&statement).await? {
            Place::Part(connection) => connection.query_all(statement).await,
            Place::Whole(tx) => self.wait(tx.query_all_raw(statement)).await,
        }
    }
}
