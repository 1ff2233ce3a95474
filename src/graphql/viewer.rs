//! Who asks, as the API shows them, and what every resolver can find out about the request.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};

use super::{
    errors::Outcome,
    loaders::Loaders,
    pagination::STATEMENT,
    shops::Shop,
    suppliers::{Supplier, supplier_by_id},
};
use crate::{
    actions::authenticate::{Identity, Person},
    store,
};

/// What a request brings besides its query.
#[derive(Debug)]
pub struct Caller {
    /// Signing in changes it, so that the answer is already the new viewer's.
    identity: Mutex<Option<Arc<Identity>>>,
    /// The session cookie, to end it.
    pub session: Option<String>,
    /// Where the call came from.
    pub address: String,
}

impl Caller {
    pub fn new(identity: Option<Identity>, session: Option<String>, address: String) -> Self {
        Self {
            identity: Mutex::new(identity.map(Arc::new)),
            session,
            address,
        }
    }

    /// Who asks; none when nobody is signed in.
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on as somebody else, or as nobody.
    pub fn become_other(&self, identity: Option<Identity>) {
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = identity.map(Arc::new);
    }
}

/// A member of a shop's staff, a supplier's user, or an API token.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Viewer {
    id: ID,
    kind: ViewerKind,
    email: Option<String>,
    name: String,
    /// What a token may do; people may do all that their shop or supplier may.
    scopes: Vec<String>,
    #[graphql(skip)]
    identity: Identity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ViewerKind {
    Staff,
    Supplier,
    Token,
}

#[ComplexObject]
impl Viewer {
    /// The shop that the viewer works for.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn shop(&self, ctx: &Context<'_>) -> Outcome<Option<Shop>> {
        let (Identity::Staff { shop, .. } | Identity::Token { shop, .. }) = &self.identity else {
            return Ok(None);
        };
        Ok(store::shops::by_id(Loaders::of(ctx).db(), *shop).await?.map(Shop))
    }

    /// The supplier that the viewer works for.
    async fn supplier(&self, ctx: &Context<'_>) -> Outcome<Option<Supplier>> {
        let Identity::SupplierUser { supplier, .. } = &self.identity else {
            return Ok(None);
        };
        supplier_by_id(ctx, *supplier).await
    }
}

impl From<Identity> for Viewer {
    fn from(identity: Identity) -> Self {
        let of_person = |person: &Person| {
            (
                ID(person.id.to_string()),
                Some(person.email.clone()),
                person.name.clone(),
            )
        };
        let ((id, email, name), kind, scopes) = match &identity {
            Identity::Staff { person, .. } => (of_person(person), ViewerKind::Staff, Vec::new()),
            Identity::SupplierUser { person, .. } => (of_person(person), ViewerKind::Supplier, Vec::new()),
            Identity::Token { id, scopes, .. } => (
                (ID(id.to_string()), None, "API token".to_owned()),
                ViewerKind::Token,
                scopes.clone(),
            ),
        };
        Self {
            id,
            kind,
            email,
            name,
            scopes,
            identity,
        }
    }
}
