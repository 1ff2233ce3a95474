//! `orders/*`, `orders/edited` and `refunds/create`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{address, fulfillment, merged, money_set};
use crate::{
    clock::iso,
    ids::gid,
    money::format_minor,
    state::{FinancialStatus, LineItem, Order, Refund, ShopState},
};

/// The REST Order.
pub(crate) fn order(state: &ShopState, id: i64) -> Option<Value> {
    let order = state.orders.get(&id)?;
    Some(merged([
        identity(state, order),
        amounts(order),
        people(order),
        contents(state, order),
    ]))
}

fn identity(state: &ShopState, order: &Order) -> Value {
    let fulfillment_status = match state.fulfillment_status(order.id) {
        "FULFILLED" => Some("fulfilled"),
        "PARTIALLY_FULFILLED" => Some("partial"),
        _ => None,
    };
    let facts = json!({
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        "app_id": null,
        "browser_ip": null,
        "buyer_accepts_marketing": false,
        "cancel_reason": order.cancel_reason.as_ref().map(|reason| reason.to_lowercase()),
        "cancelled_at": order.cancelled_at.map(iso),
        "cart_token": null,
        "checkout_token": null,
        "client_details": null,
        "closed_at": order.closed_at.map(iso),
        "confirmation_number": null,
        "confirmed": true,
        "contact_email": order.email,
        "created_at": iso(order.created_at),
        "currency": order.currency,
        "customer_locale": "en",
        "device_id": null,
        "discount_codes": [],
        "duties_included": false,
        "email": order.email,
        "estimated_taxes": false,
        "financial_status": order.financial_status.graphql().to_lowercase(),
        "fulfillment_status": fulfillment_status,
        "landing_site": null,
        "landing_site_ref": null,
        "location_id": null,
        "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
        "merchant_of_record_app_id": null,
        "name": order.name,
    });
    let more = json!({
        "note": order.note,
        "note_attributes": [],
        "number": order.number - 1000,
        "order_number": order.number,
        "order_status_url": format!("https://{}/{}/orders/{}/authenticate", state.domain, state.id, order.number),
        "payment_gateway_names": ["bogus"],
        "phone": order.phone,
        "po_number": null,
        "presentment_currency": order.currency,
        "processed_at": iso(order.created_at),
        "reference": null,
        "referring_site": null,
        "source_identifier": order.source_identifier,
        "source_name": "web",
        "source_url": null,
        "tags": order.tags.join(", "),
        "tax_exempt": false,
        "tax_lines": [],
        "taxes_included": false,
        "test": false,
        "token": format!("{:x}", order.id),
        "updated_at": iso(order.updated_at),
        "user_id": null,
    });
    merged([facts, more])
}

fn amounts(order: &Order) -> Value {
    let currency = &order.currency;
    let text = |minor| format_minor(minor, currency);
    let set = |minor| money_set(minor, currency);
    let subtotal = order.subtotal_minor();
    let current = order.current_subtotal_minor();
    let total = order.total_minor();
    let current_total = (total - order.refunded_minor()).max(0);
    let unpaid = matches!(
        order.financial_status,
        FinancialStatus::Pending | FinancialStatus::Authorized
    );
    let outstanding = if unpaid { total } else { 0 };
    let now = json!({
        "current_shipping_price_set": set(order.shipping_minor),
        "current_subtotal_price": text(current),
        "current_subtotal_price_set": set(current),
        "current_total_additional_fees_set": null,
        "current_total_discounts": text(0),
        "current_total_discounts_set": set(0),
        "current_total_duties_set": null,
        "current_total_price": text(current_total),
        "current_total_price_set": set(current_total),
        "current_total_tax": text(0),
        "current_total_tax_set": set(0),
        "original_total_additional_fees_set": null,
        "original_total_duties_set": null,
    });
    let sold = json!({
        "subtotal_price": text(subtotal),
        "subtotal_price_set": set(subtotal),
        "total_cash_rounding_payment_adjustment_set": set(0),
        "total_cash_rounding_refund_adjustment_set": set(0),
        "total_discounts": text(0),
        "total_discounts_set": set(0),
        "total_line_items_price": text(subtotal),
        "total_line_items_price_set": set(subtotal),
        "total_outstanding": text(outstanding),
        "total_price": text(total),
        "total_price_set": set(total),
        "total_shipping_price_set": set(order.shipping_minor),
        "total_tax": text(0),
        "total_tax_set": set(0),
        "total_tip_received": text(0),
        "total_weight": order.lines.iter().map(|line| i64::from(line.grams) * line.quantity).sum::<i64>(),
    });
    merged([now, sold])
}

