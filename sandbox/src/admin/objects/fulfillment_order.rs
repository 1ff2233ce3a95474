//! Fulfillment orders and their lines.

use serde_json::json;

use super::{Resolved, catalog::weight, gone};
use crate::{
    admin::{
        connection::{Row, paginate},
        node::{Args, Ctx, Node, Val},
    },
    clock::iso,
    ids::gid,
    state::{FulfillmentOrder, Order, ShopState},
};

pub(super) fn fulfillment_order(ctx: &Ctx<'_>, id: i64, field: &str, args: &Args) -> Resolved {
    if let Some(list) = lists(ctx, id, field, args) {
        return list;
    }
    ctx.read(|state| {
        let Some(fo) = state.fulfillment_orders.get(&id) else {
            return Err(gone(ctx, "Fulfillment order"));
        };
        let Some(order) = state.orders.get(&fo.order_id) else {
            return Err(gone(ctx, "Order"));
        };
        facts(fo, order, field)
            .or_else(|| parts(state, fo, order, field))
            .ok_or_else(|| ctx.unknown("FulfillmentOrder", field))
    })
}

fn lists(ctx: &Ctx<'_>, id: i64, field: &str, args: &Args) -> Option<Resolved> {
    let fo = ctx.read(|state| state.fulfillment_orders.get(&id).cloned())?;
    Some(match field {
        "lineItems" => {
            let rows = fo.lines.iter().map(|line| {
                Row::by_id(
                    line.id,
                    Node::FulfillmentOrderLine {
                        fulfillment_order: id,
                        id: line.id,
                    },
                )
            });
            paginate(ctx, "FulfillmentOrderLineItemConnection", rows.collect(), args)
        }
        "fulfillments" => {
            let rows = ctx.read(|state| {
                let from_here =
                    |f: &&crate::state::Fulfillment| f.lines.iter().any(|line| line.fulfillment_order_id == id);
                state
                    .order_fulfillments(fo.order_id)
                    .filter(from_here)
                    .map(|f| Row::by_id(f.id, Node::Fulfillment(f.id)))
                    .collect()
            });
            paginate(ctx, "FulfillmentConnection", rows, args)
        }
        "merchantRequests" => {
            let kind = args.text("kind");
            let requests = fo
                .merchant_requests
                .iter()
                .filter(|request| kind.is_none_or(|kind| kind == request.kind));
            let rows = requests.map(|request| {
                let record = Node::record(
                    "FulfillmentOrderMerchantRequest",
                    json!({
                        "id": gid("FulfillmentOrderMerchantRequest", request.id),
                        "kind": request.kind,
                        "message": request.message,
                        "sentAt": iso(request.sent_at),
                        "requestOptions": null,
                        "responseData": null,
                    }),
                );
                Row::by_id(request.id, record)
            });
            paginate(ctx, "FulfillmentOrderMerchantRequestConnection", rows.collect(), args)
        }
        _ => return None,
    })
}

fn facts(fo: &FulfillmentOrder, order: &Order, field: &str) -> Option<Val> {
    Some(match field {
        "id" => gid("FulfillmentOrder", fo.id).into(),
        "orderId" => gid("Order", fo.order_id).into(),
        "orderName" => order.name.clone().into(),
        "orderProcessedAt" => iso(order.created_at).into(),
        "status" => fo.status.graphql().into(),
        "requestStatus" => fo.request_status.graphql().into(),
        "createdAt" => iso(fo.created_at).into(),
        "updatedAt" => iso(fo.updated_at).into(),
        "fulfillAt" => fo.fulfill_at.map(iso).into(),
        "fulfillBy" => order.fulfill_by.map(iso).into(),
        _ => return None,
    })
}

fn parts(state: &ShopState, fo: &FulfillmentOrder, order: &Order, field: &str) -> Option<Val> {
    Some(match field {
        "order" => Val::Node(Node::Order(fo.order_id)),
        "assignedLocation" => {
            let name = state
                .locations
                .get(&fo.location_id)
                .map(|l| l.name.clone())
                .unwrap_or_default();
            let fields = json!({ "name": name, "countryCode": state.spec.country, "address1": null, "address2": null, "city": null, "phone": null, "province": null, "zip": null });
            Val::Node(Node::Record {
                ty: "FulfillmentOrderAssignedLocation",
                fields: fields.as_object().cloned().unwrap_or_default(),
                nodes: vec![("location", Node::Location(fo.location_id))],
            })
        }
        "deliveryMethod" => Val::Node(Node::record(
            "DeliveryMethod",
            json!({
                "id": gid("DeliveryMethod", fo.id),
                "methodType": fo.delivery_method.graphql(),
                "presentedName": "Standard",
                "serviceCode": "Standard",
            }),
        )),
        "destination" => Val::maybe(order.shipping_address.as_ref().map(|address| {
            Node::record(
                "FulfillmentOrderDestination",
                json!({
                    "id": gid("FulfillmentOrderDestination", fo.id),
                    "firstName": address.first_name,
                    "lastName": address.last_name,
                    "company": address.company,
                    "address1": address.address1,
                    "address2": address.address2,
                    "city": address.city,
                    "zip": address.zip,
                    "province": address.province,
                    "countryCode": address.country_code,
                    "phone": address.phone,
                    "email": order.email,
                }),
            )
        })),
        "supportedActions" => {
            let at_service = state.service_at(fo.location_id).is_some();
            Val::nodes(fo.supported_actions(at_service).into_iter().map(|action| {
                Node::record(
                    "FulfillmentOrderSupportedAction",
                    json!({ "action": action, "externalUrl": null }),
                )
            }))
        }
        "fulfillmentHolds" => Val::nodes(fo.holds.iter().map(hold)),
        _ => return None,
    })
}

/// A hold as an object.
pub(in crate::admin) fn hold(hold: &crate::state::Hold) -> Node {
    Node::record(
        "FulfillmentHold",
        json!({
            "id": gid("FulfillmentHold", hold.id),
            "reason": hold.reason,
            "reasonNotes": hold.reason_notes,
            "displayReason": hold.reason.to_lowercase().replace('_', " "),
            "handle": hold.handle,
            "heldByRequestingApp": hold.by_app,
        }),
    )
}

pub(super) fn line(ctx: &Ctx<'_>, fulfillment_order: i64, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let fo = state.fulfillment_orders.get(&fulfillment_order);
        let found = fo.and_then(|fo| {
            let line = fo.line(id)?;
            Some((
                fo.order_id,
                line,
                state.orders.get(&fo.order_id)?.line(line.line_item_id)?,
            ))
        });
        let Some((order, line, item)) = found else {
            return Err(gone(ctx, "Fulfillment order line item"));
        };
        let variant = item.variant_id.and_then(|id| state.variants.get(&id));
        Ok(match field {
            "id" => gid("FulfillmentOrderLineItem", id).into(),
            "totalQuantity" => line.total_quantity.into(),
            "remainingQuantity" => line.remaining_quantity.into(),
            "requiresShipping" => item.requires_shipping.into(),
            "sku" => line.sku.clone().into(),
            "productTitle" => item.title.clone().into(),
            "variantTitle" => item.variant_title.clone().into(),
            "vendor" => item.vendor.clone().into(),
            "inventoryItemId" => variant.map(|v| gid("InventoryItem", v.inventory_item_id)).into(),
            "lineItem" => Val::Node(Node::LineItem { order, id: item.id }),
            "variant" => Val::maybe(variant.map(|v| Node::Variant(v.id))),
            "weight" => Val::Node(weight(item.grams)),
            _ => return Err(ctx.unknown("FulfillmentOrderLineItem", field)),
        })
    })
}
