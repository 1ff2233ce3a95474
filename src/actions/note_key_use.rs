//! When a key was used last, so that one nobody uses can be found and revoked.

use chrono::TimeDelta;
use sea_orm::DbErr;

use crate::{app::App, store::api_keys};

/// A write per call would be too many; to the minute is enough.
const GRAIN: TimeDelta = TimeDelta::minutes(1);

/// Notes the use of a key, at most once a minute.
pub async fn note_key_use(app: &App, key: &api_keys::Model) -> Result<(), DbErr> {
    let now = app.clock.now();
    if key.last_used_at.is_some_and(|last| now - last < GRAIN) {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    api_keys::touch(&tx, key.id, now).await?;
    tx.commit().await
}
