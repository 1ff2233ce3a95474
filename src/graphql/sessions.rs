//! Signing in and out, and who the viewer is.

use async_graphql::{Context, Object, SimpleObject};

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    pagination::STATEMENT,
    viewer::{Viewer, ViewerKind},
};
use crate::{
    actions::sign_in::{self, DemoRole, NewSession},
    domain::supplier::ConnectorKind,
    error::AppError,
    store,
};

/// The most suppliers that the demo's sign-in page offers.
const MOST_DEMO_ACCOUNTS: u64 = 50;

/// Who a demo's visitor may sign in as.
#[derive(SimpleObject)]
pub struct DemoAccount {
    kind: ViewerKind,
    /// The shop's or supplier's name.
    name: String,
    /// For suppliers: what demoSignIn takes.
    supplier_key: Option<String>,
}

#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// Who is asking: a member of a shop's staff, a supplier's user, or an API token. Null when not signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        guard::caller(ctx)
            .identity()
            .map(|identity| Viewer::from((*identity).clone()))
    }

    /// True where this installation lets the demo's visitors in with one click.
    async fn demo_sign_in_available(&self, ctx: &Context<'_>) -> bool {
        guard::app(ctx).config.demo
    }

    /// Who a demo's visitor may sign in as with one click; empty outside the demo.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn demo_accounts(&self, ctx: &Context<'_>) -> Outcome<Vec<DemoAccount>> {
        let app = guard::app(ctx);
        if !app.config.demo {
            return Ok(Vec::new());
        }
        let shops = store::shops::installed(app.db.read(), 1).await?;
        let mut suppliers = store::suppliers::of_installation(app.db.read(), MOST_DEMO_ACCOUNTS).await?;
        // Those who work in the portal have something to do there; the others' systems answer by themselves.
        suppliers.sort_by_key(|supplier| supplier.connector != ConnectorKind::Portal);
        let staff = shops.into_iter().map(|shop| DemoAccount {
            kind: ViewerKind::Staff,
            name: shop.name,
            supplier_key: None,
        });
        let suppliers = suppliers.into_iter().map(|supplier| DemoAccount {
            kind: ViewerKind::Supplier,
            name: supplier.name,
            supplier_key: Some(supplier.key),
        });
        Ok(staff.chain(suppliers).collect())
    }
}

#[derive(SimpleObject)]
pub struct SignInPayload {
    viewer: Option<Viewer>,
    problems: Vec<Problem>,
}

impl SignInPayload {
    /// Hands the new session to the browser and says who it is.
    pub fn admit(ctx: &Context<'_>, done: Result<NewSession, AppError>) -> Outcome<Self> {
        let (session, problems) = payload(done)?;
        if let Some(session) = &session {
            ctx.append_http_header("set-cookie", session.token.cookie(guard::app(ctx)));
            guard::caller(ctx).become_other(Some(session.identity.clone()));
        }
        Ok(Self {
            viewer: session.map(|session| session.identity.into()),
            problems,
        })
    }
}

#[derive(SimpleObject)]
pub struct SignOutPayload {
    done: bool,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    async fn sign_in(&self, ctx: &Context<'_>, email: String, password: String) -> Outcome<SignInPayload> {
        let address = &guard::caller(ctx).address;
        let done = sign_in::with_password(guard::app(ctx), &email, password.into(), address).await;
        SignInPayload::admit(ctx, done)
    }

    /// In the demo only.
    async fn demo_sign_in(
        &self,
        ctx: &Context<'_>,
        r#as: ViewerKind,
        supplier_key: Option<String>,
    ) -> Outcome<SignInPayload> {
        let done = match r#as {
            ViewerKind::Staff => sign_in::in_demo(guard::app(ctx), DemoRole::Staff).await,
            ViewerKind::Supplier => sign_in::in_demo(guard::app(ctx), DemoRole::Supplier(supplier_key)).await,
            ViewerKind::Token => Err(AppError::invalid(
                "as",
                "a token is shown with each call, not signed in with",
            )),
        };
        SignInPayload::admit(ctx, done)
    }

    async fn sign_out(&self, ctx: &Context<'_>) -> Outcome<SignOutPayload> {
        let app = guard::app(ctx);
        if let Some(session) = &guard::caller(ctx).session {
            sign_in::out(app, session).await?;
        }
        ctx.append_http_header("set-cookie", sign_in::cleared_cookie(app));
        guard::caller(ctx).become_other(None);
        Ok(SignOutPayload { done: true })
    }
}
