//! The schema's history: one file per change, for SQLite and PostgreSQL alike.
//!
//! Statements are written once, in SQL both understand, with tokens for the
//! few types that differ (see [`dialect`]). Only additive changes: the previous
//! release must keep running on the migrated schema.

pub use sea_orm_migration::{MigratorTrait, sea_orm};

mod dialect;
mod m20261121_000001_core;
mod m20261121_000002_sign_in_attempts;
mod m20261122_000003_connections_by_priority;
mod m20261122_000004_lists_in_order;
mod m20261123_000005_counted_stock;
mod m20261123_000006_open_exceptions;
mod m20261123_000007_requests_to_forget;
mod m20261123_000008_unanswered;
mod m20261123_000009_asked_back_by_hand;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_core::Migration),
            Box::new(m20261121_000002_sign_in_attempts::Migration),
            Box::new(m20261122_000003_connections_by_priority::Migration),
            Box::new(m20261122_000004_lists_in_order::Migration),
            Box::new(m20261123_000005_counted_stock::Migration),
            Box::new(m20261123_000006_open_exceptions::Migration),
            Box::new(m20261123_000007_requests_to_forget::Migration),
            Box::new(m20261123_000008_unanswered::Migration),
            Box::new(m20261123_000009_asked_back_by_hand::Migration),
        ]
    }
}

/// Where the names of the migrations that were applied stand.
pub const APPLIED: &str = "seaql_migrations";

/// The names of all migrations, oldest first.
#[must_use]
pub fn names() -> Vec<String> {
    let all = Migrator::migrations();
    all.iter().map(|migration| migration.name().to_owned()).collect()
}
