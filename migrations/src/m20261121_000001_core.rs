//! The first schema: tenants, inbox, queue, intents, orders and what follows from them.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000001_core"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, include_str!("m20261121_000001_core.sql")).await?;
        // Bodies come compressed: to try it again takes a quarter of the time of keeping them.
        let as_they_come = "alter table deliveries alter column body set storage external";
        dialect::run_on_postgres(manager, as_they_come).await
    }
}
