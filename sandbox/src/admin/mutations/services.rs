//! `fulfillmentServiceCreate` and `fulfillmentServiceDelete`.

use serde_json::json;

use super::{Payload, Resolved, text};
use crate::{
    admin::node::{Args, Ctx, Node, Val},
    state::Service,
};

const CREATE: Payload = Payload::new("FulfillmentServiceCreatePayload", &["fulfillmentService"]);
const DELETE: Payload = Payload::new("FulfillmentServiceDeletePayload", &["deletedId"]);

pub(super) fn create(ctx: &Ctx<'_>, args: &Args) -> Val {
    let service = Service {
        id: 0,
        name: text(args.get("name")).unwrap_or_default(),
        handle: String::new(),
        callback_url: text(args.get("callbackUrl")),
        location_id: 0,
        inventory_management: args.flag("inventoryManagement"),
        tracking_support: args.flag("trackingSupport"),
        requires_shipping_method: args.flag("requiresShippingMethod"),
        own: true,
    };
    match ctx.change(|state| state.create_service(service)) {
        Ok(id) => CREATE.done(vec![("fulfillmentService", Some(Node::Service(id)))]),
        Err(refused) => CREATE.refused(&refused),
    }
}

pub(super) fn delete(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let id = ctx.id("FulfillmentService", args.get("id"))?;
    Ok(match ctx.change(|state| state.delete_service(id)) {
        Ok(()) => DELETE.plain(&json!({ "deletedId": args.get("id") })),
        Err(refused) => DELETE.refused(&refused),
    })
}
