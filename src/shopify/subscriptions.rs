//! Webhook subscriptions of one shop: listing, making, deleting, and what is to
//! be done so that each wanted topic comes exactly once.
//!
//! Shopify lists only the shop's own subscriptions here; the compliance topics
//! belong to the app's configuration and cannot be made this way.

use std::collections::BTreeMap;

use url::Url;
use webhooks::Topic;

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    effect::{accepted, made, no_result, user_errors},
    error::ApiError,
    operations::{
        WebhookSubscriptionCreate, WebhookSubscriptionDelete, WebhookSubscriptions, webhook_subscription_create,
        webhook_subscription_delete, webhook_subscriptions,
    },
    reading::{Reading, next_page},
    scalars::{Unusable, WebhookSubscriptionFormat},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Shopify's global id, opaque to us.
    pub id: String,
    /// As the schema's enum has it: `ORDERS_CREATE`.
    pub topic: String,
    pub uri: String,
    pub format: WebhookSubscriptionFormat,
    pub filter: Option<String>,
    pub include_fields: Vec<String>,
    pub api_version: String,
}

/// What brings the subscriptions of a shop into order. Delete first: Shopify
/// refuses a second subscription of the same topic and address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub delete: Vec<Subscription>,
    pub create: Vec<Topic>,
}

/// Compares what is there with what is wanted at `uri`. A subscription with
/// another address, format, filter or choice of fields brings the wrong thing.
pub fn plan(existing: &[Subscription], wanted: &[Topic], uri: &str) -> Plan {
    let mut missing: BTreeMap<String, &Topic> = wanted.iter().map(|topic| (topic.to_graphql_enum(), topic)).collect();
    let mut plan = Plan::default();
    for one in existing {
        let fits = one.uri == uri
            && one.format == WebhookSubscriptionFormat::Json
            && one.filter.as_deref().unwrap_or("").is_empty()
            && one.include_fields.is_empty();
        // Taking the topic out of `missing` makes its second subscription one too many.
        if !(fits && missing.remove(&one.topic).is_some()) {
            plan.delete.push(one.clone());
        }
    }
    plan.create = missing.into_values().cloned().collect();
    plan
}

impl AdminApi {
    pub async fn subscriptions(&self, access: &Access<'_>) -> Result<Answer<Vec<Subscription>>, ApiError> {
        let mut reading = Reading::new(self, access);
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let variables = webhook_subscriptions::Variables { after };
            let mut page = reading
                .call::<WebhookSubscriptions>(variables)
                .await?
                .webhook_subscriptions;
            after = next_page!(page)?;
            found.extend(page.nodes.into_iter().map(Subscription::from));
            if after.is_none() {
                return Ok(reading.finish(found));
            }
        }
    }

    /// Subscribes to a topic, whole payloads as JSON. Not idempotent, but a
    /// second one of the same topic and address is refused.
    pub async fn subscribe(
        &self,
        access: &Access<'_>,
        topic: &Topic,
        uri: &Url,
    ) -> Result<Answer<Subscription>, ApiError> {
        let variables = webhook_subscription_create::Variables {
            topic: topic.to_graphql_enum(),
            webhook_subscription: webhook_subscription_create::WebhookSubscriptionInput {
                callback_url: None,
                filter: None,
                format: Some(WebhookSubscriptionFormat::Json),
                include_fields: None,
                metafield_namespaces: None,
                metafields: None,
                name: None,
                uri: Some(uri.to_string()),
            },
        };
        self.call::<WebhookSubscriptionCreate>(access, variables)
            .await?
            .try_map(|data| {
                let payload = accepted(data.webhook_subscription_create, |payload| user_errors!(payload))?;
                made::<_, Subscription>(payload.webhook_subscription, "subscription")
            })
    }

    pub async fn unsubscribe(&self, access: &Access<'_>, id: &str) -> Result<Answer<()>, ApiError> {
        let variables = webhook_subscription_delete::Variables { id: id.to_owned() };
        self.call::<WebhookSubscriptionDelete>(access, variables)
            .await?
            .try_map(|data| {
                let payload = accepted(data.webhook_subscription_delete, |payload| user_errors!(payload))?;
                payload
                    .deleted_webhook_subscription_id
                    .map(drop)
                    .ok_or_else(|| no_result("deleted subscription"))
            })
    }
}

macro_rules! subscription {
    ($wire:expr) => {
        Subscription {
            id: $wire.id,
            topic: $wire.topic,
            uri: $wire.uri,
            format: $wire.format,
            filter: $wire.filter,
            include_fields: $wire.include_fields,
            api_version: $wire.api_version.handle,
        }
    };
}

impl From<webhook_subscriptions::WebhookSubscriptionsWebhookSubscriptionsNodes> for Subscription {
    fn from(wire: webhook_subscriptions::WebhookSubscriptionsWebhookSubscriptionsNodes) -> Self {
        subscription!(wire)
    }
}

type Created = webhook_subscription_create::WebhookSubscriptionCreateWebhookSubscriptionCreateWebhookSubscription;

impl TryFrom<Created> for Subscription {
    type Error = Unusable;
    fn try_from(wire: Created) -> Result<Self, Unusable> {
        Ok(subscription!(wire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://yard.example/webhooks/shopify";

    fn subscription(id: &str, topic: &str, uri: &str) -> Subscription {
        Subscription {
            id: id.to_owned(),
            topic: topic.to_owned(),
            uri: uri.to_owned(),
            format: WebhookSubscriptionFormat::Json,
            filter: None,
            include_fields: vec![],
            api_version: "2026-10".to_owned(),
        }
    }

    fn topics(texts: &[&str]) -> Vec<Topic> {
        texts.iter().map(|text| Topic::from(*text)).collect()
    }

    fn check(existing: &[Subscription], delete: &[&str], create: &[&str]) {
        let plan = plan(existing, &topics(&["orders/create", "app/uninstalled"]), OURS);
        let deleted: Vec<&str> = plan.delete.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(deleted, delete);
        assert_eq!(plan.create, topics(create));
    }

    #[test]
    fn makes_each_wanted_topic_come_exactly_once() {
        let create = |id| subscription(id, "ORDERS_CREATE", OURS);
        let uninstalled = |id| subscription(id, "APP_UNINSTALLED", OURS);
        check(&[], &[], &["app/uninstalled", "orders/create"]);
        check(&[create("1"), uninstalled("2")], &[], &[]);
        check(&[create("1"), create("2"), uninstalled("3")], &["2"], &[]);
        check(
            &[uninstalled("1"), subscription("2", "CARTS_UPDATE", OURS)],
            &["2"],
            &["orders/create"],
        );
    }

    #[test]
    fn replaces_what_brings_the_wrong_thing() {
        let old = subscription("1", "ORDERS_CREATE", "https://old.example/webhooks/shopify");
        let xml = Subscription {
            format: WebhookSubscriptionFormat::Xml,
            ..subscription("2", "APP_UNINSTALLED", OURS)
        };
        check(&[old, xml], &["1", "2"], &["app/uninstalled", "orders/create"]);
        let thin = Subscription {
            include_fields: vec!["id".to_owned()],
            ..subscription("3", "ORDERS_CREATE", OURS)
        };
        check(
            &[thin, subscription("4", "APP_UNINSTALLED", OURS)],
            &["3"],
            &["orders/create"],
        );
    }
}
