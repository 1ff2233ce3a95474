//! The query root.

use apollo_compiler::resolvers::FieldError;
use serde_json::Value;

use super::Resolved;
use crate::{
    admin::{
        access,
        connection::{Key, Row, paginate},
        node::{Args, Ctx, Node, Val},
    },
    ids::parse_gid,
    search::{Search, Term},
    state::{FulfillmentOrder, Order, RequestStatus, ShopState, Status, Variant},
};

const ORDER_FIELDS: &[&str] = &[
    "id",
    "name",
    "created_at",
    "processed_at",
    "updated_at",
    "financial_status",
    "fulfillment_status",
    "status",
    "tag",
    "sku",
    "source_identifier",
];
const FULFILLMENT_ORDER_FIELDS: &[&str] = &["id", "assigned_location_id", "status", "updated_at"];
/// The empty field is a bare word, looked for in titles and SKUs.
const VARIANT_FIELDS: &[&str] = &[
    "id",
    "sku",
    "barcode",
    "product_id",
    "title",
    "vendor",
    "updated_at",
    "",
];

pub(super) fn query(ctx: &Ctx<'_>, field: &str, args: &Args) -> Resolved {
    match field {
        "shop" => Ok(Val::Node(Node::Shop)),
        "currentAppInstallation" => Ok(Val::Node(Node::Installation)),
        "order"
        | "fulfillmentOrder"
        | "fulfillment"
        | "product"
        | "productVariant"
        | "inventoryItem"
        | "webhookSubscription"
        | "fulfillmentService" => by_id(ctx, field, args),
        "location" => match args.get("id") {
            Value::Null => Ok(Val::maybe(ctx.read(ShopState::default_location).map(Node::Location))),
            id => found(ctx, "Location", id),
        },
        "node" => one_node(ctx, args.get("id")),
        "nodes" => {
            let ids = args.get("ids").as_array().cloned().unwrap_or_default();
            ids.iter()
                .map(|id| one_node(ctx, id))
                .collect::<Result<Vec<_>, _>>()
                .map(Val::List)
        }
        "job" => {
            let id = args.text("id").unwrap_or_default().to_owned();
            let known = ctx.read(|state| state.jobs.contains_key(&id));
            Ok(Val::maybe(known.then_some(Node::CancelJob { id, result: false })))
        }
        "orders" => orders(ctx, args),
        "productVariants" => variants(ctx, args),
        "products" => products(ctx, args),
        "locations" => locations(ctx, args),
        "assignedFulfillmentOrders" => assigned(ctx, args),
        "fulfillmentOrders" => fulfillment_orders(ctx, args),
        "webhookSubscriptions" => subscriptions(ctx, args),
        _ => Err(ctx.unknown("QueryRoot", field)),
    }
}

fn by_id(ctx: &Ctx<'_>, field: &str, args: &Args) -> Resolved {
    let kind = match field {
        "order" => "Order",
        "fulfillmentOrder" => "FulfillmentOrder",
        "fulfillment" => "Fulfillment",
        "product" => "Product",
        "productVariant" => "ProductVariant",
        "inventoryItem" => "InventoryItem",
        "fulfillmentService" => "FulfillmentService",
        _ => "WebhookSubscription",
    };
    found(ctx, kind, args.get("id"))
}

fn found(ctx: &Ctx<'_>, kind: &str, gid: &Value) -> Resolved {
    let id = ctx.id(kind, gid)?;
    Ok(Val::maybe(lookup(ctx, kind, id)))
}

fn lookup(ctx: &Ctx<'_>, kind: &str, id: i64) -> Option<Node> {
    ctx.read(|state| match kind {
        "Order" => {
            let order = state.orders.get(&id)?;
            access::sees_order(state, ctx.scopes, order).then_some(Node::Order(id))
        }
        "FulfillmentOrder" => {
            let fo = state.fulfillment_orders.get(&id)?;
            access::sees(state, ctx.scopes, fo, false).then_some(Node::FulfillmentOrder(id))
        }
        "Fulfillment" => state.fulfillments.contains_key(&id).then_some(Node::Fulfillment(id)),
        "Product" => state.products.contains_key(&id).then_some(Node::Product(id)),
        "ProductVariant" => state.variants.contains_key(&id).then_some(Node::Variant(id)),
        "InventoryItem" => state.variant_of_item(id).map(|variant| Node::InventoryItem(variant.id)),
        "Location" => state.locations.contains_key(&id).then_some(Node::Location(id)),
        "FulfillmentService" => state.services.contains_key(&id).then_some(Node::Service(id)),
        "WebhookSubscription" => state.subscriptions.contains_key(&id).then_some(Node::Subscription(id)),
        _ => None,
    })
}

/// An object by its id alone; the scopes of its type apply as everywhere.
fn one_node(ctx: &Ctx<'_>, gid: &Value) -> Resolved {
    let text = gid.as_str().unwrap_or_default();
    let kind = text
        .strip_prefix("gid://shopify/")
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    let id =
        parse_gid(kind, text).ok_or_else(|| ctx.fail("RESOURCE_NOT_FOUND", format!("Invalid global id '{text}'")))?;
    ctx.check_type(kind)?;
    Ok(Val::maybe(lookup(ctx, kind, id)))
}

