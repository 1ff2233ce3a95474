//! Accepts an invitation, once: makes the person known, a member, and signed in.

use secrecy::SecretString;

use super::{
    authenticate::{self, Identity},
    passwords,
    sign_in::{NewSession, add_user, admitted, begin_session, count_attempt, join},
};
use crate::{
    app::App,
    error::AppError,
    ids::UserId,
    store::{Party, Tx, invitations, users},
};

/// What the invited person says.
#[derive(Debug)]
pub struct Acceptance {
    pub token: String,
    pub name: String,
    pub password: SecretString,
    /// Who is signed in already, if anybody.
    pub signed_in: Option<Identity>,
    /// Where the call came from.
    pub address: String,
}

/// Lets the invited person in.
///
/// An inviter sees the link, so the link alone must not open an account that
/// exists: its person shows the password that it has, or is signed in.
pub async fn accept_invitation(app: &App, acceptance: Acceptance) -> Result<NewSession, AppError> {
    let token_hash = authenticate::hash(&acceptance.token);
    let invitation = invitations::living(app.db.read(), &token_hash, app.clock.now())
        .await?
        .ok_or(AppError::Expired("this invitation"))?;
    let party = match (invitation.shop_id, invitation.supplier_id) {
        (Some(shop), _) => Party::Shop(shop),
        (None, Some(supplier)) => Party::Supplier(supplier),
        (None, None) => return Err(AppError::Expired("this invitation")),
    };
    let person = person(app, &invitation, acceptance).await?;
    let tx = app.db.begin().await?;
    // Two acceptances at once end here: one of them takes it.
    if !invitations::take(&tx, &token_hash, app.clock.now()).await? {
        return Err(AppError::Expired("this invitation"));
    }
    let user = known(app, &tx, &invitation, person).await?;
    let membership = join(app, &tx, user, party, invitation.role).await?;
    let session = begin_session(app, &tx, user, membership).await?;
    tx.commit().await?;
    admitted(app, session).await
}

enum Invited {
    Known(UserId),
    New { name: String, password_hash: String },
}

async fn person(app: &App, invitation: &invitations::Model, said: Acceptance) -> Result<Invited, AppError> {
    let Some(user) = users::by_email(app.db.read(), &invitation.email).await? else {
        let name = said.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(AppError::invalid("name", "a name must have 1 to 100 characters"));
        }
        return Ok(Invited::New {
            name: name.to_owned(),
            password_hash: passwords::hash(said.password).await?,
        });
    };
    let is_signed_in = match said.signed_in {
        Some(Identity::Staff { person, .. } | Identity::SupplierUser { person, .. }) => person.id == user.id,
        Some(Identity::Token { .. }) | None => false,
    };
    if is_signed_in {
        return Ok(Invited::Known(user.id));
    }
    count_attempt(app, &user.email, &said.address).await?;
    if passwords::verify(said.password, user.password_hash).await? {
        Ok(Invited::Known(user.id))
    } else {
        Err(AppError::WrongCredentials)
    }
}

async fn known(app: &App, tx: &Tx, invitation: &invitations::Model, person: Invited) -> Result<UserId, AppError> {
    match person {
        Invited::Known(id) => Ok(id),
        Invited::New { name, password_hash } => {
            if users::by_email(tx.conn(), &invitation.email).await?.is_some() {
                return Err(AppError::Conflict(
                    "this e-mail address was taken meanwhile; try again".to_owned(),
                ));
            }
            Ok(add_user(app, tx, invitation.email.clone(), name, Some(password_hash)).await?)
        }
    }
}
