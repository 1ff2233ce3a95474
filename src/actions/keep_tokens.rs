//! Renews the tokens of shops that nobody opens: a refresh token that is not
//! used for 90 days ends, and the shop would have to reconnect.
//!
//! The job enqueues its next run itself; its dedupe key keeps it single over
//! all nodes.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::shop_access;
use crate::{
    app::App,
    ids::ShopId,
    queue::{Attempt, Job, JobError, When, enqueue},
    store::shops,
};

/// Looks for tokens that grow old, once a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeepTokens {}

const EVERY: Duration = Duration::from_hours(24);
/// Renewed when the refresh token has less than this to live.
const RENEW_BEFORE: TimeDelta = TimeDelta::days(60);

impl Job for KeepTokens {
    const NAME: &'static str = "keep_tokens";

    fn shop(&self) -> Option<ShopId> {
        None
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
        let tx = app.db.begin().await?;
        enqueue(&tx, self, When::after(now.timestamp_millis(), EVERY)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Makes sure that the daily run is enqueued.
pub async fn ensure(app: &App) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    enqueue(&tx, &KeepTokens {}, When::after(app.clock.now_ms(), EVERY)).await?;
    tx.commit().await
}
