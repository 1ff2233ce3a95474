//! Writing: arguments in, the right rule of `state` called, a payload with `userErrors` out.

mod fulfillment_orders;
mod fulfillments;
mod inventory;
mod orders;
mod services;
mod subscriptions;

use apollo_compiler::resolvers::FieldError;
use serde_json::{Map, Value, json};

use super::{
    access,
    node::{Args, Ctx, Node, Val},
};
use crate::state::{Refused, UserError};

type Resolved = Result<Val, FieldError>;

/// Runs one mutation field; `key` is the key of its `@idempotent`, if it has one.
pub(crate) fn resolve(ctx: &Ctx<'_>, field: &str, args: &Args, key: Option<String>) -> Resolved {
    match field {
        "fulfillmentCreate" => fulfillments::create(ctx, args),
        "fulfillmentCancel" => fulfillments::cancel(ctx, args),
        "fulfillmentTrackingInfoUpdate" => fulfillments::update_tracking(ctx, args),
        "fulfillmentEventCreate" => fulfillments::add_event(ctx, args),
        "fulfillmentServiceCreate" => Ok(services::create(ctx, args)),
        "fulfillmentServiceDelete" => services::delete(ctx, args),
        "webhookSubscriptionCreate" => Ok(subscriptions::create(ctx, args)),
        "webhookSubscriptionUpdate" => subscriptions::update(ctx, args),
        "webhookSubscriptionDelete" => subscriptions::delete(ctx, args),
        "inventorySetQuantities" => inventory::once(ctx, field, args, key, inventory::SET_QUANTITIES),
        "inventoryActivate" => inventory::once(ctx, field, args, key, inventory::ACTIVATE_ITEM),
        "orderCancel" => orders::cancel(ctx, args),
        _ if field.starts_with("fulfillmentOrder") => fulfillment_orders::resolve(ctx, field, args),
        _ => Err(ctx.unknown("Mutation", field)),
    }
}

/// A payload: the objects of a success beside an empty error list, or the errors beside nulls.
struct Payload {
    ty: &'static str,
    /// The type of its errors; those with a code have one of their own per mutation.
    error_ty: &'static str,
    error_field: &'static str,
    fields: &'static [&'static str],
}

impl Payload {
    const fn new(ty: &'static str, fields: &'static [&'static str]) -> Self {
        Self {
            ty,
            error_ty: "UserError",
            error_field: "userErrors",
            fields,
        }
    }

    const fn errors_as(mut self, error_ty: &'static str) -> Self {
        self.error_ty = error_ty;
        self
    }

    fn done(&self, nodes: Vec<(&'static str, Option<Node>)>) -> Val {
        let mut fields = self.nulls();
        fields.insert(self.error_field.to_owned(), json!([]));
        let nodes = nodes
            .into_iter()
            .filter_map(|(name, node)| Some((name, node?)))
            .collect();
        Val::Node(Node::Record {
            ty: self.ty,
            fields,
            nodes,
        })
    }

    fn plain(&self, values: &Value) -> Val {
        let mut fields = self.nulls();
        fields.insert(self.error_field.to_owned(), json!([]));
        fields.extend(values.as_object().cloned().unwrap_or_default());
        Val::Node(Node::Record {
            ty: self.ty,
            fields,
            nodes: Vec::new(),
        })
    }

    fn refused(&self, refused: &Refused) -> Val {
        let errors = refused.0.iter().map(|error| self.error(error)).collect();
        Val::Node(Node::Refusal {
            ty: self.ty,
            fields: self.nulls(),
            error_field: self.error_field,
            errors,
        })
    }

    fn error(&self, error: &UserError) -> Node {
        Node::record(
            self.error_ty,
            json!({ "field": error.field, "message": error.message, "code": error.code }),
        )
    }

    fn nulls(&self) -> Map<String, Value> {
        self.fields
            .iter()
            .map(|field| ((*field).to_owned(), Value::Null))
            .collect()
    }
}

/// `[{id, quantity}]` of a kind as pairs of numbers.
fn units(ctx: &Ctx<'_>, list: &Value) -> Result<Vec<(i64, i64)>, FieldError> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|unit| {
            Ok((
                ctx.id("FulfillmentOrderLineItem", &unit["id"])?,
                unit["quantity"].as_i64().unwrap_or_default(),
            ))
        })
        .collect()
}

/// Refuses a fulfillment order that these scopes cannot work on as if it were not there.
fn check_visible(ctx: &Ctx<'_>, id: i64, field: &[&str]) -> Result<(), Refused> {
    let visible = ctx.read(|state| {
        state
            .fulfillment_orders
            .get(&id)
            .is_some_and(|fo| access::sees(state, ctx.scopes, fo, true))
    });
    if visible {
        return Ok(());
    }
    Err(UserError::coded(
        field,
        "FULFILLMENT_ORDER_NOT_FOUND",
        "Fulfillment order does not exist.",
    )
    .into())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
