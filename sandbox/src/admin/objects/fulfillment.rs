//! Fulfillments, their lines, tracking and events.

use serde_json::json;

use super::{Resolved, gone};
use crate::{
    admin::{
        connection::{Row, paginate},
        node::{Args, Ctx, Node, Val},
    },
    clock::iso,
    ids::gid,
    state::{Fulfillment, FulfillmentEvent, FulfillmentStatus},
};

pub(super) fn fulfillment(ctx: &Ctx<'_>, id: i64, field: &str, args: &Args) -> Resolved {
    let Some(fulfillment) = ctx.read(|state| state.fulfillments.get(&id).cloned()) else {
        return Err(gone(ctx, "Fulfillment"));
    };
    Ok(match field {
        "id" => gid("Fulfillment", id).into(),
        "legacyResourceId" => id.to_string().into(),
        "name" => fulfillment.name.into(),
        "status" => fulfillment.status.graphql().into(),
        "displayStatus" => display_status(&fulfillment).into(),
        "createdAt" => iso(fulfillment.created_at).into(),
        "updatedAt" => iso(fulfillment.updated_at).into(),
        "deliveredAt" => event_time(&fulfillment, "DELIVERED").into(),
        "inTransitAt" => event_time(&fulfillment, "IN_TRANSIT").into(),
        "totalQuantity" => fulfillment.lines.iter().map(|line| line.quantity).sum::<i64>().into(),
        "requiresShipping" => true.into(),
        "order" => Val::Node(Node::Order(fulfillment.order_id)),
        "location" => Val::Node(Node::Location(fulfillment.location_id)),
        "service" => {
            Val::maybe(ctx.read(|state| state.service_at(fulfillment.location_id).map(|s| Node::Service(s.id))))
        }
        "trackingInfo" => {
            let limit = args
                .get("first")
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(usize::MAX);
            Val::nodes(fulfillment.tracking.iter().take(limit).map(|tracking| {
                Node::record(
                    "FulfillmentTrackingInfo",
                    json!({ "company": tracking.company, "number": tracking.number, "url": tracking.url }),
                )
            }))
        }
        "fulfillmentLineItems" => {
            let rows = fulfillment.lines.iter().map(|line| {
                Row::by_id(
                    line.id,
                    Node::FulfillmentLine {
                        fulfillment: id,
                        id: line.id,
                    },
                )
            });
            paginate(ctx, "FulfillmentLineItemConnection", rows.collect(), args)?
        }
        "fulfillmentOrders" => {
            let mut ids: Vec<_> = fulfillment.lines.iter().map(|line| line.fulfillment_order_id).collect();
            ids.dedup();
            let rows = ids.into_iter().map(|id| Row::by_id(id, Node::FulfillmentOrder(id)));
            paginate(ctx, "FulfillmentOrderConnection", rows.collect(), args)?
        }
        "events" => {
            let rows = fulfillment
                .events
                .iter()
                .map(|event| Row::by_id(event.id, event_node(event)));
            paginate(ctx, "FulfillmentEventConnection", rows.collect(), args)?
        }
        _ => return Err(ctx.unknown("Fulfillment", field)),
    })
}

fn display_status(fulfillment: &Fulfillment) -> String {
    match (fulfillment.status, fulfillment.events.last()) {
        (FulfillmentStatus::Cancelled, _) => "CANCELED".to_owned(),
        (_, Some(event)) => event.status.clone(),
        (_, None) if fulfillment.by_app => "FULFILLED".to_owned(),
        (_, None) => "MARKED_AS_FULFILLED".to_owned(),
    }
}

fn event_time(fulfillment: &Fulfillment, status: &str) -> Option<String> {
    fulfillment
        .events
        .iter()
        .find(|event| event.status == status)
        .map(|event| iso(event.happened_at))
}

/// An event as an object.
pub(in crate::admin) fn event_node(event: &FulfillmentEvent) -> Node {
    Node::record(
        "FulfillmentEvent",
        json!({
            "id": gid("FulfillmentEvent", event.id),
            "status": event.status,
            "message": event.message,
            "happenedAt": iso(event.happened_at),
            "createdAt": iso(event.created_at),
            "estimatedDeliveryAt": null,
            "address1": null,
            "city": null,
            "country": null,
            "province": null,
            "zip": null,
        }),
    )
}

pub(super) fn line(ctx: &Ctx<'_>, fulfillment: i64, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let found = state
            .fulfillments
            .get(&fulfillment)
            .and_then(|f| Some((f.order_id, f.lines.iter().find(|line| line.id == id)?)));
        let Some((order, line)) = found else {
            return Err(gone(ctx, "Fulfillment line item"));
        };
        Ok(match field {
            "id" => gid("FulfillmentLineItem", id).into(),
            "quantity" => line.quantity.into(),
            "lineItem" => Val::Node(Node::LineItem {
                order,
                id: line.line_item_id,
            }),
            _ => return Err(ctx.unknown("FulfillmentLineItem", field)),
        })
    })
}
