//! As of when an offer's stock is told, so that an older figure does not replace a newer one.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000005_counted_stock"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, "alter table offers add column counted_at {TIME};").await
    }
}
