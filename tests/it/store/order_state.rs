//! An order that is read in one statement is the order that is read table by table.

use orderyard::store::{
    order_state::{OpenOrder, OrderState},
    order_states, shops, suppliers,
};
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::graphql::world::World;

#[tokio::test]
async fn one_statement_reads_what_ten_read() {
    for world in World::each(false).await {
        let (tenant, stranger) = (world.tenant(1).await, world.tenant(2).await);
        let (db, shop, order) = (world.app.db.read(), tenant.shop, tenant.order);
        let of_many = order_states::load_many(db, shop, &[order]).await.expect("reads");
        let by_tables = of_many.first().expect("the order");
        let together = OrderState::load(db, shop, order).await.expect("reads");
        let together = together.expect("the order");
        assert!(!together.po_lines.is_empty() && !together.shipment_lines.is_empty());
        assert!(!together.open_exceptions.is_empty() && !together.allocations.is_empty());
        assert_eq!(format!("{together:?}"), format!("{by_tables:?}"));

        let tx = world.tx().await;
        let open = OpenOrder::lock(&tx, shop, order)
            .await
            .expect("reads")
            .expect("the order");
        assert_eq!(format!("{:?}", open.state), format!("{by_tables:?}"));
        let shop_row = shops::by_id(tx.conn(), shop).await.expect("reads");
        assert_eq!(Some(&open.shop), shop_row.as_ref());
        let supplier = suppliers::by_id(tx.conn(), tenant.supplier).await.expect("reads");
        assert_eq!(open.supplier(tenant.supplier), supplier.as_ref());

        // Somebody else's order, and none at all.
        assert!(
            OrderState::load(db, stranger.shop, order)
                .await
                .expect("reads")
                .is_none()
        );
        assert!(
            OpenOrder::lock(&tx, stranger.shop, order)
                .await
                .expect("reads")
                .is_none()
        );
    }
}

/// SQLite has no statistics to go by: what it finds by the shop alone grows with the shop.
#[tokio::test]
async fn no_part_of_it_is_found_by_the_shop_alone() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let mut statement = OpenOrder::statement(world.app.db.backend(), tenant.shop, tenant.order);
        if statement.db_backend != DbBackend::Sqlite {
            continue;
        }
        statement.sql = format!("explain query plan {}", statement.sql);
        let rows = world.app.db.read().query_all_raw(statement).await.expect("explains");
        let plan = rows
            .iter()
            .map(|row| row.try_get::<String>("", "detail").expect("a step"));
        for step in plan.filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN")) {
            assert!(
                step.contains("order_id=?")
                    || step.contains("(id=?)")
                    || step.contains("shipment_id=?")
                    || step.contains("(rowid=?)")
                    || step.contains("CONSTANT ROW")
                    || step.contains("SCAN CONSTANT"),
                "{step}"
            );
        }
    }
}
