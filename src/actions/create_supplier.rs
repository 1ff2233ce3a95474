//! Adds a supplier that is private to one shop, and connects the two.

use secrecy::SecretString;

use super::{
    connect_supplier::{self, ConnectionChange},
    outgoing::secret_place,
};
use crate::{
    app::App,
    connectors::Target,
    domain::{
        money::Currency,
        supplier::{ConnectorKind, SupplierKey},
    },
    error::AppError,
    ids::{ShopId, SupplierId},
    store::{self, suppliers},
};

/// What a shop says of its new supplier.
#[derive(Clone, Debug)]
pub struct NewSupplier {
    pub key: String,
    pub name: String,
    pub connector: ConnectorKind,
    pub currency: String,
    pub endpoint: Option<String>,
    pub secret: Option<SecretString>,
    pub connection: ConnectionChange,
}

pub async fn create_supplier(app: &App, shop: ShopId, new: NewSupplier) -> Result<suppliers::Model, AppError> {
    let key: SupplierKey = new
        .key
        .parse()
        .map_err(|error: crate::domain::supplier::BadSupplierKey| AppError::invalid("key", error.to_string()))?;
    let currency = Currency::parse(&new.currency).map_err(|error| AppError::invalid("currency", error.to_string()))?;
    let id = SupplierId::generate();
    let mut row = suppliers::Model {
        id,
        key: key.as_str().to_owned(),
        shop_id: Some(shop),
        name: checked_name(&new.name)?,
        connector: new.connector,
        currency,
        endpoint: None,
        secret: None,
        created_at: app.clock.now(),
    };
    reach(app, &mut row, new.endpoint, new.secret)?;
    let tx = app.db.begin().await?;
    if suppliers::by_key(tx.conn(), key.as_str()).await?.is_some() {
        return Err(AppError::Conflict(format!("the key {key} is taken; choose another")));
    }
    store::insert(&tx, row.clone())?;
    connect_supplier::write(app, &tx, shop, id, new.connection).await?;
    connect_supplier::check_rates(app, &tx, shop, &row, "currency").await?;
    tx.commit().await?;
    Ok(row)
}

pub(super) fn checked_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(AppError::invalid("name", "a name must have 1 to 100 characters"));
    }
    Ok(name.to_owned())
}

/// Takes over where a supplier is reached, after its connector has said that it can work.
pub(super) fn reach(
    app: &App,
    row: &mut suppliers::Model,
    endpoint: Option<String>,
    secret: Option<SecretString>,
) -> Result<(), AppError> {
    if let Some(endpoint) = endpoint {
        let endpoint = endpoint.trim();
        let readable = endpoint.is_empty() || url::Url::parse(endpoint).is_ok();
        if !readable || endpoint.len() > 2000 {
            return Err(AppError::invalid("endpoint", "this is not a web address"));
        }
        row.endpoint = (!endpoint.is_empty()).then(|| endpoint.to_owned());
    }
    let place = secret_place(row.id);
    let broken = |error: crate::seal::SealError| AppError::Internal(error.to_string());
    if let Some(secret) = secret {
        row.secret = Some(app.keyring.seal(&secret, &place).map_err(broken)?);
    }
    let opened = row.secret.as_ref().map(|sealed| app.keyring.open(sealed, &place));
    let target = Target {
        endpoint: row.endpoint.as_deref().and_then(|endpoint| endpoint.parse().ok()),
        secret: opened.transpose().map_err(broken)?,
    };
    let connector = app.connectors.of(row.connector);
    connector
        .check(&target)
        .map_err(|error| AppError::invalid("endpoint", error.message))
}
