//! Measures how often suppliers ship in time: of the pieces that each connection's newest purchase
//! orders were to ship by now, those that left by then. Routing may price it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    domain::costs::WHOLE_BP,
    ids::{ConnectionId, ShopId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{self, connections, purchase_orders},
};

/// Connections in one run; the next run goes on after the last.
const MOST: u64 = 100;
/// Days of which purchase orders count, and the most of each connection, the newest first.
const DAYS: i64 = 90;
const MOST_ORDERS: u64 = 200;
/// Fewer say nothing of what is to come.
const LEAST_ORDERS: u32 = 5;

/// Looks at every connection.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RateSuppliers {
    /// The connection that was looked at last.
    after: Option<ConnectionId>,
}

impl Job for RateSuppliers {
    const NAME: &'static str = "rate_suppliers";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        None
    }

    fn serial_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let since = now - TimeDelta::days(DAYS);
        let found = connections::page(app.db.read(), self.after, MOST).await?;
        for connection in &found {
            let (shop, supplier) = (connection.shop_id, connection.supplier_id);
            let due = purchase_orders::due(app.db.read(), shop, supplier, (since, now), MOST_ORDERS).await?;
            let rate = on_time_bp(due);
            if rate != connection.on_time_bp {
                let tx = app.db.begin().await?;
                connections::rate(&tx, shop, connection.id, rate).await?;
                tx.commit().await?;
            }
        }
        if let Some(last) = found.last().filter(|_| found.len() as u64 == MOST) {
            let tx = app.db.begin().await?;
            let next = Self { after: Some(last.id) };
            enqueue(&tx, &next, When::now(app.clock.now_ms()))?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// None where too few were due.
fn on_time_bp(due: purchase_orders::Due) -> Option<i32> {
    if due.orders < LEAST_ORDERS || due.pieces == 0 {
        return None;
    }
    let share = u64::from(due.in_time.min(due.pieces)) * u64::from(WHOLE_BP) / u64::from(due.pieces);
    u32::try_from(share).ok().map(store::column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(orders: u32, pieces: u32, in_time: u32, expect: Option<i32>) {
        let due = purchase_orders::Due {
            orders,
            pieces,
            in_time,
        };
        assert_eq!(on_time_bp(due), expect, "{due:?}");
    }

    #[test]
    fn few_orders_say_nothing() {
        check(4, 40, 20, None);
        check(5, 0, 0, None);
        check(5, 3, 2, Some(6_666));
        check(9, 3, 0, Some(0));
        check(9, 3, 9, Some(10_000));
    }
}
