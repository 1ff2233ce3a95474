//! Gives up on what a supplier leaves unanswered of a purchase order of which it answered a part: beyond its
//! connection's deadline that part is asked back, and goes to somebody else. See `chase_silence` for those that
//! say nothing at all.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::chase_silence::{Silence, give_up};
use crate::{
    app::App,
    domain::purchase_order::LineProgress,
    ids::{PurchaseOrderId, ShopId},
    queue::{Attempt, Job, JobError, When, enqueue},
    store::{Tx, connections, purchase_orders},
};

/// Looks at one purchase order when its supplier's time is over.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChaseRest {
    shop_id: ShopId,
    purchase_order_id: PurchaseOrderId,
}

impl Job for ChaseRest {
    const NAME: &'static str = "chase_rest";

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("chase_rest:{}", self.purchase_order_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let found = purchase_orders::by_id(app.db.read(), self.shop_id, self.purchase_order_id).await?;
        let Some(po) = found else { return Ok(()) };
        let connection = connections::of_supplier(app.db.read(), po.shop_id, po.supplier_id).await?;
        let Some((hours, due)) = connection.and_then(|connection| deadline(&po, &connection)) else {
            return Ok(());
        };
        // The deadline may have been moved since.
        let left = (due - now).to_std().unwrap_or_default();
        if !left.is_zero() {
            let tx = app.db.begin().await?;
            enqueue(&tx, self, When::after(now.timestamp_millis(), left))?;
            tx.commit().await?;
            return Ok(());
        }
        give_up(app, &po, Silence::ToARest, hours, now).await?;
        Ok(())
    }
}

/// Has the job wait for the deadline, where a supplier has answered a part and there is a deadline.
pub(super) async fn after_answer(
    tx: &Tx,
    po: &purchase_orders::Model,
    lines: &[LineProgress],
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let is_begun = po.status.is_live() && lines.iter().any(|line| line.accepted + line.shipped > 0);
    if !is_begun || po.given_up_at.is_some() || lines.iter().all(|line| line.unanswered() == 0) {
        return Ok(());
    }
    let connection = connections::of_supplier(tx.conn(), po.shop_id, po.supplier_id).await?;
    let Some((_, due)) = connection.and_then(|connection| deadline(po, &connection)) else {
        return Ok(());
    };
    let job = ChaseRest {
        shop_id: po.shop_id,
        purchase_order_id: po.id,
    };
    let wait = (due - now).to_std().unwrap_or_default();
    enqueue(tx, &job, When::after(now.timestamp_millis(), wait))
}

/// How many hours there are, and when they are over; none where the supplier has for ever.
fn deadline(po: &purchase_orders::Model, connection: &connections::Model) -> Option<(i32, DateTime<Utc>)> {
    let hours = Some(connection.answer_hours).filter(|hours| *hours > 0)?;
    Some((hours, po.placed_at? + TimeDelta::hours(i64::from(hours))))
}
