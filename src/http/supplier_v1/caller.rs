//! Who calls: a bearer key that belongs to one supplier.

use std::sync::LazyLock;

use axum::{extract::FromRequestParts, http::header::AUTHORIZATION, http::request::Parts};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::problem::Failure;
use crate::{
    actions::{
        note_key_use,
        record_security_event::{self, SecurityEventKind},
        supplier_report::ReportScope,
    },
    app::App,
    domain::event::Actor,
    error::AppError,
    http::rate::Limiter,
    ids::{PurchaseOrderId, RowId},
    store::{api_keys, purchase_orders, supplier_orders, suppliers},
};

/// 50 calls a second in the long run, 200 at once: as the API's description says.
static LIMITER: LazyLock<Limiter<RowId>> = LazyLock::new(|| Limiter::new(20, 200));

/// Keys are much shorter; a longer one is not even hashed.
const MAX_KEY_BYTES: usize = 200;

/// A supplier's system that has shown its key. Every handler but the
/// document's asks for it, which is what keeps strangers out.
pub struct Caller {
    pub supplier: suppliers::Model,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = header.and_then(bearer).ok_or_else(stranger)?;
        let hash = Sha256::digest(shown).to_vec();
        let found = api_keys::living_of_supplier(app.db.read(), &hash).await?;
        let same = |(key, _): &(api_keys::Model, _)| bool::from(key.key_hash.ct_eq(&hash));
        let Some((key, supplier)) = found.filter(same) else {
            record_security_event::record(
                app,
                SecurityEventKind::BadApiKey,
                "supplier API",
                "a key that is unknown, revoked, or not a supplier's",
            )
            .await;
            return Err(stranger().into());
        };
        LIMITER.take(key.id, app.clock.now_ms()).map_err(AppError::TooMany)?;
        note_key_use::note_key_use(app, &key).await?;
        Ok(Self { supplier })
    }
}

impl Caller {
    pub const fn scope(&self) -> ReportScope {
        ReportScope::Supplier(self.supplier.id)
    }

    pub fn actor(&self) -> Actor {
        Actor::Supplier(self.supplier.name.clone())
    }

    /// Finds a purchase order of this supplier by id or number. Another
    /// supplier's is as absent as none, but the attempt is recorded.
    pub async fn purchase_order(&self, app: &App, named: &str) -> Result<purchase_orders::Model, AppError> {
        // Nothing has a name with this character, and PostgreSQL does not look for one.
        if named.contains('\0') {
            return Err(AppError::NotFound("this purchase order"));
        }
        let (db, supplier) = (app.db.read(), self.supplier.id);
        let id: Option<PurchaseOrderId> = named.parse().ok();
        let found = match id {
            Some(id) => supplier_orders::by_id(db, supplier, id).await?,
            None => supplier_orders::by_number(db, supplier, named).await?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
        if supplier_orders::is_foreign(db, supplier, id, named).await? {
            let detail = format!("a key of this supplier was used on {named}, which is another supplier's");
            let kind = SecurityEventKind::ForeignPurchaseOrder;
            record_security_event::record(app, kind, &self.supplier.key, &detail).await;
        }
        Err(AppError::NotFound("this purchase order"))
    }
}

/// The same for every reason, so that it tells nothing.
fn stranger() -> AppError {
    AppError::NotAuthentic("a valid key is needed: Authorization: Bearer …".to_owned())
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && (1..=MAX_KEY_BYTES).contains(&key.len())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bearer_keys_alone() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for header in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(bearer(header), None, "{header}");
        }
        assert_eq!(bearer(&format!("Bearer {}", "x".repeat(201))), None);
    }
}
