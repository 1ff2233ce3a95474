//! Inventory mutations, each under an idempotency key as Shopify has demanded since 2026-04.

use apollo_compiler::resolvers::FieldError;

use super::{Payload, Resolved};
use crate::{
    admin::node::{Args, Ctx, Node, Val},
    ids::parse_gid,
    state::{IdempotentAnswer, Refused, SetQuantity, UserError},
};

const SET: Payload = Payload::new("InventorySetQuantitiesPayload", &["inventoryAdjustmentGroup"])
    .errors_as("InventorySetQuantitiesUserError");
const ACTIVATE: Payload = Payload::new("InventoryActivatePayload", &["inventoryLevel"]);

/// What a mutation did: the id of what it made or touched, or why it did nothing.
type Outcome = Result<i64, Refused>;

/// A mutation that can be repeated: `run` does it, `show` makes the payload of what it did, which
/// is also the payload of a repetition.
#[derive(Clone, Copy)]
pub(super) struct Repeatable {
    run: fn(&Ctx<'_>, &Args) -> Result<Outcome, FieldError>,
    show: fn(&Args, &Outcome) -> Val,
}

pub(super) const SET_QUANTITIES: Repeatable = Repeatable {
    run: run_set,
    show: show_set,
};
pub(super) const ACTIVATE_ITEM: Repeatable = Repeatable {
    run: run_activate,
    show: show_activate,
};

/// Runs a mutation once per key. Without a key it does not run at all; under a known key it
/// answers as before, or complains when the arguments are others.
pub(super) fn once(ctx: &Ctx<'_>, field: &str, args: &Args, key: Option<String>, mutation: Repeatable) -> Resolved {
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return Err(ctx.fail(
            "BAD_REQUEST",
            "The @idempotent directive is required for this mutation but was not provided.",
        ));
    };
    let arguments = args.all();
    let known = ctx.read(|state| state.idempotency.get(&key).cloned());
    if let Some(known) = known {
        if known.field == field && known.arguments == arguments {
            return Ok((mutation.show)(args, &known.outcome));
        }
        let error = UserError::coded(
            &[],
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            "The same idempotency key cannot be used with different operation parameters.",
        );
        return Ok((mutation.show)(args, &Err(error.into())));
    }
    let outcome = (mutation.run)(ctx, args)?;
    let answer = IdempotentAnswer {
        field: field.to_owned(),
        arguments,
        outcome: outcome.clone(),
    };
    ctx.change(|state| state.remember_key(key, answer));
    Ok((mutation.show)(args, &outcome))
}

#[expect(clippy::unnecessary_wraps, reason = "its neighbour in `Repeatable::run` can fail")]
fn run_set(ctx: &Ctx<'_>, args: &Args) -> Result<Outcome, FieldError> {
    let input = args.get("input");
    let mut wishes = Vec::new();
    for wish in input["quantities"].as_array().into_iter().flatten() {
        wishes.push(SetQuantity {
            item_id: wish["inventoryItemId"]
                .as_str()
                .and_then(|gid| parse_gid("InventoryItem", gid)),
            location_id: wish["locationId"].as_str().and_then(|gid| parse_gid("Location", gid)),
            quantity: wish["quantity"].as_i64().unwrap_or_default(),
            change_from: wish.get("changeFromQuantity").map(serde_json::Value::as_i64).ok_or(()),
        });
    }
    let (name, reason) = (
        input["name"].as_str().unwrap_or_default(),
        input["reason"].as_str().unwrap_or_default(),
    );
    Ok(ctx.change(|state| state.set_quantities(name, reason, &wishes)))
}

fn show_set(_: &Args, outcome: &Outcome) -> Val {
    match outcome {
        Ok(id) => SET.done(vec![("inventoryAdjustmentGroup", Some(Node::AdjustmentGroup(*id)))]),
        Err(refused) => SET.refused(refused),
    }
}

fn run_activate(ctx: &Ctx<'_>, args: &Args) -> Result<Outcome, FieldError> {
    let item = ctx.id("InventoryItem", args.get("inventoryItemId"))?;
    let location = ctx.id("Location", args.get("locationId"))?;
    let available = args.get("available").as_i64();
    Ok(ctx
        .change(|state| state.activate_inventory(item, location, available))
        .map(|()| location))
}

fn show_activate(args: &Args, outcome: &Outcome) -> Val {
    let item = args
        .text("inventoryItemId")
        .and_then(|gid| parse_gid("InventoryItem", gid));
    match (outcome, item) {
        (Ok(location), Some(item)) => ACTIVATE.done(vec![(
            "inventoryLevel",
            Some(Node::InventoryLevel {
                item,
                location: *location,
            }),
        )]),
        (Ok(_), None) => ACTIVATE.done(Vec::new()),
        (Err(refused), _) => ACTIVATE.refused(refused),
    }
}
