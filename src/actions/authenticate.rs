//! Who is behind a session cookie or an API token. Reads only.

use sha2::{Digest as _, Sha256};

use crate::{
    app::App,
    domain::event::Actor,
    error::AppError,
    ids::{RowId, ShopId, SupplierId, UserId},
    store::{self, memberships::Role, sessions::SignedIn},
};

/// Someone who has shown who they are, and for whom they act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A member of a shop's staff.
    Staff {
        person: Person,
        shop: ShopId,
        is_owner: bool,
    },
    SupplierUser {
        person: Person,
        supplier: SupplierId,
        supplier_name: String,
    },
    /// A script that acts for a shop.
    Token {
        id: RowId,
        shop: ShopId,
        scopes: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub name: String,
}

/// What a token may do when its scopes name it.
pub const READ: &str = "read";
pub const WRITE: &str = "write";

/// How shops' API tokens begin.
pub const TOKEN_PREFIX: &str = "oy_";

impl Identity {
    /// Whose name stands in the history.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Staff { person, .. } => Actor::Staff(person.name.clone()),
            Self::SupplierUser { supplier_name, .. } => Actor::Supplier(supplier_name.clone()),
            Self::Token { .. } => Actor::Token,
        }
    }
}

impl From<SignedIn> for Option<Identity> {
    /// None for a membership that belongs to nobody, which the database cannot rule out.
    fn from(row: SignedIn) -> Self {
        let person = Person {
            id: row.user_id,
            email: row.email,
            name: row.name,
        };
        match (row.role, row.shop_id, row.supplier_id) {
            (Role::Owner | Role::Staff, Some(shop), None) => Some(Identity::Staff {
                person,
                shop,
                is_owner: row.role == Role::Owner,
            }),
            (Role::Supplier, None, Some(supplier)) => Some(Identity::SupplierUser {
                person,
                supplier,
                supplier_name: row.supplier_name.unwrap_or_default(),
            }),
            _ => None,
        }
    }
}

/// Who is signed in with a session token; none when it is unknown or over.
pub async fn by_session(app: &App, token: &str) -> Result<Option<Identity>, AppError> {
    let signed_in = store::sessions::signed_in(app.db.read(), &hash(token), app.clock.now()).await?;
    Ok(signed_in.and_then(Into::into))
}

/// Which shop's script shows a token; none when it is unknown or revoked, or the shop has left.
pub async fn by_token(app: &App, token: &str) -> Result<Option<Identity>, AppError> {
    let Some(key) = store::api_keys::living_of_shop(app.db.read(), &hash(token)).await? else {
        return Ok(None);
    };
    // A supplier's key opens the supplier API alone.
    Ok(key
        .shop_id
        .filter(|_| key.supplier_id.is_none())
        .map(|shop| Identity::Token {
            id: key.id,
            shop,
            scopes: key.scopes.split_whitespace().map(str::to_owned).collect(),
        }))
}

/// Secrets that we hand out are kept as their hash. They are random and long,
/// so a plain hash suffices.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
