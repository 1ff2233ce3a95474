//! Reads two lists in their order: a shop's suppliers, also where many have one priority, and its open
//! exceptions by id, of which some are looked at again at a time. What is open about one order is found by the order
//! also beside that index.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000004_lists_in_order"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "create index connections_in_order on connections (shop_id, priority, supplier_id);
            create index exceptions_open_in_order on exceptions (shop_id, id) where status = 'open';
            create index exceptions_open_by_order on exceptions (order_id) where status = 'open';",
        )
        .await
    }
}
