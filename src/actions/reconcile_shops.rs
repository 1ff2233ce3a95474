//! Has every shop swept, by the timer (`worker::PERIODIC`).

use serde::{Deserialize, Serialize};

use super::reconcile_shop::ReconcileShop;
use crate::{
    app::App,
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::shops,
};

/// Enqueues a sweep over each shop that can be called.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ReconcileShops {}

/// Shops of one transaction.
const AT_ONCE: u64 = 100;

impl Job for ReconcileShops {
    const NAME: &'static str = "reconcile_shops";
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
        let mut seen = None;
        loop {
            let shops = shops::installed_after(app.db.read(), seen, AT_ONCE).await?;
            let Some(last) = shops.last() else {
                return Ok(());
            };
            seen = Some(*last);
            let tx = app.db.begin().await?;
            for shop_id in shops {
                enqueue(&tx, &ReconcileShop { shop_id }, When::now(app.clock.now_ms()))?;
            }
            tx.commit().await?;
        }
    }
}
