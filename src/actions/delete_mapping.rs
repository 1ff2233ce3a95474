//! Takes a variant's mapping away. Orders placed by it go on; what can still be undone is looked at again.

use super::replan_orders;
use crate::{
    app::App,
    error::AppError,
    ids::{ShopId, ShopifyVariantId},
    store::{mapping_components, mappings},
};

/// Deletes a mapping; one that is not there is deleted already.
pub async fn delete_mapping(app: &App, shop: ShopId, variant: ShopifyVariantId) -> Result<(), AppError> {
    let tx = app.db.begin().await?;
    for mapping in mappings::of_variants(tx.conn(), shop, vec![variant]).await? {
        mapping_components::remove(&tx, shop, mapping.id).await?;
        mappings::remove(&tx, shop, mapping.id).await?;
        replan_orders::of_shop(&tx, shop, app.clock.now())?;
    }
    Ok(tx.commit().await?)
}
