//! The types that the two databases name differently.
//!
//! `SQLite` stores UUIDs as 16-byte blobs and times as RFC 3339 text, both of
//! which sort as `PostgreSQL`'s own types do.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait as _, DbBackend, DbErr},
};

const TOKENS: [(&str, &str, &str); 4] = [
    ("{UUID}", "blob", "uuid"),
    ("{TIME}", "text", "timestamptz"),
    ("{JSON}", "text", "jsonb"),
    ("{BYTES}", "blob", "bytea"),
];

/// Runs the statements of one migration, separated by `;` at a line's end.
pub async fn run(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    let postgres = manager.get_database_backend() == DbBackend::Postgres;
    // An index of a large table takes longer than any statement of the program may. Until the transaction ends.
    run_on_postgres(manager, "set local statement_timeout = 0").await?;
    let mut sql = script.to_owned();
    for (token, sqlite, postgresql) in TOKENS {
        sql = sql.replace(token, if postgres { postgresql } else { sqlite });
    }
    for statement in sql.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Runs a statement on `PostgreSQL`, of something that `SQLite` does not have.
pub async fn run_on_postgres(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
