//! Orders that are looked at again, of which one cannot be.

use orderyard::{
    actions::{
        revisit_orders::{RevisitOrders, Why},
        route_order::RouteOrder,
    },
    domain::exception::ExceptionStatus,
    ids::ExceptionId,
    queue::{Attempt, Job as _},
    store::{self, exceptions, jobs, shops},
};
use sea_orm::{ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use crate::graphql::{
    seed::{Tenant, add_order},
    world::World,
};

/// One more order that waits like the tenant's, after it. Its own one cannot be read any more.
async fn plant(world: &World, tenant: &Tenant) -> ExceptionId {
    let tx = world.tx().await;
    let mut shop = shops::by_id(tx.conn(), tenant.shop)
        .await
        .expect("reads")
        .expect("a shop");
    shop.settings.0.automation = true;
    store::save(&tx, shop).expect("saves");
    let (order, line) = add_order(world, &tx, tenant.shop, tenant.variant, 5001).await;
    let found = exceptions::by_id(tx.conn(), tenant.shop, tenant.exception).await;
    let mut row = found.expect("reads").expect("is there");
    row.id = ExceptionId::generate();
    row.order_id = Some(order);
    row.order_line_id = Some(line);
    row.dedupe_key = row.id.to_string();
    let id = row.id;
    store::insert(&tx, row).expect("an exception");
    tx.commit().await.expect("commits");
    let tx = world.tx().await;
    let spoil = "update orders set currency = '???' where shopify_id <> 5001";
    tx.conn().execute_unprepared(spoil).await.expect("is spoiled");
    tx.commit().await.expect("commits");
    id
}

async fn status(world: &World, tenant: &Tenant, id: ExceptionId) -> ExceptionStatus {
    let found = exceptions::by_id(world.app.db.read(), tenant.shop, id).await;
    found.expect("reads").expect("is there").status
}

#[tokio::test]
async fn an_order_that_cannot_be_read_keeps_no_other_from_being_routed() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let other = plant(&world, &tenant).await;
        let why = Why::RoutingChanged {
            what: "A rule changed".to_owned(),
            by: "Olga Owner".to_owned(),
            until: None,
        };
        let attempt = Attempt {
            number: 1,
            is_last: false,
        };
        let revisit = RevisitOrders::new(tenant.shop, why);
        revisit.run(&world.app, attempt).await.expect("goes on");
        assert_eq!(status(&world, &tenant, other).await, ExceptionStatus::Resolved);
        assert_eq!(status(&world, &tenant, tenant.exception).await, ExceptionStatus::Open);
        for (name, count) in [(RouteOrder::NAME, 1), (RevisitOrders::NAME, 1)] {
            let rows = jobs::Entity::find().filter(jobs::Column::Name.eq(name));
            let found = rows.count(world.app.db.read()).await.expect("a count");
            assert_eq!(found, count, "{name}");
        }
    }
}
