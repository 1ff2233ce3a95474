//! `fulfillmentOrder…`: requests and their answers, holds, moves, splits.

use serde_json::json;

use super::{Payload, Resolved, check_visible, text, units};
use crate::{
    admin::{
        node::{Args, Ctx, Node, Val},
        objects::hold_node,
    },
    ids::parse_gid,
    state::{HoldRequest, Refused, ShopState},
};

const ONE: &[&str] = &["fulfillmentOrder"];
const HOLD: Payload = Payload::new(
    "FulfillmentOrderHoldPayload",
    &["fulfillmentOrder", "fulfillmentHold", "remainingFulfillmentOrder"],
)
.errors_as("FulfillmentOrderHoldUserError");
const RELEASE: Payload =
    Payload::new("FulfillmentOrderReleaseHoldPayload", ONE).errors_as("FulfillmentOrderReleaseHoldUserError");
const MOVE: Payload = Payload::new(
    "FulfillmentOrderMovePayload",
    &[
        "movedFulfillmentOrder",
        "originalFulfillmentOrder",
        "remainingFulfillmentOrder",
    ],
)
.errors_as("FulfillmentOrderMoveFulfillmentOrderMoveUserError");
const SPLIT: Payload = Payload::new("FulfillmentOrderSplitPayload", &["fulfillmentOrderSplits"])
    .errors_as("FulfillmentOrderSplitUserError");
const CANCEL: Payload = Payload::new(
    "FulfillmentOrderCancelPayload",
    &["fulfillmentOrder", "replacementFulfillmentOrder"],
)
.errors_as("FulfillmentOrderCancelError");
const SUBMIT: Payload = Payload::new(
    "FulfillmentOrderSubmitFulfillmentRequestPayload",
    &[
        "originalFulfillmentOrder",
        "submittedFulfillmentOrder",
        "unsubmittedFulfillmentOrder",
    ],
);

/// The payload type of a plain step and the step itself.
type Step<'a> = (
    &'static str,
    Box<dyn FnOnce(&mut ShopState) -> Result<(), Refused> + 'a>,
);

pub(super) fn resolve(ctx: &Ctx<'_>, field: &str, args: &Args) -> Resolved {
    if field == "fulfillmentOrderSplit" {
        return split(ctx, args);
    }
    let id = ctx.id("FulfillmentOrder", args.get("id"))?;
    let message = text(args.get("message"));
    let message = message.as_deref();
    let (payload, act): Step<'_> = match field {
        "fulfillmentOrderAcceptFulfillmentRequest" => (
            "FulfillmentOrderAcceptFulfillmentRequestPayload",
            Box::new(|state| state.accept_request(id, message)),
        ),
        "fulfillmentOrderRejectFulfillmentRequest" => (
            "FulfillmentOrderRejectFulfillmentRequestPayload",
            Box::new(|state| state.reject_request(id, message)),
        ),
        "fulfillmentOrderAcceptCancellationRequest" => (
            "FulfillmentOrderAcceptCancellationRequestPayload",
            Box::new(|state| state.accept_cancellation(id, message)),
        ),
        "fulfillmentOrderRejectCancellationRequest" => (
            "FulfillmentOrderRejectCancellationRequestPayload",
            Box::new(|state| state.reject_cancellation(id, message)),
        ),
        "fulfillmentOrderSubmitCancellationRequest" => (
            "FulfillmentOrderSubmitCancellationRequestPayload",
            Box::new(|state| state.submit_cancellation(id, message.map(str::to_owned))),
        ),
        "fulfillmentOrderClose" => (
            "FulfillmentOrderClosePayload",
            Box::new(|state| state.close_fulfillment_order(id, message)),
        ),
        _ => return other(ctx, field, id, args),
    };
    let payload = Payload::new(payload, ONE);
    Ok(match check_visible(ctx, id, &["id"]).and_then(|()| ctx.change(act)) {
        Ok(()) => payload.done(vec![("fulfillmentOrder", Some(Node::FulfillmentOrder(id)))]),
        Err(refused) => payload.refused(&refused),
    })
}

fn other(ctx: &Ctx<'_>, field: &str, id: i64, args: &Args) -> Resolved {
    let visible = check_visible(ctx, id, &["id"]);
    match field {
        "fulfillmentOrderSubmitFulfillmentRequest" => submit(ctx, id, args, visible),
        "fulfillmentOrderHold" => hold(ctx, id, args, visible),
        "fulfillmentOrderReleaseHold" => release(ctx, id, args, visible),
        "fulfillmentOrderMove" => move_to(ctx, id, args, visible),
        "fulfillmentOrderCancel" => Ok(
            match visible.and_then(|()| ctx.change(|state| state.cancel_fulfillment_order(id))) {
                Ok(replacement) => CANCEL.done(vec![
                    ("fulfillmentOrder", Some(Node::FulfillmentOrder(id))),
                    ("replacementFulfillmentOrder", Some(Node::FulfillmentOrder(replacement))),
                ]),
                Err(refused) => CANCEL.refused(&refused),
            },
        ),
        _ => Err(ctx.unknown("Mutation", field)),
    }
}