/// The `query` argument, if every field that it names is played.
fn search(ctx: &Ctx<'_>, field: &str, args: &Args, known: &[&str]) -> Result<Option<Search>, FieldError> {
    let search = args.text("query").map(Search::parse);
    match search.as_ref().and_then(|search| search.unknown_field(known)) {
        Some(unknown) => Err(ctx.unknown(field, unknown)),
        None => Ok(search),
    }
}

fn orders(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let search = search(ctx, "orders", args, ORDER_FIELDS)?;
    let sort = args.text("sortKey").unwrap_or("PROCESSED_AT").to_owned();
    let rows = ctx.read(|state| {
        let mut rows = Vec::new();
        for order in state
            .orders
            .values()
            .filter(|order| access::sees_order(state, ctx.scopes, order))
        {
            let fits = search
                .as_ref()
                .map_or(Ok(true), |search| search.fits(|term| order_fits(state, order, term)))?;
            let key = match sort.as_str() {
                "UPDATED_AT" => order.updated_at.timestamp_micros(),
                "ID" | "ORDER_NUMBER" => order.number,
                "PROCESSED_AT" | "CREATED_AT" => order.created_at.timestamp_micros(),
                other => return Err(format!("sortKey {other}")),
            };
            if fits {
                rows.push(Row {
                    key: Key::Number(key),
                    id: order.id,
                    node: Node::Order(order.id),
                });
            }
        }
        Ok(rows)
    });
    let rows = rows.map_err(|what: String| ctx.unknown("orders", &what))?;
    paginate(ctx, "OrderConnection", rows, args)
}

fn order_fits(state: &ShopState, order: &Order, term: &Term) -> Option<bool> {
    Some(match term.field.as_str() {
        "id" => term.number(order.id),
        "name" => term.text(&order.name) || term.text(order.name.trim_start_matches('#')),
        "created_at" | "processed_at" => term.time(order.created_at),
        "updated_at" => term.time(order.updated_at),
        "financial_status" => term.text(order.financial_status.graphql()),
        "fulfillment_status" => match term.value.as_str() {
            "shipped" | "fulfilled" => state.fulfillment_status(order.id) == "FULFILLED",
            "partial" => state.fulfillment_status(order.id) == "PARTIALLY_FULFILLED",
            "unshipped" | "unfulfilled" => {
                !matches!(state.fulfillment_status(order.id), "FULFILLED" | "PARTIALLY_FULFILLED")
            }
            _ => return None,
        },
        "status" => match term.value.as_str() {
            "any" => true,
            "open" => order.cancelled_at.is_none() && order.closed_at.is_none(),
            "closed" => order.closed_at.is_some(),
            "cancelled" => order.cancelled_at.is_some(),
            _ => return None,
        },
        "tag" => order.tags.iter().any(|tag| term.text(tag)),
        "sku" => order.lines.iter().any(|line| term.text(&line.sku)),
        "source_identifier" => order.source_identifier.as_deref().is_some_and(|s| term.text(s)),
        _ => return None,
    })
}

fn variants(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let search = search(ctx, "productVariants", args, VARIANT_FIELDS)?;
    let sort = args.text("sortKey").unwrap_or("ID").to_owned();
    let rows = ctx.read(|state| {
        let mut rows = Vec::new();
        for variant in state.variants.values() {
            let fits = search.as_ref().map_or(Ok(true), |search| {
                search.fits(|term| variant_fits(state, variant, term))
            })?;
            let key = match sort.as_str() {
                "ID" => Key::Number(variant.id),
                "SKU" => Key::Text(variant.sku.clone()),
                "TITLE" => Key::Text(variant.title.clone()),
                other => return Err(format!("sortKey {other}")),
            };
            if fits {
                rows.push(Row {
                    key,
                    id: variant.id,
                    node: Node::Variant(variant.id),
                });
            }
        }
        Ok(rows)
    });
    let rows = rows.map_err(|what: String| ctx.unknown("productVariants", &what))?;
    paginate(ctx, "ProductVariantConnection", rows, args)
}

fn variant_fits(state: &ShopState, variant: &Variant, term: &Term) -> Option<bool> {
    let product = || state.products.get(&variant.product_id);
    Some(match term.field.as_str() {
        "id" => term.number(variant.id),
        "sku" => term.text(&variant.sku),
        "barcode" => variant.barcode.as_deref().is_some_and(|barcode| term.text(barcode)),
        "product_id" => term.number(variant.product_id),
        "title" => term.text(&variant.title) || product().is_some_and(|p| term.text(&p.title)),
        "vendor" => product().is_some_and(|p| term.text(&p.vendor)),
        "updated_at" => term.time(variant.updated_at),
        "" => {
            let word = term.value.to_lowercase();
            variant.sku.to_lowercase().contains(&word)
                || product().is_some_and(|p| p.title.to_lowercase().contains(&word))
        }
        _ => return None,
    })
}

