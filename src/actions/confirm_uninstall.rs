//! Takes leave of a shop, once Shopify itself says that the app is gone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    record_security_event::{self, SecurityEventKind},
    shop_access::{self, AccessError},
};
use crate::{
    app::App,
    domain::shop::ShopStatus,
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority},
    shopify::ApiError,
    store::shops,
};

/// Checks a claim that a shop uninstalled the app.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConfirmUninstall {
    pub shop_id: ShopId,
    /// When Shopify said so: an installation after it stands.
    pub triggered_at: DateTime<Utc>,
}

impl Job for ConfirmUninstall {
    const NAME: &'static str = "confirm_uninstall";
    const PRIORITY: Priority = Priority::Soon;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(format!("shop:{}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        match shop_access::open(app, self.shop_id, 5).await {
            Err(AccessError::NotInstalled | AccessError::Gone) => return Ok(()),
            // A refresh token that Shopify refuses says the same as a refused access token.
            Err(AccessError::NeedsReconnect) => {}
            Err(error) => return Err(error.into()),
            Ok(access) => match app.shopify.granted_scopes(&access.access()).await {
                Err(ApiError::Unauthorized) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    let detail = "app/uninstalled came for a shop whose token still works";
                    record_security_event::record(
                        app,
                        SecurityEventKind::ForeignWebhook,
                        access.domain.as_str(),
                        detail,
                    )
                    .await;
                    return Ok(());
                }
            },
        }
        let tx = app.db.begin().await?;
        let found = shops::lock(&tx, self.shop_id).await?;
        let Some(mut shop) = found.filter(|shop| shop.installed_at <= self.triggered_at) else {
            return Ok(());
        };
        shop.status = ShopStatus::Uninstalled;
        shop.uninstalled_at = Some(app.clock.now());
        shop_access::forget_tokens(&tx, &mut shop)?;
        tx.commit().await?;
        tracing::info!(shop = %shop.domain, "the app is uninstalled");
        Ok(())
    }
}
