//! The shop's variants and what they are mapped to.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    loaders::{Loaders, MappingOf},
    money::Money,
    offers::Offer,
    pagination::{Asked, NESTED, Page, STATEMENT, weight},
    plans::{PlanLine, lines_of},
    scalars::{ShopifyId, id},
};
use crate::{
    actions::{
        delete_mapping, match_variants,
        save_mapping::{self, NewAlternative, NewComponent},
        try_mapping,
    },
    domain::{
        mapping::Validity,
        money::{self, Currency},
    },
    error::AppError,
    ids::{AlternativeId, OfferId, ShopId, ShopifyVariantId},
    store::{
        self, mapping_components, mappings,
        variants::{Model, VariantFilter},
    },
};

pub struct Variant(pub Model);

#[Object]
impl Variant {
    async fn id(&self) -> ShopifyId {
        ShopifyId(self.0.id.0)
    }

    async fn sku(&self) -> Option<&str> {
        self.0.sku.as_deref()
    }

    async fn barcode(&self) -> Option<&str> {
        self.0.barcode.as_deref()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn product_title(&self) -> &str {
        &self.0.product_title
    }

    /// Offers of connected suppliers with a title like the variant's, the liker first. Never more than a hint.
    #[graphql(complexity = "STATEMENT + weight(first, child_complexity)")]
    async fn similar_offers(&self, ctx: &Context<'_>, first: Option<i32>) -> Outcome<Vec<SimilarOffer>> {
        let shop = guard::shop_reader(ctx)?;
        let most = Asked::<()>::read(first, None)?.limit().saturating_sub(1);
        let found = match_variants::similar(Loaders::of(ctx).db(), shop, &self.0).await?;
        let shown = found.into_iter().take(usize::try_from(most).unwrap_or(1));
        Ok(shown.map(SimilarOffer::from).collect())
    }

    async fn mapping(&self, ctx: &Context<'_>) -> Outcome<Option<Mapping>> {
        let found = Loaders::of(ctx).one(MappingOf(self.0.id)).await?;
        Ok(found.map(|(row, components)| Mapping { row, components }))
    }
}

#[derive(SimpleObject)]
pub struct SimilarOffer {
    offer: Offer,
    /// From 1 to 100, where 100 is the same words.
    likeness: i32,
}

impl From<(store::offers::Model, u32)> for SimilarOffer {
    fn from((offer, likeness): (store::offers::Model, u32)) -> Self {
        Self {
            offer: Offer(offer),
            likeness: store::column(likeness),
        }
    }
}

/// Which offers make one unit of a variant.
pub struct Mapping {
    row: mappings::Model,
    components: Vec<mapping_components::Model>,
}

#[Object]
impl Mapping {
    async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// By rank: the first that can serve is taken.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn alternatives(&self) -> Vec<MappingAlternative> {
        let mut found: Vec<(AlternativeId, MappingAlternative)> = Vec::new();
        for row in &self.components {
            match found.iter_mut().find(|(id, _)| *id == row.alternative_id) {
                Some((_, alternative)) => alternative.components.push(row.clone()),
                None => found.push((
                    row.alternative_id,
                    MappingAlternative {
                        rank: row.rank,
                        validity: row.validity(),
                        components: vec![row.clone()],
                    },
                )),
            }
        }
        found.into_iter().map(|(_, alternative)| alternative).collect()
    }
}

pub struct MappingAlternative {
    rank: i32,
    validity: Validity,
    components: Vec<mapping_components::Model>,
}

#[Object]
impl MappingAlternative {
    async fn rank(&self) -> i32 {
        self.rank
    }

    /// The first day on which it counts, in UTC.
    async fn valid_from(&self) -> Option<NaiveDate> {
        self.validity.from
    }

