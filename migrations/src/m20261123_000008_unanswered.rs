//! Finds the purchase orders that a supplier has not answered, the oldest first, however long its history is.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000008_unanswered"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "create index purchase_orders_unanswered on purchase_orders (shop_id, supplier_id, created_at)
              where status in ('placed','cancel_requested') and given_up_at is null;",
        )
        .await
    }
}
