//! Renews the tokens of shops that nobody opens: a refresh token that is not
//! used for 90 days ends, and the shop would have to reconnect.
//!
//! It runs once a day over all nodes (`worker::PERIODIC`).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::shop_access;
use crate::{
    app::App,
    ids::ShopId,
    queue::{Attempt, Job, JobError, Priority},
    store::shops,
};

/// Looks for tokens that grow old.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct KeepTokens {}

/// Renewed when the refresh token has less than this to live.
const RENEW_BEFORE: TimeDelta = TimeDelta::days(60);

impl Job for KeepTokens {
    const NAME: &'static str = "keep_tokens";
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
        for shop in shops::refresh_tokens_ending_before(app.db.read(), now + RENEW_BEFORE).await? {
            let domain = shop.domain.clone();
            if let Err(error) = shop_access::renew(app, shop).await {
                tracing::warn!(shop = domain, %error, "an old token cannot be renewed; tried again tomorrow");
            }
        }
        Ok(())
    }
}
