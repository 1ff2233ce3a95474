//! Orders, their lines, and the job behind a cancellation.

use serde_json::{Value, json};

use super::{Resolved, catalog::weight, gone, money_bag};
use crate::{
    admin::{
        access,
        connection::{Row, paginate},
        node::{Args, Ctx, Node, Val},
    },
    clock::iso,
    ids::gid,
    state::{FinancialStatus, JobState, Order, ShopState},
};

pub(super) fn order(ctx: &Ctx<'_>, id: i64, field: &str, args: &Args) -> Resolved {
    if let Some(list) = lists(ctx, id, field, args) {
        return list;
    }
    ctx.read(|state| {
        let Some(order) = state.orders.get(&id) else {
            return Err(gone(ctx, "Order"));
        };
        facts(state, order, field)
            .or_else(|| amounts(order, field))
            .or_else(|| people(order, field))
            .ok_or_else(|| ctx.unknown("Order", field))
    })
}

fn lists(ctx: &Ctx<'_>, id: i64, field: &str, args: &Args) -> Option<Resolved> {
    let order = ctx.read(|state| state.orders.get(&id).cloned())?;
    Some(match field {
        "lineItems" => {
            // Shopify lists lines in the order they were added, not by id.
            let rows = order.lines.iter().enumerate();
            let rows = rows
                .map(|(at, line)| row_at(at, Node::LineItem { order: id, id: line.id }))
                .collect();
            paginate(ctx, "LineItemConnection", rows, args)
        }
        "fulfillmentOrders" => {
            let rows = ctx.read(|state| {
                let known = order
                    .fulfillment_orders
                    .iter()
                    .filter_map(|id| state.fulfillment_orders.get(id));
                let seen = known.filter(|fo| access::sees(state, ctx.scopes, fo, false));
                seen.map(|fo| Row::by_id(fo.id, Node::FulfillmentOrder(fo.id)))
                    .collect()
            });
            paginate(ctx, "FulfillmentOrderConnection", rows, args)
        }
        "fulfillments" => Ok(Val::nodes(
            first(args, &order.fulfillments).map(|id| Node::Fulfillment(*id)),
        )),
        "refunds" => Ok(Val::nodes(first(args, &order.refunds).map(|refund| {
            Node::record(
                "Refund",
                json!({
                    "id": gid("Refund", refund.id),
                    "legacyResourceId": refund.id.to_string(),
                    "createdAt": iso(refund.created_at),
                    "note": refund.note,
                }),
            )
        }))),
        _ => return None,
    })
}

fn row_at(position: usize, node: Node) -> Row {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    Row::by_id(position, node)
}

fn first<'a, T>(args: &Args, items: &'a [T]) -> impl Iterator<Item = &'a T> {
    let limit = args
        .get("first")
        .as_u64()
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(usize::MAX);
    items.iter().take(limit)
}

fn facts(state: &ShopState, order: &Order, field: &str) -> Option<Val> {
    Some(match field {
        "id" => gid("Order", order.id).into(),
        "legacyResourceId" => order.id.to_string().into(),
        "name" => order.name.clone().into(),
        "number" => order.number.into(),
        "createdAt" | "processedAt" => iso(order.created_at).into(),
        "updatedAt" => iso(order.updated_at).into(),
        "cancelledAt" => order.cancelled_at.map(iso).into(),
        "cancelReason" => order.cancel_reason.clone().into(),
        "closedAt" => order.closed_at.map(iso).into(),
        "closed" => order.closed_at.is_some().into(),
        "test" => false.into(),
        "confirmed" => true.into(),
        "edited" => order
            .lines
            .iter()
            .any(|line| line.quantity != line.current_quantity)
            .into(),
        "requiresShipping" => order.lines.iter().any(|line| line.requires_shipping).into(),
        "displayFinancialStatus" => order.financial_status.graphql().into(),
        "displayFulfillmentStatus" => state.fulfillment_status(order.id).into(),
        "fullyPaid" => matches!(order.financial_status, FinancialStatus::Paid).into(),
        "unpaid" => matches!(
            order.financial_status,
            FinancialStatus::Pending | FinancialStatus::Authorized
        )
        .into(),
        "currencyCode" | "presentmentCurrencyCode" => order.currency.clone().into(),
        "note" => order.note.clone().into(),
        "poNumber" => Val::NULL,
        "tags" => order.tags.clone().into(),
        "sourceName" => "web".into(),
        "sourceIdentifier" => order.source_identifier.clone().into(),
        "customerLocale" => "en".into(),
        "app" => Val::Node(Node::record(
            "OrderApp",
            json!({ "id": gid("App", 580_111), "name": "Online Store" }),
        )),
        "attribution" => Val::Node(Node::record(
            "OrderAttribution",
            json!({ "handle": "online-store", "displayName": "Online Store" }),
        )),
        "risk" => Val::Node(Node::Risk(order.id)),
        "fulfillmentsCount" => Val::Node(Node::record(
            "Count",
            json!({ "count": order.fulfillments.len(), "precision": "EXACT" }),
        )),
        "shippingLine" => Val::Node(Node::record(
            "ShippingLine",
            json!({
                "id": gid("ShippingLine", order.id),
                "title": "Standard",
                "code": "Standard",
                "carrierIdentifier": null,
                "source": "shopify",
            }),
        )),
        "returnStatus" => "NO_RETURN".into(),
        _ => return None,
    })
}

