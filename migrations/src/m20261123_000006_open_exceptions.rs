//! Finds the open exceptions about one purchase order, and the shops of a supplier that have something which
//! routing could not serve, without a look at all that is open.

use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::DbErr};

use crate::dialect;

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000006_open_exceptions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "create index exceptions_open_by_po on exceptions (purchase_order_id) where status = 'open';
            create index exceptions_open_of_routing on exceptions (shop_id, kind)
              where status = 'open' and kind in ('no_eligible_supplier','price_rose');
            create index connections_of_supplier on connections (supplier_id, shop_id);",
        )
        .await
    }
}
