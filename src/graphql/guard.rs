//! The walls: what the one who asks may ask for. Every resolver that reads or
//! writes a tenant's data gets the tenant from here, never from an argument.

use std::sync::Arc;

use async_graphql::Context;

use super::{errors::Outcome, viewer::Caller};
use crate::{
    actions::authenticate::{Identity, READ, WRITE},
    app::App,
    error::AppError,
    ids::ShopId,
    store::Party,
};

pub fn app<'c>(ctx: &Context<'c>) -> &'c App {
    ctx.data_unchecked::<App>()
}

pub fn caller<'c>(ctx: &Context<'c>) -> &'c Caller {
    ctx.data_unchecked::<Arc<Caller>>()
}

/// Whoever is signed in, or a valid token.
pub fn identity(ctx: &Context<'_>) -> Outcome<Arc<Identity>> {
    Ok(caller(ctx).identity().ok_or(AppError::Unauthenticated)?)
}

/// Someone who may read for a shop.
pub fn shop_reader(ctx: &Context<'_>) -> Outcome<ShopId> {
    match &*identity(ctx)? {
        Identity::Staff { shop, .. } => Ok(*shop),
        Identity::Token { shop, scopes, .. } => {
            // Who may change things may look at them.
            require(scopes, &[READ, WRITE])?;
            Ok(*shop)
        }
        Identity::SupplierUser { .. } => Err(AppError::Forbidden("this is for a shop's staff".to_owned()).into()),
    }
}

/// Someone who may change things for a shop.
pub fn shop_writer(ctx: &Context<'_>) -> Outcome<(ShopId, Arc<Identity>)> {
    let identity = identity(ctx)?;
    match &*identity {
        Identity::Staff { shop, .. } => Ok((*shop, Arc::clone(&identity))),
        Identity::Token { shop, scopes, .. } => {
            require(scopes, &[WRITE])?;
            Ok((*shop, Arc::clone(&identity)))
        }
        Identity::SupplierUser { .. } => Err(AppError::Forbidden("this is for a shop's staff".to_owned()).into()),
    }
}

/// The shop or the supplier that somebody may read for.
pub fn reader(ctx: &Context<'_>) -> Outcome<Party> {
    match &*identity(ctx)? {
        Identity::SupplierUser { supplier, .. } => Ok(Party::Supplier(*supplier)),
        Identity::Staff { .. } | Identity::Token { .. } => shop_reader(ctx).map(Party::Shop),
    }
}

/// The shop or the supplier that somebody may change things for.
pub fn writer(ctx: &Context<'_>) -> Outcome<(Party, Arc<Identity>)> {
    let identity = identity(ctx)?;
    match &*identity {
        Identity::SupplierUser { supplier, .. } => Ok((Party::Supplier(*supplier), Arc::clone(&identity))),
        Identity::Staff { .. } | Identity::Token { .. } => {
            shop_writer(ctx).map(|(shop, identity)| (Party::Shop(shop), identity))
        }
    }
}

fn require(scopes: &[String], any_of: &[&str]) -> Outcome<()> {
    if scopes.iter().any(|scope| any_of.contains(&scope.as_str())) {
        return Ok(());
    }
    let message = format!("this token lacks the scope {}", any_of.join(" or "));
    Err(AppError::Forbidden(message).into())
}
