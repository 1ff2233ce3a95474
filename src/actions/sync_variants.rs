//! Reads a shop's product variants, all or those that changed, page by page.
//! Each page is a job of its own, which is enqueued with what the one before it brought: however small the
//! shop's API budget is, what was read is not read again.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::shop_access::{self, open_gently};
use crate::{
    app::App,
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    shopify::{catalog::Variant, cost},
    store::variants::{self, Model},
};

/// Syncs the variants of a shop, from a page on.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncVariants {
    pub shop_id: ShopId,
    /// Only those changed at or after this time; all of them where none.
    pub since: Option<DateTime<Utc>>,
    /// Shopify's cursor of what was read last. An earlier release knows of none, and reads all pages itself.
    #[serde(default)]
    after: Option<String>,
    /// Pages that were read.
    #[serde(default)]
    pages: u32,
}

/// A shop with more pages than this is synced as far as that goes.
const MOST_PAGES: u32 = 10_000;

impl SyncVariants {
    /// All variants of a shop.
    #[must_use]
    pub const fn all(shop_id: ShopId) -> Self {
        Self::first(shop_id, None)
    }

    /// What changed around a webhook's time; clocks differ a little. Webhooks of the same minutes ask for the same.
    #[must_use]
    pub fn around(shop_id: ShopId, changed_at: DateTime<Utc>) -> Self {
        let minutes = TimeDelta::minutes(10);
        let since = changed_at - minutes;
        Self::first(shop_id, Some(since.duration_trunc(minutes).unwrap_or(since)))
    }

    const fn first(shop_id: ShopId, since: Option<DateTime<Utc>>) -> Self {
        Self {
            shop_id,
            since,
            after: None,
            pages: 0,
        }
    }

    /// The page after this one, which ends at a cursor; none where that was the last.
    fn next(&self, cursor: Option<String>) -> Option<Self> {
        let pages = self.pages.saturating_add(1);
        if cursor.is_some() && pages >= MOST_PAGES {
            tracing::warn!(shop = %self.shop_id, pages, "a shop has more variants than are read");
            return None;
        }
        Some(Self {
            after: Some(cursor?),
            pages,
            ..*self
        })
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

    /// Who edits all products sends a webhook for each. A page is asked for again where a crash has it read once
    /// more; it is another one than the first, which a new sync begins with.
    fn dedupe_key(&self) -> Option<String> {
        let since = self.since.map_or(0, |since| since.timestamp());
        let first = format!("variants:{}:{since}", self.shop_id);
        Some(match &self.after {
            Some(after) => format!("{first}:{after}"),
            None => first,
        })
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let access = open_gently(app, self.shop_id, cost::VARIANTS).await?;
        let result = app
            .shopify
            .variants(&access.access(), self.since, self.after.clone())
            .await;
        shop_access::observe(app, &access, &result).await?;
        let page = result?.data;
        let tx = app.db.begin().await?;
        variants::put(&tx, page.items.iter().map(|read| row(self.shop_id, read)).collect()).await?;
        if let Some(next) = self.next(page.next) {
            enqueue(&tx, &next, When::now(app.clock.now_ms()))?;
        }
        tx.commit().await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_release_left_to_do_begins_with_the_first_page() {
        let stored = r#"{"shop_id":7,"since":null}"#;
        let sync: SyncVariants = serde_json::from_str(stored).expect("a payload");
        assert_eq!((sync.shop_id, sync.after, sync.pages), (ShopId(7), None, 0));
    }

    #[test]
    fn a_page_goes_on_after_the_one_before_it_and_is_no_other_one() {
        let first = SyncVariants::all(ShopId(7));
        let second = first.next(Some("a".to_owned())).expect("a page");
        let third = second.next(Some("b".to_owned())).expect("a page");
        assert_eq!((third.after.as_deref(), third.pages, third.since), (Some("b"), 2, None));
        let keys = [&first, &second, &third].map(Job::dedupe_key);
        assert_eq!(
            keys.map(Option::unwrap_or_default),
            ["variants:7:0", "variants:7:0:a", "variants:7:0:b"]
        );
        assert_eq!(first.serial_key(), third.serial_key());
        assert!(third.next(None).is_none());
    }

    #[test]
    fn pages_end() {
        let last = SyncVariants {
            pages: MOST_PAGES - 1,
            ..SyncVariants::all(ShopId(7))
        };
        assert!(last.next(Some("a".to_owned())).is_none());
    }
}