fn people(order: &Order) -> Value {
    let shipping = order.shipping_address.as_ref().map(address);
    let customer = order.customer.as_ref().map(|customer| {
        json!({
            "id": customer.id,
            "created_at": iso(customer.created_at),
            "updated_at": iso(customer.created_at),
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "state": "disabled",
            "note": null,
            "verified_email": true,
            "multipass_identifier": null,
            "tax_exempt": false,
            "email": customer.email,
            "phone": customer.phone,
            "currency": order.currency,
            "tax_exemptions": [],
            "admin_graphql_api_id": gid("Customer", customer.id),
            "default_address": shipping,
        })
    });
    let mut people = json!({ "billing_address": shipping, "customer": customer });
    // Shopify leaves the key out when there is nowhere to ship to.
    if let (Some(people), Some(shipping)) = (people.as_object_mut(), shipping) {
        people.insert("shipping_address".to_owned(), shipping);
    }
    people
}

fn contents(state: &ShopState, order: &Order) -> Value {
    let lines: Vec<_> = order.lines.iter().map(|line| line_item(state, order, line)).collect();
    let fulfillments: Vec<_> = order
        .fulfillments
        .iter()
        .filter_map(|id| fulfillment(state, *id))
        .collect();
    let refunds: Vec<_> = order
        .refunds
        .iter()
        .map(|refund| refund_body(state, order, refund))
        .collect();
    json!({
        "discount_applications": [],
        "fulfillments": fulfillments,
        "line_items": lines,
        "payment_terms": null,
        "refunds": refunds,
        "shipping_lines": [shipping_line(order)],
        "returns": [],
        "line_item_groups": [],
    })
}

fn shipping_line(order: &Order) -> Value {
    let price = order.shipping_minor;
    json!({
        "id": order.id + 2,
        "carrier_identifier": null,
        "code": "Standard",
        "current_discounted_price_set": money_set(price, &order.currency),
        "discounted_price": format_minor(price, &order.currency),
        "discounted_price_set": money_set(price, &order.currency),
        "is_removed": false,
        "phone": null,
        "price": format_minor(price, &order.currency),
        "price_set": money_set(price, &order.currency),
        "requested_fulfillment_service_id": null,
        "source": "shopify",
        "title": "Standard",
        "tax_lines": [],
        "discount_allocations": [],
    })
}

/// A line item as orders, fulfillments and refunds show it.
pub(super) fn line_item(state: &ShopState, order: &Order, line: &LineItem) -> Value {
    let left = state.unfulfilled_quantity(order.id, line.id);
    let status = match (left, state.fulfilled_quantity(order.id, line.id)) {
        (_, 0) => None,
        (0, _) => Some("fulfilled"),
        _ => Some("partial"),
    };
    let location = order
        .placement
        .iter()
        .find(|(id, _)| *id == line.id)
        .map(|(_, location)| *location);
    let service = location
        .and_then(|id| state.service_at(id))
        .map_or("manual", |service| &service.handle);
    json!({
        "id": line.id,
        "admin_graphql_api_id": gid("LineItem", line.id),
        "attributed_staffs": [],
        "current_quantity": line.current_quantity,
        "fulfillable_quantity": left,
        "fulfillment_service": service,
        "fulfillment_status": status,
        "gift_card": false,
        "grams": line.grams,
        "name": line.name(),
        "price": format_minor(line.price_minor, &order.currency),
        "price_set": money_set(line.price_minor, &order.currency),
        "product_exists": true,
        "product_id": line.product_id,
        "properties": [],
        "quantity": line.quantity,
        "requires_shipping": line.requires_shipping,
        "sales_line_item_group_id": null,
        "sku": line.sku,
        "taxable": true,
        "title": line.title,
        "total_discount": format_minor(0, &order.currency),
        "total_discount_set": money_set(0, &order.currency),
        "variant_id": line.variant_id,
        "variant_inventory_management": "shopify",
        "variant_title": line.variant_title,
        "vendor": line.vendor,
        "tax_lines": [],
        "duties": [],
        "discount_allocations": [],
    })
}

