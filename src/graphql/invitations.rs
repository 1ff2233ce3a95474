//! Invitations: making them, looking at one, accepting it.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    pagination::STATEMENT,
    scalars::id,
    sessions::SignInPayload,
    viewer::ViewerKind,
};
use crate::{
    actions::{
        accept_invitation::{self, Acceptance},
        authenticate,
        invite::{self, InvitationLink},
    },
    error::AppError,
    store,
};

/// What an invitation link is for.
#[derive(SimpleObject)]
pub struct Invitation {
    email: String,
    kind: ViewerKind,
    /// The shop's or supplier's name.
    r#for: String,
    expires_at: DateTime<Utc>,
}

#[derive(Default)]
pub struct InvitationQuery;

#[Object]
impl InvitationQuery {
    /// What an invitation link is for; null when it is unknown, used or expired.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn invitation(&self, ctx: &Context<'_>, token: String) -> Outcome<Option<Invitation>> {
        let app = guard::app(ctx);
        let (db, hash) = (app.db.read(), authenticate::hash(&token));
        let Some(row) = store::invitations::living(db, &hash, app.clock.now()).await? else {
            return Ok(None);
        };
        let (kind, name) = match (row.shop_id, row.supplier_id) {
            (Some(shop), _) => {
                let shop = store::shops::by_id(db, shop).await?;
                (ViewerKind::Staff, shop.map(|shop| shop.name))
            }
            (None, Some(supplier)) => {
                let supplier = store::suppliers::by_id(db, supplier).await?;
                (ViewerKind::Supplier, supplier.map(|supplier| supplier.name))
            }
            (None, None) => return Ok(None),
        };
        Ok(name.map(|name| Invitation {
            email: row.email,
            kind,
            r#for: name,
            expires_at: row.expires_at,
        }))
    }
}

#[derive(SimpleObject)]
pub struct InvitePayload {
    /// Shown once: send it to the invited person.
    link: Option<String>,
    problems: Vec<Problem>,
}

impl InvitePayload {
    fn from(done: Result<InvitationLink, AppError>) -> Outcome<Self> {
        let (link, problems) = payload(done)?;
        Ok(Self {
            link: link.map(|link| link.0),
            problems,
        })
    }
}

#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        token: String,
        name: String,
        password: String,
    ) -> Outcome<SignInPayload> {
        let caller = guard::caller(ctx);
        let acceptance = Acceptance {
            token,
            name,
            password: password.into(),
            signed_in: caller.identity().map(|identity| (*identity).clone()),
            address: caller.address.clone(),
        };
        let done = accept_invitation::accept_invitation(guard::app(ctx), acceptance).await;
        SignInPayload::admit(ctx, done)
    }

    /// For the shop's owner.
    async fn invite_staff(&self, ctx: &Context<'_>, email: String) -> Outcome<InvitePayload> {
        let (_, identity) = guard::shop_writer(ctx)?;
        InvitePayload::from(invite::staff(guard::app(ctx), &identity, &email).await)
    }

    /// For the shop whose supplier it is, and for the supplier's own people.
    async fn invite_supplier_user(&self, ctx: &Context<'_>, supplier_id: ID, email: String) -> Outcome<InvitePayload> {
        let (_, identity) = guard::writer(ctx)?;
        let done = match id(&supplier_id) {
            Some(supplier) => invite::supplier_user(guard::app(ctx), &identity, supplier, &email).await,
            None => Err(AppError::NotFound("this supplier")),
        };
        InvitePayload::from(done)
    }
}
