//! Invites a person to a shop's staff or to a supplier's people.
//!
//! Who invites hands the link over; it lets one person in, once, for a week.

use chrono::TimeDelta;

use super::{
    authenticate::{self, Identity},
    sign_in::{normal_email, random_secret},
};
use crate::{
    app::App,
    error::AppError,
    ids::SupplierId,
    store::{self, Party, invitations, memberships::Role, suppliers},
};

const VALID_DAYS: i64 = 7;

/// The link that lets a person in. Shown once.
#[derive(Clone)]
pub struct InvitationLink(pub String);

/// Invites somebody to the staff of the inviter's shop, which only its owner may.
pub async fn staff(app: &App, inviter: &Identity, email: &str) -> Result<InvitationLink, AppError> {
    match inviter {
        Identity::Staff {
            shop, is_owner: true, ..
        } => invite(app, Party::Shop(*shop), Role::Staff, email).await,
        Identity::Staff { .. } | Identity::Token { .. } | Identity::SupplierUser { .. } => {
            Err(AppError::Forbidden("only the shop's owner invites staff".to_owned()))
        }
    }
}

/// Invites somebody to the people of a supplier: the staff of the shop whose
/// private supplier it is, or somebody who works there already.
pub async fn supplier_user(
    app: &App,
    inviter: &Identity,
    supplier: SupplierId,
    email: &str,
) -> Result<InvitationLink, AppError> {
    match inviter {
        Identity::Staff { shop, .. } => {
            let found = suppliers::seen_by_ids(app.db.read(), Party::Shop(*shop), &[supplier]).await?;
            let found = found.first().ok_or(AppError::NotFound("this supplier"))?;
            if found.shop_id != Some(*shop) {
                return Err(AppError::Forbidden(format!(
                    "{} is in the marketplace; its own people invite others",
                    found.name
                )));
            }
        }
        Identity::SupplierUser { supplier: own, .. } if *own == supplier => {}
        Identity::SupplierUser { .. } => return Err(AppError::NotFound("this supplier")),
        Identity::Token { .. } => {
            return Err(AppError::Forbidden(
                "people are invited by people, not by tokens".to_owned(),
            ));
        }
    }
    invite(app, Party::Supplier(supplier), Role::Supplier, email).await
}

async fn invite(app: &App, party: Party, role: Role, email: &str) -> Result<InvitationLink, AppError> {
    let email = normal_email(email);
    let shape = email.split_once('@');
    let looks_right = shape.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !looks_right || email.len() > 254 || email.chars().any(char::is_whitespace) {
        return Err(AppError::invalid("email", "this is not an e-mail address"));
    }
    let token = random_secret();
    let now = app.clock.now();
    let (shop_id, supplier_id) = match party {
        Party::Shop(shop) => (Some(shop), None),
        Party::Supplier(supplier) => (None, Some(supplier)),
    };
    let row = invitations::Model {
        token_hash: authenticate::hash(&token),
        email,
        shop_id,
        supplier_id,
        role,
        created_at: now,
        expires_at: now + TimeDelta::days(VALID_DAYS),
        used_at: None,
    };
    let tx = app.db.begin().await?;
    store::insert(&tx, row)?;
    tx.commit().await?;
    let base = app.config.shopify.app_url.as_str().trim_end_matches('/');
    Ok(InvitationLink(format!("{base}/invitation/{token}")))
}
