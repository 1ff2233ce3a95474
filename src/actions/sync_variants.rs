//! Reads a shop's product variants, all or those that changed, page by page.
//! Each page is a job of its own end: a crash begins the sync again.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::shop_access;
use crate::{
    app::App,
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority},
    shopify::catalog::Variant,
    store::variants::{self, Model},
};

/// Syncs the variants of a shop.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncVariants {
    pub shop_id: ShopId,
    /// Only those changed at or after this time; all of them where none.
    pub since: Option<DateTime<Utc>>,
}

const COST: u32 = 510;
/// A shop with more pages than this is synced as far as that goes.
const MOST_PAGES: u32 = 10_000;

impl SyncVariants {
    /// What changed around a webhook's time; clocks differ a little. Webhooks of the same minutes ask for the same.
    #[must_use]
    pub fn around(shop_id: ShopId, changed_at: DateTime<Utc>) -> Self {
        let minutes = TimeDelta::minutes(10);
        let since = changed_at - minutes;
        Self {
            shop_id,
            since: Some(since.duration_trunc(minutes).unwrap_or(since)),
        }
    }
}

impl Job for SyncVariants {
    const NAME: &'static str = "sync_variants";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(format!("variants:{}", self.shop_id))
    }

    /// Who edits all products sends a webhook for each.
    fn dedupe_key(&self) -> Option<String> {
        let since = self.since.map_or(0, |since| since.timestamp());
        Some(format!("variants:{}:{since}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let access = shop_access::open(app, self.shop_id, COST).await?;
            let result = app.shopify.variants(&access.access(), self.since, after).await;
            shop_access::observe(app, &access, &result).await?;
            let page = result?.data;
            let tx = app.db.begin().await?;
            variants::put(&tx, page.items.iter().map(|read| row(self.shop_id, read)).collect()).await?;
            tx.commit().await?;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }
}

fn row(shop: ShopId, read: &Variant) -> Model {
    Model {
        shop_id: shop,
        id: read.id,
        product_id: read.product,
        sku: read.sku.clone().filter(|sku| !sku.is_empty()),
        barcode: read.barcode.clone().filter(|barcode| !barcode.is_empty()),
        title: read.title.clone(),
        product_title: read.product_title.clone(),
        requires_shipping: read.requires_shipping,
        deleted_at: None,
    }
}