    /// The last day on which it counts, in UTC.
    async fn valid_until(&self) -> Option<NaiveDate> {
        self.validity.until
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn components(&self, ctx: &Context<'_>) -> Outcome<Vec<MappingComponent>> {
        let ids: Vec<OfferId> = self.components.iter().map(|row| row.offer_id).collect();
        let offers = Loaders::of(ctx).many(ids).await?;
        let component = |row: &mapping_components::Model| {
            let offer = offers.get(&row.offer_id).cloned()?;
            Some(MappingComponent {
                row: row.clone(),
                offer,
            })
        };
        Ok(self.components.iter().filter_map(component).collect())
    }
}

pub struct MappingComponent {
    row: mapping_components::Model,
    offer: store::offers::Model,
}

#[Object]
impl MappingComponent {
    async fn offer(&self) -> Offer {
        Offer(self.offer.clone())
    }

    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// What the shop agreed to pay for one piece.
    async fn accepted_cost(&self) -> Money {
        self.row.accepted_cost().into()
    }
}

#[derive(Default, InputObject)]
#[graphql(name = "VariantFilter")]
pub struct VariantFilterInput {
    /// Part of the product's title, or the beginning of the SKU.
    search: Option<String>,
    unmapped: Option<bool>,
}

#[derive(Default)]
pub struct VariantQuery;

#[Object]
impl VariantQuery {
    /// The shop's variants with their mapping, if any; those without one first.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn variants(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<VariantFilterInput>,
    ) -> Outcome<Page<(bool, ShopifyVariantId), Variant>> {
        let shop = guard::shop_reader(ctx)?;
        let asked = Asked::<(bool, ShopifyVariantId)>::read(first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        // Whether a row is mapped is part of its place: first come all that are not.
        let seen_mapped = asked.seen.filter(|(mapped, _)| *mapped);
        let mut rows: Vec<(bool, Model)> = Vec::new();
        for mapped in [false, true] {
            let is_over = !mapped && seen_mapped.is_some();
            let is_unwanted = filter.unmapped.is_some_and(|unmapped| unmapped == mapped);
            let missing = asked.limit().saturating_sub(rows.len() as u64);
            if is_over || is_unwanted || missing == 0 {
                continue;
            }
            let seen = asked.seen.filter(|(seen, _)| *seen == mapped).map(|(_, id)| id);
            let wanted = VariantFilter {
                search: filter.search.clone(),
                mapped,
            };
            let found = store::variants::page(Loaders::of(ctx).db(), shop, &wanted, seen, missing).await?;
            rows.extend(found.into_iter().map(|row| (mapped, row)));
        }
        Ok(asked.page(rows, |(mapped, row)| (*mapped, row.id), |(_, row)| Variant(row)))
    }

    /// The plan that routing would make of a whole order if it came in now and the variant were mapped so.
    /// Nothing is saved or bought.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn try_mapping(
        &self,
        ctx: &Context<'_>,
        order_id: ID,
        variant_id: ShopifyId,
        alternatives: Vec<AlternativeInput>,
    ) -> Outcome<MappingTrial> {
        let shop = guard::shop_reader(ctx)?;
        let variant = ShopifyVariantId(variant_id.0);
        let order = id(&order_id).ok_or(AppError::NotFound("this order"));
        let done = match order.and_then(|order| Ok((order, self::alternatives(alternatives)?))) {
            Ok((order, new)) => try_mapping::try_mapping(guard::app(ctx), shop, order, variant, new).await,
            Err(problem) => Err(problem),
        };
        let (plan, problems) = payload(done)?;
        Ok(MappingTrial {
            lines: plan.map(lines_of).unwrap_or_default(),
            problems,
        })
    }

    async fn variant(&self, ctx: &Context<'_>, id: ShopifyId) -> Outcome<Option<Variant>> {
        guard::shop_reader(ctx)?;
        Ok(Loaders::of(ctx).one(ShopifyVariantId(id.0)).await?.map(Variant))
    }
}

#[derive(InputObject)]
pub struct AlternativeInput {
    components: Vec<ComponentInput>,
    /// The first and the last day on which it counts, in UTC; without an end it is open.
    valid_from: Option<NaiveDate>,
    valid_until: Option<NaiveDate>,
}

