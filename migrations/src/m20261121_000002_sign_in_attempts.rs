//! Counts attempts to sign in, so that passwords cannot be tried out.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261121_000002_sign_in_attempts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "create table sign_in_attempts (
               subject_hash {BYTES} primary key,
               attempts integer not null,
               since_ms bigint not null
             );
             create index sign_in_attempts_by_time on sign_in_attempts (since_ms);
            ",
        )
        .await
    }
}
