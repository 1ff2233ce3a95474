//! What a person must decide, and the decisions.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    errors::{Outcome, Problem, payload},
    fulfillments::FulfillmentLine,
    guard,
    loaders::Loaders,
    money::Money,
    order_lines::{OrderLine, order_line_by_id},
    orders::{Order, order_by_id},
    pagination::{Asked, NESTED, Page, STATEMENT, weight},
    purchase_orders::PurchaseOrder,
    scalars::{ShopifyId, id},
    variants::{AlternativeInput, alternatives},
};
use crate::{
    actions::{
        resolve_exception::{self, Resolution},
        settle_unclear::{self, Candidate, Said},
    },
    domain::{exception, money},
    error::AppError,
    ids::{ExceptionId, OfferId, OrderId, ShopifyFulfillmentId},
    routing,
    store::{
        self,
        exceptions::{ExceptionFilter, Model},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "exception::ExceptionKind")]
pub enum ExceptionKind {
    UnmappedLine,
    NoEligibleSupplier,
    PriceRose,
    SupplierRejected,
    /// A purchase order may or may not stand with the supplier.
    OutcomeUnknown,
    FulfilledByHand,
    /// Shopify does not take a parcel that the supplier reported.
    FulfillmentRefused,
    /// Shopify may or may not have made a parcel's fulfillment, and the order does not tell.
    FulfillmentUnclear,
    CancelRefused,
    /// The shop wants to look at a purchase order before it is sent.
    Review,
    /// A supplier does not answer a purchase order, which was asked back; or cannot be reached for long.
    SupplierSilent,
    PlacementRefused,
    /// Work on the order was given up after its last try.
    JobFailed,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "exception::ExceptionStatus")]
pub enum ExceptionStatus {
    Open,
    Resolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "exception::ExceptionChoice")]
pub enum ExceptionChoice {
    Map,
    Retry,
    ChooseSupplier,
    AcceptPrice,
    CancelPurchaseOrder,
    AdoptTracking,
    ConfirmPlaced,
    ConfirmNotPlaced,
    /// One of the fulfillments that Shopify shows is the parcel's.
    ConfirmFulfilled,
    /// None of them is: the parcel is sent to Shopify again.
    ConfirmNotFulfilled,
    MarkHandled,
    Release,
    Refuse,
}

pub struct Exception(pub Model);

impl Exception {
    /// The two prices of a line that was not bought because it became dearer.
    fn prices(&self) -> Option<(money::Money, money::Money)> {
        let evidence = self.0.evidence.as_ref()?;
        let line: routing::PlanLine = serde_json::from_value(evidence.0.clone()).ok()?;
        match line.outcome {
            routing::Outcome::PriceRose { accepted, now, .. } => Some((accepted, now)),
            _ => None,
        }
    }
}

#[Object]
impl Exception {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn kind(&self) -> ExceptionKind {
        self.0.kind.into()
    }

    async fn status(&self) -> ExceptionStatus {
        self.0.status.into()
    }

    async fn message(&self) -> &str {
        &self.0.message
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.0.resolved_at
    }

    /// What was decided, and by whom.
    async fn resolution(&self) -> Option<String> {
        let resolution = self.0.resolution.as_deref()?;
        Some(match self.0.resolved_by.as_deref() {
            Some(by) => format!("{resolution} ({by})"),
            None => resolution.to_owned(),
        })
    }

    async fn order(&self, ctx: &Context<'_>) -> Outcome<Option<Order>> {
        match self.0.order_id {
            Some(id) => order_by_id(ctx, id).await,
            None => Ok(None),
        }
    }

    async fn order_line(&self, ctx: &Context<'_>) -> Outcome<Option<OrderLine>> {
        match self.0.order_line_id {
            Some(id) => order_line_by_id(ctx, id).await,
            None => Ok(None),
        }
    }

    async fn purchase_order(&self, ctx: &Context<'_>) -> Outcome<Option<PurchaseOrder>> {
        match self.0.purchase_order_id {
            Some(id) => Ok(Loaders::of(ctx).one(id).await?.map(PurchaseOrder)),
            None => Ok(None),
        }
    }

    /// Units of the order line that wait for the decision.
    async fn quantity(&self) -> Option<i32> {
        self.0.quantity
    }

