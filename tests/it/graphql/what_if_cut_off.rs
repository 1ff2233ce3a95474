//! A period with more orders than a comparison takes in.

use orderyard::actions::run_what_if::Stretch;
use serde_json::json;

use super::{
    what_if::{job, pages_only, shop_with_orders},
    world::{As, World},
};

#[tokio::test]
async fn a_comparison_says_where_the_period_has_more_orders_than_it_takes_in() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 4).await;
        let all = world.app.db.read();
        let there = orderyard::store::orders::count_placed_between(
            all,
            tenant.shop,
            (chrono::DateTime::UNIX_EPOCH, world.app.clock.now()),
            100,
        );
        let there = there.await.expect("a count");
        assert!(there > 3, "{there}");
        for (orders, expect) in [
            (
                there - 1,
                json!({ "state": "DONE", "ordersSeen": there - 1, "ordersTotal": there - 1, "cutOff": true }),
            ),
            (
                there,
                json!({ "state": "DONE", "ordersSeen": there, "ordersTotal": there, "cutOff": false }),
            ),
        ] {
            let id = world.start_without_supplier(&tenant).await;
            let most = Stretch {
                orders,
                ..pages_only(25)
            };
            let job = job(&tenant, &id);
            job.go_on(&world.app, most, async || {}).await.expect("ends");
            let query = "query($id: ID!) { whatIfRun(id: $id) { state ordersSeen ordersTotal cutOff } }";
            let who = As::Session(&tenant.owner);
            let run = world.data(&who, query, json!({ "id": id })).await["whatIfRun"].clone();
            assert_eq!(run, expect);
        }
    }
}
