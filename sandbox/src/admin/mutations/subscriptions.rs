//! `webhookSubscription…`.

use serde_json::{Value, json};

use super::{Payload, Resolved, text};
use crate::{
    admin::{
        access,
        node::{Args, Ctx, Node, Val},
    },
    state::{SubscriptionInput, UserError},
};

const CREATE: Payload = Payload::new("WebhookSubscriptionCreatePayload", &["webhookSubscription"]);
const UPDATE: Payload = Payload::new("WebhookSubscriptionUpdatePayload", &["webhookSubscription"]);
const DELETE: Payload = Payload::new("WebhookSubscriptionDeletePayload", &["deletedWebhookSubscriptionId"]);

pub(super) fn create(ctx: &Ctx<'_>, args: &Args) -> Val {
    let topic = args.text("topic").unwrap_or_default().to_owned();
    let missing = access::topic_needs(&topic).is_some_and(|needed| !ctx.scopes.allows_any(needed));
    if missing {
        let message = format!(
            "You do not have permission to create or update webhooks with {} topic",
            topic.to_lowercase()
        );
        return CREATE.refused(&UserError::new(&["webhookSubscription"], message).into());
    }
    let input = input(args.get("webhookSubscription"));
    match ctx.change(|state| state.subscribe(&topic, input, ctx.api_version)) {
        Ok(id) => CREATE.done(vec![("webhookSubscription", Some(Node::Subscription(id)))]),
        Err(refused) => CREATE.refused(&refused),
    }
}

pub(super) fn update(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let id = ctx.id("WebhookSubscription", args.get("id"))?;
    let input = input(args.get("webhookSubscription"));
    Ok(match ctx.change(|state| state.resubscribe(id, input)) {
        Ok(()) => UPDATE.done(vec![("webhookSubscription", Some(Node::Subscription(id)))]),
        Err(refused) => UPDATE.refused(&refused),
    })
}

pub(super) fn delete(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let id = ctx.id("WebhookSubscription", args.get("id"))?;
    Ok(match ctx.change(|state| state.unsubscribe(id)) {
        Ok(()) => DELETE.plain(&json!({ "deletedWebhookSubscriptionId": args.get("id") })),
        Err(refused) => DELETE.refused(&refused),
    })
}

fn input(input: &Value) -> SubscriptionInput {
    let fields = input["includeFields"].as_array();
    SubscriptionInput {
        uri: text(&input["uri"]).or_else(|| text(&input["callbackUrl"])),
        name: text(&input["name"]),
        filter: text(&input["filter"]),
        include_fields: fields.map(|fields| fields.iter().filter_map(text).collect()),
        format: text(&input["format"]),
    }
}
