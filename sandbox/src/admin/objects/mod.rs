//! Reading: what each field of each object is. One file per family of objects; this one holds the
//! dispatch and what several families share.

mod catalog;
mod fulfillment;
mod fulfillment_order;
mod order;
mod root;
mod shop;

use apollo_compiler::resolvers::FieldError;
use serde_json::{Value, json};

use super::{
    connection,
    node::{Args, Ctx, Node, Val},
};
use crate::money::format_minor;

pub(super) use self::{fulfillment::event_node, fulfillment_order::hold as hold_node};

type Resolved = Result<Val, FieldError>;

/// The value of a field of an object.
pub(crate) fn resolve(ctx: &Ctx<'_>, node: &Node, field: &str, args: &Args) -> Resolved {
    match node {
        Node::Query => root::query(ctx, field, args),
        // Mutations have their own dispatch.
        Node::Mutation => Err(ctx.unknown("Mutation", field)),
        Node::Shop => shop::shop(ctx, field),
        Node::Installation => shop::installation(ctx, field),
        Node::Location(id) => shop::location(ctx, *id, field),
        Node::Service(id) => shop::service(ctx, *id, field),
        Node::Subscription(id) => shop::subscription(ctx, *id, field),
        Node::Product(id) => catalog::product(ctx, *id, field, args),
        Node::Variant(id) => catalog::variant(ctx, *id, field),
        Node::InventoryItem(variant) => catalog::inventory_item(ctx, *variant, field, args),
        Node::InventoryLevel { item, location } => catalog::inventory_level(ctx, *item, *location, field, args),
        Node::AdjustmentGroup(id) => catalog::adjustment_group(ctx, *id, field),
        Node::Order(id) => order::order(ctx, *id, field, args),
        Node::Risk(order) => order::risk(ctx, *order, field),
        Node::LineItem { order, id } => order::line_item(ctx, *order, *id, field),
        Node::CancelJob { id, result } => order::cancel_job(ctx, id, *result, field),
        Node::FulfillmentOrder(id) => fulfillment_order::fulfillment_order(ctx, *id, field, args),
        Node::FulfillmentOrderLine {
            fulfillment_order: fo,
            id,
        } => fulfillment_order::line(ctx, *fo, *id, field),
        Node::Fulfillment(id) => fulfillment::fulfillment(ctx, *id, field, args),
        Node::FulfillmentLine { fulfillment, id } => fulfillment::line(ctx, *fulfillment, *id, field),
        Node::Connection(page) => connection::resolve(ctx, page, field),
        Node::Record { ty, fields, nodes } => record(ctx, ty, fields, nodes, field),
        Node::Listing {
            list: (name, nodes), ..
        } if field == *name => Ok(Val::nodes(nodes.clone())),
        Node::Listing { error_field, .. } if field == *error_field => Ok(Val::List(Vec::new())),
        Node::Listing { ty, .. } => Err(ctx.unknown(ty, field)),
        Node::Refusal {
            error_field, errors, ..
        } if field == *error_field => Ok(Val::nodes(errors.clone())),
        Node::Refusal { ty, fields, .. } => record(ctx, ty, fields, &[], field),
    }
}

fn record(
    ctx: &Ctx<'_>,
    ty: &str,
    fields: &serde_json::Map<String, Value>,
    nodes: &[(&'static str, Node)],
    field: &str,
) -> Resolved {
    if let Some((_, node)) = nodes.iter().find(|(name, _)| *name == field) {
        return Ok(Val::Node(node.clone()));
    }
    fields
        .get(field)
        .cloned()
        .map(Val::Json)
        .ok_or_else(|| ctx.unknown(ty, field))
}

/// A `MoneyBag` of one amount in the shop's currency.
fn money_bag(minor: i64, currency: &str) -> Val {
    let money = Node::record(
        "MoneyV2",
        json!({ "amount": format_minor(minor, currency), "currencyCode": currency }),
    );
    Val::Node(Node::Record {
        ty: "MoneyBag",
        fields: serde_json::Map::new(),
        nodes: vec![("shopMoney", money.clone()), ("presentmentMoney", money)],
    })
}

/// An object whose row has gone between two steps of one request.
fn gone(ctx: &Ctx<'_>, what: &str) -> FieldError {
    ctx.fail("RESOURCE_NOT_FOUND", format!("{what} no longer exists"))
}
