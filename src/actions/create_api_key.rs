//! Makes a key for a supplier's system or a shop's scripts. Only its hash is
//! kept: the key itself is shown once.

use sea_orm::DbErr;

use super::{
    authenticate::{self, Identity, TOKEN_PREFIX},
    sign_in::random_secret,
};
use crate::{
    app::App,
    error::AppError,
    ids::{RowId, ShopId, SupplierId},
    store::{self, Party, Tx, api_keys, suppliers},
};

/// How suppliers' keys begin.
pub const SUPPLIER_KEY_PREFIX: &str = "oys_";

/// A new key in clear. Not `Debug`, so that it is not logged by accident.
pub struct NewApiKey(pub String);

/// Makes a supplier's key for somebody who may: its own people, or the staff of
/// the shop whose private supplier it is.
pub async fn for_supplier_by(app: &App, by: &Identity, supplier: SupplierId) -> Result<NewApiKey, AppError> {
    match by {
        Identity::SupplierUser { supplier: own, .. } if *own == supplier => {}
        Identity::SupplierUser { .. } => return Err(AppError::NotFound("this supplier")),
        Identity::Token { .. } => {
            return Err(AppError::Forbidden("keys are made by people, not by tokens".to_owned()));
        }
        Identity::Staff { shop, .. } => {
            let found = suppliers::seen_by_ids(app.db.read(), Party::Shop(*shop), &[supplier]).await?;
            let found = found.first().ok_or(AppError::NotFound("this supplier"))?;
            if found.shop_id != Some(*shop) {
                return Err(AppError::Forbidden(format!(
                    "{} is in the marketplace; its own people make its keys",
                    found.name
                )));
            }
        }
    }
    let tx = app.db.begin().await?;
    let key = for_supplier(app, &tx, supplier)?;
    tx.commit().await?;
    Ok(key)
}

/// Makes a key for `/supplier/v1`.
pub fn for_supplier(app: &App, tx: &Tx, supplier: SupplierId) -> Result<NewApiKey, DbErr> {
    add(app, tx, SUPPLIER_KEY_PREFIX, None, Some(supplier), String::new())
}

/// Makes a token for `/graphql`, for what its scopes say (`read`, `write`).
pub fn for_shop(app: &App, tx: &Tx, shop: ShopId, scopes: &[&str]) -> Result<NewApiKey, DbErr> {
    add(app, tx, TOKEN_PREFIX, Some(shop), None, scopes.join(" "))
}

fn add(
    app: &App,
    tx: &Tx,
    prefix: &str,
    shop_id: Option<ShopId>,
    supplier_id: Option<SupplierId>,
    scopes: String,
) -> Result<NewApiKey, DbErr> {
    let key = format!("{prefix}{}", random_secret());
    let row = api_keys::Model {
        id: RowId::generate(),
        key_hash: authenticate::hash(&key),
        shop_id,
        supplier_id,
        scopes,
        created_at: app.clock.now(),
        last_used_at: None,
        revoked_at: None,
    };
    store::insert(tx, row)?;
    Ok(NewApiKey(key))
}
