//! What the writer of SQLite knows without reading it again is what it would read. On PostgreSQL the
//! same is read each time, and comes out the same.

use orderyard::{
    domain::order::OrderStatus,
    store::{
        self, Db, Tx,
        order_state::{OpenOrder, OrderState},
        shops,
    },
};
use sea_orm::{ConnectionTrait as _, DbBackend};

use crate::graphql::{seed::Tenant, world::World};

async fn lock(tx: &Tx, tenant: &Tenant) -> OpenOrder {
    let open = OpenOrder::lock(tx, tenant.shop, tenant.order).await.expect("reads");
    open.expect("the order")
}

/// Locks the order once, so that it is known from there on.
async fn get_to_know(db: &Db, tenant: &Tenant) -> OpenOrder {
    let tx = db.begin().await.expect("begins");
    let open = lock(&tx, tenant).await;
    tx.commit().await.expect("commits");
    open
}

/// The order as the next transaction has it, which is the order as the tables have it.
async fn next(db: &Db, tenant: &Tenant) -> OpenOrder {
    let tx = db.begin().await.expect("begins");
    let open = lock(&tx, tenant).await;
    let read = OrderState::load(tx.conn(), tenant.shop, tenant.order)
        .await
        .expect("reads");
    assert_eq!(format!("{:#?}", Some(&open.state)), format!("{read:#?}"));
    let shop = shops::by_id(tx.conn(), tenant.shop).await.expect("reads");
    assert_eq!(Some(&open.shop), shop.as_ref());
    open
}

#[tokio::test]
async fn an_order_is_read_once() {
    for world in World::each(false).await {
        let (db, tenant) = (&world.app.db, world.tenant(1).await);
        let before = get_to_know(db, &tenant).await;
        let tx = world.tx().await;
        // The suppliers and the shop are asked for by themselves once, and known after that.
        lock(&tx, &tenant).await;
        let statements = db.statements();
        let open = lock(&tx, &tenant).await;
        let read = db.statements() - statements;
        match db.backend() {
            DbBackend::Sqlite => assert_eq!(read, 0),
            _ => assert!(read > 0),
        }
        assert_eq!(format!("{:?}", open.state), format!("{:?}", before.state));
        let mut order = open.state.order;
        order.status = OrderStatus::Held;
        store::save(&tx, order).expect("is kept");
        tx.commit().await.expect("commits");
        assert_eq!(next(db, &tenant).await.state.order.status, OrderStatus::Held);
    }
}

#[tokio::test]
async fn another_process_is_noticed() {
    for world in World::each(false).await {
        let (db, tenant) = (&world.app.db, world.tenant(1).await);
        let other = Db::open(&world.app.config.database).await.expect("opens");
        get_to_know(db, &tenant).await;
        get_to_know(&other, &tenant).await;
        for (writer, reader, handled) in [(&other, db, 3), (db, &other, 4)] {
            let tx = writer.begin().await.expect("begins");
            let open = lock(&tx, &tenant).await;
            let mut line = open.state.lines[0].clone();
            line.handled = handled;
            store::save(&tx, line).expect("is kept");
            let mut shop = open.shop;
            shop.name = format!("Shop {handled}");
            store::save(&tx, shop).expect("is kept");
            tx.commit().await.expect("commits");
            let open = next(reader, &tenant).await;
            assert_eq!(open.state.lines[0].handled, handled);
            assert_eq!(open.shop.name, format!("Shop {handled}"));
        }
    }
}

#[tokio::test]
async fn what_was_undone_was_never_known() {
    for world in World::each(false).await {
        let (db, tenant) = (&world.app.db, world.tenant(1).await);
        let before = get_to_know(db, &tenant).await;
        let tx = world.tx().await;
        let open = lock(&tx, &tenant).await;
        let mut order = open.state.order;
        order.status = OrderStatus::Held;
        store::save(&tx, order).expect("is kept");
        let mut shop = open.shop;
        shop.name = "Undone".to_owned();
        store::save(&tx, shop).expect("is kept");
        // It reads what it has written itself.
        assert_eq!(lock(&tx, &tenant).await.shop.name, "Undone");
        drop(tx);
        let after = next(db, &tenant).await;
        assert_eq!(after.state.order.status, before.state.order.status);
        assert_eq!(after.shop.name, before.shop.name);
    }
}

#[tokio::test]
async fn whoever_writes_without_the_orders_lock_is_noticed() {
    for world in World::each(false).await {
        let (db, tenant) = (&world.app.db, world.tenant(1).await);
        let before = get_to_know(db, &tenant).await.state;
        // A row by itself, of which it is known whose it is.
        let tx = world.tx().await;
        let mut line = before.lines[0].clone();
        line.handled = 5;
        store::save(&tx, line).expect("is kept");
        tx.commit().await.expect("commits");
        assert_eq!(next(db, &tenant).await.state.lines[0].handled, 5);
        // One of which it is not.
        get_to_know(db, &tenant).await;
        let tx = world.tx().await;
        let mut bought = before.po_lines[0].clone();
        bought.title = "Renamed".to_owned();
        store::save(&tx, bought.clone()).expect("is kept");
        tx.commit().await.expect("commits");
        let lines = next(db, &tenant).await.state.po_lines;
        assert!(lines.iter().any(|line| line.title == "Renamed"));
        // And a statement that only its text tells of.
        get_to_know(db, &tenant).await;
        let tx = world.tx().await;
        tx.execute_unprepared("update order_lines set handled = 7")
            .await
            .expect("writes");
        tx.execute_unprepared("update shops set name = 'By text'")
            .await
            .expect("writes");
        tx.commit().await.expect("commits");
        let after = next(db, &tenant).await;
        assert!(after.state.lines.iter().all(|line| line.handled == 7));
        assert_eq!(after.shop.name, "By text");
    }
}

#[tokio::test]
async fn a_connection_that_was_replaced_knows_nothing() {
    for world in World::each(false).await {
        let (db, tenant) = (&world.app.db, world.tenant(1).await);
        let other = Db::open(&world.app.config.database).await.expect("opens");
        let write = async |handled| {
            let tx = other.begin().await.expect("begins");
            let mut line = lock(&tx, &tenant).await.state.lines[0].clone();
            line.handled = handled;
            store::save(&tx, line).expect("is kept");
            tx.commit().await.expect("commits");
        };
        get_to_know(db, &tenant).await;
        write(5).await;
        assert_eq!(next(db, &tenant).await.state.lines[0].handled, 5);
        // One is cut off before SQLite has answered, and nobody knows what became of its beginning.
        while db.backend() == DbBackend::Sqlite && futures::poll!(Box::pin(db.begin())).is_ready() {
            tokio::task::yield_now().await;
        }
        // The first that needs another connection is a webhook call, which asks for nothing that is known. To it, too,
        // one write of others is new.
        super::inbox::keep_one(&world, "w-1").await.expect("is kept");
        write(6).await;
        assert_eq!(next(db, &tenant).await.state.lines[0].handled, 6);
    }
}