fn submit(ctx: &Ctx<'_>, id: i64, args: &Args, visible: Result<(), Refused>) -> Resolved {
    let units = units(ctx, args.get("fulfillmentOrderLineItems"))?;
    let message = text(args.get("message"));
    Ok(
        match visible.and_then(|()| ctx.change(|state| state.submit_request(id, &units, message))) {
            Ok(rest) => SUBMIT.done(vec![
                ("originalFulfillmentOrder", Some(Node::FulfillmentOrder(id))),
                ("submittedFulfillmentOrder", Some(Node::FulfillmentOrder(id))),
                ("unsubmittedFulfillmentOrder", rest.map(Node::FulfillmentOrder)),
            ]),
            Err(refused) => SUBMIT.refused(&refused),
        },
    )
}

fn hold(ctx: &Ctx<'_>, id: i64, args: &Args, visible: Result<(), Refused>) -> Resolved {
    let input = args.get("fulfillmentHold");
    let request = HoldRequest {
        reason: text(&input["reason"]).unwrap_or_default(),
        reason_notes: text(&input["reasonNotes"]),
        handle: text(&input["handle"]),
        external_id: text(&input["externalId"]),
        units: units(ctx, &input["fulfillmentOrderLineItems"])?,
        by_app: true,
    };
    Ok(
        match visible.and_then(|()| ctx.change(|state| state.hold(id, request))) {
            Ok((hold_id, rest)) => {
                let made = ctx.read(|state| {
                    state
                        .fulfillment_orders
                        .get(&id)?
                        .holds
                        .iter()
                        .find(|hold| hold.id == hold_id)
                        .map(hold_node)
                });
                HOLD.done(vec![
                    ("fulfillmentOrder", Some(Node::FulfillmentOrder(id))),
                    ("fulfillmentHold", made),
                    ("remainingFulfillmentOrder", rest.map(Node::FulfillmentOrder)),
                ])
            }
            Err(refused) => HOLD.refused(&refused),
        },
    )
}

fn release(ctx: &Ctx<'_>, id: i64, args: &Args, visible: Result<(), Refused>) -> Resolved {
    let ids = args.get("holdIds").as_array().cloned().unwrap_or_default();
    let ids = ids
        .iter()
        .map(|gid| ctx.id("FulfillmentHold", gid))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(
        match visible.and_then(|()| ctx.change(|state| state.release_hold(id, &ids, true))) {
            Ok(()) => RELEASE.done(vec![("fulfillmentOrder", Some(Node::FulfillmentOrder(id)))]),
            Err(refused) => RELEASE.refused(&refused),
        },
    )
}

fn move_to(ctx: &Ctx<'_>, id: i64, args: &Args, visible: Result<(), Refused>) -> Resolved {
    let location = ctx.id("Location", args.get("newLocationId"))?;
    let units = units(ctx, args.get("fulfillmentOrderLineItems"))?;
    Ok(
        match visible.and_then(|()| ctx.change(|state| state.move_to(id, location, &units))) {
            Ok((original, moved)) => MOVE.done(vec![
                ("originalFulfillmentOrder", Some(Node::FulfillmentOrder(original))),
                ("movedFulfillmentOrder", Some(Node::FulfillmentOrder(moved))),
            ]),
            Err(refused) => MOVE.refused(&refused),
        },
    )
}

fn split(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let mut results = Vec::new();
    for wish in args.get("fulfillmentOrderSplits").as_array().into_iter().flatten() {
        let Some(id) = wish["fulfillmentOrderId"]
            .as_str()
            .and_then(|gid| parse_gid("FulfillmentOrder", gid))
        else {
            return Err(ctx.fail("RESOURCE_NOT_FOUND", "Invalid global id"));
        };
        let units = units(ctx, &wish["fulfillmentOrderLineItems"])?;
        let done = check_visible(ctx, id, &["fulfillmentOrderSplits"])
            .and_then(|()| ctx.change(|state| state.split(id, &units)));
        match done {
            Ok((original, remaining)) => results.push(Node::Record {
                ty: "FulfillmentOrderSplitResult",
                fields: json!({ "replacementFulfillmentOrder": null })
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
                nodes: vec![
                    ("fulfillmentOrder", Node::FulfillmentOrder(original)),
                    ("remainingFulfillmentOrder", Node::FulfillmentOrder(remaining)),
                ],
            }),
            Err(refused) => return Ok(SPLIT.refused(&refused)),
        }
    }
    Ok(Val::Node(Node::Listing {
        ty: SPLIT.ty,
        list: ("fulfillmentOrderSplits", results),
        error_field: SPLIT.error_field,
    }))
}