    /// What a person can do about it, the likeliest first; none once it is resolved.
    async fn choices(&self) -> Vec<ExceptionChoice> {
        match self.0.status {
            exception::ExceptionStatus::Open => self.0.kind.choices().iter().map(|choice| (*choice).into()).collect(),
            exception::ExceptionStatus::Resolved => Vec::new(),
        }
    }

    async fn evidence(&self) -> Option<async_graphql::Json<&serde_json::Value>> {
        self.0
            .evidence
            .as_ref()
            .map(|evidence| async_graphql::Json(&evidence.0))
    }

    /// `PRICE_ROSE`: what the shop accepted per unit.
    async fn accepted_cost(&self) -> Option<Money> {
        self.prices().map(|(accepted, _)| accepted.into())
    }

    /// `PRICE_ROSE`: what the supplier now asks per unit.
    async fn current_cost(&self) -> Option<Money> {
        self.prices().map(|(_, now)| now.into())
    }
}

#[derive(Default, InputObject)]
#[graphql(name = "ExceptionFilter")]
pub struct ExceptionFilterInput {
    status: Option<ExceptionStatus>,
    kind: Option<Vec<ExceptionKind>>,
    order_id: Option<ID>,
}

#[derive(Default)]
pub struct ExceptionQuery;

#[Object]
impl ExceptionQuery {
    /// What waits for a decision, or was decided; the newest first.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn exceptions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<ExceptionFilterInput>,
    ) -> Outcome<Page<(DateTime<Utc>, ExceptionId), Exception>> {
        let shop = guard::shop_reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let input = filter.unwrap_or_default();
        let order = match &input.order_id {
            Some(order) => {
                let unknown = AppError::invalid("filter.orderId", "this is not an order's id");
                Some(id::<OrderId>(order).ok_or(unknown)?)
            }
            None => None,
        };
        let filter = ExceptionFilter {
            status: input.status.map(Into::into),
            kinds: input.kind.into_iter().flatten().map(Into::into).collect(),
            order,
        };
        let rows = store::exceptions::page(Loaders::of(ctx).db(), shop, &filter, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| (row.created_at, row.id), Exception))
    }

    /// `FULFILLMENT_UNCLEAR`: the fulfillments that Shopify shows now and that may be the parcel's.
    /// Shopify is asked for them.
    #[graphql(complexity = "8 * STATEMENT + NESTED * child_complexity")]
    async fn fulfillments_in_question(
        &self,
        ctx: &Context<'_>,
        exception_id: ID,
    ) -> Outcome<Vec<FulfillmentInQuestion>> {
        let shop = guard::shop_reader(ctx)?;
        let Some(id) = id(&exception_id) else {
            return Ok(Vec::new());
        };
        let found = settle_unclear::candidates(guard::app(ctx), shop, id).await?;
        Ok(found.into_iter().map(FulfillmentInQuestion).collect())
    }
}

/// A fulfillment in Shopify that may have been made of a parcel.
pub struct FulfillmentInQuestion(Candidate);

#[Object]
impl FulfillmentInQuestion {
    async fn shopify_id(&self) -> ShopifyId {
        ShopifyId(self.0.id.0)
    }

    /// As Shopify names it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn tracking_company(&self) -> Option<&str> {
        self.0.company.as_deref()
    }

    async fn tracking_numbers(&self) -> &[String] {
        &self.0.numbers
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn lines(&self) -> Vec<FulfillmentLine> {
        self.0.lines.iter().cloned().map(FulfillmentLine).collect()
    }
}

/// What to do about an order that was fulfilled by hand while a supplier had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ByHandChoice {
    CancelPurchaseOrder,
    AdoptTracking,
}

#[derive(SimpleObject)]
pub struct ExceptionPayload {
    exception: Option<Exception>,
    problems: Vec<Problem>,
}

#[derive(Default)]
pub struct ExceptionMutation;

#[Object]
impl ExceptionMutation {
    /// Map the line's variant and route again.
    async fn resolve_by_mapping(
        &self,
        ctx: &Context<'_>,
        exception_id: ID,
        alternatives: Vec<AlternativeInput>,
    ) -> Outcome<ExceptionPayload> {
        let resolution = self::alternatives(alternatives).map(Resolution::Map);
        resolve(ctx, &exception_id, resolution).await
    }

