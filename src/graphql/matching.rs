//! Offers that may be the shop's variants, as they are found and decided on.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    loaders::Loaders,
    offers::Offer,
    pagination::{Asked, Page, STATEMENT, weight},
    scalars::id,
    shops::number,
    variants::Variant,
};
use crate::{
    actions::{
        accept_matches::{self, Decided},
        match_variants,
    },
    domain::matching,
    error::AppError,
    ids::{MatchId, ShopifyVariantId},
    store::{match_proposals, match_runs},
};

/// A search through the unmapped variants.
#[derive(SimpleObject)]
pub struct MatchRun {
    id: ID,
    /// Variants that were looked at so far.
    seen: i32,
    /// Variants for which an offer is certain.
    certain: i32,
    /// Variants for which there are offers, but each with a doubt.
    doubtful: i32,
    began_at: DateTime<Utc>,
    /// Null while it is under way.
    ended_at: Option<DateTime<Utc>>,
}

impl From<match_runs::Model> for MatchRun {
    fn from(row: match_runs::Model) -> Self {
        Self {
            id: ID(row.id.to_string()),
            seen: row.seen,
            certain: row.certain,
            doubtful: row.doubtful,
            began_at: row.began_at,
            ended_at: row.ended_at,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MatchCode {
    Sku,
    Barcode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "MatchDoubt", remote = "matching::Doubt")]
pub enum MatchDoubt {
    /// The code stands on several of the shop's variants.
    SeveralVariants,
    /// Several offers carry the code.
    SeveralOffers,
    /// The SKU is the same, but both have barcodes and they differ.
    BarcodesDiffer,
    /// The SKU names one thing, the barcode another: one offer and another, or one variant and another.
    CodesDisagree,
}

pub struct MatchProposal(match_proposals::Model);

#[Object]
impl MatchProposal {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn variant(&self, ctx: &Context<'_>) -> Outcome<Variant> {
        let found = Loaders::of(ctx).one(self.0.variant_id).await?;
        Ok(found.map(Variant).ok_or(AppError::NotFound("the proposal's variant"))?)
    }

    async fn offer(&self, ctx: &Context<'_>) -> Outcome<Offer> {
        let found = Loaders::of(ctx).one(self.0.offer_id).await?;
        Ok(found.map(Offer).ok_or(AppError::NotFound("the proposal's offer"))?)
    }

    /// Which code both carry.
    async fn found_by(&self) -> MatchCode {
        match self.0.found_by {
            matching::KeyKind::Sku => MatchCode::Sku,
            matching::KeyKind::Barcode | matching::KeyKind::Word => MatchCode::Barcode,
        }
    }

    /// The code as it is compared: a SKU in lower case, a barcode with 14 digits.
    async fn code(&self) -> &str {
        &self.0.key
    }

    /// Why a person has to decide; none where the match is certain.
    async fn doubts(&self) -> Vec<MatchDoubt> {
        self.0.doubts.0.iter().copied().map(MatchDoubt::from).collect()
    }

    /// One code names one variant and one offer, and no other code says otherwise.
    async fn certain(&self) -> bool {
        self.0.certain
    }
}

#[derive(SimpleObject)]
pub struct MatchCounts {
    /// Counted up to 10,000.
    certain: i32,
    doubtful: i32,
}

const MOST_COUNTED: u64 = 10_000;

#[derive(Default)]
pub struct MatchQuery;

#[Object]
impl MatchQuery {
    /// The newest search for offers that are the shop's unmapped variants.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn match_run(&self, ctx: &Context<'_>) -> Outcome<Option<MatchRun>> {
        let shop = guard::shop_reader(ctx)?;
        let found = match_runs::latest(Loaders::of(ctx).db(), shop).await?;
        Ok(found.map(MatchRun::from))
    }

    /// How many proposals wait for a decision.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn match_counts(&self, ctx: &Context<'_>) -> Outcome<MatchCounts> {
        let (shop, db) = (guard::shop_reader(ctx)?, Loaders::of(ctx).db());
        let certain = match_proposals::count(db, shop, true, MOST_COUNTED).await?;
        let doubtful = match_proposals::count(db, shop, false, MOST_COUNTED).await?;
        Ok(MatchCounts {
            certain: number(certain),
            doubtful: number(doubtful),
        })
    }

    /// Offers that may be unmapped variants and wait for a decision, by variant.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn match_proposals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that are certain, or those with a doubt.")] certain: bool,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<(ShopifyVariantId, MatchId), MatchProposal>> {
        let shop = guard::shop_reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let rows = match_proposals::page(Loaders::of(ctx).db(), shop, certain, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| (row.variant_id, row.id), MatchProposal))
    }
}

#[derive(SimpleObject)]
pub struct MatchRunPayload {
    run: Option<MatchRun>,
    problems: Vec<Problem>,
}

#[derive(SimpleObject)]
pub struct DecideMatchesPayload {
    /// The proposals that were decided on.
    done: Vec<ID>,
    /// One for each that could not be.
    problems: Vec<Problem>,
}

#[derive(SimpleObject)]
pub struct AcceptCertainPayload {
    /// Whether they are being accepted from now on.
    began: bool,
    problems: Vec<Problem>,
}

#[derive(Default)]
pub struct MatchMutation;

#[Object]
impl MatchMutation {
    /// Looks for offers with the codes of the unmapped variants. It goes on in the background: ask for `matchRun`.
    async fn match_variants(&self, ctx: &Context<'_>) -> Outcome<MatchRunPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let (run, problems) = payload(match_variants::begin(guard::app(ctx), shop).await)?;
        Ok(MatchRunPayload {
            run: run.map(MatchRun::from),
            problems,
        })
    }

    /// Maps the variants of some proposals, at most 100, certain or not, to their offers, at the prices of now.
    async fn accept_matches(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Outcome<DecideMatchesPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let done = accept_matches::accept(guard::app(ctx), shop, &named(&ids), &identity.actor()).await;
        answer(done)
    }

    /// Says no to some proposals, at most 100: they are not made again.
    async fn refuse_matches(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Outcome<DecideMatchesPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let done = accept_matches::refuse(guard::app(ctx), shop, &named(&ids), &identity.actor()).await;
        answer(done)
    }

    /// Accepts all that is certain and still is, in the background.
    async fn accept_certain_matches(&self, ctx: &Context<'_>) -> Outcome<AcceptCertainPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let done = accept_matches::accept_all_certain(guard::app(ctx), shop, &identity.actor()).await;
        let (done, problems) = payload(done)?;
        Ok(AcceptCertainPayload {
            began: done.is_some(),
            problems,
        })
    }
}

/// What is no id of ours names no proposal.
fn named(ids: &[ID]) -> Vec<MatchId> {
    let nobody = MatchId(uuid::Uuid::nil());
    ids.iter().map(|text| id(text).unwrap_or(nobody)).collect()
}

fn answer(done: Result<Decided, AppError>) -> Outcome<DecideMatchesPayload> {
    let (decided, mut problems) = payload(done)?;
    let decided = decided.unwrap_or_default();
    for problem in decided.problems {
        problems.extend(payload::<()>(Err(problem))?.1);
    }
    Ok(DecideMatchesPayload {
        done: decided.done.iter().map(|id| ID(id.to_string())).collect(),
        problems,
    })
}
