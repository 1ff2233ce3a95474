//! What suppliers sell.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    costs::PriceBreak,
    errors::{Outcome, Problem, payload},
    guard,
    loaders::Loaders,
    money::Money,
    pagination::{Asked, Page, weight},
    scalars::id,
    suppliers::{Supplier, supplier_by_id},
};
use crate::{
    actions::save_offer::{self, OfferContent},
    domain::goods::Goods,
    error::AppError,
    ids::SupplierId,
    store::{
        self, Party,
        offers::{Model, OfferFilter},
    },
};

pub struct Offer(pub Model);

#[Object]
impl Offer {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn supplier(&self, ctx: &Context<'_>) -> Outcome<Supplier> {
        let supplier = supplier_by_id(ctx, self.0.supplier_id).await?;
        Ok(supplier.ok_or(AppError::NotFound("the offer's supplier"))?)
    }

    async fn sku(&self) -> &str {
        &self.0.sku
    }

    async fn barcode(&self) -> Option<&str> {
        self.0.barcode.as_deref()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn cost(&self) -> Money {
        self.0.cost().into()
    }

    /// Null where the supplier does not say: taken as enough.
    async fn stock(&self) -> Option<i32> {
        self.0.stock
    }

    /// Pieces that no order counts on yet: the stock less what is ordered and not told of in the
    /// supplier's last figure. Null where the supplier does not say, and for suppliers.
    async fn available(&self, ctx: &Context<'_>) -> Outcome<Option<i32>> {
        Ok(match guard::reader(ctx)? {
            Party::Shop(_) => self.0.available().map(store::column),
            Party::Supplier(_) => None,
        })
    }

    async fn weight_g(&self) -> Option<i32> {
        self.0.weight_g
    }

    /// Dangerous goods, such as batteries: only connections that may ship them do.
    async fn dangerous_goods(&self) -> bool {
        self.0.goods.0.dangerous
    }

    /// Years that the recipient must have: only connections that have the age checked ship it.
    async fn minimum_age(&self) -> Option<i32> {
        self.0.goods.0.minimum_age.map(store::column)
    }

    /// Length, width and height of one piece, in millimetres.
    async fn size_mm(&self) -> Option<Vec<i32>> {
        let sides = self.0.goods.0.size_mm?;
        Some(sides.into_iter().map(store::column).collect())
    }

    /// Countries, ISO 3166-1 alpha-2; empty means anywhere.
    async fn ships_to(&self) -> &[String] {
        &self.0.ships_to.0
    }

    /// Prices for larger quantities.
    async fn price_breaks(&self) -> Vec<PriceBreak> {
        PriceBreak::of(&self.0.price_breaks.0)
    }

    async fn active(&self) -> bool {
        self.0.active
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

#[derive(Default, InputObject)]
#[graphql(name = "OfferFilter")]
pub struct OfferFilterInput {
    supplier_id: Option<ID>,
    /// Part of the title, the beginning of the SKU, or the barcode.
    search: Option<String>,
}

#[derive(Default)]
pub struct OfferQuery;

#[Object]
impl OfferQuery {
    /// The offers of the suppliers whom the viewer may see, by supplier and SKU.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn offers(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<OfferFilterInput>,
    ) -> Outcome<Page<(SupplierId, String), Offer>> {
        let party = guard::reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let filter = filter.unwrap_or_default();
        let supplier = match &filter.supplier_id {
            Some(supplier) => {
                let unknown = AppError::invalid("filter.supplierId", "this is not a supplier's id");
                Some(id(supplier).ok_or(unknown)?)
            }
            None => None,
        };
        let filter = OfferFilter {
            supplier,
            search: filter.search,
        };
        let db = Loaders::of(ctx).db();
        let rows = store::offers::page(db, party, &filter, asked.seen.clone(), asked.limit()).await?;
        Ok(asked.page(rows, |row| (row.supplier_id, row.sku.clone()), Offer))
    }
}

#[derive(InputObject)]
pub struct OfferInput {
    supplier_id: ID,
    sku: String,
    title: String,
    /// A decimal such as 4.20
    cost: String,
    currency: String,
    barcode: Option<String>,
    stock: Option<i32>,
    /// The stock was counted just now: pieces that were accepted or shipped before are not on the shelf any more
    /// and reserve nothing, also where the number is the same.
    counted: Option<bool>,
    weight_g: Option<i32>,
    dangerous_goods: Option<bool>,
    minimum_age: Option<i32>,
    /// Length, width and height of one piece, in millimetres.
    size_mm: Option<Vec<i32>>,
    ships_to: Option<Vec<String>>,
    /// By rising quantity; what is there stays, unless given.
    price_breaks: Option<Vec<PriceBreak>>,
    active: Option<bool>,
}

impl OfferInput {
    /// What cannot be counted is as wrong as zero, which the check refuses.
    fn goods(&self) -> Result<Goods, AppError> {
        let count = |number: i32| u32::try_from(number).unwrap_or(0);
        let sides = self.size_mm.as_ref().map(|sides| {
            let sides: Vec<u32> = sides.iter().copied().map(count).collect();
            <[u32; 3]>::try_from(sides)
                .map_err(|_| AppError::invalid("sizeMm", "give three sides: length, width and height"))
        });
        Ok(Goods {
            dangerous: self.dangerous_goods.unwrap_or(false),
            minimum_age: self.minimum_age.map(count),
            size_mm: sides.transpose()?,
        })
    }
}

#[derive(SimpleObject)]
pub struct OfferPayload {
    offer: Option<Offer>,
    problems: Vec<Problem>,
}

#[derive(Default)]
pub struct OfferMutation;

#[Object]
impl OfferMutation {
    /// Adds an offer, or changes the one with this SKU.
    async fn save_offer(&self, ctx: &Context<'_>, input: OfferInput) -> Outcome<OfferPayload> {
        let (party, _) = guard::writer(ctx)?;
        let goods = match input.goods() {
            Ok(goods) => goods,
            Err(error) => {
                let (_, problems) = payload::<()>(Err(error))?;
                return Ok(OfferPayload { offer: None, problems });
            }
        };
        let content = OfferContent {
            goods,
            sku: input.sku,
            title: input.title,
            cost: input.cost,
            currency: input.currency,
            barcode: input.barcode,
            stock: input.stock,
            is_counted: input.counted.unwrap_or(false),
            weight_g: input.weight_g,
            ships_to: input.ships_to.unwrap_or_default(),
            price_breaks: (input.price_breaks).map(|list| list.into_iter().map(PriceBreak::entry).collect()),
            active: input.active.unwrap_or(true),
        };
        let done = match id(&input.supplier_id) {
            Some(supplier) => save_offer::save_offer(guard::app(ctx), party, supplier, content).await,
            None => Err(AppError::NotFound("this supplier")),
        };
        let (row, problems) = payload(done)?;
        Ok(OfferPayload {
            offer: row.map(Offer),
            problems,
        })
    }
}
