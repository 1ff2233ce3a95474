//! Webhook subscriptions made through the Admin API.

use chrono::{DateTime, Utc};
use url::Url;

use crate::ids::Kind;

use super::{Refused, ShopState, error::refuse};

/// A wish to hear of a topic.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub id: i64,
    /// The enum value, `ORDERS_CREATE`.
    pub topic: String,
    pub uri: String,
    pub name: Option<String>,
    pub filter: Option<String>,
    pub include_fields: Vec<String>,
    pub api_version: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a caller may say about a subscription; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct SubscriptionInput {
    pub uri: Option<String>,
    pub name: Option<String>,
    pub filter: Option<String>,
    pub include_fields: Option<Vec<String>>,
    pub format: Option<String>,
}

impl ShopState {
    pub fn subscribe(&mut self, topic: &str, input: SubscriptionInput, api_version: &str) -> Result<i64, Refused> {
        let Some(uri) = input.uri.clone() else {
            return refuse(&["webhookSubscription", "uri"], "Address can't be blank");
        };
        self.check_subscription(topic, &uri, &input, None)?;
        let now = self.now();
        let id = self.next_id(Kind::Subscription);
        let subscription = Subscription {
            id,
            topic: topic.to_owned(),
            uri,
            name: input.name,
            filter: input.filter.filter(|filter| !filter.is_empty()),
            include_fields: input.include_fields.unwrap_or_default(),
            api_version: api_version.to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.subscriptions.insert(id, subscription);
        Ok(id)
    }

    pub fn resubscribe(&mut self, id: i64, input: SubscriptionInput) -> Result<(), Refused> {
        let Some(current) = self.subscriptions.get(&id).cloned() else {
            return refuse(&["id"], "Webhook subscription does not exist");
        };
        let uri = input.uri.clone().unwrap_or_else(|| current.uri.clone());
        let merged = SubscriptionInput {
            filter: input.filter.clone().or(current.filter.clone()),
            ..input.clone()
        };
        self.check_subscription(&current.topic, &uri, &merged, Some(id))?;
        let now = self.now();
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.uri = uri;
            subscription.filter = merged.filter.filter(|filter| !filter.is_empty());
            if let Some(fields) = input.include_fields {
                subscription.include_fields = fields;
            }
            subscription.updated_at = now;
        }
        Ok(())
    }

    pub fn unsubscribe(&mut self, id: i64) -> Result<(), Refused> {
        if self.subscriptions.remove(&id).is_none() {
            return refuse(&["id"], "Webhook subscription does not exist");
        }
        Ok(())
    }

    fn check_subscription(
        &self,
        topic: &str,
        uri: &str,
        input: &SubscriptionInput,
        own: Option<i64>,
    ) -> Result<(), Refused> {
        let field = &["webhookSubscription", "uri"];
        match Url::parse(uri) {
            Ok(parsed) if matches!(parsed.scheme(), "https" | "pubsub") || is_local(&parsed) => {}
            Ok(parsed) if parsed.scheme() == "http" => {
                return refuse(field, "Address protocol http:// is not supported");
            }
            _ if uri.starts_with("arn:aws:events:") => {}
            _ => return refuse(field, "Address is invalid"),
        }
        if input.format.as_deref() == Some("XML") && !uri.starts_with("http") {
            return refuse(
                &["webhookSubscription", "format"],
                "Format is not supported for this address",
            );
        }
        let filter = input.filter.clone().filter(|filter| !filter.is_empty());
        let taken = self
            .subscriptions
            .values()
            .any(|s| Some(s.id) != own && s.topic == topic && s.uri == uri && s.filter == filter);
        if taken {
            return refuse(field, "Address for this topic has already been taken");
        }
        Ok(())
    }
}

/// Plain HTTP is refused as Shopify does, except to this machine, where the sandbox lives.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "http" && (host == "localhost" || host == "127.0.0.1" || host == "[::1]")
}