    /// Try again what did not go.
    async fn retry_exception(&self, ctx: &Context<'_>, exception_id: ID) -> Outcome<ExceptionPayload> {
        resolve(ctx, &exception_id, Ok(Resolution::Retry)).await
    }

    /// Route the line to the alternative that has this offer.
    async fn choose_supplier(&self, ctx: &Context<'_>, exception_id: ID, offer_id: ID) -> Outcome<ExceptionPayload> {
        let unknown = AppError::invalid("offerId", "there is no such offer");
        let offer = id::<OfferId>(&offer_id).ok_or(unknown);
        resolve(ctx, &exception_id, offer.map(Resolution::ChooseOffer)).await
    }

    /// Accept what the offer costs now, for this order and those to come.
    async fn accept_price(&self, ctx: &Context<'_>, exception_id: ID) -> Outcome<ExceptionPayload> {
        resolve(ctx, &exception_id, Ok(Resolution::AcceptPrice)).await
    }

    /// Say whether a purchase order stands with the supplier, after asking them.
    async fn settle_unknown(
        &self,
        ctx: &Context<'_>,
        exception_id: ID,
        placed: bool,
        supplier_reference: Option<String>,
    ) -> Outcome<ExceptionPayload> {
        let resolution = if placed {
            Resolution::ConfirmPlaced { supplier_reference }
        } else {
            Resolution::ConfirmNotPlaced
        };
        resolve(ctx, &exception_id, Ok(resolution)).await
    }

    /// Say which fulfillment of Shopify's a parcel's is, of those that `fulfillmentsInQuestion` lists; or, without
    /// one, that Shopify did not make it: then it is sent again. What Shopify shows by then outweighs that.
    async fn settle_fulfillment(
        &self,
        ctx: &Context<'_>,
        exception_id: ID,
        fulfillment_id: Option<ShopifyId>,
    ) -> Outcome<ExceptionPayload> {
        let said = fulfillment_id.map_or(Said::NotMade, |id| Said::ItIs(ShopifyFulfillmentId(id.0)));
        resolve(ctx, &exception_id, Ok(Resolution::SettleFulfillment(said))).await
    }

    async fn settle_fulfilled_by_hand(
        &self,
        ctx: &Context<'_>,
        exception_id: ID,
        choice: ByHandChoice,
    ) -> Outcome<ExceptionPayload> {
        let resolution = match choice {
            ByHandChoice::CancelPurchaseOrder => Resolution::CancelPurchaseOrder,
            ByHandChoice::AdoptTracking => Resolution::AdoptTracking,
        };
        resolve(ctx, &exception_id, Ok(resolution)).await
    }

    /// Let a purchase order that waits for a review be sent.
    async fn release_purchase_order(&self, ctx: &Context<'_>, exception_id: ID) -> Outcome<ExceptionPayload> {
        resolve(ctx, &exception_id, Ok(Resolution::Release)).await
    }

    /// Do not send a purchase order that waits for a review. Nothing buys its units again until
    /// somebody has the order routed; the note stays in the order's history.
    async fn refuse_purchase_order(
        &self,
        ctx: &Context<'_>,
        exception_id: ID,
        note: String,
    ) -> Outcome<ExceptionPayload> {
        resolve(ctx, &exception_id, Ok(Resolution::Refuse { note })).await
    }

    /// Close it without doing anything; the note stays in the order's history.
    async fn mark_handled(&self, ctx: &Context<'_>, exception_id: ID, note: String) -> Outcome<ExceptionPayload> {
        resolve(ctx, &exception_id, Ok(Resolution::MarkHandled { note })).await
    }
}

async fn resolve(
    ctx: &Context<'_>,
    exception: &ID,
    resolution: Result<Resolution, AppError>,
) -> Outcome<ExceptionPayload> {
    let (shop, identity) = guard::shop_writer(ctx)?;
    let done = match (id(exception), resolution) {
        (Some(id), Ok(resolution)) => {
            resolve_exception::resolve_exception(guard::app(ctx), shop, id, resolution, &identity.actor()).await
        }
        (None, _) => Err(AppError::NotFound("this exception")),
        (Some(_), Err(problem)) => Err(problem),
    };
    let (row, problems) = payload(done)?;
    Ok(ExceptionPayload {
        exception: row.map(Exception),
        problems,
    })
}
