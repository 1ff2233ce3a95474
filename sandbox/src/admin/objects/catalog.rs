//! Products, variants and stock.

use serde_json::json;

use super::{Resolved, gone};
use crate::{
    admin::{
        connection::{Row, paginate},
        node::{Args, Ctx, Node, Val},
    },
    clock::iso,
    ids::gid,
    money::format_minor,
};

pub(super) fn product(ctx: &Ctx<'_>, id: i64, field: &str, args: &Args) -> Resolved {
    if field == "variants" {
        let rows = ctx.read(|state| {
            let ids = state.products.get(&id).map(|p| p.variants.clone()).unwrap_or_default();
            ids.into_iter().map(|id| Row::by_id(id, Node::Variant(id))).collect()
        });
        return paginate(ctx, "ProductVariantConnection", rows, args);
    }
    ctx.read(|state| {
        let Some(product) = state.products.get(&id) else {
            return Err(gone(ctx, "Product"));
        };
        Ok(match field {
            "id" => gid("Product", id).into(),
            "legacyResourceId" => id.to_string().into(),
            "title" => product.title.clone().into(),
            "vendor" => product.vendor.clone().into(),
            "status" => "ACTIVE".into(),
            "handle" => product.title.to_lowercase().replace(' ', "-").into(),
            "productType" => "".into(),
            "tags" => product.tags.clone().into(),
            "createdAt" => iso(product.created_at).into(),
            "updatedAt" => iso(product.updated_at).into(),
            _ => return Err(ctx.unknown("Product", field)),
        })
    })
}

pub(super) fn variant(ctx: &Ctx<'_>, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let Some(variant) = state.variants.get(&id) else {
            return Err(gone(ctx, "Variant"));
        };
        let product = state.products.get(&variant.product_id);
        Ok(match field {
            "id" => gid("ProductVariant", id).into(),
            "legacyResourceId" => id.to_string().into(),
            "title" => variant.title.clone().into(),
            "displayName" => match product {
                Some(product) => format!("{} - {}", product.title, variant.title).into(),
                None => variant.title.clone().into(),
            },
            "sku" => variant.sku.clone().into(),
            "barcode" => variant.barcode.clone().into(),
            "price" => format_minor(variant.price_minor, state.currency()).into(),
            "position" => variant.position.into(),
            "taxable" => true.into(),
            "createdAt" => iso(variant.created_at).into(),
            "updatedAt" => iso(variant.updated_at).into(),
            "inventoryQuantity" => {
                let item = variant.inventory_item_id;
                let here = state.levels.iter().filter(|((stocked, _), _)| *stocked == item);
                here.map(|(_, level)| level.available).sum::<i64>().into()
            }
            "product" => Val::Node(Node::Product(variant.product_id)),
            "inventoryItem" => Val::Node(Node::InventoryItem(id)),
            _ => return Err(ctx.unknown("ProductVariant", field)),
        })
    })
}

pub(super) fn inventory_item(ctx: &Ctx<'_>, variant_id: i64, field: &str, args: &Args) -> Resolved {
    let Some(variant) = ctx.read(|state| state.variants.get(&variant_id).cloned()) else {
        return Err(gone(ctx, "Inventory item"));
    };
    let item = variant.inventory_item_id;
    match field {
        "inventoryLevel" => {
            let location = ctx.id("Location", args.get("locationId"))?;
            let stocked = ctx.read(|state| state.levels.contains_key(&(item, location)));
            return Ok(Val::maybe(stocked.then_some(Node::InventoryLevel { item, location })));
        }
        "inventoryLevels" => {
            let rows = ctx.read(|state| {
                let levels = state.levels.keys().filter(|(stocked, _)| *stocked == item);
                levels
                    .map(|(_, location)| {
                        Row::by_id(
                            *location,
                            Node::InventoryLevel {
                                item,
                                location: *location,
                            },
                        )
                    })
                    .collect()
            });
            return paginate(ctx, "InventoryLevelConnection", rows, args);
        }
        _ => {}
    }
    Ok(match field {
        "id" => gid("InventoryItem", item).into(),
        "legacyResourceId" => item.to_string().into(),
        "sku" => variant.sku.into(),
        "tracked" => variant.tracked.into(),
        "requiresShipping" => variant.requires_shipping.into(),
        "createdAt" => iso(variant.created_at).into(),
        "updatedAt" => iso(variant.updated_at).into(),
        "measurement" => Val::Node(Node::Record {
            ty: "InventoryItemMeasurement",
            fields: serde_json::Map::from_iter([("id".to_owned(), gid("InventoryItemMeasurement", item).into())]),
            nodes: vec![("weight", weight(variant.weight_g))],
        }),
        _ => return Err(ctx.unknown("InventoryItem", field)),
    })
}

/// Weight in grams; `Float!` on the wire, so it must be written with a decimal point.
pub(super) fn weight(grams: u32) -> Node {
    Node::record("Weight", json!({ "unit": "GRAMS", "value": f64::from(grams) }))
}

pub(super) fn inventory_level(ctx: &Ctx<'_>, item: i64, location: i64, field: &str, args: &Args) -> Resolved {
    ctx.read(|state| {
        let Some(level) = state.levels.get(&(item, location)) else {
            return Err(gone(ctx, "Inventory level"));
        };
        let id = format!("gid://shopify/InventoryLevel/{location}?inventory_item_id={item}");
        Ok(match field {
            "id" => id.into(),
            "isActive" => true.into(),
            "updatedAt" => iso(level.updated_at).into(),
            "location" => Val::Node(Node::Location(location)),
            "item" => Val::maybe(
                state
                    .variant_of_item(item)
                    .map(|variant| Node::InventoryItem(variant.id)),
            ),
            "quantities" => {
                let names = args.get("names").as_array().cloned().unwrap_or_default();
                Val::nodes(names.iter().filter_map(|name| name.as_str()).map(|name| {
                    let quantity = if matches!(name, "available" | "on_hand") {
                        level.available
                    } else {
                        0
                    };
                    let id = format!("gid://shopify/InventoryQuantity/{location}?inventory_item_id={item}&name={name}");
                    Node::record(
                        "InventoryQuantity",
                        json!({ "id": id, "name": name, "quantity": quantity, "updatedAt": iso(level.updated_at) }),
                    )
                }))
            }
            _ => return Err(ctx.unknown("InventoryLevel", field)),
        })
    })
}

pub(super) fn adjustment_group(ctx: &Ctx<'_>, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let Some(group) = state.adjustments.get(&id) else { return Err(gone(ctx, "Inventory adjustment group")) };
        Ok(match field {
            "id" => gid("InventoryAdjustmentGroup", group.id).into(),
            "createdAt" => iso(group.created_at).into(),
            "reason" => group.reason.clone().into(),
            "changes" => Val::nodes(group.changes.iter().map(|(item, location, delta, after)| {
                let mut nodes = vec![("location", Node::Location(*location))];
                nodes.extend(state.variant_of_item(*item).map(|variant| ("item", Node::InventoryItem(variant.id))));
                let fields = json!({ "name": "available", "delta": delta, "quantityAfterChange": after, "ledgerDocumentUri": null });
                Node::Record { ty: "InventoryChange", fields: fields.as_object().cloned().unwrap_or_default(), nodes }
            })),
            _ => return Err(ctx.unknown("InventoryAdjustmentGroup", field)),
        })
    })
}
