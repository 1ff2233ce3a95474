//! The shop, the app's installation, locations, fulfillment services and webhook subscriptions.

use serde_json::json;

use super::{Resolved, gone};
use crate::{
    admin::node::{Ctx, Node, Val},
    clock::iso,
    ids::gid,
    spec::Plan,
    state::ShopState,
};

pub(super) fn shop(ctx: &Ctx<'_>, field: &str) -> Resolved {
    ctx.read(|state| {
        let spec = &state.spec;
        Ok(match field {
            "id" => gid("Shop", state.id).into(),
            "name" => spec.name.clone().into(),
            "myshopifyDomain" => state.domain.clone().into(),
            "email" | "contactEmail" => spec.email.clone().into(),
            "currencyCode" => spec.currency.clone().into(),
            "ianaTimezone" => spec.timezone.clone().into(),
            "createdAt" | "updatedAt" => iso(state.created_at).into(),
            "taxesIncluded" => true.into(),
            "weightUnit" => "KILOGRAMS".into(),
            "url" => format!("https://{}", state.domain).into(),
            "primaryDomain" => Val::Node(Node::record(
                "Domain",
                json!({ "id": gid("Domain", state.id), "host": state.domain, "url": format!("https://{}", state.domain) }),
            )),
            "plan" => Val::Node(Node::record("ShopPlan", plan(spec.plan))),
            "shopAddress" => Val::Node(Node::record(
                "ShopAddress",
                json!({ "id": gid("ShopAddress", state.id), "countryCodeV2": spec.country }),
            )),
            "fulfillmentServices" => Val::nodes(state.services.keys().map(|id| Node::Service(*id))),
            _ => return Err(ctx.unknown("Shop", field)),
        })
    })
}

fn plan(plan: Plan) -> serde_json::Value {
    let name = match plan {
        Plan::Standard => "Basic",
        Plan::Advanced => "Advanced",
        Plan::Plus => "Shopify Plus",
        Plan::Enterprise => "Commerce Components",
    };
    json!({ "publicDisplayName": name, "partnerDevelopment": false, "shopifyPlus": matches!(plan, Plan::Plus | Plan::Enterprise) })
}

pub(super) fn installation(ctx: &Ctx<'_>, field: &str) -> Resolved {
    let id = ctx.read(|state| state.id);
    match field {
        "id" => Ok(gid("AppInstallation", id).into()),
        "accessScopes" => Ok(Val::nodes(ctx.scopes.handles().into_iter().map(|handle| {
            Node::record(
                "AccessScope",
                json!({ "handle": handle, "description": format!("Grants {handle}") }),
            )
        }))),
        "app" => Ok(Val::Node(Node::record(
            "App",
            json!({ "id": gid("App", 12_345), "apiKey": ctx.client_id, "title": "App" }),
        ))),
        _ => Err(ctx.unknown("AppInstallation", field)),
    }
}

pub(super) fn location(ctx: &Ctx<'_>, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let Some(location) = state.locations.get(&id) else {
            return Err(gone(ctx, "Location"));
        };
        Ok(match field {
            "id" => gid("Location", id).into(),
            "legacyResourceId" => id.to_string().into(),
            "name" => location.name.clone().into(),
            "isFulfillmentService" => location.service_id.is_some().into(),
            "isActive" | "fulfillsOnlineOrders" | "shipsInventory" => location.active.into(),
            "fulfillmentService" => Val::maybe(location.service_id.map(Node::Service)),
            "address" => Val::Node(Node::record(
                "LocationAddress",
                json!({
                    "address1": "Lagerstraße 1",
                    "address2": null,
                    "city": "Berlin",
                    "country": state.spec.country,
                    "countryCode": state.spec.country,
                    "phone": null,
                    "province": null,
                    "provinceCode": null,
                    "zip": "10115",
                }),
            )),
            _ => return Err(ctx.unknown("Location", field)),
        })
    })
}

pub(super) fn service(ctx: &Ctx<'_>, id: i64, field: &str) -> Resolved {
    ctx.read(|state| {
        let Some(service) = state.services.get(&id) else {
            return Err(gone(ctx, "Fulfillment service"));
        };
        Ok(match field {
            "id" => gid("FulfillmentService", id).into(),
            "handle" => service.handle.clone().into(),
            "serviceName" => service.name.clone().into(),
            "callbackUrl" => service.callback_url.clone().into(),
            "inventoryManagement" => service.inventory_management.into(),
            "trackingSupport" => service.tracking_support.into(),
            "requiresShippingMethod" => service.requires_shipping_method.into(),
            "type" => "THIRD_PARTY".into(),
            "location" => Val::Node(Node::Location(service.location_id)),
            _ => return Err(ctx.unknown("FulfillmentService", field)),
        })
    })
}

pub(super) fn subscription(ctx: &Ctx<'_>, id: i64, field: &str) -> Resolved {
    ctx.read(|state: &ShopState| {
        let Some(subscription) = state.subscriptions.get(&id) else {
            return Err(gone(ctx, "Webhook subscription"));
        };
        Ok(match field {
            "id" => gid("WebhookSubscription", id).into(),
            "legacyResourceId" => id.to_string().into(),
            "topic" => subscription.topic.clone().into(),
            "uri" => subscription.uri.clone().into(),
            "format" => "JSON".into(),
            "filter" => subscription.filter.clone().into(),
            "name" => subscription.name.clone().into(),
            "includeFields" => subscription.include_fields.clone().into(),
            "metafieldNamespaces" => Vec::<String>::new().into(),
            "createdAt" => iso(subscription.created_at).into(),
            "updatedAt" => iso(subscription.updated_at).into(),
            "apiVersion" => Val::Node(Node::record(
                "ApiVersion",
                json!({
                    "handle": subscription.api_version,
                    "displayName": subscription.api_version,
                    "supported": true,
                }),
            )),
            _ => return Err(ctx.unknown("WebhookSubscription", field)),
        })
    })
}
