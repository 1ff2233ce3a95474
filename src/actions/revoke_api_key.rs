//! Ends a key of a supplier's system or a token of a shop's scripts.

use crate::{
    app::App,
    error::AppError,
    ids::RowId,
    store::{Party, api_keys},
};

/// Revokes a key for good: the next call that shows it is refused.
pub async fn revoke_api_key(app: &App, party: Party, id: RowId) -> Result<(), AppError> {
    let tx = app.db.begin().await?;
    if !api_keys::revoke(&tx, party, id, app.clock.now()).await? {
        return Err(AppError::NotFound("this key"));
    }
    Ok(tx.commit().await?)
}
