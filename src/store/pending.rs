//! What a transaction is still to write, and how much of it goes as one.

use sea_orm::{DbBackend, EntityTrait, Iterable as _, ModelTrait, PrimaryKeyToColumn as _, Statement, Value, Values};

/// A statement whose outcome nobody asks for.
#[derive(Debug)]
pub(super) struct Write {
    /// Its values must not be numbered on `SQLite`.
    pub(super) statement: Statement,
    table: String,
    rows: Rows,
    /// How many rows it must have changed, for the transaction to stand; see [`Self::counted`].
    must: Option<Must>,
}

/// What a statement must have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Must {
    pub(super) rows: u64,
    /// What it means when it has not: the transaction fails with this.
    pub(super) or: &'static str,
}

/// Which rows are written, by their primary keys.
#[derive(Debug)]
enum Rows {
    New(Vec<Key>),
    /// Every column of one that was there before.
    Saved(Key),
    /// Nobody knows which.
    Any,
}

/// A row's primary key.
pub(super) type Key = Vec<Value>;

impl Write {
    /// New rows.
    pub(super) fn insert<E: EntityTrait>(statement: Statement, keys: Vec<Key>) -> Self {
        Self::to::<E>(statement, Rows::New(keys))
    }

    /// Whatever rows it is that it writes.
    pub(super) fn any<E: EntityTrait>(statement: Statement) -> Self {
        Self::to::<E>(statement, Rows::Any)
    }

    /// Every column of a row that was there before.
    pub(super) fn save<E: EntityTrait>(statement: Statement, key: Key) -> Self {
        Self::to::<E>(statement, Rows::Saved(key))
    }

    /// The same, for a statement that must change so many rows. Only on `PostgreSQL`.
    pub(super) fn counted<E: EntityTrait>(statement: Statement, must: Must) -> Self {
        Self {
            must: Some(must),
            ..Self::any::<E>(statement)
        }
    }

    fn to<E: EntityTrait>(statement: Statement, rows: Rows) -> Self {
        let table = E::default().table_name().to_owned();
        Self {
            statement,
            table,
            rows,
            must: None,
        }
    }

    fn values(&self) -> usize {
        self.statement.values.as_ref().map_or(0, |values| values.0.len())
    }

    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// Whether a statement that reads may come upon what it writes.
    pub(super) fn is_met_by(&self, sql: &str) -> bool {
        sql.contains(self.table.as_str())
    }

    /// Whether only its text says what it changes.
    pub(super) const fn is_any(&self) -> bool {
        matches!(self.rows, Rows::Any)
    }

    /// Whether nothing of an earlier one is left after this one.
    pub(super) fn replaces(&self, before: &Self) -> bool {
        let is_same_row = match (&self.rows, &before.rows) {
            (Rows::Saved(one), Rows::Saved(other)) => one == other,
            (Rows::New(keys), Rows::New(others)) => keys.len() == 1 && keys == others,
            _ => false,
        };
        is_same_row && self.table == before.table
    }

    /// Whether a new row is one thing and this another: it comes out the same in whichever order.
    pub(super) fn makes_others<E: EntityTrait>(&self, key: &Key) -> bool {
        self.table != E::default().table_name() || matches!(&self.rows, Rows::New(keys) if !keys.contains(key))
    }

    /// Whether it makes this row and no other.
    pub(super) fn makes<E: EntityTrait>(&self, key: &Key) -> bool {
        self.table == E::default().table_name() && matches!(&self.rows, Rows::New(keys) if *keys == [key.clone()])
    }

    /// Whether both may be parts of one statement.
    fn goes_as_one_with(&self, other: &Self) -> bool {
        self.goes_with(other) && (self.must.is_none() || other.must.is_none())
    }

    /// Whether it comes out the same in whichever order both are written.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        self.table != other.table
            || match (&self.rows, &other.rows) {
                (Rows::New(keys), Rows::New(others)) => !keys.iter().any(|key| others.contains(key)),
                (Rows::Saved(key), Rows::Saved(other)) => key != other,
                // One may make room for the other in a unique index.
                _ => false,
            }
    }
}

pub(super) fn key<M: ModelTrait>(model: &M) -> Key {
    let columns = <M::Entity as EntityTrait>::PrimaryKey::iter();
    columns.map(|column| model.get(column.into_column())).collect()
}

/// Values of one statement: its message counts them in 16 bits (PostgreSQL 17, 53.7, Bind).
const MOST_VALUES: usize = 60_000;

/// As few statements as may be, for `PostgreSQL`. Parts of one statement do not see each other
/// (PostgreSQL 17, 7.8.4, Data-Modifying Statements in WITH) and have no order.
pub(super) fn together(writes: Vec<Write>) -> Vec<(Statement, Option<Must>)> {
    let mut groups: Vec<Vec<Write>> = Vec::new();
    let mut values = 0;
    for write in writes {
        values += write.values();
        match groups.last_mut() {
            Some(group) if values <= MOST_VALUES && group.iter().all(|other| write.goes_as_one_with(other)) => {
                group.push(write);
            }
            _ => {
                values = write.values();
                groups.push(vec![write]);
            }
        }
    }
    groups.into_iter().filter_map(one).collect()
}