fn amounts(order: &Order, field: &str) -> Option<Val> {
    let unpaid = matches!(
        order.financial_status,
        FinancialStatus::Pending | FinancialStatus::Authorized
    );
    let minor = match field {
        "totalPriceSet" | "originalTotalPriceSet" => order.total_minor(),
        "subtotalPriceSet" => order.subtotal_minor(),
        "currentSubtotalPriceSet" => order.current_subtotal_minor(),
        "currentTotalPriceSet" => (order.total_minor() - order.refunded_minor()).max(0),
        "currentShippingPriceSet" | "totalShippingPriceSet" => order.shipping_minor,
        "totalOutstandingSet" => {
            if unpaid {
                order.total_minor()
            } else {
                0
            }
        }
        "totalRefundedSet" => order.refunded_minor(),
        "currentTotalTaxSet" | "totalTaxSet" | "currentTotalDiscountsSet" => 0,
        _ => return None,
    };
    Some(money_bag(minor, &order.currency))
}

fn people(order: &Order, field: &str) -> Option<Val> {
    Some(match field {
        "email" => order.email.clone().into(),
        "phone" => order.phone.clone().into(),
        "customer" => Val::maybe(order.customer.as_ref().map(|customer| {
            Node::record(
                "Customer",
                json!({
                    "id": gid("Customer", customer.id),
                    "legacyResourceId": customer.id.to_string(),
                    "firstName": customer.first_name,
                    "lastName": customer.last_name,
                    "displayName": format!("{} {}", customer.first_name, customer.last_name),
                    "email": customer.email,
                    "phone": customer.phone,
                    "tags": customer.tags,
                    "createdAt": iso(customer.created_at),
                    "updatedAt": iso(customer.created_at),
                }),
            )
        })),
        "shippingAddress" | "billingAddress" | "displayAddress" => Val::maybe(address(order)),
        _ => return None,
    })
}

/// The shipping address as a `MailingAddress`.
pub(super) fn address(order: &Order) -> Option<Node> {
    let address = order.shipping_address.as_ref()?;
    let name: Vec<&str> = [&address.first_name, &address.last_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    Some(Node::record(
        "MailingAddress",
        json!({
            "id": gid("MailingAddress", order.id),
            "firstName": address.first_name,
            "lastName": address.last_name,
            "name": name.join(" "),
            "company": address.company,
            "address1": address.address1,
            "address2": address.address2,
            "city": address.city,
            "zip": address.zip,
            "province": address.province,
            "provinceCode": address.province_code,
            "country": address.country,
            "countryCode": address.country_code,
            "countryCodeV2": address.country_code,
            "phone": address.phone,
            "latitude": null,
            "longitude": null,
        }),
    ))
}

pub(super) fn risk(ctx: &Ctx<'_>, order_id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let order = state.orders.get(&order_id).ok_or_else(|| gone(ctx, "Order"))?;
        let assessment = || {
            Node::record(
                "OrderRiskAssessment",
                json!({ "riskLevel": order.risk_level().to_uppercase() }),
            )
        };
        Ok(match field {
            "recommendation" => order.recommendation().into(),
            "assessments" => Val::nodes([assessment()]),
            _ => return Err(ctx.unknown("OrderRiskSummary", field)),
        })
    })
}

pub(super) fn line_item(ctx: &Ctx<'_>, order_id: i64, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let order = state.orders.get(&order_id);
        let Some((order, line)) = order.and_then(|order| Some((order, order.line(id)?))) else {
            return Err(gone(ctx, "Line item"));
        };
        let money = |minor| money_bag(minor, &order.currency);
        Ok(match field {
            "id" => gid("LineItem", id).into(),
            "title" => line.title.clone().into(),
            "variantTitle" => line.variant_title.clone().into(),
            "name" => line.name().into(),
            "sku" => line.sku.clone().into(),
            "vendor" => line.vendor.clone().into(),
            "quantity" => line.quantity.into(),
            "currentQuantity" | "refundableQuantity" => line.current_quantity.into(),
            "unfulfilledQuantity" => state.unfulfilled_quantity(order_id, id).into(),
            "nonFulfillableQuantity" => 0.into(),
            "requiresShipping" => line.requires_shipping.into(),
            "isGiftCard" => false.into(),
            "taxable" | "merchantEditable" | "restockable" => true.into(),
            "customAttributes" => Val::List(Vec::new()),
            "weight" => Val::Node(weight(line.grams)),
            "lineItemGroup" => Val::NULL,
            "variant" => Val::maybe(
                line.variant_id
                    .filter(|id| state.variants.contains_key(id))
                    .map(Node::Variant),
            ),
            "product" => Val::maybe(
                line.product_id
                    .filter(|id| state.products.contains_key(id))
                    .map(Node::Product),
            ),
            "originalUnitPriceSet" | "discountedUnitPriceSet" | "discountedUnitPriceAfterAllDiscountsSet" => {
                money(line.price_minor)
            }
            "originalTotalSet" | "discountedTotalSet" => money(line.price_minor * line.quantity),
            "totalDiscountSet" => money(0),
            _ => return Err(ctx.unknown("LineItem", field)),
        })
    })
}

pub(super) fn cancel_job(ctx: &Ctx<'_>, id: &str, result: bool, field: &str) -> Resolved {
    ctx.read(|state| {
        let Some(job) = state.jobs.get(id) else {
            return Err(gone(ctx, "Job"));
        };
        Ok(match (field, result) {
            ("id", _) => id.into(),
            ("done", _) => (job.state != JobState::Started).into(),
            ("query", false) => Val::Node(Node::Query),
            ("errors", true) => Val::Json(Value::Array(Vec::new())),
            ("order", true) => Val::Node(Node::Order(job.order_id)),
            ("status", true) => match job.state {
                JobState::Started => "STARTED".into(),
                JobState::Succeeded => "SUCCEEDED".into(),
                JobState::Failed => "FAILED".into(),
            },
            _ => return Err(ctx.unknown(if result { "OrderCancelJobResult" } else { "Job" }, field)),
        })
    })
}
