//! What suppliers have not answered, as it is looked for when their time is over.

use std::time::Duration;

use orderyard::store::purchase_orders;
use sea_orm::ConnectionTrait as _;

use crate::graphql::{
    seed::{Tenant, add_purchase_order},
    world::World,
};

const HOUR: Duration = Duration::from_hours(1);

impl World {
    /// Purchase orders of two pieces each, made an hour after the other, of which nothing was heard.
    async fn add_silent(&self, tenant: &Tenant, numbers: &[&str]) {
        for number in numbers {
            self.app.clock.advance(HOUR);
            let tx = self.tx().await;
            add_purchase_order(
                self,
                &tx,
                tenant.shop,
                tenant.supplier,
                tenant.offer,
                tenant.order,
                tenant.order_line,
                (*number).to_owned(),
            )
            .await;
            tx.commit().await.expect("commits");
            self.set_lines(number, "shipped = 0").await;
        }
    }

    async fn set_lines(&self, number: &str, to: &str) {
        let of = format!("(select id from purchase_orders where number = '{number}')");
        self.set(&format!("update po_lines set {to} where purchase_order_id in {of}"))
            .await;
    }

    async fn set(&self, sql: &str) {
        let tx = self.tx().await;
        tx.conn().execute_unprepared(sql).await.expect(sql);
        tx.commit().await.expect("commits");
    }

    /// Their numbers, of so many at the most.
    async fn unanswered(&self, tenant: &Tenant, limit: u64) -> Vec<String> {
        let (db, before) = (self.app.db.read(), self.app.clock.now() + HOUR);
        let found = purchase_orders::unanswered(db, tenant.shop, tenant.supplier, before, limit).await;
        found.expect("reads").into_iter().map(|po| po.number).collect()
    }
}

/// All of some is asked back, and their supplier cannot be reached: there is nothing to be done about them, and they
/// hide none of those that were placed later.
#[tokio::test]
async fn what_is_asked_back_already_hides_nothing_that_is_silent() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        world.add_silent(&tenant, &["FIRST", "SECOND", "THIRD"]).await;
        assert_eq!(
            world.unanswered(&tenant, 10).await,
            ["FIRST", "SECOND", "THIRD"],
            "of the tenant's own, a part has left"
        );
        for parked in ["FIRST", "SECOND"] {
            world.set_lines(parked, "cancel_requested = quantity").await;
        }
        assert_eq!(world.unanswered(&tenant, 2).await, ["THIRD"]);
        // Refused, or asked for a part only.
        world.set_lines("FIRST", "cancel_requested = 0").await;
        world.set_lines("SECOND", "cancel_requested = 1").await;
        let asked = "update purchase_orders set status = 'cancel_requested' where number = 'SECOND'";
        world.set(asked).await;
        assert_eq!(world.unanswered(&tenant, 2).await, ["FIRST", "SECOND"]);
        let given_up = "update purchase_orders set given_up_at = created_at where number = 'FIRST'";
        world.set(given_up).await;
        assert_eq!(world.unanswered(&tenant, 2).await, ["SECOND", "THIRD"]);
        // Asked for as a whole: the supplier has the question, and is as silent about it.
        world.set_lines("SECOND", "cancel_requested = quantity").await;
        assert_eq!(world.unanswered(&tenant, 2).await, ["SECOND", "THIRD"]);
    }
}
