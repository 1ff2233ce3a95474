//! Takes a variant's mapping away. Orders placed by it go on.

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
    }
    Ok(tx.commit().await?)
}
