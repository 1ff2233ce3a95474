//! Brings what we know of a shop in line with Shopify: details, granted
//! scopes, locations, and the webhook subscriptions that we need.

use serde::{Deserialize, Serialize};
use url::Url;
use webhooks::Topic;

use super::shop_access::{self, ShopAccess};
use crate::{
    app::App,
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority},
    shopify::{ApiError, scopes::Scopes, shop::Location, subscriptions},
    store::{self, locations, shops},
};

/// Syncs one shop.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncShop {
    pub shop_id: ShopId,
}

const COST: u32 = 400;

impl Job for SyncShop {
    const NAME: &'static str = "sync_shop";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(format!("shop:{}", self.shop_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("sync_shop:{}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let access = shop_access::open(app, self.shop_id, COST).await?;
        subscribe(app, &access).await?;
        let details = app.shopify.shop(&access.access()).await;
        shop_access::observe(app, &access, &details).await?;
        let details = details?.data;
        let scopes = app.shopify.granted_scopes(&access.access()).await?.data;
        let found = app.shopify.locations(&access.access()).await?.data;
        let tx = app.db.begin().await?;
        if let Some(mut shop) = shops::lock(&tx, self.shop_id).await? {
            shop.name = details.name;
            shop.time_zone = details.time_zone;
            shop.scopes = scopes.to_string();
            warn_of_lost_scopes(app, &shop, &scopes);
            store::save(&tx, shop)?;
        }
        locations::replace(
            &tx,
            self.shop_id,
            found.iter().map(|found| row(self.shop_id, found)).collect(),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn row(shop: ShopId, location: &Location) -> locations::Model {
    locations::Model {
        shop_id: shop,
        id: location.id,
        name: location.name.clone(),
        active: location.is_active,
    }
}

fn warn_of_lost_scopes(app: &App, shop: &shops::Model, granted: &Scopes) {
    let asked: Scopes = app.config.shopify.scopes.iter().map(String::as_str).collect();
    let missing = granted.missing(&asked);
    if !missing.is_empty() {
        tracing::warn!(shop = %shop.domain, %missing, "the shop took scopes back; install again to restore them");
    }
}

/// Makes every subscription once, at our address. The compliance topics are
/// in the app's own configuration and cannot be made here.
async fn subscribe(app: &App, access: &ShopAccess) -> Result<(), JobError> {
    let uri = address(app)?;
    let plan = subscription_plan(app, access).await?;
    for subscription in &plan.delete {
        app.shopify.unsubscribe(&access.access(), &subscription.id).await?;
    }
    for topic in &plan.create {
        match app.shopify.subscribe(&access.access(), topic, &uri).await {
            Ok(_) => {}
            // The answer to an earlier try was lost: it stands.
            Err(ApiError::UserErrors(errors))
                if errors.iter().any(|error| error.message.contains("already been taken")) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// What is missing and what is one too many of a shop's subscriptions.
pub(super) async fn subscription_plan(app: &App, access: &ShopAccess) -> Result<subscriptions::Plan, JobError> {
    let result = app.shopify.subscriptions(&access.access()).await;
    shop_access::observe(app, access, &result).await?;
    Ok(subscriptions::plan(
        &result?.data,
        Topic::SUBSCRIBED,
        address(app)?.as_str(),
    ))
}

fn address(app: &App) -> Result<Url, JobError> {
    app.config
        .shopify
        .app_url
        .join("/webhooks/shopify")
        .map_err(|error| JobError::GiveUp(error.to_string()))
}
