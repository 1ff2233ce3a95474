//! Finds the settled Intents of which what was asked and answered is still kept. What is forgotten leaves the index,
//! so that nobody comes by it again.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000007_requests_to_forget"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "create index intents_to_forget on intents (id)
              where outcome in ('done','refused') and evidence is not null;",
        )
        .await
    }
}
