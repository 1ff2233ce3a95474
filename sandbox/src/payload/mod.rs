//! Webhook bodies, in the shapes of Shopify's documented samples: REST-shaped objects with numeric
//! ids and money strings, and the terse GID-only bodies of the fulfillment-order topics. Reads the
//! state, changes nothing.

mod fulfillment;
mod fulfillment_order;
mod order;

use serde_json::{Map, Value, json};

use crate::{clock::iso, ids::gid, money, spec::AddressSpec, state::ShopState};

pub(crate) use self::{
    fulfillment::{fulfillment, fulfillment_event},
    fulfillment_order::{
        cancellation_submitted, fulfillment_order_answer, fulfillment_order_cancelled, fulfillment_order_moved,
        fulfillment_order_split, fulfillment_order_status, hold, placed_on_hold, progress_reported, request_submitted,
    },
    order::{order, order_edit, refund, risk_assessment},
};

/// `products/*`.
pub(crate) fn product(state: &ShopState, id: i64) -> Option<Value> {
    let product = state.products.get(&id)?;
    let variants: Vec<_> = product
        .variants
        .iter()
        .filter_map(|id| state.variants.get(id))
        .map(|variant| {
            json!({
                "id": variant.id,
                "admin_graphql_api_id": gid("ProductVariant", variant.id),
                "product_id": product.id,
                "title": variant.title,
                "price": money::format_minor(variant.price_minor, state.currency()),
                "position": variant.position,
                "inventory_policy": "deny",
                "compare_at_price": null,
                "option1": variant.title,
                "option2": null,
                "option3": null,
                "created_at": iso(variant.created_at),
                "updated_at": iso(variant.updated_at),
                "taxable": true,
                "barcode": variant.barcode,
                "sku": variant.sku,
                "inventory_item_id": variant.inventory_item_id,
                "image_id": null,
            })
        })
        .collect();
    Some(json!({
        "id": product.id,
        "admin_graphql_api_id": gid("Product", product.id),
        "title": product.title,
        "body_html": null,
        "vendor": product.vendor,
        "product_type": "",
        "handle": product.title.to_lowercase().replace(' ', "-"),
        "status": "active",
        "tags": "",
        "created_at": iso(product.created_at),
        "updated_at": iso(product.updated_at),
        "published_at": iso(product.created_at),
        "variants": variants,
        "options": [],
        "images": [],
        "media": [],
        "published_scope": "global",
        "image": null,
    }))
}

/// The Shop resource, which is also the body of `app/uninstalled`.
pub(crate) fn shop(state: &ShopState) -> Value {
    json!({
        "id": state.id,
        "name": state.spec.name,
        "email": state.spec.email,
        "domain": null,
        "province": null,
        "country": state.spec.country,
        "address1": null,
        "zip": null,
        "city": null,
        "source": null,
        "phone": null,
        "created_at": iso(state.created_at),
        "updated_at": iso(state.now()),
        "country_code": state.spec.country,
        "customer_email": state.spec.email,
        "currency": state.spec.currency,
        "timezone": "(GMT+01:00) Europe",
        "iana_timezone": state.spec.timezone,
        "shop_owner": "Shop Owner",
        "money_format": "{{amount}}",
        "weight_unit": "kg",
        "province_code": null,
        "country_name": state.spec.country,
        "plan_display_name": "Basic",
        "plan_name": "basic",
        "myshopify_domain": null,
        "primary_locale": "en",
    })
}

/// `customers/data_request`, `customers/redact`: the parts they share.
pub(crate) fn customer_reference(state: &ShopState, order_id: i64) -> Option<(Value, Value)> {
    let order = state.orders.get(&order_id)?;
    let customer = order.customer.as_ref()?;
    let orders: Vec<_> = state
        .orders
        .values()
        .filter(|other| other.customer.as_ref().is_some_and(|c| c.email == customer.email))
        .map(|order| order.id)
        .collect();
    let person = json!({ "id": customer.id, "email": customer.email, "phone": customer.phone });
    Some((person, json!(orders)))
}

/// `{shop_money, presentment_money}` of one amount.
fn money_set(minor: i64, currency: &str) -> Value {
    let money = json!({ "amount": money::format_minor(minor, currency), "currency_code": currency });
    json!({ "shop_money": money, "presentment_money": money })
}

fn address(address: &AddressSpec) -> Value {
    let name = [&address.first_name, &address.last_name]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    json!({
        "first_name": address.first_name,
        "address1": address.address1,
        "phone": address.phone,
        "city": address.city,
        "zip": address.zip,
        "province": address.province,
        "country": address.country,
        "last_name": address.last_name,
        "address2": address.address2,
        "company": address.company,
        "latitude": null,
        "longitude": null,
        "name": name,
        "country_code": address.country_code,
        "province_code": address.province_code,
    })
}

/// One object out of several; later keys win.
fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut all = Map::new();
    for part in parts {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    Value::Object(all)
}
