//! A shop is back: its work of the time in which it could not be called is done
//! now, what was given up meanwhile included, however much it is.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    app::App,
    ids::{JobId, ShopId},
    queue::{Attempt, Job, JobError, Priority},
    store::jobs,
};

/// Brings a shop's work forward, some of it in a transaction.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReviveShop {
    pub shop_id: ShopId,
}

/// Jobs of one transaction: few, so that nothing waits long behind it.
const BATCH: u64 = 200;

impl Job for ReviveShop {
    const NAME: &'static str = "revive_shop";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(format!("revive:{}", self.shop_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        self.serial_key()
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now_ms = app.db.lease_now().await?.timestamp_millis();
        // As much as waits now: should the shop be away again, what fails meanwhile waits anew, behind the others.
        let mut left = jobs::count_later(app.db.read(), self.shop_id, now_ms).await?;
        while left > 0 {
            let tx = app.db.begin().await?;
            let count = jobs::bring_forward(&tx, self.shop_id, now_ms, BATCH.min(left)).await?;
            tx.commit().await?;
            if count == 0 {
                break;
            }
            left = left.saturating_sub(count);
        }
        // Each once: what is given up again stays so.
        let mut last = Some(JobId(Uuid::nil()));
        while let Some(after) = last {
            let tx = app.db.begin().await?;
            last = jobs::revive_some(&tx, self.shop_id, after, now_ms, BATCH).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