#[derive(InputObject)]
pub struct ComponentInput {
    offer_id: ID,
    quantity: i32,
    /// What the shop agrees to pay for one piece, a decimal such as 4.20 in the offer's currency. Left out,
    /// what it agreed to for the offer in this mapping stays; of an offer that is new there it accepts what
    /// it costs now.
    accepted_cost: Option<String>,
    /// Of the accepted cost, with which it must be given.
    currency: Option<String>,
}

impl ComponentInput {
    fn accepted(&self) -> Result<Option<money::Money>, (&'static str, String)> {
        let Some(cost) = &self.accepted_cost else {
            return Ok(None);
        };
        let currency = Currency::parse(self.currency.as_deref().unwrap_or_default());
        let currency = currency.map_err(|error| ("currency", error.to_string()))?;
        let cost = money::Money::parse(cost, currency);
        cost.map(Some).map_err(|error| ("acceptedCost", error.to_string()))
    }
}

/// What was asked for, with ids that name nothing turned into a problem.
pub fn alternatives(input: Vec<AlternativeInput>) -> Result<Vec<NewAlternative>, AppError> {
    let component = |place: String, input: ComponentInput| {
        let unknown = AppError::invalid(format!("{place}.offerId"), "there is no such offer");
        Ok(NewComponent {
            offer: id(&input.offer_id).ok_or(unknown)?,
            quantity: input.quantity,
            accepted: (input.accepted())
                .map_err(|(field, message)| AppError::invalid(format!("{place}.{field}"), message))?,
        })
    };
    let alternative = |(rank, input): (usize, AlternativeInput)| {
        let components = input.components.into_iter().enumerate();
        let place = |position| format!("alternatives.{rank}.components.{position}");
        let components = components.map(|(position, input)| component(place(position), input));
        Ok(NewAlternative {
            validity: Validity {
                from: input.valid_from,
                until: input.valid_until,
            },
            components: components.collect::<Result<_, AppError>>()?,
        })
    };
    input.into_iter().enumerate().map(alternative).collect()
}

/// What routing would make of an order by a mapping that is not saved.
#[derive(SimpleObject)]
pub struct MappingTrial {
    /// None where there are problems.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    lines: Vec<PlanLine>,
    problems: Vec<Problem>,
}

#[derive(SimpleObject)]
pub struct MappingPayload {
    variant: Option<Variant>,
    problems: Vec<Problem>,
}

#[derive(Default)]
pub struct MappingMutation;

#[Object]
impl MappingMutation {
    /// Says what makes a variant, at the costs that were or are accepted; orders that waited for it are routed.
    async fn save_mapping(
        &self,
        ctx: &Context<'_>,
        variant_id: ShopifyId,
        alternatives: Vec<AlternativeInput>,
    ) -> Outcome<MappingPayload> {
        let (shop, identity) = guard::shop_writer(ctx)?;
        let variant = ShopifyVariantId(variant_id.0);
        let done = match self::alternatives(alternatives) {
            Ok(new) => save_mapping::save_mapping(guard::app(ctx), shop, variant, new, &identity.actor()).await,
            Err(problem) => Err(problem),
        };
        answer(ctx, shop, variant, done).await
    }

    async fn delete_mapping(&self, ctx: &Context<'_>, variant_id: ShopifyId) -> Outcome<MappingPayload> {
        let (shop, _) = guard::shop_writer(ctx)?;
        let variant = ShopifyVariantId(variant_id.0);
        let done = delete_mapping::delete_mapping(guard::app(ctx), shop, variant).await;
        answer(ctx, shop, variant, done).await
    }
}

async fn answer(
    ctx: &Context<'_>,
    shop: ShopId,
    variant: ShopifyVariantId,
    done: Result<(), AppError>,
) -> Outcome<MappingPayload> {
    let (done, problems) = payload(done)?;
    let variant = match done {
        Some(()) => store::variants::by_ids(Loaders::of(ctx).db(), shop, &[variant])
            .await?
            .pop(),
        None => None,
    };
    Ok(MappingPayload {
        variant: variant.map(Variant),
        problems,
    })
}