/// `refunds/create`.
pub(crate) fn refund(state: &ShopState, order_id: i64, refund_id: i64) -> Option<Value> {
    let order = state.orders.get(&order_id)?;
    let refund = order.refunds.iter().find(|refund| refund.id == refund_id)?;
    Some(refund_body(state, order, refund))
}

fn refund_body(state: &ShopState, order: &Order, refund: &Refund) -> Value {
    let lines: Vec<_> = refund
        .lines
        .iter()
        .filter_map(|refunded| {
            let line = order.line(refunded.line_item_id)?;
            let subtotal = line.price_minor * refunded.quantity;
            // Shopify writes these two as JSON numbers, unlike all other money.
            let number = |minor| format_minor(minor, &order.currency).parse::<f64>().unwrap_or_default();
            Some(json!({
                "id": refunded.id,
                "line_item_id": line.id,
                "location_id": null,
                "quantity": refunded.quantity,
                "restock_type": refunded.restock_type.graphql().to_lowercase(),
                "subtotal": number(subtotal),
                "subtotal_set": money_set(subtotal, &order.currency),
                "total_tax": number(0),
                "total_tax_set": money_set(0, &order.currency),
                "line_item": line_item(state, order, line),
            }))
        })
        .collect();
    let transaction = json!({
        "id": refund.id + 2,
        "admin_graphql_api_id": gid("OrderTransaction", refund.id + 2),
        "amount": format_minor(refund.amount_minor, &order.currency),
        "currency": order.currency,
        "gateway": "bogus",
        "kind": "refund",
        "order_id": order.id,
        "status": "success",
        "created_at": iso(refund.created_at),
        "test": false,
    });
    json!({
        "id": refund.id,
        "admin_graphql_api_id": gid("Refund", refund.id),
        "created_at": iso(refund.created_at),
        "note": refund.note,
        "order_id": order.id,
        "processed_at": iso(refund.created_at),
        "restock": true,
        "total_duties_set": money_set(0, &order.currency),
        "user_id": null,
        "order_adjustments": [],
        "transactions": [transaction],
        "refund_line_items": lines,
        "refund_shipping_lines": [],
        "return": null,
        "duties": [],
        "additional_fees": [],
    })
}

/// `orders/risk_assessment_changed`, which tells of an assessment and not of what Shopify advises.
pub(crate) fn risk_assessment(order: &Order, now: DateTime<Utc>) -> Value {
    json!({
        "order_id": order.id.to_string(),
        "admin_graphql_api_order_id": gid("Order", order.id),
        "provider_id": null,
        "provider_title": null,
        "risk_level": order.risk_level(),
        "created_at": iso(now),
    })
}

/// `orders/edited`.
pub(crate) fn order_edit(
    state: &ShopState,
    edit_id: i64,
    order_id: i64,
    added: &BTreeMap<i64, i64>,
    removed: &BTreeMap<i64, i64>,
) -> Value {
    let deltas = |deltas: &BTreeMap<i64, i64>| -> Vec<Value> {
        deltas
            .iter()
            .map(|(id, delta)| json!({ "id": id, "delta": delta }))
            .collect()
    };
    json!({ "order_edit": {
        "id": edit_id,
        "app_id": null,
        "created_at": iso(state.now()),
        "committed_at": iso(state.now()),
        "notify_customer": false,
        "order_id": order_id,
        "staff_note": "",
        "user_id": null,
        "line_items": { "additions": deltas(added), "removals": deltas(removed) },
        "discounts": { "line_item": { "additions": [], "removals": [] } },
        "shipping_lines": { "additions": [], "removals": [] },
    } })
}
