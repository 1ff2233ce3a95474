//! Rows of many tables in one statement: each table's rows are one column of
//! JSON. What is read together in ten statements costs ten round trips, which
//! weigh far more than the rows.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, DbBackend, DbErr, EntityTrait, IdenStatic as _, Iterable as _, QueryResult,
    TryIntoModel, Value, sea_query::ColumnType,
};
use serde_json::Value as Cell;
use uuid::Uuid;

/// The rows of a table that meet a condition, as one column of a `select`.
pub(super) fn rows<E: EntityTrait>(backend: DbBackend, condition: &str) -> String {
    let cells: Vec<String> = E::Column::iter().map(|column| cell(backend, &column)).collect();
    let (cells, table) = (cells.join(", "), E::default().table_name().to_owned());
    if backend == DbBackend::Postgres {
        format!("(select cast(json_agg(json_build_array({cells})) as text) from {table} where {condition})")
    } else {
        format!("(select json_group_array(json_array({cells})) from {table} where {condition})")
    }
}

fn cell<C: sea_orm::ColumnTrait>(backend: DbBackend, column: &C) -> String {
    let name = column.as_str();
    match (column.def().get_column_type(), backend) {
        (ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_), DbBackend::Postgres) => {
            format!("encode({name}, 'hex')")
        }
        (kind, DbBackend::Sqlite) if is_bytes(kind) => {
            // `hex` makes empty text of what is absent.
            format!("case when {name} is null then null else hex({name}) end")
        }
        (ColumnType::Json | ColumnType::JsonBinary, DbBackend::Sqlite) => format!("json({name})"),
        _ => name.to_owned(),
    }
}

/// Bytes, as `SQLite` sees it.
const fn is_bytes(kind: &ColumnType) -> bool {
    matches!(
        kind,
        ColumnType::Uuid | ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_)
    )
}

/// Reads such a column back.
pub(super) fn read<E>(row: &QueryResult, index: usize) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    // `PostgreSQL` makes nothing of no rows.
    let Some(text) = row.try_get_by_index::<Option<String>>(index)? else {
        return Ok(Vec::new());
    };
    let rows: Vec<Vec<Cell>> = serde_json::from_str(&text).map_err(|error| DbErr::Json(error.to_string()))?;
    rows.into_iter().map(model::<E>).collect()
}

fn model<E>(cells: Vec<Cell>) -> Result<E::Model, DbErr>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let mut model = <E::ActiveModel as ActiveModelTrait>::default();
    for (column, cell) in E::Column::iter().zip(cells) {
        let value = value(column.def().get_column_type(), cell)
            .ok_or_else(|| DbErr::Type(format!("the column {} holds something else", column.as_str())))?;
        model.try_set(column, value)?;
    }
    model.try_into_model()
}

/// What a cell says, in the type of its column; none where it is of another.
fn value(kind: &ColumnType, cell: Cell) -> Option<Value> {
    Some(match kind {
        ColumnType::Boolean => Value::Bool(inner(&cell, |cell| {
            cell.as_bool().or_else(|| cell.as_i64().map(|number| number != 0))
        })?),
        ColumnType::Integer => Value::Int(inner(&cell, |cell| i32::try_from(cell.as_i64()?).ok())?),
        ColumnType::BigInteger => Value::BigInt(inner(&cell, Cell::as_i64)?),
        ColumnType::String(_) | ColumnType::Text => match cell {
            Cell::String(text) => Value::String(Some(text)),
            Cell::Null => Value::String(None),
            _ => return None,
        },
        ColumnType::Uuid => Value::Uuid(inner(&cell, |cell| Uuid::parse_str(cell.as_str()?).ok())?),
        ColumnType::TimestampWithTimeZone => Value::ChronoDateTimeUtc(inner(&cell, |cell| time(cell.as_str()?))?),
        ColumnType::Json | ColumnType::JsonBinary => Value::Json((!cell.is_null()).then(|| Box::new(cell))),
        kind if is_bytes(kind) => Value::Bytes(inner(&cell, |cell| hex::decode(cell.as_str()?).ok())?),
        _ => return None,
    })
}

/// Nothing where the cell holds nothing; no answer where it cannot be read.
#[expect(clippy::option_option, reason = "absent and unreadable are not the same")]
fn inner<T>(cell: &Cell, read: impl FnOnce(&Cell) -> Option<T>) -> Option<Option<T>> {
    if cell.is_null() {
        Some(None)
    } else {
        read(cell).map(Some)
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}
