//! A product is said to be deleted: asks Shopify which of its variants are gone.
//!
//! The topic of a webhook is a header, which no signature covers, so the claim
//! alone deletes nothing.

use serde::{Deserialize, Serialize};

use super::shop_access;
use crate::{
    app::App,
    ids::{ShopId, ShopifyProductId, ShopifyVariantId},
    queue::{Attempt, Job, JobError, Priority},
    store::variants,
};

/// Marks the variants of a product that are gone; their mappings stay for orders that name them.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetProduct {
    pub shop_id: ShopId,
    pub product_id: ShopifyProductId,
}

const COST: u32 = 510;

impl Job for ForgetProduct {
    const NAME: &'static str = "forget_product";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    /// Not beside a sync, which may have read what is gone by now.
    fn serial_key(&self) -> Option<String> {
        Some(format!("variants:{}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let known = variants::ids_of_product(app.db.read(), self.shop_id, self.product_id).await?;
        if known.is_empty() {
            return Ok(());
        }
        let access = shop_access::open(app, self.shop_id, COST).await?;
        let result = app.shopify.variants_by_ids(&access.access(), &known).await;
        shop_access::observe(app, &access, &result).await?;
        let there: Vec<ShopifyVariantId> = result?.data.into_iter().map(|variant| variant.id).collect();
        let gone: Vec<ShopifyVariantId> = known.into_iter().filter(|id| !there.contains(id)).collect();
        let tx = app.db.begin().await?;
        variants::mark_deleted(&tx, self.shop_id, &gone, app.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}