fn one(mut group: Vec<Write>) -> Option<(Statement, Option<Must>)> {
    // How many rows were changed is told of the last part alone.
    group.sort_by_key(|write| write.must.is_some());
    let must = group.last().and_then(|write| write.must);
    let mut parts: Vec<String> = Vec::with_capacity(group.len());
    let mut values: Vec<Value> = Vec::new();
    for Write { statement, .. } in group {
        parts.push(numbered_from(&statement.sql, values.len()));
        values.extend(statement.values.into_iter().flat_map(|values| values.0));
    }
    let last = parts.pop()?;
    let named = parts
        .iter()
        .enumerate()
        .map(|(place, part)| format!("w{place} as ({part})"));
    let before = named.collect::<Vec<_>>().join(", ");
    let sql = match last.strip_prefix("with ") {
        _ if before.is_empty() => last,
        Some(named) => format!("with {before}, {named}"),
        None => format!("with {before} {last}"),
    };
    let statement = Statement {
        sql,
        values: Some(Values(values)),
        db_backend: DbBackend::Postgres,
    };
    Some((statement, must))
}

/// The statement with its values' numbers raised: they are bound, so a `$` stands for nothing else.
fn numbered_from(sql: &str, before: usize) -> String {
    if before == 0 {
        return sql.to_owned();
    }
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        text.push('$');
        match number.parse::<usize>() {
            Ok(number) => text.push_str(&(number + before).to_string()),
            Err(_) => text.push_str(number),
        }
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(table: &str, rows: Rows, sql: &str) -> Write {
        Write {
            statement: Statement::from_sql_and_values(DbBackend::Postgres, sql, [sql.into()]),
            table: table.to_owned(),
            rows,
            must: None,
        }
    }

    fn key(id: i64) -> Key {
        vec![id.into()]
    }

    #[test]
    fn goes_as_one_where_the_order_does_not_matter() {
        let writes = vec![
            write("orders", Rows::Saved(key(1)), "a $1"),
            write("orders", Rows::Saved(key(2)), "b $1"),
            write("events", Rows::New(vec![key(1)]), "c $1"),
            write("orders", Rows::New(vec![key(3)]), "d $1"),
            write("jobs", Rows::Any, "e $1"),
            write("jobs", Rows::Any, "f $1"),
        ];
        let statements = together(writes);
        let texts: Vec<&str> = statements.iter().map(|(statement, _)| statement.sql.as_str()).collect();
        assert_eq!(
            texts,
            ["with w0 as (a $1), w1 as (b $2) c $3", "with w0 as (d $1) e $2", "f $1",]
        );
        let values = vec!["d $1".into(), "e $1".into()];
        assert_eq!(statements[1].0.values, Some(Values(values)));
    }

    #[test]
    fn a_statement_has_no_more_values_than_it_may() {
        let many = |table: &str| {
            let mut one = write(table, Rows::New(vec![key(1)]), "a");
            one.statement.values = Some(Values(vec![Value::from(1); 25_000]));
            one
        };
        let statements = together(vec![many("a"), many("b"), many("c"), many("d"), many("e")]);
        let counts = statements
            .iter()
            .map(|(one, _)| one.values.as_ref().map_or(0, |all| all.0.len()));
        assert_eq!(counts.collect::<Vec<_>>(), [50_000, 50_000, 25_000]);
    }

    #[test]
    fn a_row_saved_twice_is_written_once() {
        let first = write("orders", Rows::Saved(key(1)), "first");
        let replaces = |table: &str, rows: Rows| write(table, rows, "second").replaces(&first);
        assert!(replaces("orders", Rows::Saved(key(1))));
        assert!(!replaces("orders", Rows::Saved(key(2))));
        assert!(!replaces("orders", Rows::New(vec![key(1)])));
        assert!(!replaces("events", Rows::Saved(key(1))));
    }

    #[test]
    fn a_row_made_and_saved_is_written_once_where_it_was_made_alone() {
        let second = write("orders", Rows::New(vec![key(1)]), "second");
        let replaces = |keys: &[i64]| {
            let keys = keys.iter().map(|id| key(*id)).collect();
            second.replaces(&write("orders", Rows::New(keys), "first"))
        };
        assert!(replaces(&[1]));
        assert!(!replaces(&[2]));
        assert!(!replaces(&[1, 2]));
    }

    #[test]
    fn what_must_change_so_many_rows_is_counted() {
        let must = Must { rows: 2, or: "too few" };
        let counted = |text: &str| Write {
            must: Some(must),
            ..write("offers", Rows::Any, text)
        };
        let writes = vec![
            counted("with a as (b $1) c"),
            write("orders", Rows::New(vec![key(1)]), "d $1"),
        ];
        let statements = together(writes);
        assert_eq!(statements.len(), 1);
        let (statement, told) = &statements[0];
        assert_eq!(statement.sql, "with w0 as (d $1), a as (b $2) c");
        assert_eq!(*told, Some(must));
        // Only one can be counted.
        let twice = together(vec![
            counted("e"),
            Write {
                table: "shops".to_owned(),
                ..counted("f")
            },
        ]);
        assert_eq!(
            twice.iter().map(|(_, told)| *told).collect::<Vec<_>>(),
            [Some(must), Some(must)]
        );
    }

    #[test]
    fn numbers_are_raised_and_nothing_else() {
        assert_eq!(numbered_from("set a = $1, b = $12", 3), "set a = $4, b = $15");
        assert_eq!(numbered_from("set a = $1", 0), "set a = $1");
    }
}
