//! Changes a supplier that is private to one shop.

use secrecy::SecretString;

use super::create_supplier::{checked_name, reach};
use crate::{
    app::App,
    error::AppError,
    ids::{ShopId, SupplierId},
    store::{self, Party, suppliers},
};

/// What to change; what is missing stays.
#[derive(Clone, Debug)]
pub struct SupplierChange {
    pub name: Option<String>,
    pub endpoint: Option<String>,
    pub secret: Option<SecretString>,
}

pub async fn update_supplier(
    app: &App,
    shop: ShopId,
    id: SupplierId,
    change: SupplierChange,
) -> Result<suppliers::Model, AppError> {
    let tx = app.db.begin().await?;
    let found = suppliers::seen_by_ids(tx.conn(), Party::Shop(shop), &[id]).await?;
    let mut row = found.into_iter().next().ok_or(AppError::NotFound("this supplier"))?;
    if row.shop_id != Some(shop) {
        return Err(AppError::Forbidden(format!(
            "{} is in the marketplace; a shop changes only its own suppliers",
            row.name
        )));
    }
    if let Some(name) = change.name {
        row.name = checked_name(&name)?;
    }
    if change.endpoint.is_some() || change.secret.is_some() {
        reach(app, &mut row, change.endpoint, change.secret)?;
    }
    store::save(&tx, row.clone())?;
    tx.commit().await?;
    Ok(row)
}
