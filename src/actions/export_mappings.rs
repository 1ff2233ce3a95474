//! Writes a shop's mappings as a table, some variants at a time.

use std::collections::{BTreeMap, HashMap};

use sea_orm::DbErr;

use crate::{
    domain::mapping_csv,
    ids::{OfferId, ShopId, ShopifyVariantId, SupplierId},
    store::{Recall, mapping_components, mappings, offers, suppliers, variants},
};

/// Variants in one piece.
const PAGE: u64 = 200;

/// The rows of the mappings after a variant, and the variant that they end with; none when there are no more.
pub async fn piece(
    db: &impl Recall,
    shop: ShopId,
    after: Option<ShopifyVariantId>,
) -> Result<Option<(String, ShopifyVariantId)>, DbErr> {
    let page = mappings::page(db, shop, after, PAGE).await?;
    let Some(last) = page.last().map(|mapping| mapping.variant_id) else {
        return Ok(None);
    };
    let ids = page.iter().map(|mapping| mapping.id).collect();
    let components = merged(mapping_components::of_mappings(db, shop, ids).await?);
    let named: Vec<ShopifyVariantId> = page.iter().map(|mapping| mapping.variant_id).collect();
    let named = variants::by_ids(db, shop, &named).await?.into_iter();
    let named: HashMap<ShopifyVariantId, variants::Model> = named.map(|variant| (variant.id, variant)).collect();
    let mut ids: Vec<OfferId> = components.iter().map(|component| component.offer_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let sold = offers::by_ids(db, ids).await?.into_iter();
    let sold: HashMap<OfferId, offers::Model> = sold.map(|offer| (offer.id, offer)).collect();
    let mut ids: Vec<SupplierId> = sold.values().map(|offer| offer.supplier_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys = suppliers::by_ids(db, ids).await?.into_iter();
    let keys: BTreeMap<SupplierId, String> = keys.map(|supplier| (supplier.id, supplier.key)).collect();
    let mut text = String::new();
    for mapping in &page {
        for component in components.iter().filter(|component| component.mapping_id == mapping.id) {
            let Some(offer) = sold.get(&component.offer_id) else {
                continue;
            };
            let supplier = keys.get(&offer.supplier_id).map_or("", String::as_str);
            text.push_str(&line(
                mapping,
                named.get(&mapping.variant_id),
                component,
                offer,
                supplier,
            ));
        }
    }
    Ok(Some((text, last)))
}

/// An offer stands in an alternative once: what the mapping names twice are so many pieces, none of them dearer
/// than the least that is accepted.
fn merged(components: Vec<mapping_components::Model>) -> Vec<mapping_components::Model> {
    let mut merged: Vec<mapping_components::Model> = Vec::with_capacity(components.len());
    let mut places: HashMap<_, usize> = HashMap::new();
    for component in components {
        let offer = (component.alternative_id, component.offer_id, component.currency.code());
        let place = *places.entry(offer).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(same) => {
                same.quantity = same.quantity.saturating_add(component.quantity);
                same.accepted_cost_minor = same.accepted_cost_minor.min(component.accepted_cost_minor);
            }
            None => merged.push(component),
        }
    }
    merged
}

fn line(
    mapping: &mappings::Model,
    variant: Option<&variants::Model>,
    component: &mapping_components::Model,
    offer: &offers::Model,
    supplier: &str,
) -> String {
    let day = |day: Option<chrono::NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    let product = variant.map_or_else(String::new, |variant| match variant.title.as_str() {
        "Default Title" => variant.product_title.clone(),
        title => format!("{}, {title}", variant.product_title),
    });
    // A row is one line. The product is for people, and a variant is found by its id.
    let one_line = |text: &str| text.replace(char::is_control, " ");
    let sku = variant.and_then(|variant| variant.sku.as_deref()).unwrap_or_default();
    mapping_csv::line([
        &mapping.variant_id.to_string(),
        &one_line(sku),
        &one_line(&product),
        &component.rank.to_string(),
        supplier,
        &one_line(&offer.sku),
        &component.quantity.to_string(),
        &day(component.valid_from),
        &day(component.valid_until),
        &component.accepted_cost().decimal(),
        component.currency.code(),
    ])
}
