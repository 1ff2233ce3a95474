//! Pages by keyset: a cursor names the last row that was seen, so rows that
//! come or go meanwhile neither repeat nor hide others.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QuerySelect, Select, Value,
    sea_query::{Asterisk, Expr, ExprTrait, Func, LikeExpr, Query},
};

/// The most rows that one batch of parents may have between them.
const MOST_ROWS: u64 = 20_000;

/// Rows before the given one, in descending order of two columns.
pub(super) fn before<A: ColumnTrait, B: ColumnTrait>(
    columns: (A, B),
    seen: (impl Into<Value>, impl Into<Value>),
) -> Expr {
    pair(columns).lt(Expr::tuple([Expr::val(seen.0), Expr::val(seen.1)]))
}

/// Rows after the given one, in ascending order of two columns.
pub(super) fn after<A: ColumnTrait, B: ColumnTrait>(
    columns: (A, B),
    seen: (impl Into<Value>, impl Into<Value>),
) -> Expr {
    pair(columns).gt(Expr::tuple([Expr::val(seen.0), Expr::val(seen.1)]))
}

fn pair<A: ColumnTrait, B: ColumnTrait>((first, second): (A, B)) -> Expr {
    Expr::tuple([Expr::col(first.as_column_ref()), Expr::col(second.as_column_ref())])
}

/// All rows of a batch. More than the limit is an error: a list that is cut
/// short in silence would be a wrong answer.
pub(super) async fn all<E: EntityTrait>(select: Select<E>, db: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
    let rows = select.limit(MOST_ROWS + 1).all(db).await?;
    if rows.len() as u64 > MOST_ROWS {
        return Err(DbErr::Custom(format!("one batch has more than {MOST_ROWS} rows")));
    }
    Ok(rows)
}

/// Counts rows, and stops at a limit: nobody needs the exact number above it.
pub(super) async fn count<E: EntityTrait>(
    select: Select<E>,
    limit: u64,
    db: &impl ConnectionTrait,
) -> Result<u64, DbErr> {
    let mut rows = select.select_only().expr_as(Expr::val(1), "one").limit(limit);
    let count = Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "count")
        .from_subquery(QuerySelect::query(&mut rows).to_owned(), "rows")
        .to_owned();
    let row = db.query_one(&count).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A search text as a pattern for the beginning of a column.
pub(super) fn starts_with(text: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", escaped(text))).escape('\\')
}

/// A search text as a pattern for any place in a column.
pub(super) fn contains(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(text))).escape('\\')
}

fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.trim().chars().take(100) {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

/// What a list was asked for, within what one query may ask for.
pub(super) fn capped(limit: u64) -> u64 {
    Ord::min(limit, super::MAX_PAGE)
}
