//! Adds an offer of a supplier, or changes the one with the same SKU.

use super::save_mapping;
use crate::{
    app::App,
    domain::{
        costs::{PriceBreak, entries::PriceBreakEntry, reading},
        goods::{self, Goods},
        money::{Currency, Money},
    },
    error::AppError,
    ids::{OfferId, SupplierId},
    store::{Party, columns::Json, offers, suppliers},
};

/// What is said of an offer.
#[derive(Clone, Debug)]
pub struct OfferContent {
    pub sku: String,
    pub title: String,
    /// A decimal such as 4.20
    pub cost: String,
    pub currency: String,
    pub barcode: Option<String>,
    pub stock: Option<i32>,
    /// The stock was counted just now: whatever was accepted or shipped by now is told of, also where the number
    /// is the same.
    pub is_counted: bool,
    pub weight_g: Option<i32>,
    pub goods: Goods,
    /// Countries, ISO 3166-1 alpha-2; empty means anywhere.
    pub ships_to: Vec<String>,
    /// Prices for larger quantities; unless given, those that are there stay.
    pub price_breaks: Option<Vec<PriceBreakEntry>>,
    pub active: bool,
}

/// Saves an offer for the supplier's own people, or for the shop whose private supplier it is.
pub async fn save_offer(
    app: &App,
    party: Party,
    supplier: SupplierId,
    content: OfferContent,
) -> Result<offers::Model, AppError> {
    let is_counted = content.is_counted;
    let content = checked(content)?;
    let tx = app.db.begin().await?;
    let found = suppliers::seen_by_ids(tx.conn(), party, &[supplier]).await?;
    let owner = found.first().ok_or(AppError::NotFound("this supplier"))?;
    let may = match party {
        Party::Shop(shop) => owner.shop_id == Some(shop),
        Party::Supplier(_) => true,
    };
    if !may {
        return Err(AppError::Forbidden(format!(
            "{} is in the marketplace; its own people change its offers",
            owner.name
        )));
    }
    // Locked: orders reserve stock meanwhile.
    let before = offers::lock_by_skus(&tx, supplier, vec![content.sku.clone()])
        .await?
        .pop();
    let currency = content.cost.currency;
    // Others are a setup file's to bring in, which is checked against all rates.
    if currency != owner.currency && before.as_ref().is_none_or(|offer| offer.currency != currency) {
        let why = format!("{} is paid in {}", owner.name, owner.currency);
        return Err(AppError::invalid("currency", why));
    }
    let now = app.clock.now();
    let is_news = is_counted || before.as_ref().is_none_or(|offer| offer.stock != content.stock);
    let known = before.as_ref().and_then(|offer| offer.counted_at);
    let row = offers::Model {
        id: before.as_ref().map_or_else(OfferId::generate, |offer| offer.id),
        supplier_id: supplier,
        sku: content.sku,
        barcode: content.barcode,
        title: content.title,
        cost_minor: content.cost.amount_minor,
        currency: content.cost.currency,
        stock: content.stock,
        counted_at: if is_news { content.stock.map(|_| now) } else { known },
        reserved: before.as_ref().map_or(0, |offer| offer.reserved),
        weight_g: content.weight_g,
        goods: Json(content.goods),
        ships_to: Json(content.ships_to),
        price_breaks: match content.price_breaks {
            Some(breaks) => Json(breaks),
            None => before
                .as_ref()
                .map(|offer| offer.price_breaks.clone())
                .unwrap_or_default(),
        },
        active: content.active,
        updated_at: now,
    };
    offers::put(&tx, before.as_ref(), &row)?;
    if let Some(before) = before {
        super::put_inventory::told_by_hand(&tx, &before, &row, None).await?;
        super::replan_orders::of_supplier(&tx, supplier, app.clock.now_ms()).await?;
    }
    tx.commit().await?;
    Ok(row)
}

struct Checked {
    sku: String,
    title: String,
    cost: Money,
    barcode: Option<String>,
    stock: Option<i32>,
    weight_g: Option<i32>,
    goods: Goods,
    ships_to: Vec<String>,
    price_breaks: Option<Vec<PriceBreak>>,
    active: bool,
}

fn checked(content: OfferContent) -> Result<Checked, AppError> {
    let text = |field: &str, text: &str, most: usize| {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > most {
            return Err(AppError::invalid(
                field,
                format!("this must have 1 to {most} characters"),
            ));
        }
        Ok(text.to_owned())
    };
    let currency =
        Currency::parse(&content.currency).map_err(|error| AppError::invalid("currency", error.to_string()))?;
    let cost = Money::parse(&content.cost, currency).map_err(|error| AppError::invalid("cost", error.to_string()))?;
    if !(0..=save_mapping::MOST_COST_MINOR).contains(&cost.amount_minor) {
        return Err(AppError::invalid(
            "cost",
            "a cost must not be negative, nor beyond all measure",
        ));
    }
    if content.stock.is_some_and(|stock| stock < 0) {
        return Err(AppError::invalid("stock", "stock must not be negative"));
    }
    if content.weight_g.is_some_and(|weight| weight < 0) {
        return Err(AppError::invalid("weightG", "a weight must not be negative"));
    }
    content.goods.check().map_err(|(field, message)| {
        let field = if field == "size_mm" { "sizeMm" } else { "minimumAge" };
        AppError::invalid(field, message)
    })?;
    let ships_to: Vec<String> = content.ships_to.iter().map(|code| code.trim().to_uppercase()).collect();
    let is_country = |code: &String| code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    if ships_to.len() > 250 || !ships_to.iter().all(is_country) {
        return Err(AppError::invalid(
            "shipsTo",
            "countries are two letters each, such as DE",
        ));
    }
    let price_breaks = content
        .price_breaks
        .as_deref()
        .map(|list| reading::price_breaks(list, cost));
    let price_breaks = price_breaks.transpose().map_err(|flaws| {
        let (path, message) = flaws.into_iter().next().map_or_else(Default::default, |flaw| {
            // `[0].cost`, as fields are told: .0.cost
            (flaw.path.to_string().replace('[', ".").replace(']', ""), flaw.message)
        });
        AppError::invalid(format!("priceBreaks{path}"), message)
    })?;
    let barcode = content.barcode.map(|barcode| barcode.trim().to_owned());
    let sku = text("sku", &content.sku, 100)?;
    goods::check_sku(&sku).map_err(|message| AppError::invalid("sku", message))?;
    Ok(Checked {
        sku,
        title: text("title", &content.title, 200)?,
        cost,
        barcode: barcode.filter(|barcode| !barcode.is_empty()),
        stock: content.stock,
        weight_g: content.weight_g,
        goods: content.goods,
        ships_to,
        price_breaks,
        active: content.active,
    })
}
