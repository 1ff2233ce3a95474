//! What `SQLite`'s one writer knows without reading it again: orders as they were left by the
//! transactions that had their locks, and rows that are seldom written. On `PostgreSQL` other nodes
//! write too, and everything is read under its lock.
//!
//! It holds as long as nobody else writes to the file, which `SQLite` tells by a number (SQLite,
//! `PRAGMA data_version`), and as long as what it was learnt from was not undone.

use std::{any::Any, collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use lru::LruCache;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryTrait as _, Select};

use super::{Reader, Tx, held_order::may_change_orders, order_state::OrderState};
use crate::ids::OrderId;

/// The most orders that are known at a time.
const MOST_ORDERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);
/// An order with more rows than this is read each time: few are so large, and memory is bounded.
const MOST_ROWS_OF_ORDER: usize = 60;
/// The most answers that are known at a time, and the most rows of one.
const MOST_ANSWERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);
const MOST_ROWS_OF_ANSWER: usize = 50;

/// The tables whose rows are far more often read than written. What is reserved of an offer is
/// written with each order, where its stock is known: then it is read again.
const SELDOM_WRITTEN: [&str; 7] = [
    "shops",
    "offers",
    "suppliers",
    "connections",
    "mappings",
    "mapping_components",
    "circuits",
];

/// Rows of one table.
type Rows = Arc<dyn Any + Send + Sync>;

/// What is known as of the writer's last transaction.
#[derive(Debug)]
pub(super) struct Known {
    orders: LruCache<OrderId, OrderState>,
    /// By what was asked.
    answers: LruCache<String, (&'static str, Rows)>,
    /// The number of the file as the connection last saw it.
    version: Option<i64>,
    /// Something of it was learnt from a transaction that has not ended.
    is_unsettled: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            orders: LruCache::new(MOST_ORDERS),
            answers: LruCache::new(MOST_ANSWERS),
            version: None,
            is_unsettled: false,
        }
    }
}

/// What a part of the shared transaction has changed of what may be known.
#[derive(Debug, Default)]
pub(super) struct Changes {
    orders: BTreeSet<OrderId>,
    all_orders: bool,
    tables: BTreeSet<&'static str>,
}

impl Changes {
    /// Takes down what a statement may change, for all that its text says.
    pub(super) fn by_text(&mut self, sql: &str) {
        self.all_orders |= may_change_orders(sql);
        self.tables
            .extend(SELDOM_WRITTEN.iter().filter(|table| sql.contains(**table)));
    }

    /// Takes down that rows of a table are written.
    pub(super) fn of_table(&mut self, name: &str) {
        self.tables
            .extend(SELDOM_WRITTEN.iter().filter(|table| **table == name));
    }

    /// Takes down that rows of an order are written; of whichever one, where that cannot be told.
    pub(super) fn of_order(&mut self, order: Option<OrderId>) {
        match order {
            Some(order) => drop(self.orders.insert(order)),
            None => self.all_orders = true,
        }
    }

    /// Whether rows of a table are written.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    fn has_order(&self, order: OrderId) -> bool {
        self.all_orders || self.orders.contains(&order)
    }
}

impl Known {
    /// At the beginning of a shared transaction: forgets what may no longer hold.
    pub(super) fn begin(&mut self, version: i64, is_same_connection: bool) {
        if self.is_unsettled || !is_same_connection || self.version != Some(version) {
            self.orders.clear();
            self.answers.clear();
        }
        self.version = Some(version);
        self.is_unsettled = false;
    }

    /// The shared transaction is durable.
    pub(super) fn settle(&mut self) {
        self.is_unsettled = false;
    }

    /// Takes over what a part has changed, and the order whose lock it had as it left it.
    pub(super) fn learn(&mut self, changes: &Changes, held: Option<OrderState>) {
        self.is_unsettled = true;
        if changes.all_orders {
            self.orders.clear();
        }
        for order in &changes.orders {
            self.orders.pop(order);
        }
        if !changes.tables.is_empty() {
            let gone = |(table, _): &(&'static str, Rows)| changes.tables.contains(table);
            let gone: Vec<String> = self
                .answers
                .iter()
                .filter(|(_, answer)| gone(answer))
                .map(|(asked, _)| asked.clone())
                .collect();
            for asked in gone {
                self.answers.pop(&asked);
            }
        }
        if let Some(mut state) = held.filter(|state| state.rows() <= MOST_ROWS_OF_ORDER) {
            state.sort();
            self.orders.put(state.order.id, state);
        }
    }

    /// An order as the last transaction left it.
    pub(super) fn order(&mut self, id: OrderId, changes: &Changes) -> Option<OrderState> {
        if changes.has_order(id) {
            return None;
        }
        self.orders.get(&id).cloned()
    }
}

/// Where rows that are seldom written are read.
pub trait Recall: ConnectionTrait {
    /// The rows of a table that is seldom written. Within `SQLite`'s writer what was read before is
    /// not read again until something of the table is written.
    fn recall<E>(&self, rows: Select<E>) -> impl Future<Output = Result<Vec<E::Model>, DbErr>> + Send
    where
        E: EntityTrait,
        E::Model: Clone + Send + Sync + 'static;
}

impl Recall for Reader {
    async fn recall<E>(&self, rows: Select<E>) -> Result<Vec<E::Model>, DbErr>
    where
        E: EntityTrait,
        E::Model: Clone + Send + Sync + 'static,
    {
        rows.all(self).await
    }
}

impl Recall for Tx {
    async fn recall<E>(&self, rows: Select<E>) -> Result<Vec<E::Model>, DbErr>
    where
        E: EntityTrait,
        E::Model: Clone + Send + Sync + 'static,
    {
        let name = E::default();
        let table = SELDOM_WRITTEN.iter().find(|table| **table == name.table_name());
        let Some(table) = table.filter(|table| self.may_recall(table)) else {
            return rows.all(self).await;
        };
        let statement = rows.build(self.get_database_backend());
        let asked = format!("{} {:?}", statement.sql, statement.values);
        let known = self.known(|known| {
            let (_, answer) = known.answers.get(&asked)?;
            answer.downcast_ref::<Vec<E::Model>>().cloned()
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let found = rows.all(self).await?;
        if found.len() <= MOST_ROWS_OF_ANSWER {
            self.known(|known| {
                known.answers.put(asked, (table, Arc::new(found.clone())));
                Some(())
            });
        }
        Ok(found)
    }
}