fn products(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    if args.text("query").is_some() {
        return Err(ctx.unknown("products", "query"));
    }
    let rows = ctx.read(|state| {
        state
            .products
            .keys()
            .map(|id| Row::by_id(*id, Node::Product(*id)))
            .collect()
    });
    paginate(ctx, "ProductConnection", rows, args)
}

fn locations(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let (inactive, legacy) = (args.flag("includeInactive"), args.flag("includeLegacy"));
    let by_name = args.text("sortKey") == Some("NAME");
    let rows = ctx.read(|state| {
        let wanted = state
            .locations
            .values()
            .filter(|l| (inactive || l.active) && (legacy || l.service_id.is_none()));
        wanted
            .map(|location| {
                let key = if by_name {
                    Key::Text(location.name.clone())
                } else {
                    Key::Number(location.id)
                };
                Row {
                    key,
                    id: location.id,
                    node: Node::Location(location.id),
                }
            })
            .collect()
    });
    paginate(ctx, "LocationConnection", rows, args)
}

/// What the app's own services have, or have been asked to do.
fn assigned(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let wanted = args.text("assignmentStatus").map(str::to_owned);
    let places = args.get("locationIds").as_array().cloned();
    let places = places
        .map(|ids| {
            ids.iter()
                .map(|id| ctx.id("Location", id))
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?;
    let fits = |fo: &FulfillmentOrder| match wanted.as_deref() {
        Some("CANCELLATION_REQUESTED") => fo.request_status == RequestStatus::CancellationRequested,
        Some("FULFILLMENT_REQUESTED") => fo.request_status == RequestStatus::Submitted,
        Some("FULFILLMENT_ACCEPTED") => fo.request_status == RequestStatus::Accepted,
        Some(_) => fo.request_status == RequestStatus::Unsubmitted,
        None => fo.status != Status::Closed,
    };
    let rows = ctx.read(|state| {
        let own = |fo: &&FulfillmentOrder| state.service_at(fo.location_id).is_some_and(|service| service.own);
        let rows = state.fulfillment_orders.values().filter(own).filter(|fo| fits(fo));
        rows.filter(|fo| places.as_ref().is_none_or(|places| places.contains(&fo.location_id)))
            .map(|fo| Row::by_id(fo.id, Node::FulfillmentOrder(fo.id)))
            .collect()
    });
    paginate(ctx, "FulfillmentOrderConnection", rows, args)
}

fn fulfillment_orders(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let search = search(ctx, "fulfillmentOrders", args, FULFILLMENT_ORDER_FIELDS)?;
    let by_time = match args.text("sortKey").unwrap_or("ID") {
        "ID" => false,
        "UPDATED_AT" => true,
        other => return Err(ctx.unknown("fulfillmentOrders", &format!("sortKey {other}"))),
    };
    let closed = args.flag("includeClosed");
    let rows = ctx.read(|state| {
        let mut rows = Vec::new();
        let seen = state
            .fulfillment_orders
            .values()
            .filter(|fo| access::sees(state, ctx.scopes, fo, false))
            .filter(|fo| closed || fo.status != Status::Closed);
        for fo in seen {
            let fits = search
                .as_ref()
                .map_or(Ok(true), |search| search.fits(|term| fulfillment_order_fits(fo, term)))?;
            if fits {
                let key = if by_time {
                    fo.updated_at.timestamp_micros()
                } else {
                    fo.id
                };
                rows.push(Row {
                    key: Key::Number(key),
                    id: fo.id,
                    node: Node::FulfillmentOrder(fo.id),
                });
            }
        }
        Ok(rows)
    });
    let rows = rows.map_err(|what: String| ctx.unknown("fulfillmentOrders", &what))?;
    paginate(ctx, "FulfillmentOrderConnection", rows, args)
}

fn fulfillment_order_fits(fo: &FulfillmentOrder, term: &Term) -> Option<bool> {
    Some(match term.field.as_str() {
        "id" => term.number(fo.id),
        "assigned_location_id" => term.number(fo.location_id),
        "status" => term.text(fo.status.graphql()),
        "updated_at" => term.time(fo.updated_at),
        _ => return None,
    })
}

fn subscriptions(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let topics = args.get("topics").as_array().cloned();
    let uri = args.text("uri").map(str::to_owned);
    let rows = ctx.read(|state| {
        let rows = state.subscriptions.values();
        rows.filter(|s| {
            topics
                .as_ref()
                .is_none_or(|topics| topics.iter().any(|topic| topic == s.topic.as_str()))
        })
        .filter(|s| uri.as_ref().is_none_or(|uri| *uri == s.uri))
        .map(|s| Row {
            key: Key::Number(s.created_at.timestamp_micros()),
            id: s.id,
            node: Node::Subscription(s.id),
        })
        .collect()
    });
    paginate(ctx, "WebhookSubscriptionConnection", rows, args)
}
