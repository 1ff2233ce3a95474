//! Whether a person asked for a purchase order back: what that frees is not bought again by itself.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000009_asked_back_by_hand"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "alter table purchase_orders add column asked_back_by_hand boolean not null default false;",
        )
        .await
    }
}
