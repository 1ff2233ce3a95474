//! An order that is read in one statement is the order that is read table by table, and the one that
//! a transaction remembers.

use orderyard::{
    domain::{exception::ExceptionStatus, order::OrderStatus},
    ids::{AllocationId, PoLineId, PurchaseOrderId},
    store::{
        self,
        allocations::AllocationStatus,
        order_state::{OpenOrder, OrderState},
        order_states, shops, suppliers,
    },
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

/// What a transaction remembers of its order after its own writes is what it would read.
#[tokio::test]
async fn what_was_written_need_not_be_read_again() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let (shop, order) = (tenant.shop, tenant.order);
        let tx = world.tx().await;
        let open = OpenOrder::lock(&tx, shop, order)
            .await
            .expect("reads")
            .expect("the order");
        let state = open.state;
        let now = world.app.clock.now();

        let mut row = state.order.clone();
        row.status = OrderStatus::Held;
        store::save(&tx, row).expect("is kept");
        let mut line = state.lines[0].clone();
        line.handled += 1;
        store::save(&tx, line).expect("is kept");
        let mut gone = state.allocations[0].clone();
        gone.status = AllocationStatus::Released;
        store::save(&tx, gone.clone()).expect("is kept");
        gone.id = AllocationId::generate();
        gone.status = AllocationStatus::Live;
        store::insert(&tx, gone).expect("is kept");
        let mut bought = state.purchase_orders[0].clone();
        bought.id = PurchaseOrderId::generate();
        bought.number.push_str("-9");
        store::insert(&tx, bought.clone()).expect("is kept");
        let mut of_it = state.po_lines[0].clone();
        of_it.id = PoLineId::generate();
        of_it.purchase_order_id = bought.id;
        store::insert(&tx, of_it).expect("is kept");
        let mut over = state.open_exceptions[0].clone();
        over.status = ExceptionStatus::Resolved;
        over.resolved_at = Some(now);
        store::save(&tx, over).expect("is kept");

        let remembered = OrderState::of(&tx, shop, order).await.expect("reads");
        let read = OrderState::load(tx.conn(), shop, order).await.expect("reads");
        assert_eq!(format!("{remembered:#?}"), format!("{read:#?}"));
        let remembered = remembered.expect("the order");
        assert_eq!(remembered.order.status, OrderStatus::Held);
        assert_eq!(remembered.purchase_orders.len(), state.purchase_orders.len() + 1);

        // Nobody can say what a statement of its own has changed: it is read again.
        let sql = "update order_lines set handled = 7";
        tx.execute_unprepared(sql).await.expect("writes");
        let again = OrderState::of(&tx, shop, order)
            .await
            .expect("reads")
            .expect("the order");
        assert!(again.lines.iter().all(|line| line.handled == 7));
    }
}
