//! Looking many keys up at once, some rows of each: a key that stands on a
//! hundred thousand rows costs no more than one that stands on three.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, QueryResult,
    sea_query::{Alias, IntoIden, Query, SelectStatement, UnionType},
};

/// Keys that one statement looks up.
const KEYS: usize = 100;

/// The key and one column of up to `each` rows of every key, as `read` takes them.
pub(super) async fn some_of_each<T>(
    db: &impl ConnectionTrait,
    keys: &[String],
    each: u64,
    column: impl ColumnTrait,
    rows_of: impl Fn(&str) -> SelectStatement,
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
) -> Result<Vec<T>, DbErr> {
    let found = Alias::new("found").into_iden();
    let mut all = Vec::new();
    for keys in keys.chunks(KEYS) {
        let mut arms = keys.iter().map(|key| {
            // A limit on an arm of a union needs a query of its own.
            let rows = rows_of(key).limit(each).to_owned();
            Query::select()
                .columns([Alias::new("key").into_iden(), column.into_iden()])
                .from_subquery(rows, found.clone())
                .to_owned()
        });
        let Some(mut statement) = arms.next() else {
            continue;
        };
        for arm in arms {
            statement.union(UnionType::All, arm);
        }
        for row in db.query_all(&statement).await? {
            all.push(read(&row)?);
        }
    }
    Ok(all)
}
