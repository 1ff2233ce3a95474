//! `fulfillmentCreate`, `fulfillmentTrackingInfoUpdate`, `fulfillmentCancel`,
//! `fulfillmentEventCreate`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Payload, Resolved, check_visible, text, units};
use crate::{
    admin::{
        node::{Args, Ctx, Node},
        objects::event_node,
    },
    carriers,
    state::{FulfillmentRequest, Tracking},
};

const CREATE: Payload = Payload::new("FulfillmentCreatePayload", &["fulfillment"]);
const UPDATE: Payload = Payload::new("FulfillmentTrackingInfoUpdatePayload", &["fulfillment"]);
const CANCEL: Payload = Payload::new("FulfillmentCancelPayload", &["fulfillment"]);
const EVENT: Payload = Payload::new("FulfillmentEventCreatePayload", &["fulfillmentEvent"]);

pub(super) fn create(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let input = args.get("fulfillment");
    let mut parts = Vec::new();
    for part in input["lineItemsByFulfillmentOrder"].as_array().into_iter().flatten() {
        let id = ctx.id("FulfillmentOrder", &part["fulfillmentOrderId"])?;
        parts.push((id, units(ctx, &part["fulfillmentOrderLineItems"])?));
    }
    for (id, _) in &parts {
        if let Err(refused) = check_visible(ctx, *id, &["fulfillment"]) {
            return Ok(CREATE.refused(&refused));
        }
    }
    let request = FulfillmentRequest {
        parts,
        tracking: tracking(&input["trackingInfo"]),
        notify_customer: input["notifyCustomer"].as_bool().unwrap_or(false),
        by_app: true,
    };
    Ok(match ctx.change(|state| state.create_fulfillment(request)) {
        Ok(id) => CREATE.done(vec![("fulfillment", Some(Node::Fulfillment(id)))]),
        Err(refused) => CREATE.refused(&refused),
    })
}

pub(super) fn update_tracking(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let id = ctx.id("Fulfillment", args.get("fulfillmentId"))?;
    let tracking = tracking(args.get("trackingInfoInput"));
    let notify = args.flag("notifyCustomer");
    Ok(match ctx.change(|state| state.update_tracking(id, tracking, notify)) {
        Ok(()) => UPDATE.done(vec![("fulfillment", Some(Node::Fulfillment(id)))]),
        Err(refused) => UPDATE.refused(&refused),
    })
}

pub(super) fn cancel(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let id = ctx.id("Fulfillment", args.get("id"))?;
    Ok(match ctx.change(|state| state.cancel_fulfillment(id)) {
        Ok(()) => CANCEL.done(vec![("fulfillment", Some(Node::Fulfillment(id)))]),
        Err(refused) => CANCEL.refused(&refused),
    })
}

pub(super) fn add_event(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let input = args.get("fulfillmentEvent");
    let id = ctx.id("Fulfillment", &input["fulfillmentId"])?;
    let status = text(&input["status"]).unwrap_or_default();
    let happened_at = input["happenedAt"]
        .as_str()
        .and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let message = text(&input["message"]);
    let made = ctx.change(|state| {
        let event_id = state.add_event(id, status, message, happened_at)?;
        let event = state
            .fulfillments
            .get(&id)
            .and_then(|f| f.events.iter().find(|event| event.id == event_id));
        Ok(event.map(event_node))
    });
    Ok(match made {
        Ok(event) => EVENT.done(vec![("fulfillmentEvent", event)]),
        Err(refused) => EVENT.refused(&refused),
    })
}

/// `FulfillmentTrackingInput` as a list, one entry per number; a known company's page is built for
/// numbers that come without one.
fn tracking(input: &Value) -> Vec<Tracking> {
    let list = |many: &str, one: &str| -> Vec<String> {
        let many: Vec<_> = input[many].as_array().into_iter().flatten().filter_map(text).collect();
        if many.is_empty() {
            text(&input[one]).into_iter().collect()
        } else {
            many
        }
    };
    let company = text(&input["company"]);
    let (numbers, urls) = (list("numbers", "number"), list("urls", "url"));
    (0..numbers.len().max(urls.len()))
        .map(|index| {
            let number = numbers.get(index).cloned();
            let built = || carriers::tracking_url(company.as_deref()?, number.as_deref()?);
            Tracking {
                company: company.clone(),
                url: urls.get(index).cloned().or_else(built),
                number,
            }
        })
        .collect()
}
